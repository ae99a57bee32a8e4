#!/bin/sh
# The page for who uses keys alone, a reader, a phone, the system's colours, paper or no
# JavaScript: roles and names, the order of the focus, room for fingers. Below a path of
# another nginx all of it comes from that path.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/page/page.sh"

need nginx python3 curl jq chromium selenium
page_tree failing shop failing
page_below "$MIRROR"
page_addresses "{below: \"$BELOW\", states: .}"
page_tests access 9

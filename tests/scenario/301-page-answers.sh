#!/bin/sh
# The page and answers that are odd, in a real Chromium: files that are damaged, forbidden
# or without an ETag, a server that goes away and comes back, names that strangers might
# write, thousands of tags of one repository. What can be shown is, what could not be read
# is never called absent, and no such name is in a command. tests/page/answers.py looks.
# Waits: for a server that is away.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/page/page.sh"

need nginx python3 curl jq chromium selenium
page_tree shop shop failing
page_addresses .
page_tests answers 22

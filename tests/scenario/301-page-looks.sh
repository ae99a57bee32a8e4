#!/bin/sh
# Each view of the page in light and dark, on a desktop and on a phone: axe finds nothing
# where it is here, all text stands out, and nothing is wider than the screen; nor is it
# with twice the text size. 301-page-access looks at the list alone.
# Tier: all
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/page/page.sh"

need nginx python3 curl jq chromium selenium
for state in failing store; do
	page_tree "$state" shop "$state"
done
page_tree bare shop nothing
page_addresses .
AXE=$TOP/build/cache/page/node_modules/axe-core/axe.min.js
if [ -f "$AXE" ]; then
	export AXE
else
	unset AXE
	left_out "what axe finds in the page" "no axe-core here: scripts/install-deps test"
fi
page_tests looks 3

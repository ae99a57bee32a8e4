#!/bin/sh
# The images, the strip and the keys of the page at / in a real Chromium: search,
# filters and order are in the address; it asks nobody but this server, and only for
# what has changed; hostile names stay text; and of ten thousand tags few are in the
# document. tests/page/home.py does the looking.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
. "$TOP/tests/mirror.sh"
. "$TOP/tests/page/page.sh"

need cdr nginx python3 curl jq chromium selenium

for state in failing ok stale interrupted store held; do
	page_tree "$state" shop "$state"
done
page_tree nothing shop nothing
page_tree bare shop nothing
page_tree hostile hostile
page_tree many many 10000

# One that cdr has made, with a log of what is asked for.
upstream
craft image library/app:1 --layers 2 --seed 3 >/dev/null
craft image library/late:1 --layers 1 --seed 6 >/dev/null
sync_rc "one image, and one that fails" 1 app:1 gone:1
_mirror_serve

# shellcheck disable=SC2016 # for jq
page_addresses '{real: $real, again: $again, fill: $fill, shop: .failing, many, hostile, states: .}' \
	--arg real "http://$MIRROR/" --arg again "'$CDR' sync -q -r '$ROOT' app:1 late:1" \
	--arg fill "python3 '$TOP/tests/page/tree.py' shop '$T/nothing'"
page_tests home 18

# The second look costs a header.
mirror_saw "an unchanged summary is not sent again" some '^GET /summary\.json 304$'
mirror_saw "nor is an unchanged script" some '^GET /page\.js 304$'
mirror_never_failed

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

page_tree shop shop failing
page_tree many many 10000

# One that cdr has made, with a log of what is asked for.
upstream
craft image library/app:1 --layers 2 --seed 3 >/dev/null
craft image library/late:1 --layers 1 --seed 6 >/dev/null
sync_rc "one image, and one that fails" 1 app:1 gone:1
_mirror_serve

# shellcheck disable=SC2154 # set by page_tree
PAGES=$(jq -n --arg real "http://$MIRROR/" --arg shop "$at_shop" --arg many "$at_many" \
	--arg again "'$CDR' sync -q -r '$ROOT' app:1 late:1" \
	'{real: $real, shop: $shop, many: $many, again: $again}')
export PAGES
page_tests home 5
mirror_never_failed

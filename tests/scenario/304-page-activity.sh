#!/bin/sh
# Activity on the page, in a real Chromium: failures with their cause and cure, for each
# reason that cdr has; the last syncs; plots at real pixels, and none of a few points;
# bundles, hooks, upkeep, each only where there is such a file. Hostile files, wrong
# types and huge numbers never break a view, and stay text. tests/page/activity.py looks.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/page/page.sh"

need cdr nginx python3 jq chromium selenium
page_tree shop shop failing
page_tree young shop ok
page_tree hostile shop nothing
check "files that say more, and odd ones" python3 "$TOP/tests/page/odd.py" "$T"
reasons=$(sed -n '/The reason is one of/,/The error is cut/s/^[.]Ql \([a-z_]*\) .*/\1/p' \
	"$TOP/layout/cdr-layout.5")
# shellcheck disable=SC2154 # set by page_tree
PAGES=$(jq -n --arg shop "$at_shop" --arg young "$at_young" --arg hostile "$at_hostile" \
	--arg reasons "$reasons" --slurpfile history "$T/shop/status/history.json" \
	'{shop: $shop, young: $young, hostile: $hostile, points: $history[0].points,
	reasons: ($reasons | split("\n"))}')
export PAGES
page_tests activity 10

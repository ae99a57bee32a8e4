#!/bin/sh
# A hundred thousand tags in the page: the first list counts all of them, each key of a
# search narrows it, and wherever one scrolls there are rows; few are in the document
# at any time. FIGURES=1 prints how long each takes, and wants the first list within
# 800 ms and what a key finds within 60 ms: on a machine that does nothing else.
# 46-page has ten thousand.
# Tier: all
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/page/page.sh"

need nginx python3 curl jq chromium selenium
page_tree many many 100000
page_addresses '{many, tags: 100000}'
page_tests large 3

#!/bin/sh
# Makes tests/page/page.png, the picture of the page in README.md, anew: a small shop's
# mirror, made up (tests/page/tree.py), as a person sees it who has the font Inter.
# Needs what tests/scenario/46-page.sh needs, and that font: Debian's fonts-inter. With
# pngquant the file is a third of the size. With FOLDER it makes a picture of each view
# and state there instead, in light and dark, of a desktop and a phone.
#
#	sh tests/page/picture.sh [FILE | FOLDER/]
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/page/page.sh"

need nginx python3 curl jq chromium selenium
to=${1-$TOP/tests/page/page.png}
case $to in /*) ;; *) to=$PWD/$to ;; esac
[ -n "$(fc-list Inter)" ] || fail "no font Inter here: apt-get install fonts-inter"
for state in failing ok stale interrupted store nothing; do
	page_tree "$state" shop "$state"
done
page_tree many many 10000
page_addresses .
case $to in
*/)
	mkdir -p "$to"
	check "the pictures" "$SELENIUM" "$TOP/tests/page/picture.py" "$to"
	echo "$to: $(find "$to" -name '*.png' | wc -l) pictures" ;;
*)
	check "the picture" "$SELENIUM" "$TOP/tests/page/picture.py" "$T/page.png"
	if command -v pngquant >/dev/null; then
		check "fewer colours" pngquant --force --skip-if-larger \
			--output "$T/page.png" 64 "$T/page.png"
	fi
	cp "$T/page.png" "$to"
	echo "$to: $(wc -c <"$to") bytes" ;;
esac

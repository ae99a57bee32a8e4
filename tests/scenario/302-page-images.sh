#!/bin/sh
# A repository and an image on the page, in a real Chromium: the commands of each kind
# of artifact are what its client takes, and none is docker's that docker cannot run; a
# row a digest; layers, what they are shared with, attachments; a tag's history, whose
# command sets it back; green for a key of the list alone. tests/page/images.py looks.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
. "$TOP/tests/mirror.sh"
. "$TOP/tests/page/page.sh"
. "$TOP/tests/page/images.sh"

need cdr nginx python3 curl jq openssl skopeo chromium selenium
images_tree
_mirror_serve
PAGES=$(jq -n --arg real "http://$MIRROR/" --arg root "$ROOT" --arg cdr "$CDR" \
	--arg first "$FIRST" --arg second "$SECOND" --arg chart "$CHART" --arg model "$MODEL" \
	'{real: $real, root: $root, cdr: $cdr,
	digests: {first: $first, second: $second, chart: $chart, model: $model}}')
COMMANDS=$T/commands
export PAGES COMMANDS
page_tests images 14

# What the page says is what the programs take.
cd "$T" || exit 1
while read -r name command; do
	case $name in
	skopeo) check "$command" sh -c "$command" ;;
	air-gap) check "$command" sh -c "$CDR ${command#cdr } -r '$ROOT'" ;;
	esac
done <"$COMMANDS"
mirror_never_failed

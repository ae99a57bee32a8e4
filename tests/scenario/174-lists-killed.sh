#!/bin/sh
# A run that writes the lists of 800 tags anew is killed at its renames, from index.json
# on: no list claims what is not there, the next run, which finds no tag moved, makes all
# of them right, and what is known of the images stays known. The same where a file of
# the lists is lost or cut short.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
. "$TOP/tests/crash.sh"
. "$TOP/tests/plenty.sh"

need cdr python3 strace
plain_build
tracing
# Long names: what changes is more than STATUS_CHANGED_MIN, in each list.
plenty_new 800 20 50 330
first=$(head -n 1 "$T/list")
plenty_sync "all of them" -i "$T/list"
head -n 700 "$T/list" >"$T/some"

# What is known of the images, whatever run has told it last.
healed()
{
	plenty_sync "$1: the next run" "$first"
	plenty_agrees "$1"
	expect_eq "$1: of each image it is known that it is here" "800 800" "$(pick 'words(len(v.images),
		sum(i.last_success is not None for i in v.images))' "$T/whole-status.json")"
	tree_check "$ROOT"
}

# The renames of the first thread alone, which writes the lists; its first is that of
# the mark. The short run has those between the two files of a list.
step=1
for name in index.json runs.json status-earlier.json status.json blobs-earlier.json \
    blobs.json images-earlier.json images.json history.json metrics summary.json _state/clean; do
	step=$((step + 1))
	case $name in
	blobs.json | status.json) ;;
	*) in_all || continue ;;
	esac
	python3 -S "$TOP/tests/hub/plenty.py" churn "$UP" 700 "kind-$step"
	expect_rc "killed as $name was to get its name" 137 strace -qq -o "$T/trace" \
		-e trace=renameat -e "inject=renameat:signal=KILL:when=$step" \
		"$CDR" sync -q -r "$ROOT" --from "oci:$UP" -i "$T/some"
	tail -n 2 "$T/trace" | grep -q "[/\"]$name\"" || fail "it was another: $(tail -n 2 "$T/trace")"
	tree_check --dead "$ROOT"
	healed "at $name"
done

for name in status/images-earlier.json status/blobs.json index.json; do
	rm -f "$ROOT/$name"
	plenty_move "$first" "without $name"
	healed "without $name"
	head -c 150000 "$ROOT/$name" >"$T/part"
	chmod 444 "$T/part"
	mv -f "$T/part" "$ROOT/$name"
	plenty_move "$first" "with a part of $name"
	healed "with a part of $name"
done

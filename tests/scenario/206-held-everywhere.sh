#!/bin/sh
# A tag that is held stays where it is by whatever way its next image comes: a pattern,
# another tree, a list that names it twice. What is asked for by digest comes all the
# same, and leaves the tag alone; so does the next image under another tag. `--plan`
# wants nothing for it. A hold of what is not here any more is fetched by its digest.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
repo=$ROOT/repos/docker.io/library/app
one=$(craft image library/app:1 --layers 1 --seed 1)
sync "the first" app:1
two=$(craft image library/app:1 --layers 1 --seed 2)
sync "the second" app:1
other=$T/other
check "another tree has the second" "$CDR" sync -q -r "$other" app:1
check "back" "$CDR" rollback -r "$ROOT" app:1
three=$(craft image library/app:1 --layers 1 --seed 3)

# stays "what": the tag and its history are as they were.
lines=$(cat "$repo/_history/1")
stays()
{
	expect_published "$1: it is where it is held" app:1 "$one"
	expect_eq "$1: nothing is written of it" "$lines" "$(cat "$repo/_history/1")"
}

sync "a pattern finds it" app tags=glob:*
expect_said "it is held" '1 image: 0 unchanged, 0 updated, 1 held, 0 failed'
stays "by a pattern"
sync "from another tree" --from "oci:$other" app:1
expect_said "it is held" '1 held'
stays "from another tree"
printf 'app:1\napp:1@%s\n' "$one" >"$T/list"
sync "two lines, which agree with the hold" -i "$T/list"
stays "by two lines"
check "a plan" "$CDR" sync -r "$ROOT" --plan --json app:1
expect_eq "wants nothing" 0 "$(pick 'v.objects' "$T/stdout")"
stays "after a plan"
sync "by digest" "app@$three"
[ -L "$repo/_manifests/$three" ] || fail "it has not come"
stays "by digest"
craft image library/app:2 --layers 1 --seed 3 >/dev/null
sync "under another tag" app:2
expect_published "that one has it" app:2 "$three"
stays "under another tag"
tree_check "$ROOT"

# What it is held at is lost, altogether: it is fetched by its digest, the tag is not
# asked for.
layer=$(pick 'c.digest for c in v.layers' "$repo/_manifests/1")
rm -f "$ROOT/blobs/sha256/${layer#*:}"
hub_mark
sync "what it is held at is not whole" app:1
expect_said "it is held" '1 held'
here "$layer" || fail "the layer has not come again"
expect_eq "the tag was not asked for" 0 "$(hub_count registry - '/app/manifests/1')"
stays "when that has come again"
check "back to what came by digest" "$CDR" rollback -r "$ROOT" app:1 "$three"
check "and let go" "$CDR" rollback -r "$ROOT" --release app:1
sync "the next run" app:1
expect_said "finds it where its registry has it" '1 unchanged'
expect_published "there" app:1 "$three"
[ "$two" != "$three" ] || fail "these are two"
tree_check "$ROOT"

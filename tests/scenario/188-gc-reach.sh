#!/bin/sh
# What an image that is kept leads to is kept: the children of its index and their
# layers, though only some platforms are here; a digest that several tags have, when
# one of them goes; what its tag was before, as many as keep= says; an opaque manifest,
# as a leaf. What upstream has removed stays. A layer or a child that is missing stops
# nothing, a manifest that is kept and damaged stops it before anything goes.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
. "$TOP/tests/unlist.sh"

need cdr python3 curl
upstream
index=$(craft index library/index:1 --platforms linux/amd64,linux/arm64,linux/arm/v7 --layers 2 \
	--attestations)
same=$(craft image library/same:1 --layers 1 --seed same)
craft image library/same:2 --layers 1 --seed same >/dev/null
craft nested library/nested:1 --depth 3 --seed nested >/dev/null
craft artifact library/artifact:1 --artifact-type application/x.odd >/dev/null
craft image library/gone:1 --layers 2 --seed gone >/dev/null
craft image library/short:1 --layers 2 --seed short --json >"$T/objects"
layer=$(made layer | sed -n 1p)
for n in 1 2 3 4; do
	craft image library/moved:1 --layers 1 --seed "moved$n" >"$T/moved-$n"
	sync "digest $n of a tag" "moved:1"
done
cat >"$T/list" <<'EOF'
index:1 platform=linux/amd64,linux/arm64
nested:1
artifact:1
gone:1
short:1
moved:1 keep=2
EOF
sync "images" -i "$T/list" same:1 same:2
blobs=$(find "$ROOT/blobs" | wc -l)
gc "with all listed" --grace 0
expect_said "what a tag was before the last two goes" '^removed 0 of 8 images, 1 manifest, 2 blobs'
here "$(cat "$T/moved-1")" && fail "its first digest is here"
here "$(cat "$T/moved-2")" "$(cat "$T/moved-3")" "$(cat "$T/moved-4")" || fail "keep=2"
# The manifest's own link in blobs has gone as well.
expect_eq "nothing else" $((blobs - 3)) "$(find "$ROOT/blobs" | wc -l)"
tree_check "$ROOT"
sync "the index is whole" -i "$T/list"
expect_said "the index is whole" '6 images: 6 unchanged'

# One of two tags, which had the same digest.
echo same:1 >"$T/one"
gc "a tag goes" -i "$T/list" -i "$T/one" --keep-unlisted 0 --grace 0
expect_said "its twin has all of it" '^removed 1 of 8 images, 0 manifests, 0 blobs'
expect_published "its twin stays" same:1 "$same"
expect_published "it is gone" same:2 nothing
tree_check "$ROOT"

# keep=0 of a list at hand counts, and not what a run remembers.
sed 's/keep=2/keep=0/' "$T/list" >"$T/zero"
gc "keep=0" -n -i "$T/zero" -i "$T/one" --grace 0
expect_said "two digests would go" '^would remove 0 of 7 images, 2 manifests, 4 blobs'
sed 's/keep=2/keep=0 keep-for=1d/' "$T/list" >"$T/days"
gc "keep-for=1d" -n -i "$T/days" -i "$T/one" --grace 0
expect_said "they are younger" '^would remove 0 of 7 images, 0 manifests, 0 blobs'

# Upstream removes an image.
fault '{"listener": "registry", "path": "/library/gone/", "status": 404}'
sync_rc "upstream has lost one" 1 -i "$T/list" same:1
gc "which is no reason" --keep-unlisted 1h --grace 0
expect_said "it stays" '^removed 0 of 7 images, 0 manifests, 0 blobs'
no_faults

# Missing, and damaged.
rm "$ROOT/blobs/sha256/${layer#*:}"
gc "a layer is missing" --grace 0
expect_said "nothing else goes" '^removed 0 of 7 images, 0 manifests, 0 blobs'
manifest=$(find "$ROOT/manifests" -name "${index#*:}")
cp -p "$manifest" "$T/manifest"
printf 'x' | dd of="$manifest" bs=1 seek=5 conv=notrunc 2>/dev/null
tree_print "$ROOT" | grep -v -e ./_state -e ./status >"$T/before"
gc_rc "a manifest that is kept is damaged" 1 --grace 0 --keep-unlisted 0 -i "$T/list" -i "$T/one"
expect_said "it is named, and what mends it" "${index#*:}.*verify --repair"
tree_print "$ROOT" | grep -v -e ./_state -e ./status >"$T/after"
cmp "$T/before" "$T/after" || fail "something was touched"
cp -p "$T/manifest" "$manifest"
gc "it is mended" --grace 0

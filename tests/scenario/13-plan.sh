#!/bin/sh
# --plan says what a run would do, image by image and in all, an object that two
# images want once; it fetches no blob and publishes nothing, and the run after it
# asks for no manifest again. What would not fit is told.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

upstream
craft index library/app:1 --platforms linux/amd64,linux/arm64 --layers 2 --size 20000 \
	--seed 1 --json >"$T/objects"
craft index library/app:2 --platforms linux/amd64,linux/arm64 --layers 2 --size 20000 \
	--seed 1 >/dev/null
craft image library/other:1 --layers 1 --size 500 --seed o >/dev/null
blobs=$(jq '[.[] | select(.mediaType | test("manifest|index") | not) | .digest] | unique | length' \
	"$T/objects")
bytes=$(jq '[.[] | select(.mediaType | test("manifest|index") | not) | {digest, size}] |
	unique | map(.size) | add' "$T/objects")

sync "a first image" other:1
hub_mark
sync "a plan" --plan --json app:1 app:2 other:1
cp "$T/stdout" "$T/plan"
check "is JSON" jq -e . "$T/plan"
expect_eq "two images would be updated" "docker.io/library/app:1 docker.io/library/app:2" \
	"$(jq -r '[.images[] | select(.action == "update").image] | sort | join(" ")' "$T/plan")"
expect_eq "one is as it is" docker.io/library/other:1 \
	"$(jq -r '.images[] | select(.action == "unchanged").image' "$T/plan")"
expect_eq "what both want counts once" "$blobs $bytes" \
	"$(jq -r '"\(.objects) \(.bytes)"' "$T/plan")"
expect_eq "it fits" true "$(jq .fits "$T/plan")"
expect_eq "no blob was asked for" 0 "$(hub_count registry GET /blobs/)"
expect_published "nothing was published" app:1 nothing
tree_check "$ROOT"

hub_mark
sync "the run itself" app:1 app:2 other:1
expect_eq "asks for no manifest again" 0 "$(hub_count registry GET /manifests/)"
expect_eq "and for the blobs of the plan" "$blobs" "$(hub_count registry GET /blobs/)"
tree_check "$ROOT"
sync "afterwards" --plan app:1 app:2 other:1
expect_said "nothing is left to do" '^0 of 3 images to update: 0 objects'
sync_rc "an image that is not there" 1 --plan nothing:1
sync_rc "--json alone" 2 --json app:1

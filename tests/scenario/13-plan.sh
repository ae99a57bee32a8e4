#!/bin/sh
# --plan says what a run would do, image by image and in all, an object that two
# images want once; it fetches no blob and publishes nothing, and the run after it
# asks for no manifest again. What would not fit is told.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
craft index library/app:1 --platforms linux/amd64,linux/arm64 --layers 2 --size 20000 \
	--seed 1 --json >"$T/objects"
craft index library/app:2 --platforms linux/amd64,linux/arm64 --layers 2 --size 20000 \
	--seed 1 >/dev/null
craft image library/other:1 --layers 1 --size 500 --seed o >/dev/null
blob='not re.search("manifest|index", o.mediaType)'
blobs=$(pick "len({o.digest for o in v if $blob})" "$T/objects")
bytes=$(pick "sum({o.digest: o.size for o in v if $blob}.values())" "$T/objects")

sync "a first image" other:1
hub_mark
sync "a plan" --plan --json app:1 app:2 other:1
cp "$T/stdout" "$T/plan"
check "is JSON" pick v "$T/plan"
expect_eq "two images would be updated" "docker.io/library/app:1 docker.io/library/app:2" \
	"$(pick '" ".join(sorted(i.image for i in v.images if i.action == "update"))' "$T/plan")"
expect_eq "one is as it is" docker.io/library/other:1 \
	"$(pick 'i.image for i in v.images if i.action == "unchanged"' "$T/plan")"
expect_eq "what both want counts once" "$blobs $bytes $bytes" \
	"$(pick 'words(v.objects, v.bytes, v.store_bytes)' "$T/plan")"
expect_eq "it tells the pulls that it made" "$(hub_count registry GET /manifests/)" \
	"$(pick v.pulls "$T/plan")"
expect_eq "it holds against no budget" null "$(pick v.runs "$T/plan")"
expect_eq "it fits" true "$(pick v.fits "$T/plan")"
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

# What has come already is not to be fetched, but the tree grows by all of it.
craft image library/part:1 --layers 1 --size 3000000 --seed p --json >"$T/objects"
layer=$(made layer)
fault "{\"listener\": \"cdn\", \"path\": \"${layer#sha256:}\", \"truncate\": 2000000}"
settings '{"max_tries": 1}'
sync_rc "it is cut short" 1 part:1
no_faults
settings '{"max_tries": 5}'
sync "a plan for the rest" --plan --json part:1 --max-bytes 400K
cp "$T/stdout" "$T/plan"
expect_eq "it fetches less than it stores" true \
	"$(pick 'v.bytes < 1500000 and v.store_bytes >= 3000000' "$T/plan")"
expect_eq "in so many runs" true "$(pick 'v.runs == math.ceil(v.bytes / 409600)' "$T/plan")"

# What refers to an image is a part of the plan.
sig=$(craft image library/signed:1 --layers 1 --size 500 --seed s)
craft image "library/signed:sha256-${sig#sha256:}.sig" --layers 1 --size 700 --seed c >/dev/null
sync "the image alone" signed:1
sync "a plan with signatures" --plan --json signed:1 referrers=yes
expect_eq "has them" "update 2" \
	"$(pick 'words(v.images[0].action, v.images[0].objects)' "$T/stdout")"
sync "they come" signed:1 referrers=yes
sync "a plan afterwards" --plan signed:1 referrers=yes
expect_said "nothing is left to do" '^unchanged .*signed:1'

# Counted pulls: what the registry has left, and what was not asked for.
craft image library/counted:1 --layers 1 --size 500 --seed q >/dev/null
fault '{"listener": "registry", "path": "/manifests/", "headers":
	{"ratelimit-limit": "100;w=21600", "ratelimit-remaining": "40;w=21600"}}'
sync "a plan with a quota" --plan counted:1
expect_said "it tells what is left" '^docker.io: 40 of 100 pulls left'
craft image library/counted:2 --layers 1 --size 500 --seed r >/dev/null
settings '{"min_pulls_left": 60}'
sync_rc "a plan beyond the quota" 1 --plan --json counted:2
expect_eq "one pull was not made, and 40 are left" "1 40 docker.io" \
	"$(pick 'words(v.pulls_refused, v.quotas[0].left, v.quotas[0].registry)' "$T/stdout")"
no_faults
sync_rc "--json alone" 2 --json app:1

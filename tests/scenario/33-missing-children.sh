#!/bin/sh
# An index lists what the registry does not have. Something wanted: the image
# fails, names it, and nothing of it is published. An attestation, or a platform
# that nobody wants: the image is published without it, and the next run is as
# cheap as for any unchanged image. The others of the list do not care.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
good=$(craft image library/good:1)

# lacks PART: an index library/PART:1 that lacks it. Sets $index, $gone.
lacks()
{
	overlay missing-child "library/$1:1" --missing "$1" --seed "$1" \
		--platforms linux/amd64,linux/arm64 --json >"$T/objects"
	index=$(pick 'v[-1].digest' "$T/objects")
}

for part in child layer config; do
	lacks $part
	hub_mark
	within 20 sync_rc "the $part of a wanted platform is not there" 1 $part:1 good:1
	expect_said "it is named" "error: .*/$part:1: (manifest|blob) sha256:[0-9a-f]{64}: .*404"
	expect_published "nothing is published" $part:1 nothing
	expect_published "the other one is" good:1 "$good"
	[ "$(hub_count registry GET "/$part/.*" 404)" -le 2 ] || fail "asked again and again"
	tree_check "$ROOT"

	hub_mark
	sync "with platform=linux/amd64 it is not wanted" $part:1 platform=linux/amd64
	expect_published "and the index is published as it is" $part:1 "$index"
	expect_eq "nobody asked for it" 0 "$(hub_count registry GET . 404)"
	tree_check "$ROOT"
	hub_mark
	sync "the next run" -v $part:1 platform=linux/amd64
	expect_eq "is one HEAD" "0 1" "$(hub_count registry GET .) $(hub_count registry HEAD . 200)"

	# Wanted after all, and still not there: what is published stays.
	sync_rc "wanted after all" 1 $part:1 platform=all
	expect_published "what is published stays" $part:1 "$index"
	tree_check "$ROOT"
done

for wanted in all linux/arm64; do
	rm -rf "$ROOT"
	lacks attestation
	sync "an attestation is not there, platform=$wanted" attestation:1 platform=$wanted
	expect_published "the image is published" attestation:1 "$index"
	tree_check "$ROOT"
	hub_mark
	sync "the next run" -v attestation:1 platform=$wanted
	expect_said "nothing has changed" '^unchanged .*attestation:1'
	expect_eq "is one HEAD, and no GET" "0 1" \
		"$(hub_count registry GET .) $(hub_count registry HEAD . 200)"
done

# The attestation is there, and something in it is not. It is no loss to do
# without; but what is published has all that it lists, so it is left out.
index=$(craft index library/half:1 --attestations --platforms linux/amd64 --seed half --json |
	tee "$T/objects" | pick 'v[-1].digest')
part=$(pick '[o.digest for o in v if o.mediaType == "application/vnd.in-toto+json"][0]' \
	"$T/objects")
fault "{\"path\": \"/blobs/$part\", \"status\": 404}"
sync "a layer of an attestation is not there" half:1
[ "$(hub_fired)" -ge 1 ] || fail "the layer was asked for"
expect_published "the image is published" half:1 "$index"
expect_eq "with the image, and without the attestation" 2 \
	"$(find "$ROOT/repos/docker.io/library/half/_manifests" -name 'sha256:*' | wc -l)"
tree_check "$ROOT"
hub_mark
sync "the next run" -v half:1
expect_said "nothing has changed" '^unchanged .*half:1'
expect_eq "no manifest is asked for" 0 "$(hub_count registry GET /manifests/)"
no_faults
other=$(craft index library/half:1 --attestations --platforms linux/amd64 --seed other)
sync "when the tag moves to a complete one" half:1
expect_published "that is published" half:1 "$other"
tree_check "$ROOT"

# A missing attestation whose answer is not "not found": that may pass, so it is
# an error now, and no reason to do without.
lacks attestation
gone=$(pick 'm.digest for m in v.manifests if m.annotations' \
	"$T/overlay/library/attestation/manifests/1")
rm -rf "$ROOT"
settings '{"max_tries": 2}'
fault "{\"path\": \"$gone\", \"status\": 503}"
sync_rc "503 for an attestation" 1 attestation:1
expect_said "it is named" "manifest $gone: .*503"
expect_published "nothing is published" attestation:1 nothing
tree_check "$ROOT"

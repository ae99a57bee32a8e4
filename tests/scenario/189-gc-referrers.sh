#!/bin/sh
# Signatures, attestations and other referrers live exactly as long as what they are
# about: they stay with it whatever the lists say of them, and go with it, their tags
# (sha256-….sig) too. The list of referrers names no more than what is here. A
# signature tag that a list names by itself stays as any other image does.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
. "$TOP/tests/unlist.sh"

need cdr python3 curl
upstream

# image NAME: with an SBOM, that one's signature, and a cosign tag.
image()
{
	_id=$(craft image "library/$1:1" --layers 1 --seed "$1")
	_sbom=$(craft artifact "library/$1:sbom" --artifact-type application/x.sbom \
		--subject "$_id")
	craft artifact "library/$1:sig" --artifact-type application/x.sig \
		--subject "$_sbom" >"$T/$1.sig"
	craft image "library/$1:sha256-${_id#*:}.sig" --layers 1 --size 500 --seed "$1.sig" \
		>"$T/$1.cosign"
	echo "$_sbom" >"$T/$1.sbom"
	echo "$_id" >"$T/$1"
}

all_here()
{
	here "$(cat "$T/$1")" "$(cat "$T/$1.sbom")" "$(cat "$T/$1.sig")" "$(cat "$T/$1.cosign")"
}

image one
image two
two=$(cat "$T/two")
cosign=two:sha256-${two#*:}.sig
for name in one two; do
	answer "/library/$name/referrers/$(cat "$T/$name")" "$(list_of $name "$(cat "$T/$name.sbom")")"
	answer "/library/$name/referrers/$(cat "$T/$name.sbom")" \
		"$(list_of $name "$(cat "$T/$name.sig")")"
done
fault "$rules"
printf '%s\n' 'one:1 referrers=yes' 'two:1 referrers=yes' >"$T/list"
sync "two images and what refers to them" -i "$T/list"
all_here one && all_here two || fail "all of it is here"
gc "lists name none of that" --keep-unlisted 1h --grace 0
expect_said "it stays" '^removed 0 of 4 images, 0 manifests, 0 blobs'
gc "nor with the list at hand" -i "$T/list" --keep-unlisted 0 --grace 0
expect_said "it stays" '^removed 0 of 4 images, 0 manifests, 0 blobs'
all_here one && all_here two || fail "all of it is here"
tree_check "$ROOT"

# Two is unlisted: with the room for it, and its term not over.
listed_ago 20 two:1
gc "one image is on no list" --keep-unlisted 30d --grace 0
all_here two || fail "all of it is here"
listed_ago 31 two:1
gc "its term is over" --keep-unlisted 30d --grace 0 --max-delete 50%
expect_said "it goes" '^removed docker.io/library/two:1 .* on no list for 30d or longer'
expect_said "so does its signature" \
	"^removed docker.io/library/two:sha256-${two#*:}.sig .* what it belongs to has gone"
for what in two two.sbom two.sig two.cosign; do
	here "$(cat "$T/$what")" && fail "$what is here"
done
all_here one || fail "what is about one:1 is here"
expect_images "one is here" \
	"one:1 one:sha256-$(cut -c 8-15 "$T/one").sig"
expect_eq "no list of its referrers is left" "" \
	"$(find "$ROOT/repos/docker.io/library/two" -path '*_referrers/*' 2>/dev/null)"
tree_check "$ROOT"

# Listed by itself.
sync "a signature tag of its own" "$cosign" one:1 referrers=yes
gc "is an image like others" --keep-unlisted 30d --grace 0
expect_images "it stays without its subject" \
	"one:1 one:sha256-$(cut -c 8-15 "$T/one").sig two:sha256-$(cut -c 8-15 "$T/two").sig"
here "$(cat "$T/two")" && fail "it brings nothing back"
tree_check "$ROOT"

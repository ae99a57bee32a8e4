#!/bin/sh
# Where an index has several entries that fit a wanted platform equally well - gzip
# and zstd, nydus, SOCI - each is kept, with its attestations: one client takes the
# first, another one what it likes best. A tree of an older program, which kept the
# first alone, is completed by the next run. Those of other platforms are not asked
# for, and an unchanged image costs one HEAD.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream

# variants NAME OPTION...: makes library/NAME:1; sets $index
variants()
{
	_name=$1
	shift
	craft variants "library/$_name:1" --attestations --json "$@" >"$T/objects"
	index=$(pick 'v[-1].digest' "$T/objects")
	curl -s -H 'Accept: application/vnd.oci.image.index.v1+json' \
		"http://$UPSTREAM/v2/library/$_name/manifests/1" >"$T/index"
}

# kept NAME: which entries of the index are linked, as numbers
kept()
{
	_n=0
	for _digest in $(pick 'm.digest for m in v.manifests' "$T/index"); do
		! [ -e "$ROOT/repos/docker.io/library/$1/_manifests/$_digest" ] || printf '%s ' $_n
		_n=$((_n + 1))
	done
}

# again NAME ARG...: once more, and nothing has changed
again()
{
	hub_mark
	sync "$1: once more" -v "$@"
	expect_said "$1: unchanged" "^unchanged .*$1 "
	expect_eq "$1: one HEAD" "1 0" "$(hub_count registry HEAD . 200) $(hub_count registry GET .)"
	tree_check "$ROOT"
}

# Of two platforms, each gzip, zstd and nydus: six images, six attestations.
variants app --variants gzip,zstd,nydus
hub_mark
sync "all for one platform" app:1 platform=linux/amd64
! grep -q '^warning' "$T/stderr" || fail "a warning for nothing"
expect_eq "three images and three attestations" "0 1 2 6 7 8 " "$(kept app)"
expect_eq "nothing else was asked for" 7 "$(hub_count registry GET /manifests/)"
expect_published "the index keeps its digest" app:1 "$index"
again app:1 platform=linux/amd64
check "cdr ls" "$CDR" ls -r "$ROOT" --json
expect_eq "tells the platform once" '["linux/amd64"]' \
	"$(pick '[i.platforms for i in v][0]' "$T/stdout" | tr -d ' \n')"

# What the older program left: the first entry, and its attestation. Such a tree is
# made by a registry that had no more.
old=$ROOT/repos/docker.io/library/app/_manifests
for n in 1 2 7 8; do
	gone=$(pick "v.manifests[$n].digest" "$T/index")
	kind=$(readlink "$old/$gone")
	rm -f "$old/$gone" "$ROOT/blobs/sha256/${gone#*:}" "$old/$kind"
done
expect_eq "an older tree" "0 6 " "$(kept app)"
hub_mark
sync "is completed" app:1 platform=linux/amd64
expect_said "and told" '^updated .*app:1'
expect_eq "by the same" "0 1 2 6 7 8 " "$(kept app)"
expect_eq "with what was not here, and no more" 4 "$(hub_count registry GET /manifests/)"
again app:1 platform=linux/amd64

# A plan of that, from the beginning.
rm -rf "$ROOT"
check "a plan" "$CDR" sync -r "$ROOT" --plan --json app:1 platform=linux/arm64
# Two layers each and a configuration, of which gzip and zstd share one; and three
# blobs of each attestation.
expect_eq "has the blobs of the three images, and of their attestations" 17 \
	"$(pick 'v.objects' "$T/stdout")"
sync "the other platform" app:1 platform=linux/arm64
expect_eq "three and three" "3 4 5 9 10 11 " "$(kept app)"
tree_check "$ROOT"

# SOCI's indexes go with their image, whether they have a platform or not.
variants soci --variants gzip,soci
sync "SOCI" soci:1 platform=linux/amd64
expect_eq "the image, its SOCI index, its attestation" "0 1 4 " "$(kept soci)"
again soci:1 platform=linux/amd64
pick '{**v, "manifests": [{k: m[k] for k in m if k != "platform"} if m.artifactType else m for m in v.manifests]}' \
	"$T/index" >"$T/index.new"
mv "$T/index.new" "$T/index"
put() # NAME: the changed index
{
	curl -sf -X PUT -H 'Content-Type: application/vnd.oci.image.index.v1+json' \
		--data-binary "@$T/index" "http://$UPSTREAM/v2/library/$1/manifests/1" ||
		fail "the registry does not take it"
}
put soci
rm -rf "$ROOT"
sync "SOCI without platforms" soci:1 platform=linux/arm64
expect_eq "that of the image alone" "2 3 5 " "$(kept soci)"
again soci:1 platform=linux/arm64

# A second one that is not there fails the image, as the first would: whoever
# prefers it would find a hole.
variants hole --seed hole
layer=$(pick 'next(o.digest for o in v if o.kind == "layer" and o.mediaType.endswith("zstd"))' "$T/objects")
fault "{\"path\": \"/blobs/$layer\", \"status\": 404}"
sync_rc "a layer of the zstd one is not there" 1 hole:1 platform=linux/amd64
expect_said "it is named" "hole:1: blob $layer: .*404"
expect_published "nothing is published" hole:1 nothing
no_faults

# Docker's types: what stands in for the index is what all can use.
craft variants library/docker:1 --docker --variants zstd,gzip --json >"$T/objects"
curl -s -H 'Accept: application/vnd.docker.distribution.manifest.list.v2+json' \
	"http://$UPSTREAM/v2/library/docker/manifests/1" >"$T/index"
index=$(pick 'v[-1].digest' "$T/objects")
sync "Docker's" docker:1 platform=linux/amd64
expect_eq "both" "0 1 " "$(kept docker)"
expect_eq "the gzip one stands in" "$(pick 'v.manifests[1].digest' "$T/index")" \
	"sha256:$(basename "$(readlink "$ROOT/repos/docker.io/library/docker/_default/$index")")"
tree_check "$ROOT"

#!/bin/sh
# platform= takes a part of an image: the index keeps its bytes and its digest,
# the children that are wanted are here with their attestations, those that are
# not wanted are never asked for. A platform that an image does not have is told;
# an image that has none of them fails, and so does an image of one platform that
# is another one.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
craft index library/app:1 --attestations --json \
	--platforms linux/amd64,linux/arm64/v8,linux/arm/v7,windows/amd64 >"$T/objects"
index=$(pick 'v[-1].digest' "$T/objects")

# child N: the digest of the index's entry number N; images first, attestations
# behind them in the same order
curl -s -H 'Accept: application/vnd.oci.image.index.v1+json' \
	"http://$UPSTREAM/v2/library/app/manifests/1" >"$T/index"
child()
{
	pick "v.manifests[$1].digest" "$T/index"
}

# exactly "what" N...: these entries of the index are in the tree, and no others.
exactly()
{
	_what=$1 _want=
	shift
	for _n; do
		_want="$_want $(child "$_n")"
	done
	_have=
	for _n in 0 1 2 3 4 5 6 7; do
		! [ -e "$ROOT/repos/docker.io/library/app/_manifests/$(child $_n)" ] ||
			_have="$_have $(child $_n)"
	done
	expect_eq "$_what" "$_want" "$_have"
	expect_eq "no more manifests were asked for" $(($# + 1)) \
		"$(hub_count registry GET /manifests/)"
	cmp "$T/index" "$ROOT/blobs/sha256/${index#sha256:}" || fail "the index has other bytes"
	expect_published "the index keeps its digest" app:1 "$index"
	tree_check "$ROOT"
}

# takes PLATFORM N...: a first sync
takes()
{
	_platform=$1
	shift
	rm -rf "$ROOT"
	hub_mark
	sync "platform=$_platform" app:1 "platform=$_platform"
	! grep -q '^warning' "$T/stderr" || fail "a warning for nothing"
	exactly "these children, for $_platform" "$@"
}

takes linux/amd64 0 4
takes linux/arm64 1 5
takes linux/arm64/v8,windows/amd64 1 3 5 7
takes linux/arm/v8 2 6
takes all 0 1 2 3 4 5 6 7

# More is wanted later: only that is fetched. Less later: nothing goes.
takes linux/amd64 0 4
hub_mark
sync "one platform more" app:1 platform=linux/amd64,linux/arm64
exactly_before=$(hub_count registry GET /manifests/)
expect_eq "only what was not here was asked for" 2 "$exactly_before"
here "$(child 1)" "$(child 5)" || fail "it is here"
hub_mark
sync "one platform less" -v app:1 platform=linux/arm64
expect_said "changes nothing" '^unchanged'
here "$(child 0)" "$(child 1)" || fail "both are here"
tree_check "$ROOT"

# What is not there is told.
rm -rf "$ROOT"
hub_mark
sync "one of two platforms is not there" app:1 platform=linux/amd64,linux/s390x
expect_said "it is told" '^warning: .*app:1: .*linux/s390x; it has linux/amd64, linux/arm64'
exactly "the other one is here" 0 4
rm -rf "$ROOT"
sync_rc "none of the wanted platforms is there" 1 app:1 platform=linux/s390x,linux/riscv64
expect_said "it names what was wanted" 'error: .*app:1: .*linux/riscv64, linux/s390x; it has'
expect_said "and all that there is" 'error: .*; it has linux/amd64, linux/arm64(/v8)?(, [a-z]+/[a-z0-9/]+)*$'
expect_published "nothing is published" app:1 nothing
expect_eq "no blob was asked for" 0 "$(hub_since | grep -c 's390x')"
tree_check "$ROOT"

# An image of one platform tells it in its configuration.
single=$(craft image library/single:1 --platform linux/arm64/v8)
sync "an image of one platform, the right one" single:1 platform=linux/amd64,linux/arm64
expect_published "is published" single:1 "$single"
craft image library/single:2 --platform linux/arm64/v8 --seed 2 --json >"$T/objects"
hub_mark
sync_rc "the wrong one" 1 single:2 platform=linux/amd64
expect_said "it names both" 'error: .*single:2: .*linux/arm64.*linux/amd64'
expect_published "is not published" single:2 nothing
expect_eq "its layers were not asked for" 1 "$(hub_count registry GET /blobs/)"
sync "whatever it is" single:2 platform=all
tree_check "$ROOT"

# An artifact has no platform, and no filter keeps it out.
artifact=$(craft artifact library/chart:1)
sync "an artifact" chart:1 platform=linux/amd64
expect_published "is published" chart:1 "$artifact"

# Windows builds: those that a prefix means, or all of them.
craft windows library/win:1 --json >"$T/objects"
rm -rf "$ROOT"
sync "all Windows builds" win:1 platform=windows/amd64
expect_eq "three and the index" 4 "$(find "$ROOT/manifests" -type f | wc -l)"
rm -rf "$ROOT"
sync "one Windows build" win:1 'platform=windows(10.0.20348)/amd64'
expect_eq "one and the index" 2 "$(find "$ROOT/manifests" -type f | wc -l)"
tree_check "$ROOT"

# The image may be in an index that is in an index, which has no platform itself:
# there as well, what is wanted has to be there, and what is not there is told.
craft nested library/nested:1 --depth 3 --json >"$T/objects"
index=$(pick 'v[-1].digest' "$T/objects")
layer=$(made layer | head -n 1)
fault "{\"path\": \"/blobs/$layer\", \"status\": 404}"
sync_rc "a layer deep inside is not there" 1 nested:1 platform=linux/amd64
expect_said "it is named" "nested:1: blob $layer: .*404"
expect_published "nothing is published" nested:1 nothing
no_faults
sync_rc "nothing for a platform" 1 nested:1 platform=linux/s390x
expect_said "is told" 'nested:1: .*nothing for linux/s390x'
expect_published "nothing is published" nested:1 nothing
sync "nested indexes" nested:1 platform=linux/amd64
! grep -q '^warning' "$T/stderr" || fail "a warning for nothing"
expect_published "are published" nested:1 "$index"
here "$layer" || fail "the image in it is here"
tree_check "$ROOT"

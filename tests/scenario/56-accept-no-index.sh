#!/bin/sh
# A client that accepts no index, as Mesos' fetcher does, gets the linux/amd64
# Docker manifest of an image that has one, under the tag's own URL: GET and HEAD,
# with its exact type, digest and length. Everybody else gets the index, and so does
# everybody by its digest. It follows the tag wherever that moves.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr nginx python3 curl
V2=application/vnd.docker.distribution.manifest.v2+json
V1=application/vnd.docker.distribution.manifest.v1
LIST=application/vnd.docker.distribution.manifest.list.v2+json
INDEX=application/vnd.oci.image.index.v1+json
OCI=application/vnd.oci.image.manifest.v1+json
# apache/mesos src/uri/fetchers/docker.cpp
MESOS="$V2,$V1+json,$V1+prettyjws"

upstream
docker=$(craft index library/docker:1 --docker --platforms linux/arm64,linux/amd64)
again=$(craft index library/docker:2 --docker --seed 2 \
	--platforms linux/amd64,linux/arm64)
single=$(craft image library/single:1 --docker --seed 3)
oci=$(craft index library/oci:1 --seed 4)
sync "a tree" docker:1 docker:2 single:1 oci:1 platform=all
sync "one without amd64" docker:1 platform=linux/arm64 -r "$T/arm"
tree_check "$ROOT"
tree_check "$T/arm"
start_nginx "$ROOT"

# child NAME DIGEST: of an index, its manifest for linux/amd64
child()
{
	pick 'm.digest for m in v.manifests if m.platform.architecture == "amd64"' \
		"$ROOT/repos/docker.io/library/$1/_manifests/$2"
}

# answer REFERENCE CURL OPTION...: "type digest", of GET, which HEAD must confirm
answer()
{
	_url=http://$MIRROR/v2/$1
	shift
	curl -sS -f -D "$T/get.raw" -o "$T/body" "$@" "$_url" || fail "GET $_url"
	curl -sS -f --head -o "$T/head.raw" "$@" "$_url" || fail "HEAD $_url"
	for _one in get head; do
		tr -d '\r' <"$T/$_one.raw" | grep -v '^Date:' >"$T/$_one"
	done
	cmp -s "$T/get" "$T/head" || fail "$_url: HEAD says other things than GET"
	_digest=$(sed -n 's/^Docker-Content-Digest: //p' "$T/get")
	[ "$_digest" = "sha256:$(sha256sum <"$T/body" | cut -c -64)" ] ||
		fail "$_url: the bytes are not those of $_digest"
	[ "$(sed -n 's/^Content-Length: //p' "$T/get")" -eq "$(wc -c <"$T/body")" ] ||
		fail "$_url: another length"
	echo "$(sed -n 's/^Content-Type: //p' "$T/get") $_digest"
}

amd64=$(child docker 1)
for name in docker docker.io/library/docker; do
	expect_eq "$name: Mesos gets the image manifest" "$V2 $amd64" \
		"$(answer $name/manifests/1 -H "Accept: $MESOS")"
done
expect_eq "whatever the order" "$V2 $amd64" \
	"$(answer docker/manifests/1 -H "Accept: $V1+prettyjws, $V2;q=0.5")"
answer docker/manifests/1 -H "Accept: $MESOS" >"$T/said"
grep -qx "ETag: \"$amd64\"" "$T/get" || fail "the ETag is another one's"
grep -qx 'Vary: Accept' "$T/get" || fail "a cache is not told"
expect_eq "If-None-Match is about what is sent" 304 "$(curl -sS -o "$T/body" \
	-w '%{http_code}' -H "Accept: $MESOS" -H "If-None-Match: \"$amd64\"" \
	"http://$MIRROR/v2/docker/manifests/1")"
expect_eq "a range of it" 206 "$(curl -sS -o "$T/body" -w '%{http_code}' \
	-H "Accept: $MESOS" -r 0- "http://$MIRROR/v2/docker/manifests/1")"
expect_eq "is one of it" "$amd64" "sha256:$(sha256sum <"$T/body" | cut -c -64)"

# Those that accept one. dockerd sends a line for each type, in any order.
same()
{
	_what=$1
	shift
	expect_eq "$_what: the index" "$LIST $docker" \
		"$(answer docker/manifests/1 "$@")"
}
same "no Accept" -H Accept:
same "anything" -H 'Accept: */*'
same "any application" -H 'Accept: application/*'
same "the list too" -H "Accept: $MESOS,$LIST"
same "an OCI index too" -H "Accept: $V2, $V1+json, $INDEX"
same "a line for each" -H "Accept: $V2" -H "Accept: $V1+json" \
	-H "Accept: $V1+prettyjws" -H "Accept: $LIST" -H "Accept: $INDEX"
same "anything, at last" -H "Accept: $V2, $V1+json, */*;q=0.1"
same "nothing that is here" -H "Accept: $OCI"
same "nothing at all" -H 'Accept: text/html'
expect_eq "by digest it is what it is" "$LIST $docker" \
	"$(answer "docker/manifests/$docker" -H "Accept: $MESOS")"

# Where nothing stands in, the tag is what it is.
expect_eq "an image of one platform" "$V2 $single" \
	"$(answer single/manifests/1 -H "Accept: $MESOS")"
expect_eq "one without Docker manifests" "$INDEX $oci" \
	"$(answer oci/manifests/1 -H "Accept: $MESOS")"
expect_eq "one that has no amd64 here" no \
	"$([ -e "$T/arm/repos/docker.io/library/docker/_default" ] || echo no)"
expect_eq "what is not there" 404 "$(curl -sS -o "$T/body" -w '%{http_code}' \
	-H "Accept: $MESOS" "http://$MIRROR/v2/docker/manifests/none")"

# From nginx 1.23 on all lines are known, and this type alone is enough.
version=$(nginx -v 2>&1 | sed -n 's,^nginx version: nginx/\([0-9.]*\).*,\1,p')
case $version in
0.* | 1.?.* | 1.1?.* | 1.2[012].*) same "one type alone, of nginx $version" \
	-H "Accept: $V2" ;;
*)	expect_eq "one type alone, of nginx $version" "$V2 $amd64" \
		"$(answer docker/manifests/1 -H "Accept: $V2")" ;;
esac

# The tag moves, to another index and to an image, and back.
sync "the tag moves to another index" "docker:1@$again" platform=all
expect_eq "another image manifest" "$V2 $(child docker 1)" \
	"$(answer docker/manifests/1 -H "Accept: $MESOS")"
[ "$(child docker 1)" != "$amd64" ] || fail "both have the same child"
craft image library/docker:3 --docker --seed 5 >"$T/made"
sync "the tag moves to an image" "docker:1@$(cat "$T/made")" platform=all
expect_eq "which is that image" "$V2 $(cat "$T/made")" \
	"$(answer docker/manifests/1 -H "Accept: $MESOS")"
sync "it moves back" "docker:1@$docker" platform=all
expect_eq "as at first" "$V2 $amd64" \
	"$(answer docker/manifests/1 -H "Accept: $MESOS")"
tree_check "$ROOT"

# A tree from before there were such links works as it did; the next run makes them,
# once, and fetches nothing for it.
rm -r "$ROOT/repos/docker.io/library/docker/_default"
expect_eq "an older tree" "$LIST $docker" \
	"$(answer docker/manifests/1 -H "Accept: $MESOS")"
sync "a run" docker:1 docker:2 platform=all
expect_said "nothing is fetched" ' 0 new objects, .* 0 pulls'
expect_eq "it has what stands in for its indexes" "$V2 $(child docker 2)" \
	"$(answer docker/manifests/2 -H "Accept: $MESOS")"
sync "once more" -v docker:1 docker:2 platform=all
expect_said "there is nothing to do" '^2 images: 2 unchanged'

# A link that somebody made to lead out of the tree leads nowhere, until then.
mkdir -p "$T/out/manifests/$V2/sha256"
echo '{"secret":1}' >"$T/out/manifests/$V2/sha256/$(printf %064d 0)"
ln -sfn "$T/out/manifests/$V2/sha256/$(printf %064d 0)" \
	"$ROOT/repos/docker.io/library/docker/_default/$docker"
expect_eq "a hostile link" 404 "$(curl -sS -o "$T/body" -w '%{http_code}' \
	-H "Accept: $MESOS" "http://$MIRROR/v2/docker/manifests/1")"
sync "a run" docker:1 platform=all
expect_eq "and is mended" "$V2 $amd64" \
	"$(answer docker/manifests/1 -H "Accept: $MESOS")"
expect_eq "nothing in the error log is grave" '' \
	"$(grep -E '\[(crit|alert|emerg)\]' "$T/nginx.log" || :)"

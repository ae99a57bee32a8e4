#!/bin/sh
# dockerd with registry-mirrors pulls Docker Hub's images from the mirror, by tag and
# by digest, and with the mirror's name in front from there too. What is not there
# is "not found".
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/mirror.sh"
. "$TOP/tests/dockerd.sh"

need cdr root docker-registry nginx dockerd docker containerd runc skopeo \
	openssl jq busybox
mirror_samples
start_dockerd --registry-mirror "http://$MIRROR"

# The digest first: dockerd keeps manifests for some time.
mirror_start_over
check "pull a digest" docker pull -q "busybox@$BUSYBOX"
docker image inspect "busybox@$BUSYBOX" >"$T/image.json"
id=$(jq -r '.[0].Id' "$T/image.json")
mirror_saw "the mirror was asked for the digest" 1 \
	"^GET /v2/library/busybox/manifests/$BUSYBOX 200\$"
expect_eq "it has the config that went in" "$id" "$(
	jq -r --arg arch "$(jq -r '.[0].Architecture' "$T/image.json")" \
	    '.manifests[] | select(.platform.architecture == $arch).digest' \
	    "$T/samples/busybox/blobs/sha256/${BUSYBOX#*:}" |
	sed "s,^sha256:,$T/samples/busybox/blobs/sha256/," |
	xargs jq -r .config.digest)"
check "it goes" docker rmi -f "$id"

check "pull a tag" docker pull -q busybox:1.35
docker image inspect busybox:1.35 >"$T/image.json"
expect_eq "its digest" "busybox@$BUSYBOX" \
	"$(jq -r '.[0].RepoDigests[]' "$T/image.json")"
expect_eq "the same image" "$id" "$(jq -r '.[0].Id' "$T/image.json")"
mirror_saw "the mirror was asked for the tag" 1 \
	'^HEAD /v2/library/busybox/manifests/1.35 200$'
check "a large one" docker pull -q example/models:1.0

# By the mirror's own name nobody else is asked.
here=$MIRROR/docker.io/library
check "pull by the mirror's name" docker pull -q "$here/busybox:1.35"
expect_eq "the same image" "$id" "$(docker image inspect -f '{{.Id}}' \
	"$here/busybox:1.35")"
none=sha256:$(printf %064d 0)
for ref in "$here/busybox:none" "$here/busybox@$none" "$here/none:1"; do
	mirror_start_over
	expect_rc "$ref is not there" 1 docker pull -q "$ref"
	expect_said "docker knows that it is not" 'not found'
	mirror_saw "it asked" some '/manifests/.* 404$'
done

# A miss in the mirror sends it on to Docker Hub, and soon.
mirror_start_over
began=$(seconds)
expect_rc "what neither has" 1 docker pull -q busybox:none
[ $(($(seconds) - began)) -lt 10 ] || fail "it took too long"
mirror_saw "it asked the mirror" some '/manifests/none 404$'
expect_said "it went on to Docker Hub" 'registry-1.docker.io'
mirror_never_failed

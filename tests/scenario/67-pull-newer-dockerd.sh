#!/bin/sh
# dockerd 28 pulls Docker Hub's images from the mirror that registry-mirrors names,
# with a path and without; by tag, by digest and by the mirror's own name; with its
# graph driver and with containerd's image store, which also reads hosts.toml, for
# other registries than Docker Hub too.
# Tier: all
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/mirror.sh"
# shellcheck source=tests/newer.sh
. "$TOP/tests/newer.sh"
CLIENTS=newer
. "$TOP/tests/dockerd.sh"

need cdr root docker-registry nginx skopeo openssl jq busybox newer/dockerd \
	newer/docker newer/containerd newer/runc newer/ctr

# The same images, as another registry's.
mirror_more()
{
	MORE=registry.example/example/models:1.0
	printf '{"docker.io": {"endpoint": "http://%s"},
	    "registry.example": {"endpoint": "http://%s"}}\n' \
	    "$UPSTREAM" "$UPSTREAM" >"$T/registries.json"
}
mirror_samples
arch=${BUSYBOX_HERE##*/}
config=$(jq -r --arg arch "$arch" \
	'.manifests[] | select(.platform.architecture == $arch).digest' \
	"$T/samples/busybox/blobs/sha256/${BUSYBOX#*:}" |
	sed "s,^sha256:,$T/samples/busybox/blobs/sha256/," | xargs jq -r .config.digest)

# pulls "what" PATH QUERY ID REGEX: the two ways to name it, and both were asked for there
# and nothing was asked for elsewhere. ID is what docker calls the image, REGEX what
# it says of one that is not there.
pulls()
{
	mirror_start_over
	for ref in "busybox@$BUSYBOX" busybox:1.35; do
		check "$1: $ref" docker pull -q "$ref"
		docker image inspect "$ref" >"$T/image.json"
		expect_eq "$1: it is what went in" "$4" "$(jq -r '.[0].Id' "$T/image.json")"
		expect_eq "$1: its digest" "busybox@$BUSYBOX" \
			"$(jq -r '.[0].RepoDigests[]' "$T/image.json")"
		check "$1: it goes" docker rmi -f "$ref"
	done
	mirror_saw "$1: the tag" some "^HEAD $2/library/busybox/manifests/1\\.35$3 200\$"
	mirror_saw "$1: the digest" some \
		"^(GET|HEAD) $2/library/busybox/manifests/$BUSYBOX$3 200\$"
	mirror_saw "$1: config and layer" some \
		"^GET $2/library/busybox/blobs/sha256:[0-9a-f]*$3 20[06]\$"
	expect_eq "$1: and nothing else, but a ping" "" "$(mirror_asked '^[A-Z]+ /' |
		grep -vE "^[A-Z]+ $2/(library/busybox/|\$| 200)" || :)"
	expect_rc "$1: what is not there" 1 docker pull -q busybox:none
	mirror_saw "$1: it asked the mirror first" some "$2/library/busybox/manifests/none$3 404\$"
	# With containerd's store the mirror's answer is the one that is told.
	expect_said "$1: it says why" "$5"
}

named()
{
	here=$MIRROR/docker.io/library
	check "$1: by the mirror's name" docker pull -q "$here/busybox:1.35"
	expect_eq "$1: its digest" "$here/busybox@$BUSYBOX" \
		"$(docker image inspect -f '{{index .RepoDigests 0}}' "$here/busybox:1.35")"
	for ref in "$here/busybox:none" "$here/none:1"; do
		expect_rc "$1: $ref" 1 docker pull -q "$ref"
		expect_said "$1: docker knows that it is not there" 'not found'
	done
}

# again OPTION...: another dockerd in its place, with nothing of the first.
again()
{
	_dockerd_end
	rm -rf "$T/docker" "$T/docker.run"
	start_dockerd "$@"
}

start_dockerd --registry-mirror "http://$MIRROR"
docker version -f 'dockerd {{.Server.Version}}'
pulls "graph driver" /v2 "" "$config" registry-1.docker.io
named "graph driver"
again --registry-mirror "http://$MIRROR/docker.io"
pulls "graph driver, path" /docker.io/v2 "" "$config" registry-1.docker.io

again --registry-mirror "http://$MIRROR" --feature containerd-snapshotter=true
pulls "containerd store" /v2 '\?ns=docker.io' "$BUSYBOX" \
	'not found'
named "containerd store"
again --registry-mirror "http://$MIRROR/docker.io" \
	--feature containerd-snapshotter=true
pulls "containerd store, path" /docker.io/v2 '\?ns=docker.io' "$BUSYBOX" \
	'not found'

# hosts.toml, for any registry.
for folder in docker.io registry.example; do
	mkdir -p "$T/certs.d/$folder"
	cat >"$T/certs.d/$folder/hosts.toml" <<END
server = "http://127.0.0.1:1"
[host."http://$MIRROR/v2/$folder"]
capabilities = ["pull", "resolve"]
override_path = true
END
done
again --feature containerd-snapshotter=true
while read -r registry name digest; do
	mirror_start_over
	check "hosts.toml of $registry" docker pull -q "$registry/$name"
	expect_eq "its digest" "$digest" "$(docker image inspect -f '{{.Id}}' \
		"$registry/$name")"
	mirror_saw "the mirror was asked" some \
		"^HEAD /v2/$registry/${name%:*}/manifests/${name#*:}\\?ns=$registry 200\$"
	mirror_saw "for layers too" some \
		"^GET /v2/$registry/${name%:*}/blobs/.*\\?ns=$registry 200\$"
done <<END
docker.io library/busybox:1.35 $BUSYBOX
registry.example example/models:1.0 $MODELS
END
mirror_never_failed

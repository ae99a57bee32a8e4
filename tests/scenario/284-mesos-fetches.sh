#!/bin/sh
# What the containerizer of Mesos does with an image of Docker Hub, step by step, with
# the flags that cdr node-config mesos prints, and with Docker Hub gone: it asks for the
# tag as it is written, takes the answer if its type is that of a Docker image, to the
# letter, fetches config and layers with curl, checks no digest, and unpacks them in
# turn. What it has then is the image of linux/amd64 that went in, and it runs. An image
# that has only OCI's types does not do.
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/mirror.sh
. "$TOP/tests/mirror.sh"

need cdr docker-registry nginx skopeo openssl jq busybox curl root?
mirror_more()
{
	check "the sample is pushed in Docker's types" skopeo copy --quiet --all \
		--format v2s2 --dest-tls-verify=false "oci:$T/samples/busybox:1.35" \
		"docker://$UPSTREAM/library/busybox:1.35"
}
mirror_samples

# fetch IMAGE FOLDER: apache/mesos src/uri/fetchers/docker.cpp and, for names,
# src/slave/containerizer/mesos/provisioner/docker/registry_puller.cpp. Sets $why and
# returns 1 where it gives up.
V2=application/vnd.docker.distribution.manifest.v2+json
V1=application/vnd.docker.distribution.manifest.v1
fetch()
{
	_repo=${1%:*} _to=$2
	mkdir -p "$_to/rootfs"
	curl -s -S -L -i --raw --http1.1 -H "Accept: $V2,$V1+json,$V1+prettyjws" \
		"$REGISTRY_FLAG/v2/$_repo/manifests/${1##*:}" >"$_to/answer"
	tr -d '\r' <"$_to/answer" | sed '/^$/q' >"$_to/head"
	why=$(sed -n 's,^HTTP/1.1 ,,p' "$_to/head")
	[ "$why" = '200 OK' ] || return 1
	why=$(sed -n 's/^Content-Type: //p' "$_to/head")
	[ "$why" = $V2 ] || return 1
	tail -c "+$(($(sed '/^\r$/q' "$_to/answer" | wc -c) + 1))" "$_to/answer" \
		>"$_to/manifest"
	jq -r '.config.digest, .layers[].digest' "$_to/manifest" | sort -u >"$_to/digests"
	while read -r _digest; do
		why=$(curl -s -S -L -w '%{http_code}' --http1.1 -o "$_to/$_digest" \
			"$REGISTRY_FLAG/v2/$_repo/blobs/$_digest")
		[ "$why" = 200 ] || return 1
	done <"$_to/digests"
	for _digest in $(jq -r '.layers[].digest' "$_to/manifest"); do
		tar -C "$_to/rootfs" -xzf "$_to/$_digest"
	done
}

check "node-config mesos" "$CDR" node-config mesos --mirror "http://$MIRROR"
REGISTRY_FLAG=$(sed -n 's/^ *--docker_registry=//p' "$T/stdout")
expect_eq "the flag" "http://$MIRROR" "$REGISTRY_FLAG"
check "it fetches busybox:1.35" fetch busybox:1.35 "$T/busybox"
mirror_saw "the name is as it was written" 1 '^GET /v2/busybox/manifests/1.35 200$'
index=$(curl -s -S "http://$MIRROR/v2/busybox/manifests/1.35" |
	jq -r '.manifests[] | select(.platform.architecture == "amd64").digest')
expect_eq "the manifest is that of linux/amd64" "$index" \
	"sha256:$(sha256sum <"$T/busybox/manifest" | cut -c -64)"
expect_eq "it fetched the config and a layer" 2 "$(wc -l <"$T/busybox/digests")"
while read -r digest; do
	expect_eq "with the right bytes" "${digest#*:}" \
		"$(sha256sum <"$T/busybox/$digest" | cut -c -64)"
done <"$T/busybox/digests"
check "the program is the one that went in" cmp "$TOP/build/cache/busybox/amd64" \
	"$T/busybox/rootfs/bin/busybox"

expect_rc "an image in OCI's types" 1 fetch example/models:1.0 "$T/models"
expect_eq "is refused for its type" application/vnd.oci.image.manifest.v1+json "$why"
expect_rc "what is not there" 1 fetch busybox:none "$T/none"
expect_eq "fails the task" '404 Not Found' "$why"
mirror_never_failed

part "it runs" root || exit 0
[ "${BUSYBOX_HERE##*/}" = amd64 ] || {
	left_out "it runs" "this is no amd64"
	exit 0
}
# shellcheck disable=SC2016 # for the inner shell
check "it runs" chroot "$T/busybox/rootfs" /bin/sh -c 'echo $((6 * 7))'
expect_said "and does what it does" '^42$'

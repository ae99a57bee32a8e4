#!/bin/sh
# buildah builds from the mirror: an image that comes by tag or by digest, and what
# is not there is "manifest unknown".
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/mirror.sh"

need cdr root-mount docker-registry nginx buildah skopeo openssl jq busybox
mirror_samples

cat >"$T/registries.conf" <<END
[[registry]]
prefix = "docker.io"
location = "$MIRROR/docker.io"
insecure = true
END
echo '{"default": [{"type": "insecureAcceptAnything"}]}' >"$T/policy.json"

with()
{
	buildah --root "$T/buildah" --runroot "$T/buildah.run" \
		--storage-driver vfs --registries-conf "$T/registries.conf" "$@"
}
pull()
{
	with pull --quiet --signature-policy "$T/policy.json" "$1"
}
defer "mirror_unmount '$T'"

with images >"$T/images" 2>&1 ||
	skip "buildah does not work here: $(tail -n 1 "$T/images")"

name=docker.io/library/busybox
check "pull a tag" pull $name:1.35
id=$(cat "$T/stdout")
check "its name goes" with rmi --force "$id"
check "pull a digest" pull "$name@$BUSYBOX"
expect_eq "the same image" "$id" "$(cat "$T/stdout")"
for ref in 1.35 "$BUSYBOX"; do
	mirror_saw "the mirror was asked for $ref" 1 "/manifests/$ref 200\$"
done
check "pull the tag again" pull $name:1.35
check "build on it" with from --quiet --pull-never \
	--signature-policy "$T/policy.json" $name:1.35
container=$(cat "$T/stdout")
check "its layers" with inspect "$container"
expect_eq "it is what was pulled" "$id" "$(jq -r .FromImageID "$T/stdout")"

none=sha256:$(printf %064d 0)
for ref in $name:none "$name@$none" docker.io/library/none:1; do
	mirror_start_over
	began=$(seconds)
	expect_rc "$ref is not there" 125 pull "$ref"
	expect_said "buildah knows that it is not" 'manifest unknown|name unknown'
	[ $(($(seconds) - began)) -lt 10 ] || fail "it took too long"
	mirror_saw "it asked" some 'manifests/.* 404$'
done
mirror_never_failed

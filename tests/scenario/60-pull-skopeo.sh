#!/bin/sh
# skopeo copies the sample images out of the mirror, with all their platforms, by
# tag and by digest: every object arrives as it was made. What is not there is
# "manifest unknown".
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/mirror.sh"

need cdr docker-registry nginx skopeo openssl jq busybox
mirror_samples

# copy SOURCE DIR: into an OCI layout of its own.
copy()
{
	skopeo --insecure-policy copy --quiet --all --preserve-digests \
		--src-no-creds --src-tls-verify=false \
		"docker://$MIRROR/$1" "oci:$T/$2:x"
}

# same WHAT SAMPLE DIR: digest and objects are those of the sample.
same()
{
	expect_eq "$1: the digest" "$(jq -r '.manifests[0].digest' \
		"$T/samples/$2/index.json")" \
		"$(jq -r '.manifests[0].digest' "$T/$3/index.json")"
	check "$1: all its objects" diff -r "$T/samples/$2/blobs" "$T/$3/blobs"
}

while read -r sample name tag digest; do
	check "copy $name:$tag" copy "docker.io/$name:$tag" "$sample-tag"
	same "$name:$tag" "$sample" "$sample-tag"
	check "copy $name by digest" copy "$name@$digest" "$sample-digest"
	same "$name@" "$sample" "$sample-digest"
done <<END
busybox library/busybox 1.35 $BUSYBOX
models example/models 1.0 $MODELS
config-bundle example/config-bundle 1.0 $BUNDLE
END
check "tags" skopeo list-tags --no-creds --tls-verify=false \
	"docker://$MIRROR/library/busybox"
expect_eq "the one tag" 1.35 "$(jq -r '.Tags[]' "$T/stdout")"

none=sha256:$(printf %064d 0)
for ref in library/busybox:none "library/busybox@$none" \
    library/none:1 "example/models@$BUSYBOX"; do
	mirror_start_over
	expect_rc "$ref is not there" 1 copy "$ref" none
	expect_said "skopeo knows that it is not" 'manifest unknown|name unknown'
	mirror_saw "it asked once" 1 'manifests/.* 404$'
done
mirror_never_failed

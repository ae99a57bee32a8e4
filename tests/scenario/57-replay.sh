#!/bin/sh
# What clients were seen to ask for (tests/clients/requests), header by header, is
# asked again of nginx on a tree that was made by hand: each answer has the status,
# type, digest, length and bytes that the client then had, and no other.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/tree.sh"

need nginx python3 jq
DOCKER_LIST=application/vnd.docker.distribution.manifest.list.v2+json
DOCKER_CONFIG=application/vnd.docker.container.image.v1+json
DOCKER_LAYER=application/vnd.docker.image.rootfs.diff.tar.gzip

# descriptor TYPE DIGEST FILE [MEMBERS]
descriptor()
{
	printf '{"mediaType":"%s","digest":"%s","size":%d%s}' "$1" "$2" \
		"$(wc -c <"$3")" "${4:+,$4}"
}

# image REPO ARCHITECTURE MANIFEST-TYPE CONFIG-TYPE LAYER-TYPE: sets $entry, its
# place in an index, and $image. The layer is larger than any range that was asked.
image()
{
	printf '{"os":"linux","architecture":"%s"}' "$2" >"$T/config"
	python3 -c "import random, sys
sys.stdout.buffer.write(random.Random('$1 $2').randbytes(1200000))" >"$T/layer"
	printf '{"schemaVersion":2,"mediaType":"%s","config":%s,"layers":[%s]}' "$3" \
		"$(descriptor "$4" "$(tree_blob "$T/config")" "$T/config")" \
		"$(descriptor "$5" "$(tree_blob "$T/layer")" "$T/layer")" >"$T/image"
	image=$(tree_manifest "$1" "$3" "$T/image")
	entry=$(descriptor "$3" "$image" "$T/image" \
		"\"platform\":{\"os\":\"linux\",\"architecture\":\"$2\"}")
}

# index REPO TAG TYPE ENTRY ENTRY: sets $index
index()
{
	printf '{"schemaVersion":2,"mediaType":"%s","manifests":[%s,%s]}' \
		"$3" "$4" "$5" >"$T/index"
	index=$(tree_manifest "$1" "$3" "$T/index")
	tree_tag "$1" "$2" "$index"
}

# artifact REPO TAG FILE [MEMBERS]: sets $artifact and, for a list, $entry
artifact()
{
	printf '{}' >"$T/config"
	printf '{"schemaVersion":2,"mediaType":"%s","artifactType":"a/b","config":%s,"layers":[%s]%s}' \
		"$OCI_MANIFEST" "$(descriptor application/vnd.oci.empty.v1+json \
		"$(tree_blob "$T/config")" "$T/config")" "$(for _file in $3; do
			descriptor text/plain "$(tree_blob "$T/$_file")" "$T/$_file"
		done | sed 's/}{/},{/g')" "${4:+,$4}" >"$T/artifact"
	artifact=$(tree_manifest "$1" "$OCI_MANIFEST" "$T/artifact")
	tree_tag "$1" "$2" "$artifact"
	entry=$(descriptor "$OCI_MANIFEST" "$artifact" "$T/artifact" \
		'"artifactType":"a/b"')
}

tree_new "$T/root"
repo=docker.io/library/busybox
image $repo amd64 "$OCI_MANIFEST" "$OCI_CONFIG" "$OCI_LAYER"
amd64=$entry
image $repo arm64 "$OCI_MANIFEST" "$OCI_CONFIG" "$OCI_LAYER"
index $repo 1.35 "$OCI_INDEX" "$amd64" "$entry"
echo one >"$T/one"
echo two >"$T/two"
artifact $repo sbom one "\"subject\":$(descriptor "$OCI_INDEX" "$index" "$T/index")"
printf '{"schemaVersion":2,"mediaType":"%s","manifests":[%s]}' "$OCI_INDEX" \
	"$entry" >"$T/list"
tree_referrers $repo "$index" "$T/list"
artifact docker.io/example/config-bundle 1.0 'one two'
repo=docker.io/library/redis
image $repo arm64 "$DOCKER_MANIFEST" "$DOCKER_CONFIG" "$DOCKER_LAYER"
arm64=$entry
image $repo amd64 "$DOCKER_MANIFEST" "$DOCKER_CONFIG" "$DOCKER_LAYER"
index $repo 7 "$DOCKER_LIST" "$arm64" "$entry"
tree_default $repo "$index" "$image"
tree_lists

replay()
{
	python3 -B "$TOP/tests/clients/sequence.py" replay "$TREE" "$MIRROR" "$@"
}
start_nginx "$TREE"
check "all that was recorded" replay "$TOP"/tests/clients/requests/*
cat "$T/stdout"
[ "$(find "$TOP/tests/clients/requests" -type f | wc -l)" -ge 17 ] ||
	fail "there is little"

# The check can fail: by a digest, a type, an Accept that is another one, by what is
# not there.
request=$TOP/tests/clients/requests/mesos.txt
sed 's/@redis:amd64@/@redis:arm64@/' "$request" >"$T/other"
expect_rc "another digest is seen" 1 replay "$T/other"
expect_said "it is told" 'other:5: GET /v2/redis/manifests/7: digest: '
sed '/^= 200/s/manifest.v2/manifest.list.v2/' "$request" >"$T/other"
expect_rc "another type is seen" 1 replay "$T/other"
expect_said "it is told" ': type: '
sed '/blobs.*layer1/s/^GET/HEAD/' "$request" >"$T/other"
check "HEAD says the same" replay "$T/other"
sed '/^\tAccept: app/s/$/,*\/*/' "$request" >"$T/other"
expect_rc "another Accept is seen" 1 replay "$T/other"
child=$TREE/repos/docker.io/library/busybox/_manifests/$(printf %s "$amd64" |
	jq -r .digest)
mv "$child" "$T/away"
expect_rc "a manifest that is gone is seen" 1 replay \
	"$TOP/tests/clients/requests/containerd-1.6.20.txt"
expect_said "it is told" ': status: 404, not 200'
mv "$T/away" "$child"
printf '# nothing\n' >"$T/other"
expect_rc "a file without requests is seen" 1 replay "$T/other"

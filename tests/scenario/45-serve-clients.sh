#!/bin/sh
# A real client reads from the mirror: skopeo inspects and copies images of one
# and of several platforms, by tag and by digest, and gets the same bytes.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/tree.sh"

need nginx skopeo jq
tree_new "$T/root"
repo=docker.io/library/alpine
first=$(tree_image $repo amd64 1)
second=$(tree_image $repo arm64 2)

# entry DIGEST ARCHITECTURE
entry()
{
	printf '{"mediaType":"%s","digest":"%s","size":%d,"platform":{"os":"linux","architecture":"%s"}}' \
	    "$OCI_MANIFEST" "$1" "$(wc -c <"$TREE/repos/$repo/_manifests/$1")" "$2"
}
printf '{"schemaVersion":2,"mediaType":"%s","manifests":[%s,%s]}' "$OCI_INDEX" \
    "$(entry "$first" amd64)" "$(entry "$second" arm64)" >"$T/index"
index=$(tree_manifest $repo "$OCI_INDEX" "$T/index")
tree_tag $repo 3.20 "$index"
tree_lists
start_nginx "$TREE"
mirror=docker://$MIRROR

check "inspect" skopeo inspect --tls-verify=false "$mirror/library/alpine:amd64"
expect_eq "inspect: digest and tags" "$first 3.20 amd64 arm64" \
    "$(jq -r '"\(.Digest) \(.RepoTags | sort | join(" "))"' "$T/stdout")"
for name in library/alpine:3.20 docker.io/library/alpine:3.20 alpine:3.20 \
    "library/alpine@$index"; do
	check "raw manifest of $name" skopeo inspect --raw --tls-verify=false \
	    "$mirror/$name"
	cp "$T/stdout" "$T/raw"
	check "its bytes" cmp "$T/index" "$T/raw"
done
expect_rc "a tag that is not there" 1 skopeo inspect --tls-verify=false \
    "$mirror/library/alpine:none"
grep -qi 'manifest unknown' "$T/stderr" || fail "skopeo does not know why"

check "copy one" skopeo --insecure-policy copy --src-tls-verify=false \
    "$mirror/library/alpine:amd64" "oci:$T/one:x"
expect_eq "copy one: digest" "$first" "$(jq -r '.manifests[0].digest' "$T/one/index.json")"
check "copy all platforms" skopeo --insecure-policy copy --all \
    --src-tls-verify=false "$mirror/library/alpine:3.20" "oci:$T/all:x"
expect_eq "copy all: digest" "$index" "$(jq -r '.manifests[0].digest' "$T/all/index.json")"
for blob in "$T"/all/blobs/sha256/*; do
	cmp "$blob" "$TREE/blobs/sha256/${blob##*/}" || fail "$blob differs"
done
expect_eq "copy all: index, two manifests, one shared or two configs, two layers" \
    "$(find "$TREE/blobs/sha256" ! -type d | wc -l)" \
    "$(find "$T/all/blobs/sha256" -type f | wc -l)"

# The tree itself is an image layout.
check "the tree without a server" skopeo --insecure-policy copy --all \
    "oci:$TREE:docker.io/library/alpine:3.20" "oci:$T/direct:x"
expect_eq "the same digest" "$index" "$(jq -r '.manifests[0].digest' "$T/direct/index.json")"

#!/bin/sh
# What a run costs the registry. An unchanged list: one HEAD a tag, and no GET of a
# manifest or a blob (Docker Hub counts those); beyond these, one HEAD that is told
# where tokens are, and one token a repository. And each object is fetched once in a
# run, however many images, tags and repositories want it.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
oci=application/vnd.oci.image.manifest.v1+json

# tag_all REPOSITORY:TAG GLOB: the same manifest under other tags; GLOB as in curl.
tag_all()
{
	curl -sSf -H "Accept: $oci" -o "$T/manifest" \
		"http://$UPSTREAM/v2/library/${1%:*}/manifests/${1##*:}"
	curl -sSf -o /dev/null -H "Content-Type: $oci" -X PUT \
		--data-binary "@$T/manifest" \
		"http://$UPSTREAM/v2/library/${1%:*}/manifests/$2"
}

# costs "what" TAGS TOKENS: of an unchanged run over $T/list.
costs()
{
	hub_mark
	sync "$1" -i "$T/list"
	expect_said "all are unchanged" "$2 images: $2 unchanged"
	expect_eq "one HEAD a tag" "$2" "$(hub_count registry HEAD '^/v2/.*/manifests/' 200)"
	expect_eq "each tag once" "$2" "$(hub_since |
		awk -F '\t' '$2 == "registry" && $5 == 200 { print $4 }' | sort -u | wc -l)"
	expect_eq "one more HEAD, which is told where tokens are" 1 \
		"$(hub_count registry - . 401)"
	expect_eq "nothing else is asked of the registry" $(($2 + 1)) \
		"$(hub_count registry - .)"
	expect_eq "nor of the CDN" 0 "$(hub_count cdn - .)"
	expect_eq "$3 tokens" "$3" "$(hub_count auth - .)"
}

# --- 100 tags of one repository ------------------------------------------------

craft image library/tags:1 --layers 1 --size 1000 >/dev/null
tag_all tags:1 'v[1-100]'
seq 100 | sed 's/^/tags:v/' >"$T/list"
hub_mark
sync "100 tags of one image" -i "$T/list"
expect_eq "one GET of the manifest" 1 "$(hub_count registry GET /manifests/)"
expect_eq "and one of each blob" 2 "$(hub_count cdn GET .)"
costs "100 tags, unchanged" 100 1
tree_check "$ROOT"

# --- 100 repositories -------------------------------------------------------------

rm -rf "$ROOT"
craft many library/app:1 --count 100 --layers 1 --size 500 >/dev/null
seq 100 | sed 's/.*/000&/; s/.*\(....\)$/app-\1:1/' >"$T/list"
sync "100 repositories" -q -i "$T/list"
costs "100 repositories, unchanged" 100 100

# --- 20 images that share what they are made of -----------------------------------

rm -rf "$ROOT"
craft many library/part:1 --count 20 --layers 3 --shared 2 --size 3000 >/dev/null
tag_all part-0001:1 'also[1-3]'
# The same image in another repository.
craft image library/twin:1 --layers 1 --size 1000 >/dev/null
seq 20 | sed 's/.*/000&/; s/.*\(....\)$/part-\1:1/' >"$T/list"
printf '%s\n' part-0001:also1 part-0001:also2 part-0001:also3 tags:v1 twin:1 \
	>>"$T/list"
hub_mark
sync "images that share" -i "$T/list"
tree_check "$ROOT"
# 20 times one own layer and a config, two shared layers; and the twins' two.
expect_eq "all blobs are here" 44 "$(find "$ROOT/blobs" -type f | wc -l)"
expect_eq "each was fetched once" 44 "$(hub_count cdn GET . 200)"
expect_eq "each manifest once" 21 "$(hub_count registry GET /manifests/)"
costs "and once more, unchanged" 25 22

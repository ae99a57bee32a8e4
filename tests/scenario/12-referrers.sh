#!/bin/sh
# referrers=yes brings what refers to an image, found by the API, by the referrers
# tag schema where there is no API, and by cosign's tags; and what refers to that
# in turn. It is there before the image's tag is, it is listed, and served.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

upstream
app=$(craft image library/app:1 --layers 1 --size 500 --seed 1)
sbom=$(craft artifact library/app:sbom --artifact-type application/x.sbom --subject "$app")
sig=$(craft artifact library/app:sig --artifact-type application/x.sig --subject "$sbom")
cosign=$(craft image "library/app:sha256-${app#sha256:}.sig" --layers 1 --size 500 --seed c)

# index DIGEST...: an index of these artifacts
index()
{
	_entries=
	for _id; do
		_file=$(curl -s -H 'Accept: application/vnd.oci.image.manifest.v1+json' \
			"http://$UPSTREAM/v2/library/app/manifests/$_id")
		_entries="$_entries${_entries:+,}$(printf %s "$_file" | jq -c \
			--arg d "$_id" --argjson s "$(printf %s "$_file" | wc -c)" \
			'{mediaType, digest: $d, size: $s, artifactType}')"
	done
	printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[%s]}' \
		"$_entries"
}
# answer PATH DIGEST...: the referrers of one manifest
rules=
answer()
{
	_path=$1
	shift
	rules="$rules${rules:+,}{\"listener\": \"registry\", \"path\": \"$_path\", \"status\": 200,
		\"body\": $(index "$@" | jq -Rs .),
		\"headers\": {\"Content-Type\": \"application/vnd.oci.image.index.v1+json\"}}"
}
everything()
{
	expect_published "$1: the image" app:1 "$app"
	expect_published "$1: cosign's tag" "app:sha256-${app#sha256:}.sig" "$cosign"
	here "$sbom" "$sig" || fail "$1: the referrers are here"
	jq -e --arg d "$sbom" '.manifests | map(.digest) == [$d]' \
		"$ROOT/repos/docker.io/library/app/_referrers/$app" >/dev/null ||
		fail "$1: the SBOM is listed"
	jq -e --arg d "$sig" '.manifests | map(.digest) == [$d]' \
		"$ROOT/repos/docker.io/library/app/_referrers/$sbom" >/dev/null ||
		fail "$1: its signature is listed"
	ok "$1: everything is here and listed"
	tree_check "$ROOT"
}

sync "without referrers=" app:1
expect_eq "only the image is here" 1 "$(find "$ROOT/manifests" -type f | wc -l)"

answer "referrers/$app" "$sbom"
answer "referrers/$sbom" "$sig"
fault "$rules"
sync "by the API" app:1 referrers=yes
everything "by the API"
sync "the same again" -v app:1 referrers=yes
expect_said "nothing has changed" '^unchanged .*app:1'

rm -rf "$ROOT"
rules=
answer "manifests/sha256-${app#sha256:}\$" "$sbom"
answer "manifests/sha256-${sbom#sha256:}\$" "$sig"
fault "$rules"
sync "by the tag schema" app:1 referrers=yes
everything "by the tag schema"

start_nginx "$ROOT"
expect_eq "nginx serves the list" "$sbom" \
	"$(curl -s "http://$MIRROR/v2/library/app/referrers/$app" | jq -r '.manifests[].digest')"

rm -rf "$ROOT"
rules=
answer "referrers/$app" "$sbom"
fault "$rules"
sync "of another type" app:1 referrers=types=application/x.other
expect_eq "none of them came" 1 "$(find "$ROOT/manifests" -type f | wc -l)"

rm -rf "$ROOT"
rules=
answer "referrers/$app" "$sbom"
fault "$rules, {\"path\": \"manifests/$sbom\", \"status\": 404}"
sync_rc "one that is listed and not there" 1 app:1 referrers=yes
expect_said "it is named" "referrer: manifest $sbom"
expect_published "the image waits for it" app:1 nothing
tree_check "$ROOT"

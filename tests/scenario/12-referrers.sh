#!/bin/sh
# referrers=yes brings what refers to an image, found by the API, by the referrers
# tag schema where there is no API, and by cosign's tags; and what refers to that
# in turn. It is there before the image's tag is, it is listed, and served.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr nginx python3 curl
upstream
app=$(craft image library/app:1 --layers 1 --size 500 --seed 1)
sbom=$(craft artifact library/app:sbom --artifact-type application/x.sbom --subject "$app")
sig=$(craft artifact library/app:sig --artifact-type application/x.sig --subject "$sbom")
cosign=$(craft image "library/app:sha256-${app#sha256:}.sig" --layers 1 --size 500 --seed c)

everything()
{
	expect_published "$1: the image" app:1 "$app"
	expect_published "$1: cosign's tag" "app:sha256-${app#sha256:}.sig" "$cosign"
	here "$sbom" "$sig" || fail "$1: the referrers are here"
	pick -q '[m.digest for m in v.manifests] == [digest]' \
		"$ROOT/repos/docker.io/library/app/_referrers/$app" digest="$sbom" ||
		fail "$1: the SBOM is listed"
	pick -q '[m.digest for m in v.manifests] == [digest]' \
		"$ROOT/repos/docker.io/library/app/_referrers/$sbom" digest="$sig" ||
		fail "$1: its signature is listed"
	ok "$1: everything is here and listed"
	tree_check "$ROOT"
}

sync "without referrers=" app:1
expect_eq "only the image is here" 1 "$(find "$ROOT/manifests" -type f | wc -l)"

answer "referrers/$app" "$(list_of app "$sbom")"
answer "referrers/$sbom" "$(list_of app "$sig")"
fault "$rules"
sync "by the API" app:1 referrers=yes
everything "by the API"
sync "the same again" -v app:1 referrers=yes
expect_said "nothing has changed" '^unchanged .*app:1'

rm -rf "$ROOT"
rules=
answer "manifests/sha256-${app#sha256:}\$" "$(list_of app "$sbom")"
answer "manifests/sha256-${sbom#sha256:}\$" "$(list_of app "$sig")"
fault "$rules"
sync "by the tag schema" app:1 referrers=yes
everything "by the tag schema"

start_nginx "$ROOT"
expect_eq "nginx serves the list" "$sbom" \
	"$(curl -s "http://$MIRROR/v2/library/app/referrers/$app" | pick 'm.digest for m in v.manifests')"

rm -rf "$ROOT"
rules=
answer "referrers/$app" "$(list_of app "$sbom")"
fault "$rules"
sync "of another type" app:1 referrers=types=application/x.other
expect_eq "none of them came" 1 "$(find "$ROOT/manifests" -type f | wc -l)"

rm -rf "$ROOT"
rules=
answer "referrers/$app" "$(list_of app "$sbom")"
fault "$rules, {\"path\": \"manifests/$sbom\", \"status\": 404}"
sync_rc "one that is listed and not there" 1 app:1 referrers=yes
expect_said "it is named" "referrer: manifest $sbom"
expect_published "the image waits for it" app:1 nothing
tree_check "$ROOT"

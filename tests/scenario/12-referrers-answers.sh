#!/bin/sh
# What registries answer when they are asked who refers to an image: a list in pages,
# that there is no such API, in many words, that one may not know. A page is not missed,
# and only the 403 that some have for what is absent is taken for that: 146 has it.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl openssl
upstream
settings '{"max_tries": 2}'
app=$(craft image library/app:1 --layers 1 --size 500 --seed 1)
one=$(craft artifact library/app:one --artifact-type application/x.one --subject "$app")
two=$(craft artifact library/app:two --artifact-type application/x.two --subject "$app")
three=$(craft artifact library/app:three --artifact-type application/x.three --subject "$app")
api=/v2/library/app/referrers/$app
tag=manifests/sha256-${app#sha256:}\$
openssl genpkey -algorithm ED25519 -out "$T/key" 2>/dev/null
openssl pkey -in "$T/key" -pubout -out "$T/key.pem"

# again RULE...: nothing is here, and these are the rules
again()
{
	rm -rf "$ROOT"
	rules=
}
# listed "what" DIGEST...: the image is here, with these referrers
listed()
{
	_title=$1
	shift
	expect_published "$_title: the image is here" app:1 "$app"
	expect_eq "$_title: its referrers are" "$(printf '%s\n' "$@" | sort)" \
		"$(pick 'm.digest for m in v.manifests' "$ROOT/repos/docker.io/library/app/_referrers/$app")"
	here "$@" || fail "$_title: the referrers are here"
	tree_check "$ROOT"
}
# refused "what" REGEX OPTION...: it says so, and publishes nothing
refused()
{
	_title=$1 _regex=$2
	shift 2
	fault "$rules"
	within 60 sync_rc "$_title" 1 app:1 "$@"
	expect_said "$_title: it says so" "app:1: .*$_regex"
	expect_published "$_title: nothing is published" app:1 nothing
}

# --- pages ------------------------------------------------------------------------

again
answer "referrers/${app}[?]last=2" "$(list_of app "$three")"
answer "referrers/${app}[?]last=1" "$(list_of app "$two")" '?last=2'
answer "referrers/$app" "$(list_of app "$one")" "$api?last=1"
fault "$rules"
hub_mark
sync "three pages" app:1 referrers=yes
listed "three pages" "$one" "$two" "$three"
expect_eq "three requests" 3 "$(hub_count registry GET "referrers/$app" 200)"

again
refuse "^/wrong" 404
answer "referrers/${app}[?]last=1" "$(list_of app "$two")"
answer "referrers/$app" "$(list_of app "$one")" "/wrong?last=1"
fault "$rules"
sync "a link with a wrong path" app:1 referrers=yes
listed "a link with a wrong path" "$one" "$two"

again
sig=$(craft signature library/app --subject "$app" --form bundle --key "$T/key")
answer "referrers/${app}[?]last=1" "$(list_of app "$sig")"
answer "referrers/$app" "$(list_of app "$one")" '?last=1'
fault "$rules"
sync "a signature on the second page" --require-signed "$T/key.pem" app:1
listed "a signature on the second page" "$sig"

again
refuse "referrers/${app}[?]last=1" 403
answer "referrers/$app" "$(list_of app "$one")" '?last=1'
refused "a page that may not be read" 'referrers: .*answers 403' referrers=yes

again
answer "referrers/$app" "$(list_of app "$one")" "$api"
refused "a page that leads to itself" 'pages of referrers link in a circle' referrers=yes

again
answer "referrers/$app" "$(list_of app "$one")" "http://169.254.169.254$api?last=1"
refused "a page elsewhere" 'next page of referrers at another host' referrers=yes

again
answer "referrers/${app}[?]n" "$(list_of app)" '{target}n'
answer "referrers/$app" "$(list_of app)" '?n'
refused "pages without an end" 'more than 100 pages of referrers' referrers=yes

# many FROM COUNT: so many entries, which are not there and not wanted
many()
{
	pick -n '{"schemaVersion": 2, "manifests": [{
		"mediaType": "application/vnd.oci.image.manifest.v1+json", "size": 7,
		"digest": f"sha256:{first + n + 1000000}" + "0" * 57, "artifactType": "a/b"}
		for n in range(count)]}' first:="$1" count:="$2"
}
again
answer "referrers/${app}[?]last" "$(many 601 401)"
answer "referrers/$app" "$(many 1 600)" '?last'
refused "more than a thousand on two pages" 'more than 1000 referrers' \
	referrers=types=application/x.one

# --- refusals ---------------------------------------------------------------------

for status in 400 403 404 405 406 415 422 501; do
	again
	refuse "referrers/$app" $status
	answer "$tag" "$(list_of app "$two")"
	fault "$rules"
	sync "no API, $status" app:1 referrers=yes
	listed "no API, $status" "$two"
done

again
refuse "referrers/$app" 404
refuse "$tag" 404
fault "$rules"
sync "no API and no tag: no referrers" app:1 referrers=yes
expect_published "the image is here" app:1 "$app"

again
refuse "referrers/$app" 410
refused "the API answers 410" "referrers: .*answers 410" referrers=yes
for status in 400 405; do
	again
	refuse "referrers/$app" 404
	refuse "$tag" $status
	refused "the tag is answered with $status" "referrers: .*answers $status" \
		referrers=yes
done

# Some take "sha256-HEX" for the digest: what comes is the image itself.
index=$(craft index library/app:2 --layers 1 --size 500 --platforms linux/amd64)
again
fault "{\"path\": \"referrers/$index\", \"status\": 404},
	{\"path\": \"manifests/sha256-${index#sha256:}\$\", \"status\": 200, \"body\":
	$(curl -s -H 'Accept: application/vnd.oci.image.index.v1+json' \
	"http://$UPSTREAM/v2/library/app/manifests/2" | as_json)}"
hub_mark
sync "a registry that takes the tag for the digest" app:2 referrers=yes
expect_published "the image is here" app:2 "$index"
expect_eq "its image is not taken for a referrer" 1 "$(hub_count registry GET \
	"referrers/$(pick 'v.manifests[0].digest' "$ROOT/blobs/sha256/${index#sha256:}")")"

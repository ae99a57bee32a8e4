#!/bin/sh
# An image with a good signature is published whatever else refers to it: referrers
# that are not there, not whole or far too large, lists that make no sense or may not
# be read. What is asked for by referrers= has to be whole all the same.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl openssl
upstream
settings '{"max_tries": 2}'
openssl genpkey -algorithm ED25519 -out "$T/key" 2>/dev/null
openssl pkey -in "$T/key" -pubout -out "$T/key.pem"
app=$(craft image library/app:1 --layers 1 --size 500 --seed 1)
plain=$(craft image library/plain:1 --layers 1 --size 500 --seed p)
craft signature library/app --subject "$app" --key "$T/key" >/dev/null
bundle=application/vnd.dev.sigstore.bundle.v0.3+json

# again: nothing is here, and no rule
again()
{
	rm -rf "$ROOT"
	rules=
}
# good "what" OPTION...: it is published, with cosign's tag
good()
{
	_title=$1
	shift
	fault "$rules"
	hub_mark
	sync "$_title" --require-signed "$T/key.pem" app:1 "$@"
	expect_published "$_title: the image" app:1 "$app"
	[ "$(published "app:sha256-${app#sha256:}.sig")" != nothing ] ||
		fail "$_title: its signature is not here"
	tree_check "$ROOT"
}
# bad "what" NAME REGEX OPTION...: it is refused, and that be said
bad()
{
	_title=$1 _name=$2 _regex=$3
	shift 3
	rm -rf "$ROOT"
	fault "$rules"
	sync_rc "$_title" 1 --require-signed "$T/key.pem" "$_name:1" "$@"
	expect_said "$_title: it says so" "$_name:1: .*$_regex"
	expect_published "$_title: nothing is published" "$_name:1" nothing
}

for type in "$bundle" application/vnd.oci.empty.v1+json; do
	other=$(craft artifact library/app:other --artifact-type "$type" --layers 1 \
		--seed "$type" --subject "$app")
	blob=$(curl -s -H 'Accept: application/vnd.oci.image.manifest.v1+json' \
		"http://$UPSTREAM/v2/library/app/manifests/other" | pick 'v.layers[0].digest')
	again
	answer "referrers/$app" "$(list_of app "$other")"
	refuse "blobs/$blob" 404
	good "a referrer of the type $type without its blob"
	bad "the same, wanted" app "referrer: blob $blob" referrers=yes
	again
	answer "referrers/$app" "$(list_of app "$other")"
	refuse "manifests/$other" 404
	good "a referrer of the type $type that is not there"
	again
	answer "referrers/$app" "$(list_of app "$other")"
	refuse "manifests/$other" 403
	good "a referrer of the type $type that may not be read"
done

# A plan knows whether a signature holds, so it has read it; nothing else is fetched.
layers()
{
	curl -s -H 'Accept: application/vnd.oci.image.manifest.v1+json' \
		"http://$UPSTREAM/v2/library/app/manifests/$1" | pick 'o.digest for o in v.layers'
}
again
no_faults
sync "a plan" --plan --require-signed "$T/key.pem" app:1
check "the signature is here" here "$(layers "sha256-${app#sha256:}.sig")"
! here "$(layers 1)" || fail "something of the image was fetched"
expect_published "nothing is published" app:1 nothing

# A referrer of 100 MiB, if you believe it.
large=$(pick -n '{"schemaVersion": 2,
	"mediaType": "application/vnd.oci.image.manifest.v1+json",
	"config": {"mediaType": "application/vnd.oci.empty.v1+json", "size": 104857600,
		"digest": "sha256:" + "7" * 64}, "layers": [],
	"subject": {"mediaType": "application/vnd.oci.image.manifest.v1+json",
		"size": 7, "digest": app}}' app="$app")
id=sha256:$(printf %s "$large" | sha256sum | cut -d ' ' -f 1)
mkdir -p "$T/overlay/library/app/manifests"
printf %s "$large" >"$T/overlay/library/app/manifests/$id"
printf application/vnd.oci.image.manifest.v1+json >"$T/overlay/library/app/manifests/$id.type"
again
answer "referrers/$app" "{\"schemaVersion\": 2, \"manifests\": [{\"digest\": \"$id\", \"size\":
	${#large}, \"mediaType\": \"application/vnd.oci.image.manifest.v1+json\"}]}"
good "a referrer of 100 MiB"
expect_eq "nobody asks for these" 0 "$(hub_count registry - blobs/sha256:777)"

# --- lists ------------------------------------------------------------------------

many=$(pick -n '{"schemaVersion": 2, "manifests": [{
	"mediaType": "application/vnd.oci.image.manifest.v1+json", "size": 7,
	"digest": f"sha256:{1000001 + n}" + "0" * 57, "artifactType": "a/b"}
	for n in range(1001)]}')
# list "what" REGEX RULE...: such a list of app's, of plain's
list()
{
	_what=$1 _says=$2 _kind=$3
	shift 3
	again
	"$_kind" "referrers/$app" "$@"
	good "$_what"
	bad "$_what, wanted" app "list of referrers: $_says" referrers=yes
	again
	"$_kind" "referrers/$plain" "$@"
	bad "$_what, and no signature" plain \
		"list of referrers: $_says"
}
list "a list that makes no sense" "manifests\[0\]: a descriptor must be an object" answer '{"schemaVersion":2,"manifests":[7]}'
list "more than a thousand" "more than 1000 referrers" answer "$many"
list "a link that leads in a circle" "the pages of referrers link in a circle" answer \
	'{"schemaVersion":2,"manifests":[]}' '?'
# What is no list at all says that there is no such API: the tags have them.
for body in '[]' '{}' 'null' '<html>log in</html>'; do
	again
	answer "referrers/$app" "$body"
	good "an answer that is no list: $body"
	sync "an answer that is no list, wanted: $body" app:1 referrers=yes
done
again
refuse "referrers/$app" 403
sync "an API that may not be used" app:1 referrers=yes
list "a list that is gone" "the registry answers 410" refuse 410

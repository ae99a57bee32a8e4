#!/bin/sh
# One answer closes one way, and another is left. A HEAD that is refused, by the
# registry or where it leads, is asked once more by GET, whose body has the reason.
# Proxies' words for "not now" (499, 520 to 530) are tried again. A referrers API that
# answers with a page, with nothing, or with a refusal is none: the list is at the tag.
# A 403 for a tag of signatures is taken for "absent", with a warning that names it.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl openssl
upstream
settings '{"max_tries": 3}'
app=$(craft image library/app:1 --layers 1 --size 500)
one=$(craft artifact library/app:one --artifact-type application/x.one --subject "$app")
head='"method": "HEAD", "path": "/app/manifests/1$"'

# came "what" RULE...: from nothing to the image, under these rules
came()
{
	_what=$1
	shift
	rm -rf "$ROOT"
	fault "$@"
	hub_mark
	within 20 sync "$_what" app:1
	expect_published "$_what: the image is here" app:1 "$app"
	[ "$(hub_fired)" -ge 1 ] || fail "$_what: no rule had an effect"
}

# --- HEAD -------------------------------------------------------------------------

for status in 403 422; do
	came "HEAD: $status" "{$head, \"status\": $status}"
	expect_eq "HEAD: $status: one HEAD" 1 "$(hub_count registry HEAD /manifests/1 $status)"
	expect_eq "HEAD: $status: one GET" 1 "$(hub_count registry GET '/manifests/1$' 200)"
done
came "HEAD: 500 again and again" "{$head, \"status\": 500}"
expect_eq "three HEADs" 3 "$(hub_count registry HEAD /manifests/1 500)"
# The URL that the registry sends HEAD to is signed for GET.
came "HEAD, redirected" "{$head, \"redirect\": \"http://{cdn}/signed\"}"
expect_eq "one HEAD" 1 "$(hub_count registry HEAD /manifests/1 307)"
expect_eq "which was refused there" 1 "$(hub_count cdn HEAD /signed 403)"

rm -rf "$ROOT"
fault '{"path": "/app/manifests/1$", "status": 403, "body": {"errors":
	[{"code": "DENIED", "message": "blocked: CVE-2021-44228"}]}}'
hub_mark
sync_rc "a policy refuses both" 1 app:1
expect_said "its reason is told" 'app:1: tag: .*403.*blocked: CVE-2021-44228'
expect_eq "one HEAD" 1 "$(hub_count registry HEAD /manifests/1 403)"
expect_eq "one GET" 1 "$(hub_count registry GET /manifests/1 403)"

# A part of what nobody has asked a part of: it says so, and nothing of what was before.
for rule in "$head" '"path": "/app/manifests/sha256:"'; do
	rm -rf "$ROOT"
	fault "{$rule, \"status\": 206}"
	hub_mark
	sync_rc "206 for a manifest" 1 app:1
	expect_said "the message has it" 'app:1: .*the registry answers 206 to '
	expect_eq "asked once" 1 "$(hub_count registry - /manifests/ 206)"
done

# --- not now ----------------------------------------------------------------------

for status in 499 520 527; do
	came "$status, at the registry and behind it" \
		"{\"path\": \"/app/manifests/\", \"status\": $status, \"times\": 2}" \
		"{\"listener\": \"registry\", \"path\": \"/app/blobs/\", \"status\": $status, \"times\": 1}" \
		"{\"listener\": \"cdn\", \"status\": $status, \"times\": 1}" \
		"{\"listener\": \"auth\", \"status\": $status, \"times\": 1}"
	expect_eq "$status: all four" 5 "$(hub_fired)"
done
tree_check "$ROOT"

# --- referrers --------------------------------------------------------------------

api=referrers/$app
tag=manifests/sha256-${app#sha256:}

# none "what" RULE: the API is none, and the tag has the list
none()
{
	rules=$2
	answer "$tag\$" "$(list_of app "$one")"
	rm -rf "$ROOT"
	fault "$rules"
	sync "$1" app:1 referrers=yes
	expect_eq "$1: the referrer at the tag" "$one" \
		"$(pick 'm.digest for m in v.manifests' "$ROOT/repos/docker.io/library/app/_referrers/$app")"
	here "$one" || fail "$1: it is here"
}
none "a page" "{\"path\": \"$api\", \"status\": 200, \"body\": \"<!DOCTYPE html><p>login</p>\",
	\"headers\": {\"Content-Type\": \"text/html\"}}"
none "an empty object" "{\"path\": \"$api\", \"status\": 200, \"body\": {}}"
none "nothing at all" "{\"path\": \"$api\", \"status\": 200, \"body\": \"\"}"
none "403 elsewhere" "{\"path\": \"$api\", \"redirect\": \"http://{cdn}/signed\"}"
none "401, whatever token is sent" "{\"path\": \"$api\", \"status\": 401, \"headers\":
	{\"WWW-Authenticate\": \"Bearer realm=\\\"http://{auth}/token\\\",service=\\\"registry.docker.io\\\",scope=\\\"repository:library/app:pull\\\"\"}}"
tree_check "$ROOT"

rm -rf "$ROOT"
fault "{\"path\": \"$api\", \"status\": 200, \"body\": \"{\\\"manifests\\\": [\"}"
sync_rc "a list that ends in the middle" 1 app:1 referrers=yes
expect_said "is no empty list" 'app:1: .*list of referrers'
expect_published "nothing is published" app:1 nothing

# --- tags of signatures -----------------------------------------------------------

fault "{\"path\": \"$tag\", \"status\": 403}"
sync "403 for all tags of signatures" app:1 referrers=yes
expect_published "the image is here" app:1 "$app"
for suffix in '' '[.]sig' '[.]att' '[.]sbom'; do
	expect_said "a warning names the tag $suffix" \
		"docker.io/library/app: the tag sha256-${app#sha256:}$suffix may not be read"
done
tree_check "$ROOT"

# One that is there, and has a layer that may not be read, is not absent.
openssl genpkey -algorithm ED25519 -out "$T/key" 2>/dev/null
craft signature library/app --subject "$app" --key "$T/key" >/dev/null
rm -rf "$ROOT"
fault '{"listener": "registry", "path": "/app/blobs/", "skip": 2, "status": 403}'
sync_rc "a signature that may not be read" 1 app:1 referrers=yes
expect_said "it says so" 'app:1: referrer: .*403'
expect_published "nothing is published" app:1 nothing

# Without the image itself there is nothing to say of its signatures.
rm -rf "$ROOT"
fault '{"path": "/app/manifests/", "status": 403}'
sync_rc "403 for everything" 1 app:1 referrers=yes
expect_said "it says so" 'app:1: tag: .*403'
expect_published "nothing is published" app:1 nothing
tree_check "$ROOT"

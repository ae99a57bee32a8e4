#!/bin/sh
# Tokens that run out while a list is mirrored: a 401 in the middle costs one new
# token, for manifests and for blobs, and no try. Tokens are asked for once a
# repository, and never go to the CDN. One that the registry never takes ends the
# image after few requests, not after a loop.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
craft many library/app --count 6 --layers 3 >"$T/apps"
craft image library/sick:1 --layers 4 --seed sick >/dev/null
list=$(cut -d ' ' -f 1 "$T/apps")

# shellcheck disable=SC2086
sync "six repositories" $list
expect_eq "one token each" 6 "$(hub_count auth GET '^/token' 200)"
tree_check "$ROOT"
while read -r image digest; do
	expect_published "$image" "${image#library/}" "$digest"
done <"$T/apps"

# All tokens are void from one moment to the next, among the manifests and among
# the blobs. Each request then in flight may need a new one: hence the limit.
hub_mark
rm -rf "$ROOT"
fault '{"listener": "registry", "expire_token": true, "skip": 9, "times": 1}' \
	'{"path": "/blobs/", "listener": "registry", "expire_token": true, "skip": 3, "times": 1}'
# shellcheck disable=SC2086
sync "all tokens are void in the middle, twice" $list
expect_eq "both happened" 2 "$(hub_fired)"
[ "$(hub_count registry - . 401)" -ge 3 ] || fail "a 401 came in the middle"
[ "$(hub_count auth GET '^/token')" -le 18 ] || fail "a token for each request"
tree_check "$ROOT"
expect_eq "nothing was fetched twice from the CDN" 24 "$(hub_count cdn GET . 200)"

# Real tokens that live for one second, whatever they say: the client cannot know.
no_faults
start_hub --token-ttl 1
fault '{"listener": "registry", "path": "/blobs/", "delay_ms": 400}' \
	'{"listener": "auth", "json": {"expires_in": 300}}'
settings '{"max_connections": 2}'
hub_mark
rm -rf "$ROOT"
sync "tokens that live shorter than the mirroring of one image" library/sick:1
[ "$(hub_count registry GET /blobs/ 401)" -ge 1 ] || fail "a token ran out in the middle"
tree_check "$ROOT"

# A registry that refuses what its token server gave: the wanted scope is not in it.
start_hub
craft image library/sick:2 --layers 3 --seed sick2 >/dev/null
fault '{"path": "/sick/manifests", "method": "HEAD", "status": 401, "headers": {"WWW-Authenticate":
	"Bearer realm=\"http://{auth}/token\",service=\"registry.docker.io\",scope=\"repository:library/sick:pull\",error=\"insufficient_scope\""},
	"body": {"errors": [{"code": "DENIED", "message": "requested access to the resource is denied"}]}}'
hub_mark
before=$(published sick:1)
within 20 sync_rc "insufficient_scope without end" 1 library/sick:1 library/app-0001
expect_published "the other one is there" app-0001:latest \
	"$(sed -n 's/^library.app-0001:latest //p' "$T/apps")"
expect_said "it says who refused what, and what to look at" \
	'sick:1: .*401.*(credentials|config\.json)'
[ "$(hub_count registry HEAD sick)" -le 4 ] || fail "asked more than four times"
expect_published "the tag stays" sick:1 "$before"
tree_check "$ROOT"

# The scope that the challenge of this one request wants is a wider one.
fault '{"path": "/sick/manifests", "method": "HEAD", "times": 1, "status": 401, "headers": {"WWW-Authenticate":
	"Bearer realm=\"http://{auth}/token\",service=\"registry.docker.io\",scope=\"repository:library/sick:delete,pull\",error=\"insufficient_scope\""}}'
hub_mark
sync "insufficient_scope once" library/sick:1
expect_eq "the wider scope was asked for" 1 \
	"$(hub_count auth GET 'delete')"

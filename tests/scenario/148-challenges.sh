#!/bin/sh
# A challenge belongs to the repository that it came for. Two token servers behind one
# name, a realm that has the scope in it, a stale token that is refused with another
# realm or with no challenge at all: all images come, at few requests. What is refused
# without a token as well fails with the first reason. Tokens that live for a second are
# renewed in time, and are never waited for without end.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
craft many library/app --count 4 --layers 1 >"$T/apps"
craft many library/b-app --count 4 --layers 1 >>"$T/apps"
list=$(cut -d ' ' -f 1 "$T/apps")

# as MANNERS [OPTION...]: the hub behaves like that
as()
{
	start_hub --manners "$@"
	settings '{"max_tries": 2}'
	no_faults
	rm -rf "$ROOT"
	hub_mark
}

all_here()
{
	while read -r _image _digest; do
		expect_published "$1: $_image" "${_image#library/}" "$_digest"
	done <"$T/apps"
	tree_check "$ROOT"
}

# --- by repository ----------------------------------------------------------------

as paths
# shellcheck disable=SC2086
sync "two token servers" $list
all_here "two token servers"
# The four of the second team may all be asked before the first has its challenge: a
# token that was guessed, and then the right one.
[ "$(hub_count auth GET . 200)" -le 12 ] || fail "a token for each request"
[ "$(hub_count registry - . 401)" -le 9 ] || fail "a challenge for each request"
expect_eq "the first team is not sent to the second's" 0 \
	"$(hub_count auth GET '/b/token.*library%2Fapp')"

as artifactory
# shellcheck disable=SC2086
sync "the scope in the realm" $list
all_here "the scope in the realm"
expect_eq "the scope is there once" 0 "$(hub_count auth GET 'scope=.*scope=')"
expect_eq "one token each" 8 "$(hub_count auth GET . 200)"

# --- stale tokens -----------------------------------------------------------------

for name in nvcr dhi; do
	as $name
	fault '{"listener": "registry", "expire_token": true, "skip": 9, "times": 1}' \
		'{"listener": "registry", "path": "/blobs/", "expire_token": true, "skip": 3, "times": 1}'
	# shellcheck disable=SC2086
	sync "$name: tokens are void in the middle, twice" $list
	expect_eq "$name: both happened" 2 "$(hub_fired)"
	all_here "$name"
	expect_eq "$name: the other realm was not asked" 0 "$(hub_count auth - /user/)"
done

# A token that is new is refused without a challenge, once.
as dhi
fault '{"listener": "registry", "path": "/b-app-0002/manifests/", "status": 401, "times": 1}'
# shellcheck disable=SC2086
sync "a new token is refused" $list
all_here "a new token is refused"

# Twice: the guess, and the one that the repository itself has asked for.
as dhi
fault '{"listener": "registry", "path": "/b-app-0002/manifests/", "status": 401, "times": 2}'
sync "new tokens are refused, twice" library/app-0001 library/b-app-0002
expect_eq "both happened, on the one image" 2 "$(hub_fired)"

# The registry sends who has a token away, and lets in who has none.
as target
fault '{"listener": "registry", "path": "/app-0002/", "skip": 1, "times": 1, "status": 401, "headers":
	{"WWW-Authenticate": "Bearer realm=\"http://{auth}/token\",service=\"registry.docker.io\",scope=\"repository:library/app-0002:pull\""}}'
sync "a challenge in the middle, and then none" library/app-0002

# --- no -----------------------------------------------------------------------------

# What the token server refuses where another repository's challenge led, is asked of the
# registry itself; its challenge is the same: the token server's reason holds.
as ghcr
sync_rc "one that is not there" 1 library/app-0001 library/nothing:1
expect_said "the token server's reason" 'library/nothing:1: .*token for library/nothing.*40[34]'
[ "$(hub_count registry - /nothing/)" -le 2 ] || fail "asked more than twice"
[ "$(hub_count auth - nothing)" -le 2 ] || fail "more than two tokens"

# A server whose tokens the registry never takes.
as paths
fault '{"listener": "registry", "path": "/app-0003/", "status": 401, "before_auth": true,
	"headers": {"WWW-Authenticate": "Bearer realm=\"http://{auth}/a/token\",service=\"registry.docker.io\",scope=\"repository:library/app-0003:pull\""}}'
within 20 sync_rc "tokens that are never taken" 1 library/app-0001 library/app-0003
expect_said "it says so" 'app-0003:latest: .*401'
[ "$(hub_count registry - /app-0003/)" -le 4 ] || fail "asked more than four times"

# Two realms that send us to each other, for ever.
fault '{"listener": "registry", "path": "/app-0003/", "status": 401, "before_auth": true, "skip": 1,
	"headers": {"WWW-Authenticate": "Bearer realm=\"http://{auth}/b/token\",service=\"registry.docker.io\",scope=\"repository:library/app-0003:pull\""}}'
rm -rf "$ROOT"
hub_mark
within 20 sync_rc "one realm, and then the other" 1 library/app-0003
[ "$(hub_count registry - /app-0003/)" -le 6 ] || fail "asked more than six times"
tree_check "$ROOT"

# --- short lives --------------------------------------------------------------------

as paths --token-ttl 1
# shellcheck disable=SC2086
within 30 sync "tokens that live for a second, and say so" $list
all_here "tokens that live for a second"

as paths --token-ttl 300
fault '{"listener": "auth", "json": {"expires_in": 0.001}, "delay_ms": 300}'
settings '{"max_connections": 1}'
# shellcheck disable=SC2086
within 30 sync "tokens that have run out when they come" $list
all_here "tokens that have run out when they come"
[ "$(hub_count auth GET .)" -le 60 ] || fail "tokens without end"

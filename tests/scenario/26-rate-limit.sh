#!/bin/sh
# "Too many requests", in every form that Docker Hub has for it: a short wait is
# waited out, by all requests to that registry; a wait that is too long fails the
# image at once, and never hangs; so does a pull limit that is used up, and then
# the rest of the list does not knock on that door. What is served stays.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
settings '{"max_tries": 3}'
old=$(craft image library/app:1)
sync "a first version" app:1
new=$(craft image library/app:1 --seed 2)

# waits "what" RULES...: it must wait about a second, and then succeed.
waits()
{
	_what=$1
	shift
	rm -rf "$ROOT"
	fault "$@"
	hub_mark
	_from=$(date +%s%N)
	within 20 sync "$_what" app:1
	[ $(($(date +%s%N) - _from)) -ge 900000000 ] || fail "$_what: did not wait"
	[ "$(hub_fired)" -eq 1 ] || fail "$_what: asked too early"
	expect_published "$_what: and goes on" app:1 "$new"
}

waits "seconds" '{"listener": "registry", "method": "GET", "status": 429, "retry_after": 1, "times": 1,
	"body": {"errors": [{"code": "TOOMANYREQUESTS", "message": "slow down"}]}}'
waits "an HTTP date" '{"listener": "registry", "method": "GET", "status": 429, "retry_after": "date+2", "times": 1,
	"body": "Too Many Requests (HAP429)."}'
waits "a Unix time" '{"listener": "registry", "method": "HEAD", "status": 429, "retry_after": "unix+2", "times": 1}'
waits "from the CDN" '{"listener": "cdn", "status": 429, "retry_after": 1, "times": 1}'
tree_check "$ROOT"

# A time that makes no sense is no reason to wait, or to fail.
fault '{"listener": "registry", "method": "GET", "status": 429, "retry_after": "soon", "times": 1}' \
	'{"listener": "registry", "method": "GET", "status": 429, "retry_after": "date-99", "times": 1}'
rm -rf "$ROOT"
hub_mark
within 20 sync "odd times" app:1
expect_eq "both came" 2 "$(hub_fired)"

# Too long. The old version is served, the new one is upstream.
newer=$(craft image library/app:1 --seed 3)
for after in 31536000 date+31536000 unix+31536000 99999999999999999999 600; do
	fault "{\"listener\": \"registry\", \"method\": \"GET\", \"status\": 429, \"retry_after\": \"$after\",
		\"body\": {\"errors\": [{\"code\": \"TOOMANYREQUESTS\", \"message\": \"You have reached your pull rate limit.\"}]}}"
	hub_mark
	within 20 sync_rc "Retry-After: $after" 1 app:1
	expect_said "it says what happened, how long, and what to do" \
		'app:1: .*429.*You have reached your pull rate limit.*(left alone for [0-9]+ s: try again later)'
	expect_eq "one request is enough" 1 "$(hub_fired)"
	expect_published "what is served stays" app:1 "$new"
done
tree_check "$ROOT"

# A pull limit without a time. Ten images: the limit is met, tried max_tries
# times for those on their way, and not for each of the others.
no_faults
craft many library/many --count 60 --layers 1 >"$T/many"
start_hub --rate-limit 4
settings '{"max_tries": 2}'
hub_mark
# shellcheck disable=SC2046
within 20 sync_rc "a pull limit of four" 1 $(cut -d ' ' -f 1 "$T/many")
expect_eq "four are there" 4 "$(find "$ROOT/repos" -path '*many*' -name latest -path '*_manifests*' | wc -l)"
expect_eq "each of the others is named" 56 \
	"$(grep -c 'error: .*many-.*429.*pull rate limit' "$T/stderr")"
[ "$(hub_count registry GET /manifests/ 429)" -le 32 ] || fail "knocked for each image"
tree_check "$ROOT"

# It may be told to leave some pulls to others.
rm -rf "$ROOT"
start_hub --rate-limit 6
settings '{"min_pulls_left": 4, "max_connections": 1}'
hub_mark
# shellcheck disable=SC2046
within 20 sync_rc "min_pulls_left" 1 $(head -n 8 "$T/many" | cut -d ' ' -f 1)
expect_said "says why" 'error: .*many-.*pulls left.*min_pulls_left'
expect_eq "it stops in time" 2 "$(hub_count registry GET /manifests/ 200)"
expect_eq "and is never refused" 0 "$(hub_count registry GET . 429)"
tree_check "$ROOT"
[ "$old" != "$newer" ] || fail "three versions were meant"

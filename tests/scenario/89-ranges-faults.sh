#!/bin/sh
# A large blob comes over several connections, and one of them is cut, fails, is
# told to wait, lacks a token, or says nothing any more: the others go on and bring
# its part as well, and what has come does not come again.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
. "$TOP/tests/ranges.sh"

need cdr python3 curl
large_blob 24000000

# one "what" FAULT [RULE...]: it meets one request of those at work.
one()
{
	_fault="{$at, \"skip\": 3, \"times\": 1, $2}"
	fetched "$1" "$_fault" "{$at, $slow}"
	fired_once
	several
	hardly_twice
}

one "one is cut" '"truncate": 100000'
one "one is reset" '"cut": 100000'
one "one ends too soon, well framed" '"keep": 100000'
one "one fails" '"status": 503'
one "the registry wants a pause" '"status": 429, "retry_after": 1'
one "a signed URL has run out" '"status": 403'
one "one stalls" '"stall": 100000'

fetched "the token is void" \
	'{"listener": "registry", "path": "/blobs/", "skip": 4, "times": 1, "expire_token": true}' \
	"{$at, $slow}"
fired_once
several
hardly_twice

# All but the first few are refused for good: the reason is told.
settings '{"max_tries": 2}'
rm -rf "$ROOT"
fault "{$at, \"times\": 4, $slow}" "{$at, \"status\": 503}"
within 20 sync_rc "the rest fails" 1 app:1
expect_said "it says so" "app:1: blob $layer: .*503"
expect_published "it is not published" app:1 nothing
tree_check --resumable "$ROOT"
hub_mark
no_faults
sync "the next run" app:1
tree_check "$ROOT"
[ "$(bytes)" -lt "$size" ] || fail "the next run goes on with what is here"

#!/bin/sh
# Without any setting a thin line is filled: where a connection to the CDN brings
# little, a large layer comes over more than the eight that a registry gets, and also
# when the small layers beside it have ended first. A CDN that refuses some of them gets
# fewer, and not one alone.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
craft image library/app:1 --layers 1 --size 60000000 --json >"$T/objects"
image=$(pick 'v[-1].digest' "$T/objects")
layer=$(made layer)
craft image library/small:1 --layers 4 --size 700000 >/dev/null
at="\"listener\": \"cdn\", \"path\": \"${layer#sha256:}\""

# parts: how many requests for the layer the CDN had.
parts()
{
	hub_since | awk -F '\t' -v p="${layer#sha256:}" '$2 == "cdn" && $4 ~ p' | wc -l
}

fault "{$at, \"slow\": 1000000}" '{"listener": "cdn", "slow": 300000}'
hub_mark
within 25 sync "a thin line" app:1 small:1
expect_published "it is there" app:1 "$image"
[ "$(parts)" -ge 16 ] || fail "it was asked for in $(parts) parts"
tree_check "$ROOT"

# many "what" STATUS MOST: a CDN that answers so to those beyond ten at once. The layer
# comes over several connections all the same, and few are refused.
many()
{
	rm -rf "$ROOT"
	fault "{$at, \"at_once\": 10, \"status\": $2}" "{$at, \"slow\": 3000000}"
	hub_mark
	within "$3" sync "$1" app:1
	expect_published "$1: it comes all the same" app:1 "$image"
	[ "$(hub_fired 1)" -ge 1 ] || fail "$1: it had not enough"
	[ "$(hub_fired 1)" -le 60 ] || fail "$1: $(hub_fired 1) were refused"
	ok "$1: $(hub_fired 1) of $(parts) requests were refused"
	tree_check "$ROOT"
}

# One connection would need 20 seconds.
many "429 beyond ten" 429 16
many "503 beyond ten" 503 16

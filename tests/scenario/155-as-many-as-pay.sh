#!/bin/sh
# Without any setting a thin line is filled: where a connection to the CDN brings
# little, a large layer comes over more than the eight that a registry gets, and also
# when the small layers beside it have ended first. A CDN that has enough of them gets
# fewer.
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

rm -rf "$ROOT"
fault "{$at, \"slow\": 3000000, \"rate\": 20, \"burst\": 12, \"status\": 429}" \
	"{$at, \"slow\": 3000000}"
hub_mark
within 40 sync "a CDN that has enough" app:1
expect_published "it comes all the same" app:1 "$image"
[ "$(hub_fired 1)" -ge 1 ] || fail "it had not enough"
[ "$(hub_fired 1)" -le 40 ] || fail "it was asked $(hub_fired 1) times too often"
tree_check "$ROOT"

#!/bin/sh
# A registry that refuses pulls is not asked for more of them, neither in this
# run nor in the next process, until the window has passed; tags are looked at,
# and blobs fetched, all the same. A limit on requests of any kind is waited
# out. A list that has not changed costs no pull. Headers that make no sense
# limit nothing.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
quota=$T/root/_state/quota.json
many=$(craft many library/many --count 12 --layers 1 | cut -d ' ' -f 1)
craft image library/app:1 >"$T/app"
silent='{"listener": "registry", "remove": ["ratelimit-limit", "ratelimit-remaining"]}'

# The manifest comes, and its blobs do not.
start_hub --rate-limit 4
settings '{"max_tries": 3}'
fault '{"listener": "cdn", "status": 404}'
sync_rc "a pull without its blobs" 1 app:1
no_faults
hub_mark
# shellcheck disable=SC2086
within 5 sync_rc "three more, of twelve" 1 $many
expect_eq "come" 3 "$(hub_count registry GET /manifests/ 200)"
[ "$(hub_count registry GET /manifests/ 429)" -le 8 ] ||
	fail "a refused pull was tried again"
expect_eq "the others are told when" 9 \
	"$(grep -cE 'error: .*many-.*429.*pull rate limit.*try again at .* UTC' "$T/stderr")"
fault "$silent"
hub_mark
# shellcheck disable=SC2086
sync_rc "the next process" 1 app:1 $many
expect_eq "does not knock" 0 "$(hub_count registry GET /manifests/)"
expect_said "and says why" 'error: .*many-.*refused.*pulls until .* UTC'
expect_published "blobs come all the same" app:1 "$(cat "$T/app")"
tree_check "$ROOT"

# As it will be when the window has passed.
pick '{**v, "registries": [{**r, **{key: r[key] - 21600
	for key in ("since", "closed_at", "closed_until")}} for r in v.registries]}' \
	"$quota" >"$T/quota.json"
cp "$T/quota.json" "$quota"
start_hub --rate-limit 4
hub_mark
# shellcheck disable=SC2086
sync_rc "after the window" 1 $many
expect_eq "it goes on" 4 "$(hub_count registry GET /manifests/ 200)"
tree_check "$ROOT"

# Not about pulls: waited out, and no matter for the next process.
rm -rf "$ROOT"
start_hub --rate-limit 0
settings '{"max_tries": 3}'
fault '{"listener": "registry", "method": "GET", "path": "/manifests/", "status": 429, "times": 2,
	"body": "Too Many Requests (HAP429)."}'
hub_mark
sync "too many requests" app:1
expect_eq "were waited out" 2 "$(hub_fired)"
[ ! -e "$quota" ] || fail "a limit on requests is noted as one on pulls"

# Nonsense.
settings '{"min_pulls_left": 50}'
for said in '"-1;w=21600"' '"3;w=soon"' '"99999999999999999999;w=21600"'; do
	fault "{\"listener\": \"registry\", \"headers\": {\"ratelimit-limit\": \"100;w=21600\", \"ratelimit-remaining\": $said}}"
	rm -rf "$ROOT"
	sync "ratelimit-remaining: $said" app:1
	[ ! -e "$quota" ] || fail "$said is noted"
done
fault '{"listener": "registry", "headers": {"ratelimit-limit": "0;w=21600", "ratelimit-remaining": "0;w=21600"}}'
rm -rf "$ROOT"
sync "a limit of none" app:1

# 500 images.
start_hub --rate-limit 500
settings '{"min_pulls_left": 100}'
fault "$silent"
overlay many library/lot --count 500 --layers 1 | cut -d ' ' -f 1 >"$T/lot"
rm -rf "$ROOT"
check "500 images" "$CDR" sync -r "$ROOT" -i "$T/lot"
expect_said "cost 500 pulls" ' 500 pulls, '
no_faults
hub_mark
check "unchanged" "$CDR" sync -r "$ROOT" -i "$T/lot"
expect_said "they cost none" '500 unchanged, .* 0 pulls, '
expect_eq "but a look at each" 500 "$(hub_count registry HEAD /manifests/ 200)"
expect_eq "and no GET" 0 "$(hub_count registry GET /manifests/)"
tree_check "$ROOT"

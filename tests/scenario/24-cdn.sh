#!/bin/sh
# Blobs come from another host, through signed URLs that run out
# (quirks.md#signed-urls). The token never goes there (the CDN refuses whoever brings
# one). A URL that is refused, at the start or on going on in the middle, is asked for
# anew at the registry, and the bytes that came are kept. A CDN that never gives in
# ends the image; the next run goes on from there.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
settings '{"max_tries": 3}'
old=$(craft image library/app:1 --layers 3)
sync "a first version" app:1
expect_eq "the CDN saw no credentials" "none" \
	"$(hub_since | awk -F '\t' '$2 == "cdn" { print $7 }' | sort -u)"
expect_eq "and refused nobody" 0 "$(hub_count cdn - . 400)"
tree_check "$ROOT"

# Large enough to be cut in the middle. The number of bytes is what a layer of
# 300000 bytes of data has with its tar and gzip around it, so ask.
new=$(craft image library/app:1 --layers 1 --size 300000 --seed 2 --json |
	tee "$T/objects" | pick 'v[-1].digest')
layer=$(made layer)
size=$(pick 'o.size for o in v if o.kind == "layer"' "$T/objects")
path=${layer#sha256:}

hub_mark
fault "{\"listener\": \"cdn\", \"path\": \"$path\", \"status\": 403, \"times\": 2, \"body\": \"<Error><Code>AccessDenied</Code></Error>\"}"
sync "403 from the CDN, twice" app:1
expect_eq "a new URL each time" 3 "$(hub_count registry GET "/blobs/.*$path" 307)"
expect_published "and then it is there" app:1 "$new"

# Cut after 150000 bytes; when it goes on, its first URL is refused as well.
rm -rf "$ROOT"
hub_mark
fault "{\"listener\": \"cdn\", \"path\": \"$path\", \"truncate\": 150000, \"times\": 1}" \
	"{\"listener\": \"cdn\", \"path\": \"$path\", \"status\": 403, \"times\": 1}"
sync "cut in the middle, then refused" app:1
expect_eq "it goes on where it stood, with the third URL" \
	"- bytes=150000- bytes=150000-" \
	"$(hub_since | awk -F '\t' -v p="$path" '$2 == "cdn" && $4 ~ p { print $6 }' | xargs)"
expect_eq "no byte came twice" "$size" \
	"$(hub_since | awk -F '\t' -v p="$path" '$2 == "cdn" && $4 ~ p && $5 < 300 { n += $8 } END { print n }')"
tree_check "$ROOT"

# A URL that is dead when it is made.
rm -rf "$ROOT"
start_hub --cdn-ttl 0
settings '{"max_tries": 3}'
craft image library/app:1 --layers 3 >/dev/null
hub_mark
within 20 sync_rc "URLs that are always too old" 1 app:1
expect_said "it names image and blob, and what was said" \
	'error: .*app:1: blob sha256:[0-9a-f]{64}: .*403'
expect_eq "max_tries for each blob" 12 "$(hub_count cdn GET . 403)"
expect_published "nothing is named" app:1 nothing
tree_check "$ROOT"

# The same in the middle: two thirds are there when it fails, and stay.
start_hub
settings '{"max_tries": 2}'
craft image library/app:1 --layers 1 --size 300000 --seed 2 >/dev/null
fault "{\"listener\": \"cdn\", \"path\": \"$path\", \"truncate\": 200000, \"times\": 1}" \
	"{\"listener\": \"cdn\", \"path\": \"$path\", \"status\": 403}"
sync_rc "cut, then refused for ever" 1 app:1
tree_check --resumable "$ROOT"
expect_eq "what came is kept" 200000 "$(wc -c <"$ROOT/_state/partial/$layer")"
no_faults
hub_mark
sync "the next run" app:1
expect_eq "goes on there" "bytes=200000-" \
	"$(hub_since | awk -F '\t' -v p="$path" '$2 == "cdn" && $4 ~ p { print $6 }')"
expect_published "and publishes" app:1 "$new"
tree_check "$ROOT"

# The registry itself may serve blobs; then the token is right.
start_hub --no-redirect
rm -rf "$ROOT"
hub_mark
sync "no CDN at all" app:1
expect_eq "the registry sent the layer, to a token" "bearer" \
	"$(hub_since | awk -F '\t' -v p="$path" '$2 == "registry" && $4 ~ p && $5 == 200 { print $7 }')"
[ "$old" != "$new" ] || fail "two versions were meant"
tree_check "$ROOT"

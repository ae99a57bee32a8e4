#!/bin/sh
# A cache that has to get a blob first says nothing for minutes: no header, or no more
# than that. It is waited for, longer than between two bytes (first_byte_timeout_s, ten
# times stall_timeout_s unless set), at the registry and behind it, with a part of the
# blob here, and with several connections. Silence after that is what it was; a rival is
# asked meanwhile; and the message names both settings.
# Waits: for bytes that come late.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
app=$(craft image library/app:1 --layers 1 --size 300000 --json |
	tee "$T/objects" | pick 'v[-1].digest')
layer=$(made layer)
times='"max_tries": 2, "stall_timeout_s": 1'
settings "{$times}"

# come "what" RULE...: under these rules, from what is here
come()
{
	_what=$1
	shift
	fault "$@"
	hub_mark
	within 20 sync "$_what" -v app:1
	expect_published "$_what: it is here" app:1 "$app"
	expect_eq "$_what: asked once" 1 "$(hub_fired)"
	! grep -q 'too slow' "$T/stderr" || fail "$_what: it was called slow"
	rm -rf "$ROOT"
}
behind="\"listener\": \"cdn\", \"path\": \"${layer#sha256:}\", \"times\": 1"
before="\"listener\": \"registry\", \"path\": \"/blobs/$layer\", \"times\": 1"

# Six times as long as it takes to be called late between bytes.
come "no header, behind the registry" "{$behind, \"delay_ms\": 6000}"
come "no header, at the registry" "{$before, \"delay_ms\": 3000}"

fault "{\"listener\": \"cdn\", \"path\": \"${layer#sha256:}\", \"truncate\": 200000, \"times\": 1}" \
	"{\"listener\": \"registry\", \"path\": \"$layer\", \"skip\": 1, \"status\": 404}"
sync_rc "a part of it" 1 app:1
come "no header, with a part here" "{$behind, \"delay_ms\": 3000}"

# A header at once, and the body late.
come "no more than a header" "{$behind, \"first_ms\": 3000}"

# Several connections, each of which has to wait.
craft image library/large:1 --layers 1 --size 24000000 >"$T/large"
fault '{"listener": "cdn", "delay_ms": 2500}'
within 40 sync "a large one" -v large:1
expect_published "a large one: it is here" large:1 "$(cat "$T/large")"
! grep -q 'too slow' "$T/stderr" || fail "a large one: it was called slow"
tree_check "$ROOT"

# --- silence for good -----------------------------------------------------------------

rm -rf "$ROOT"
settings "{$times, \"first_byte_timeout_s\": 2}"
fault "{\"listener\": \"cdn\", \"path\": \"${layer#sha256:}\", \"stall\": -1}"
hub_mark
within 15 sync_rc "no first byte at all" 1 app:1
expect_said "the message names both settings" \
	"app:1: blob $layer: .*in 2 s \\(first_byte_timeout_s; .*stall_timeout_s, 1 s"
expect_eq "max_tries" 2 "$(hub_fired)"
fault "{\"listener\": \"cdn\", \"path\": \"${layer#sha256:}\", \"stall\": 0}"
within 15 sync_rc "a header, and no first byte" 1 app:1
expect_said "the message names both settings" \
	"app:1: blob $layer: .*first_byte_timeout_s; .*stall_timeout_s"
fault "{\"listener\": \"cdn\", \"path\": \"${layer#sha256:}\", \"stall\": 100000}"
within 15 sync_rc "a first byte, and then silence" 1 app:1
expect_said "the message names its setting" "app:1: blob $layer: .*stall_timeout_s is 1"
fault '{"method": "HEAD", "stall": -1}'
within 15 sync_rc "a tag does not wait so long" 1 app:1
expect_said "the message names its setting" 'app:1: tag: .*no answer in 1 s .stall_timeout_s'

# Who knows another source does not wait.
craft image library/twin:1 --layers 1 --size 300000 >/dev/null
start_hub --mode open --no-redirect
settings "{$times, \"first_byte_timeout_s\": 30}"
rm -rf "$ROOT"
fault "{\"name\": \"silent\", \"path\": \"/app/blobs/$layer\", \"delay_ms\": 15000}" \
	'{"path": "/twin/manifests/", "delay_ms": 500}'
within 12 sync "another image has its own source" -v app:1 twin:1
[ "$(hub_since | wc -l)" -ge 4 ] || fail "nothing was asked"
expect_published "both are here" app:1 "$app"
tree_check "$ROOT"

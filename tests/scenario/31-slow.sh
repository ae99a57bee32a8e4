#!/bin/sh
# Servers that are slow, silent or endless. Slow is no fault; silence for longer
# than stall_timeout_s is, before the header as well as in a body, and what came
# is kept and gone on with. Headers may be large, but not endless. A run ends.
# Waits: for registries that take their time.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
settings '{"max_tries": 2, "stall_timeout_s": 1}'
craft image library/app:1 --layers 1 --size 300000 --json >"$T/objects"
image=$(pick 'v[-1].digest' "$T/objects")
layer=$(made layer)
size=$(pick 'o.size for o in v if o.kind == "layer"' "$T/objects")
good=$(craft image library/good:1 --seed good)
at="\"listener\": \"cdn\", \"path\": \"${layer#sha256:}\""

# Slow from end to end: 150 KB/s takes twice stall_timeout_s.
fault "{$at, \"slow\": 150000}"
sync "a slow body" app:1
expect_published "comes in the end" app:1 "$image"
tree_check "$ROOT"

# Silence in a body, once: the rest comes with a Range.
rm -rf "$ROOT"
fault "{$at, \"stall\": 200000, \"times\": 1}"
hub_mark
within 20 sync "silence in the middle of a body" app:1
expect_eq "no byte comes twice" "$size" \
	"$(hub_since | awk -F '\t' -v p="${layer#sha256:}" '$2 == "cdn" && $4 ~ p { n += $8 } END { print n }')"
tree_check "$ROOT"

# For ever: the image fails, the others do not wait for it.
rm -rf "$ROOT"
fault "{$at, \"stall\": 100000}"
hub_mark
within 20 sync_rc "silence again and again" 1 app:1 good:1
expect_said "the message" "app:1: blob $layer: .*(slow|bytes)"
expect_eq "max_tries" 2 "$(hub_fired)"
expect_published "the other one is there" good:1 "$good"
tree_check --resumable "$ROOT"
expect_eq "what came in both tries is kept" 200000 "$(wc -c <"$ROOT/_state/partial/$layer")"

# One that says nothing at all keeps no other waiting, though it was asked first:
# nobody knows yet whether its connection could be shared.
rm -rf "$ROOT"
settings '{"max_tries": 2, "stall_timeout_s": 60}'
fault "{$at, \"stall\": -1}" \
	"{\"listener\": \"registry\", \"path\": \"${layer#sha256:}\", \"delay_ms\": 1}" \
	'{"listener": "registry", "path": "/blobs/", "delay_ms": 300}'
printf '%s\n' 'app:1 priority=10' good:1 >"$T/list"
"$CDR" sync -q -r "$ROOT" -i "$T/list" >"$T/stdout" 2>"$T/stderr" &
run=$!
wait_for 15 test -e "$ROOT/repos/docker.io/library/good/_manifests/1" ||
	fail "the other one waits"
ok "the other one does not wait"
process_end $run
settings '{"max_tries": 2, "stall_timeout_s": 1}'

# Silence before any header: of a tag, a manifest, a token.
for rule in '"method": "HEAD"' '"method": "GET", "path": "/manifests/"' '"listener": "auth"'; do
	rm -rf "$ROOT"
	fault "{$rule, \"stall\": -1, \"times\": 1}"
	within 20 sync "silence for $rule" good:1
	expect_published "comes with the second try" good:1 "$good"
done
tree_check "$ROOT"

# Twenty bytes a second are as good as silence.
fault '{"path": "/manifests/sha256", "slow": 20}'
within 20 sync_rc "a manifest that drips" 1 app:1
expect_said "the message" 'app:1: manifest sha256'

# Headers: some kilobytes are fine, no end of them is not.
rm -rf "$ROOT"
fault '{"huge_headers": 60000}'
sync "60 KB of headers everywhere" app:1 good:1
tree_check "$ROOT"
for rule in '"method": "HEAD"' '"method": "GET", "path": "/manifests/"' \
	'"listener": "registry", "path": "/blobs/"' '"listener": "cdn"' '"listener": "auth"'; do
	rm -rf "$ROOT"
	fault "{$rule, \"huge_headers\": 400000}"
	within 20 sync_rc "400 KB of headers for $rule" 1 app:1
	expect_said "the message" 'error: .*app:1: .*[hH]eader'
	tree_check "$ROOT"
done

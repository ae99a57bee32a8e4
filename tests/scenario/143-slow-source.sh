#!/bin/sh
# A server that trickles holds up nobody. An image that needs the same layer asks its
# own registry, and both are published; also if the slow one sends wrong bytes. Alone
# the slow one loses its place, keeps what came, and the next run goes on with it. On
# a line that is thin for all, none fails.
# Waits: for a slow source.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
start_hub --mode open --no-redirect
craft image library/evil:1 --layers 2 --size 3000000 --json >"$T/objects"
evil=$(pick 'v[-1].digest' "$T/objects")
layer=$(pick '[o for o in v if o.kind == "layer"][0].digest' "$T/objects")
craft image library/good:1 --layers 2 --size 3000000 >/dev/null
settings '{"stall_timeout_s": 2, "max_tries": 2, "min_rate": 1000}'
slow="{\"name\": \"slow\", \"listener\": \"registry\", \"path\": \"/evil/blobs/$layer\", \"slow\": 500}"
# The slow one is asked first.
later='{"path": "/good/manifests/", "delay_ms": 500}'

fault "$slow" "$later"
within 40 sync "another image asks its own source" -v \
	evil:1 good:1
expect_published "the slow one is published, too" evil:1 "$evil"
wait_for 20 hub_idle
[ "$(hub_fired slow)" -gt 0 ] || fail "nothing was slow"
tree_check "$ROOT"

ROOT=$T/wrong
fault "{\"name\": \"slow\", \"listener\": \"registry\", \"path\": \"/evil/blobs/$layer\",
	\"slow\": 500, \"corrupt\": 5}" "$later"
within 40 sync "slow and wrong" -v evil:1 good:1
expect_published "slow and wrong: both are published" evil:1 "$evil"
tree_check "$ROOT"

# A manifest that does not come: the other source has it.
ROOT=$T/manifest
fault '{"name": "late", "path": "/evil/manifests/sha256", "delay_ms": 20000}' "$later"
within 15 sync "a manifest that does not come" -v evil:1 good:1
expect_published "a manifest that does not come: both are published" evil:1 "$evil"
no_faults
wait_for 40 hub_idle
[ "$(hub_fired late)" -gt 0 ] || fail "nothing was late"
tree_check "$ROOT"

ROOT=$T/alone
fault "$slow"
within 40 sync_rc "alone" 1 -v evil:1
expect_said "alone: it says why" 'evil:1: .*too slow: .* \(min_rate\)'
tree_check --resumable "$ROOT"
no_faults
hub_mark
sync "alone, next run" evil:1
expect_published "alone, next run: it is there" evil:1 "$evil"
hub_since >"$T/since"
grep -q "/blobs/$layer.*bytes=[1-9]" "$T/since" || fail "it began anew"
ok "it went on where it was"

# A setting says what is enough.
ROOT=$T/enough
settings '{"min_rate": 20}'
fault "{\"listener\": \"registry\", \"path\": \"/evil/blobs/$layer\", \"slow\": 200000}"
sync "slow, but enough" evil:1

# A thin line for all of them: by itself each has 8000 bytes a second, and eight at
# once have 1000 each.
ROOT=$T/thin
no_faults
python3 "$TOP/tests/hub/thin.py" --to "$HUB" --rate 8000 --ready "$T/thin-line" \
	>"$T/thin.log" 2>&1 &
thin=$!
defer "kill $thin; wait $thin 2>/dev/null || :"
wait_for 10 test -s "$T/thin-line"
settings "{\"endpoint\": \"http://$(cat "$T/thin-line")\", \"min_rate\": 4000,
	\"stall_timeout_s\": 3, \"max_connections\": 8}"
for n in 1 2 3 4 5 6 7 8; do
	craft image "library/thin:$n" --layers 1 --size 16000 --seed "$n" >/dev/null
	echo "thin:$n"
done >"$T/list"
within 60 sync "a thin line" -i "$T/list"
tree_check "$ROOT"

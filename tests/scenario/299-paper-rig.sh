#!/bin/sh
# tests/bench/paper measures for real: a hub, a mirror and two containerd nodes in network
# namespaces, an image of 5 MB, baseline and CDR. One copy less comes over the line, one
# pull counts, each node has run a container, and nothing is left of it; nor of a run that was killed.
# Tier: all
. "$(dirname "$0")/../lib.sh"

need cdr root ip tc nginx docker-registry containerd ctr runc python3 curl openssl

[ -f "$TOP/build/tests/pace.so" ] || make -s -C "$TOP" build/tests/pace.so
run=$TOP/tests/bench/paper/run
set -- --methods baseline,3 --sizes 5 --nodes 2 --rounds 1 --work "$T/work" --out "$T/out"

sh "$run" "$@" >"$T/killed.log" 2>&1 &
running=$!
wait_for 60 test -S "$T/work/rig/node1/sock" || fail "no node begins"
kill -KILL $running
wait $running 2>/dev/null || :
wait_for 60 flock -n "$T/work/lock" true || fail "something of a killed run is there yet"

check "it measures" sh "$run" "$@"
expect_said "baseline" 'baseline, 5 MB, 2 nodes.* pulls 2;'
expect_said "CDR" ': 3, 5 MB, 2 nodes.* pulls 1;'
expect_eq "nothing is left but results" "lock" "$(ls "$T/work")"
bytes()
{
	pick 'c.uplink_bytes for c in v.cells if c.method == m' "$T/out/paper.json" m="$1"
}
[ "$(bytes baseline)" -gt 10000000 ] || fail "two copies of 5 MB are not $(bytes baseline) bytes"
[ "$(bytes 3)" -lt 6000000 ] || fail "one copy of 5 MB is not $(bytes 3) bytes"
ok "one copy instead of two"
grep -q '^| method 3: CDR, 2 nodes | 5 |' "$T/out/paper.md" || fail "no row in the table"
grep -q '</svg>' "$T/out/paper.svg" || fail "no plot"
ok "table and plot"

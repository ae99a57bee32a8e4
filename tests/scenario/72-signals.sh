#!/bin/sh
# SIGTERM and SIGINT in the middle of a blob: the run ends at once with 4 and says
# that it can go on; what came is kept, and the next run asks for the rest of it and
# ends well. An image that was through by then is published and listed.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
. "$TOP/tests/crash.sh"

need cdr python3 curl
upstream
craft image library/small:1 --layers 1 >/dev/null
part=$(craft image library/large:1 --layers 1 --size 900000 --json |
	pick 'o.digest for o in v if o.kind == "layer"')
size()
{
	stat -c %s "$ROOT/_state/partial/$part" 2>/dev/null || echo 0
}
part_is_there()
{
	[ "$(size)" -ge 131072 ] &&
		[ -e "$ROOT/repos/docker.io/library/small/_manifests/1" ]
}
# stopped SIGNAL
stopped()
{
	rm -rf "$ROOT"
	fault "{\"listener\": \"cdn\", \"path\": \"${part#sha256:}\", \"slow\": 300000}"
	# Not in the background of the shell itself: that ignores SIGINT.
	python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])' \
		"$CDR" sync -r "$ROOT" small:1 large:1 >"$T/stdout" 2>"$T/stderr" &
	PID=$!
	wait_for 10 part_is_there || fail "no part of the blob comes"
	from=$(date +%s%N)
	kill "-$1" $PID
	_rc=0
	wait $PID || _rc=$?
	took=$((($(date +%s%N) - from) / 1000000))
	expect_eq "SIG$1 ends it with 4" 4 $_rc
	[ $took -lt 1000 ] || fail "SIG$1: it took $took ms"
	ok "at once"
	expect_said "it says so" 'interrupted; the next run goes on'
	[ "$(size)" -ge 131072 ] || fail "the part of the blob is gone"
	tree_check --resumable "$ROOT"
	expect_eq "what was through is listed" 1 \
		"$(grep -c library/small:1 "$ROOT/index.json" | head -1)"

	no_faults
	before_run
	sync "the next run ends well" small:1 large:1
	after_run "after SIG$1"
	expect_eq "and asked for the rest only" 1 "$CONTINUED"
	tree_check "$ROOT"
}

stopped TERM
stopped INT

# While it waits for an answer, with nothing in its hands.
fault '{"listener": "registry", "method": "HEAD", "stall": -1}'
hub_mark
"$CDR" sync -q -r "$ROOT" small:1 >"$T/stdout" 2>"$T/stderr" &
PID=$!
asked()
{
	[ "$(hub_count auth GET /token)" -gt 0 ]
}
wait_for 5 asked
sleep 0.3
kill -TERM $PID
wait_for 2 sync_ended || fail "it waits for an answer that never comes"
_rc=0
wait $PID || _rc=$?
expect_eq "SIGTERM while it waits" 4 $_rc
tree_check --resumable "$ROOT"

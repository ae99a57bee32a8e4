#!/bin/sh
# A second writer ends at once with 3 and says who holds the tree, in a new tree and
# in an old one; the first one goes on as if nothing had been. Readers need no lock.
# A holder that was killed holds nothing.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
. "$TOP/tests/crash.sh"

need cdr python3 curl
upstream
craft image library/app:1 --layers 1 >/dev/null
craft image library/app:2 --layers 1 --seed 2 >/dev/null

# begin REF: a sync that waits for a blob, in the background.
begin()
{
	fault '{"listener": "cdn", "delay_ms": 1500, "times": 1}'
	hub_mark
	"$CDR" sync -r "$ROOT" "$1" >"$T/first.log" 2>&1 &
	PID=$!
	wait_for 10 asked || fail "the first one does not begin"
}

asked()
{
	[ "$(hub_count registry GET /blobs/)" -gt 0 ]
}

for ref in app:1 app:2; do
	begin $ref
	hub_note
	within 1 sync_rc "a second writer ends" 3 app:2
	expect_said "it names the holder" \
		"error: $ROOT: another cdr is writing to this tree: process $PID on $(uname -n) since 20"
	expect_eq "and asked the registry for nothing" 0 \
		"$(hub_count registry HEAD .)"
	check "a reader reads" "$CDR" ls -r "$ROOT"
	sync_ended && fail "the first one is over already"
	wait $PID || fail "the first one fails"
	ok "the first one goes on"
	tree_check "$ROOT"
done

rm -rf "$ROOT"
begin app:1
kill -KILL $PID
wait $PID 2>/dev/null || :
sync "nobody holds it after a kill" app:1
tree_check "$ROOT"

# Ten at once: one of them does it, and the others say why they do not.
rm -rf "$ROOT"
pids=
for n in 0 1 2 3 4 5 6 7 8 9; do
	"$CDR" sync -r "$ROOT" app:1 app:2 >"$T/many-$n.log" 2>&1 &
	pids="$pids $!"
done
codes=
for pid in $pids; do
	_rc=0
	wait "$pid" || _rc=$?
	codes="$codes $_rc"
done
case $codes in
*[!\ 03]* | *[1-9][0-9]*) fail "ten at once ended with$codes" ;;
*0*) ok "ten at once:$codes" ;;
*) fail "none of ten did it:$codes" ;;
esac
tree_check "$ROOT"

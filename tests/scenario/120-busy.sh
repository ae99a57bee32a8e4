#!/bin/sh
# While one run is at work, a second one ends with 3; with --wait it waits for its
# turn, and not for longer than it was told, nor when it is told to end; with
# --if-busy=skip it does nothing, and ends with 0. One that is refused takes nothing
# from the first: if that is killed then, the next run knows that a writer died. A
# tree of version 1 is taken over, also one whose writer died.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
. "$TOP/tests/crash.sh"

need cdr python3 curl
upstream
craft image library/app:1 --layers 1 >/dev/null
craft image library/app:2 --layers 1 --seed 2 >/dev/null
craft image library/app:3 --layers 1 --seed 3 >/dev/null

# begin MS REF: a sync in the background, which waits so long for a blob.
begin()
{
	fault "{\"listener\": \"cdn\", \"delay_ms\": $1, \"times\": 1}"
	hub_mark
	"$CDR" sync -r "$ROOT" "$2" >"$T/first.log" 2>&1 &
	PID=$!
	wait_for 10 asked || fail "the first one does not begin"
}

asked()
{
	[ "$(hub_count registry GET /blobs/)" -gt 0 ]
}

sync_rc "a wait that is none" 2 --wait soon app:1
expect_said "it says what it takes" -- '--wait: it takes a time, such as 30, 10m, 2h or 30d'
sync_rc "what to do if it is busy" 2 --if-busy=wait app:1
expect_said "it says what it takes" -- '--if-busy: it takes skip'
[ ! -e "$ROOT" ] || fail "something was touched"

begin 2500 app:1
within 1 sync_rc "busy" 3 app:2
expect_said "it says by whom" "process $PID on $(uname -n) since 20.*T.*Z; try again"
within 1 sync "busy, and that is well" --if-busy=skip app:2
expect_said "it says so" "nothing done: $ROOT: another cdr .*process $PID"
expect_rc "so does gc" 3 "$CDR" gc -r "$ROOT"
check "busy, and that is well for gc" "$CDR" gc -r "$ROOT" --if-busy=skip
expect_said "it says so" "nothing done: $ROOT: another cdr .*process $PID"
expect_rc "gc, and what to do if it is busy" 2 "$CDR" gc -r "$ROOT" --if-busy=wait
expect_said "it says what it takes" -- '--if-busy: it takes skip'
within 2 sync_rc "it waits for a second" 3 --wait 1 app:2
"$CDR" sync -r "$ROOT" --wait 1m app:2 >"$T/second.log" 2>&1 &
second=$!
sleep 0.3
kill -TERM $second
_rc=0
wait $second || _rc=$?
expect_eq "told to end while it waits" 4 $_rc
sync_ended && fail "the first one is over already"
sync "it waits for its turn" --wait 1m app:2
wait $PID || fail "the first one fails"
ok "the first one has ended well"
expect_eq "both are there" '1 2' "$(cd "$ROOT/repos/docker.io/library/app/_manifests" &&
	echo [0-9])"
tree_check "$ROOT"

begin 2500 app:3
lock=$(cat "$ROOT/_state/lock")
[ -f "$ROOT/_state/unclean" ] || fail "a writer at work has no mark"
sync_rc "a second one is refused" 3 app:2
expect_eq "it has not touched the lock" "$lock" "$(cat "$ROOT/_state/lock")"
kill -KILL $PID
wait $PID 2>/dev/null || :
[ -f "$ROOT/_state/unclean" ] || fail "nothing tells that the writer died"
ok "it is marked that the writer died"
no_faults
sync "the next one" app:3
tree_check "$ROOT"

# --- a tree of version 1 ------------------------------------------------------------

for holder in '' 4711; do
	rmdir "$ROOT/keep"
	rm -f "$ROOT/cdr-layout"
	echo 1 >"$ROOT/cdr-layout"
	chmod 444 "$ROOT/cdr-layout"
	rm "$ROOT/_state/publish" "$ROOT/_state/keep.lock"
	printf %s $holder >"$ROOT/_state/lock"
	check "a reader takes it as it is" "$CDR" ls -r "$ROOT"
	expect_eq "and leaves it so" 1 "$(cat "$ROOT/cdr-layout")"
	sync "a writer takes it over" app:1
	expect_said "nothing comes again" '0 new objects'
	expect_eq "it is of version 2" 2 "$(cat "$ROOT/cdr-layout")"
	tree_check "$ROOT"
done

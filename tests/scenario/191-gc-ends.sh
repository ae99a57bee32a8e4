#!/bin/sh
# SIGTERM ends `cdr gc` between its steps, with 4; what has gone is gone, what is listed
# is whole, and the next run goes on. While somebody relies on all that is here (an
# export, for example) nothing goes, and the exit code is 3; a dry run does not mind.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
. "$TOP/tests/unlist.sh"

need cdr python3 curl
upstream
for app in a b c; do
	craft image library/$app:1 --layers 2 --seed $app >/dev/null
done
sync "images" a:1 b:1 c:1
printf '%s\n' a:1 b:1 >"$T/list"

# It waits for its list when the signal comes.
mkfifo "$T/pipe"
"$CDR" gc -r "$ROOT" -i "$T/pipe" --keep-unlisted 0 --grace 0 --max-delete 100% \
	>"$T/out" 2>&1 &
pid=$!
exec 3>"$T/pipe"
kill -TERM $pid
cat "$T/list" >&3
exec 3>&-
code=0
wait $pid || code=$?
expect_eq "it was interrupted" 4 $code
grep -q '^warning: interrupted; the next run goes on' "$T/out" || fail "it says so"
expect_images "before it had begun" "a:1 b:1 c:1"
tree_check "$ROOT"

flock -s "$ROOT/_state/keep.lock" sh -c 'exec 9<&0; read -r _' <"$T/pipe" &
holder=$!
exec 3>"$T/pipe"
held()
{
	! flock -n -x "$ROOT/_state/keep.lock" true
}
wait_for 5 held || fail "the lock is not held"
gc_rc "somebody relies on what is here" 3 -i "$T/list" --keep-unlisted 0 --grace 0 \
	--max-delete 100%
expect_said "it says so" 'relies on'
expect_images "nothing went" "a:1 b:1 c:1"
gc "a dry run" -n -i "$T/list" --keep-unlisted 0 --grace 0 --max-delete 100%
expect_said "it tells" '^would remove 1 of 3 images'
exec 3>&-
wait $holder || :
gc "when that has ended" -i "$T/list" --keep-unlisted 0 --grace 0 --max-delete 100%
expect_images "it goes on" "a:1 b:1"
tree_check "$ROOT"

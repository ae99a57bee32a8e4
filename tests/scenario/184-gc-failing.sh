#!/bin/sh
# What is wrong with a machine takes nothing away. With a tenth of all readings wrong, by a
# disk, its cable or the memory, cdr gc stops before it touches anything, and names what it
# could not read. Clocks that begin in 1970, that are ten years ahead or that go back, and a
# copy of the tree whose files are all new, or all old, make nothing go early.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
. "$TOP/tests/unlist.sh"

need cdr python3 curl build/tests/cable.so
plain_build
upstream
craft many library/many --count 20 --layers 2 >/dev/null
# shellcheck disable=SC2046 # words
sync "a tree" $(seq -f 'many-%04g:latest' 1 20)
seq -f 'many-%04g:latest' 1 19 >"$T/list"
objects()
{
	(cd "$ROOT" && find blobs manifests repos | sort)
}

# --- a failing cable ---------------------------------------------------------------

objects >"$T/before"
stopped=0
for _every in 10 10 10 3 2; do
	_rc=0
	CABLE_EVERY=$_every LD_PRELOAD=$TOP/build/tests/cable.so "$CDR" gc -r "$ROOT" \
		-i "$T/list" --keep-unlisted 0 --grace 0 >"$T/stdout" 2>"$T/stderr" || _rc=$?
	expect_eq "one reading in $_every is wrong" 1 "$_rc"
	expect_said "it names what it could not read" \
		'many-00[0-9]*@sha256:[0-9a-f]* is kept, and cannot be read'
	objects >"$T/after"
	cmp -s "$T/before" "$T/after" || fail "something was taken away"
	stopped=$((stopped + 1))
done
gc "all is well again" -i "$T/list" --keep-unlisted 0
tree_check "$ROOT"

# --- clocks, and copies --------------------------------------------------------------

# at "what": a run of gc which takes nothing away.
at()
{
	objects >"$T/before"
	gc "$1" --keep-unlisted 30d
	objects >"$T/after"
	cmp -s "$T/before" "$T/after" || {
		diff "$T/before" "$T/after" | head -n 3
		fail "$1: something was taken away"
	}
}

# The time of the last run, as the next one finds it.
last_run()
{
	sed "1s/.*/condemned 1 $1/" "$ROOT/_state/condemned" >"$T/condemned"
	cat "$T/condemned" >"$ROOT/_state/condemned"
}

now=$(date +%s)
grep -q '^0 manifest ' "$ROOT/_state/condemned" || fail "nothing is condemned"
last_run 100
at "the last run was in 1970"
last_run $((now + 315360000))
at "the last run was ten years ahead"
last_run $((now + 60))
at "time goes back"
for _when in '2000-01-01' 'now'; do
	find "$ROOT" -exec touch -h -d "$_when" {} +
	at "all files are of $_when"
done
cp -r --preserve=links,mode "$ROOT" "$T/copy"
mv "$ROOT" "$T/original"
mv "$T/copy" "$ROOT"
at "a copy, all of it new"
last_run $((now - 86400))
gc "its term is over" --keep-unlisted 30d
objects | grep -q many-0020 && fail "it stays for ever"
tree_check "$ROOT"

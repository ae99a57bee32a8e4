#!/bin/sh
# A tag is set back while `cdr gc` is about to remove what it goes to: either that is
# refused by name, and the tag is where it was, or the tag has moved, and all of it is
# there when both have ended. At whatever moment: gc finds what to keep, then waits for
# its locks, then looks whether a tag has moved meanwhile. A held tag that verify has
# withdrawn comes back to where it is held, also when gc has run in between.
# Waits: for gc, which is held up.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
. "$TOP/tests/crash.sh"

need cdr python3 curl strace?
upstream
one=$(craft index library/app:1 --layers 1 --seed 1 --platforms linux/amd64,linux/arm64)
sync "the first" app:1 platform=all
craft image library/app:1 --layers 1 --seed 2 >/dev/null
sync "the second" app:1
three=$(craft image library/app:1 --layers 1 --seed 3)
sync "the third" app:1
cp -a "$ROOT" "$T/start"

# --- held, and withdrawn ----------------------------------------------------------------

check "it is held" "$CDR" rollback -r "$ROOT" app:1 -2
layer=$(find "$ROOT/blobs" -type f -size +5k | while read -r _blob; do
	grep -q "${_blob##*/}" "$ROOT/blobs/sha256/${three#*:}" || echo "$_blob"
done)
for _blob in $layer; do
	chmod u+w "$_blob"
	printf X | dd of="$_blob" bs=1 seek=3 conv=notrunc 2>/dev/null
done
expect_rc "its bytes are bad" 1 "$CDR" verify -r "$ROOT" --withdraw
expect_published "it is withdrawn" app:1 nothing
check "gc" "$CDR" gc -r "$ROOT" --grace 0
sync "the next run" app:1
expect_published "it is where it was held" app:1 "$one"
tree_check "$ROOT"

# --- both at once -----------------------------------------------------------------------

# race DELAY COMMAND...: gc by this command; after so long the tag is set back by two
# steps, to what gc does not keep. Sets $MOVED.
race()
{
	_delay=$1
	shift
	rm -rf "$ROOT"
	cp -a "$T/start" "$ROOT"
	"$@" "$CDR" gc -r "$ROOT" --grace 0 >"$T/gc.log" 2>&1 &
	pid=$!
	sleep "$_delay"
	MOVED=0
	"$CDR" rollback -r "$ROOT" app:1 "$one" >"$T/back.log" 2>&1 || MOVED=$?
	_rc=0
	wait $pid || _rc=$?
	[ $_rc -eq 0 ] || fail "after $_delay s: gc ends with $_rc"
	case $MOVED in
	0) expect_published "after $_delay s: it has moved" app:1 "$one" ;;
	1)	grep -q "app:1: .*$one" "$T/back.log" || fail "it does not name it"
		expect_published "after $_delay s: it is where it was" app:1 "$three" ;;
	*) fail "after $_delay s: it ends with $MOVED" ;;
	esac
	python3 -B -S "$TOP/tests/check-tree.py" --dead "$ROOT" >"$T/tree-check.log" ||
		fail "after $_delay s: the tree is right"
	# What both have left behind is in order after the next run.
	"$CDR" sync -q -r "$ROOT" app:1 || fail "after $_delay s: the next run"
	python3 -B -S "$TOP/tests/check-tree.py" "$ROOT" >"$T/tree-check.log" ||
		fail "after $_delay s: the tree is right in the end"
}

delays='0 0.03'
in_all && delays='0 0.01 0.02 0.03 0.04 0.05 0.06 0.08 0.1'
for delay in $delays; do
	race "$delay" nice
done
race 0.7 nice
expect_eq "when gc has ended, it is refused" 1 "$MOVED"

if part "with time between its steps" strace; then
	tracing
	moved=0 refused=0
	# Each lock is waited for by so long: the tree's, the others', then twice more:
	# before it looks, and before it removes anything.
	delays='0.9 1.8 3.4'
	in_all && delays='0.1 0.4 0.7 1.0 1.3 1.6 1.9 2.2 2.5 2.8 3.1 3.4'
	for delay in $delays; do
		race "$delay" strace -f -o /dev/null -e trace=flock \
			-e inject=flock:delay_enter=300000
		case $MOVED in
		0) moved=$((moved + 1)) ;;
		*) refused=$((refused + 1)) ;;
		esac
	done
	[ $moved -gt 0 ] || fail "it was never in time"
	[ $refused -gt 0 ] || fail "it was never too late"
	ok "in time $moved times, too late $refused times"
fi

rm -rf "$ROOT"
cp -a "$T/start" "$ROOT"
check "the tag is set back" "$CDR" rollback -r "$ROOT" app:1 -1
held=$(published app:1)
file=$(find "$ROOT/manifests" -name "${held#*:}")
chmod u+w "$file"
printf X | dd of="$file" bs=1 seek=3 conv=notrunc 2>/dev/null
expect_rc "what it is held at is bad" 1 "$CDR" verify -r "$ROOT" --withdraw
expect_said "its tag goes" 'app:1: withdrawn'
check "gc" "$CDR" gc -r "$ROOT"
expect_eq "it has no tag" nothing "$(published app:1)"
sync "the next run" app:1
expect_published "it is where it is held, and not at the bad release" app:1 "$held"
tree_check "$ROOT"

# --- gc looks while a change is half done ------------------------------------------------

# A step first says that something changes, and then changes it. gc that comes between
# the two must not take what it finds for what is so when it removes something.
meet()
{
	_what=$1 _when=$2
	shift 2
	rm -rf "$ROOT"
	cp -a "$T/start" "$ROOT"
	strace -f -o /dev/null -e trace=pread64 \
		-e inject=pread64:delay_enter=900000:when="$_when" \
		"$CDR" gc -r "$ROOT" --grace 0 >"$T/gc.log" 2>&1 &
	pid=$!
	sleep 0.3
	MOVED=0
	strace -f -o /dev/null -e trace=fsync,fdatasync,syncfs \
		-e inject=fsync,fdatasync,syncfs:delay_enter=400000 \
		"$CDR" "$@" >"$T/back.log" 2>&1 || MOVED=$?
	_rc=0
	wait $pid || _rc=$?
	[ $_rc -eq 0 ] || fail "$_what: gc ends with $_rc"
	python3 -B -S "$TOP/tests/check-tree.py" --dead "$ROOT" >"$T/tree-check.log" ||
		fail "$_what: the tree is right"
	case $MOVED in
	0) here "$one" || fail "$_what: it has gone" ;;
	1) grep -q "$one" "$T/back.log" || fail "$_what: it does not name it" ;;
	*) fail "$_what: it ends with $MOVED" ;;
	esac
	ok "$_what: it ends with $MOVED, and the tree is right"
}

if part "while a change is half done" strace; then
	tracing
	for when in 3 4; do
		meet "a tag is set back, $when" $when rollback -r "$ROOT" app:1 "$one"
		meet "a digest is pinned, $when" $when pin -r "$ROOT" "app@$one"
	done
fi

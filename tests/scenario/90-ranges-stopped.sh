#!/bin/sh
# A run that is stopped while a large blob comes over several connections leaves a
# file with gaps, and a note of them beside it. The next run fetches the gaps: after
# SIGTERM nothing else, after kill -9 not much else. What the note
# says wrongly the digest finds out, and one that is nonsense says nothing.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
. "$TOP/tests/ranges.sh"

need cdr python3 curl
large_blob 40000000
partial=_state/partial/$layer

# Connections enough, and half of it is here.
half_way()
{
	[ "$(ranges | wc -l)" -ge 2 ] && [ -f "$ROOT/$partial.ranges" ] &&
		[ "$(du -k "$ROOT/$partial" | cut -f 1)" -gt $((size / 2048)) ]
}

# stopped "what" SIGNAL SLACK: then the next run brings the rest.
stopped()
{
	_what=$1
	rm -rf "$ROOT"
	fault "{$at, $slow}"
	hub_mark
	"$CDR" sync -q -r "$ROOT" app:1 >"$T/stopped.log" 2>&1 &
	PID=$!
	wait_for 10 half_way || fail "$_what: it does not get half way"
	kill "-$2" $PID
	_rc=0
	wait $PID || _rc=$?
	[ "$2" != TERM ] || expect_eq "$_what: the exit code" 4 "$_rc"
	[ -s "$ROOT/$partial.ranges" ] || fail "$_what: there is a note"
	sleep 0.3	# the hub counts what it has begun to send
	tree_check --dead "$ROOT"
	goes_on "$3"
}

# goes_on SLACK: the next run fetches what the note says is not here; with what was
# not in the note yet, no more than so many bytes come twice.
goes_on()
{
	_here=$(awk '{ n += $2 - $1 } END { print n + 0 }' "$ROOT/$partial.ranges")
	_came=$(bytes)
	hub_mark
	sync "$_what: the next run" app:1
	sleep 0.3
	tree_check "$ROOT"
	expect_published "$_what: it is there" app:1 "$image"
	expect_eq "$_what: it needs only the gaps" yes "$(
		[ "$(bytes)" -le $((size - _here + 200000 * $(ranges | wc -l))) ] && echo yes ||
			echo "$(bytes) bytes, and $_here of $size were here")"
	_twice=$((_came + $(bytes) - size))
	[ $_twice -le "$1" ] || fail "$_what: $_twice bytes came twice"
	ok "$_what: no more than $1 bytes came twice"
}

stopped SIGTERM TERM 12000000
stopped "kill -9" KILL 24000000

# noted "what" TEXT BYTES: this is the note beside the first half; so much is fetched.
noted()
{
	_what=$1
	rm -rf "$ROOT/repos" "$ROOT/manifests" "$ROOT/blobs"
	mkdir -p "$ROOT/repos" "$ROOT/manifests" "$ROOT/blobs/sha256" "$ROOT/blobs/sha512"
	head -c 20000000 "$T/layer" >"$ROOT/$partial"
	printf %b "$2" >"$ROOT/$partial.ranges"
	chmod 600 "$ROOT/$partial" "$ROOT/$partial.ranges"
	hub_mark
	sync "a note that is $_what" app:1
	expect_published "$_what: it is there" app:1 "$image"
	tree_check "$ROOT"
	_off=$(($(bytes) - $3))
	[ $_off -ge 0 ] && [ $_off -le 6000000 ] || fail "$_what: $_off bytes more than $3"
	ok "$_what: the bytes"
}

# One connection: no range is divided, and what comes can be counted.
settings '{"max_connections": 1}'
no_faults
cp "$ROOT/blobs/sha256/${layer#sha256:}" "$T/layer"
noted "right" "0 10000000\n12000000 20000000\n" $((size - 18000000))
noted "nonsense" "0 10000000\nand so on" "$size"
noted "empty" "" "$size"
noted "of more than is here" "0 30000000\n" "$size"
chmod u+w "$T/layer"
dd if=/dev/zero bs=1000 seek=5 count=5 conv=notrunc of="$T/layer" 2>/dev/null
noted "wrong" "0 20000000\n" $((2 * size - 20000000))

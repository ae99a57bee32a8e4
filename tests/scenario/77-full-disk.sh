#!/bin/sh
# The disk fills up while a run is at work, for bytes and for files: it ends with 3
# and says so, what was published stays whole, and is still served under its tag.
# With more room the next run goes on with the part that it has, and ends well; also
# where a blob comes over several connections. (What cannot fit from the beginning is
# not begun: 91.)
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
. "$TOP/tests/crash.sh"

need cdr root python3 curl
upstream
mkdir "$T/disk"
mount -t tmpfs -o size=12m,mode=755 none "$T/disk" 2>/dev/null ||
	skip "mounting is denied here"
defer "umount -l '$T/disk'"
ROOT=$T/disk/root
one=$(craft image library/app:1 --layers 1)
small=$(craft image library/small:1 --layers 1)
sync "there is room" app:1 small:1

# begun BYTES: so much of what is wanted is in parts here.
begun()
{
	[ "$(du -sk "$ROOT/_state/partial" | cut -f 1)" -gt $(($1 / 1024)) ]
}
# filled_up "what" BYTES ARG...: the rest of the disk goes to somebody else when so
# much of it has come.
filled_up()
{
	_what=$1 _begun=$2
	shift 2
	rm -f "$T/filler"
	"$CDR" sync -q -r "$ROOT" "$@" >"$T/full.log" 2>&1 &
	PID=$!
	wait_for 10 begun "$_begun" || fail "$_what: it begins"
	dd if=/dev/zero of="$T/disk/filler" bs=64k 2>/dev/null || :
	wait_for 10 sync_ended || fail "$_what: it does not end"
	_rc=0
	wait $PID || _rc=$?
	expect_eq "$_what: the exit code" 3 "$_rc"
	grep -q 'error: .*: No space left on device' "$T/full.log" ||
		fail "$_what: it says so"
	tree_check --resumable "$ROOT"
}

two=$(craft image library/app:1 --layers 2 --size 3600000 --seed 2)
fault '{"listener": "cdn", "slow": 4000000}'
filled_up "the disk fills up" 300000 small:1 app:1
expect_published "the tag is where it was" app:1 "$one"
no_faults
hub_mark
within 10 sync_rc "as long as it is full" 1 app:1
expect_said "nothing is begun" 'it needs .* and the file system has 0 B free: not started'
expect_eq "nothing is asked for" 0 "$(hub_count registry GET /blobs/)"
tree_check --resumable "$ROOT"

rm "$T/disk/filler"
before_run
sync "there is more room" app:1 small:1
after_run "after the disk was full"
[ "$CONTINUED" -gt 0 ] || fail "it begins anew"
ok "it goes on with $CONTINUED parts"
expect_published "the tag has moved" app:1 "$two"
tree_check "$ROOT"

# No more files: at each point of a sync, one after the other.
used()
{
	df --output=iused "$T/disk" | tail -n 1 | tr -d ' '
}
three=$(craft index library/other:1 --platforms linux/amd64,linux/arm64 \
	--layers 1 --seed 3)
free=0 ends=0
while :; do
	free=$((free + 3))
	mount -o "remount,nr_inodes=$(($(used) + 3))" "$T/disk"
	_rc=0
	"$CDR" sync -q -r "$ROOT" other:1 platform=all app:1 small:1 \
		>"$T/stdout" 2>"$T/stderr" || _rc=$?
	[ $_rc -ne 0 ] || break
	[ $_rc -eq 3 ] || fail "without room for files it ends with $_rc"
	grep -q 'error: .*No space left on device' "$T/stderr" ||
		fail "it does not say why it ends"
	ends=$((ends + 1))
	tree_check --dead "$ROOT" >"$T/last"
	[ $ends -lt 50 ] || fail "it never gets through"
done
[ $ends -gt 2 ] || fail "it was never out of files"
ok "out of files $ends times, each time whole"
mount -o remount,nr_inodes=0 "$T/disk" 2>/dev/null ||
	mount -o remount,nr_inodes=100000 "$T/disk"
sync "there is room again" other:1 platform=all app:1 small:1
expect_published "the new one" other:1 "$three"
expect_published "and the old one" small:1 "$small"
tree_check "$ROOT"

# In the middle of a range, of several that come at once.
mount -o remount,size=50m "$T/disk"
wide=$(craft image library/wide:1 --layers 1 --size 24000000 --seed w)
settings '{"max_connections": 8}'
fault '{"listener": "cdn", "slow": 3000000}'
filled_up "the disk fills up during ranges" 5000000 wide:1
ls "$ROOT"/_state/partial/*.ranges >/dev/null 2>&1 ||
	fail "there was no range to be interrupted"
no_faults
rm "$T/disk/filler"
# One connection: no range is divided, and what comes can be counted.
settings '{"max_connections": 1}'
hub_mark
sync "the ranges that are left" wide:1
expect_published "it is there" wide:1 "$wide"
_came=$(hub_since | awk -F '\t' '$2 == "cdn" && $5 < 300 { n += $8 } END { print n + 0 }')
[ "$_came" -lt 20000000 ] || fail "$_came bytes came again: it began anew"
ok "of 24000000 bytes $_came came after it"
tree_check "$ROOT"

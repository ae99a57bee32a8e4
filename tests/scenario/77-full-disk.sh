#!/bin/sh
# The disk fills up, for bytes and for files: the run ends with 3 and says so, what
# was published stays whole, and is still served under its tag. With more room the
# next run goes on with the part that it has, and ends well.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
. "$TOP/tests/crash.sh"

upstream
mkdir "$T/disk"
mount -t tmpfs -o size=2500k,mode=755 none "$T/disk" 2>/dev/null ||
	skip "mounting is denied here"
defer "umount -l '$T/disk'"
ROOT=$T/disk/root
one=$(craft image library/app:1 --layers 1)
small=$(craft image library/small:1 --layers 1)
sync "there is room" app:1 small:1

# Each of the two layers is larger than what is free.
two=$(craft image library/app:1 --layers 2 --size 2600000 --seed 2)
fault '{"listener": "cdn", "slow": 4000000}'
within 10 sync_rc "the disk is full" 3 small:1 app:1
expect_said "it says so" 'error: .*: No space left on device'
expect_published "the tag is where it was" app:1 "$one"
tree_check --resumable "$ROOT"
no_faults
within 10 sync_rc "and so again" 3 app:1
tree_check --resumable "$ROOT"

mount -o remount,size=32m "$T/disk"
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

#!/bin/sh
# On a disk without a free byte, and on one without a free file, cdr gc takes away what
# has left the list, with and without the reserve that it keeps for that; then the next
# sync works, and the reserve is there again. With --min-free it takes what is on no list,
# and says with 1 what would have to leave the list when that is not enough.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
. "$TOP/tests/unlist.sh"

need cdr root python3 curl
upstream
mkdir "$T/disk"
mount -t tmpfs -o size=100m,mode=755 none "$T/disk" 2>/dev/null ||
	skip "mounting is denied here"
defer "umount -l '$T/disk'"
ROOT=$T/disk/root
one=$(craft image library/one:1 --layers 2 --size 3000000)
craft image library/two:1 --layers 2 --size 3000000 --seed 2 >/dev/null
craft image library/three:1 --layers 2 --size 3000000 --seed 3 >/dev/null
echo one:1 >"$T/list"

free_bytes()
{
	df --output=avail -B 1 "$T/disk" | tail -n 1 | tr -d ' '
}

# after_gc "what": one:1 alone is there, and what has gone is free again.
after_gc()
{
	expect_images "$1: what stays" one:1
	[ "$(free_bytes)" -gt 10000000 ] || fail "$1: only $(free_bytes) bytes are free"
	tree_check "$ROOT"
}

for reserve in with without; do
	for full in bytes files; do
		what="no free $full, $reserve the reserve"
		sync "there is room" one:1 two:1 three:1
		[ -f "$ROOT/_state/reserve" ] || fail "there is no reserve"
		[ "$(du -k "$ROOT/_state/reserve" | cut -f 1)" = 1024 ] ||
			fail "the reserve has not its size"
		[ $reserve = with ] || rm "$ROOT/_state/reserve"
		if [ $full = bytes ]; then
			dd if=/dev/zero of="$T/disk/filler" bs=4k 2>/dev/null || :
			expect_eq "$what" 0 "$(free_bytes)"
		else
			mount -o "remount,nr_inodes=$(df --output=iused "$T/disk" |
				tail -n 1 | tr -d ' ')" "$T/disk"
			! touch "$T/disk/one more" 2>/dev/null || fail "there is a free file"
		fi
		gc "$what" -i "$T/list" --keep-unlisted 0 --grace 0 --max-delete 100%
		after_gc "$what"
		rm -f "$T/disk/filler"
		[ $full = bytes ] || mount -o remount,nr_inodes=100000 "$T/disk"
	done
done
sync "the next run" one:1 two:1
expect_published "what stayed is still there" one:1 "$one"
tree_check "$ROOT"

# --- until so much is free ------------------------------------------------------

size=$(($(du -sk "$ROOT" | cut -f 1) * 1024))
gc "there is enough" --min-free 50M
expect_images "nothing goes" "one:1 two:1"
gc_rc "one has to go, but both are listed" 1 --max-size $((size - 4000000))
expect_said "it says what would help" 'would have to leave the list'
expect_images "nothing that is listed goes" "one:1 two:1"
gc "one has to go" -i "$T/list" --keep-unlisted 30d --max-size $((size - 4000000)) \
	--max-delete 50%
expect_images "that one is on no list" "one:1"
[ "$(($(du -sk "$ROOT" | cut -f 1) * 1024))" -lt $((size - 4000000)) ] ||
	fail "it is larger than that"
tree_check "$ROOT"

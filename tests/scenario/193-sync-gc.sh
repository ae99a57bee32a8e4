#!/bin/sh
# `cdr sync --gc` collects garbage when the run is over, with the lock that it has; what
# the run itself fails to get is listed all the same. With --gc=when-needed nothing goes
# while there is room. Where less is free than --min-free says, or an image of the list
# does not fit, what is on no list goes first, then what tags were before, and the image
# is tried once more; nothing goes in vain, for an image that would not fit after all.
# Nothing is mirrored, and nothing goes, if an option is wrong or the list is empty.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
. "$TOP/tests/unlist.sh"

need cdr root python3 curl
upstream
mkdir "$T/disk"
mount -t tmpfs -o size=40m,mode=755 none "$T/disk" 2>/dev/null ||
	skip "mounting is denied here"
defer "umount -l '$T/disk'"
ROOT=$T/disk/root

# room KIB: the disk has so much free.
room()
{
	rm -f "$T/disk/filler"
	_room=$(($(df --output=avail -k "$T/disk" | tail -n 1) - $1))
	dd if=/dev/zero of="$T/disk/filler" bs=1024 count=$_room 2>/dev/null
}

for app in a b old; do
	craft image library/$app:1 --layers 1 --size 1000000 --seed $app >/dev/null
done
before=$(craft image library/moved:1 --layers 1 --size 1000000 --seed before)
sync "some images" a:1 b:1 old:1 moved:1
craft image library/moved:1 --layers 1 --size 1000 --seed after >/dev/null

sync_rc "what gc would remove, without --gc" 2 --keep-unlisted 30d a:1
sync_rc "an odd word" 2 --gc=sometimes a:1
sync_rc "a plan removes nothing" 2 --gc --plan a:1
sync_rc "an image is not what the list is" 2 --gc --keep-unlisted 0 a:1
: >"$T/empty"
sync_rc "an empty list" 2 --gc -i "$T/empty"
expect_said "it is told" 'there is no image in the list'
expect_images "nothing went" "a:1 b:1 moved:1 old:1"

# b is gone upstream, which is no reason.
fault '{"listener": "registry", "path": "/library/b/", "status": 404}'
sync_rc "one image of the list fails" 1 --gc --keep-unlisted 30d --grace 0 a:1 b:1 moved:1
no_faults
expect_said "garbage was collected" 'removed 0 of 4 images'
expect_images "the one that failed stays" "a:1 b:1 moved:1 old:1"
here "$before" || fail "what moved:1 was is not here any more"
listed_ago 31 old:1
sync "one is off the list for longer" --gc --keep-unlisted 30d --grace 0 a:1 b:1 moved:1
expect_said "it goes" 'removed docker.io/library/old:1 .* on no list for 30d or longer'
expect_images "it has gone" "a:1 b:1 moved:1"
expect_eq "so it has from the status" "" \
	"$(pick 'i.image for i in v.images if "old" in i.image' "$ROOT/status/status.json")"
expect_eq "which has the run" "ok 3" \
	"$(pick 'words(v.result, v.totals.images)' "$ROOT/status/status.json")"
tree_check "$ROOT"
printf '%s\n' a:1 moved:1 >"$T/list"
sync "the list is the truth" --gc --keep-unlisted 0 --max-delete 50% --grace 0 -i "$T/list"
expect_images "it is so" "a:1 moved:1"
sync_rc "too many would go" 1 --gc --keep-unlisted 0 --grace 0 -i /dev/stdin <<'EOF'
b:1
EOF
expect_said "it says so" '2 of 3 images would go'
expect_images "the run was well all the same" "a:1 b:1 moved:1"

# Room.
sync "more images" old:1
listed_ago 20 old:1
sync "there is room" --gc=when-needed --min-free 1M a:1 b:1 moved:1
expect_images "nothing goes" "a:1 b:1 moved:1 old:1"
room 2300
sync "there is less than there has to be" --gc=when-needed --min-free 3M a:1 b:1 moved:1
expect_said "it makes room before" 'removed docker.io/library/old:1 .* there is no room for it'
expect_images "what was on no list is gone" "a:1 b:1 moved:1"
expect_eq "none is here that is on no list" 0 "$(pick v.unlisted "$ROOT/status/gc.json")"
here "$before" || fail "what moved:1 was is not here any more"

craft image library/new:1 --layers 1 --size 1800000 --seed new >/dev/null
room 1500
sync "an image does not fit" --gc=when-needed a:1 b:1 moved:1 new:1
expect_said "there is room after all" 'there is room now: once more'
expect_images "it is here" "a:1 b:1 moved:1 new:1"
here "$before" && fail "what moved:1 was before is here still"
tree_check "$ROOT"

# Nothing could make room for this one.
room 4000
sync "one is mirrored by hand" old:1
listed_ago 20 old:1
craft image library/huge:1 --layers 1 --size 20000000 --seed huge >/dev/null
room 1500
sync_rc "an image does not fit at all" 1 --gc=when-needed a:1 b:1 moved:1 new:1 huge:1
expect_images "nothing went in vain" "a:1 b:1 moved:1 new:1 old:1"
grep -q 'than there is room for' "$T/stderr" && fail "a trial was told of"
ok "nor is it told what was tried"

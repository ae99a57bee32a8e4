#!/bin/sh
# A disk that takes seconds for what it reads keeps only those waiting who want that:
# while blobs come from it, what is in memory comes at once.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/tree.sh"

need nginx curl findmnt dd mount
[ "$(id -u)" -eq 0 ] || skip "only root can make a disk slow"

# A megabyte a second for the processes of a control group.
device=$(findmnt -n -o MAJ:MIN -T "$T" | tr -d ' ')
mkdir "$T/blkio"
mount -t cgroup -o blkio none "$T/blkio" 2>/dev/null ||
	skip "no disk can be made slow here: no blkio control group"
group=$T/blkio/cdr-test.$$
# shellcheck disable=SC2317 # called by defer
group_end()
{
	rmdir "$group" || :
	umount "$T/blkio"
}
defer group_end
mkdir "$group"
echo "$device 1048576" 2>/dev/null >"$group/blkio.throttle.read_bps_device" ||
	skip "no disk can be made slow here: $device"

tree_new "$T/root"
tree_image docker.io/library/app 1 1 >/dev/null
head -c 24000000 /dev/urandom >"$T/big"
blob=$(tree_blob "$T/big")
tree_lists
file=$TREE/blobs/sha256/${blob#sha256:}

# forget: the file is on the disk alone
forget()
{
	sync "$file"
	dd if="$file" iflag=nocache count=0 2>/dev/null
}
forget
# shellcheck disable=SC2016 # for the inner shell
in_group='echo $$ >"$0/cgroup.procs"; exec "$@"'
begin=$(date +%s%N)
sh -c "$in_group" "$group" dd if="$file" of=/dev/null bs=64k count=32 2>/dev/null
[ $(($(date +%s%N) - begin)) -gt 500000000 ] ||
	skip "the disk is not slower for a control group"
forget

start_nginx "$TREE"
nginx=$(pgrep -P "$MIRROR_PID" -x nginx)
for one in $nginx $(pgrep -P "$nginx" -x nginx); do
	echo "$one" >"$group/cgroup.procs"
done
base=http://$MIRROR/v2/library/app

# Six, so that each worker has some.
pulls=
for number in 1 2 3 4 5 6; do
	curl -sS -o "$T/got.$number" "$base/blobs/$blob" &
	pulls="$pulls $!"
	defer "process_end $!"
done
wait_for 20 test -s "$T/got.1" || fail "the blob does not begin to come"

for number in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	curl -sSf -m 60 -o /dev/null "$base/manifests/1" ||
		fail "manifest $number"
done
for pull in $pulls; do
	if process_over "$pull"; then
		fail "20 manifests waited for a blob"
	fi
done
ok "20 manifests came while six clients waited for the disk"

# Now it is as fast as it is.
while read -r one; do
	echo "$one" >"$T/blkio/cgroup.procs"
done <"$group/cgroup.procs"
for pull in $pulls; do
	wait "$pull" || fail "a pull ended with $?"
done
for number in 1 2 3 4 5 6; do
	cmp "$T/big" "$T/got.$number" || fail "not the blob"
done
ok "all six got the blob"

#!/bin/sh
# A disk that takes seconds for what it reads keeps only those waiting who want that:
# while a worker of nginx sends a blob from it, the same one answers at once what is
# in memory.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/tree.sh"
# shellcheck source=tests/slow-disk.sh
. "$TOP/tests/slow-disk.sh"

need root nginx curl pgrep
slow_disk "$T" 1048576 || skip "no disk can be made slow here: no root, no blkio, or no disk"
defer slow_disk_end

tree_new "$T/root"
tree_image docker.io/library/app 1 1 >/dev/null
head -c 24000000 /dev/urandom >"$T/big"
blob=$(tree_blob "$T/big")
tree_lists
file=$TREE/blobs/sha256/${blob#sha256:}

sync "$file"
forget "$file"
begin=$(date +%s%N)
# shellcheck disable=SC2016 # for the inner shell
sh -c 'echo $$ >"$0/cgroup.procs"; exec dd if="$1" of=/dev/null bs=64k count=32' \
    "$SLOW_GROUP" "$file" 2>/dev/null
[ $(($(date +%s%N) - begin)) -gt 500000000 ] ||
	skip "the disk is not slower for a control group"
forget "$file"

# One worker, so that it is the one.
mkdir -p "$T/one/scripts"
cp -R "$TOP/nginx" "$T/one/nginx"
cp "$TOP/scripts/serve" "$T/one/scripts/"
sed -i 's/worker_processes auto;/worker_processes 1;/' "$T/one/nginx/nginx.conf"
grep -q 'worker_processes 1;' "$T/one/nginx/nginx.conf" ||
	fail "worker_processes is not where it was"
address=127.0.0.1:$(free_port)
sh "$T/one/scripts/serve" "$TREE" "$address" >"$T/serve.out" 2>"$T/serve.log" &
serve=$!
defer "process_end $serve"
wait_for 20 grep -q '^serving ' "$T/serve.out" || fail "nginx does not start"
one_worker()
{
	worker=$(pgrep -P "$(pgrep -P $serve -x nginx)" -x nginx)
	[ "$(echo "$worker" | grep -c .)" -eq 1 ]
}
wait_for 10 one_worker || fail "more than one worker"
slow_disk_add "$worker"
base=http://$address/v2/library/app

curl -sS -o "$T/got" "$base/blobs/$blob" &
pull=$!
defer "process_end $pull"
wait_for 20 test -s "$T/got" || fail "the blob does not begin to come"
for number in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	curl -sSf -m 60 -o /dev/null "$base/manifests/1" || fail "manifest $number"
done
if process_over "$pull"; then
	fail "20 manifests waited for a blob"
fi
ok "20 manifests came while the worker had a blob to read"

# Now it is as fast as it is.
slow_disk_end
wait "$pull" || fail "the pull ended with $?"
check "the blob is whole" cmp "$T/big" "$T/got"

#!/bin/sh
# What cannot fit is not begun: an image that needs more than the file system has,
# beside what is on its way already, fails with its numbers and fetches nothing, the
# others of the list come, and what was served is served still. What an earlier run
# has begun has its room already, and one blob of two images counts once.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr root python3 curl
upstream
mkdir "$T/disk"
mount -t tmpfs -o size=20m,mode=755 none "$T/disk" 2>/dev/null ||
	skip "mounting is denied here"
defer "umount -l '$T/disk'"
ROOT=$T/disk/root

# room MIB: the disk has so many MiB free.
room()
{
	rm -f "$T/disk/filler"
	_room=$(($(df --output=avail -k "$T/disk" | tail -n 1) - 1024 * $1))
	dd if=/dev/zero of="$T/disk/filler" bs=1024 count=$_room 2>/dev/null
}

old=$(craft image library/big:1 --layers 1 --size 1000 --seed old)
sync "there is room" big:1
craft image library/big:1 --layers 2 --size 3000000 --seed big --json >"$T/objects"
new=$(pick 'v[-1].digest' "$T/objects")
small=$(craft image library/small:1 --layers 1 --size 1000 --seed small)

room 4
hub_mark
sync_rc "one of them does not fit" 1 --log json big:1 priority=9 small:1
expect_said "it says what is needed, and what is there" \
	'"error":"it needs 5[.0-9]* MiB more, and the file system has [0-9.]* MiB free.*: not started'
expect_said "with a reason of its own" '"reason":"no_room"'
expect_eq "none of its layers was asked for" 0 \
	"$(hub_count registry GET "library/big/blobs/")"
expect_published "its tag is where it was" big:1 "$old"
expect_published "the other one came" small:1 "$small"
tree_check "$ROOT"
expect_eq "the status has the reason" no_room \
	"$(pick 'i.reason for i in v.images if "big" in i.image' "$ROOT/status/status.json")"
grep -q 'cdr_sync_image_failures_total{reason="no_room"} 1' "$ROOT/status/metrics" ||
	fail "so have the metrics"
sync_rc "the plan says so before" 1 --plan big:1
expect_said "the plan says so before" 'NOT ENOUGH$'

# Two of three fit; they are begun together, and what is on its way is counted.
for n in 1 2 3; do
	craft image "library/app:$n" --layers 1 --size 1500000 --seed "app$n" >/dev/null
done
room 4
fault '{"listener": "cdn", "slow": 3000000}'
sync_rc "two of three fit" 1 app:1 app:2 app:3
no_faults
expect_said "what is on its way is counted" \
	'^error: .*app:[123]: it needs 1\.4[0-9]* MiB more, .* of which [0-9.]+ [KM]iB are reserved for images in progress'
expect_eq "two of three came" 2 \
	"$(find "$ROOT/repos/docker.io/library/app/_manifests" -name '[123]' | wc -l)"
tree_check "$ROOT"

# The same layer under two names needs its room once.
craft image library/one:1 --layers 1 --size 2500000 --seed same >/dev/null
craft image library/two:1 --layers 1 --size 2500000 --seed same >/dev/null
room 4
sync "one layer of two images needs its room once" one:1 two:1

# Half of it is here: the rest fits, the whole would not.
craft image library/begun:1 --layers 1 --size 6000000 --seed begun --json >"$T/objects"
layer=$(made layer)
room 8
fault "{\"listener\": \"cdn\", \"path\": \"${layer#sha256:}\", \"truncate\": 4000000}"
settings '{"max_tries": 1}'
sync_rc "it is cut short" 1 begun:1
no_faults
[ -s "$ROOT/_state/partial/$layer" ] || fail "a part of it is here"
room 3
hub_mark
sync "the rest of it fits" begun:1
expect_eq "it went on with what was here" 0 \
	"$(hub_since | awk -F '\t' '$2 == "cdn" && $6 == "-"' | wc -l)"
tree_check "$ROOT"

room 8
sync "with more room the rest comes" big:1 app:1 app:2 app:3
expect_published "with more room the rest comes" big:1 "$new"
tree_check "$ROOT"

#!/bin/sh
# A stick is pulled out while it is read, or exchanged between the check and the use; the
# disk fills up; somebody ends the run. Nothing is published that is not whole, what came
# stays, and the next run goes on from there. What does not fit is not begun. gc takes
# nothing away that an unfinished import has brought, until it is forgotten.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/bundles.sh"
. "$TOP/tests/check-tree.sh"
plain_build
need cdr python3 openssl build/tests/stick.so root?

bundles_begin
app=e.example/app
bundle one --split 3 "$app:a=a1,900" "$app:b=b1,900"
part=centre-site-1.cdr.003

with_stick()
{
	STICK_FILE=$part LD_PRELOAD=$TOP/build/tests/stick.so "$CDR" import -r "$SITE" \
		--key "$T/pub" --site site "$T/one"
}
pulled_out()
{
	STICK_EIO=$1 with_stick
}
expect_rc "the stick is pulled out in the middle of a layer" 1 pulled_out 500000
expect_said "it is told where" "/$part: blobs/sha256/[0-9a-f]{64}: Input/output error"
expect_said "and what waits" "^error: 1 image waits for it: $app:b"
leads a a1 900 || fail "what was whole was not published"
[ "$(du -sk "$SITE/_state/partial" | cut -f 1)" -ge 256 ] ||
	fail "what has come was not kept"
check "it is plugged in again" import "$T/one"
expect_said "and goes on" ' 1 new object,'
leads b b1 900 || fail "the second image is not there"
tree_check "$SITE"

# The part is another one when it is read than when it was looked at.
bundle two --seq 2 --split 3 "$app:a=a2,20" "$app:b=b2,20"
bundle other --seq 2 --id 22222222222222222222222222222222 --split 3 \
	"$app:a=evil,20" "$app:b=evil2,20"
part=centre-site-2.cdr.001
swapped()
{
	STICK_SWAP=$1:$T/other/$part STICK_FILE=$part \
		LD_PRELOAD=$TOP/build/tests/stick.so "$CDR" import -r "$SITE" \
		--key "$T/pub" --site site "$T/two"
}
cp -r "$T/other" "$T/other-2"
cp -r "$T/two" "$T/two-2"
expect_rc "it is exchanged before it is used" 1 swapped 3
expect_said "which is told" \
	"/$part: another statement is in it now than the one that was looked at"
leads a a1 900 && leads b b1 900 || fail "a tag has moved"
rm -r "$T/two"
mv "$T/two-2" "$T/two"
cp "$T/other-2/$part" "$T/other/"
python3 -S - "$T/other/$part" "$T/two/$part" <<'END'
import sys
other, right = (open(path, "rb").read() for path in sys.argv[1:])
# The right head, and what follows in another one.
head = 512 * (right[:8192].find(b"blobs/") // 512)
open(sys.argv[1], "wb").write(right[:head] + other[512 * (other[:8192].find(b"blobs/") // 512):])
END
expect_rc "only its objects are exchanged" 1 swapped 3
expect_said "which is told, too" "/$part: it has blobs/.* where its table has blobs/"
leads a a1 900 && leads b b1 900 || fail "a tag has moved"
rm -r "$T/two"
bundle two --seq 2 --split 3 "$app:a=a2,20" "$app:b=b2,20"
check "the right one is taken all the same" import "$T/two"
leads a a2 20 && leads b b2 20 || fail "the tags did not move"

# Somebody ends it, while it waits for a pipe.
bundle three --seq 3 --split 2 "$app:a=a3" "$app:b=b3"
mkfifo "$T/pipe"
"$CDR" import -r "$SITE" --key "$T/pub" --site site - <"$T/pipe" 2>"$T/pipe.log" &
pid=$!
exec 9>"$T/pipe"
cat "$T/three/centre-site-3.cdr.001" >&9
head -c 6000 "$T/three/centre-site-3.cdr.002" >&9
has_begun()
{
	[ "$(find "$SITE/_state/import" -name 'table-*' | wc -l)" -eq 2 ]
}
wait_for 10 has_begun || fail "it reads"
kill "$pid"
code=0
wait "$pid" || code=$?
exec 9>&-
expect_eq "a run that is ended ends with 4" 4 "$code"
leads a a2 20 || leads a a3 || fail "a tag leads elsewhere"

# What is here of it stays, whatever gc is asked for.
check "gc in between" "$CDR" gc -r "$SITE" --grace 0
check "the next run goes on" import "$T/three/centre-site-3.cdr.002"
leads a a3 && leads b b3 || fail "the tags did not move"

# Blobs alone, that nothing leads to, from a part that came first.
check "what is older goes" "$CDR" gc -r "$SITE" --grace 0
bundle four --seq 4 --split 3 "$app:a=a4,50"
expect_rc "the last part comes first" 1 import "$T/four/centre-site-4.cdr.003"
blobs=$(find "$SITE/blobs" -type f | wc -l)
check "gc keeps it" "$CDR" gc -r "$SITE" --grace 0
expect_eq "all of it" "$blobs" "$(find "$SITE/blobs" -type f | wc -l)"
check "also later" "$CDR" gc -r "$SITE" --grace 0
expect_eq "all of it, still" "$blobs" "$(find "$SITE/blobs" -type f | wc -l)"
id=$(ls "$SITE/_state/import")
check "until it is forgotten" "$CDR" import -r "$SITE" --forget "$id"
check "then gc takes it away" "$CDR" gc -r "$SITE" --grace 0
[ "$(find "$SITE/blobs" -type f | wc -l)" -lt "$blobs" ] || fail "it is still there"
check "and it can come again" import "$T/four"
tree_check "$SITE"

part "full disks" root || exit 0
mkdir "$T/disk"
mount -t tmpfs -o size=3m,mode=755 none "$T/disk" 2>/dev/null || {
	left_out "full disks" "mounting is denied here"
	exit 0
}
defer "umount -l '$T/disk'"
SITE=$T/disk/root
bundle small --seq 1 "$app:a=a1,100"
check "there is room" import "$T/small"
bundle large --seq 2 "$app:a=a2,9000"
expect_rc "what does not fit is not begun" 3 import "$T/large"
expect_said "with both numbers" 'needs 8.80 MiB more, and the file system has .* free'
leads a a1 100 || fail "the tag has moved"
expect_eq "nothing has been touched" "" "$(ls "$SITE/_state/import")"
bundle fits --seq 3 --split 2 "$app:a=a3,600" "$app:b=b3,600"
filled_up()
{
	# The last part comes late; the disk has been filled by then.
	{
		cat "$T/fits/centre-site-3.cdr.001"
		sleep 0.3
		dd if=/dev/zero of="$T/disk/filler" bs=4k 2>/dev/null || :
		cat "$T/fits/centre-site-3.cdr.002"
	} | import -
}
expect_rc "it fills up meanwhile" 3 filled_up
expect_said "which is told" 'error: .*No space left on device'
rm "$T/disk/filler"
leads a a1 100 || leads a a3 600 || fail "the tag leads elsewhere"
check "there is room again" import "$T/fits"
leads a a3 600 && leads b b3 600 || fail "the tags did not move"
tree_check "$SITE"

# What is left of it would not fit twice.
bundle last --seq 4 "$app:a=a4,1100"
rm -r "$T/one"
mv "$T/last" "$T/one"
part=centre-site-4.cdr.001
expect_rc "the stick is pulled out when most of a layer has come" 1 pulled_out 1000000
check "what has come needs no room again" import "$T/one"
leads a a4 1100 || fail "the tag did not move"

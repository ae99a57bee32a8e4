#!/bin/sh
# What has left its list stays until somebody asks for its end, and then for the whole
# term. Two lists on one tree, and `cdr sync REF`, unlist nothing of each other's. An
# image of which no run knows begins its term now. A list that is short by mistake
# removes nothing: not one that is empty, cannot be read or has errors, and none that
# would cost more than --max-delete of the images. What only the image led to stays
# for the grace, and shared layers for ever.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
. "$TOP/tests/unlist.sh"

need cdr python3 curl
upstream
for app in a b c d e; do
	craft image library/$app:1 --layers 2 --shared 1 --seed $app --size 20000 >/dev/null
done
craft image library/f:1 --layers 3 --shared 1 --seed e --size 20000 >/dev/null
craft image library/twin:1 --layers 2 --shared 1 --seed a --size 20000 >/dev/null
printf '%s\n' a:1 b:1 c:1 d:1 e:1 twin:1 >"$T/list"
sync "the first list" -i "$T/list"
# What is told has whole seconds.
sleep 1.1
sync "another one" f:1
expect_images "all is here" "a:1 b:1 c:1 d:1 e:1 f:1 twin:1"

gc "without any option nothing goes" --grace 0
expect_said "it says so" '^removed 0 of 7 images, 0 manifests, 0 blobs'
expect_images "all is here" "a:1 b:1 c:1 d:1 e:1 f:1 twin:1"
listed_ago 1 a:1 b:1 c:1 d:1 e:1 twin:1
gc "nor does one list cost what is on the other one" --keep-unlisted 2d --grace 0
expect_said "it says so" '^removed 0 of 7 images'

# a has left the list; the other list is the last one that ran.
listed_ago 29 a:1
gc "it is off the list for less than the term" --keep-unlisted 30d --grace 0
expect_said "nothing goes" '^removed 0 of 7 images'
expect_said "it is told of" '^1 of the images that stay is on no list;'
gc "by default unlisted images stay" --grace 0
listed_ago 31 a:1
gc "for longer" --keep-unlisted 30d
expect_said "it goes" '^removed docker.io/library/a:1  sha256:[0-9a-f]{12}  on no list for 30d or longer$'
expect_said "only it" '^removed 1 of 7 images, 0 manifests, 0 blobs'
expect_images "its tag has gone" "b:1 c:1 d:1 e:1 f:1 twin:1"
tree_check "$ROOT"
blobs=$(find "$ROOT/blobs" -type f | wc -l)
gc "what it led to stays for the grace" --keep-unlisted 30d
expect_eq "all blobs are here" "$blobs" "$(find "$ROOT/blobs" -type f | wc -l)"
gc "without a grace" --keep-unlisted 30d --grace 0
expect_said "its links go, but not what twin leads to" \
	'^removed 0 of 6 images, 0 manifests, 0 blobs and 2 other files'
tree_check "$ROOT"
sync "all that is listed is whole" -i "$T/list" f:1
sed -i /a:1/d "$T/list"

# Nobody knows of one: its term begins.
forgotten b:1
gc "no run knows of an image" --keep-unlisted 30d --grace 0
expect_said "nothing goes" '^removed 0 of 7 images'
grep -q ' docker.io/library/b:1$' "$ROOT/_state/unlisted" || fail "nothing is remembered"
mv "$ROOT/status/status.json" "$T/status.json"
gc "the status is lost" --keep-unlisted 1h --grace 0
expect_said "nothing goes" '^removed 0 of 7 images'
mv "$T/status.json" "$ROOT/status/status.json"

# The list is the truth.
refused "without a list it is not" 'keep-unlisted 0 needs a list' --keep-unlisted 0
: >"$T/empty"
refused "an empty list" 'no image in this list' -i "$T/empty" --keep-unlisted 0
echo '# all of them' >"$T/comments"
refused "one of comments, beside a good one" 'no image in this list' \
	-i "$T/list" -i "$T/comments" --keep-unlisted 0
refused "none" 'no such file' -i "$T/none" --keep-unlisted 0
printf 'b:1\nC:1\n' >"$T/bad"
refused "one with a mistake" "$T/bad:2: .*lower case" -i "$T/bad" --keep-unlisted 0
head -n 2 "$T/list" >"$T/short"
refused "one that is too short" \
	'5 of 7 images would go, which is more than 30 of 100.*--max-delete' \
	-i "$T/short" --keep-unlisted 0
refused "one that is too short by one" '2 of 7 images would go' -i "$T/list" \
	--keep-unlisted 0 --max-delete 28
grep -v d:1 "$T/list" >"$T/less"
gc "one that is meant" -i "$T/less" --keep-unlisted 0 --grace 0 --max-delete 43%
expect_said "what others share stays" '^removed 3 of 7 images, 2 manifests, 5 blobs'
expect_images "it is the truth" "b:1 c:1 e:1 twin:1"
tree_check "$ROOT"
gc "two of them" -i "$T/short" -i "$T/less" --keep-unlisted 0 --grace 0
expect_images "they are one" "b:1 c:1 e:1 twin:1"

# Pins and holds, whatever the list says.
pinned=$(published c:1)
check "one is pinned" "$CDR" pin -r "$ROOT" b:1
check "another one by its digest" "$CDR" pin -r "$ROOT" "c@$pinned"
check "one is held" "$CDR" rollback -r "$ROOT" e:1 "$(published e:1)"
echo twin:1 >"$T/twin"
gc "none of them is listed" -i "$T/twin" --keep-unlisted 0 --grace 0 --max-delete 100%
expect_images "they stay, but for the tag of one" "b:1 e:1 twin:1"
here "$pinned" || fail "what is pinned is not here"
tree_check "$ROOT"
check "one is pinned no more" "$CDR" unpin -r "$ROOT" b:1
check "nor the other one" "$CDR" unpin -r "$ROOT" "c@$pinned"
check "nor is one held" "$CDR" rollback -r "$ROOT" --release e:1
gc "now they go" -i "$T/twin" --keep-unlisted 0 --grace 0 --max-delete 100%
expect_images "only what is listed is here" "twin:1"
here "$pinned" && fail "what was pinned is here"
tree_check "$ROOT"

#!/bin/sh
# --max-bytes: a run ends with 4 when it has received so many bytes, not one more
# of a blob, and says so; what came is kept, in part as well; images that are
# complete are published. Run after run gets on, and the last one ends with 0, with
# no byte fetched twice.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
# Tokens and redirects have bodies as well, and those count.
start_hub --mode open --no-redirect
small=$(craft image library/small:1 --layers 1 --size 4096)
large=$(craft image library/large:1 --layers 1 --size 900000 --seed large)

# received: of the last run, as the program counts
received()
{
	pick -l 'o.bytes for o in v if o.message == "summary"' "$T/stdout"
}

sync "without it" --log json small:1 large:1
all=$(received)
rm -rf "$ROOT"

sync "more than there is" --log json --max-bytes 2M small:1 large:1
expect_eq "changes nothing" "$all" "$(received)"
rm -rf "$ROOT"

# The last byte is not the end of an image, but nothing is left to do either.
sync "as much as there is" --log json --max-bytes "$all" small:1 large:1
expect_eq "is enough" "$all" "$(received)"
rm -rf "$ROOT"

# The small one goes first, and alone.
sync_rc "the first run" 4 --log json --jobs 1 --max-bytes 200000 small:1 large:1
expect_eq "not one byte more" 200000 "$(received)"
expect_said "it says how much is left" \
	'stopped after 195 KiB, as --max-bytes says; at least .* are left; the next run goes on'
expect_eq "one image is not reached" 1 "$(pick -l 'o.not_reached for o in v if o.message == "summary"' "$T/stdout")"
expect_published "the small image is there" small:1 "$small"
expect_published "the large one is not" large:1 nothing
tree_check --resumable "$ROOT"
[ "$(find "$ROOT/_state/partial" -type f -size +100k | wc -l)" -eq 1 ] ||
	fail "no part of the large blob is kept"

sum=200000 runs=1 rc=4
while [ $rc -eq 4 ] && [ $runs -lt 9 ]; do
	rc=0
	"$CDR" sync -r "$ROOT" --log json --max-bytes 195.3125K small:1 large:1 \
		>"$T/stdout" 2>"$T/stderr" || rc=$?
	[ "$(received)" -le 200000 ] || fail "run $runs got $(received) bytes"
	sum=$((sum + $(received)))
	runs=$((runs + 1))
	tree_check --resumable "$ROOT"
done
expect_eq "the last one ends well" 0 $rc
expect_eq "after as many as it takes" $(((all + 199999) / 200000)) $runs
expect_eq "no byte came twice" "$all" $sum
expect_published "the large image is there" large:1 "$large"
tree_check "$ROOT"

# Nothing is missing, so nothing is spent.
sync "an unchanged list" --log json --max-bytes 10K small:1 large:1
expect_eq "costs nothing" 0 "$(received)"

# Less than a manifest: it comes as a whole, and that is all.
rm -rf "$ROOT"
big=$(overlay huge-manifest library/big:1 --bytes 50000 --layers 1)
sync_rc "a manifest that is more than it" 4 --log json --max-bytes 10K big:1
[ "$(received)" -ge 50000 ] || fail "only $(received) bytes came"
tree_check --resumable "$ROOT"
sync "the next run" --max-bytes 20K big:1
expect_published "has the rest" big:1 "$big"
tree_check "$ROOT"

for value in 0 9K 10KB '' 2000T; do
	sync_rc "--max-bytes '$value'" 2 --max-bytes "$value" -r "$T/other" small:1
	expect_said "it says what is right" "--max-bytes: it takes "
	[ ! -e "$T/other" ] || fail "it made a tree"
done

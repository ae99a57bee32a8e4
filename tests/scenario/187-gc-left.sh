#!/bin/sh
# Where there is too little room, what has left its list goes, and nothing else. Two lists
# are mirrored into one tree, in turn: neither makes room at the other one's expense,
# though the last run had only one of them, and an image that somebody has mirrored by hand
# stays as well. When one list has had a run without an image, that goes first. A list on
# standard input is another one each time.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
. "$TOP/tests/check-tree.sh"

need cdr python3 curl
upstream
for name in a b c d e; do
	craft image "library/$name:1" --seed "$(printf %d "'$name")" >/dev/null
done
printf 'a:1\nb:1\n' >"$T/one"
printf 'c:1\n' >"$T/two"
images()
{
	"$CDR" ls -r "$ROOT" | sed -n 's/^docker.io.library.\(.\):1 .*/\1/p' | tr -d '\n'
}
# The same second would make two runs one.
turn()
{
	sync "$@"
	sleep 1.1
}
turn "one list" -i "$T/one"
turn "another one" -i "$T/two"
turn "by hand" d:1
turn "on standard input" -i - <<END
e:1
END
expect_rc "too little room, and all of it is listed" 1 "$CDR" gc -r "$ROOT" --max-size 1K
expect_said "it says what counts" 'in the last 8 days, .* counts as listed'
expect_eq "nothing has gone" abcde "$(images)"

printf 'a:1\n' >"$T/one"
turn "b has left its list" -i "$T/one"
(cd "$T" && turn "as the other one has it, by another name of the same file" -i two)
expect_rc "too little room" 1 "$CDR" gc -r "$ROOT" --max-size 1K --max-delete 50%
expect_eq "b has gone" acde "$(images)"
tree_check "$ROOT"
printf 'a:1\nc:1\n' >"$T/one"
turn "c is on both lists, and the other one comes to it last" -i "$T/one"
printf 'a:1\n' >"$T/one"
turn "then on one" -i "$T/one"
expect_rc "too little room" 1 "$CDR" gc -r "$ROOT" --max-size 1K --max-delete 50%
expect_eq "nothing has gone" acde "$(images)"
turn "it is listed again" -i "$T/two" b:1
expect_rc "too little room" 1 "$CDR" gc -r "$ROOT" --max-size 1K --max-delete 50%
expect_eq "nothing has gone" abcde "$(images)"

#!/bin/sh
# `cdr pin` writes full names into keep/pins, and `cdr unpin` takes them out; a name is
# there once, and what people have written around it stays. What is not in the tree is
# refused by name, the others are pinned. `cdr pin` and `cdr ls` tell what is pinned. A
# file that nobody understands is an error, and is left as it is. None of it waits for a
# run that is at work, or makes a tree.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
pins=$ROOT/keep/pins
one=$(craft image library/app:1 --layers 1 --seed 1)
craft image library/app:2 --layers 1 --seed 2 >/dev/null
craft image library/slow:1 --layers 1 --seed 3 >/dev/null

pin()
{
	_title=$1
	shift
	check "$_title" "$CDR" pin -r "$ROOT" "$@"
}

expect_rc "no tree" 3 "$CDR" pin -r "$ROOT" app:1
[ ! -e "$ROOT" ] || fail "a tree was made"
sync "two images" app:1 app:2
expect_rc "a tag and a digest" 2 "$CDR" pin -r "$ROOT" "app:1@$one"
expect_rc "no name" 2 "$CDR" pin -r "$ROOT" App:1
expect_rc "nothing to let go" 2 "$CDR" unpin -r "$ROOT"
expect_rc "no such option" 2 "$CDR" pin --all
expect_rc "what is not here" 1 "$CDR" pin -r "$ROOT" app:9
[ ! -e "$pins" ] || fail "something was pinned"
pin "nothing is pinned"
expect_eq "it prints nothing" "" "$(cat "$T/stdout")"

expect_rc "one of three is not here" 1 "$CDR" pin -r "$ROOT" app:9 app:2 "app@$one"
expect_said "it names it" 'error: docker.io/library/app:9: it is not here'
expect_said "the others are pinned" '^pinned  docker.io/library/app:2$'
expect_eq "the file" "docker.io/library/app:2
docker.io/library/app@$one" "$(cat "$pins")"
expect_eq "its mode" 444 "$(stat -c %a "$pins")"
tree_check "$ROOT"
before=$(stat -c %i "$pins")
pin "again" app:2
expect_eq "nothing is written" "$before" "$(stat -c %i "$pins")"
check "cdr ls" "$CDR" ls -r "$ROOT"
expect_said "it shows it" 'library/app:2 .*  pinned$'
expect_eq "of one tag" 1 "$(grep -c pinned "$T/stdout")"
check "cdr ls --json" "$CDR" ls -r "$ROOT" --json
expect_eq "so does this" docker.io/library/app:2 \
	"$(pick 'o.image for o in v if o.pinned == True' "$T/stdout")"

# What people write stays.
rm -f "$pins"
printf '%s\n' '# for the auditors, until May' docker.io/library/app:1 '' \
	docker.io/library/gone:1 >"$pins"
pin "one more" app:2
pin "what is pinned"
expect_eq "it says what keeps nothing" 'docker.io/library/app:1
docker.io/library/gone:1  not here
docker.io/library/app:2' "$(cat "$T/stdout")"
check "let go of what is not here" "$CDR" unpin -r "$ROOT" gone:1
expect_said "it says so" '^unpinned  docker.io/library/gone:1$'
expect_rc "of what was not pinned, and of one that was" 1 "$CDR" unpin -r "$ROOT" gone:1 app:2
expect_said "it names it" 'error: docker.io/library/gone:1: it is not pinned'
expect_eq "remarks are left" '# for the auditors, until May
docker.io/library/app:1

-' "$(cat "$pins"; echo -)"

rm -f "$pins"
echo nginx >"$pins"
expect_rc "a line that is no full name" 1 "$CDR" pin -r "$ROOT" app:1
expect_said "it says which" "error: $ROOT: keep/pins: line 1 is no full name"
expect_rc "nor is it read" 3 "$CDR" pin -r "$ROOT"
check "cdr ls goes on" "$CDR" ls -r "$ROOT"
expect_said "with a warning" 'warning: keep/pins: line 1'
expect_eq "the file is as it was" nginx "$(cat "$pins")"
rm -f "$pins"
ln -s ../cdr-layout "$pins"
expect_rc "a link in its place" 1 "$CDR" pin -r "$ROOT" app:1
expect_eq "it is not followed" 2 "$(cat "$ROOT/cdr-layout")"
rm "$pins"

# --- beside a run -------------------------------------------------------------------

asked()
{
	[ "$(hub_count registry GET /slow/blobs/)" -gt 0 ]
}

fault '{"listener": "cdn", "delay_ms": 2500, "times": 1}'
"$CDR" sync -r "$ROOT" slow:1 >"$T/first.log" 2>&1 &
pid=$!
wait_for 10 asked || fail "the run does not begin"
within 1 pin "beside a run" app:1
[ -f "$ROOT/_state/unclean" ] || fail "the run is over already"
expect_eq "it is pinned" docker.io/library/app:1 "$(cat "$pins")"
wait $pid || fail "the run has failed"
tree_check "$ROOT"

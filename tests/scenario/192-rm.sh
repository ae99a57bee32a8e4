#!/bin/sh
# `cdr rm REF` takes an image out at once, with what only it and the digests that it
# had before lead to, and nothing else. What is pinned is refused, what is not here is
# an error by its name, and the others go all the same. A held one goes with its hold.
# One that the last run had on its list is told to come back, and does.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
. "$TOP/tests/unlist.sh"

need cdr python3 curl
upstream
rm_rc()
{
	_title=$1 _code=$2
	shift 2
	expect_rc "$_title" "$_code" "$CDR" rm -r "$ROOT" "$@"
}

for app in a b c held; do
	craft image library/$app:1 --layers 2 --shared 1 --seed $app >/dev/null
done
craft image library/a:2 --layers 2 --shared 1 --seed a >/dev/null
old=$(craft image library/old:1 --layers 1 --seed old)
by=$(craft image library/by:1 --layers 1 --seed by)
sync "what old was, and an image without a tag" "old:1" "by@$by"
new=$(craft image library/old:1 --layers 1 --seed new)
sync "images" a:1 a:2 b:1 c:1 held:1 old:1
check "one is held" "$CDR" rollback -r "$ROOT" held:1 "$(published held:1)"
check "one is pinned" "$CDR" pin -r "$ROOT" b:1
check "and what another one leads to" "$CDR" pin -r "$ROOT" "c@$(published c:1)"

rm_rc "usage" 2
rm_rc "a bad reference" 2 a:1 A:1
expect_said "it is told" 'lower case'
rm_rc "one is not here, one is pinned" 1 none:1 b:1 c:9 a:2
expect_said "the first" '^error: docker.io/library/none:1 is not in this tree'
expect_said "the second" '^error: docker.io/library/b:1 is pinned'
expect_said "the third" '^error: docker.io/library/c:9 is not in this tree'
expect_said "the last one goes" '^removed docker.io/library/a:2  sha256:.* as asked$'
expect_said "and will come back" 'docker.io/library/a:2 was on the list of the last run'
expect_images "its twin stays" "a:1 b:1 by@sha256:$(echo "${by#*:}" | cut -c 1-8) c:1 held:1 old:1"
tree_check "$ROOT"
rm_rc "its digest is pinned" 1 c:1
expect_said "it is told" '^error: docker.io/library/c:1 is pinned'
check "it is no more" "$CDR" unpin -r "$ROOT" "c@$(published c:1)"
rm_rc "the tag leads elsewhere" 1 "c:1@$old"
expect_said "it is told" 'leads to another digest here'
rm_rc "a digest that a tag leads to is no image of its own" 1 "a@$(published a:1)"
expect_said "it is told" '^error: .*a@sha256:.* is no image of its own here: .*name that$'
expect_images "all are here" "a:1 b:1 by@sha256:$(echo "${by#*:}" | cut -c 1-8) c:1 held:1 old:1"

check "one with a history" "$CDR" rm -r "$ROOT" old:1
expect_said "all goes at once" '^removed 1 of 6 images, 2 manifests, 4 blobs'
here "$old" && fail "what it was is here"
here "$new" && fail "it is here"
check "one without a tag" "$CDR" rm -r "$ROOT" "by@$by"
here "$by" && fail "it is here"
expect_images "the others" "a:1 b:1 c:1 held:1"
check "one that is held" "$CDR" rm -r "$ROOT" -q held:1
expect_eq "it says nothing but that it comes back" 1 "$(cat "$T/stdout" "$T/stderr" | wc -l)"
! [ -e "$ROOT/repos/docker.io/library/held/_held/1" ] || fail "its hold is here"
tree_check "$ROOT"
sync "what is listed comes back" a:1 b:1 c:1 held:1 old:1
expect_published "to where upstream is" old:1 "$new"
tree_check "$ROOT"

mkdir "$T/other"
rm_rc "no tree" 3 -r "$T/other" a:1
expect_eq "none is made" "" "$(ls "$T/other")"

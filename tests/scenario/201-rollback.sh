#!/bin/sh
# `cdr rollback` sets a tag to the digest that it had before, and holds it there: runs
# leave it alone, whatever upstream says, until it is released; then the next run moves
# it again. What was rolled back from is not gone back to. `cdr ls --history` says what
# there was and what of it is whole. A digest that is not whole here, that is not of the
# repository, or that the tag never had is refused by name, and nothing is touched.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
repo=repos/docker.io/library/app
tag=docker.io/library/app:1

# rollback "what" ARG..., rollback_rc "what" N ARG...
rollback()
{
	_title=$1
	shift
	check "$_title" "$CDR" rollback -r "$ROOT" "$@"
}

rollback_rc()
{
	_title=$1 _code=$2
	shift 2
	expect_rc "$_title" "$_code" "$CDR" rollback -r "$ROOT" "$@"
}

# indexed DIGEST: what index.json has for the tag.
indexed()
{
	pick 'm.digest for m in v.manifests if m.annotations["io.containerd.image.name"] == name' \
		"$ROOT/index.json" name=$tag
}

rollback_rc "no tree" 3 app:1
[ ! -e "$ROOT" ] || fail "a tree was made"

one=$(craft image library/app:1 --layers 1 --seed 1)
sync "the first" app:1
rollback_rc "there is none before it" 1 app:1
expect_said "it says so" "^error: $tag: the tag had no other digest before"
two=$(craft index library/app:1 --layers 1 --seed 2 --platforms linux/amd64,linux/arm64)
sync "the second" app:1
three=$(craft image library/app:1 --layers 1 --seed 3)
sync "the third" app:1

# --- what is refused ----------------------------------------------------------------

before=$(cd "$ROOT" && find . -type f -o -type l | LC_ALL=C sort | xargs ls -ld --time-style=+)
rollback_rc "no tag" 2
rollback_rc "two tags" 2 app:1 app:2
rollback_rc "a digest alone" 2 "app@$two"
expect_said "it says so" 'a tag alone can be set back'
rollback_rc "a tag and a digest" 2 "app:1@$two"
rollback_rc "half a digest" 2 app:1 sha256:12
rollback_rc "both" 2 app:1 "$two" -1
rollback_rc "steps, twice" 2 app:1 -1 -2
rollback_rc "too many steps to mean it" 2 app:1 -5000
rollback_rc "steps to let go" 2 --release app:1 -1
rollback_rc "no such option" 2 --back app:1
rollback_rc "more steps than there are" 1 app:1 -3
expect_said "it says how many there are" "error: $tag: the tag can be set back by 2 step"
rollback_rc "no such tag" 1 app:9
expect_said "it names it" 'error: docker.io/library/app:9: there is no such tag here'
rollback_rc "no such digest" 1 app:1 "sha256:$(printf %064d 7)"
expect_said "it names it" "error: $tag: the repository does not have sha256:0*7 here"
expect_eq "nothing was touched" "$before" \
	"$(cd "$ROOT" && find . -type f -o -type l | LC_ALL=C sort | xargs ls -ld --time-style=+)"

check "the history" "$CDR" ls -r "$ROOT" --history app:1
expect_said "the third" "published  $three  current$"
expect_said "the second" "published  $two  -1$"
expect_said "the first" "published  $one  -2$"
layer=$(pick 'c.digest for c in v.layers' "$ROOT/$repo/_manifests/$one")
mv "$ROOT/blobs/sha256/${layer#*:}" "$T/layer"
rollback_rc "a layer is not here" 1 app:1 -2
expect_said "it names both" "error: $tag: $one is not whole here: $layer is not here"
check "the history" "$CDR" ls -r "$ROOT" --history app:1 --json
expect_eq "it says so, too" "$one $layer is not here" \
	"$(pick 'words(o.digest, o.lacks) for o in v if not o.whole' "$T/stdout")"
child=$(pick 'v.manifests[1].digest' "$ROOT/$repo/_manifests/$two")
mv "$ROOT/$repo/_manifests/$child" "$T/child"
rollback "a child that was not asked for is none that is missing" app:1 "$two"
mv "$T/child" "$ROOT/$repo/_manifests/$child"
rollback "forth again" app:1 "$three"
mv "$T/layer" "$ROOT/blobs/sha256/${layer#*:}"
rollback "let go" --release app:1
expect_published "all is as it was" app:1 "$three"
tree_check "$ROOT"

# --- back, held, and let go ---------------------------------------------------------

rollback "back" app:1
expect_said "it says what it has done" "^rolled back  $tag  $three -> $two$"
expect_said "and what to do then" "cdr rollback --release $tag"
expect_published "the tag has moved" app:1 "$two"
expect_eq "index.json tells of it" "$two" "$(indexed)"
expect_eq "so does the page's list" "$two" \
	"$(pick 'o.digest for o in v.images' "$ROOT/status/images.json")"
tree_check "$ROOT"
rollback "the same again" app:1 "$two"
expect_said "it says that nothing is to be done" "^unchanged    $tag  $two$"
check "the history" "$CDR" ls -r "$ROOT" --history app:1
expect_eq "the newest first" "rollback current held
rollback rolled back from
rollback
published rolled back from
published
published -1" "$(sed '1d; s/^[^ ]* *//; s/ *sha256:[0-9a-f]*//; s/  */ /g' "$T/stdout")"
check "all images" "$CDR" ls -r "$ROOT"
expect_said "it is held" 'library/app:1 .*  held$'
four=$(craft image library/app:1 --layers 1 --seed 4)
sync "upstream has moved on" app:1
expect_said "the run leaves it alone" "^held +$tag "
sync_rc "a line pins another digest" 1 "app:1@$four"
expect_said "that is its error" "$tag.*command line pins it to $four, but it is held at $two here"
expect_published "the tag is where it was" app:1 "$two"
rollback "let go" --release --json app:1
expect_eq "it says so" "$tag released" "$(pick 'words(v.image, v.result)' "$T/stdout")"
expect_published "the tag is where it was" app:1 "$two"
rollback "once more" --release app:1
expect_said "there is nothing to let go" "^not held     $tag"
sync "the next run" app:1
expect_published "moves it" app:1 "$four"
rollback "back, in JSON" --json app:1
expect_eq "not to the one that was left" "$tag rolled_back $four $two" \
	"$(pick 'words(v.image, v.result, v["from"], v.digest)' "$T/stdout")"
rollback "and further" -1 app:1
expect_published "the first of all" app:1 "$one"
rollback "held where it is" --release app:1
rollback "held where it is" app:1 -0
expect_said "it says so" "^held         $tag  $one$"
sync "a run leaves it" app:1
expect_published "it is where it was" app:1 "$one"
tree_check "$ROOT"

# A hold that nobody can read is no obstacle to whoever sets it anew.
rm -f "$ROOT/$repo/_held/1"
echo 'of late' >"$ROOT/$repo/_held/1"
sync_rc "a hold without a digest" 1 app:1
rollback "set anew" app:1 "$two"
sync "a run leaves it" app:1
expect_published "there it is" app:1 "$two"

# Somebody died between the hold and the tag: the next run sets it there.
ln -sfn "$(readlink "$ROOT/$repo/_manifests/$four")" "$ROOT/$repo/_manifests/1"
sync "a hold, and the tag elsewhere" app:1
expect_said "it is held" "^held +$tag "
expect_published "the tag has moved there" app:1 "$two"
tree_check "$ROOT"

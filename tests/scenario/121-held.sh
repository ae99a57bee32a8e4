#!/bin/sh
# A tag with a file in _held stays where it is, whatever upstream says: the run does
# not ask, ends with 0, and its log, status.json, the metrics and `cdr ls` say so. It
# does so for a tag that comes to be held while its new image is on its way. A line
# that pins another digest is an error, and a hold that nobody can read is one. When
# it is held no more, the tag moves.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
old=$(craft image library/app:1 --layers 1)
craft image library/other:1 --layers 1 --seed 2 >/dev/null
sync "two images" app:1 other:1
new=$(craft image library/app:1 --layers 1 --seed 3)
repo=$ROOT/repos/docker.io/library/app

hold()
{
	mkdir -p "$repo/_held"
	rm -f "$repo/_held/1"
	printf '%s\n' "$1" >"$repo/_held/1"
	chmod 444 "$repo/_held/1"
}

image_is()
{
	pick 'words(o.result, o.digest) for o in v.images if o.image == name' \
		"$ROOT/status/status.json" name=docker.io/library/app:1
}

hold "2026-11-20T10:53:07Z $old"
hub_mark
sync "a tag that is held" app:1 other:1
expect_said "it says so" '^held +docker.io/library/app:1 '
expect_said "the last line, too" '2 images: 1 unchanged, 0 updated, 1 held, 0 failed'
expect_eq "upstream is not asked for it" 0 "$(hub_count registry - /library/app/)"
expect_published "it is where it was" app:1 "$old"
expect_eq "status.json" "held $old" "$(image_is)"
expect_eq "the run was well" "ok 0 1" "$(pick 'words(v.result, v.exit_code, v.totals.held)' \
	"$ROOT/status/status.json")"
grep -qx 'cdr_sync_last_images{result="held"} 1' "$ROOT/status/metrics" ||
	fail "the metrics do not tell of it"
grep -qx 'cdr_image_sync_success{image="docker.io/library/app:1"} 1' \
	"$ROOT/status/metrics" || fail "a held image counts as a failure"
check "cdr ls" "$CDR" ls -r "$ROOT"
expect_said "it shows it" 'library/app:1 .*  held$'
expect_eq "for one of them" 1 "$(grep -c held "$T/stdout")"
check "cdr ls --json" "$CDR" ls -r "$ROOT" --json
expect_eq "it shows it" 'docker.io/library/app:1' \
	"$(pick 'o.image for o in v if o.held == True' "$T/stdout")"
tree_check "$ROOT"
grep -q held "$ROOT/repos/docker.io/library/app/_tags/list" "$ROOT/catalog.json" \
	"$ROOT/index.json" && fail "a list has it"

# What it has lost comes again, by its digest.
layer=$(find "$ROOT/blobs" -type f -size +5k | head -n 1)
rm "$layer"
sync "a layer of it, or of the other one, was lost" app:1 other:1
[ -f "$layer" ] || fail "it has not come again"
tree_check "$ROOT"

sync_rc "a line pins another digest" 1 "app:1@$new"
expect_said "it says so" "app:1.*command line pins it to $new, but it is held at $old here"
printf 'other:1\napp:1@%s\n' "$new" >"$T/list"
sync_rc "so does one of a list" 1 -i "$T/list"
expect_said "it says which" "app:1.*$T/list:2 pins it to $new, but it is held at $old here"
sync "a line pins the same" "app:1@$old"
expect_published "it is where it was" app:1 "$old"
hold 'of late'
sync_rc "a hold without a digest" 1 app:1 other:1
expect_said "it says where" 'error: .*app:1: repos/docker.io/library/app/_held/1: '
expect_published "it is where it was" app:1 "$old"

# --- meanwhile ----------------------------------------------------------------------

rm "$repo/_held/1"
fault '{"listener": "cdn", "delay_ms": 1500, "times": 1}'
hub_mark
"$CDR" sync -r "$ROOT" app:1 >"$T/first.log" 2>&1 &
pid=$!
asked()
{
	[ "$(hub_count registry GET /blobs/)" -gt 0 ]
}
wait_for 10 asked || fail "the run does not begin"
hold "2026-11-20T10:53:07Z $old"
wait $pid || fail "held meanwhile: the run fails"
grep -q '^held  *docker.io/library/app:1 ' "$T/first.log" ||
	fail "held meanwhile: it does not say so"
expect_published "held meanwhile: it is where it was" app:1 "$old"
tree_check "$ROOT"

rm "$repo/_held/1"
sync "held no more" app:1
expect_published "it has moved" app:1 "$new"
tree_check "$ROOT"

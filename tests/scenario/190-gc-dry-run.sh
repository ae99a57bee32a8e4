#!/bin/sh
# `cdr gc -n` says what would go, and that is what goes then. It changes nothing: no
# file, no time, no byte; it opens nothing for writing and takes no lock, so that it
# runs beside a sync, and on a tree that cannot be written. --json prints one object.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
. "$TOP/tests/unlist.sh"

need cdr python3 curl strace
upstream
for app in a b c d; do
	craft image library/$app:1 --layers 2 --seed $app >/dev/null
done
craft image library/b:1 --layers 1 --seed b >/dev/null
sync "images" a:1 b:1 c:1 d:1
craft image library/b:1 --layers 1 --seed b2 >/dev/null
sync "one has moved" a:1 b:1 d:1
listed_ago 40 c:1
forgotten d:1

tree_print "$ROOT" >"$T/before"
gc "a dry run" -n -v --keep-unlisted 30d --grace 0
cp "$T/stdout" "$T/dry"
expect_said "it says what would go" '^would remove docker.io/library/c:1 '
expect_said "in all" '^would remove 1 of 4 images, 1 manifest, 3 blobs'
gc "in JSON" -n -v --json --keep-unlisted 30d --grace 0 -q
expect_eq "it is the same" "true ok 1 4" "$(pick \
	'words(v.dry_run, v.result, v.totals.images_removed, v.totals.images)' "$T/stdout")"
expect_eq "images with the reason" "docker.io/library/c:1 unlisted" \
	"$(pick 'words(r.name, r.why) for r in v.removed if r.kind == "image"' "$T/stdout")"
expect_eq "one line an object" "$(grep -c '^would remove [^0-9]' "$T/dry")" \
	"$(grep -c '"kind"' "$T/stdout")"
gc "the short form" -n --json --keep-unlisted 30d --grace 0
expect_eq "images alone" 1 "$(grep -c '"kind"' "$T/stdout")"
gc_rc "too many" 2 -n --json --keep-unlisted 30d --max-delete 0
expect_eq "it is an object as well" too_many "$(pick v.result "$T/stdout")"
gc_rc "more room than there can be" 1 -n --json --min-free 99%
expect_eq "it is an object as well" no_room "$(pick v.result "$T/stdout")"
expect_said "it says what would make room" \
	'^warning: docker.io/library/a:1 by itself has [0-9.]+ KiB'
expect_said "and what counts as listed" '^warning: .* in the last 8 days, .* with -i LIST that list alone counts'
(
	plain_build
	strace -f -e trace=file,desc,flock -o "$T/trace" "$CDR" gc -r "$ROOT" -n \
		--keep-unlisted 30d --grace 0 >/dev/null
)
grep -E 'O_WRONLY|O_RDWR|O_CREAT|O_TMPFILE|unlink|rename|mkdir|link\(|linkat|symlink|flock\(|chmod|utimens|truncate|fsync' \
	"$T/trace" | grep -v -e readlink -e /dev/tty && fail "it writes, or locks"
tree_print "$ROOT" >"$T/after"
cmp "$T/before" "$T/after" || fail "a dry run has changed something"
ok "a dry run changes nothing"

# Beside a run that has the lock, whatever it does.
flock "$ROOT/_state/lock" "$CDR" gc -r "$ROOT" -n --keep-unlisted 30d --grace 0 \
	>"$T/locked" || fail "beside a run"
grep -q '^would remove 1 of 4 images, 1 manifest, 3 blobs' "$T/locked" ||
	fail "beside a run it says the same"
expect_rc "one that writes has to wait" 3 flock "$ROOT/_state/lock" \
	"$CDR" gc -r "$ROOT" --wait 1
expect_said "it says so" "$ROOT"

gc "in earnest" -v --keep-unlisted 30d --grace 0
expect_eq "it is what was said" "$(sed -n 's/^would remove \([^0-9]\)/\1/p' "$T/dry" | sort)" \
	"$(sed -n 's/^removed \([^0-9]\)/\1/p' "$T/stdout" | sort)"
tree_check "$ROOT"
gc "in JSON" --json --keep-unlisted 30d --grace 0
expect_eq "nothing is left to do" "false ok 0" \
	"$(pick 'words(v.dry_run, v.result, v.totals.images_removed)' "$T/stdout")"

mkdir "$T/other"
gc_rc "no tree" 3 -r "$T/other"
gc_rc "none at all" 3 -n -r "$T/nowhere"
expect_eq "none is made" "" "$(ls "$T/other")"
[ ! -e "$T/nowhere" ] || fail "one was made"
gc_rc "an argument" 2 a:1
gc_rc "no time" 2 --grace soon
gc_rc "no size" 2 --min-free 100%
gc_rc "no share" 2 --max-delete 101%

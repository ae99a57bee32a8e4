#!/bin/sh
# `cdr rm` is killed at each of its renames, those of status/ among them. Nothing says
# then that an image is here that is not, once the next command has run: gc makes all
# lists right. No counter goes back. What status.json knows of the others stays.
# Tier: all
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
. "$TOP/tests/crash.sh"

need cdr python3 curl strace
plain_build
tracing
upstream
for i in 1 2 3 4; do
	craft image "library/app:$i" --layers 1 --seed $i >/dev/null
done
sync "four images" app:1 app:2 app:3 app:4
check "one is removed" "$CDR" rm -q -r "$ROOT" app:4
mv "$ROOT" "$T/before"
others='["docker.io/library/app:1", "docker.io/library/app:2"]'

# agrees "when"
agrees()
{
	expect_eq "$1: images.json has what is here" \
		"$("$CDR" ls -r "$ROOT" --json | pick '[i.image, i.digest, i.bytes] for i in v')" \
		"$(pick '[i.image, i.digest, i.size] for i in v.images' "$ROOT/status/images.json")"
	expect_eq "$1: so has blobs.json" "$(pick 'i.image for i in v.images' \
		"$ROOT/status/images.json")" "$(pick 'i.image for i in v.images' "$ROOT/status/blobs.json")"
	check "$1: the others are known" pick -q "{i.image for i in v.images} >= set($others)" \
		"$ROOT/status/status.json"
	[ "$(sed -n 's/^cdr_gc_removed_images_total //p' "$ROOT/status/metrics")" -ge 1 ] ||
		fail "$1: a counter went back"
	expect_eq "$1: the run of sync" "ok 4" \
		"$(pick 'words(v.result, v.totals.images)' "$ROOT/status/summary.json")"
}

step=0
while :; do
	step=$((step + 1))
	[ $step -lt 60 ] || fail "it never ends"
	rm -rf "$ROOT"
	cp -a "$T/before" "$ROOT"
	_rc=0
	strace -f -qq -o "$T/trace" -e trace=renameat -e "inject=renameat:signal=KILL:when=$step" \
		"$CDR" rm -q -r "$ROOT" app:3 >"$T/stdout" 2>"$T/stderr" || _rc=$?
	[ $_rc -ne 0 ] || break
	expect_eq "killed at rename $step" 137 $_rc
	tree_check --dead "$ROOT"
	check "the next gc" "$CDR" gc -q -r "$ROOT"
	agrees "after that"
	tree_check "$ROOT"
done
[ $step -ge 8 ] || fail "only $step renames"
agrees "not killed"
expect_eq "it is gone" "$others" "$(pick '[i.image for i in v.images]' "$ROOT/status/status.json" |
	sed 's/","/", "/g')"

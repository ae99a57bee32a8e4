#!/bin/sh
# priority= orders images: with one at a time they come in that order, whatever the
# order of the list; equal ones in that of the list. And a small image is not kept
# waiting by a huge one that was begun before it: however few connections there are,
# it is published while the huge one is still on its way.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

upstream
for name in a b c d; do
	craft image "library/$name:1" --layers 1 --size 500 --seed "$name" >/dev/null
done
cat >"$T/list" <<'END'
a:1
b:1 priority=-5
c:1 priority=10
d:1
END
sync "one image at a time" --jobs 1 -i "$T/list"
expect_eq "the important one first, the least one last" "c a d b" \
	"$(sed -n 's,^updated .*library/\(.\):1 .*,\1,p' "$T/stderr" | tr '\n' ' ' | sed 's/ $//')"
hub_mark
sync "the same by pattern" --jobs 1 -i - <<'END'
a tags=glob:* priority=-1
b tags=glob:* priority=1
END
expect_eq "a pattern has the priority of its line" "b a" \
	"$(hub_since | awk -F '\t' '$2 == "registry" && $4 ~ /tags\/list/ && $5 == 200 {
		split($4, p, "/"); print p[4] }' | tr '\n' ' ' | sed 's/ $//')"

craft image library/huge:1 --layers 1 --size 28000000 --seed huge --json >"$T/objects"
layer=$(jq -r '.[] | select(.kind == "layer").digest' "$T/objects")

# The huge layer is on its way.
under_way()
{
	[ "$(hub_since | wc -l)" -gt 0 ] &&
		[ "$(du -sk "$ROOT/_state/partial" | cut -f 1)" -gt 1000 ]
}
small_is_there()
{
	[ -L "$ROOT/repos/docker.io/library/small/_manifests/1" ]
}

# not_starved CONNECTIONS: a pattern whose tags come late brings the small image.
not_starved()
{
	rm -rf "$ROOT"
	craft image library/small:1 --layers 2 --size 3000 --seed "small$1" >/dev/null
	settings "{\"max_connections\": $1}"
	fault "{\"listener\": \"cdn\", \"path\": \"${layer#sha256:}\", \"slow\": 8000000}" \
		'{"listener": "registry", "path": "small/tags/list", "delay_ms": 500}'
	hub_note
	"$CDR" sync -q -r "$ROOT" huge:1 small tags=glob:1 >"$T/huge.log" 2>&1 &
	PID=$!
	wait_for 10 under_way || fail "$1 connections: the huge one begins"
	wait_for 20 small_is_there || fail "$1 connections: the small one comes"
	[ ! -L "$ROOT/repos/docker.io/library/huge/_manifests/1" ] ||
		fail "$1 connections: the small one waited for the huge one"
	ok "$1 connections: the small one did not wait"
	_rc=0
	wait $PID || _rc=$?
	expect_eq "$1 connections: both are there" 0 "$_rc"
	tree_check "$ROOT"
}
not_starved 8
not_starved 2
not_starved 1

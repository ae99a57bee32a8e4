#!/bin/sh
# priority= orders images: with one at a time they come in that order, whatever the
# order of the list; equal ones in that of the list. So it is with what patterns find,
# whichever is known last. And a small image is not kept waiting by a huge one that was
# begun before it: however few connections there are, it is published while the huge
# one is still on its way.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
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
	"$(sed -n 's,^updated .*library/\(.\):1 .*,\1,p' "$T/stdout" | tr '\n' ' ' | sed 's/ $//')"
hub_mark
sync "the same by pattern" --jobs 1 -i - <<'END'
a tags=glob:* priority=-1
b tags=glob:* priority=1
END
expect_eq "a pattern has the priority of its line" "b a" \
	"$(hub_since | awk -F '\t' '$2 == "registry" && $4 ~ /tags\/list/ && $5 == 200 {
		split($4, p, "/"); print p[4] }' | tr '\n' ' ' | sed 's/ $//')"
rm -rf "$ROOT"
sync "patterns of one priority" --jobs 1 -i - <<'END'
d tags=glob:*
a tags=glob:*
c tags=glob:*
b tags=glob:*
END
expect_eq "come in the order of their lines" "d a c b" \
	"$(sed -n 's,^updated .*library/\(.\):1 .*,\1,p' "$T/stdout" | tr '\n' ' ' | sed 's/ $//')"

# What is less important is known last, when half of the important ones are to begin
# still. There are fewer jobs than connections: its list of tags does not wait.
for name in hi lo; do
	craft image "library/$name:1" --layers 1 --size 500 >/dev/null
	mkdir -p "$T/overlay/library/$name"
	pick -n '{"name": name, "tags": [f"t{n}" for n in range(100)]}' \
		name="library/$name" >"$T/overlay/library/$name/tags.json"
done
fault '{"listener": "registry", "path": "/lo/tags/list", "delay_ms": 300}' \
	'{"listener": "registry", "path": "/(hi|lo)/manifests/", "delay_ms": 30}'
hub_mark
sync_rc "two patterns, whose images are not there" 1 --jobs 4 lo tags=glob:* priority=-10 \
	hi tags=glob:* priority=10 a:1
expect_said "all were tried" '^201 images: .*200 failed'
hub_since | awk -F '\t' '$2 == "registry" && $3 == "HEAD" {
	split($4, p, "/")
	lo += p[4] == "lo"
	if (p[4] == "hi") { hi++; before = lo }
} END { print hi + 0, lo + 0, before + 0 }' >"$T/order"
read -r hi lo before <"$T/order"
expect_eq "each was asked for" "100 100" "$hi $lo"
[ "$before" -le 10 ] || fail "$before of $lo came before the last that is important"
ok "the important ones first"
no_faults

craft image library/huge:1 --layers 1 --size 28000000 --seed huge --json >"$T/objects"
layer=$(made layer)

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

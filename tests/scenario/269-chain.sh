#!/bin/sh
# Three mirrors in a row: each takes from the one before, and looks only when that one
# tells it. What is pushed upstream is with the last one within seconds, by a tag and by a
# pattern, without a clock. A mirror in the middle that was killed, or a last one whose
# cable was out, catches up and passes on. No secret of a hook is in a log or a tree.
# Waits: for images to settle.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
. "$TOP/tests/fleet.sh"

need cdr nginx openssl python3 curl root ip nsenter
fleet_alone "$0"
defer fleet_end
fleet_begin "$T/fleet"
upstream
cat >"$T/list" <<'END'
app:1
app tags=glob:v*
other:1
END
one=$(craft image library/app:1 --seed 1)
craft image library/app:v1 --seed 2 >/dev/null
craft image library/other:1 --seed 3 >/dev/null

# The last one first: what there is comes when the one before has it.
for n in 1 2; do
	fleet_site $n
	[ $n = 1 ] || fleet_tls $n
	fleet_hooks $n parent
done
fleet_tells 0 1
fleet_tells 1 2
mkdir "$T/spool"
watch()
{
	case $1 in
	0) set -- 0 --hooks "$T/spool" ;;
	1) set -- 1 --from "http://$(fleet_address 0):5000" ;;
	2) set -- 2 --from "http://$(fleet_address 1):5000" ;;
	esac
	fleet_watch "$@" --every 0 --settle 1s -i "$T/list"
}
for n in 2 1 0; do
	watch $n
	fleet_serve $n
done

# arrives N REPO:TAG DIGEST
_has() { [ "$(fleet_has "$1" "$2")" = "$3" ]; }
arrives()
{
	wait_for 60 _has "$@" ||
		fail "site $1 has $(fleet_has "$1" "$2") and not $3 as $2"
	ok "site $1 has $2"
}
# push REPO:TAG SEED: upstream, and somebody tells headquarters.
push()
{
	new=$(craft image "library/$1" --seed "$2")
	echo "$1" >"$T/spool/hint.tmp"
	mv "$T/spool/hint.tmp" "$T/spool/hint"
}
arrives 2 app:1 "$one"

push app:1 11
arrives 2 app:1 "$new"
push app:v2 12
arrives 2 app:v2 "$new"
expect_eq "site 1 has it as well" "$new" "$(fleet_has 1 app:v2)"

fleet_kill 1 watch
push app:1 13
arrives 0 app:1 "$new"
expect_eq "a mirror that is not at work has what it had" 0 \
	"$(_has 1 app:1 "$new" && echo 1 || echo 0)"
watch 1
arrives 1 app:1 "$new"
arrives 2 app:1 "$new"

fleet_cable 2 down
push app:1 14
arrives 1 app:1 "$new"
fleet_cable 2 up
missed=$new
push app:v3 15
arrives 2 app:v3 "$new"
arrives 2 app:1 "$missed"

for n in 0 1 2; do
	fleet_stop $n watch
	tree_check "$FLEET/$n/root"
done
! grep -rqF 'the-hook-parent-of-site-' "$FLEET"/*/root "$FLEET"/*/*.log \
	"$FLEET"/*/access.jsonl || fail "a secret is told"
ok "no secret is in a log or in a tree"

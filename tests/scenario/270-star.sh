#!/bin/sh
# Many mirrors follow one. What is pushed upstream is with all of them within seconds,
# each by one look. One whose cable is out, one whose watch is dead and one with another
# secret hold up neither the others nor the parent's next run; when they are back they
# have what they missed with the next push. In the long run there are twenty.
# Waits: for images to settle.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
. "$TOP/tests/fleet.sh"

need cdr nginx python3 curl root ip nsenter
fleet_alone "$0"
sites='1 2 3 4'
! in_all || sites=$(seq 1 20)
defer fleet_end
fleet_begin "$T/fleet"
upstream
printf 'app:1\nother:1\n' >"$T/list"
one=$(craft image library/app:1 --seed 1)
craft image library/other:1 --seed 2 >/dev/null

for n in $sites; do
	fleet_site "$n"
	fleet_hooks "$n" parent
done
# shellcheck disable=SC2086 # numbers
fleet_tells 0 $sites
mkdir "$T/spool"
watch()
{
	fleet_watch "$1" --every 0 --settle 1s --hint-jitter 1s -i "$T/list" \
		--from "http://$(fleet_address 0):5000"
}
for n in $sites; do
	watch "$n"
done
fleet_watch 0 --every 0 --settle 1s --hooks "$T/spool" -i "$T/list"
fleet_serve 0

_have()
{
	_image=$1 _digest=$2
	shift 2
	for _n; do
		[ "$(fleet_has "$_n" "$_image")" = "$_digest" ] || return 1
	done
}
# arrive "what" REPO:TAG DIGEST N...
arrive()
{
	_what=$1
	shift
	wait_for 60 _have "$@" || fail "$_what"
	ok "$_what"
}
push()
{
	new=$(craft image "library/$1" --seed "$2")
	echo "$1" >"$T/spool/hint.tmp"
	mv "$T/spool/hint.tmp" "$T/spool/hint"
}
# shellcheck disable=SC2086
arrive "all have what there is" app:1 "$one" $sites
push app:1 11
# shellcheck disable=SC2086
arrive "all have what is new" app:1 "$new" $sites
expect_eq "each has asked for it once" "$(echo "$sites" | wc -w)" \
	"$(pick -l 'len([r for r in v if r.method == "HEAD" and r.digest == new])' \
	"$FLEET/0/access.jsonl" new="$new")"

fleet_cable 1 down
fleet_kill 2 watch
pick '{**v, "site-3": {**v["site-3"], "bearer_file": "site-1.token"}}' \
	"$FLEET/0/notify.json" >"$T/notify.json"
cp "$FLEET/0/notify.json" "$T/right.json"
cp "$T/notify.json" "$FLEET/0/notify.json"
push app:1 12
missed=$new
rest=$(echo "$sites" | tr ' ' '\n' | tail -n +4)
# shellcheck disable=SC2086
arrive "those that can be told have it" app:1 "$new" $rest
push other:1 13
# shellcheck disable=SC2086
arrive "and what comes next" other:1 "$new" $rest
for n in 1 2 3; do
	! _have other:1 "$new" $n || fail "site $n has what it could not be told"
done
ok "the others have what they had"
check "it is told of" grep -q 'site-1 has not been told of' "$FLEET/0/watch.log"
check "of each" grep -q 'site-2 has not been told of .* answers 503' "$FLEET/0/watch.log"
check "with the reason" grep -q 'site-3 has not been told of .* answers 401' \
	"$FLEET/0/watch.log"

fleet_cable 1 up
watch 2
cp "$T/right.json" "$FLEET/0/notify.json"
push app:1 14
# shellcheck disable=SC2086
arrive "all are back" app:1 "$new" $sites
# shellcheck disable=SC2086
arrive "with what they missed" other:1 "$(fleet_has 0 other:1)" $sites
[ "$missed" != "$new" ]
for n in 0 $sites; do
	fleet_stop "$n" watch
	tree_check "$FLEET/$n/root"
done
! grep -rqF 'the-hook-parent-of-site-' "$FLEET"/*/root "$FLEET"/*/*.log \
	"$FLEET"/*/access.jsonl || fail "a secret is told"
ok "no secret is in a log or in a tree"

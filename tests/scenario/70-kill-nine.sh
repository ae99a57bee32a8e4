#!/bin/sh
# kill -9 at points all over a sync, on a slow network, while the tags upstream go
# on moving. After each kill all that is published is whole. No run fetches what an
# earlier one has finished, and each part of a blob goes on where it stood. In the
# end one run that is left alone makes all well, and leaves nothing over; so it does
# where all is published and only the lists are those of before.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
. "$TOP/tests/crash.sh"

need cdr python3 curl
kills=25
upstream
refs='app-0001:1 app-0002:1 app-0003:1 app-0004:1'
# Some 0.6 s a layer.
fault '{"listener": "cdn", "slow": 700000}'

# kill_after DELAY: killed after that, or it was quicker.
kill_after()
{
	before_run
	# shellcheck disable=SC2086 # several words
	"$CDR" sync -q -r "$ROOT" $refs >>"$T/killed.log" 2>&1 &
	PID=$!
	sleep "$1"
	if ! sync_ended && kill -KILL $PID 2>/dev/null; then
		wait $PID 2>/dev/null || :
		killed=$((killed + 1))
	else
		wait $PID || fail "a run that was left alone fails"
		quick=$((quick + 1))
	fi
	after_run "a run before the $killed. kill"
	continued=$((continued + CONTINUED))
}

# Whenever a run got through, and now and then before that, all tags move.
_move_upstream()
{
	versions=$((versions + 1))
	craft many library/app:1 --count 4 --layers 2 --shared 1 \
		--size 400000 --seed $versions >/dev/null
}

killed=0 quick=0 continued=0 versions=0 partial=0 published=0
_move_upstream
awk 'BEGIN {
	srand(70)
	for (i = 0; i < 90; i++) printf "%.3f\n", 0.03 + rand() * rand() * 0.9
}' >"$T/delays"
while read -r delay; do
	[ $killed -lt $kills ] || break
	before=$quick
	kill_after "$delay"
	[ $quick -eq $before ] && [ $((killed % 10)) -ne 9 ] || _move_upstream
	[ -f "$ROOT/cdr-layout" ] || continue
	[ -z "$(ls "$ROOT/_state/partial")" ] || partial=$((partial + 1))
	[ -z "$(ls "$ROOT/repos")" ] || published=$((published + 1))
	tree_check --dead "$ROOT" >"$T/last"
done <"$T/delays"
echo "$killed killed, $quick ended first; $versions versions," \
	"$partial left parts of blobs, $continued parts went on"
[ $killed -eq $kills ] || fail "too few kills to prove anything"
[ $partial -ge 5 ] && [ $published -ge 5 ] && [ $continued -ge 5 ] ||
	fail "the kills did not land everywhere"
ok "what is published is whole after each kill"

no_faults
before_run
# shellcheck disable=SC2086
sync "one run is left alone" $refs
after_run "the last run"
# Parts of versions that no tag leads to any more stay for some days.
tree_check --resumable "$ROOT"
for part in "$ROOT"/_state/partial/*; do
	[ ! -e "$ROOT/blobs/sha256/${part##*:}" ] ||
		fail "a part of a blob is left that is whole: ${part##*/}"
done
for n in 1 2 3 4; do
	expect_published "app-000$n has moved" "app-000$n:1" \
		"$(curl -sI -H "Accept: application/vnd.oci.image.manifest.v1+json" \
		"http://$UPSTREAM/v2/library/app-000$n/manifests/1" |
		tr -d '\r' | sed -n 's/^Docker-Content-Digest: //Ip')"
done

# Killed between the tags and the lists: what the lists say is of before.
index=$(cat "$ROOT/index.json")
for file in index.json catalog.json \
    repos/docker.io/library/app-0001/_tags/list; do
	printf '{}' >"$T/file.new"
	chmod 444 "$T/file.new"
	mv -f "$T/file.new" "$ROOT/$file"
done
: >"$ROOT/_state/dirty"
hub_mark
# shellcheck disable=SC2086
sync "nothing has moved" $refs
expect_eq "and nothing is fetched" 0 "$(hub_count - GET '/v2/.*/')"
tree_check --resumable "$ROOT"
expect_eq "index.json is what it was" "$index" "$(cat "$ROOT/index.json")"

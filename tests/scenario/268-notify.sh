#!/bin/sh
# --notify tells children what was published, and nothing where nothing was; each gets its
# own secret, and no other place does, wherever it redirects. Children that are down, slow,
# refuse, cut, answer without an end or lie do no harm to the run, to the others, or to what
# is served, and have what they missed with the next run; what was replaced meanwhile is
# told once. What a run that was killed or stopped has published is told by the next one.
# Waits: for children that do not answer.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
. "$TOP/tests/children.sh"

need cdr python3 curl
upstream
children_start
one=$(craft image library/app:1 --seed 1)
two=$(craft image library/app:2 --seed 2)
child site-a
child site-b

# tells "what" ARG...: a run with --notify
tells()
{
	_what=$1
	shift
	sync "$_what" --notify "$T/notify.json" "$@"
}

tells "the first run" app:1 app:2
app=docker.io/library/app
for site in site-a site-b; do
	expect_eq "$site knows what is new" "$app:1@$one
$app:2@$two" "$(told $site | sort)"
	expect_eq "in one request" 1 "$(posts $site)"
done
expect_said "the run says so" '2 of 2 children have been told'
children_mark
tells "nothing is new" app:1 app:2
expect_eq "nobody is told" 0 "$(posts site-a)"
check "a plan tells nobody" "$CDR" sync -r "$T/other" --plan \
	--notify "$T/notify.json" app:1
expect_eq "nobody is told" 0 "$(posts site-a)"
children_right
sync_rc "no such file" 2 --notify "$T/none.json" app:3
expect_said "which is named" '--notify: .*/none.json: no such file'
pick '{**v, "site-c": {"url": "http://c.example/"}}' "$T/notify.json" >"$T/wrong.json"
sync_rc "a child without a secret" 2 --notify "$T/wrong.json" app:3
expect_said "which is named" 'wrong.json: site-c: bearer_file is missing'
expect_published "nothing has been done" app:3 nothing

# One child after the other: its rule, what is said, how many requests came.
down=$(free_port)
elsewhere=$T/stranger.jsonl
python3 -S "$TOP/tests/hub/stranger.py" --ready "$T/stranger.ready" --log "$elsewhere" &
defer "process_end $!"
wait_for 20 test -s "$T/stranger.ready" || fail "tests/hub/stranger.py does not start"
# shellcheck disable=SC1091
. "$T/stranger.ready"
child moved '"status": 307, "location": "http://'"$STRANGER"'/hook/moved"'
child home '"status": 302, "location": "/hook/site-b"'
child refuses '"secret": "another one"'
child busy '"status": 503'
child cuts '"cut": true'
child odd '"status": 400'
child full '"endless": true'
child liar '"status": 200'
child down
child_at down "http://127.0.0.1:$down/hook/down"
child hangs '"hang": true'
child slow '"delay": 3'
tells "children join, and nothing is new" app:1 app:2
expect_eq "they need not be told" 0 "$(posts moved)"
three=$(craft image library/app:1 --seed 3)
within 60 tells "nine of thirteen children fail" app:1 app:2
expect_eq "one that is well knows" "$app:1@$three" "$(told site-a)"
expect_eq "the slow one as well, by one request" "$app:1@$three" "$(told slow)"
expect_eq "the liar as well" "$app:1@$three" "$(told liar)"
expect_published "it is published" app:1 "$three"
# said CHILD REGEX
said()
{
	expect_said "$1" "^warning: $1 has not been told of 1 image, .*: $2"
}
said moved 'it answers 307.*redirect'
said home 'it answers 302.*redirect'
said refuses 'it answers 401.*another secret'
said busy 'it answers 503.*not at work'
said odd 'it answers 400'
said full 'the answer is larger'
said hangs 'no answer in time'
said down '.*'
said cuts '.*'
expect_eq "a redirect takes nothing to another host" 0 "$(wc -l <"$elsewhere")"
expect_eq "nor to another child" 1 "$(posts site-b)"
expect_eq "what may pass is tried again once" "2 2 1 1" \
	"$(posts busy) $(posts cuts) $(posts odd) $(posts refuses)"
expect_eq "each has had its own secret" "" "$(pick -l 'f"{r.path} {dict(r.headers)}"
	for r in v if [b for a, b in r.headers if a == "Authorization"] !=
	["Bearer secret-of-" + r.path[6:] + "-0123456789"]' "$T/children.jsonl")"
! grep -rq 'secret-of-' "$T/stdout" "$T/stderr" "$ROOT" || fail "a secret is told"
ok "no secret is in the log or in the tree"

# Their turn comes. In between the image has changed once more, and another is new.
children_mark
four=$(craft image library/app:1 --seed 4)
five=$(craft image library/app:5 --seed 5)
for name in moved home refuses busy cuts odd full hangs down; do
	child $name
done
tells "all are back" app:1 app:2 app:5
for name in moved refuses busy hangs down site-a; do
	expect_eq "$name knows the last state, once" "$app:1@$four
$app:5@$five" "$(told $name | sort)"
done
children_mark
tells "nothing is left to tell" app:1 app:2 app:5
expect_eq "nobody is told" 0 "$(wc -l <"$T/children.jsonl" | xargs -I{} \
	expr {} - "$CHILDREN_MARK")"
children_right

# Killed when the first of two images is published.
six=$(craft image library/app:1 --seed 6)
seven=$(craft image library/app:2 --seed 7 --layers 1 --size 3000000)
fault '{"listener": "cdn", "slow": 200000, "method": "GET"}'
"$CDR" sync -q -r "$ROOT" --notify "$T/notify.json" app:1 app:2 2>"$T/killed.log" &
pid=$!
_is_here() { [ "$(published app:1)" = "$six" ]; }
wait_for 60 _is_here || fail "it is not published"
kill -KILL $pid
wait $pid 2>/dev/null || :
no_faults
expect_eq "nobody was told" 0 "$(posts site-a)"
tells "the next run" app:1 app:2
expect_eq "tells of both" "$app:1@$six
$app:2@$seven" "$(told site-a | sort)"

# SIGTERM while one of them is waited for.
child hangs '"hang": true'
nine=$(craft image library/app:1 --seed 9)
children_mark
"$CDR" sync -q -r "$ROOT" --notify "$T/notify.json" app:1 app:2 2>"$T/stopped.log" &
pid=$!
_is_asked() { [ "$(posts hangs)" -gt 0 ]; }
wait_for 60 _is_asked || fail "it is not told"
kill -TERM $pid
wait $pid || fail "a run that has published all fails"
expect_published "it is published" app:1 "$nine"
child hangs
children_mark
tells "the next run" app:1 app:2
expect_eq "tells those that were waited for" "$app:1@$nine" "$(told hangs)"

# What nobody may do to the queue.
printf 'notify 1 x\n' >"$ROOT/_state/notify"
eight=$(craft image library/app:1 --seed 8)
tells "a queue that is damaged" app:1
expect_eq "does not keep children from what is new" "$app:1@$eight" \
	"$(told site-a | tail -n 1)"
tree_check "$ROOT"
children_right

#!/bin/sh
# Told to stop in the middle of a run, cdr watch hands that on, and ends with 4 when
# the run has; told twice, both end at once; killed, the run ends all the same, and
# says so. A run that is killed is begun again a minute later, and what is pushed
# meanwhile is looked at. While another one has the tree it waits as --wait says, or
# comes again. A clock that is set makes no difference. A full disk ends it not.
# Tier: normal
# Waits: for registries that are slow
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
. "$TOP/tests/watch.sh"

need cdr python3 curl build/tests/setclock.so root?
upstream
for n in 1 2 3; do
	craft image "library/app:$n" --layers 1 --seed "$n" >/dev/null
done
echo app:1 >"$T/list"
mkdir "$T/spool"

# slow MS: one answer of the registry takes so long
slow()
{
	fault "{\"listener\": \"registry\", \"method\": \"HEAD\", \"path\": \"/app/\", \"delay_ms\": $1, \"times\": 1}"
	# Not hub_mark, which waits for answers that nobody wants any more.
	# shellcheck disable=SC2034 # of hub.sh
	HUB_MARK=$(wc -l <"$T/hub.log")
}

asked()
{
	[ "$(hub_count registry HEAD /app/)" -gt 0 ]
}

begun()
{
	soon "$1" asked
	CHILD=$(child) || fail "$1: there is no process"
}

# --- told to stop ------------------------------------------------------------------

slow 60000
watch -i "$T/list" --every 0
begun "a run is at work"
kill -TERM "$WATCH_PID"
watch_ends "told to stop, it ends as the run does" 4
process_over "$CHILD" || fail "the run goes on"
told "which says so" 'interrupted; the next run goes on'
expect_eq "so does the status" "interrupted 4" \
	"$(pick 'words(v.result, v.exit_code)' "$ROOT/status/status.json")"

# A run that does not listen.
slow 60000
watch -i "$T/list" --every 0
begun "another one"
kill -STOP "$CHILD"
kill -TERM "$WATCH_PID"
sleep 0.3
process_over "$WATCH_PID" && fail "it does not wait for the run"
kill -TERM "$WATCH_PID"
watch_ends "told twice, it ends at once" 143
kill -CONT "$CHILD"
soon "the run as well" process_over "$CHILD"

slow 60000
watch -i "$T/list" --every 0
begun "one more"
kill -KILL "$WATCH_PID"
soon "killed, it takes the run along" process_over "$CHILD"
told "which ends in order" 'interrupted; the next run goes on'
wait "$WATCH_PID" 2>/dev/null || :

# One that has told of a failure by then, and is about to end.
echo app:1 >"$T/list.failing"
echo app:none >>"$T/list.failing"
port=$(free_port)
python3 -S - "$port" "$T/child" <<'END' &
import socket, sys
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as s:
    open(sys.argv[2] + ".listens", "w").close()
    told, _ = s.accept()
    open(sys.argv[2] + ".told", "w").close()
    while told.recv(65536):
        pass
END
hangs=$!
defer "process_end $hangs"
soon "a child that does not answer" test -e "$T/child.listens"
echo a-secret-of-some-characters >"$T/child.token"
printf '{"hangs": {"url": "http://127.0.0.1:%s/hook/x", "bearer_file": "child.token"}}' "$port" \
	>"$T/notify.json"
tree=$ROOT
ROOT=$T/failing
watch -i "$T/list.failing" --every 0 --notify "$T/notify.json"
soon "is told by a run with a failure" test -e "$T/child.told"
told "which has told of that" ' 1 failed'
kill -TERM "$WATCH_PID"
watch_ends "told to stop, it has done so" 0
ROOT=$tree

# --- a run that dies ---------------------------------------------------------------

slow 60000
watch -i "$T/list" --every 1h --jitter 0 --hooks "$T/spool" --settle 1
begun "a run that will be killed"
kill -KILL "$CHILD"
told "it is told" 'a run was ended by signal 9'
told "and when there will be another one" 'once more in 60 s'
soon "the status says so" shows '"running":false,"last":.*"exit_code":137'
expect_eq "within a minute" True "$(watched "str(0 < $(date +%s) + 61 - __import__('calendar').timegm(
	__import__('time').strptime(v.next, '%Y-%m-%dT%H:%M:%SZ')))")"
no_faults
echo app:1 >"$T/spool/one"
ran "what is pushed is looked at before that" 1
expect_eq "it is there" 1 "$(published app:1 | grep -c '^sha256')"

# --- a registry that fails for a moment --------------------------------------------

fault '{"listener": "registry", "path": "/app/manifests/1", "status": 404}'
echo app:1 >"$T/spool/brief"
ran "a push that cannot be had" 2
no_faults
soon "is one that some of a run failed in" shows '"exit_code":1,"only":1'
told "it is told when it is looked at again" 'once more in 60 s for what was pushed'
expect_eq "and waits until then" 1 "$(watched v.waiting)"
echo app:1 >"$T/spool/brief"
ran "one more push of it does not" 3
expect_eq "then there is nothing to wait for" "0 0" "$(watched 'words(v.last.exit_code, v.waiting)')"

# --- somebody else has the tree ----------------------------------------------------

# Until it is told to stop, however long the test takes.
slow 600000
"$CDR" sync -r "$ROOT" app:2 >"$T/other.log" 2>&1 &
other=$!
defer "process_end $other"
soon "another one has the tree" asked
new=$(craft image library/app:1 --layers 1 --seed 4)
echo app:1 >"$T/spool/two"
told "a push has to wait" 'another cdr is writing|another cdr .* process'
soon "it is not forgotten" shows '"exit_code":3,"only":1}.*"waiting":1'
kill -TERM "$other"
wait "$other" || :
echo app:1 >"$T/spool/three"
ran "one more push of it does not wait for that" 4
expect_published "and it is there" app:1 "$new"
kill -TERM "$WATCH_PID"
watch_ends "told to stop" 0

slow 600000
"$CDR" sync -r "$ROOT" app:3 >"$T/other.log" 2>&1 &
other=$!
defer "process_end $other"
soon "another one has the tree" asked
watch -i "$T/list" --every 0 --wait 10m
# shellcheck disable=SC2317 # called by soon
at_the_door()
{
	CHILD=$(child) && find "/proc/$CHILD/fd" -lname "$ROOT/_state/lock" | grep -q .
}
soon "with --wait the run comes to it" at_the_door
kill -TERM "$other"
wait "$other" || :
ran "and waits" 1
kill -TERM "$WATCH_PID"
watch_ends "told to stop" 0
tree_check "$ROOT"

# --- a clock that is set -----------------------------------------------------------

plain_build
echo 0 >"$T/clock"
CLOCK_FILE=$T/clock
LD_PRELOAD=$TOP/build/tests/setclock.so
export CLOCK_FILE LD_PRELOAD
from=$(cut -d . -f 1 /proc/uptime)
watch -i "$T/list" --every 2 --jitter 0 --hooks "$T/spool" --settle 1
unset LD_PRELOAD
ran "at once" 1
echo -300000000 >"$T/clock"
soon "ten years back, it goes on" _ran 2
echo 300000000 >"$T/clock"
soon "and twenty years on" _ran 3
echo app:1 >"$T/spool/four"
soon "what is dropped is taken" test ! -e "$T/spool/four"
kill -TERM "$WATCH_PID"
soon "it ends" process_over "$WATCH_PID"
most=$((($(cut -d . -f 1 /proc/uptime) - from) / 2 + 3))
[ "$(runs)" -le "$most" ] || fail "$(runs) runs, which are more than $most"
ok "no more runs than the time that has really passed"
unset CLOCK_FILE

expected_is_there()
{
	[ "$(published app:1)" = "$newest" ]
}

# --- no program --------------------------------------------------------------------

if part "a system without /proc" root; then
	: >"$T/watch.log"
	unshare -m sh -c 'mount -t tmpfs none /proc && exec "$@"' sh "$CDR" watch -r "$ROOT" \
		-i "$T/list" --every 0 >"$T/watch.log" 2>&1 &
	WATCH_PID=$!
	defer "process_end $WATCH_PID"
	told "what keeps a run from its beginning is told" \
		'a run cannot begin: /proc/self/exe cannot be executed|mount: '
	kill -TERM "$WATCH_PID" 2>/dev/null || :
	wait "$WATCH_PID" || :
fi

# --- a full disk -------------------------------------------------------------------

if part "a full disk" root; then
	mkdir "$T/disk"
	if mount -t tmpfs -o size=4m,mode=755 none "$T/disk" 2>/dev/null; then
		defer "umount -l '$T/disk'"
		ROOT=$T/disk/root
		watch -i "$T/list" --every 0 --hooks "$T/spool" --settle 1
		ran "there is room" 1
		dd if=/dev/zero of="$T/disk/filler" bs=4k 2>/dev/null || :
		newest=$(craft image library/app:1 --layers 1 --seed 5)
		echo app:1 >"$T/spool/five"
		told "a full disk is told" '[Nn]o space left on device|is full'
		process_over "$WATCH_PID" && fail "it has ended"
		rm "$T/disk/filler"
		echo app:1 >"$T/spool/six"
		soon "with room it goes on" expected_is_there
		expect_published "and has it" app:1 "$newest"
		kill -TERM "$WATCH_PID"
		watch_ends "told to stop" 0
		tree_check "$ROOT"
	else
		left_out "a full disk" "mounting is denied here"
	fi
fi

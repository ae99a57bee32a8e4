# cdr watch in the background. For scenarios; sourced after lib.sh and sync.sh. It
# needs cdr and python3.
#
#   watch ARG...         begins on $ROOT: $WATCH_PID, what it says in $T/watch.log
#   watch_ends "what" N  it must end with N, within a minute
#   runs                 how many runs have ended
#   ran "what" N         that many must have, within a minute
#   watched EXPRESSION   of status/watch.json
#   shows REGEX          does that fit it?
#   idle                 does it say that no run is at work?
#   child                the process of the run that is at work; fails: none
#   told "what" REGEX    it must have said that line, within a minute
#   soon "what" COMMAND...  that must succeed within a minute
# shellcheck shell=sh

# A minute, however busy the machine is; asked five times a second.
_within()
{
	_turns=300
	until "$@" >/dev/null 2>&1; do
		_turns=$((_turns - 1))
		[ $_turns -gt 0 ] || return 1
		sleep 0.2
	done
}

watch()
{
	: >"$T/watch.log"
	rm -f "$ROOT/status/watch.json"
	"$CDR" watch -r "$ROOT" "$@" >"$T/watch.log" 2>&1 &
	WATCH_PID=$!
	defer "process_end $WATCH_PID"
}

watch_ends()
{
	_within process_over "$WATCH_PID" || fail "$1: it does not end"
	_rc=0
	wait "$WATCH_PID" || _rc=$?
	expect_eq "$1" "$2" $_rc
}

runs()
{
	grep -cE '^[0-9]+ images?: ' "$T/watch.log" || :
}

_ran()
{
	[ "$(runs)" -ge "$1" ]
}

ran()
{
	_within _ran "$2" || fail "$1: $(runs) runs have ended, not $2"
	expect_eq "$1" "$2" "$(runs)"
	_within idle || fail "$1: it is not idle"
}

watched()
{
	pick "$@" "$ROOT/status/watch.json"
}

# Asked again and again: without python.
shows()
{
	grep -qE -e "$1" "$ROOT/status/watch.json" 2>/dev/null
}

idle()
{
	shows '"running":false'
}

child()
{
	_children=$(cat "/proc/$WATCH_PID/task/$WATCH_PID/children") || return 1
	[ -n "$_children" ] && echo "${_children% }"
}

_told()
{
	grep -qE -e "$1" "$T/watch.log"
}

told()
{
	_within _told "$2" || fail "$1: it does not say: $2"
	ok "$1"
}

soon()
{
	_what=$1
	shift
	_within "$@" || fail "$_what"
	ok "$_what"
}

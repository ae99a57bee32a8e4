#!/bin/sh
# Results are on standard output, and nothing else is; all that is told beside them is on
# standard error: for each command. "cdr ls" with words shows the images that fit one of
# them, in JSON, too; where none fits, it says so on standard error. Who waits for another
# run is told for whom.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
need cdr python3 curl openssl
upstream
settings '{"max_tries": 1}'
app=$(craft image library/app:1.0)
craft image library/app:1.1 --seed 2 >/dev/null
craft image library/tool:1.0 --seed 3 >/dev/null

# streams "what" OUT-REGEX [ERR-REGEX]: of the command checked last; each line of standard
# output is such a one; with the third, standard error has such a line, without it nothing
streams()
{
	[ -s "$T/stdout" ] || fail "$1: nothing is on standard output"
	! grep -vqE -e "$2" "$T/stdout" ||
		fail "$1: standard output also has: $(grep -vE -e "$2" "$T/stdout" | head -n 1)"
	if [ -n "${3-}" ]; then
		grep -qE -e "$3" "$T/stderr" || fail "$1: standard error has no $3"
	elif [ -s "$T/stderr" ]; then
		fail "$1: standard error has: $(head -n 1 "$T/stderr")"
	fi
	ok "$1: each line where it belongs"
}

expect_rc "sync" 1 "$CDR" sync -r "$ROOT" app:1.0 app:1.1 tool:1.0 gone:1
streams sync '^(updated|failed) |^4 images: ' '^error: .*gone:1: '
expect_rc "sync --plan" 1 "$CDR" sync -r "$ROOT" --plan app:1.0 gone:1
streams "sync --plan" '^(ACTION|unchanged|failed|nothing|[0-9]+ of [0-9]+ images|.* pulls)' '^error: '

# --- ls ---------------------------------------------------------------------------------
# lists "what" WANT FILTER...
lists()
{
	_what=$1 _want=$2
	shift 2
	check "$_what" "$CDR" ls -r "$ROOT" "$@"
	expect_eq "$_what: these" "$_want" \
		"$(sed -n 's,^docker.io/library/\([^ ]*\) .*,\1,p' "$T/stdout" | xargs)"
}
lists "ls" "app:1.0 app:1.1 tool:1.0"
lists "ls app" "app:1.0 app:1.1" app
lists "ls app:1.0" "app:1.0" app:1.0
lists "ls :1.0" "app:1.0 tool:1.0" :1.0
lists "ls with a pattern" "app:1.0 app:1.1" 'app:*'
lists "ls with another pattern" "app:1.0 app:1.1 tool:1.0" 'docker.io/*'
lists "ls with two" "app:1.1 tool:1.0" app:1.1 tool
lists "ls with a digest" "app:1.0" "$app"
lists "ls with some digits of it" "app:1.0" "$(echo "${app#*:}" | cut -c 1-12)"
streams "ls" '^(IMAGE|docker.io/)'
lists "ls of what is not here" "" nothing
[ ! -s "$T/stdout" ] || fail "it prints something"
expect_said "it says so" "$ROOT: no image fits"
check "ls --json" "$CDR" ls -r "$ROOT" --json :1.0
expect_eq "the same ones" "docker.io/library/app:1.0 docker.io/library/tool:1.0" \
	"$(pick '" ".join(i.image for i in v)' "$T/stdout")"
check "ls --json of what is not here" "$CDR" ls -r "$ROOT" --json nothing
expect_eq "an empty array" 0 "$(pick 'len(v)' "$T/stdout")"
expect_rc "a filter beside a history" 2 "$CDR" ls -r "$ROOT" --history app:1.0 app

# --- the others -------------------------------------------------------------------------
openssl genpkey -algorithm ed25519 -out "$T/key" 2>"$T/openssl.log"
openssl pkey -in "$T/key" -pubout -out "$T/pub"
check "export" "$CDR" export -r "$ROOT" --sign "$T/key" --site here --to "$T/stick" app:1.0 app:1.1
streams export '^wrote to ' '^part 1 of 1: '
check "import" "$CDR" import -r "$T/site" --key "$T/pub" --site there "$T/stick"
streams import '^updated |^here [0-9]+: 2 images: '
rm "$T"/stick/*.cdr.001
expect_rc "import without a part" 1 "$CDR" import -r "$T/site2" --key "$T/pub" --site there "$T/stick"
streams "import without a part" '^error: missing: |^error: 2 images wait|^here [0-9]+: '
check "inventory" "$CDR" inventory -r "$ROOT" --site here
streams inventory '^[a-z]'
check "save" "$CDR" save -r "$ROOT" app:1.0 -o "$T/app.tar"
streams save "^$T/app.tar: 1 image, "
check "save to a pipe" "$CDR" save -r "$ROOT" app:1.0 -o -
tar -tf "$T/stdout" >"$T/members" || fail "standard output is no tar file alone"
expect_said "what it has is told beside it" '^-: 1 image, '
# shellcheck disable=SC2016
printf 'services:\n  a:\n    image: app:1.0\n  b:\n    image: "x:${TAG}"\n' >"$T/compose.yaml"
expect_rc "list" 1 "$CDR" list "$T/compose.yaml"
streams list '^#|^$|^docker.io/library/app:1.0|^app:1.0' '^warning: '
check "node-config" "$CDR" node-config k3s --mirror http://10.0.0.5:5000 --prefix "$T/home"
[ ! -s "$T/stderr" ] || fail "node-config: standard error has: $(head -n 1 "$T/stderr")"
check "pin" "$CDR" pin -r "$ROOT" app:1.0
streams pin '^pinned '
check "gc -n" "$CDR" gc -r "$ROOT" -n
streams "gc -n" '^[a-z0-9]'

blob=$(find "$ROOT/blobs" -type f | sort | head -n 1)
chmod u+w "$blob"
printf X | dd of="$blob" conv=notrunc 2>"$T/dd.log"
expect_rc "verify" 1 "$CDR" verify -r "$ROOT"
streams verify '^error: blobs/.*quarantine|^error: blobs/.*needed by|^looked at ' '^--repair mends'
expect_rc "verify --json" 1 "$CDR" verify -r "$ROOT" --json
pick -q 'v.exit_code == 1' "$T/stdout" || fail "verify --json: that is not JSON alone"
expect_said "what it found is told beside it" '^error: blobs/.*needed by'
check "sync mends it" "$CDR" sync -r "$ROOT" app:1.0 app:1.1 tool:1.0
check "rm" "$CDR" rm -r "$ROOT" app:1.1
streams rm '^removed' '^warning: '

# --- where they cannot be written -------------------------------------------------------
# full CODE COMMAND...: what is asked of the tree for its answer alone ends with 3; a
# sync, which has done something, as it would
full()
{
	_code=$1
	shift
	_rc=0
	"$CDR" "$@" >/dev/full 2>"$T/stderr" || _rc=$?
	expect_eq "cdr $1 ${4-}: standard output is full" "$_code" "$_rc"
	expect_eq "that is told, once" 1 \
		"$(grep -c '^error: standard output cannot be written$' "$T/stderr")"
	# shellcheck disable=SC2016
	sh -c '"$@" 2>"$0" | :' "$T/stderr" "$CDR" "$@"
	! grep 'cannot be written' "$T/stderr" || fail "a reader that has gone is no error"
}
full 3 sync -r "$ROOT" --plan app:1.0
full 3 sync -r "$ROOT" --plan --json app:1.0
full 3 verify -r "$ROOT" --json
full 3 ls -r "$ROOT"
full 3 gc -r "$ROOT" -n
full 0 sync -r "$ROOT" -v app:1.0
full 3 pin -r "$ROOT" tool:1.0
full 3 inventory -r "$ROOT" --site here

# --- who waits --------------------------------------------------------------------------
exec 9>>"$ROOT/_state/lock"
flock 9
expect_rc "a run that waits" 3 "$CDR" sync -r "$ROOT" --wait 1 app:1.0 9>&-
expect_said "is told for how long" '; waiting for at most 1 s$'
exec 9>&-

# --- who looks on -----------------------------------------------------------------------
# A mirror that takes calls and says nothing: what is found before that is told at once.
python3 - "$T/port" <<'END' &
import socket, sys, time
s = socket.socket()
s.bind(("127.0.0.1", 0))
s.listen(5)
open(sys.argv[1], "w").write(str(s.getsockname()[1]))
time.sleep(60)
END
defer "kill $! 2>/dev/null || :"
wait_for 10 test -s "$T/port"
mkdir "$T/node"
"$CDR" doctor --prefix "$T/node" --mirror "http://127.0.0.1:$(cat "$T/port")" >"$T/told" 2>"$T/stderr" &
doctor=$!
wait_for 10 grep -q '^warn  node  ' "$T/told"
kill -0 $doctor || fail "doctor has ended"
kill -INT $doctor
_rc=0
wait $doctor || _rc=$?
expect_eq "doctor, interrupted, tells what it had found, and that" "4 3" "$_rc $(wc -l <"$T/told")"

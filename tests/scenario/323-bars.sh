#!/bin/sh
# The line at the bottom of a terminal, for all else that takes long: verify, export,
# import, save, gc, rm, inventory, and what cdr watch has begun. It names what is at hand,
# fits into the window, and leaves nothing behind, also where results get elsewhere; with
# -q there is none, nor where standard error is no terminal.
# Tier: normal
# Waits: for bytes that are read slowly
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
need cdr python3 curl strace?
upstream
craft image library/large:1 --layers 2 --size 700000 >/dev/null
craft image library/other:2 --layers 1 --size 300000 --seed 2 >/dev/null
sync "a tree" large:1 other:2
export CDR_ROOT="$ROOT" CDR_SITE=here

# seen RC WIDTH[,WIDTH...] [OPTION...] -- COMMAND...: in a terminal; the screen is in
# $T/screen, what was drawn, a line each, in $T/drawn
seen()
{
	_rc=$1 _widths=$2
	shift 2
	set -- "$@" END
	_options=
	while [ "$1" != -- ]; do
		_options="$_options $1"
		shift
	done
	shift
	_command=$*
	_command=${_command% END}
	# shellcheck disable=SC2086 # options without blanks
	expect_rc "in a terminal of $_widths: $_command" "$_rc" python3 "$TOP/tests/terminal.py" \
		-r "$T/raw" $_options "$_widths" sh -c "$_command"
	cp "$T/stdout" "$T/screen"
	tr '\r' '\n' <"$T/raw" | grep -a "$(printf '\033\\[J')" | tr -d '\033' |
		sed 's/\[J$//' | grep -v '^$' >"$T/drawn" || :
	sed '/^width /d' "$T/screen" >"$T/left"
	! grep -qE '[[][#-]|%  ' "$T/left" || fail "something of the line is left: $(cat "$T/left")"
	for _width in $(echo "$_widths" | tr ',' ' '); do
		# shellcheck disable=SC2046 # words
		set -- $(sed -n "s/^width $_width: //p" "$T/screen")
		[ "${2:-0}" -lt "$_width" ] || fail "$_width columns: it was $2 wide"
	done
}

# drew REGEX...: a line that was drawn is like that
drew()
{
	for _regex; do
		grep -qE -e "$_regex" "$T/drawn" ||
			fail "nothing that was drawn has $_regex: $(tail -n 3 "$T/drawn")"
	done
	ok "it was drawn, with $*"
}

drawn_in()
{
	sed -n "s/^width $1: \([0-9]*\) .*/\1/p" "$T/screen"
}

# --- verify -----------------------------------------------------------------------------
slow="\"$CDR\" verify --limit-rate 600K"
seen 0 120,60,24 -- "$slow"
for width in 120 60 24; do
	[ "$(drawn_in $width)" -ge 2 ] || fail "$width columns: it was drawn $(drawn_in $width) drawn_in"
done
drew '^[0-9]+ links?  (large|other)|^\[.*[0-9]+ links?  (large|other)' \
	'^\[[#-]+\] +[0-9]+%  [0-9]/[0-9] blobs .* [KM]iB/s .*[0-9] left  sha256:[0-9a-f]+' \
	'^ +[0-9]+%  [0-9]/[0-9]'
grep -q '^looked at ' "$T/left" || fail "the result is not on the screen"
slow="\"$CDR\" verify --limit-rate 3M"
seen 0 100 -- "$slow large:1"
drew ' [0-9]/3 blobs '
seen 0 100 -- "$slow --max-time 1h"
drew '0:0[0-9] left'
seen 0 100 -o "$T/json" -- "$slow --json"
pick -q 'v.exit_code == 0' "$T/json" || fail "--json: that is not JSON alone"
[ "$(drawn_in 100)" -ge 2 ] || fail "--json: nothing was drawn"
expect_eq "two lines are on the screen" "1 2" "$(grep -c '^looked at ' "$T/left") $(
	grep -c . "$T/left")"
seen 0 100 -- "$slow -q"
expect_eq "verify -q: nothing is drawn" 0 "$(drawn_in 100)"
seen 0 100 -- "$slow 2>$T/err"
expect_eq "nor where standard error is a file" 0 "$(drawn_in 100)"
! grep -q "$(printf '\033')\|%" "$T/err" || fail "the file has something of it"
seen 0 100 -e TERM=dumb -- "$slow large:1"
expect_eq "nor where the terminal is dumb" 0 "$(drawn_in 100)"
layer=$(find "$ROOT/blobs" -type f -size +400k | sort | head -n 1)
rm "$layer"
seen 0 100 -- "\"$CDR\" verify --quick --repair"
drew ' [01]/1 object '

# --- export, import ---------------------------------------------------------------------
seen 0 100 -- "\"$CDR\" export --to $T/stick large:1 other:2"
drew ' 0/2 images  large:1' 'objects .*here-all-1.cdr.001' 'waits for the disk'
grep -q '^wrote to .*/stick: here-all-1.cdr for any site: 2 images, ' "$T/left" ||
	fail "the result is not on the screen: $(cat "$T/left")"
seen 0 100 -- "\"$CDR\" export -q --to $T/stick large:1"
expect_eq "export -q: nothing is drawn" 0 "$(drawn_in 100)"
rm "$T"/stick/here-all-2.*
part=$T/stick/here-all-1.cdr.001
slowly="{ head -c 300000 $part; sleep 0.5; tail -c +300001 $part | head -c 400000; sleep 0.5;
	tail -c +700001 $part; } |"
seen 0 100 -- "$slowly \"$CDR\" import -r $T/site --unsigned --site there -"
drew ' 0/2 images .* (KiB|MiB)/s .*left  large:1, other:2$' '^\[#+-+\] +[1-9][0-9]?%  '
expect_eq "what has come is on the screen" 2 "$(grep -c '^updated ' "$T/left")"
# The second of two counts from 0 on: no rate is out of this world.
"$CDR" export -q --site b --to "$T/two" large:1 2>"$T/err" ||
	fail "export: $(cat "$T/err")"
"$CDR" export -q --site b --to "$T/two" other:2 2>"$T/err" ||
	fail "export: $(cat "$T/err")"
seen 0 100 -- "\"$CDR\" import -r $T/site2 --unsigned --site there $T/two"
! grep -E '[TPE]iB' "$T/drawn" || fail "that rate cannot be"

# --- save -------------------------------------------------------------------------------
seen 0 100 -- "\"$CDR\" save large:1 other:2 -o - | { sleep 0.6; cat >$T/a.tar; }"
drew ' [0-9]/7 objects .* large:1, other:2$' '^\[#+-+\] +[1-9][0-9]?%  '
! grep -q 'waits for the disk' "$T/drawn" || fail "a pipe has no disk"
seen 0 100 -- "\"$CDR\" save large:1 other:2 -o $T/b.tar"
drew 'waits for the disk'
cmp -s "$T/a.tar" "$T/b.tar" || fail "the two files differ"
seen 0 100 -- "\"$CDR\" save -q large:1 -o $T/b.tar"
expect_eq "save -q: nothing is drawn, and nothing said" "0 " "$(drawn_in 100) $(cat "$T/left")"

# --- what is mostly short ---------------------------------------------------------------
seen 0 100 -- "\"$CDR\" inventory >$T/inv"
drew '^[0-9] manifests?  (large|other)$'
seen 0 100 -- "\"$CDR\" gc --grace 0"
drew ' [12](/2)? images?  (large|other)$'
grep -q '^removed 0 of 2 images' "$T/left" || fail "gc: the sum is not on the screen"
seen 0 100 -- "\"$CDR\" gc --json"
expect_eq "gc --json: nothing is drawn beside it" 0 "$(drawn_in 100)"
seen 0 100 -o "$T/json" -- "\"$CDR\" gc -n --json"
[ "$(drawn_in 100)" -ge 1 ] || fail "gc --json to a file: nothing is drawn"
pick -q 'v.dry_run' "$T/json" || fail "gc --json: that is not JSON alone"
seen 0 100 -- "\"$CDR\" rm other:2"
grep -q '^removed docker.io/library/other:2 ' "$T/left" || fail "rm: not on the screen"
seen 0 100 -- "\"$CDR\" rm -q large:1"
expect_eq "rm -q: nothing is drawn" 0 "$(drawn_in 100)"

# --- watch ------------------------------------------------------------------------------
# A run of it draws, what it says itself comes on a line of its own, and between runs
# nothing is drawn. What is typed there is for the watch.
echo large:1 >"$T/list"
trace=
strace -o "$T/trace" true 2>/dev/null &&
	trace="env ASAN_OPTIONS=detect_leaks=0 strace -D -o $T/trace -e trace=write -s 99"
cat >"$T/watching" <<END
{
	turns=300
	until [ -e "$ROOT/_state/lock" ] && [ -s "$ROOT/_state/lock" ] || [ \$turns -eq 0 ]; do
		turns=\$((turns - 1)); sleep 0.05
	done
	sleep 0.5
	echo other:2 >>"$T/list"
	until [ -e "$ROOT/repos/docker.io/library/other/_manifests/2" ] &&
		grep -q '"exit_code":0' "$ROOT/status/watch.json" || [ \$turns -eq 0 ]; do
		turns=\$((turns - 1)); sleep 0.1
	done
	sleep 0.3
	kill -INT \$\$
} </dev/null >/dev/null 2>&1 &
exec $trace "$CDR" watch -i "$T/list" --every 1h --limit-rate 400K
END
seen 0 120 -- "sh $T/watching"
[ "$(drawn_in 120)" -ge 4 ] || fail "a run of watch: it was drawn $(drawn_in 120) times"
drew ' 0/1 image .*large:1$'
expect_eq "the screen is a clean log" "the list has changed
updated docker.io/library/large:1
updated docker.io/library/other:2" "$(sed -nE 's/^(updated) +([^ ]+) .*/\1 \2/p
	/^the list has changed$/p' "$T/left" | sort)"
END=
expect_eq "each of its lines is a whole one" "" "$(grep -vE \
	"^(updated  |the list has changed|[0-9]+ images?: |$END\$)" "$T/left")"
# Else the run might draw between the two.
[ -z "$trace" ] || expect_eq "it erases and writes at once" 1 \
	"$(grep -c '"\\r\\33\[Jthe list has changed\\n"' "$T/trace")"

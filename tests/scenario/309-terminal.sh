#!/bin/sh
# What a person sees in a terminal: a line at the bottom with a bar, images, rate, time
# and names, which fits into windows of three widths, one after another, and leaves
# nothing behind; colours, but not with NO_COLOR. Whoever takes results from standard
# output gets these alone. A terminal that can do nothing but print, and what is none,
# get no line and no colours, unless CLICOLOR_FORCE wants them. What failed comes once
# more at the end, no more than twenty of it.
# Waits: for a download that is slowed down
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
need cdr python3 curl
upstream
settings '{"max_tries": 1}'
craft image library/large:1 --layers 2 --size 700000 >/dev/null
craft many library/many --count 2 --layers 1 >/dev/null
esc=$(printf '\033')

# seen WIDTH[,WIDTH...] [OPTION...]: cdr sync of three images and one that fails, in a
# terminal; the screen is in $T/stdout
seen()
{
	_widths=$1
	shift
	rm -rf "$ROOT"
	expect_rc "in a window of $_widths $*" 1 python3 "$TOP/tests/terminal.py" -r "$T/raw" "$@" \
		"$_widths" "$CDR" sync -r "$ROOT" --limit-rate 600K \
		large:1 many-0001 many-0002 gone:1
	cp "$T/stdout" "$T/screen"
}

# drew WIDTH: the line was drawn there, and never as wide as the window
drew()
{
	# shellcheck disable=SC2046 # words
	set -- "$1" $(sed -n "s/^width $1: //p" "$T/screen")
	[ "$2" -ge 2 ] || fail "$1 columns: it was drawn $2 times"
	[ "$3" -lt "$1" ] || fail "$1 columns: it was $3 wide"
	ok "a line in $1 columns, of $3 at most"
}

# --- three widths in one run ------------------------------------------------------------
seen 120,60,24
for width in 120 60 24; do
	drew $width
done
sed '/^width /d' "$T/screen" >"$T/left"
! grep -qE '[[]#|[[]-|%|left' "$T/left" || fail "something of the line is left"
expect_eq "all results are on the screen" "3 1 1" "$(grep -c '^updated ' "$T/left") $(
	grep -c '^error: ' "$T/left") $(grep -c '^failed ' "$T/left")"
grep -q "$esc\[32mupdated" "$T/raw" || fail "what is updated is not green"
grep -q "$esc\[1;31merror:" "$T/raw" || fail "an error is not red"
grep -q "$esc\[1;31m1 failed" "$T/raw" || fail "the number is not red"

# --- results elsewhere ------------------------------------------------------------------
seen 80 -o "$T/results"
drew 80
tr '\r' '\n' <"$T/raw" >"$T/drawn"
grep -qE '^\[#*-+\] +[0-9]+%  [0-9]/4 images  .* left  .*large:1' "$T/drawn" ||
	fail "no bar with images, time and names"
grep -qE ' [0-9.]+ [KM]iB/s ' "$T/drawn" || fail "no rate"
grep -q '^error: .*gone' "$T/screen" || fail "the error is not on the terminal"
! grep -q '^updated' "$T/screen" || fail "results are on the terminal"
expect_eq "the file has results and nothing else" "3 1 1 5" "$(
	grep -c '^updated   docker.io/library/' "$T/results") $(
	grep -c '^failed    docker.io/library/gone:1: .*401' "$T/results") $(
	grep -c '^4 images: 0 unchanged, 3 updated, 1 failed' "$T/results") $(
	wc -l <"$T/results")"
! grep -q "$esc" "$T/results" || fail "the file has colours"
sed '/^width /d' "$T/screen" >"$T/left"
! grep -qE '[[]#|%' "$T/left" || fail "something of the line is left: $(cat "$T/left")"

# Results that get elsewhere do not have it drawn anew: five times a second is enough.
craft many library/small --count 60 --layers 1 >/dev/null
seq -f 'small-%04g' 60 >"$T/small"
rm -rf "$ROOT"
began=$(date +%s%N)
check "many results" python3 "$TOP/tests/terminal.py" -o "$T/results" -r "$T/raw" 80 \
	"$CDR" sync -r "$ROOT" -i "$T/small"
drawn=$(sed -n 's/^width 80: \([0-9]*\) .*/\1/p' "$T/stdout")
[ $((drawn * 200)) -le $((($(date +%s%N) - began) / 1000000 + 400)) ] ||
	fail "it was drawn $drawn times"

# --- without colours, without a line ----------------------------------------------------
sgr="$esc\[[0-9;]*m"
seen 80 -e NO_COLOR=1
drew 80
! grep -q "$sgr" "$T/raw" || fail "NO_COLOR: it has colours"
for how in "-e TERM=dumb" "-u TERM -e TERM="; do
	# shellcheck disable=SC2086
	seen 80 $how
	! grep -q "$esc" "$T/raw" || fail "$how: it has sequences"
	expect_eq "$how: nothing is drawn" "width 80: 0 0" "$(grep ^width "$T/screen")"
done
rm -rf "$ROOT"
export CLICOLOR_FORCE=1
sync_rc "where there is no terminal, forced" 1 many-0001 gone:1
grep -q "^$esc\[32mupdated" "$T/stdout" || fail "CLICOLOR_FORCE: standard output has none"
grep -q "^$esc\[1;31merror:" "$T/stderr" || fail "CLICOLOR_FORCE: standard error has none"
sync_rc "JSON has none" 1 --log json many-0001 gone:1
! grep -q "$esc" "$T/stdout" "$T/stderr" || fail "JSON has colours"
unset CLICOLOR_FORCE

# --- a terminal that stops who writes from the background -------------------------------
cat >"$T/watching" <<END
stty tostop
"$CDR" watch -r "$ROOT" -i "$T/two" --every 1h &
pid=\$!
turns=300
until grep -q finished "$ROOT/status/watch.json" || [ \$turns -eq 0 ]; do
	turns=\$((turns - 1))
	sleep 0.2
done
kill \$pid
wait \$pid
END
printf 'many-0001\nmany-0002\n' >"$T/two"
rm -rf "$ROOT"
python3 "$TOP/tests/terminal.py" -r "$T/raw" 120 sh "$T/watching" >"$T/screen" 2>&1 || :
expect_eq "a run of cdr watch tells its results" 2 "$(grep -c '^updated ' "$T/screen")"

# --- very many failures -----------------------------------------------------------------
seq 30 | sed 's/.*/gone-&:1/' >"$T/list"
sync_rc "thirty failures" 1 -i "$T/list" many-0001
expect_eq "each is told when it happens" 30 "$(grep -c '^error: ' "$T/stderr")"
expect_eq "the end has twenty of them, and how many more" "20 1" "$(
	grep -cE '^failed    docker.io/library/gone-[0-9]+:1: ' "$T/stdout") $(
	grep -c '^failed    10 more: all are in status/status.json' "$T/stdout")"
tail -n 1 "$T/stdout" | grep -q '^31 images: .* 30 failed' || fail "the summary is not last"

# Where nothing else has come since, a person sees them.
for images in "gone:1 many-0001" "gone-1:1 gone-2:1 gone-3:1 gone-4:1 gone-5:1 gone-6:1"; do
	# shellcheck disable=SC2086 # words
	expect_rc "failures in a terminal" 1 python3 "$TOP/tests/terminal.py" 300 "$CDR" sync -r "$ROOT" $images
	grep -c '^failed ' "$T/stdout" >>"$T/again" || :
done
expect_eq "one is not told again, six are" "0 6" "$(xargs <"$T/again")"

# --- what it waits for ------------------------------------------------------------------
settings '{"max_tries": 3}'
fault '{"listener": "registry", "path": "/manifests/", "status": 429, "retry_after": 3, "times": 1}'
rm -rf "$ROOT"
check "a registry that is to be left alone" python3 "$TOP/tests/terminal.py" -r "$T/raw" 60 \
	"$CDR" sync -r "$ROOT" many-0001
tr '\r' '\n' <"$T/raw" | grep -qE ' 0/1 image .*waits for docker[.]io: [0-9.]+ s' ||
	fail "it does not say what it waits for"
ok "it says what it waits for"

#!/bin/sh
# --window: outside of it a run does nothing, says when it begins, and ends with 0;
# at its end a run ends with 4, and what has come is kept for the next one. The
# hours are those of TZ, which is how this scenario chooses the time of the day.
# --jobs and --connections: never more at once; a registry that says
# max_connections itself has that. What makes no sense is refused with 2.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
small=$(craft image library/small:1 --layers 1 --size 4096)
large=$(craft image library/large:1 --layers 1 --size 900000 --seed large)

# it_is HH:MM:SS: in the time zone that begins now, to the second.
it_is()
{
	_utc=$(date -u +%s)
	_day=$((_utc % 86400))
	IFS=: read -r _h _m _s <<-END
	$1
	END
	_want=$((${_h#0} * 3600 + ${_m#0} * 60 + ${_s#0}))
	# What POSIX has is how far UTC is ahead: -12 to 12 hours here.
	_ahead=$(((_day - _want + 43200 + 86400) % 86400 - 43200))
	_sign=
	[ $_ahead -ge 0 ] || { _sign=- _ahead=$((-_ahead)); }
	TZ=$(printf '<THERE>%s%02d:%02d:%02d' "$_sign" $((_ahead / 3600)) \
		$((_ahead / 60 % 60)) $((_ahead % 60)))
	export TZ
}

# Outside.
hub_mark
it_is 21:30:00
sync "before the window" --window 22:00-06:00 small:1
expect_said "it says so" \
	'nothing done: it is 21:3[01] THERE, and the window begins at 22:00 and ends at 06:00'
it_is 06:00:00
sync "after the window, in json" --window 22:00-06:00 --log json small:1
expect_eq "in json too" 1 "$(pick -l 'sum(o.message.startswith("nothing done: it is 06:00") for o in v)' "$T/stderr")"
expect_eq "nothing was asked" 0 "$(hub_count - - .)"
[ ! -e "$ROOT" ] || fail "it made a tree"
sync_rc "a list with errors has them at any hour" 2 --window 22:00-06:00 Small:1

# Inside, before and after midnight.
for time in 23:30:00 05:30:00; do
	it_is $time
	rm -rf "$ROOT"
	sync "at $time" --window 22:00-06:00 small:1
	expect_published "it is done" small:1 "$small"
done

# Its end comes while a blob does.
rm -rf "$ROOT"
fault '{"listener": "cdn", "slow": 90000}'
it_is 05:59:57
within 6 sync_rc "at the end" 4 --window 22:00-06:00 small:1 large:1
expect_said "it says so" \
	'the window 22:00-06:00 is over; at least .* are left; the next run goes on from here'
expect_published "what was through is there" small:1 "$small"
[ "$(find "$ROOT/_state/partial" -type f -size +100k | wc -l)" -eq 1 ] ||
	fail "no part of the blob is kept"
tree_check --resumable "$ROOT"
no_faults
sync "the day after" --log json small:1 large:1
expect_published "the rest comes" large:1 "$large"
[ "$(pick -l 'o.bytes for o in v if o.message == "summary"' "$T/stdout")" -lt 800000 ] ||
	fail "the blob began anew"
tree_check "$ROOT"

# At once: images, and requests.
craft many library/many --count 4 --layers 1 >/dev/null
names=
for i in 1 2 3 4; do
	names="$names many-000$i"
done

# at_once LISTENER PATH: the most that were in flight, by when they began and were
# answered: each answer is held back, and the log has the end of each request.
at_once()
{
	hub_since | awk -F '\t' -v l="$1" -v p="$2" '
		$2 == l && $4 ~ p { split($1, t, /[T:Z]/); print t[2] * 3600 + t[3] * 60 + t[4] }' |
		sort -n | awk '{ t[NR] = $1 }
		END {
			for (i = 1; i <= NR; i++) {
				for (j = i; j <= NR && t[j] < t[i] + 0.09; j++)
					;
				if (j - i > most)
					most = j - i
			}
			print most + 0
		}'
}

# connections "what" MOST ARG...
connections()
{
	_name=$1 _most=$2
	shift 2
	rm -rf "$ROOT"
	hub_mark
	# shellcheck disable=SC2086 # words
	sync "$_name" "$@" $names
	_got=$(at_once cdn data)
	[ "$_got" -le "$_most" ] && [ "$_got" -gt 0 ] ||
		fail "$_name: $_got requests at once"
	tree_check "$ROOT"
}

fault '{"listener": "cdn", "delay_ms": 100}'
connections "--connections 3" 2 --connections 3
settings '{"max_connections": 2}'
connections "max_connections goes before it" 1 --connections 60
settings '{"max_connections": 8}'
fault '{"listener": "registry", "method": "HEAD", "path": "/manifests/latest", "delay_ms": 100}'
rm -rf "$ROOT"
hub_mark
# shellcheck disable=SC2086 # words
sync "--jobs 2" --jobs 2 $names
_got=$(at_once registry manifests/latest)
[ "$_got" -le 2 ] && [ "$_got" -gt 0 ] || fail "--jobs 2: $_got tags at once"
tree_check "$ROOT"

for option in window=22-6 window=22:00-22:00 jobs=0 jobs=1025 connections=65 limit-rate=9K; do
	sync_rc "--$option" 2 "--$option" -r "$T/other" small:1
	expect_said "it says what is right" \
		"--${option%%=*}: it takes |--window: .* is the whole day"
	[ ! -e "$T/other" ] || fail "it made a tree"
done

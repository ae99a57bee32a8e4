#!/bin/sh
# What one site costs its parent, in requests and bytes, is what tests/bench/README.md
# says and what the simulation of ten thousand of them counts with (tests/bench/scale): a
# look at an unchanged tag, a changed one, being told of it, and the same by bundle. The
# tables on the simulation's page are those that it prints, its constants stand where they
# were taken from, and what was measured of twenty sites and of six peers comes out of it.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr nginx python3 curl
lines=20
upstream
craft many library/app:1 --count $lines --layers 1 --size 2000 >"$T/made"
sed "s/ .*/ platform=linux\/amd64/" "$T/made" >"$T/list"
sync "the parent" -q -i "$T/list"
start_nginx "$ROOT"

# counter NAME TO: sets $at, an address that passes on to that one, and counts in
# $T/NAME.counts.
counter()
{
	python3 -S "$TOP/tests/bench/scale/count.py" "$2" "$T/$1.counts" >"$T/$1.at" &
	defer "process_end $!"
	wait_for 60 test -s "$T/$1.at" || fail "count.py does not start"
	at=$(cat "$T/$1.at")
}
counter parent "$MIRROR"
printf '{"docker.io": {"endpoint": "http://%s"}}\n' "$at" >"$T/child.json"

# asked "what": a run of the child; sets $requests, $up and $down, which it made.
asked()
{
	read -r requests0 up0 down0 <"$T/parent.counts"
	check "$1" "$CDR" sync -r "$T/child" --registries "$T/child.json" -i "$T/list"
	read -r requests up down <"$T/parent.counts"
	requests=$((requests - requests0)) up=$((up - up0)) down=$((down - down0))
}
# objects: how many it has, and their bytes
objects()
{
	find "$T/child/blobs" "$T/child/manifests" -type f -printf '%s\n' |
		awk '{ sum += $1 } END { print NR, sum }'
}

asked "a child gets all of it"
asked "it looks again"
expect_eq "a request for each tag" $lines "$requests"
heads_up=$up heads_down=$down
{
	echo "HEAD_UP $((up / lines))"
	echo "HEAD_DOWN $((down / lines))"
} >"$T/seen"

"$CDR" inventory -r "$T/child" --site child >"$T/inventory" || fail "no inventory"
counter child hook
echo a-secret-of-the-child >"$T/secret"
chmod 600 "$T/secret"
printf '{"child": {"url": "http://%s/hook/parent", "bearer_file": "secret"}}\n' "$at" \
	>"$T/notify.json"
# shellcheck disable=SC2046 # words
set -- $(objects)
craft index library/app-0007:1 --platforms linux/amd64,linux/arm64 --layers 3 --size 200000 \
	--seed x >/dev/null
sync "one is pushed, and the child is told" -i "$T/list" --notify "$T/notify.json"
pulls=$(sed -n 's/.* requests, \([0-9]*\) pulls.*/\1/p' "$T/stdout" "$T/stderr")
read -r requests up _ <"$T/child.counts"
expect_eq "once" 1 "$requests"
{
	echo "PULLS $pulls"
	echo "HOOK_DOWN $up"
} >>"$T/seen"
asked "the child gets what is new"
# shellcheck disable=SC2046
set -- $(objects) "$@"
count=$(($1 - $3)) bytes=$(($2 - $4))
expect_eq "index, manifest, configuration, three layers" 6 "$count"
expect_eq "a request for each of them" $((lines + count)) "$requests"
{
	echo "OBJECT_UP $(((up - heads_up) / count))"
	echo "OBJECT_DOWN $(((down - heads_down - bytes) / count))"
} >>"$T/seen"
# bundle "what" NAME WHAT...: sets $rest, its bytes besides the objects
bundle()
{
	_what=$1 _out=$T/$2
	shift 2
	check "$_what" "$CDR" export -r "$ROOT" --site parent --for "$T/inventory" --to "$_out" "$@"
	rest=$(find "$_out" -type f -printf '%s\n' |
		awk -v bytes="$bytes" '{ sum += $1 } END { print sum - bytes }')
}
bundle "a bundle of what is new" one library/app-0007:1
one=$rest
bundle "and of a list in which it is" all -i "$T/list"
{
	echo "BUNDLE $one"
	echo "BUNDLE_LINE $(((rest - one) / (lines - 1)))"
} >>"$T/seen"
cat "$T/seen"

scale()
{
	_top=$1
	shift
	python3 -S "$_top/tests/bench/scale/scale.py" "$@"
}
check "these are the figures that it counts with" scale "$TOP" --seen "$T/seen"
check "the page has its tables, and what was measured comes out" scale "$TOP" --check

# The check can fail: by a figure, a table, a constant that is nowhere, a measurement.
sed 's/^OBJECT_UP .*/OBJECT_UP 350/' "$T/seen" >"$T/other"
expect_rc "another figure is seen" 1 scale "$TOP" --seen "$T/other"
expect_said "it is told" '^OBJECT_UP: measured 350, counted with 282$'
# shellcheck disable=SC2016 # for sed
files=$(sed -n 's/^| .* | `\(.*\)` |$/\1/p' "$TOP/tests/bench/scale/README.md" | sort -u)
# copied: $T/top has what the check reads
copied()
{
	rm -rf "$T/top"
	mkdir "$T/top"
	# shellcheck disable=SC2086 # words
	(cd "$TOP" && cp -R --parents tests/bench/scale $files "$T/top")
}
# altered "what" FILE SED REGEX: so altered, the check fails for that reason
altered()
{
	copied
	sed -i "$3" "$T/top/$2"
	expect_rc "$1" 1 scale "$T/top" --check site check
	expect_said "it is told" "$4"
}
copied
check "a copy is as good" scale "$T/top" --check site check
altered "another table is seen" tests/bench/scale/README.md \
	'/^| a CDR in the site, and peers/s/22 s/21 s/' 'README.md: the table "site" is not'
altered "a constant that is nowhere is seen" tests/bench/README.md 's/500 HEAD by 96/500 HEAD/' \
	'^HEADS_AT_ONCE: tests/bench/README.md does not say'
# A fifth is left: more is seen.
altered "another measurement of a tree is seen" tests/bench/README.md \
	'/^| 20 around it | 5s/s/| [0-9.]* ([^)]*) | [0-9.]* |$/| 14.90 (1-2) | 5.72 |/' \
	'^twenty mirrors around one: predicted .* measured 14.90 s$'
altered "and of peers" tests/bench/README.md '/^| peers, nothing cached/s/to [0-9.]* s/to 9.9 s/' \
	'^six nodes, with peers: predicted .* measured 9.90 s$'
altered "one that is not there is seen" tests/bench/README.md '/^| without peers/d' \
	'^six nodes, without: tests/bench/README.md has no such figure$'

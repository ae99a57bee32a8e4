#!/bin/sh
# How long it takes from a push to the last mirror of a tree of them, and what each child
# asks of its parent. Prints Markdown; "tests/bench/run trees" runs it. As root: each site is
# a network namespace.
set -eu
umask 022
export LC_ALL=C.UTF-8

usage()
{
	cat <<'END'
usage: tests/bench/trees.sh [-n ROUNDS] [-s SITES]

  -n ROUNDS  pushes for each line (5)
  -s SITES   of the largest star (20)
END
}

TOP=$(cd "$(dirname "$0")/../.." && pwd)
CDR=${CDR:-$TOP/build/cdr}
export TOP CDR
# shellcheck source=scripts/functions.sh
. "$TOP/scripts/functions.sh"
# shellcheck source=tests/fleet.sh
. "$TOP/tests/fleet.sh"
fleet_alone "$0" "$@"

rounds=5
most=20
while getopts hn:s: option; do
	case $option in
	h) usage; exit 0 ;;
	n) rounds=$OPTARG ;;
	s) most=$OPTARG ;;
	*) usage >&2; exit 2 ;;
	esac
done

fail()
{
	echo "trees: $*" >&2
	exit 1
}

work=$(mktemp -d "${BENCH_DIR:-${TMPDIR:-/tmp}}/cdr-trees.XXXXXX")
chmod 755 "$work"
REGISTRY_PID=
finish()
{
	status=$?
	trap - EXIT
	trap '' HUP INT TERM
	fleet_end
	[ -z "$REGISTRY_PID" ] || process_end "$REGISTRY_PID"
	rm -rf "${work:?}"
	exit "$status"
}
trap finish EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
export HOME="$work" PYTHONDONTWRITEBYTECODE=1
unset CDR_ROOT CDR_REGISTRIES

# push SEED: sets $new and $pushed, and tells headquarters.
push()
{
	new=$(python3 -S "$TOP/tests/hub/craft.py" --registry "$REGISTRY" image \
		library/app:1 --layers 3 --size 200000 --seed "$1")
	pushed=$(date +%s.%N)
	echo app:1 >"$FLEET/0/spool/hint.tmp"
	mv "$FLEET/0/spool/hint.tmp" "$FLEET/0/spool/hint"
}

# arrive SITE...: the seconds of each.
arrive()
{
	# shellcheck disable=SC2046 # names without blanks
	set -- $(for _n; do
		echo "$FLEET/$_n/root/repos/docker.io/library/app/_manifests/1"
	done)
	python3 -S "$TOP/tests/bench/arrive.py" "$pushed" "$new" "$@" ||
		fail "it does not arrive"
}

# parent chain|star N: the parent of site N.
parent()
{
	case $1 in
	chain) echo $(($2 - 1)) ;;
	star) echo 0 ;;
	esac
}

# grow FORM COUNT SETTLE: headquarters and that many sites.
grow()
{
	trees=$((${trees:-0} + 1))
	mkdir "$work/$trees"
	FLEET=$work/$trees
	mkdir -p "$FLEET/0/spool"
	for _i in $(seq 1 "$2"); do
		mkdir -p "$FLEET/$_i"
		fleet_hooks "$_i" parent
		[ "$1" = star ] || fleet_tells $((_i - 1)) "$_i"
	done
	# shellcheck disable=SC2046 # numbers
	[ "$1" = chain ] || fleet_tells 0 $(seq 1 "$2")
	for _i in $(seq 1 "$2"); do
		fleet_watch "$_i" --every 0 --settle "$3" --settle-first "$3" -i "$work/list" \
			--from "http://$(fleet_address "$(parent "$1" "$_i")"):5000"
	done
	fleet_watch 0 --every 0 --settle "$3" --settle-first "$3" --hooks "$FLEET/0/spool" -i "$work/list" \
		--registries "$work/registries.json"
	for _i in 0 $(seq 1 "$2"); do
		[ "$1" = star ] && [ "$_i" != 0 ] || fleet_serve "$_i"
	done
}

fell()
{
	for _i in 0 $(seq 1 "$1"); do
		for _what in watch hooks serve; do
			fleet_stop "$_i" $_what
		done
	done
}

middle()
{
	sort -n | awk '{ v[NR] = $1 } END {
		printf "%.2f (%.2f-%.2f)", NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2, v[1], v[NR] }'
}

# what the children have asked of headquarters since: requests and bytes, for each.
asked()
{
	python3 -S - "$FLEET/0/access.jsonl" "$1" <<'END'
import json, sys
seen = [json.loads(line) for line in open(sys.argv[1], encoding="utf-8")]
count = int(sys.argv[2])
heads = sum(one["method"] == "HEAD" for one in seen)
print(f"{heads / count:.1f} HEAD, {(len(seen) - heads) / count:.1f} GET, "
      f"{sum(int(one['bytes']) for one in seen) / count / 1000:.0f} kB")
END
}

# row FORM COUNT SETTLE
row()
{
	grow "$1" "$2" "$3"
	push 1
	# shellcheck disable=SC2046
	arrive $(seq 0 "$2") >/dev/null
	rm -f "$work"/first "$work"/last
	: >"$FLEET/0/access.jsonl"
	for _round in $(seq 1 "$rounds"); do
		sleep 2		# so that what the push before has left is over
		push "$trees$_round"
		# shellcheck disable=SC2046
		arrive $(seq 0 "$2") >"$work/all"
		head -n 1 "$work/all" >>"$work/first"
		sort -n "$work/all" | tail -n 1 >>"$work/last"
	done
	if [ "$1" = star ]; then
		_count=$2
	else
		_count=1
	fi
	printf '| %s of %s | %s | %s | %s | %s |\n' "$1" "$2" "$3" "$(middle <"$work/first")" \
	    "$(middle <"$work/last")" "$(asked $((_count * rounds)))"
	fell "$2"
}

fleet_begin "$work/fleet"
for n in $(seq 1 "$most"); do
	fleet_site "$n"
done
registry_start "$work"
printf '{"docker.io": {"endpoint": "http://%s"}}\n' "$REGISTRY" >"$work/registries.json"
echo app:1 >"$work/list"
cat <<END
### From a push to mirrors that follow one another: seconds, $rounds pushes, 600 kB in three layers

| Mirrors below the first | Settle time | it is with the first | with the last | for each child and push, at its parent |
|---|---|---|---|---|
END
row chain 2 5s
row chain 2 1s
row star 1 1s
row star $(((most + 3) / 4)) 1s
row star "$most" 1s
row star "$most" 5s

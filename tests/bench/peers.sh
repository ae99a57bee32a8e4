#!/bin/sh
# Nodes that pull one image over one thin line, each from its own peer: prints a
# Markdown table. As root.
set -eu
umask 022
export LC_ALL=C.UTF-8

TOP=$(cd "$(dirname "$0")/../.." && pwd)
CDR=${CDR:-$TOP/build/cdr}
export TOP CDR PYTHONDONTWRITEBYTECODE=1
# shellcheck source=scripts/functions.sh
. "$TOP/scripts/functions.sh"
# shellcheck source=tests/tree.sh
. "$TOP/tests/tree.sh"
# shellcheck source=tests/peers.sh
. "$TOP/tests/peers.sh"

usage()
{
	cat <<'END'
usage: tests/bench/peers.sh [-n NODES] [-r MBIT] [-k KIB] [CASE]...

  cold     all nodes at once, nothing in the caches
  warm     again
  killed   the last node's peer is killed a third of the bound after the start
  cut      its cable is drawn then
  direct   all from the mirror itself, without peers

All of them unless named. NODES are 6, and at most 200; the line of the mirror has
MBIT Mbit/s, 100; the image has KIB KiB, 136192 (133 MiB), in five layers of which one
is 60 %. Network namespaces are the nodes, each with 1 Gbit/s.
END
}

nodes=6
rate=100
kib=136192
while getopts hn:r:k: option; do
	case $option in
	h) usage; exit 0 ;;
	n) nodes=$OPTARG ;;
	r) rate=$OPTARG ;;
	k) kib=$OPTARG ;;
	*) usage >&2; exit 2 ;;
	esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || set -- cold warm killed cut direct

work=$(mktemp -d "${TMPDIR:-/tmp}/cdr-bench-peers.XXXXXX")
chmod 755 "$work"
finish()
{
	trap - EXIT
	trap '' HUP INT TERM
	peers_end
	rm -rf "$work"
}
trap finish EXIT
trap 'exit 143' HUP INT TERM

TREE=$work/tree
tree_new "$TREE"
peers_begin "$work/net" "$nodes"
peers_image bench/app 1 $((kib * 60 / 100)) $((kib * 15 / 100)) $((kib * 11 / 100)) \
    $((kib * 8 / 100)) $((kib * 6 / 100))
peers_mirror
peers_uplink "${rate}mbit"
all=$(seq 1 "$nodes")
others=$(seq 1 $((nodes - 1)))
# shellcheck disable=SC2086 # words
peers_ring $all
bound=$(awk -v k="$kib" -v r="$rate" 'BEGIN { printf "%.2f", k * 1024 * 8 / r / 1e6 }')

fresh()
{
	for n in $all; do
		peers_kill "$n" 2>/dev/null
		peers_empty "$n"
		peers_node "$n" --uplink "$((rate * 1000000 / 8))"
	done
}

later()
{
	sleep "$(awk -v b="$bound" 'BEGIN { print b / 3 }')"
	"$@" 2>/dev/null
}

# row TITLE "N...": what these nodes have written down
row()
{
	sent=$(peers_sent)
	for n in $2; do
		cat "$PEERS_OUT/$n.json"
	done | python3 -S -c '
import json, sys
title, bound, sent, kib = sys.argv[1], *map(float, sys.argv[2:])
pulls = [json.loads(line) for line in sys.stdin]
times = [pull["seconds"] for pull in pulls]
copies = sent / 1024 / kib
print(f"| {title} | {min(times):.1f} to {max(times):.1f} s | {max(times) / bound:.2f} "
      f"| {sent / (1 << 20):.0f} MiB, {copies:.2f} | {sum(not pull['"'"'ok'"'"'] for pull in pulls)} "
      f"| {sum(pull['"'"'broken'"'"'] for pull in pulls)} |")' "$1" "$bound" "$sent" "$kib"
}

memory()
{
	for n in $all; do
		peers_memory "$n"
	done | sort -n | tail -n 1 | awk '{ printf "%.1f MiB", $1 / 1024 }'
}

echo "$nodes nodes, $((kib / 1024)) MiB in five blobs, $rate Mbit/s: bound $bound s"
echo
echo "| | first to last node done | last, beside the bound | the mirror sent, copies | pulls that failed | bodies that broke off |"
echo "|---|---|---|---|---|---|"
for case; do
	case $case in
	cold | killed | cut) fresh ;;
	esac
	peers_count
	case $case in
	cold)
		peers_pull "$all" bench/app 1 || :
		row "peers, nothing cached" "$all"
		used="after it $(memory)"
		;;
	warm)
		peers_pull "$all" bench/app 1 || :
		row "again" "$all"
		;;
	killed)
		later peers_kill "$nodes" &
		peers_pull "$others" bench/app 1 || :
		row "one is killed" "$others"
		;;
	cut)
		later peers_unplug "$nodes" &
		peers_pull "$others" bench/app 1 || :
		row "one is cut off" "$others"
		peers_plug "$nodes"
		;;
	direct)
		peers_direct "$all" bench/app 1 --timeout 600 || :
		row "without peers" "$all"
		;;
	*)
		usage >&2
		exit 2
		;;
	esac
done
echo
echo "Memory of one peer's nginx, the largest: ${used-not measured}"

#!/bin/sh
# Peers on three nodes bring an image over the line of the mirror once. No pull fails,
# and none ends with wrong bytes, when a peer is killed in the middle, hangs, is cut
# off without a word, or has no room on its disk; nor in a ring of one. What is in the
# caches comes while the mirror is away.
# Waits: for peers that say nothing
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/tree.sh"
. "$TOP/tests/peers.sh"

need cdr root ip tc nginx python3
tree_new "$T/tree"
peers_begin "$T/net" 3
defer peers_end
peers_image library/app 1 4500 4200 800
digest=$(readlink "$TREE/repos/docker.io/library/app/_manifests/1")
digest=sha256:${digest##*/}
one_copy=$((9500 * 1024 + 90))
peers_mirror || fail "the mirror does not start"

# fresh N...: the ring of these, with nothing in their caches
fresh()
{
	peers_ring "$@"
	for n in 1 2 3; do
		peers_kill "$n"
		peers_empty "$n"
	done
	for n; do
		peers_node "$n" || fail "the peer of node $n does not start"
	done
	peers_count
}

# has_some N: has that node something of its own?
has_some()
{
	[ -n "$(find "$T/net/node-$1/cache/owned" -type f -size +64k 2>/dev/null)" ]
}

# during "what" COMMAND...: nodes 1 and 2 pull, and it comes when node 3 has something
during()
{
	_title=$1
	shift
	fresh 1 2 3
	peers_pull "1 2" library/app 1 &
	_pulling=$!
	# On a machine that is very busy node 3 may not have answered in time before.
	wait_for 60 has_some 3 || left_out "$_title" "node 3 was asked for nothing"
	"$@"
	wait $_pulling || fail "$_title: $(cat "$PEERS_OUT"/*.json)"
	pulled "$_title" 1 2
}

# pulled "what" N...: all of it, right, and no bytes were thrown away
pulled()
{
	_title=$1
	shift
	for n; do
		expect_eq "$_title: node $n" '[true,0]' \
			"$(pick '[v.ok, v.wrong]' "$PEERS_OUT/$n.json")"
	done
}

fresh 1 2 3
peers_pull "1 2 3" library/app 1 || :
pulled "three nodes at once" 1 2 3
expect_eq "... and the mirror has sent one copy" $one_copy "$(peers_sent)"
peers_count
peers_pull "1 2 3" library/app 1 || :
pulled "... again" 1 2 3
expect_eq "... of which the mirror has sent nothing" 0 "$(peers_sent)"

peers_mirror_stop
peers_pull "1 2 3" library/app "$digest" || :
pulled "the mirror is away: by digest" 1 2 3
peers_mirror || fail "the mirror does not start again"

peers_uplink 40mbit
during "a peer is killed" peers_kill 3
during "a peer hangs" peers_freeze 3
peers_thaw 3
during "a peer is cut off" peers_unplug 3
peers_plug 3

fresh 1
peers_pull 1 library/app 1 || :
pulled "a ring of one" 1

peers_uplink 1gbit
fresh
peers_ring 1 2 3
mkdir -p "$T/net/node-3/cache"
on 3 mount -t tmpfs -o size=2m,mode=777 none "$T/net/node-3/cache"
for n in 1 2 3; do
	peers_node $n || fail "the peer of node $n does not start"
done
peers_pull "1 2 3" library/app 1 || :
pulled "a disk is full" 1 2 3

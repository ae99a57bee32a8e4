#!/bin/sh
# The list of nodes changes while they pull over a thin line: one leaves it, and its peer
# ends; one that is new comes. Each peer follows the list by itself. No pull fails, none
# is cut short or gets wrong bytes, and afterwards all know the new ring: the mirror has
# to send no more than what the one that left had.
# Waits: for a thin line
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/tree.sh"
. "$TOP/tests/peers.sh"

need cdr root ip tc nginx python3
tree_new "$T/tree"
peers_begin "$T/net" 4
defer peers_end
peers_image library/app 1 9000 4500 800
peers_mirror || fail "the mirror does not start"
peers_uplink 30mbit
peers_ring 1 2 3
for n in 1 2 3; do
	peers_node $n || fail "the peer of node $n does not start"
done

has_some()
{
	[ -n "$(find "$T/net/node-$1/cache/owned" -type f -size +64k 2>/dev/null)" ]
}

# knows N ADDRESS
knows()
{
	grep -qF "server $2:5002" "$T/net/node-$1/run/peer/peer.conf"
}

forgot()
{
	! knows "$@"
}

peers_pull "1 2" library/app 1 &
pulling=$!
# On a machine that is very busy node 3 may not have answered in time before.
wait_for 60 has_some 3 || left_out "a peer in the middle of it" "node 3 was asked for nothing"
peers_ring 1 2 4
peers_node 4 || fail "the peer of node 4 does not start"
for n in 1 2; do
	wait_for 60 knows $n 10.77.0.14 || fail "node $n does not follow the list"
	check "node $n has forgotten who left" forgot $n 10.77.0.13
done
peers_kill 3
wait $pulling || fail "a pull failed: $(cat "$PEERS_OUT"/*.json)"
for n in 1 2; do
	expect_eq "node $n has all of it" '[true,0]' \
		"$(pick '[v.ok, v.wrong]' "$PEERS_OUT/$n.json")"
done
# What nginx still did by the old list has come to an end.
peers_pull "1 2 4" library/app 1 || fail "$(cat "$PEERS_OUT"/*.json)"
peers_count
peers_pull "1 2 4" library/app 1 || fail "$(cat "$PEERS_OUT"/*.json)"
ok "... the new node, too"
expect_eq "... and the ring has all of it" 0 "$(peers_sent)"

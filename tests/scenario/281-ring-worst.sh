#!/bin/sh
# Everything at once: of six peers one is killed in the middle, one hangs, one's cable is
# drawn, one has a full disk and one a clock of thirty years ago; the mirror is started
# anew meanwhile. The nodes that live pull all the time, and no pull fails or takes
# wrong bytes. When all is mended, the ring has one copy, and the mirror sends nothing.
# Tier: all
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/tree.sh"
. "$TOP/tests/peers.sh"

need cdr root ip tc nginx python3 build/tests/setclock.so
tree_new "$T/tree"
peers_begin "$T/net" 6
defer peers_end
for one in 1 2 3; do
	peers_image library/app $one 20000 9000 4500 800
	# The same sizes, and other bytes.
	peers_image library/other $one 15000 4500
done
peers_mirror || fail "the mirror does not start"
peers_uplink 100mbit
peers_ring 1 2 3 4 5 6
mkdir -p "$T/net/node-5/cache"
on 5 mount -t tmpfs -o size=3m,mode=777 none "$T/net/node-5/cache"
for n in 1 2 3 4 5; do
	peers_node $n || fail "the peer of node $n does not start"
done
echo -946080000 >"$T/clock"
PEERS_ENV="LD_PRELOAD=$TOP/build/tests/setclock.so CLOCK_FILE=$T/clock"
export PEERS_ENV
peers_node 6 || fail "the peer of node 6 does not start"
PEERS_ENV=""
check "the clock of node 6 is another one" \
	grep -q setclock.so "/proc/$(cat "$T/net/node-6/run/nginx.pid")/maps"

has_some()
{
	# shellcheck disable=SC2086 # a pattern
	[ -n "$(find "$T/net/node-"$1/cache/owned -type f -size +64k 2>/dev/null)" ]
}

# pulled "what" "N..." REPO TAG
pulled()
{
	for n in $2; do
		expect_eq "$1: node $n has all of it" '[true,0]' \
			"$(pick '[v.ok, v.wrong]' "$PEERS_OUT/$n.json")"
	done
}

peers_pull "1 5 6" library/app 1 --tries 12 &
pulling=$!
wait_for 60 has_some "[234]" || fail "nodes 2, 3 and 4 were asked for nothing"
peers_kill 2
peers_freeze 3
peers_unplug 4
wait $pulling || fail "a pull failed: $(cat "$PEERS_OUT"/*.json)"
pulled "three have gone" "1 5 6"
peers_pull "1 5 6" library/other 1 --tries 30 &
pulling=$!
peers_mirror_stop
peers_mirror || fail "the mirror does not start again"
wait $pulling || :
# While it was away some may have been told that it is: then it is asked once more.
peers_pull "1 5 6" library/other 1 || :
pulled "the mirror was started anew" "1 5 6"

peers_thaw 3
peers_plug 4
on 5 umount "$T/net/node-5/cache"
peers_kill 5
for n in 2 5; do
	peers_node $n || fail "the peer of node $n does not start again"
done
# Until peers that were given up are asked again: fail_timeout.
healed()
{
	peers_pull "1 2 3 4 5 6" library/app 1 || return 1
	peers_count
	peers_pull "1 2 3 4 5 6" library/app 1 || return 1
	[ "$(peers_sent)" -eq 0 ]
}
wait_for 180 healed || fail "the ring does not heal: $(cat "$PEERS_OUT"/*.json)"
pulled "mended" "1 2 3 4 5 6"
ok "... and the mirror is asked for nothing any more"

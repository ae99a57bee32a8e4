#!/bin/sh
# A peer that lies: half a slice, another range, another ETag, the whole blob, a status,
# a redirect, a challenge, no HTTP, endless headers, silence. All of that is had from
# the mirror instead, and nobody is told of a challenge or a redirect. Wrong bytes with
# right headers nobody can see on the way: such a pull fails, and takes no wrong bytes;
# cdr doctor names the piece and the peer. Without that peer pulls are right again. A
# piece that is wrong on an honest peer's disk is found, too, and fetched anew.
# Waits: for a peer that says nothing
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/tree.sh"
. "$TOP/tests/peers.sh"

need cdr root ip tc nginx python3
tree_new "$T/tree"
peers_begin "$T/net" 3
defer peers_end
peers_image library/app 1 4500 4200 50 30 31 32 33 34 35 36 37 38 39 40 41 42
peers_mirror || fail "the mirror does not start"

fresh()
{
	peers_ring "$@"
	for n in 1 2; do
		peers_kill "$n"
		peers_empty "$n"
		peers_node "$n" || fail "the peer of node $n does not start"
	done
	: >"$T/net/node-3/liar.log"
}

pulled()
{
	_title=$1
	peers_pull "1 2" library/app 1 --timeout 30 || :
	for n in 1 2; do
		expect_eq "$_title: node $n has all of it" '[true,0]' \
			"$(pick '[v.ok, v.wrong]' "$PEERS_OUT/$n.json")"
	done
}

lied()
{
	[ "$(grep -c "^$2" "$T/net/node-3/liar.log")" -gt 0 ] ||
		fail "$1: nobody asked that peer"
}

doctor()
{
	on 1 "$CDR" doctor --prefix "$T/net/out" --mirror "$PEERS_MIRROR" \
		--peers "$PEERS_NODES" "$@" library/app:1
}

mkdir -p "$T/net/node-3"
fresh 1 2 3
everything="half reset long etag whole elsewhere status=500 status=401 status=301 status=404 status=403 status=200 garbage headers"
if in_all; then
	for mode in $everything stall silent late=9 drip; do
		peers_liar 3 "$mode" || fail "no liar"
		fresh 1 2 3
		pulled "a peer that lies: $mode"
		lied "$mode" "$mode"
	done
fi
# shellcheck disable=SC2086 # words
peers_liar 3 $everything || fail "no liar"
fresh 1 2 3
pulled "a peer that lies in all ways"
lied "all ways" half
peers_liar 3 silent || fail "no liar"
fresh 1 2 3
pulled "a peer that takes requests, and is silent"
lied silent silent

peers_liar 3 bytes || fail "no liar"
fresh 1 2 3
peers_pull "1 2" library/app 1 && fail "nobody sees wrong bytes"
expect_eq "wrong bytes: a pull fails, and takes none of them" '[false,true]' \
	"$(pick '[v.ok, v.wrong > 0]' "$PEERS_OUT/1.json")"
expect_rc "doctor finds the peer that lies" 1 doctor --anew
expect_said "... and names it, and the piece; fetched anew it is as wrong" \
	"^FAIL  ring +sha256:[0-9a-f]{64}: piece [0-9]+ \(bytes [0-9]+-[0-9]+\) from 10\.77\.0\.13:5002: its bytes are not the mirror's; fetched anew, and wrong still: take that peer out"
expect_eq "... and no other" "" "$(grep '^FAIL' "$T/stdout" | grep -v 'from 10\.77\.0\.13:5002')"
fresh 1 2
pulled "without that peer"

# --- an honest peer's disk ----------------------------------------------------------

peers_honest 3
fresh 1 2 3
peers_node 3 || fail "the peer of node 3 does not start"
pulled "three honest peers"
# spoil FOLDER KEY: the last byte of each piece there is another one.
spoil()
{
	python3 -S - "$@" <<'END'
import os, sys
for folder, _, files in os.walk(sys.argv[1]):
	for name in files:
		with open(os.path.join(folder, name), "r+b") as file:
			key = file.read(4096).partition(b"KEY: ")[2].partition(b"\n")[0]
			if key.startswith(sys.argv[2].encode()):
				file.seek(-1, os.SEEK_END)
				last = file.read(1)
				file.seek(-1, os.SEEK_END)
				file.write(bytes([last[0] ^ 1]))
END
}
check "the last byte of each piece of node 3 is another one on its disk" \
	spoil "$T/net/node-3/cache/owned" "1 blob"
expect_rc "doctor finds it" 1 doctor
expect_said "... there" "^FAIL  ring .* from 10\.77\.0\.13:5002: .*--anew has it fetched anew"
check "... and has it fetched anew" doctor --anew
expect_said "... one piece after the other" "^warn  ring .* from 10\.77\.0\.13:5002: .*fetched anew, and right now"
# Who owns the manifest is known only to the ring.
for n in 1 2 3; do
	check "the same of a manifest that node $n has" spoil "$T/net/node-$n/cache/owned" "1 manifest"
done
expect_rc "doctor finds it" 1 doctor
expect_said "... and says what to do" "^FAIL  ring +manifest .* other bytes from .*--anew has it fetched anew"
check "... and has it fetched anew" doctor --anew
expect_said "... from its owner" "^warn  ring +manifest .*fetched anew, and right now"
check "... and it stays so" doctor
peers_kill 3
expect_rc "doctor finds a peer that is dead" 1 doctor
expect_said "... by name" "^FAIL  peer +nothing answers at 10\.77\.0\.13:5002"
expect_eq "... and nothing else, for all pieces come from others" 1 "$(grep -c '^FAIL' "$T/stdout")"

#!/bin/sh
# A peer follows the list of peers and what the mirror says is bad. Its nginx is told
# when something has changed, and only then. A peer leaves the ring and another one
# comes while pulls run, and each pull ends with the right bytes. What verify takes out
# of the mirror because its bytes are wrong is gone from the caches too; what repairs it
# comes back with the right ones, and a peer that starts anew still knows. A list that
# is wrong, or gone, changes nothing; nor does a mirror that cannot be reached.
#
# Waits: for peers that look once a second, and nginx that is told by a watch of three
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/tree.sh"
. "$TOP/tests/ring.sh"

need cdr nginx curl
tree_new "$T/root"
head -c 6000000 /dev/urandom >"$T/layer"
LAYER=$(tree_blob "$T/layer")
head -c 3000000 /dev/urandom >"$T/other"
OTHER=$(tree_blob "$T/other")
tree_image docker.io/library/app 1 1 >/dev/null
tree_lists
start_nginx "$TREE"
ring_new 4
sed -i 4d "$T/nodes"
for i in 1 2 3; do
	ring_start $i --uplink 500K
done
for i in 1 2 3; do
	wait_for 60 _ring_well $i || fail "peer $i does not start"
done

workers()
{
	_master=$(cat "$T/peer-1/nginx.pid")
	tr ' ' '\n' <"/proc/$_master/task/$_master/children" | sort
}

# ring_has I REGEX COUNT: so many lines of its configuration match.
ring_has()
{
	[ "$(grep -cE "$2" "$T/peer-$1/peer/peer.conf")" -eq "$3" ]
}

# pull I DIGEST FILE [OPTION...]: by way of peer I.
pull()
{
	_peer=$1 _digest=$2 _file=$3
	shift 3
	curl -sf "$@" -o "$_file" "http://$(ring_client "$_peer")/v2/app/blobs/$_digest"
}

# --- the ring -----------------------------------------------------------------------

pull 2 "$LAYER" "$T/first" || fail "no pull"
before=$(workers)
touch "$T/nodes"
echo '# nothing new' >>"$T/nodes"
sleep 4
expect_eq "without a change nginx is left alone" "$before" "$(workers)"

# A slow client, so that the ring changes in the middle.
pull 1 "$LAYER" "$T/slow" --limit-rate 1500000 &
slow=$!
{ ring_at 1; ring_at 2; ring_at 4; } >"$T/nodes"
ring_start 4 --uplink 500K
check "who has left the list leaves the ring" wait_for 60 ring_has 1 \
	"server $(ring_at 3) max" 0
check "... and who is new comes into it" wait_for 60 ring_has 2 \
	"server $(ring_at 4) max" 1
ring_end 3
wait "$slow" || fail "the pull in the middle of that has failed"
check "... and a pull in the middle of that has the right bytes" cmp "$T/layer" "$T/slow"
wait_for 60 _ring_well 4 || fail "peer 4 does not start"
for i in 1 2 4; do
	pull $i "$LAYER" "$T/got" || fail "peer $i has it not"
	cmp -s "$T/got" "$T/layer" || fail "peer $i sends other bytes"
done
ok "all that are in the ring send it"

cp "$T/peer-1/peer/peer.conf" "$T/good.conf"
echo 'no such; line' >>"$T/nodes"
_told()
{
	grep -q "$1" "$T/peer-1.log"
}
check "a list that is wrong is told" wait_for 60 _told 'nodes:4: "no such; line" is not'
rm "$T/nodes"
check "... and one that is gone" wait_for 60 _told 'nodes: no such file'
check "the ring stays as it was" cmp "$T/good.conf" "$T/peer-1/peer/peer.conf"
{ ring_at 1; ring_at 2; ring_at 4; } >"$T/nodes"
check "it is told that all is well again" wait_for 60 _told 'all is well again'
pull 1 "$LAYER" "$T/got" || fail "no pull"

# --- what was bad -------------------------------------------------------------------

# Wrong bytes at the mirror, and so in the caches.
place=$TREE/blobs/sha256/${OTHER#*:}
tr '\000-\377' '\001-\377\000' <"$T/other" >"$T/wrong"
cp -f "$T/wrong" "$TREE/_state/tmp/wrong"
mv -f "$TREE/_state/tmp/wrong" "$place"
pull 1 "$OTHER" "$T/got" || fail "no pull"
cmp -s "$T/got" "$T/wrong" || fail "there are no wrong bytes"
# What verify does with it.
echo "2026-11-20T10:53:07Z $OTHER bytes blobs/sha256/${OTHER#*:}" >"$TREE/status/bad"
rm -f "$place"
# gone I: within a second nginx there knows, too, that the file has gone.
gone()
{
	[ "$(curl -s -o /dev/null -w '%{http_code}' \
		"http://$(ring_client "$1")/v2/app/blobs/$OTHER")" = 404 ]
}
for i in 1 2 4; do
	check "what the mirror took out is gone from peer $i" wait_for 60 gone $i
done
tree_blob "$T/other" >/dev/null
rm "$TREE/status/bad"
right()
{
	pull "$1" "$OTHER" "$T/got" && cmp -s "$T/got" "$T/other"
}
for i in 1 2 4; do
	check "what was mended comes back to peer $i" wait_for 60 right $i
done
grep -q "^$OTHER \"2026-11-20T10:53:07Z\";\$" "$T/peer-1/peer/bad.conf" ||
	fail "it is forgotten"
# Found and mended between two looks of a peer: verify --repair is as fast as that.
head -c 100000 /dev/urandom >"$T/brief"
brief=$(tree_blob "$T/brief")
place=$TREE/blobs/sha256/${brief#*:}
cp -f "$T/wrong" "$TREE/_state/tmp/wrong"
truncate -s 100000 "$TREE/_state/tmp/wrong"
mv -f "$TREE/_state/tmp/wrong" "$place"
pull 1 "$brief" "$T/got" || fail "no pull"
! cmp -s "$T/got" "$T/brief" || fail "there are no wrong bytes"
tree_blob "$T/brief" >/dev/null
echo "2026-11-20T10:53:08Z $brief bytes blobs/sha256/${brief#*:}" >"$TREE/status/mended"
_mended()
{
	pull 1 "$brief" "$T/got" && cmp -s "$T/got" "$T/brief"
}
check "what was mended at once comes, too" wait_for 60 _mended
# The caches still have the wrong bytes, under another key.
process_end "$MIRROR_PID"
check "a mirror that is away is told of" wait_for 60 _told '/bad: what is bad there is not'
ring_end 1
ring_start 1 --uplink 500K
_back()
{
	right 1
}
check "a peer that starts anew without the mirror has the right bytes" wait_for 60 _back
expect_eq "... and says that all is not well" 503 \
	"$(curl -s -o /dev/null -w '%{http_code}' "http://$(ring_client 1)/healthz")"
expect_eq "what only the mirror knows is 404 then" 404 \
	"$(curl -s -o /dev/null -w '%{http_code}' "http://$(ring_client 1)/v2/app/manifests/1")"

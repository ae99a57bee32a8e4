#!/bin/sh
# The mirror takes only clients with a certificate, and peers know each other by
# certificates: all works as without. A peer takes nothing from a mirror, nor from
# another peer, whose certificate is not of the right authority or has another name;
# without a certificate of the peers' nobody hears anything from a peer, whatever
# address he has. What nginx could not look at is refused when the files are written.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/tree.sh"
. "$TOP/tests/ring.sh"

need cdr nginx curl jq openssl
tree_new "$T/root"
head -c 1500000 /dev/urandom >"$T/layer"
LAYER=$(tree_blob "$T/layer")
IMAGE=$(tree_image docker.io/library/app 1 1)
tree_lists

# authority NAME
authority()
{
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3 \
		-subj "/CN=$1" -keyout "$T/$1.key" -out "$T/$1.crt" 2>/dev/null
}

# certificate AUTHORITY FILE NAME: for both sides.
certificate()
{
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$3" \
		-keyout "$T/$2.key" -out "$T/$2.csr" 2>/dev/null
	printf 'subjectAltName=DNS:%s\n' "$3" >"$T/$2.ext"
	openssl x509 -req -in "$T/$2.csr" -CA "$T/$1.crt" -CAkey "$T/$1.key" \
		-CAcreateserial -days 3 -extfile "$T/$2.ext" -out "$T/$2.crt" 2>/dev/null
}

authority site
authority peers
authority strange
certificate site mirror mirror.example
certificate site node node-1
for i in 1 2 3; do
	certificate peers peer-$i cdr-peer
done
certificate peers other-name somebody
certificate strange impostor cdr-peer
# nginx's workers do not read them, and root or we start it.
chmod 644 "$T"/*.key

start_nginx "$TREE" --tls "$T/mirror.crt" "$T/mirror.key" --client-ca "$T/site.crt"
RING_MIRROR=https://$MIRROR
ring_new 3

# peer I CERTIFICATE [OPTION...]
peer()
{
	_peer=$1 _cert=$2
	shift 2
	ring_start "$_peer" --ca "$T/site.crt" --client-cert "$T/node.crt" \
		--client-key "$T/node.key" --peer-ca "$T/peers.crt" \
		--peer-cert "$T/$_cert.crt" --peer-key "$T/$_cert.key" --uplink 500K "$@"
}

for i in 1 2 3; do
	peer $i peer-$i --mirror-name mirror.example
done
for i in 1 2 3; do
	wait_for 60 _ring_well $i || fail "peer $i does not start"
done
for i in 1 2 3; do
	curl -sf -o "$T/got" "http://$(ring_client $i)/v2/app/blobs/$LAYER" ||
		fail "peer $i has it not"
	cmp -s "$T/got" "$T/layer" || fail "peer $i sends other bytes"
done
expect_eq "each piece is in one cache" 6 \
	"$(($(ring_cached 1 "$LAYER") + $(ring_cached 2 "$LAYER") + $(ring_cached 3 "$LAYER")))"
expect_eq "tags work" "$IMAGE" \
	"sha256:$(curl -sf "http://$(ring_client 1)/v2/app/manifests/1" | sha256sum | cut -c -64)"

# knows I: it has been told what is bad at the mirror.
knows()
{
	grep -q "^$LAYER \"2026-11-20T10:53:07Z\";\$" "$T/peer-$1/peer/bad.conf"
}
echo "2026-11-20T10:53:07Z $LAYER bytes blobs/sha256/${LAYER#*:}" >"$TREE/status/bad"
check "a peer is told what is bad at the mirror, whose name is on its certificate alone" \
	wait_for 60 knows 1
rm "$TREE/status/bad"

mkdir -p "$T/node"
check "doctor sees that they know each other by certificates" "$CDR" doctor \
	--mirror "http://$(ring_client 1)" --prefix "$T/node" --peers "$T/nodes" \
	--ring "http://$(ring_client 1)" app:1
expect_eq "... all three" 3 "$(grep -c '^ok    peer .* wants a certificate' "$T/stdout")"

url=https://cdr-peer:$(ring_at 1 | sed 's/.*://')/v2/app/blobs/$LAYER
# hears NAME OPTION...: does one hear anything?
hears()
{
	: >"$T/heard"
	curl -s -i -o "$T/heard" --connect-to "::127.0.0.1:" --cacert "$T/peers.crt" \
		-r 0-262143 "$@" "$url" || :
	[ -s "$T/heard" ]
}
hears --cert "$T/peer-2.crt" --key "$T/peer-2.key" || fail "a peer hears nothing"
ok "who has a certificate of the peers' hears a peer"
! hears || fail "somebody without a certificate hears something"
! hears --cert "$T/impostor.crt" --key "$T/impostor.key" ||
	fail "a stranger hears something"
! hears --cert "$T/node.crt" --key "$T/node.key" || fail "a node hears something"
ok "nobody else does, from the same address"

# --- who is not what he says --------------------------------------------------------

for cert in impostor other-name; do
	ring_end 2
	rm -rf "$T/peer-2/cache"
	peer 2 $cert --mirror-name mirror.example
	wait_for 60 curl -s -o /dev/null "http://$(ring_client 2)/v2/" ||
		fail "peer 2 does not start"
	ring_end 1
	peer 1 peer-1 --mirror-name mirror.example
	wait_for 60 _ring_well 1 || fail "peer 1 does not start"
	head -c 1500000 /dev/urandom >"$T/layer"
	LAYER=$(tree_blob "$T/layer")
	curl -sf -o "$T/got" "http://$(ring_client 1)/v2/app/blobs/$LAYER" ||
		fail "$cert: the pull failed"
	cmp -s "$T/got" "$T/layer" || fail "$cert: other bytes"
	expect_eq "$cert: nothing is had from that peer, and the pull is right" 0 \
		"$(ring_cached 2 "$LAYER")"
done

ring_end 3
peer 3 peer-3 --mirror-name other.example
wait_for 60 curl -s -o /dev/null "http://$(ring_client 3)/v2/" ||
	fail "peer 3 does not start"
expect_eq "a mirror with another name is none" 404 \
	"$(curl -s -o /dev/null -w '%{http_code}' "http://$(ring_client 3)/v2/app/manifests/1")"
expect_eq "... and the peer is not well" 503 \
	"$(curl -s -o /dev/null -w '%{http_code}' "http://$(ring_client 3)/healthz")"

# --- what cannot be -----------------------------------------------------------------

expect_rc "an address has no name to look for in a certificate" 2 \
	"$CDR" node-config peers --mirror "$RING_MIRROR" --nodes "$T/nodes" --self "$(ring_at 1)"
expect_said "... and it says so" 'give --mirror-name'
expect_rc "a peer's certificate needs its key" 2 "$CDR" node-config peers \
	--mirror "http://$MIRROR" --nodes "$T/nodes" --peer-cert "$T/peer-1.crt"
expect_said "... and it says so" 'belong together'

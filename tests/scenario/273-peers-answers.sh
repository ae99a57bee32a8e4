#!/bin/sh
# A peer answers what the mirror answers, header by header: all names by which clients
# ask, ranges, conditions, lists, errors, also of what has been in the caches for long.
# Of a blob the mirror sends each piece once for the whole ring; of several ranges, of
# tags and lists it sends each anew, so that a tag that has moved has moved at once.
# What a client proves itself with goes no further than to its own peer. A peer's nginx
# takes less than 32 MiB of memory, also in the midst of a large blob. Who is not on
# the list hears nothing from a peer.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/tree.sh"
. "$TOP/tests/clients/tree.sh"
. "$TOP/tests/ring.sh"

need cdr nginx curl jq python3
urls_tree "$T/root"
head -c 3000000 /dev/urandom >"$T/layer"
LAYER=$(tree_blob "$T/layer")
echo small >"$T/small"
EMPTY=$(tree_blob /dev/null)
start_nginx "$TREE" --log "$T/mirror.log.json"
ring_new 3
for i in 1 2 3; do
	ring_start $i --uplink 500K
done
for i in 1 2 3; do
	wait_for 60 _ring_well $i || fail "peer $i does not start"
done

# --- as the mirror ------------------------------------------------------------------

{
	sed '/^#/d; /^$/d; s/^HEAD/GET/' "$TOP/tests/clients/urls.txt" | urls_expand |
		awk '{ print $1, $2 }'
	for path in /v2/_catalog /v2/alpine/manifests/3.20 \
	    "/v2/alpine/manifests/$(echo '{HUB}' | urls_expand)" \
	    "/v2/alpine/blobs/$LAYER" "/v2/alpine/blobs/$(tree_blob "$T/small")" \
	    "/v2/nosuch/blobs/$LAYER" "/v2/alpine/blobs/$EMPTY" \
	    "/v2/alpine/blobs/sha256:$(printf %064d 0)"; do
		echo "GET $path all"
	done
	for path in /v2 / /page.css '/v2/_catalog?n=1' /metrics /_known /_refused \
	    '/v2/alpine/tags/list?n=1' /v2/nosuch/tags/list /nosuch \
	    "/v2/org/app/blobs/$LAYER?ns=reg.example:5000" \
	    "/v2/alpine/blobs/$LAYER?ns=ghcr.io" "/v2/alpine/blobs/${LAYER}x" \
	    "/v2/alpine/../alpine/blobs/$LAYER" "//v2/alpine/blobs/$LAYER" \
	    "/v2//alpine/blobs/$LAYER" "/v2/ALPINE/blobs/$LAYER" \
	    "/v2/alpine/manifests/$LAYER" /v2/alpine/blobs/uploads/; do
		echo "GET $path"
	done
	echo PUT /v2/alpine/manifests/3.20
	echo POST /v2/alpine/blobs/uploads/
	echo DELETE "/v2/alpine/blobs/$LAYER"
} | sort -u >"$T/requests"
check "a peer answers as the mirror does" python3 -S "$TOP/tests/same-answers.py" \
	"$MIRROR" "$(ring_client 1)" <"$T/requests"
expect_said "... over some thousand requests" '^[0-9]{4} asked, 0 differ'
for i in 2 3; do
	curl -sf -o "$T/got" "http://$(ring_client $i)/v2/alpine/blobs/$LAYER" ||
		fail "peer $i does not send it"
	cmp -s "$T/got" "$T/layer" || fail "peer $i sends other bytes"
done
ok "so do the others"

# --- each piece once ----------------------------------------------------------------

head -c 5000000 /dev/urandom >"$T/fresh"
FRESH=$(tree_blob "$T/fresh")
pulls=
for i in 1 2 3 1 2 3; do
	curl -sf -o "$T/fresh-$i" "http://$(ring_client $i)/v2/org/app/blobs/$FRESH" &
	pulls="$pulls $!"
done
for pull in $pulls; do
	wait "$pull" || fail "a pull failed"
done
for i in 1 2 3; do
	cmp -s "$T/fresh" "$T/fresh-$i" || fail "peer $i sends other bytes"
done
# nginx writes the line when it is done.
_sent_it()
{
	sent=$(jq -rs "[.[] | select(.digest == \"$FRESH\") | .bytes] | add" \
		"$T/mirror.log.json")
	[ "$sent" -ge 5000000 ]
}
wait_for 60 _sent_it
expect_eq "six pulls over three peers: the mirror has sent it once" 5000000 "$sent"
expect_eq "... in pieces of 256 KiB" 20 \
	"$(($(ring_cached 1 "$FRESH") + $(ring_cached 2 "$FRESH") + $(ring_cached 3 "$FRESH")))"
for i in 1 2 3; do
	[ "$(ring_cached $i "$FRESH")" -gt 0 ] || fail "peer $i has no piece of it"
done
ok "... which all peers share out among them"

# --- memory -------------------------------------------------------------------------

# nginx gives back what a piece took when the answer is over: 400 pieces are under way
# when the client stands still.
head -c 104857600 /dev/zero >"$T/large"
LARGE=$(tree_blob "$T/large")
curl -sf --limit-rate 60M -o "$T/got-large" \
	"http://$(ring_client 2)/v2/org/app/blobs/$LARGE" &
pull=$!
_nearly()
{
	[ "$(stat -c %s "$T/got-large")" -gt 94000000 ]
}
wait_for 60 _nearly || fail "the large pull does not go on"
kill -STOP $pull
master=$(cat "$T/peer-2/nginx.pid")
memory=0
for process in $master $(cat "/proc/$master/task/$master/children"); do
	memory=$((memory + $(awk '/^Pss:/ { print $2 }' "/proc/$process/smaps_rollup")))
done
kill -CONT $pull
wait $pull || fail "the large pull failed"
cmp -s "$T/got-large" "$T/large" || fail "the large pull has other bytes"
[ $memory -lt 32768 ] || fail "nginx takes $memory KiB"
ok "a peer's nginx takes less than 32 MiB"

# --- tags move ----------------------------------------------------------------------

old=$(curl -sf "http://$(ring_client 1)/v2/alpine/manifests/3.20" | sha256sum)
tree_image docker.io/library/alpine 3.20 99 >"$T/moved"
new=$(curl -sf "http://$(ring_client 1)/v2/alpine/manifests/3.20" | sha256sum)
[ "$old" != "$new" ] || fail "the tag has not moved"
expect_eq "a tag that has moved has moved at once" "$(cat "$T/moved")" \
	"sha256:${new%% *}"

# --- who asks what ------------------------------------------------------------------

! curl -s -i -o "$T/stranger" --interface 127.0.0.2 \
	"http://$(ring_at 1)/v2/alpine/blobs/$LAYER" || fail "a stranger has an answer"
[ ! -s "$T/stranger" ] || fail "a stranger hears something"
ok "who is not on the list hears nothing"
expect_eq "a peer has nothing for others but what is named by a digest" 404 \
	"$(curl -s -o /dev/null -w '%{http_code}' "http://$(ring_at 1)/v2/alpine/manifests/3.20")"

# A mirror that writes down what it is asked.
cat >"$T/listens.py" <<'PY'
import http.server, sys
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with open(sys.argv[1], "a") as f:
            f.write(f"{self.requestline}\n{self.headers}\n")
        self.send_response(404)
        self.send_header("Content-Length", "0")
        self.end_headers()
    do_HEAD = do_GET
s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), H)
with open(sys.argv[2], "w") as f:
    f.write("127.0.0.1:%d" % s.server_port)
s.serve_forever()
PY
python3 -S "$T/listens.py" "$T/heard" "$T/heard.at" 2>/dev/null &
defer "process_end $!"
wait_for 60 test -s "$T/heard.at"
ring_end 1
RING_MIRROR=http://$(cat "$T/heard.at")
ring_start 1
_asks()
{
	curl -s -o /dev/null -u user:secret-of-mine -H 'Cookie: secret=1' \
		"http://$(ring_client 1)/v2/alpine/manifests/nosuch"
}
wait_for 60 _asks
curl -s -o /dev/null -u user:secret-of-mine -H 'Cookie: secret=1' \
	"http://$(ring_client 1)/v2/not-known/blobs/$LAYER"
grep -q /v2/alpine/manifests/nosuch "$T/heard" || fail "it did not come there"
grep -q "/v2/not-known/tags/list" "$T/heard" || fail "nothing of the blob came there"
expect_eq "no credentials are sent on" 0 "$(grep -ciE 'authorization|cookie' "$T/heard")"

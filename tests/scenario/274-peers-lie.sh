#!/bin/sh
# A peer of the ring is not one, or not what it should be: it is dead, answers with an
# error, a redirect or a page, with another ETag, another range or more headers than
# anybody takes, breaks off in the middle, or speaks another protocol. Each pull by way
# of the other peers ends with the right bytes, and without a second try. Where its
# bytes are wrong and nothing else is, a pull ends with other bytes than were asked for,
# which clients notice; manifests by tag are never its.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/tree.sh"
. "$TOP/tests/ring.sh"

need cdr nginx curl jq python3
tree_new "$T/root"
head -c 3000000 /dev/urandom >"$T/layer"
LAYER=$(tree_blob "$T/layer")
IMAGE=$(tree_image docker.io/library/app 1 1)
tree_lists
start_nginx "$TREE"

cat >"$T/liar.py" <<'PY'
"""liar.py PORT MODE-FILE: answers as the file says at that moment."""
import re, socketserver, sys

TOTAL = 3000000


class Liar(socketserver.BaseRequestHandler):
    def handle(self):
        mode = open(sys.argv[2]).read().strip()
        asked = b""
        while b"\r\n\r\n" not in asked:
            more = self.request.recv(4096)
            if not more:
                return
            asked += more
        digest = re.search(rb"sha256:[0-9a-f]{64}", asked)
        etag = b'"' + digest.group() + b'"' if digest else b'"x"'
        span = re.search(rb"Range: bytes=(\d+)-(\d+)", asked)
        first, last = map(int, span.groups()) if span else (0, TOTAL)
        last = min(last, TOTAL - 1)
        size = last - first + 1
        status, length, extra = b"206 Partial Content", size, b""
        name = digest.group() if digest else b"x"
        body = b"x" * size
        if mode.isdigit():
            status, body = mode.encode() + b" X", b"<html>no</html>"
            length = len(body)
            extra = b"Location: http://127.0.0.1:9/\r\nWWW-Authenticate: Basic\r\n"
        elif mode == "etag":
            etag = b'"other"'
        elif mode == "digest":
            name = b"sha256:" + b"0" * 64
        elif mode == "gzip":
            extra = b"Content-Encoding: gzip\r\n"
        elif mode == "more" and last == TOTAL - 1:
            mode = "more, last"
            body += b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad"
            length = len(body)
        elif mode == "shifted":
            first, last = first + 1, last + 1
        elif mode == "short":
            body = body[:1000]
        elif mode == "accel":
            extra = b"X-Accel-Redirect: /healthz\r\n"
        elif mode == "many":
            extra = b"".join(b"X-%d: %s\r\n" % (i, b"y" * 1000) for i in range(500))
        if mode == "noise":
            answer = b"SSH-2.0-OpenSSH_9.2\r\n" * 100
        elif mode == "silent":
            return
        elif mode in ("huge", "twice"):
            twice = b"2\r\nContent-Length: " if mode == "twice" else b""
            answer = (b"HTTP/1.1 200 OK\r\nContent-Length: %s%d\r\nETag: %s\r\n"
                      b"Docker-Content-Digest: %s\r\n\r\n" % (
                          twice, 1 << 40, etag, name)) + body
        else:
            answer = (b"HTTP/1.1 %s\r\nContent-Length: %d\r\n%s"
                      b"Content-Range: bytes %d-%d/%d\r\nETag: %s\r\n"
                      b"Docker-Content-Digest: %s\r\nConnection: close\r\n\r\n" % (
                          status, length, extra, first, last, TOTAL, etag,
                          name)) + body
        with open(sys.argv[2] + ".asked", "a") as asked_file:
            asked_file.write(mode + "\n")
        try:
            self.request.sendall(answer)
            for sent in range(20 if mode in ("huge", "twice") else 0):
                with open(sys.argv[2] + ".sent", "w") as sent_file:
                    sent_file.write(f"{sent * len(body)}")
                self.request.sendall(body)
        except OSError:
            pass


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True


Server(("127.0.0.1", int(sys.argv[1])), Liar).serve_forever()
PY

ring_new 2
port=$(ring_at 2)
ring_start 1 --uplink 500K
wait_for 60 _ring_well 1 || fail "the peer does not start"

# pull: a blob that no cache has yet, so that the liar is asked for half of it.
pull()
{
	head -c 3000000 /dev/urandom >"$T/layer"
	LAYER=$(tree_blob "$T/layer")
	_rc=0
	curl -s -f -o "$T/got" "http://$(ring_client 1)/v2/app/blobs/$LAYER" || _rc=$?
}

fetches()
{
	pull
	[ $_rc -eq 0 ] || fail "$1: the pull ended with $_rc"
	cmp -s "$T/got" "$T/layer" || fail "$1: other bytes"
	curl -sf -o "$T/got" "http://$(ring_client 1)/v2/app/manifests/$IMAGE" ||
		fail "$1: no manifest"
	[ "sha256:$(sha256sum <"$T/got" | cut -c -64)" = "$IMAGE" ] ||
		fail "$1: another manifest"
	ok "$1: the pull is right at once"
}

fetches "nobody is there"
# A peer that was not there is left alone for a minute: another one knows nothing of it.
ring_end 1
python3 -S "$T/liar.py" "${port##*:}" "$T/mode" &
defer "process_end $!"
wait_for 60 port_taken "${port##*:}" || fail "the liar does not start"
ring_start 1 --uplink 500K
wait_for 60 _ring_well 1 || fail "the peer does not start"

# begin MODE: the liar answers so; to a peer that has not left it alone, as one does
# for a minute when a connection took too long on a machine with much to do.
begin()
{
	echo "$1" >"$T/mode"
	: >"$T/mode.asked"
	echo 0 >"$T/mode.sent"
}

again()
{
	! grep -qx "$1" "$T/mode.asked" || return 1
	ring_end 1
	ring_start 1 --uplink 500K
	wait_for 60 _ring_well 1 || fail "the peer does not start"
}

for mode in 200 201 204 301 302 304 307 400 401 403 404 405 412 416 418 429 494 500 502 \
    503 504 599 etag digest gzip shifted short; do
	begin $mode
	for _ in 1 2 3 4 5; do
		fetches "$mode"
		again "$mode" || break
	done
	grep -qx $mode "$T/mode.asked" || fail "the liar was not asked"
done
for mode in accel wrong; do
	begin $mode
	for _ in 1 2 3 4 5; do
		pull
		again "$mode" || break
	done
	grep -qx $mode "$T/mode.asked" || fail "the liar was not asked"
	if [ $_rc -eq 0 ] && [ "sha256:$(sha256sum <"$T/got" | cut -c -64)" = "$LAYER" ]; then
		fail "these are the right bytes"
	fi
	ok "$mode: what it sent in the right form is taken, and is not the blob's"
done

# More than its length says: that must not be the answer to what is asked next.
cat >"$T/next.py" <<'PY'
"""next.py HOST PORT PATH...: one after the other, over one connection if that may be."""
import socket, sys

stream = None
for path in sys.argv[3:]:
    if stream is None:
        stream = socket.create_connection(sys.argv[1:3]).makefile("rwb")
    stream.write(b"GET %s HTTP/1.1\r\nHost: peer\r\n\r\n" % path.encode())
    stream.flush()
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += stream.readline() or sys.exit("no answer")
    said = dict(line.split(b": ", 1) for line in head.lower().splitlines()[1:-1])
    body = stream.read(int(said[b"content-length"]))
    if said.get(b"connection") == b"close":
        stream = None
sys.stdout.buffer.write(body)
PY
client=$(ring_client 1)
next()
{
	python3 -S "$T/next.py" 127.0.0.1 "${client##*:}" "/v2/app/blobs/$LAYER" \
		/v2/app/manifests/1 >"$T/got"
}
begin more
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	pull
	check "more: the next one is asked for" next
	expect_eq "... and its answer is the mirror's" "$IMAGE" \
		"sha256:$(sha256sum <"$T/got" | cut -c -64)"
	again "more, last" || break
done
grep -qx "more, last" "$T/mode.asked" || fail "the liar was not asked"

# A manifest without an end, so that it would fill the disk.
n=1
for mode in huge twice; do
	begin $mode
	until grep -qx $mode "$T/mode.asked"; do
		[ $n -lt 50 ] || fail "the liar was not asked"
		n=$((n + 1))
		one=$(tree_image docker.io/library/app more $n)
		curl -sf -o "$T/got" "http://$(ring_client 1)/v2/app/manifests/$one" ||
			fail "$mode: no manifest"
		[ "sha256:$(sha256sum <"$T/got" | cut -c -64)" = "$one" ] ||
			fail "$mode: another manifest"
	done
	check "$mode: a manifest without an end is not read to its end" \
		test "$(cat "$T/mode.sent")" -lt 40000000
done
expect_eq "a manifest by tag is the mirror's" "$IMAGE" \
	"sha256:$(curl -sf "http://$(ring_client 1)/v2/app/manifests/1" | sha256sum | cut -c -64)"
# With these it is taken for one that has failed, and is left alone for a minute.
for mode in noise many silent; do
	echo $mode >"$T/mode"
	fetches "$mode"
done

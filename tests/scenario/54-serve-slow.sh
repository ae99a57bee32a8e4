#!/bin/sh
# Clients that are slow, on purpose or not, do not starve others: a thousand that
# never finish their headers, and a hundred that do not read what they asked for, and
# one more is answered at once; and the first ones are let go.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/tree.sh"

need nginx python3 pgrep
tree_new "$T/root"
tree_image docker.io/library/app 1 1 >/dev/null
head -c 30000000 /dev/zero >"$T/big"
big=$(tree_blob "$T/big")
tree_lists
start_nginx "$TREE"

cat >"$T/slow.py" <<'END'
import http.client, resource, socket, sys, threading, time

hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (4096 if hard < 0 else min(4096, hard), hard))

host, port = sys.argv[1].rsplit(":", 1)
port = int(port)
held = []


def connect(raw, small=False):
    s = socket.socket()
    if small:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    s.settimeout(40)
    s.connect((host, port))
    s.sendall(raw)
    held.append(s)
    return s


def dribble():
    """A line now and then, as slowloris does: each one must not buy more time."""
    while not over.is_set():
        for s in headers:
            try:
                s.sendall(b"X: y\r\n")
            except OSError:
                pass
        over.wait(2)


over = threading.Event()
begin = time.monotonic()
headers = [connect(b"GET /v2/library/app/manifests/1 HTTP/1.1\r\nHost: m\r\n")
           for _ in range(1000)]
readers = [connect(f"GET {sys.argv[2]} HTTP/1.1\r\nHost: m\r\n\r\n".encode(), True)
           for _ in range(100)]
thread = threading.Thread(target=dribble)
thread.start()
try:
    time.sleep(1)
    worst = 0
    for _ in range(50):
        at = time.monotonic()
        c = http.client.HTTPConnection(host, port, timeout=10)
        c.request("GET", "/v2/library/app/manifests/1")
        r = c.getresponse()
        assert r.status == 200 and r.read()
        worst = max(worst, time.monotonic() - at)
        c.close()
    print(f"others wait {1000 * worst:.0f} ms at most")
    assert worst < 3
    # They are let go after the ten seconds that a header may take, dribble or no.
    for s in headers:
        got = b""
        try:
            while chunk := s.recv(4096):
                got += chunk
        except ConnectionError:
            pass
        assert not got or got.startswith(b"HTTP/1.1 4"), got[:60]
    took = time.monotonic() - begin
    print(f"the slow headers are gone after {took:.0f} s")
    assert 7 < took < 30
finally:
    over.set()
    thread.join()
    for s in held:
        s.close()
END
nginx=$(pgrep -P "$MIRROR_PID" -x nginx)
workers=$(pgrep -P "$nginx" | sort)
check "slow clients starve nobody" python3 "$T/slow.py" "$MIRROR" "/v2/library/app/blobs/$big"
cat "$T/stdout"
expect_eq "the same workers run" "$workers" "$(pgrep -P "$nginx" | sort)"
# A hundred readers cost no memory: what they wait for is in the page cache.
for worker in $workers; do
	kib=$(awk '/^VmRSS/ { print $2 }' "/proc/$worker/status")
	[ "$kib" -lt 40000 ] || fail "a worker has $kib KiB"
done
ok "and no worker has grown"

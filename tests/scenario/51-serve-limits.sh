#!/bin/sh
# What one client address may have: the bursts that nodes make never meet a
# limit; too many requests a second are delayed and answered; too many at once
# are 429 with Retry-After, for that address alone and never for the health check;
# --limit-rate slows a connection down; --no-limits ends all that.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/tree.sh"

need nginx python3 curl jq
tree_new "$T/root"
image=$(tree_image docker.io/library/app 1 1)
layer=$(jq -r '.layers[0].digest' "$TREE/repos/docker.io/library/app/_manifests/1")
head -c 30000000 /dev/zero >"$T/big"
big=$(tree_blob "$T/big")
tree_lists

cat >"$T/load.py" <<'END'
"""load.py ADDR PATHS CONNECTIONS REQUESTS: so many requests on each of so many
connections, all at once; prints how many answers there were of each status."""
import asyncio, collections, resource, sys, time

hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (4096 if hard < 0 else min(4096, hard), hard))

host, port = sys.argv[1].rsplit(":", 1)
paths = sys.argv[2].split(",")
seen = collections.Counter()


async def client(number, requests):
    reader, writer = await asyncio.open_connection(host, port)
    for i in range(requests):
        path = paths[(number + i) % len(paths)]
        writer.write(f"GET {path} HTTP/1.1\r\nHost: m\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length: ")[1].split(b"\r")[0])
        await reader.readexactly(length)
        seen[head[9:12].decode()] += 1
    writer.close()


async def main():
    begin = time.monotonic()
    await asyncio.gather(*(client(n, int(sys.argv[4])) for n in range(int(sys.argv[3]))))
    print(dict(seen), f"{time.monotonic() - begin:.1f} s")

asyncio.run(main())
END
paths=/v2/library/app/manifests/1,/v2/library/app/manifests/$image,/v2/library/app/blobs/$layer,/v2/library/app/tags/list

# --- as they come -------------------------------------------------------------------

start_nginx "$TREE"
# 250 nodes behind one address, four connections each, pull the same image.
check "a burst of 1000 connections" python3 "$T/load.py" "$MIRROR" "$paths" 1000 10
expect_said "every request was answered" "^{'200': 10000} "
expect_eq "nobody was refused or delayed with a word" '' "$(grep limiting "$T/nginx.log" || :)"

# --- with small numbers, so that they are met -----------------------------------------

mkdir -p "$T/small/scripts"
cp -R "$TOP/nginx" "$T/small/nginx"
cp "$TOP/scripts/serve" "$T/small/scripts/"
sed -i 's/limit_conn cdr_connections 2048;/limit_conn cdr_connections 20;/
    s/burst=4096;/burst=40;/' "$T/small/nginx/cdr-server.conf"
sed -i 's,rate=5000r/s,rate=50r/s,' "$T/small/nginx/cdr-limits.conf"
grep -q 'connections 20;' "$T/small/nginx/cdr-server.conf" &&
	grep -q 'burst=40;' "$T/small/nginx/cdr-server.conf" &&
	grep -q 'rate=50r/s' "$T/small/nginx/cdr-limits.conf" ||
	fail "the limits are not where they were"

# small OPTION...: serves with them
small()
{
	_top=$TOP
	TOP=$T/small
	start_nginx "$TREE" "$@"
	TOP=$_top
	pid=$MIRROR_PID address=$MIRROR
}

small
check "more a second than the rate" python3 "$T/load.py" "$address" "$paths" 15 8
expect_said "all are answered, and late" "^{'200': 120} [2-4]\\."

cat >"$T/hold.py" <<'END'
"""hold.py ADDR PATH: 20 readers that do not read; then what others get."""
import http.client, socket, sys, time

host, port = sys.argv[1].rsplit(":", 1)
held = []
for _ in range(20):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    s.connect((host, int(port)))
    s.sendall(f"GET {sys.argv[2]} HTTP/1.1\r\nHost: m\r\n\r\n".encode())
    assert s.recv(12) == b"HTTP/1.1 200", "a reader is refused"
    held.append(s)


def get(path, source):
    c = http.client.HTTPConnection(host, int(port), 10, source_address=(source, 0))
    c.request("GET", path)
    r = c.getresponse()
    policy = r.headers.get_all("Content-Security-Policy")
    return r.status, r.getheader("Retry-After"), r.getheader("Content-Type"), policy, r.read()


print("same", *get("/v2/library/app/manifests/1", "127.0.0.1"))
print("health", *get("/healthz", "127.0.0.1"))
print("other", *get("/v2/library/app/manifests/1", "127.0.0.2"))
for s in held:
    s.close()
time.sleep(0.3)
print("after", *get("/v2/library/app/manifests/1", "127.0.0.1"))
END
check "twenty slow readers" python3 "$T/hold.py" "$address" "/v2/library/app/blobs/$big"
expect_said "one more is told to come back" \
    '^same 429 1 application/json .*"TOOMANYREQUESTS"'
expect_said "with the policy, once" "^same 429 .* \\[\"default-src 'none'; sandbox\"\\] "
expect_said "the health check is not counted" '^health 200 '
expect_said "another address is served" '^other 200 '
expect_said "and so is this one when they are gone" '^after 200 '
process_end "$pid"

small --no-limits
check "--no-limits: a burst" python3 "$T/load.py" "$address" "$paths" 100 10
expect_said "--no-limits: all of it, at once" "^{'200': 1000} [01]\\."
process_end "$pid"

small --limit-rate 400k
begin=$(date +%s)
curl -sS -o "$T/got" "http://$address/v2/library/app/blobs/$big" -H 'Range: bytes=0-1999999'
took=$(($(date +%s) - begin))
[ $took -ge 3 ] && [ $took -le 8 ] || fail "--limit-rate: 2 MB in $took s, not in 5"
ok "--limit-rate"
for rate in x -1 1.5m 20mb ''; do
	expect_rc "--limit-rate '$rate'" 2 sh "$TOP/scripts/serve" --limit-rate "$rate" "$TREE"
done

#!/bin/sh
# Hostile requests and a hostile tree: the answer is a JSON error of 400, 404,
# 405, 413 or 414, never a 401, 403, redirect or 5xx; no byte from outside the
# tree ever leaves; and nginx's workers live on.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/tree.sh"
. "$TOP/tests/hostile/tree.sh"

need nginx python3 curl jq pgrep
hostile_tree
start_nginx "$TREE"

cat >"$T/hostile.py" <<'END'
import hashlib, json, socket, sys

host, port = sys.argv[1].rsplit(":", 1)
digest, layer, other, outside = sys.argv[2:6]
bad = []
asked = 0


def talk(raw):
    """Sends the bytes of one request; returns status, headers, body.

    nginx takes a connection whose other side ends early for one that is given up,
    and may leave out an answer that waits for a disk: so only where it would wait
    for more.
    """
    ends = b"Connection: close\r\n" in raw or b" HTTP/1.0\r\n" in raw
    with socket.create_connection((host, int(port)), 10) as s:
        s.settimeout(10)
        try:
            s.sendall(raw)
            if not ends:
                s.shutdown(socket.SHUT_WR)
        except OSError:
            pass                # refused before all was sent
        got = b""
        try:
            while chunk := s.recv(65536):
                got += chunk
        except ConnectionResetError:
            pass
    got = got.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
    head, _, body = got.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    headers = {}
    for line in lines[1:]:
        key, _, value = line.partition(":")
        headers.setdefault(key.lower(), []).append(value.strip())
    status = int(lines[0].split()[1]) if lines[0].startswith("HTTP/") else 0
    return status, headers, body


def judge(what, raw, allowed):
    global asked
    asked += 1
    status, headers, body = talk(raw)
    what = what[:120]
    if b"SECRET" in body or b"root:" in body:
        bad.append(f"{what}: bytes from outside")
    if status not in allowed:
        bad.append(f"{what}: {status}, not one of {allowed}")
        return
    if status == 200:
        return
    if headers.get("docker-distribution-api-version") != ["registry/2.0"]:
        bad.append(f"{what}: no version header")
    if headers.get("content-type") != ["application/json"]:
        bad.append(f"{what}: an error of type {headers.get('content-type')}")
    if "www-authenticate" in headers:
        bad.append(f"{what}: a challenge")
    try:
        json.loads(body)["errors"][0]["code"]
    except (ValueError, LookupError):
        bad.append(f"{what}: not the error body: {body[:80]!r}")


def get(path, allowed=(404,), method="GET"):
    if isinstance(path, str):
        path = path.encode("latin-1")
    judge(f"{method} {path.decode('latin-1')}",
          method.encode() + b" " + path + b" HTTP/1.1\r\nHost: m:5000\r\n"
          b"Connection: close\r\n\r\n", allowed)


refused = (400, 404)
climbs = ["..", "%2e%2e", "%2E.", ".%2e", "%252e%252e", "..%2f..", "%2e%2e%2f",
          "..%252f..", "%c0%ae%c0%ae", "..;", "..%00", "..%5c..", "..\\..", ".",
          "...", "%2e", "~", "%20", "*", "%0a", "%0d%0a", "_manifests", "_tags",
          "_state", "%5f_manifests", "\xff\xfe", "a%ff", "%u002e", "%", "%zz",
          "a" * 255, "a" * 256, "a" * 5000, "a/" * 2000 + "a", "$root",
          "${cdr_root}", "-", "_", "A", "a..b", "a-", "-a", "a___b", "a._b",
          "a%0a", "3.20%0a", "a'b", 'a"b', "a<b>", "a|b", "a{b}", "#", "?", "&", "a:b",
          ":", "::", "[::1]", "localhost", "a.b", ".a", "a:0/..", "..:5000",
          ".:5000", "[", "[..]", "[:]", "[/..]"]
for c in climbs:
    for path in (f"/{c}", f"/{c}/", f"/{c}/etc/passwd", f"/v2/{c}",
                 f"/v2/{c}/", f"/v2/{c}/manifests/3.20",
                 f"/v2/{c}/{c}/{c}/etc/passwd",
                 f"/v2/library/{c}/manifests/3.20",
                 f"/v2/library/alpine/{c}/3.20",
                 f"/v2/library/alpine/{c}/manifests/3.20",
                 f"/v2/docker.io/{c}/alpine/manifests/3.20",
                 f"/{c}/v2/library/none/manifests/3.20",
                 f"/v2/library/none/manifests/3.20?ns={c}",
                 f"/v2/library/none/tags/{c}",
                 f"/v2/library/none/referrers/{c}",
                 f"/v2/library/alpine/manifests/{c}{c}x!",
                 f"/v2/library/alpine/manifests/{c}/{c}/{c}/oci-layout",
                 f"/v2/library/alpine/blobs/{c}",
                 f"/v2/library/alpine/blobs/sha256:{c}",
                 f"/v2/library/alpine/blobs/{c}:{c}",
                 f"/v2/library/alpine/blobs/sha256:{c}/../../oci-layout"):
        if " " in path or "\t" in path:
            continue            # a bad request line: below
        # "?" and "#" end the path, and so may ".": a ping is right then.
        short = c in ("?", "#", "&", ".", "%2e", "..", "%2e%2e", "%2E.", ".%2e",
                      "..%2f..", "%2e%2e%2f", "localhost", "a.b", "a:b",
                      "[::1]", "[:]", ":", "::")
        get(path, refused + ((200,) if short else ()))

for path in ("//", "//etc/passwd", "/v2//", "/v2//library/alpine/manifests/3.20",
             "/v2/library//alpine/manifests/3.20",
             "/v2/library/alpine//manifests/3.20",
             "/v2/library/alpine/manifests//3.20",
             "//v2/library/alpine/manifests/3.20",
             "/docker.io//v2/library/alpine/manifests/3.20",
             "/v2/%0a", "/v2/_catalog%0a", "/v2/library/alpine/manifests/3.20%0a",
             f"/v2/library/alpine/manifests/{digest}%0a",
             f"/v2/library/alpine/blobs/{layer}%0a",
             "/v2/library/alpine/tags/list%0a",
             "/v2/library/alpine/manifests/" + "a" * 129,
             "/v2/library/alpine/manifests/sha256:" + "a" * 65,
             "/v2/library/alpine/manifests/sha256:" + "a" * 30000,
             "/v2/library/alpine/manifests/x:" + "a" * 3000,
             "/v2/library/alpine/blobs/x:" + "a" * 3000,
             "/v2/library/alpine/blobs/sha256:" + digest[7:].upper(),
             "/v2/" + "a" * 30000 + "/manifests/3.20",
             "/v2/" + "a/" * 14000 + "manifests/3.20",
             "/v2/" + "a-" * 14000 + "/manifests/3.20",
             "/v2/" + "manifests/" * 2500 + "x/y",
             "/v2/library/alpine/x/../../alpine/manifests/3.20",
             "/v2/library/alpine/%2e%2e/alpine/manifests/3.20",
             "/v2/library/alpine/./manifests/3.20",
             "/v2/library/alpine/manifests/%33%2e20%2f"):
    get(path)
get("/v2/library/alpine/manifests/" + "a" * 100000, (404, 414))

# the tree's own traps
for tag in ("absolute", "climbing", "passwd", "alike", "blob", "folder", "loop",
            "dangling", "directory", "fifo", "plain", "unreadable", other,
            "sha256:" + "a" * 64, "sha256:" + "b" * 64, "sha256:" + "c" * 64):
    for method in ("GET", "HEAD"):
        if method == "GET":
            get(f"/v2/library/alpine/manifests/{tag}")
        else:
            status = talk(f"HEAD /v2/library/alpine/manifests/{tag} HTTP/1.0"
                          "\r\n\r\n".encode())[0]
            if status != 404:
                bad.append(f"HEAD {tag}: {status}")
for x in "abcd":
    get(f"/v2/library/alpine/blobs/sha256:{x * 64}")
get("/v2/library/away/manifests/secret")
get("/v2/library/away/manifests/3.20")
get("/v2/library/away/tags/list")
get("/v2/library/lists/tags/list")
for name in ("pipes", "folders", "linked"):
    for query in ("", "?n=1", "?last=a"):
        get(f"/v2/library/{name}/tags/list{query}")
    for query in ("", "?artifactType=x"):
        get(f"/v2/library/{name}/referrers/{digest}{query}", (200, 404))
for path in (f"/v2/library/alpine/blobs/sha512:{'a' * 128}", "/v2/library/alpine/manifests/away",
             "/metrics", "/status.json", "/v2/_catalog?n=1"):
    get(path)
get(f"/v2/library/lists/referrers/{digest}", (200, 404))
get("/v2/_catalog")

# request lines and headers that are no HTTP
line = b"GET /v2/library/alpine/manifests/3.20"
for what, raw in {
    "no version": line + b"\r\n\r\n",
    "version 9": line + b" HTTP/9.9\r\n\r\n",
    "space in the path": b"GET /v2/a b HTTP/1.1\r\nHost: m\r\n\r\n",
    "tab in the path": b"GET /v2/a\tb HTTP/1.1\r\nHost: m\r\n\r\n",
    "no host": line + b" HTTP/1.1\r\n\r\n",
    "two hosts": line + b" HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "bad host": line + b" HTTP/1.1\r\nHost: ../..\r\n\r\n",
    "small letters": b"get /v2/ HTTP/1.1\r\nHost: m\r\n\r\n",
    "no slash": b"GET v2/ HTTP/1.1\r\nHost: m\r\n\r\n",
    "star": b"OPTIONS * HTTP/1.1\r\nHost: m\r\n\r\n",
    "connect": b"CONNECT m:443 HTTP/1.1\r\nHost: m\r\n\r\n",
    "trace": b"TRACE /v2/ HTTP/1.1\r\nHost: m\r\n\r\n",
    "absolute, other scheme": b"GET file:///etc/passwd HTTP/1.1\r\nHost: m\r\n\r\n",
    "absolute, climbing": b"GET http://m/../etc/passwd HTTP/1.1\r\nHost: m\r\n\r\n",
    "NUL": b"GET /v2/a\0b HTTP/1.1\r\nHost: m\r\n\r\n",
    "NUL, encoded": b"GET /v2/a%00b HTTP/1.1\r\nHost: m\r\n\r\n",
    "bad escape": b"GET /v2/a%zzb HTTP/1.1\r\nHost: m\r\n\r\n",
    "big header": line + b" HTTP/1.1\r\nHost: m\r\nX: " + b"a" * 60000 + b"\r\n\r\n",
    "many headers": line + b" HTTP/1.1\r\nHost: m\r\n" + b"X: aaaa\r\n" * 30000 + b"\r\n",
    "bad length": line + b" HTTP/1.1\r\nHost: m\r\nContent-Length: -1\r\n\r\n",
    "two lengths": b"POST /v2/ HTTP/1.1\r\nHost: m\r\nContent-Length: 1\r\n"
                   b"Content-Length: 2\r\n\r\nxx",
    "huge length": b"POST /v2/ HTTP/1.1\r\nHost: m\r\n"
                   b"Content-Length: 99999999999\r\n\r\nx",
    "bad chunk": b"POST /v2/ HTTP/1.1\r\nHost: m\r\n"
                 b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
    "other encoding": b"POST /v2/ HTTP/1.1\r\nHost: m\r\n"
                      b"Transfer-Encoding: gzip\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 60,
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "nothing": b"\r\n\r\n",
}.items():
    status, headers, body = talk(raw)
    asked += 1
    print(f"{what}: {status}")
    if b"SECRET" in body or b"root:" in body:
        bad.append(f"{what}: bytes from outside")
    if status == 0 and what in ("no version", "TLS", "nothing"):
        continue                # HTTP/0.9 has no status; silence is fine
    if not 400 <= status < 500 or status in (401, 403):
        bad.append(f"{what}: {status}")
    elif what == "bad chunk":
        continue                # found while an error is answered: nginx's own page
    elif headers.get("content-type") != ["application/json"]:
        bad.append(f"{what}: an error of type {headers.get('content-type')}")

# hostile conditions and ranges on what does exist
for header in ("Range: bytes=" + ",".join(f"{i}-{i}" for i in range(2000)),
               "Range: bytes=" + "0-," * 2000 + "0-",
               "Range: bytes=-0", "Range: bytes=9-1", "Range: bytes=99999999-",
               "Range: bytes=18446744073709551616-", "Range: x=1",
               "Range: bytes=", "If-Range: \"\"", "If-None-Match: " + '"' * 9000,
               "If-Match: \"x\"", "If-Unmodified-Since: x",
               "If-Modified-Since: x", "Expect: 100-continue", "Expect: x"):
    for path in (f"/v2/library/alpine/manifests/{digest}",
                 f"/v2/library/alpine/blobs/{layer}"):
        asked += 1
        status, headers, body = talk(
            f"GET {path} HTTP/1.1\r\nHost: m\r\n{header}\r\n"
            "Connection: close\r\n\r\n".encode())
        if status not in (200, 206, 400, 412, 416, 417):
            bad.append(f"{path} {header[:40]}: {status}")
        if status == 200 and hashlib.sha256(body).hexdigest() != path[-64:]:
            bad.append(f"{path} {header[:40]}: wrong bytes")

# and it still serves
status, headers, body = talk(b"GET /v2/library/alpine/manifests/3.20 HTTP/1.1\r\n"
                             b"Host: m\r\nConnection: close\r\n\r\n")
if status != 200 or "sha256:" + hashlib.sha256(body).hexdigest() != digest:
    bad.append(f"afterwards the image is not served: {status}")
print(f"{asked} requests")
print("\n".join(bad))
sys.exit(1 if bad or asked < 1000 else 0)
END
workers=$(pgrep -P "$(pgrep -P "$MIRROR_PID" -x nginx)" | sort)
[ -n "$workers" ] || fail "the workers are not found"
check "hostile requests" python3 "$T/hostile.py" "$MIRROR" "$image" "$layer" \
    "$other" "$T/outside"
expect_eq "the same workers run" "$workers" \
    "$(pgrep -P "$(pgrep -P "$MIRROR_PID" -x nginx)" | sort)"
expect_eq "no worker died" '' "$(grep 'exited on signal' "$T/nginx.log" || :)"
chmod -R u+rwX "$TREE"

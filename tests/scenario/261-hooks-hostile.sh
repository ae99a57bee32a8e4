#!/bin/sh
# Who calls hooks with what is none, or says nothing, or lies: each such request is
# refused or closed in time, nobody else waits for it, and watch goes on. A forged body
# has one image looked at, and the registry says what is there. Whatever goes wrong, a
# full disk and a watch that hangs too, nothing of a URL is in nginx's log.
# Waits: for senders that say nothing
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
. "$TOP/tests/watch.sh"
. "$TOP/tests/hooks.sh"

need cdr nginx python3 curl pgrep
upstream
one=$(craft image library/app:1 --layers 1 --seed 1)
echo app:1 >"$T/list"
hooks_config
hooks_begin
hooks_watch --every 0 --settle 1
ran "the first run" 1

# --- forged ---------------------------------------------------------------------------------

zero=sha256:$(head -c 32 /dev/zero | od -An -tx1 | tr -d ' \n')
hub_mark
cat >"$T/forged" <<END
{"events": [
 {"action": "push", "target": {"repository": "docker.io/library/app", "tag": "1",
  "digest": "$zero"}},
 {"action": "push", "target": {"repository": "library/app", "tag": "1",
  "url": "http://169.254.169.254/v2/library/app/manifests/1"}},
 {"action": "push", "target": {"repository": "docker.io/library/app", "tag": "2"}},
 {"action": "push", "target": {"repository": "docker.io/library/other", "tag": "1"}},
 {"action": "push", "target": {"repository": "../../../etc", "tag": "passwd"}},
 {"action": "push", "target": {"repository": "app --delete", "tag": "-1"}},
 {"action": "push", "target": {"repository": "app", "tag": "1\\n--gc"}}]}
END
expect_eq "a forged body" 202 "$(hook "hub/$(secret hub)" --data-binary "@$T/forged")"
ran "has the image looked at" 2
expect_published "which is what the registry says" app:1 "$one"
expect_eq "by one request" "1 0" "$(hub_count registry HEAD /manifests/ 200) $(
	hub_count registry GET /manifests/)"

# --- raw ------------------------------------------------------------------------------------

cat >"$T/raw.py" <<'END'
"""raw.py PORT SECRET TOKEN: says odd things, and looks at what comes back."""
import json, socket, sys, time

port, secret, token = int(sys.argv[1]), sys.argv[2].encode(), sys.argv[3].encode()
PATH = b"/hook/hub/" + secret
TAIL = b"Host: m\r\nConnection: close\r\n"


def ask(what, pause=0):
    with socket.create_connection(("127.0.0.1", port), 60) as s:
        s.settimeout(60)
        said = b""
        try:
            for piece in what if isinstance(what, list) else [what]:
                s.sendall(piece)
                time.sleep(pause)
            while True:
                more = s.recv(65536)
                if not more:
                    break
                said += more
        except (ConnectionResetError, BrokenPipeError):
            pass
    return said


def status(said):
    return int(said.split(b" ", 2)[1]) if said.startswith(b"HTTP/") else 0


def post(headers, body=b"", path=PATH):
    return b"POST " + path + b" HTTP/1.1\r\n" + TAIL + headers + b"\r\n" + body


# What it is, what is said, what may come; 0: closed without a word.
CASES = [
    ("nothing", b"", {0}),
    ("garbage", b"\x16\x03\x01\x00\xff" * 40 + b"\r\n\r\n", {400}),
    ("no host", b"POST " + PATH + b" HTTP/1.1\r\n\r\n", {400}),
    ("HTTP/9", b"POST " + PATH + b" HTTP/9.9\r\n" + TAIL + b"\r\n", {400}),
    ("a length that is none", post(b"Content-Length: x\r\n"), {400}),
    ("a negative length", post(b"Content-Length: -1\r\n"), {400}),
    ("an endless length", post(b"Content-Length: 99999999999999999999\r\n"), {400, 413}),
    ("two lengths", post(b"Content-Length: 1\r\nContent-Length: 2\r\n", b"ab"), {400}),
    ("a length and chunks", post(b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
                                 b"0\r\n\r\n"), {400}),
    ("chunks that are none", post(b"Transfer-Encoding: chunked\r\n", b"zz\r\nab\r\n"), {400}),
    ("a coding nobody knows", post(b"Transfer-Encoding: gzip\r\n", b"x"), {400}),
    ("a header without an end", post(b"X: " + b"a" * 100000 + b"\r\n"), {400}),
    ("very many headers", post(b"".join(b"X-%d: 1\r\n" % n for n in range(3000))),
     {202, 400}),
    ("three hundred headers", post(b"".join(b"X-%d: 1\r\n" % n for n in range(300)) +
                                   b"Content-Length: 2\r\n", b"{}"), {400}),
    ("a NUL in the path", post(b"", path=PATH + b"\0"), {400}),
    ("a line feed in the path", post(b"", path=PATH + b"%0a"), {401}),
    ("a path of 40,000 bytes", post(b"", path=PATH + b"a" * 40000), {414}),
    ("absolute form", post(b"Content-Length: 2\r\n", b"{}",
                           path=b"http://other.example" + PATH), {202, 400}),
    ("a blank before the colon", post(b"Authorization : Bearer " + token + b"\r\n",
                                      path=b"/hook/ci"), {400, 401}),
    ("SCGI in HTTP", b"70:CONTENT_LENGTH\x000\x00SCGI\x001\x00,", {0, 400}),
    ("underscores for hyphens", post(b"Content-Length: 2\r\nX_HUB_SIGNATURE_256: a\r\n", b"{}",
                                     path=b"/hook/signed"), {401}),
    ("OPTIONS", b"OPTIONS * HTTP/1.1\r\n" + TAIL + b"\r\n", {400, 404}),
    ("CONNECT", b"CONNECT m:80 HTTP/1.1\r\n" + TAIL + b"\r\n", {400, 405}),
    ("TRACE", b"TRACE " + PATH + b" HTTP/1.1\r\n" + TAIL + b"\r\n", {405}),
]
bad = 0
for name, what, want in CASES:
    said = ask(what) if what else b""
    got = status(said)
    if got not in want:
        print(f"{name}: {got}, not {want}: {said[:200]}")
        bad = 1
    if got >= 400:
        body = said.split(b"\r\n\r\n", 1)[1]
        try:
            json.loads(body)["errors"]
        except (ValueError, KeyError):
            print(f"{name}: no JSON: {body[:200]}")
            bad = 1
    if secret in said or token in said:
        print(f"{name}: the secret comes back")
        bad = 1
if status(ask(post(b"Content-Length: 2\r\n", b"{}"))) != 202:
    print("and then nothing goes any more")
    bad = 1
sys.exit(bad)
END
port=${HOOKS##*:}
port=${port%/hook}
check "odd requests" python3 -S "$T/raw.py" "$port" "$(secret hub)" "$(secret ci)"

# --- slow ------------------------------------------------------------------------------------

# From one address come 80 that say half of it, of which 64 are let in, and 40 that say
# nothing. Another address is not concerned.
cat >"$T/slow.py" <<'END'
"""slow.py PORT SECRET FILE: makes FILE when all are there; waits until all of them are
closed; prints how many were not, and how many were answered 429 at once."""
import select, socket, sys, time

port, secret = int(sys.argv[1]), sys.argv[2].encode()
half = b"POST /hook/hub/" + secret + b" HTTP/1.1\r\nHost: m\r\nContent-Length: 1000\r\n\r\n{"
begin = time.monotonic()
waiting = {}
refused = 0
for n in range(120):
    s = socket.create_connection(("127.0.0.1", port), 60,
                                 source_address=("127.0.0.7", 0))
    if n < 80:
        s.sendall(half)
    waiting[s] = 1
open(sys.argv[3], "w", encoding="ascii").close()
while waiting and time.monotonic() < begin + 90:
    for s in select.select(list(waiting), [], [], 1)[0]:
        try:
            s.settimeout(5)
            said = s.recv(65536)
            refused += said.startswith(b"HTTP/1.1 429 ")
            if said:
                continue
        except OSError:
            pass
        del waiting[s]
print(len(waiting), refused)
sys.exit(bool(waiting))
END
python3 -S "$T/slow.py" "$port" "$(secret hub)" "$T/all-there" >"$T/slow.out" 2>&1 &
slow=$!
wait_for 60 test -f "$T/all-there" || fail "they do not come: $(cat "$T/slow.out")"
two=$(craft image library/app:1 --layers 1 --seed 2)
expect_eq "somebody else does not wait for them" 202 "$(hook "hub/$(secret hub)" -m 5 \
	-d '{"image": "app:1"}')"
ran "and is heard" 3
expect_published "what was pushed" app:1 "$two"
check "they all are closed" wait "$slow"
expect_eq "none is left, and what was too many was told so" "0 16" "$(cat "$T/slow.out")"

# --- what goes wrong here -----------------------------------------------------------------------

# A large body goes by a file; and there is no room for one.
nginx=$(pgrep -P "$HOOKS_PID" -x nginx)
pidfile=$(grep -lsx "$nginx" "$TMPDIR"/cdr-hooks.*/hooks.pid /tmp/cdr-hooks.*/hooks.pid || :)
folder=${pidfile%/*}
[ -d "$folder/temp-hooks/body" ] || fail "nginx's folder: $folder"
{
	printf '{"image": "app:1", "x": "'
	head -c 300000 /dev/zero | tr '\0' x
	printf '"}'
} >"$T/large"
expect_eq "a large body" 202 "$(hook "hub/$(secret hub)" --data-binary "@$T/large")"
mv "$folder/temp-hooks/body" "$folder/temp-hooks/away"
expect_eq "where there is no room for it" 503 \
	"$(hook "hub/$(secret hub)" --data-binary "@$T/large")"
mv "$folder/temp-hooks/away" "$folder/temp-hooks/body"
expect_eq "and then there is" 202 "$(hook "hub/$(secret hub)" --data-binary "@$T/large")"
kill -STOP "$WATCH_PID"
expect_eq "a watch that hangs" 503 "$(hook "hub/$(secret hub)" -d '{"image": "app:1"}')"
kill -CONT "$WATCH_PID"
expect_eq "and goes on" 202 "$(hook "hub/$(secret hub)" -d '{"image": "app:1"}')"
kill -KILL "$WATCH_PID"
wait "$WATCH_PID" || :
expect_eq "a watch that is dead" 503 "$(hook "hub/$(secret hub)" -d '{}')"
rm -f "$SOCK"
expect_eq "and its socket gone" 503 "$(hook "hub/$(secret hub)" -d '{}')"
no_secret "nothing of a URL is in a log" "$T/hooks.log" "$T/watch.log"
expect_eq "nginx has said nothing at all" 1 "$(wc -l <"$T/hooks.log")"

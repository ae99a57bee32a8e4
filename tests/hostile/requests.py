#!/usr/bin/env python3
"""Sends made-up requests to a running nginx and judges every answer.

    requests.py ADDR:PORT TREE [--seed N] [--requests N] [--seconds N] [--words WORD,...]

TREE is what it serves: whatever is sent as a blob or manifest, whole or in part,
must be bytes of that tree's own regular files. The answer to anything is one of
a few statuses, never a 401, 403, redirect or 5xx, and holds no secret: what
tests/hostile/tree.sh put outside of the tree has SECRET in it.

The seed makes the requests; without one it is drawn and printed. WORDs are
names that are there, to be asked for among others. By hand, for an hour:

    FUZZ_SECONDS=3600 sh tests/scenario/53-serve-fuzz.sh
"""

import argparse
import hashlib
import json
import os
import random
import re
import socket
import sys
import time

GOOD = {100, 200, 206, 304, 400, 404, 405, 408, 411, 412, 413, 414, 416, 417, 431}
METHODS = ["GET"] * 60 + ["HEAD"] * 12 + ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE",
                                         "CONNECT", "PRI", "get", "G", "", "X" * 300]
PIECES = ["", ".", "..", "...", "%2e%2e", "..%2f", "%2f", "%00", "%0a", "%0d%0a", "%20", "%25",
          "%", "%zz", "\\", "*", "~", ";", ":", "::", "@", "[", "]", "[::1]", "?", "#", "&", "=",
          "_manifests", "_tags", "_referrers", "_state", "_list", "_referrers", "_manifest",
          "_catalog", "v2", "manifests", "blobs", "tags", "list", "referrers", "uploads",
          "docker.io", "localhost", "registry-1.docker.io", "a:1", "library", "etc", "passwd",
          "proc", "self", "environ", "root", "oci-layout", "index.json", "catalog.json",
          "status", "healthz", "metrics", "history", "_history", "held.json", "bad", "x",
          "sha256", "sha512", "sha256:", "sha512:", "x:y",
          "sha256:" + "0" * 64, "sha256:" + "a" * 64,
          "sha256:" + "b" * 64, "sha256:" + "c" * 64, "sha256:" + "d" * 64, "sha512:" + "a" * 128, "A", "a" * 300,
          "a" * 5000, "$uri", "${cdr_root}", "\xff", "\xc0\xae", "é", "nginx.conf", "cdr.js"]
NUMBERS = ["0", "1", "2", "-1", "00", "1e3", "0x1", "9" * 20, "9" * 400, "", "x", "%30", "1;2",
           "4294967296", "18446744073709551616", " 1", "1%00", "NaN"]


class Maker:
    """Makes the bytes of requests."""

    def __init__(self, seed, words):
        self.random = random.Random(seed)
        self.words = words + PIECES

    def pick(self, values):
        return values[self.random.randrange(len(values))]

    def odds(self, one_in):
        return self.random.randrange(one_in) == 0

    def word(self):
        return self.pick(self.words)

    def path(self):
        if self.odds(3):
            # What is there, for what else is odd about the request.
            return "/v2/library/alpine/" + self.pick(
                [f"manifests/{word}" for word in self.words[:3]] +
                [f"blobs/{self.words[1]}"] * 3 + [f"referrers/{self.words[0]}", "tags/list"])
        if self.odds(6):
            parts = [self.word() for _ in range(self.random.randrange(1, 8))]
            return "/" + "/".join(parts)
        prefix = self.pick(["", "", "", "/docker.io", "/localhost", "/" + self.word()])
        name = self.pick(["library/alpine", "alpine", "docker.io/library/alpine", "library/lists",
                          "library/pipes", "library/linked", "library/folders", "library/away",
                          self.word(), self.word() + "/" + self.word()])
        kind = self.pick(["manifests", "blobs", "referrers", "tags", "tags", self.word()])
        last = "list" if kind == "tags" and not self.odds(8) else self.word()
        if self.odds(20):
            return prefix + "/v2/_catalog"
        if self.odds(12):
            registry = self.pick(["docker.io", "docker.io", "localhost", self.word()])
            return f"/history/{registry}/{name}/{self.pick(['x', 'list', self.word()])}"
        return f"{prefix}/v2/{name}/{kind}/{last}"

    def query(self):
        if self.odds(2):
            return ""
        parts = []
        for _ in range(self.random.randrange(1, 5)):
            key = self.pick(["n", "n", "last", "last", "ns", "artifactType", "N", "", self.word()])
            value = self.pick(NUMBERS) if key == "n" else self.word()
            parts.append(self.pick([f"{key}={value}", f"{key}={value}", key, f"{key}=="]))
        return "?" + "&".join(parts)

    def header(self):
        number = lambda: self.pick(NUMBERS + ["10", "100", "399", "400", "20000"])
        span = lambda: f"{number()}-{number()}"
        return self.pick([
            lambda: "Range: bytes=" + ",".join(span() for _ in range(self.random.randrange(1, 9))),
            lambda: "Range: bytes=" + ",".join("%d-%d" % (i, i) for i in range(self.random.randrange(900))),
            lambda: "Range: " + self.word(),
            lambda: "If-Range: " + self.pick(['"x"', "W/", self.word()]),
            lambda: "If-None-Match: " + self.pick(["*", '"', self.word(), f'"{self.word()}"']),
            lambda: "If-Match: " + self.word(),
            lambda: "If-Modified-Since: " + self.word(),
            lambda: "If-Unmodified-Since: " + self.word(),
            lambda: "Accept: " + self.word(),
            lambda: "Accept-Encoding: " + self.pick(["gzip", "zstd", "*", self.word()]),
            *[lambda: f"Range: bytes={span()}"] * 12,
            lambda: "Expect: " + self.pick(["100-continue", self.word()]),
            lambda: "Content-Length: " + number(),
            lambda: "Transfer-Encoding: " + self.pick(["chunked", "gzip, chunked", self.word()]),
            lambda: "Connection: " + self.pick(["close", "keep-alive", "upgrade", self.word()]),
            lambda: "Upgrade: " + self.pick(["h2c", "websocket", self.word()]),
            lambda: "X-Original-URL: /" + self.word(),
            lambda: "X-Accel-Redirect: /_list",
            lambda: "Authorization: Basic " + self.word(),
            lambda: "X: " + "a" * self.random.randrange(40000),
            lambda: self.word() + ": " + self.word(),
        ])()

    def request(self):
        target = self.path() + self.query()
        if self.odds(30):
            target = self.pick(["*", "http://m" + target, "file://" + target, target.lstrip("/")])
        lines = [f"{self.pick(METHODS)} {target} " + self.pick(
            ["HTTP/1.1"] * 60 + ["HTTP/1.0", "HTTP/2.0", "HTTP/9.9", "http/1.1", ""])]
        if not self.odds(30):
            lines.append("Host: m")
        if self.odds(30):
            lines.append("Host: " + self.word())
        lines += [self.header() for _ in range(self.pick([0, 0, 1, 1, 1, 2, 9]))]
        raw = "\r\n".join(lines).encode("latin-1", "replace") + b"\r\n\r\n"
        if self.odds(12):
            raw = bytearray(raw)
            for _ in range(self.random.randrange(1, 6)):
                at = self.random.randrange(len(raw))
                raw[at:at + self.random.randrange(3)] = bytes(
                    [self.random.randrange(256)] * self.random.randrange(4))
            raw = bytes(raw)
        if self.odds(30):
            raw += self.random.randbytes(self.random.randrange(500))
        return raw


def parts_of(tree):
    """digest: bytes, of the regular files that are blobs and manifests."""
    found = {}
    for top in ("blobs", "manifests"):
        for folder, _, names in os.walk(os.path.join(tree, top)):
            for name in names:
                path = os.path.join(folder, name)
                if os.path.islink(path) or not os.path.isfile(path):
                    continue
                with open(path, "rb") as file:
                    data = file.read()
                for kind in ("sha256", "sha512"):
                    if hashlib.new(kind, data).hexdigest() == name:
                        found[f"{kind}:{name}"] = data
    return found


def talk(address, raw):
    with socket.create_connection(address, 10) as s:
        s.settimeout(10)
        try:
            s.sendall(raw)
            s.shutdown(socket.SHUT_WR)
        except OSError:
            pass                # refused before all was sent
        got = b""
        try:
            while chunk := s.recv(65536):
                got += chunk
        except ConnectionResetError:
            pass
    return got


def judge(raw, got, files):
    """What is wrong with the answers to one connection's bytes; "" when nothing."""
    if b"SECRET" in got or b"root:x:" in got or b"daemon:" in got:
        return "bytes from outside"
    if not got.startswith(b"HTTP/"):
        # HTTP/0.9 has no status. Nothing at all is an answer, too.
        return ""
    while got.startswith(b"HTTP/1.1 100"):
        got = got.partition(b"\r\n\r\n")[2]
    head, _, body = got.partition(b"\r\n\r\n")
    status = int(head[9:12] or 0)
    for found in re.findall(rb"(?:^|\n|\})HTTP/1\.[01] (\d\d\d) ", got):
        if int(found) not in GOOD:
            return f"status {found.decode()}"
    lower = head.lower()
    if b"www-authenticate" in lower:
        return "a challenge"
    digest = re.search(rb"\ndocker-content-digest: ([^\r\n]*)", lower)
    length = re.search(rb"\ncontent-length: (\d+)", lower)
    if raw[:4] == b"HEAD" or length is None:
        return ""
    body = body[:int(length[1])]
    if status in (200, 206) and digest:
        whole = files.get(digest[1].decode())
        if whole is None:
            return f"{digest[1].decode()} is not in the tree"
        if status == 206 and b"multipart/" not in lower:
            begin, end = re.search(rb"\ncontent-range: bytes (\d+)-(\d+)/", lower).groups()
            whole = whole[int(begin):int(end) + 1]
        if b"multipart/" not in lower and body != whole:
            return "other bytes than the tree's"
    # What nginx says by itself, to what is no request, is HTML in one place: a body
    # that it cannot read.
    if status >= 400 and not (status == 400 and
                              b"transfer-encoding: chunked" in raw.lower()):
        try:
            json.loads(body)["errors"][0]["code"]
        except (ValueError, LookupError):
            return f"an error that is none: {body[:80]!r}"
    return ""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("address")
    parser.add_argument("tree")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--requests", type=int, default=sys.maxsize)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--words", default="")
    options = parser.parse_args()
    seed = random.SystemRandom().randrange(1 << 32) if options.seed is None else options.seed
    host, port = options.address.rsplit(":", 1)
    files = parts_of(options.tree)
    maker = Maker(seed, [word for word in options.words.split(",") if word] * 3)
    statuses, bad, asked = {}, 0, 0
    end = time.monotonic() + options.seconds
    while asked < options.requests and time.monotonic() < end and bad < 5:
        raw = b"".join(maker.request() for _ in range(3 if maker.odds(10) else 1))
        asked += 1
        try:
            got = talk((host, int(port)), raw)
        except OSError as e:
            got, wrong = b"", f"{type(e).__name__}: {e}"
        else:
            wrong = judge(raw, got, files)
        for status in re.findall(rb"(?:^|\n|\})HTTP/1\.[01] (\d\d\d) ", got):
            statuses[status.decode()] = statuses.get(status.decode(), 0) + 1
        if wrong:
            bad += 1
            print(f"FAIL request {asked} of seed {seed}: {wrong}\n  sent {raw[:2000]!r}\n"
                  f"  got {got[:500]!r}")
    print(f"seed {seed}: {asked} requests, {bad} wrong answers, {sorted(statuses.items())}")
    # What is never let through has tried nothing.
    sys.exit(1 if bad or not {"200", "206", "404", "400", "405"} <= set(statuses) else 0)


main()

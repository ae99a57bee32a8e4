#!/usr/bin/env python3
"""Do two servers answer the same?

	same-answers.py ONE OTHER <REQUESTS

ONE and OTHER are HOST:PORT, a request is METHOD PATH [all]. Each is sent to both, to
OTHER twice, GET also as HEAD; with "all" with each of the sets of headers below too.
Status, headers and bytes have to be the same, but for what a server says of itself and
the boundaries between several ranges. Prints how many were asked, and ends with 1 if
any answer was another one.
"""

import hashlib
import http.client
import re
import sys

OWN = ("date", "server", "x-cdr-", "connection", "keep-alive")
BOUNDARY = re.compile(rb"(?<=--)\d{20}|(?<=boundary=)\d{20}")
RANGES = ["bytes=0-1", "bytes=5-", "bytes=3000000-3100000", "bytes=-5", "bytes=9000000-",
	  "bytes=0-1,5-6", "bytes=5-2", "foo", "bytes=abc", "items=0-1",
	  "bytes=262143-262144", "bytes=0-"]


def headers_for(path, more):
	yield []
	if not more:
		return
	for value in RANGES:
		yield [("Range", value)]
	tag = re.search(r"sha\d+:[0-9a-f]+", path)
	own = f'"{tag.group()}"' if tag else '"x"'
	yield [("If-None-Match", own)]
	yield [("If-None-Match", '"other"')]
	yield [("If-None-Match", "*")]
	yield [("If-Match", '"other"')]
	yield [("If-Match", ':"other"')]
	yield [("If-None-Match", f": {own}")]
	yield [("If-Range", own), ("Range", "bytes=1-")]
	yield [("If-Range", '"other"'), ("Range", "bytes=1-")]
	yield [("If-Modified-Since", "Sun, 29 Nov 2026 20:00:00 GMT")]
	yield [("Authorization", "Basic Zm9vOmJhcg==")]
	yield [("Accept-Encoding", "gzip")]
	yield [("Accept", "application/vnd.docker.distribution.manifest.v2+json")]
	yield [("Transfer-Encoding", "gzip")]
	yield [("Content-Length", "99999999")]


def ask(at, method, path, headers):
	c = http.client.HTTPConnection(at, timeout=60)
	c.putrequest(method, path, skip_accept_encoding=True)
	for name, value in headers:
		c.putheader(name, value)
	c.endheaders()
	r = c.getresponse()
	body = BOUNDARY.sub(b"", r.read())
	said = sorted((k.lower(), BOUNDARY.sub(b"", v.encode()).decode())
		      for k, v in r.getheaders() if not k.lower().startswith(OWN))
	c.close()
	return r.status, said, len(body), hashlib.sha256(body).hexdigest()


def main():
	one, other = sys.argv[1:]
	asked = differ = 0
	for line in sys.stdin:
		method, path, *more = line.split()
		for method in ["GET", "HEAD"] if method == "GET" else [method]:
			for headers in headers_for(path, more):
				want = ask(one, method, path, headers)
				for _ in range(2):
					got = ask(other, method, path, headers)
					asked += 1
					if got == want:
						continue
					differ += 1
					print(method, path, headers)
					print("  want", want)
					print("  got ", got)
	print(asked, "asked,", differ, "differ")
	return 1 if differ else 0


sys.exit(main())

#!/usr/bin/env python3
"""What may stand between a node and its mirror, and do harm: a proxy with one
fault.  For the scenarios of `cdr doctor`.

    between.py --to HOST:PORT --ready FILE [--tls CERT KEY [--client-ca FILE]] FAULT

Listens on a free port of 127.0.0.1, which it writes to FILE when it does.  FAULT:
    none      passes all on
    auth      401 to everything
    redirect  307 to everything, to the mirror itself
    gzip      compresses what the client takes compressed
    ranges    forgets that a part was asked for
    type      manifests are application/octet-stream
    digest    no Docker-Content-Digest
    bytes     one byte of each blob is another one
    manifest  one byte of each manifest is another one
    ns        the query is lost
    paths     only paths that begin with /v2/library/ get through
    blobs     a manifest's digest is found under /blobs/, as octet-stream
    gone      403 where the mirror says 404
    busy      429 to everything
    silent    no answer; what was asked is written to standard error
"""

import argparse
import http.client
import http.server
import os
import re
import ssl
import sys
import threading
import time
import zlib

FAULTS = ("none auth redirect gzip ranges type digest bytes manifest ns paths "
	  "blobs gone busy silent").split()
HOP = {"connection", "keep-alive", "transfer-encoding", "server", "date"}


class Answer:
	def __init__(self, status, headers, body):
		self.status = status
		self.headers = headers
		self.body = body

	def drop(self, name):
		self.headers = [h for h in self.headers if h[0].lower() != name]

	def set(self, name, value):
		self.drop(name.lower())
		self.headers.append((name, value))


def spoil(body):
	return body[:-1] + bytes([body[-1] ^ 1]) if body else body


class Between(http.server.BaseHTTPRequestHandler):
	protocol_version = "HTTP/1.1"
	fault = to = None

	def log_message(self, *_):
		pass

	def pass_on(self, path, method):
		backend = http.client.HTTPConnection(self.to, timeout=30)
		headers = {name: value for name, value in self.headers.items()
			   if name.lower() not in HOP and name.lower() != "host"}
		if self.fault == "ranges":
			headers.pop("Range", None)
		backend.request(method, path, headers=headers)
		reply = backend.getresponse()
		body = reply.read()
		backend.close()
		return Answer(reply.status, [h for h in reply.getheaders()
					     if h[0].lower() not in HOP], body)

	def answer(self):
		if self.fault == "auth":
			return Answer(401, [("WWW-Authenticate", "Basic realm=x"),
					    ("Content-Length", "0")], b"")
		if self.fault == "silent":
			print(self.path, file=sys.stderr, flush=True)
			time.sleep(60)
		if self.fault == "busy":
			return Answer(429, [("Content-Length", "0")], b"")
		if self.fault == "redirect":
			return Answer(307, [("Location", f"http://{self.to}{self.path}"),
					    ("Content-Length", "0")], b"")
		path = self.path
		if self.fault == "ns":
			path = path.split("?")[0]
		if self.fault == "paths" and not re.match(
				r"/v2/(library/.*|_catalog|.*/tags/list)?$",
				path.split("?")[0]):
			return Answer(404, [("Content-Length", "0")], b"")
		answer = self.pass_on(path, self.command)
		self.harm(answer)
		return answer

	def harm(self, answer):
		is_manifest = "/manifests/" in self.path
		is_blob = "/blobs/" in self.path
		if (self.fault == "gzip" and answer.status == 200 and "gzip" in
				self.headers.get("Accept-Encoding", "")):
			packer = zlib.compressobj(wbits=31)
			answer.body = packer.compress(answer.body) + packer.flush()
			answer.set("Content-Encoding", "gzip")
			answer.set("Content-Length", str(len(answer.body)))
		if self.fault == "type" and is_manifest:
			answer.set("Content-Type", "application/octet-stream")
		if self.fault == "digest":
			answer.drop("docker-content-digest")
		if ((self.fault == "bytes" and is_blob) or
				(self.fault == "manifest" and is_manifest)):
			answer.body = spoil(answer.body)
		if self.fault == "blobs" and is_blob and answer.status == 404:
			found = self.pass_on(self.path.replace("/blobs/", "/manifests/"),
					     self.command)
			answer.status, answer.headers, answer.body = (
				found.status, found.headers, found.body)
			answer.set("Content-Type", "application/octet-stream")
		if self.fault == "gone" and answer.status == 404:
			answer.status = 403

	def do_GET(self):
		answer = self.answer()
		self.send_response(answer.status)
		for name, value in answer.headers:
			self.send_header(name, value)
		self.end_headers()
		if self.command != "HEAD":
			self.wfile.write(answer.body)

	do_HEAD = do_GET


def main():
	parser = argparse.ArgumentParser(description=__doc__)
	parser.add_argument("--to", required=True)
	parser.add_argument("--ready", required=True)
	parser.add_argument("--tls", nargs=2)
	parser.add_argument("--client-ca")
	parser.add_argument("fault", choices=FAULTS)
	args = parser.parse_args()
	Between.fault, Between.to = args.fault, args.to
	server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Between)
	if args.tls:
		context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
		context.load_cert_chain(*args.tls)
		if args.client_ca:
			context.load_verify_locations(args.client_ca)
			context.verify_mode = ssl.CERT_REQUIRED
		server.socket = context.wrap_socket(server.socket, server_side=True)
	thread = threading.Thread(target=server.serve_forever, daemon=True)
	thread.start()
	with open(args.ready + ".new", "w", encoding="ascii") as file:
		file.write(f"127.0.0.1:{server.server_address[1]}\n")
	os.rename(args.ready + ".new", args.ready)
	thread.join()


if __name__ == "__main__":
	main()

#!/usr/bin/env python3
"""A peer that lies: it answers on a peer's address, and gets what it says from the mirror.

    liar.py --listen ADDRESS:PORT --mirror URL --log FILE [--tls CERT KEY CA] MODE...

The MODEs take turns, one a request; MODE is one of

    right           as an owner does
    bytes           one byte of the body is another one
    half            half of the body, then the connection ends (whole headers)
    reset           the same, and it ends with a RST
    stall           the same, and it stays open without a word
    length          a body one byte shorter, and a Content-Length that fits
    long            a byte more than the range, and a Content-Length that fits; right
                    where no range is asked for: nobody could see it
    etag            another ETag
    whole           200 and all of the blob, whatever the range
    elsewhere       206 and the bytes of another range, which it names
    status=N        that status, with a body for people; 401 with a challenge, 301 and
                    the like with a Location
    late=S          the right answer, S seconds later
    drip            the right answer, 64 KiB every 0.2 s
    silent          nothing at all: it takes the request and waits
    garbage         no HTTP
    headers         a mebibyte of headers

Each request is a line of the log: MODE METHOD PATH RANGE.
"""

import argparse
import http.server
import itertools
import os
import socket
import socketserver
import ssl
import struct
import threading
import time
import urllib.error
import urllib.request

PASSED = ("Content-Type", "Content-Range", "ETag", "Docker-Content-Digest",
	  "Docker-Distribution-Api-Version", "Cache-Control", "Accept-Ranges")


class Liar(http.server.BaseHTTPRequestHandler):
	protocol_version = "HTTP/1.1"

	def log_message(self, *_):
		pass

	def right(self, range_):
		request = urllib.request.Request(self.server.mirror + self.path)
		for name, value in (("Range", range_), ("Accept", self.headers.get("Accept"))):
			if value:
				request.add_header(name, value)
		try:
			with urllib.request.urlopen(request, timeout=60) as answer:
				return answer.status, dict(answer.headers), answer.read()
		except urllib.error.HTTPError as error:
			return error.code, dict(error.headers), error.read()

	def say(self, status, headers, length):
		self.send_response(status)
		for name, value in headers.items():
			if name in PASSED:
				self.send_header(name, value)
		self.send_header("Content-Length", str(length))
		self.end_headers()

	def stop(self, how):
		if how == "reset":
			self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
						   struct.pack("ii", 1, 0))
		elif how == "stall":
			self.server.over.wait()
		self.close_connection = True
		if how == "reset":
			os.close(self.connection.detach())

	def odd(self, mode, value):
		"""Those that say nothing of the mirror's: was it one of them?"""
		if mode == "silent":
			self.server.over.wait()
		elif mode == "garbage":
			self.wfile.write(b"\x00\xff\x16\x03 no\n" * 100)
		elif mode == "headers":
			self.wfile.write(b"HTTP/1.1 206 Partial Content\r\n" +
					 b"X-More: " + b"m" * (1 << 20) + b"\r\n\r\n")
		elif mode == "status":
			self.send_response(int(value))
			if value == "401":
				self.send_header("WWW-Authenticate", 'Basic realm="peer"')
			if value.startswith("3"):
				self.send_header("Location", "http://10.77.0.250:1/stolen")
			self.send_header("Content-Length", "5")
			self.end_headers()
			self.wfile.write(b"sorry")
			return True
		else:
			return False
		self.close_connection = True
		return True

	def do_GET(self):
		mode, _, value = next(self.server.modes).partition("=")
		range_ = self.headers.get("Range", "")
		with self.server.lock, open(self.server.log, "a", encoding="ascii") as log:
			log.write(f"{mode} {self.command} {self.path} {range_}\n")
		if self.odd(mode, value):
			return
		if mode == "elsewhere" and range_.startswith("bytes=") and "," not in range_:
			first, _, last = range_[6:].partition("-")
			range_ = f"bytes={int(first) + 1}-{int(last or first) + 1}"
		status, headers, body = self.right("" if mode == "whole" else range_)
		if mode == "late":
			self.server.over.wait(float(value))
		elif mode == "bytes":
			body = body[:-1] + bytes([body[-1] ^ 1]) if body else body
		elif mode == "length":
			body = body[:-1]
		elif mode == "long" and range_:
			body += b"!"
		elif mode == "etag":
			headers["ETag"] = '"sha256:' + "0" * 64 + '"'
		self.say(status, headers, len(body))
		if self.command == "HEAD":
			return
		if mode == "drip":
			for at in range(0, len(body), 1 << 16):
				self.wfile.write(body[at:at + (1 << 16)])
				self.server.over.wait(0.2)
		elif mode in ("half", "reset", "stall"):
			self.wfile.write(body[:len(body) // 2])
			self.wfile.flush()
			time.sleep(0.1)
			self.stop(mode)
		else:
			self.wfile.write(body)

	do_HEAD = do_GET


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
	daemon_threads = True
	allow_reuse_address = True

	def handle_error(self, request, client_address):
		pass			# who hears lies goes away in the middle of them


def main():
	parser = argparse.ArgumentParser()
	parser.add_argument("--listen", required=True)
	parser.add_argument("--mirror", required=True)
	parser.add_argument("--log", required=True)
	parser.add_argument("--tls", nargs=3)
	parser.add_argument("modes", nargs="+")
	options = parser.parse_args()
	host, _, port = options.listen.rpartition(":")
	server = Server((host, int(port)), Liar)
	if options.tls:
		context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=options.tls[2])
		context.load_cert_chain(*options.tls[:2])
		server.socket = context.wrap_socket(server.socket, server_side=True)
	server.mirror, server.log = options.mirror, options.log
	server.modes, server.lock = itertools.cycle(options.modes), threading.Lock()
	server.over = threading.Event()
	with open(options.log, "a", encoding="ascii") as log:
		log.write("ready\n")
	server.serve_forever()


if __name__ == "__main__":
	main()

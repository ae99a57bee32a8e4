#!/usr/bin/env python3
"""A forward proxy that knows CONNECT, for tests.

    connect.py READY LOG [--to HOST=PORT]... [--answer STATUS] [--tls CERT KEY]

HOST:ANY leads to 127.0.0.1:PORT; all others to where they say. --answer refuses each
with that status. --tls: the proxy itself is spoken to by TLS. Its port is in READY,
and each target that it was asked for in LOG.
"""

import argparse
import os
import select
import socket
import socketserver
import ssl


class Proxy(socketserver.StreamRequestHandler):
	def handle(self):
		try:
			request = self.rfile.readline(65536).decode("latin-1").split()
			while self.rfile.readline(65536) not in (b"\r\n", b"\n", b""):
				pass
		except OSError:
			return
		if len(request) != 3 or request[0] != "CONNECT":
			return
		with open(args.log, "a") as file:
			file.write(request[1] + "\n")
		if args.answer:
			self.wfile.write(f"HTTP/1.1 {args.answer} No\r\nContent-Length: 0\r\n\r\n".encode())
			return
		host, _, port = request[1].rpartition(":")
		place = ("127.0.0.1", targets[host]) if host in targets else (host.strip("[]"), int(port))
		there = socket.create_connection(place)
		self.wfile.write(b"HTTP/1.1 200 Yes\r\n\r\n")
		pair = [self.connection, there]
		while True:
			ready = select.select(pair, [], [])[0]
			if getattr(self.connection, "pending", lambda: 0)():
				ready = [self.connection]
			for one in ready:
				try:
					data = one.recv(65536)
				except OSError:
					data = b""
				if not data:
					there.close()
					return
				pair[one is self.connection].sendall(data)


class Server(socketserver.ThreadingTCPServer):
	daemon_threads = True
	allow_reuse_address = True

	def get_request(self):
		one, address = super().get_request()
		if context:
			one = context.wrap_socket(one, server_side=True)
		return one, address


parser = argparse.ArgumentParser()
parser.add_argument("ready")
parser.add_argument("log")
parser.add_argument("--to", action="append", default=[])
parser.add_argument("--answer", type=int)
parser.add_argument("--tls", nargs=2)
args = parser.parse_args()
targets = {name: int(port) for name, port in (one.split("=") for one in args.to)}
context = None
if args.tls:
	context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
	context.load_cert_chain(*args.tls)
server = Server(("127.0.0.1", 0), Proxy)
with open(args.ready + ".new", "w") as out:
	print(server.server_address[1], file=out)
os.rename(args.ready + ".new", args.ready)
server.serve_forever()

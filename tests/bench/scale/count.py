#!/usr/bin/env python3
"""Passes on what comes to another address, and counts it: requests, and bytes both ways.

    count.py TO:PORT COUNTS     to that server
    count.py hook COUNTS        to nobody: each request is answered as a hook does

Prints the address that it listens at. COUNTS is a file that has "REQUESTS SENT GOT",
as seen by who asks, and is written after each piece. What is counted is HTTP/1.1
without TLS.
"""

import asyncio
import email.utils
import os
import re
import sys

counts = [0, 0, 0]


def note():
	with open(sys.argv[2] + ".new", "w", encoding="ascii") as out:
		out.write(" ".join(map(str, counts)) + "\n")
	os.rename(sys.argv[2] + ".new", sys.argv[2])


async def pass_on(reader, writer, which):
	# Whatever way it breaks off, the other half is told.
	try:
		while piece := await reader.read(1 << 16):
			counts[which] += len(piece)
			# cdr sends each request in a piece of its own, on HTTP/1.1.
			if which == 1:
				counts[0] += piece.count(b" HTTP/1.1\r\n")
			note()
			writer.write(piece)
			await writer.drain()
	except OSError:
		pass
	writer.close()


async def answer(reader, writer):
	"""As nginx answers for cdr watch."""
	while head := await reader.readuntil(b"\r\n\r\n"):
		length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
		body = await reader.readexactly(int(length.group(1)))
		said = (b"HTTP/1.1 202 Accepted\r\nServer: nginx\r\nDate: " +
			email.utils.formatdate(usegmt=True).encode() +
			b"\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n")
		counts[0] += 1
		counts[1] += len(head) + len(body)
		counts[2] += len(said)
		note()
		writer.write(said)
		await writer.drain()


async def serve(reader, writer):
	if sys.argv[1] == "hook":
		try:
			await answer(reader, writer)
		except (OSError, asyncio.IncompleteReadError):
			pass
		writer.close()
		return
	host, port = sys.argv[1].split(":")
	there, to = await asyncio.open_connection(host, int(port))
	await asyncio.gather(pass_on(reader, to, 1), pass_on(there, writer, 2))


async def main():
	server = await asyncio.start_server(serve, "127.0.0.1", 0)
	note()
	print("%s:%d" % server.sockets[0].getsockname(), flush=True)
	await server.serve_forever()


asyncio.run(main())

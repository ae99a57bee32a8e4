#!/usr/bin/env python3
"""A thin line: so many bytes a second for all that comes back, shared by all
connections as one line is.

    thin.py --to HOST:PORT --rate N --ready FILE

Listens on a free port of 127.0.0.1, which it writes to FILE when it does.
"""

import argparse
import asyncio
import os

STEP_S = 0.05


class Line:
	"""Each piece has the line for itself as long as it takes; who waits, in turn."""

	def __init__(self, rate):
		self.rate, self.lock = rate, asyncio.Lock()

	async def carry(self, size):
		async with self.lock:
			await asyncio.sleep(size / self.rate)


async def pass_on(reader, writer, line, size):
	try:
		while piece := await reader.read(size):
			if line:
				await line.carry(len(piece))
			writer.write(piece)
			await writer.drain()
	except OSError:
		pass
	finally:
		writer.close()


async def main():
	parser = argparse.ArgumentParser(description="a thin line")
	parser.add_argument("--to", required=True)
	parser.add_argument("--rate", type=int, required=True)
	parser.add_argument("--ready", required=True)
	options = parser.parse_args()
	host, _, port = options.to.rpartition(":")
	line = Line(options.rate)
	step = max(1, int(options.rate * STEP_S))

	async def serve(reader, writer):
		back, there = await asyncio.open_connection(host, int(port), limit=step)
		await asyncio.gather(pass_on(reader, there, None, 1 << 16),
				     pass_on(back, writer, line, step))

	server = await asyncio.start_server(serve, "127.0.0.1", 0)
	with open(options.ready + ".new", "w", encoding="ascii") as file:
		file.write(f"127.0.0.1:{server.sockets[0].getsockname()[1]}\n")
	os.rename(options.ready + ".new", options.ready)
	async with server:
		await server.serve_forever()


asyncio.run(main())

#!/usr/bin/env python3
"""Loads servers in turns and prints a Markdown table.

    load.py --title TITLE --rounds N --connections C --method GET -- LABEL URL PID PATHS ...

PATHS is a file with one path a line.  For GET wrk asks for one after the other.
wrk waits for the body of a HEAD for ever, so HEAD is ab's, which asks for the
first one only.  With --each 4 --unit pull, four requests count as one pull; p99
is one request's still.  CPU is the server's: of PID and all its descendants.
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import time

UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
TIMES = {"us": 1e-3, "ms": 1, "s": 1e3, "m": 6e4}
ACCEPT = "application/vnd.oci.image.index.v1+json"
PATHS_LUA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "paths.lua")


def find(pattern, said):
	found = re.search(pattern, said)
	if found is None:
		sys.exit(f"load: cannot read this:\n{said}")
	return found


def wrk(url, paths, options):
	"""(requests a second, bytes a second, milliseconds of the 99th percentile)"""
	said = subprocess.run(
		["wrk", "-t", str(options.threads), "-c", str(options.connections), "-d", f"{options.seconds}s",
		 "--latency", "--timeout", "30s", "-s", PATHS_LUA, url, "--", paths],
		check=True, capture_output=True, text=True).stdout
	if "Non-2xx" in said or "Socket errors" in said:
		sys.exit(f"load: {url}: not all requests were answered well\n{said}")
	rate = find(r"Transfer/sec:\s+([\d.]+)([KMG]?)B", said)
	p99 = find(r"99%\s+([\d.]+)(us|ms|s|m)\b", said)
	return (float(find(r"Requests/sec:\s+([\d.]+)", said)[1]),
		float(rate[1]) * UNITS[rate[2]], float(p99[1]) * TIMES[p99[2]])


def ab(url, paths, options):
	with open(paths, encoding="ascii") as file:
		url += file.readline().strip()
	said = subprocess.run(
		["ab", "-q", "-i", "-k", "-c", str(options.connections), "-t", str(options.seconds),
		 "-n", "10000000", "-H", f"Accept: {ACCEPT}", url],
		check=True, capture_output=True, text=True).stdout
	if "Non-2xx" in said or int(find(r"Failed requests:\s+(\d+)", said)[1]) > 0:
		sys.exit(f"load: {url}: not all requests were answered well\n{said}")
	return (float(find(r"Requests per second:\s+([\d.]+)", said)[1]),
		float(find(r"Transfer rate:\s+([\d.]+)", said)[1]) * 1024,
		float(find(r"99%\s+(\d+)", said)[1]))


def processes(top):
	"""A process and its descendants: number and ticks of user and system time."""
	parent, ticks = {}, {}
	for name in filter(str.isdigit, os.listdir("/proc")):
		try:
			with open(f"/proc/{name}/stat", encoding="ascii", errors="replace") as file:
				fields = file.read().rpartition(")")[2].split()
		except OSError:
			continue
		parent[int(name)] = int(fields[1])
		ticks[int(name)] = int(fields[11]) + int(fields[12])

	def is_below(pid):
		while pid not in (0, top):
			pid = parent.get(pid, 0)
		return pid == top
	return {pid: ticks[pid] for pid in ticks if is_below(pid)}


def cpu_seconds(top):
	return sum(processes(top).values()) / os.sysconf("SC_CLK_TCK")


def memory(top):
	"""Bytes; what processes share counts once."""
	total = 0
	for pid in processes(top):
		with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
			total += int(find(r"Pss:\s+(\d+) kB", file.read())[1]) << 10
	return total


class Server:
	def __init__(self, label, url, pid, paths):
		self.label, self.url, self.pid, self.paths = label, url, int(pid), paths
		self.requests, self.bytes, self.p99, self.cpu, self.memory = [], [], [], [], []

	def load(self, options):
		tool = ab if options.method == "HEAD" else wrk
		before, start = cpu_seconds(self.pid), time.monotonic()
		requests, size, p99 = tool(self.url, self.paths, options)
		took = time.monotonic() - start
		used = cpu_seconds(self.pid) - before
		self.cpu.append(1000 * used / (took * (size / (1 << 20) if options.bulk else requests)))
		self.requests.append(requests)
		self.bytes.append(size)
		self.p99.append(p99)
		self.memory.append(memory(self.pid))


def spread(values, unit=1, digits=0):
	return (f"{statistics.median(values) / unit:.{digits}f} "
		f"({min(values) / unit:.{digits}f}-{max(values) / unit:.{digits}f})")


def print_table(servers, options):
	cost = "CPU ms/MiB" if options.bulk else f"CPU ms/{options.unit}"
	print(f"### {options.title}\n")
	print(f"| | {options.unit}s/s | MiB/s | p99, ms | {cost} | memory, MiB | ratio |")
	print("|---|---|---|---|---|---|---|")
	for server in servers:
		ratios = [a / b for a, b in zip(servers[0].bytes, server.bytes)] if options.bulk \
			else [a / b for a, b in zip(servers[0].requests, server.requests)]
		cpu = statistics.median(server.cpu) * (1 if options.bulk else options.each)
		print(f"| {server.label} | {spread(server.requests, options.each)} "
		      f"| {spread(server.bytes, 1 << 20, 1)} | {spread(server.p99, 1, 2)} "
		      f"| {cpu:.3f} "
		      f"| {statistics.median(server.memory) / (1 << 20):.1f} "
		      f"| {statistics.median(ratios):.2f} |")
	print(flush=True)


def main():
	parser = argparse.ArgumentParser()
	parser.add_argument("--title", required=True)
	parser.add_argument("--rounds", type=int, default=5)
	parser.add_argument("--seconds", type=int, default=3)
	parser.add_argument("--connections", type=int, default=32)
	# One thread of wrk takes less than a server that only passes pages on can send.
	parser.add_argument("--threads", type=int, default=1, help="of wrk")
	parser.add_argument("--method", choices=("GET", "HEAD"), default="GET")
	parser.add_argument("--bulk", action="store_true", help="bytes count, not requests")
	parser.add_argument("--unit", default="request", help="what --each of them make")
	parser.add_argument("--each", type=int, default=1)
	parser.add_argument("servers", nargs="+")
	options = parser.parse_args()
	given = options.servers
	servers = [Server(*given[at:at + 4]) for at in range(0, len(given), 4)]
	for number in range(options.rounds):
		print(f"bench: {options.title}: round {number + 1} of {options.rounds}", file=sys.stderr)
		for server in servers:
			server.load(options)
	print_table(servers, options)


if __name__ == "__main__":
	main()

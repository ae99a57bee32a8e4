#!/usr/bin/env python3
"""Loads servers in turns and prints a Markdown table.

    load.py --title TITLE --rounds N --connections C --method GET -- LABEL URL PID PATHS ...

PATHS is a file with one path a line.  For GET wrk asks for one after the other.
wrk waits for the body of a HEAD for ever, so HEAD is ab's, which asks for the
first one only.  With --each 4 --unit pull, four requests count as one pull; p99
is one request's still.  With --bulk READ bytes count, not requests, and bulk.py
asks.  CPU is the server's: of PID and all its descendants.  --during COMMAND runs
beside each load, with the server's $URL, and is stopped after it.
"""

import argparse
import contextlib
import os
import re
import signal
import statistics
import subprocess
import sys
import time

UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
TIMES = {"us": 1e-3, "ms": 1, "s": 1e3, "m": 6e4}
ACCEPT = "application/vnd.oci.image.index.v1+json"
HERE = os.path.dirname(os.path.abspath(__file__))
PATHS_LUA = os.path.join(HERE, "paths.lua")
BULK = os.path.join(HERE, "bulk.py")


def find(pattern, said):
	found = re.search(pattern, said)
	if found is None:
		sys.exit(f"load: cannot read this:\n{said}")
	return found


def wrk(url, paths, options):
	"""(requests a second, bytes a second, milliseconds of the 99th percentile)"""
	said = subprocess.run(
		["wrk", "-t", "1", "-c", str(options.connections), "-d", f"{options.seconds}s",
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


def bulk(url, paths, options):
	"""As wrk(), of bytes alone."""
	inside = ["ip", "netns", "exec", options.inside] if options.inside else []
	said = subprocess.run(
		inside + [sys.executable, BULK, url, paths, str(options.connections),
			  str(options.seconds), str(options.bulk)],
		check=True, stdout=subprocess.PIPE, text=True).stdout
	return (0, float(said), 0)


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

	@contextlib.contextmanager
	def during(self, command):
		if command is None:
			yield
			return
		with subprocess.Popen(["sh", "-c", command], env={**os.environ, "URL": self.url},
				      start_new_session=True) as beside:
			try:
				time.sleep(2)
				yield
				if beside.poll() is not None:
					sys.exit(f"load: ended too early: {command}")
			finally:
				with contextlib.suppress(ProcessLookupError):
					os.killpg(beside.pid, signal.SIGKILL)

	def load(self, options):
		tool = bulk if options.bulk else ab if options.method == "HEAD" else wrk
		before = cpu_seconds(self.pid)
		requests, size, p99 = tool(self.url, self.paths, options)
		used = cpu_seconds(self.pid) - before
		units = size / (1 << 20) if options.bulk else requests
		self.cpu.append(1000 * used / (options.seconds * units))
		self.requests.append(requests)
		self.bytes.append(size)
		self.p99.append(p99)
		self.memory.append(memory(self.pid))


def spread(values, unit=1, digits=0):
	return (f"{statistics.median(values) / unit:.{digits}f} "
		f"({min(values) / unit:.{digits}f}-{max(values) / unit:.{digits}f})")


def of_first(servers, figures):
	"""For each server: the first one's figure by its, the median of all rounds."""
	return [statistics.median(a / b for a, b in zip(figures(servers[0]), figures(server)))
		for server in servers]


def bulk_lines(servers):
	yield "| | MiB/s | CPU ms/MiB | memory, MiB | ratio of MiB/s | of CPU | of memory |"
	yield "|---|---|---|---|---|---|---|"
	for server, size, cpu, kept in zip(
			servers, of_first(servers, lambda s: s.bytes),
			of_first(servers, lambda s: s.cpu), of_first(servers, lambda s: s.memory)):
		yield (f"| {server.label} | {spread(server.bytes, 1 << 20)} | {spread(server.cpu, 1, 3)} "
		       f"| {statistics.median(server.memory) / (1 << 20):.1f} "
		       f"| {size:.2f} | {cpu:.3f} | {kept:.3f} |")


def request_lines(servers, options):
	yield f"| | {options.unit}s/s | MiB/s | p99, ms | CPU ms/{options.unit} | memory, MiB | ratio |"
	yield "|---|---|---|---|---|---|---|"
	for server, ratio in zip(servers, of_first(servers, lambda s: s.requests)):
		yield (f"| {server.label} | {spread(server.requests, options.each)} "
		       f"| {spread(server.bytes, 1 << 20, 1)} | {spread(server.p99, 1, 2)} "
		       f"| {statistics.median(server.cpu) * options.each:.3f} "
		       f"| {statistics.median(server.memory) / (1 << 20):.1f} "
		       f"| {ratio:.2f} |")


def print_table(servers, options):
	print(f"### {options.title}\n")
	print("\n".join(bulk_lines(servers) if options.bulk else request_lines(servers, options)))
	print(flush=True)


def main():
	parser = argparse.ArgumentParser()
	parser.add_argument("--title", required=True)
	parser.add_argument("--rounds", type=int, default=5)
	parser.add_argument("--seconds", type=int, default=3)
	parser.add_argument("--connections", type=int, default=32)
	parser.add_argument("--method", choices=("GET", "HEAD"), default="GET")
	parser.add_argument("--bulk", metavar="READ", type=int, help="bytes count, and so many are read at once")
	parser.add_argument("--inside", metavar="NETNS", help="where bulk.py runs")
	parser.add_argument("--during", metavar="COMMAND", help="what else goes on")
	parser.add_argument("--unit", default="request", help="what --each of them make")
	parser.add_argument("--each", type=int, default=1)
	parser.add_argument("servers", nargs="+")
	options = parser.parse_args()
	given = options.servers
	servers = [Server(*given[at:at + 4]) for at in range(0, len(given), 4)]
	for number in range(options.rounds):
		print(f"bench: {options.title}: round {number + 1} of {options.rounds}", file=sys.stderr)
		for server in servers:
			with server.during(options.during):
				server.load(options)
	print_table(servers, options)


if __name__ == "__main__":
	main()

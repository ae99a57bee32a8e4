#!/usr/bin/env python3
"""Re-runs Table 1 of the paper that CDR comes from, with today's programs.  See run.

Each cell, a method at a size in a round, is one line of OUT/cells.jsonl as soon as it is
over; what is there already is not measured again.  OUT/paper.json, paper.md and paper.svg
are made of these.
"""

import argparse
import collections
import datetime
import fcntl
import json
import os
import platform
import signal
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import images  # noqa: E402
import plot  # noqa: E402
import reckon  # noqa: E402
import ways  # noqa: E402
from places import Hub, Place  # noqa: E402
from rig import Clock, GaveUp, Rig, sweep  # noqa: E402

TOP = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
BESIDE = ["baseline", "1-ctr", "1-cdr", "2", "3", "3-warm", "3-peers", "local"]
GROUPS = ["update", "thin", "six"]
QUICK = ["baseline", "2", "3", "3-warm", "3-peers", "local"]
THIN = [50, 20]
THIN_MB = 133
UPDATE_MB = 670
SIX_MB = [133, 670]
FORM = 1		# of a line in cells.jsonl
WALL = 4		# a cell may take so many times what is expected

Cell = collections.namedtuple("Cell", "method size nodes uplink round")
Cell.tag = property(lambda cell: f"v{cell.size}")


def cells_of(options):
	"""What there is to measure, in its order."""
	found = []
	for number in range(1, options.rounds + 1):
		for size in options.sizes:
			found += [Cell(method, size, options.nodes, 600, number)
				  for method in BESIDE if method in options.methods]
		if "update" in options.methods:
			size = UPDATE_MB if UPDATE_MB in options.sizes else options.sizes[-1]
			found += [Cell(method, size, options.nodes, 600, number)
				  for method in ("update-baseline", "update-3")]
		if "thin" in options.methods and not options.small:
			found += [Cell(method, THIN_MB, options.nodes, mbit, number)
				  for mbit in THIN for method in ("baseline", "3")]
		if "six" in options.methods:
			found += [Cell(method, size, 6, 600, number)
				  for size in SIX_MB if size in options.sizes
				  for method in ("baseline", "3", "3-peers", "local")]
	return found


def expected(cell):
	layers = [size * images.MB for size in ways.sizes_of(cell)]
	return reckon.expected(cell.method, layers, cell.nodes, cell.uplink)


class Session:
	"""The rig, and what runs in it for a cell."""

	def __init__(self, folder, cdr):
		self.folder, self.cdr, self.shape = f"{folder}/rig", cdr, reckon.SHAPE
		self.images = images.Images(f"{folder}/images")
		self.small = self.images.small()
		self.places, self.hub, self.rig, self.builder = [], None, None, None

	def begin(self):
		sweep(self.folder)
		os.makedirs(self.folder)
		self.rig = Rig(self.folder, self.shape)
		self.hub = Hub(self.rig, f"{self.folder}/hub", self.images, self.shape["hub_bytes"], Clock(60))
		self.builder = Place(self.rig, "builder", f"{self.folder}/builder")

	def open(self, place):
		self.places.append(place)
		return place

	def image(self, cell):
		return self.images.image(images.layers_of(cell.size))

	def images_to_update(self, cell):
		sizes = images.layers_to_update(cell.size)
		return self.images.image(sizes), self.images.image(sizes, "new")

	def measure(self, cell):
		made = ways.images_for(self, cell)
		for one in made:
			self.images.read(one)
		clock = Clock(60 + WALL * expected(cell))
		try:
			self.rig.uplink(cell.uplink)
			seen = ways.WAYS[cell.method](self, cell, clock)
			layers = made[-1]["layers"]
			seen["layers"] = layers[-1:] if cell.method.startswith("update") else layers
			return seen
		except GaveUp as cause:
			return {"gave_up": str(cause)[:300]}
		except Exception as cause:	# whatever it is, the others are measured
			return {"gave_up": f"{type(cause).__name__}: {cause}"[:300]}
		finally:
			self.close_places()

	def close_places(self):
		for place in reversed(self.places):
			try:
				place.end()
				sweep(place.folder)
			except (GaveUp, OSError) as cause:
				say(f"paper: {cause}")
		self.places = []
		self.builder.end()

	def end(self):
		if self.rig:
			self.rig.close()
		sweep(self.folder)


# --- results --------------------------------------------------------------------------

def read_cells(out):
	"""All that was measured; of a cell that was measured again, the last."""
	found = {}
	path = f"{out}/cells.jsonl"
	if os.path.exists(path):
		with open(path, encoding="utf-8") as file:
			for line in file:
				try:
					one = json.loads(line)
				except ValueError:
					continue	# of a run that was killed while it wrote
				if one.get("form") != FORM:
					continue
				key = Cell(*(one[field] for field in Cell._fields))
				found.pop(key, None)
				found[key] = one
	return found


def append(out, one):
	with open(f"{out}/cells.jsonl", "a+b") as file:
		if file.tell() > 0:
			file.seek(-1, os.SEEK_END)
			if file.read(1) != b"\n":
				file.write(b"\n")
		file.write(json.dumps(one).encode() + b"\n")
		file.flush()
		os.fsync(file.fileno())


def machine():
	model = ""
	with open("/proc/cpuinfo", encoding="utf-8") as file:
		for line in file:
			if line.startswith("model name"):
				model = line.partition(":")[2].strip()
	with open("/proc/meminfo", encoding="ascii") as file:
		memory = int(file.readline().split()[1]) // (1 << 20)
	return (f"{os.cpu_count()} cores of {model or platform.machine()}, {memory} GiB, "
		f"Linux {platform.release().partition('-')[0]}")


def finish(out, cells):
	"""Writes what can be read: paper.json, paper.md, paper.svg."""
	rows = reckon.summary(list(cells.values()))
	days = sorted(one["at"][:10] for one in cells.values())
	result = {"machine": machine(), "days": [days[0], days[-1]] if days else [],
		  "shape": reckon.SHAPE, "cells": list(cells.values()), "rows": rows,
		  "lines": reckon.lines(rows), "aims": reckon.aims(rows)}
	write(f"{out}/paper.json", json.dumps(result, indent=1) + "\n")
	write(f"{out}/paper.md", markdown(result))
	write(f"{out}/paper.svg", plot.picture(rows))
	return result


def write(path, text):
	with open(path + ".new", "w", encoding="utf-8") as file:
		file.write(text)
	os.replace(path + ".new", path)


def headline(result):
	days = " to ".join(dict.fromkeys(result["days"]))
	rounds = max((row["rounds"] for row in result["rows"]), default=0)
	disturbed = sum(row.get("disturbed", 0) for row in result["rows"])
	return (f"{result['machine']}; {days}; {'one round' if rounds == 1 else f'medians of up to {rounds} rounds'}"
		f"{f'; others were at work in {disturbed} cells' if disturbed else ''}.")


def markdown(result):
	rows = result["rows"]
	return "\n\n".join([headline(result), reckon.short_table(rows), reckon.table(rows), reckon.lines_table(rows),
			    reckon.where_table(rows), reckon.aims_table(rows)]) + "\n"


BEGIN, END = "<!-- %s: by \"tests/bench/paper/run --write\" -->", "<!-- end -->"


def fill(text, name, content):
	"""The page with what is between its marks replaced."""
	begin = BEGIN % name
	before, found, rest = text.partition(begin)
	if not found:
		raise SystemExit(f"paper: the page has no mark {begin}")
	_, found, after = rest.partition(END)
	if not found:
		raise SystemExit(f"paper: nothing ends {begin}")
	return f"{before}{begin}\n{content}\n{END}{after}"


PARTS = {"machine": headline, "short": lambda result: reckon.short_table(result["rows"]),
	 "brief": lambda result: reckon.short_table(result["rows"]) + "\n\n" + headline(result),
	 "table": lambda result: reckon.table(result["rows"]),
	 "lines": lambda result: reckon.lines_table(result["rows"]),
	 "where": lambda result: reckon.where_table(result["rows"]),
	 "aims": lambda result: reckon.aims_table(result["rows"])}


# What is short is in the page of the benchmarks and in that on top, too.
PAGES = ((f"{HERE}/README.md", ["machine", "short", "table", "lines", "where", "aims"]),
	 (f"{TOP}/tests/bench/README.md", ["machine", "short"]), (f"{TOP}/README.md", ["brief"]))


def write_pages(result):
	for page, names in PAGES:
		with open(page, encoding="utf-8") as file:
			text = file.read()
		for name in names:
			text = fill(text, name, PARTS[name](result))
		write(page, text)
	write(f"{HERE}/paper.svg", plot.picture(result["rows"]))


# --- the command -----------------------------------------------------------------------

def parse():
	parser = argparse.ArgumentParser(
		prog="tests/bench/paper/run", description=__doc__.partition("\n")[0],
		formatter_class=argparse.RawDescriptionHelpFormatter,
		epilog="methods: " + " ".join(BESIDE + GROUPS))
	add = parser.add_argument
	add("--quick", action="store_true", help="133 and 670 MB, one round, six of the methods")
	add("--methods", metavar="M,M", help="only these")
	add("--sizes", metavar="MB,MB", help="(133,670,1210,2230)")
	add("--rounds", type=int, metavar="N", help="(3)")
	add("--nodes", type=int, default=3, metavar="N", help="(3)")
	add("--out", metavar="DIR", help="for results (build/bench/paper/out)")
	add("--work", metavar="DIR", help="for all else, up to 25 GB (build/bench/paper)")
	add("--again", action="store_true", help="measure what is there already, too")
	add("--keep", action="store_true", help="leave the images for the next time")
	add("--plan", action="store_true", help="only say what would be measured, and how long it takes")
	add("--show", action="store_true", help="only print what has been measured")
	add("--write", action="store_true", help="put that into the pages that show it, and into paper.svg")
	options = parser.parse_args()
	words = {"--sizes": options.sizes, "--methods": options.methods}
	try:
		options.sizes = sorted({int(size) for size in (options.sizes or (
			"133,670" if options.quick else "133,670,1210,2230")).split(",")})
	except ValueError:
		parser.error(f"--sizes {words['--sizes']}: numbers, with commas between them")
	options.methods = (options.methods.split(",") if options.methods
			   else QUICK if options.quick else BESIDE + GROUPS)
	for method in options.methods:
		if method not in BESIDE + GROUPS:
			parser.error(f"--methods: {method} is none of {' '.join(BESIDE + GROUPS)}")
	options.rounds = options.rounds or (1 if options.quick else 3)
	if not 1 <= options.rounds <= 99 or not 2 <= options.nodes <= 6 or not all(
			1 <= size <= 5000 for size in options.sizes):
		parser.error("rounds are 1 to 99, nodes 2 to 6, sizes 1 to 5000")
	options.small = options.sizes[-1] < THIN_MB
	work = options.work or os.path.join(os.environ.get("BENCH_DIR") or f"{TOP}/build/bench", "paper")
	options.work = os.path.abspath(work)
	options.out = os.path.abspath(options.out or f"{options.work}/out")
	return options


def room(cells):
	"""Bytes that the largest cell takes, with all images."""
	sizes = {cell.size for cell in cells}
	made = sum(sizes) + (2 * UPDATE_MB if any(c.method.startswith("update") for c in cells) else 0)
	most = max(cell.size * (2 * cell.nodes + 3) for cell in cells)
	return (made + most + 500) * images.MB


def say(text):
	print(text, flush=True)


def minutes(seconds):
	return f"{seconds / 60:.0f} minutes" if seconds > 90 else f"{seconds:.0f} s"


def told(cell, one):
	name = f"round {cell.round}: {cell.method}, {cell.size} MB, {cell.nodes} nodes, {cell.uplink} Mbit/s"
	if "gave_up" in one:
		return f"{name}: gave up: {one['gave_up']}"
	least = reckon.bound(cell.method, one["layers"], cell.nodes, cell.uplink)
	return (f"{name}: {one['seconds']:.1f} s; transfer {one['transfer']:.1f}, bound {least:.1f}; "
		f"unpacking {one['unpack']:.1f}; {one['uplink_bytes'] / images.MB:.0f} MB over the uplink; "
		f"pulls {one['pulls']}; others' CPU {one['load']['others']:.2f}"
		f"{', disturbed' if reckon.disturbed(one) else ''}")


def measure(options, cells, left):
	free = os.statvfs(options.work)
	free = free.f_bavail * free.f_frsize
	if free < room(left):
		raise SystemExit(f"paper: {options.work} has {free / 1e9:.0f} GB free, "
				 f"{room(left) / 1e9:.0f} are needed")
	session = Session(options.work, os.environ["CDR"])
	is_over = False
	try:
		session.begin()
		began, guessed = time.monotonic(), sum(map(expected, left))
		for number, cell in enumerate(left):
			one = {"form": FORM, **cell._asdict(), "at": datetime.datetime.now().isoformat(timespec="seconds"),
			       **session.measure(cell)}
			append(options.out, one)
			cells[cell] = one
			finish(options.out, cells)
			done = sum(map(expected, left[:number + 1]))
			rest = (time.monotonic() - began) * (guessed / done - 1)
			say(f"{told(cell, one)}; {minutes(rest)} left")
		is_over = True
	except GaveUp as cause:
		raise SystemExit(f"paper: {cause}") from None
	finally:
		session.end()
		# Who goes on with it later needs them.
		if is_over and not options.keep:
			sweep(f"{options.work}/images")


def stop(number, _):
	raise SystemExit(128 + number)


def main():
	options = parse()
	plan = cells_of(options)
	os.makedirs(options.out, exist_ok=True)
	os.makedirs(options.work, exist_ok=True)
	cells = read_cells(options.out)
	if options.show or options.write:
		if not cells:
			raise SystemExit(f"paper: nothing has been measured in {options.out}")
		result = finish(options.out, cells)
		if options.write:
			write_pages(result)
		say(markdown(result))
		return 0
	left = [cell for cell in plan if options.again or "seconds" not in cells.get(cell, {})]
	say(f"{len(left)} cells of {len(plan)} to measure: some {minutes(sum(map(expected, left)))}, "
	    f"and {room(left) / 1e9 if left else 0:.0f} GB of {options.work}")
	if options.plan:
		for cell in left:
			say(f"  {cell.method}, {cell.size} MB, {cell.nodes} nodes, {cell.uplink} Mbit/s: "
			    f"{expected(cell):.0f} s")
	if options.plan or not left:
		return 0
	for number in signal.SIGTERM, signal.SIGINT, signal.SIGHUP:
		signal.signal(number, stop)
	lock = os.open(f"{options.work}/lock", os.O_RDWR | os.O_CREAT, 0o644)
	try:
		fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
	except BlockingIOError:
		raise SystemExit(f"paper: another run is at work in {options.work}") from None
	# Private to this one, as its mounts are: sockets of shims go there.
	subprocess.run(["mount", "-t", "tmpfs", "none", "/run"], check=True)
	measure(options, cells, left)
	result = finish(options.out, cells)
	say("\n" + markdown(result))
	return 1 if any("gave_up" in cells[cell] for cell in plan if cell in cells) else 0


if __name__ == "__main__":
	sys.exit(main())

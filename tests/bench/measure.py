#!/usr/bin/env python3
"""Runs contenders in turns (A B C A B C ...) and prints a Markdown table.

    measure.py --title TITLE --rounds N --dir DIR <<END
    cdr sync      | 1  | cdr sync -r "$OUT" -i list
    curl          | 1  | curl ... --output-dir "$OUT"
    + openssl     | 1  | openssl dgst -sha256 "$OUT"/*
    skopeo, 1/10  | 10 | skopeo copy ...
    END

A line is a label, a factor for its times, and a shell command.  A factor such as
"=4.19" is a figure that was computed, not measured: so many seconds.  "+": the command
goes on in the folder of the line above, and its figures include those.  Each
contender begins with $OUT, a fresh folder below DIR; before that the disk has
written what the one before left (sync), so that nobody pays for another.

wall    from start to end
CPU     user and system time of all processes of the command
peak    resident set of the largest process, as GNU time sees it
written bytes for the disk, by all processes of the command
ratios  the first line's figure divided by this line's, of the same round

Medians of all rounds, with the least and the most.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

KEPT_BYTES_MAX = 256 << 20


class Row:
	def __init__(self, line):
		self.label, factor, self.command = (part.strip() for part in line.split("|", 2))
		self.computed = float(factor[1:]) if factor.startswith("=") else None
		self.factor = 0 if factor.startswith("=") else int(factor)
		self.goes_on = self.label.startswith("+ ")
		self.wall, self.cpu, self.peak, self.written = [], [], [], []


def run(command, out, scratch):
	"""(wall seconds, CPU seconds, peak bytes, written bytes)"""
	# GNU time is small: a child of Python's would start with Python's peak.
	peak_file, log = os.path.join(scratch, "peak"), os.path.join(scratch, "output")
	with open(log, "wb") as output:
		start = time.monotonic()
		child = subprocess.Popen(
			["/usr/bin/time", "-f", "%M", "-o", peak_file, "sh", "-c", command],
			stdin=subprocess.DEVNULL, stdout=output, stderr=output,
			env={**os.environ, "OUT": out})
		_, status, usage = os.wait4(child.pid, 0)
		wall = time.monotonic() - start
		child.returncode = os.waitstatus_to_exitcode(status)
	if child.returncode != 0:
		with open(log, "rb") as output:
			sys.stderr.write(output.read()[-2000:].decode(errors="replace"))
		sys.exit(f"measure: ended with {child.returncode}: {command}")
	with open(peak_file, encoding="ascii") as file:
		peak = int(file.read().split()[-1]) * 1024
	# The kernel counts blocks of 512 bytes, whatever the disk has.
	return wall, usage.ru_utime + usage.ru_stime, peak, usage.ru_oublock * 512


def fresh(old, folder):
	"""A new folder; a large old one goes first.

	Many small files are left until the end: for some seconds after a deletion
	ext4 makes new files slowly, since it does not use the same inodes again.
	"""
	if old is not None and size_of(old) > KEPT_BYTES_MAX:
		shutil.rmtree(old)
	out = tempfile.mkdtemp(prefix="out-", dir=folder)
	os.sync()
	return out


def size_of(folder):
	return sum(os.lstat(os.path.join(where, name)).st_size
		   for where, _, names in os.walk(folder) for name in names)


def play_round(rows, folder):
	out, sums = None, (0, 0, 0, 0)
	for row in rows:
		if row.computed is not None:
			row.wall.append(row.computed)
			continue
		if not row.goes_on:
			out = fresh(out, folder)
			sums = (0, 0, 0, 0)
		wall, cpu, peak, written = run(row.command, out, folder)
		sums = (sums[0] + row.factor * wall, sums[1] + row.factor * cpu,
			max(sums[2], peak), sums[3] + row.factor * written)
		row.wall.append(sums[0])
		row.cpu.append(sums[1])
		row.peak.append(sums[2])
		row.written.append(sums[3])
	if size_of(out) > KEPT_BYTES_MAX:
		shutil.rmtree(out)


def seconds(values):
	digits = 2 if statistics.median(values) < 10 else 1
	return (f"{statistics.median(values):.{digits}f} "
		f"({min(values):.{digits}f}-{max(values):.{digits}f})")


def ratio(first, values):
	return f"{statistics.median(a / b for a, b in zip(first, values)):.2f}"


def mebibytes(values):
	return f"{statistics.median(values) / 2**20:.1f}"


def table(title, rows):
	first = rows[0]
	yield f"### {title}"
	yield ""
	yield "| | wall, s | CPU, s | peak, MiB | written, MiB | wall ratio | CPU ratio |"
	yield "|---|---|---|---|---|---|---|"
	for row in rows:
		if row.computed is not None:
			yield (f"| {row.label} | {row.computed:.2f} | | | "
			       f"| {ratio(first.wall, row.wall)} | |")
			continue
		yield (f"| {row.label} | {seconds(row.wall)} | {seconds(row.cpu)} "
		       f"| {max(row.peak) / 2**20:.1f} | {mebibytes(row.written)} "
		       f"| {ratio(first.wall, row.wall)} | {ratio(first.cpu, row.cpu)} |")
	yield ""


def main():
	parser = argparse.ArgumentParser()
	parser.add_argument("--title", required=True)
	parser.add_argument("--rounds", type=int, default=5)
	parser.add_argument("--dir", required=True)
	options = parser.parse_args()
	rows = [Row(line) for line in sys.stdin if line.strip()]
	os.mkdir(options.dir)
	for number in range(options.rounds):
		print(f"bench: {options.title}: round {number + 1} of {options.rounds}", file=sys.stderr)
		play_round(rows, options.dir)
	shutil.rmtree(options.dir)
	print("\n".join(table(options.title, rows)), flush=True)


if __name__ == "__main__":
	main()

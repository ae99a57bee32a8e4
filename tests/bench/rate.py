#!/usr/bin/env python3
"""Measures --limit-rate over some ten seconds, and prints a Markdown table.

    rate.py --dir DIR --cdr PROGRAM <<END
    one large image | 500K | --registries FILE -i LIST
    END

A line is a label, a rate, and arguments for cdr sync.  It is stopped by
--max-bytes after what may come in ten seconds, or ends with its list.  Got is what
the program counts, divided by the time of the whole process.
"""

import argparse
import json
import shlex
import shutil
import subprocess
import sys
import time

UNITS = {"K": 1 << 10, "M": 1 << 20}
SECONDS = 10


def run(cdr, rate, arguments, folder):
	"""(bytes, seconds)"""
	asked = int(rate[:-1]) * UNITS[rate[-1]]
	start = time.monotonic()
	done = subprocess.run(
		[cdr, "sync", "-r", folder, "--log", "json", "--limit-rate", rate,
		 "--max-bytes", str(asked * SECONDS), *arguments],
		stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
	took = time.monotonic() - start
	for line in done.stdout.splitlines():
		line = json.loads(line)
		if line["message"] == "summary":
			return line["bytes"], took
	return sys.exit(f"rate: ended with {done.returncode}: {done.stderr[-2000:]}")


def main():
	parser = argparse.ArgumentParser()
	parser.add_argument("--dir", required=True)
	parser.add_argument("--cdr", required=True)
	options = parser.parse_args()
	print("### --limit-rate, ten seconds\n")
	print("| | asked, bytes/s | got, bytes/s | off |")
	print("|---|---|---|---|")
	for line in sys.stdin:
		label, rate, arguments = (part.strip() for part in line.split("|", 2))
		print(f"bench: --limit-rate {rate}: {label}", file=sys.stderr)
		size, took = run(options.cdr, rate, shlex.split(arguments), options.dir)
		shutil.rmtree(options.dir)
		asked = int(rate[:-1]) * UNITS[rate[-1]]
		print(f"| {label} | {asked} | {size / took:.0f} | {100 * (size / took / asked - 1):+.1f} % |",
		      flush=True)
	print(flush=True)


if __name__ == "__main__":
	main()

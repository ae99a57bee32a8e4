#!/usr/bin/env python3
"""When a tag leads to a digest, in many trees: tests/bench/trees.sh.

    arrive.py SINCE DIGEST LINK...

Prints the seconds from SINCE (since 1970) until each of these links leads there, a line
each, in their order.  Ends with 1 after two minutes.
"""

import os
import sys
import time


def leads(link, ending):
	try:
		return os.readlink(link).endswith(ending)
	except FileNotFoundError:
		return False


def main(since, digest, *links):
	ending = "/" + digest.replace(":", "/")
	at, end = {}, time.monotonic() + 120
	while len(at) < len(links):
		if time.monotonic() > end:
			return 1
		for link in links:
			if link not in at and leads(link, ending):
				at[link] = time.time() - float(since)
		time.sleep(0.005)
	for link in links:
		print(f"{at[link]:.2f}")
	return 0


if __name__ == "__main__":
	sys.exit(main(*sys.argv[1:]))

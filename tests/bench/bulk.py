#!/usr/bin/env python3
"""Pulls large blobs as nodes do, and prints how many bytes came in a second.

    bulk.py URL PATHS CONNECTIONS SECONDS READ

PATHS is a file with one path a line. Each connection asks for one after the other,
and its process takes up to READ bytes from the kernel at a time: containerd does
1 MiB, what is made with Go's io.Copy (dockerd, skopeo, podman) 32 KiB. wrk takes
8 KiB, and is itself what is busy then.
"""

import http.client
import multiprocessing
import sys
import time
import urllib.parse

ACCEPT = "application/vnd.oci.image.index.v1+json"


def pull(address, paths, first, seconds, read, start, results):
	connection = http.client.HTTPConnection(address, timeout=30)
	connection.connect()
	buffer = memoryview(bytearray(read))
	start.wait(30)
	got, number, begin = 0, first, time.monotonic()
	while time.monotonic() < begin + seconds:
		connection.request("GET", paths[number % len(paths)], headers={"Accept": ACCEPT})
		answer = connection.getresponse()
		if answer.status != 200:
			raise RuntimeError(f"{paths[number % len(paths)]}: {answer.status}")
		while time.monotonic() < begin + seconds:
			size = answer.readinto(buffer)
			if size == 0:
				if answer.length != 0:
					raise RuntimeError(f"{paths[number % len(paths)]}: cut short")
				break
			got += size
		number += 1
	results.put((got, time.monotonic() - begin))


def main():
	url, paths, connections, seconds, read = sys.argv[1:]
	with open(paths, encoding="ascii") as file:
		lines = file.read().split()
	address = urllib.parse.urlsplit(url).netloc
	start, results = multiprocessing.Barrier(int(connections)), multiprocessing.SimpleQueue()
	pulls = [multiprocessing.Process(
		target=pull, args=(address, lines, first, float(seconds), int(read), start, results))
		for first in range(int(connections))]
	for one in pulls:
		one.start()
	for one in pulls:
		one.join()
	if any(one.exitcode != 0 for one in pulls):
		sys.exit(f"bulk: {url}: a pull failed")
	rates = [got / took for got, took in (results.get() for _ in pulls)]
	print(f"{sum(rates):.0f}")


if __name__ == "__main__":
	main()

#!/usr/bin/env python3
"""Pulls an image as containerd does, and hashes all of it: a node's client in tests.

    pull.py [OPTION]... BASE REPOSITORY REFERENCE

HEAD of the tag, its manifest by digest, then the blobs, three at a time, in their order.  What
breaks off is asked for again from where it stood, with a Range; so often as --tries
says in a row without a byte.  What comes with other bytes than its digest's is thrown
away and asked for once more, as a person does who tries again: --again 0 does not.
Prints one JSON object: {"ok", "seconds", "bytes", "wrong", "broken", "manifest",
"failed": [REASON...]}; "wrong" are bodies with wrong bytes, none of which counts as
pulled, "broken" those that broke off.  Ends with 0 if all of it is here and right.
"""

import argparse
import concurrent.futures
import hashlib
import http.client
import json
import sys
import threading
import time
import urllib.parse

ACCEPT = ("application/vnd.oci.image.manifest.v1+json, "
	  "application/vnd.docker.distribution.manifest.v2+json")
PIECE = 1 << 20


class Failed(Exception):
	"""An answer that ends a pull."""


class Pull:
	def __init__(self, options):
		self.options = options
		base = urllib.parse.urlsplit(options.base)
		self.address = base.hostname, base.port
		self.lock = threading.Lock()
		self.counts = {"bytes": 0, "wrong": 0, "broken": 0}

	def count(self, what, number=1):
		with self.lock:
			self.counts[what] += number

	def ask(self, path, headers, method="GET"):
		connection = http.client.HTTPConnection(*self.address, timeout=self.options.timeout)
		connection.request(method, path, headers=headers)
		return connection, connection.getresponse()

	def path(self, kind, what):
		return f"/v2/{self.options.repository}/{kind}/{what}?ns=docker.io"

	def resolve(self, reference):
		if ":" in reference:
			return reference
		connection, answer = self.ask(self.path("manifests", reference), {"Accept": ACCEPT},
					      "HEAD")
		connection.close()
		if answer.status != 200:
			raise Failed(f"tag {reference}: {answer.status}")
		return answer.headers["Docker-Content-Digest"]

	def manifest(self, reference):
		reference = self.resolve(reference)
		connection, answer = self.ask(self.path("manifests", reference), {"Accept": ACCEPT})
		body = answer.read()
		connection.close()
		if answer.status != 200:
			raise Failed(f"manifest {reference}: {answer.status}")
		digest = "sha256:" + hashlib.sha256(body).hexdigest()
		if digest != reference:
			self.count("wrong")
			raise Failed(f"manifest {reference} is {digest}")
		return digest, json.loads(body)

	def some_of(self, want, done, hasher):
		"""One request: the bytes that came.  Those of a whole body are hashed."""
		headers = {"Range": f"bytes={done}-"} if done else {}
		connection, answer = self.ask(self.path("blobs", want["digest"]), headers)
		got = 0
		try:
			if answer.status == 200 and done:
				raise Failed(f"{want['digest']}: all of it in place of a part")
			if answer.status not in (200, 206):
				raise Failed(f"{want['digest']}: {answer.status}")
			while True:
				# What is there: containerd writes what it has read, too.
				piece = answer.read1(PIECE)
				if not piece:
					break
				hasher.update(piece)
				got += len(piece)
		except (OSError, http.client.HTTPException):
			pass
		finally:
			connection.close()
			self.count("bytes", got)
		return got

	def once(self, want):
		hasher, done, idle = hashlib.sha256(), 0, 0
		why = "nothing comes"
		while done < want["size"]:
			got = 0
			try:
				got = self.some_of(want, done, hasher)
			except OSError as error:
				why = str(error)
			done += got
			if done < want["size"]:
				self.count("broken")
				idle = 0 if got else idle + 1
				if idle >= self.options.tries:
					raise Failed(f"{want['digest']}: at {done} of {want['size']}: {why}")
				time.sleep(0.2)
		return done == want["size"] and "sha256:" + hasher.hexdigest() == want["digest"]

	def blob(self, want):
		for _ in range(self.options.again + 1):
			if self.once(want):
				return
			self.count("wrong")
		raise Failed(f"{want['digest']}: wrong bytes")

	def run(self):
		begun = time.monotonic()
		failed, digest = [], None
		try:
			digest, manifest = self.manifest(self.options.reference)
			wants = [manifest["config"], *manifest["layers"]]
			with concurrent.futures.ThreadPoolExecutor(self.options.parallel) as pool:
				for done in [pool.submit(self.blob, want) for want in wants]:
					try:
						done.result()
					except (Failed, OSError, http.client.HTTPException) as error:
						failed.append(str(error) or repr(error))
		except (Failed, OSError, http.client.HTTPException, ValueError) as error:
			failed.append(str(error) or repr(error))
		print(json.dumps({"ok": not failed, "seconds": round(time.monotonic() - begun, 2),
				  "manifest": digest, "failed": failed, **self.counts}))
		return 0 if not failed else 1


def main():
	parser = argparse.ArgumentParser()
	parser.add_argument("--parallel", type=int, default=3)
	parser.add_argument("--tries", type=int, default=4)
	parser.add_argument("--again", type=int, default=0)
	parser.add_argument("--timeout", type=float, default=60)
	parser.add_argument("base")
	parser.add_argument("repository")
	parser.add_argument("reference")
	sys.exit(Pull(parser.parse_args()).run())


if __name__ == "__main__":
	main()

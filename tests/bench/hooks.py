#!/usr/bin/env python3
"""How long from a push to a node that has it: by a hook, and by the clock alone.

    hooks.py [-n ROUNDS] [--settle S] [--first S] [--every S] [--dir DIR] CDR

A docker-registry with notifications, nginx for hooks, cdr watch, nginx on the tree and
three nodes, all on loopback.  Each round pushes a small image (two layers, some 20 KiB)
over the same tag; the clock of the other way is at a random point then.  Time counts from
the end of the program that pushes, some hundredths of a second after it was told.  Nodes ask for the tag every 50 ms, and pull and
hash all of it when it has moved.  Prints a table in Markdown: median (least-most).
"""

import argparse
import hashlib
import http.client
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ACCEPT = "application/vnd.oci.image.manifest.v1+json"
TOKEN = "a-token-for-the-benchmark"
NODES = 3


def free_port():
	with open("/dev/urandom", "rb") as file:
		return 20000 + int.from_bytes(file.read(2), "big") % 12000


class Site:
	"""All processes of one way; with hooks, or by the clock."""

	def __init__(self, args, folder, hooks):
		self.args, self.folder, self.processes = args, folder, []
		self.root = f"{folder}/root"
		self.registry = f"127.0.0.1:{free_port()}"
		self.mirror = f"127.0.0.1:{free_port()}"
		self.number = 0
		os.makedirs(folder)
		# nginx's workers pass through it.
		os.chmod(folder, 0o755)
		hook = f"127.0.0.1:{free_port()}"
		self.start_registry(hook if hooks else None)
		self.push()
		self.start_watch(hooks)
		if hooks:
			self.start(["sh", f"{TOP}/scripts/hooks", f"{folder}/hook.sock", hook])
		self.until(lambda: self.published() is not None)
		self.start(["sh", f"{TOP}/scripts/serve", "--no-limits", self.root, self.mirror])
		self.until(self.serves)

	def start(self, words, **more):
		out = open(f"{self.folder}/{len(self.processes)}.log", "w", encoding="utf-8")
		self.processes.append(subprocess.Popen(words, stdin=subprocess.DEVNULL,
						       stdout=out, stderr=out, **more))

	def start_registry(self, hook):
		with open(f"{self.folder}/registry.yml", "w", encoding="ascii") as out:
			out.write(f"version: 0.1\nlog: {{ level: error }}\n"
				  f"storage: {{ filesystem: {{ rootdirectory: {self.folder}/data }} }}\n"
				  f"http: {{ addr: \"{self.registry}\", secret: x }}\n")
			if hook:
				out.write(f"notifications: {{ endpoints: [ {{ name: cdr,\n"
					  f"  url: \"http://{hook}/hook/reg\", timeout: 2s,\n"
					  f"  threshold: 3, backoff: 1s,\n"
					  f"  headers: {{ Authorization: [ \"Bearer {TOKEN}\" ] }} }} ] }}\n")
		self.start(["docker-registry", "serve", f"{self.folder}/registry.yml"],
			   env={"PATH": os.environ["PATH"], "OTEL_TRACES_EXPORTER": "none"})
		self.until(lambda: self.ask(self.registry, "GET", "/v2/")[0] == 200)

	def start_watch(self, hooks):
		with open(f"{self.folder}/list", "w", encoding="ascii") as out:
			out.write(f"{self.registry}/team/app:1\n")
		words = [self.args.cdr, "watch", "-q", "-r", self.root, "-i", f"{self.folder}/list"]
		if not hooks:
			self.start(words + ["--every", str(self.args.every), "--jitter", "0"])
			return
		with open(f"{self.folder}/token", "w", encoding="ascii") as out:
			out.write(TOKEN + "\n")
		with open(f"{self.folder}/hooks.json", "w", encoding="ascii") as out:
			json.dump({"reg": {"bearer_file": "token"}}, out)
		socket = f"{self.folder}/hook.sock"
		self.start(words + ["--every", "0", "--settle", str(self.args.settle),
				    "--settle-first", str(self.args.first),
				    "--listen-hooks", socket,
				    "--hook-config", f"{self.folder}/hooks.json"])
		self.until(lambda: os.path.exists(socket))
		os.chmod(socket, 0o666)

	def until(self, condition):
		end = time.monotonic() + 120
		while time.monotonic() < end:
			try:
				if condition():
					return
			except OSError:
				pass
			for process in self.processes:
				if process.poll() is not None:
					sys.exit(f"hooks.py: {process.args} has ended: see {self.folder}")
			time.sleep(0.02)
		sys.exit(f"hooks.py: nothing happens: see {self.folder}")

	@staticmethod
	def ask(where, method, path):
		connection = http.client.HTTPConnection(where, timeout=30)
		connection.request(method, path, headers={"Accept": ACCEPT})
		answer = connection.getresponse()
		body = answer.read()
		connection.close()
		return answer.status, answer.headers, body

	def push(self):
		"""Returns its digest, and when that was."""
		self.number += 1
		said = subprocess.run(
			["python3", f"{TOP}/tests/hub/craft.py", "--registry", self.registry, "image",
			 "team/app:1", "--layers", "2", "--seed", f"{self.number}-{os.getpid()}"],
			check=True, stdout=subprocess.PIPE, encoding="ascii")
		return said.stdout.strip(), time.monotonic()

	def published(self):
		try:
			link = os.readlink(f"{self.root}/repos/{self.registry}/team/app/_manifests/1")
		except FileNotFoundError:
			return None
		return "sha256:" + link.rsplit("/", 1)[1]

	def serves(self):
		path = f"/{self.registry}/v2/team/app/manifests/1"
		return self.ask(self.mirror, "HEAD", path)[0] == 200

	def pull(self, digest, ends, number):
		base = f"/{self.registry}/v2/team/app"
		while self.ask(self.mirror, "HEAD", f"{base}/manifests/1")[1].get(
				"Docker-Content-Digest") != digest:
			time.sleep(0.05)
		_, _, manifest = self.ask(self.mirror, "GET", f"{base}/manifests/{digest}")
		assert hashlib.sha256(manifest).hexdigest() == digest[7:]
		manifest = json.loads(manifest)
		for blob in [manifest["config"]] + manifest["layers"]:
			_, _, content = self.ask(self.mirror, "GET", f"{base}/blobs/{blob['digest']}")
			assert hashlib.sha256(content).hexdigest() == blob["digest"][7:]
		ends[number] = time.monotonic()

	def round(self):
		digest, begin = self.push()
		ends = [0] * NODES
		nodes = [threading.Thread(target=self.pull, args=(digest, ends, n))
			 for n in range(NODES)]
		for node in nodes:
			node.start()
		while self.published() != digest:
			time.sleep(0.005)
		published = time.monotonic()
		for node in nodes:
			node.join()
		return published - begin, max(ends) - begin

	def end(self):
		for process in reversed(self.processes):
			process.send_signal(signal.SIGTERM)
			process.wait()


def cell(values):
	return (f"{statistics.median(values):.2f} s "
		f"({min(values):.2f}-{max(values):.2f})")


def main():
	parser = argparse.ArgumentParser()
	parser.add_argument("-n", type=int, default=3)
	parser.add_argument("--settle", type=int, default=5)
	parser.add_argument("--first", type=int, default=1)
	parser.add_argument("--every", type=int, default=60)
	parser.add_argument("--dir")
	parser.add_argument("cdr")
	args = parser.parse_args()
	rows = []
	with tempfile.TemporaryDirectory(dir=args.dir, prefix="hooks-") as folder:
		os.chmod(folder, 0o755)
		for name, hooks in ((f"a hook, --settle-first {args.first}", True),
				    (f"no hook, --every {args.every}", False)):
			site = Site(args, f"{folder}/{'hook' if hooks else 'clock'}", hooks)
			rounds = []
			for _ in range(args.n):
				# Nobody has pushed for a while.
				time.sleep(random.uniform(0, 1) + args.settle if hooks
					   else random.uniform(0, args.every))
				rounds.append(site.round())
			site.end()
			published, pulled = zip(*rounds)
			settle = min(args.first, args.settle) if hooks else 0
			rows.append((name, cell(published), cell([p - settle for p in published])
				     if hooks else "", cell(pulled)))
	print(f"### From a push to {NODES} nodes\n")
	print("| | published | beyond settling | pulled by all |\n|---|---|---|---|")
	for row in rows:
		print("| " + " | ".join(row) + " |")
	print()


main()

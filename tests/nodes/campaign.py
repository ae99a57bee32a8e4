#!/usr/bin/env python3
"""Files of nodes with random faults, through node-config --install and --remove.

usage: campaign.py CDR DIR SEED COUNT|SECONDSs

Each is a file of tests/nodes with some lines taken out, doubled, exchanged, or with
bytes and words of such files put in.  Whatever node-config makes of it: what it refuses
it leaves alone; what it installs it has nothing to change in a second time, and --remove
gives back byte for byte, with nothing else left.  Where somebody has put a comment on top
in between, the rest comes back, or the file stays as it is and the exit status is 1.
Prints one line of counts.
"""

import os
import random
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
MIRROR = "http://10.0.0.5:5000"
WORDS = ["[", "]", "{", "}", "null", "~", '"', "'", "#", "\t", "\r\n", "\n", ": ", " = ",
	 "version = 2", "version = 3", "imports = []", "mirrors:", "endpoint:", "- a", "&a ", "*a",
	 "---", '"docker.io"', "docker.io", "config_path", '[plugins."io.containerd.grpc.v1.cri"]',
	 '"registry-mirrors": [', "\xef\xbb\xbf", "# cdr node-config", MIRROR, "\\", ",", "a.b"]
TARGETS = {
	"containerd": ("etc/containerd/config.toml", ["--client-version", "1.7.24"], b"# mine\n"),
	"dockerd": ("etc/docker/daemon.json", ["--client-version", "26.1.0"], None),
	"k3s": ("etc/rancher/k3s/registries.yaml",
		["--registry", "docker.io", "--registry", "quay.io"], b"# mine\n"),
	"cri-o": ("etc/containers/registries.conf", ["--registry", "quay.io"], None),
}


def corpus():
	found = {name: [] for name in TARGETS}
	for folder, _, names in os.walk(HERE):
		for name in names:
			path = os.path.join(folder, name)
			with open(path, "rb") as f:
				text = f.read()
			# That one is cdr's own.
			if text.startswith(b"# Written by"):
				continue
			if name == "config.toml":
				found["containerd"].append(text)
			elif name == "daemon.json":
				found["dockerd"].append(text)
			elif name.endswith(".yaml"):
				found["k3s"].append(text)
			elif name == "registries.conf":
				found["cri-o"].append(text)
	return {name: sorted(texts) for name, texts in found.items()}


def mutate(rng, text, other):
	for _ in range(rng.choice([0, 1, 1, 1, 2, 3])):
		lines = text.splitlines(keepends=True)
		at = rng.randrange(len(lines) + 1)
		byte = rng.randrange(len(text) + 1)
		word = rng.choice(WORDS).encode("latin-1")
		choice = rng.randrange(7)
		if choice == 0 and lines:
			del lines[at - 1]
		elif choice == 1 and lines:
			lines.insert(at, rng.choice(lines))
		elif choice == 2:
			lines.insert(at, rng.choice(other.splitlines(keepends=True) or [b"\n"]))
		elif choice == 3:
			lines = [text[:byte] + word + text[byte:]]
		elif choice == 4:
			lines = [text[:byte] + text[byte + rng.randrange(1, 9):]]
		elif choice == 5:
			lines.insert(at, word + b"\n")
		else:
			lines = [line.replace(b"\n", b"\r\n") for line in lines]
		text = b"".join(lines)
	return text.replace(b"\0", b"")


def files(root):
	found = {}
	for folder, dirs, names in os.walk(root):
		for name in dirs:
			found[os.path.join(folder, name)] = None
		for name in names:
			with open(os.path.join(folder, name), "rb") as f:
				found[os.path.join(folder, name)] = f.read()
	return found


class Node:
	def __init__(self, cdr, root, client):
		self.cdr, self.root, self.client = cdr, root, client
		self.name, self.options, self.edit = TARGETS[client]
		self.path = os.path.join(root, self.name)

	def begin(self, text):
		shutil.rmtree(self.root, ignore_errors=True)
		os.makedirs(os.path.dirname(self.path))
		self.write(text)

	def write(self, text):
		with open(self.path, "wb") as f:
			f.write(text)

	def run(self, *words):
		return subprocess.run([self.cdr, "node-config", self.client, "--prefix",
				       self.root, *words], capture_output=True, check=False)

	def install(self):
		return self.run("--mirror", MIRROR, "--install", *self.options)

	def must(self, ok, what, text, done):
		if ok:
			return
		sys.stdout.flush()
		sys.exit(f"{self.client}: {what}\nfile: {text!r}\n{done.args}: "
			 f"{done.returncode}\n{done.stdout!r}\n{done.stderr!r}\n"
			 f"now: {files(self.root)!r}")

	def plainly(self, text):
		"""Return whether it was installed."""
		self.begin(text)
		before = files(self.root)
		done = self.install()
		if done.returncode != 0:
			self.must(done.returncode == 2, "ended oddly", text, done)
			self.must(files(self.root) == before, "refused, and touched", text, done)
			return False
		again = self.install()
		self.must(again.returncode == 0 and b"Nothing to change." in again.stdout,
			  "not the same a second time", text, again)
		done = self.run("--remove")
		self.must(done.returncode == 0 and files(self.root) == before,
			  "--remove does not give it back", text, done)
		return True

	def edited(self, text):
		self.begin(text)
		self.install()
		with open(self.path, "rb") as f:
			now = f.read()
		if now == text:
			return
		self.write(self.edit + now)
		done = self.run("--remove")
		with open(self.path, "rb") as f:
			back = f.read()
		if done.returncode == 1:
			self.must(back == self.edit + now, "told, and touched", text, done)
			return
		self.must(done.returncode == 0, "ended oddly", text, done)
		# Empty brackets, and what was marked as ours before, may go with it.
		if any(c in text for c in (b"{", b"[", b"cdr node-config", MIRROR.encode())) and \
		    self.client == "k3s" or b"cdr node-config" in text:
			return
		self.must(back in (self.edit + text, self.edit + text + b"\n",
				   self.edit + text + b"\r\n"),
			  "an edited file does not come back", text, done)


def main():
	cdr, root, seed, how = sys.argv[1:5]
	end = time.monotonic() + float(how[:-1]) if how.endswith("s") else None
	rng = random.Random(int(seed))
	texts = corpus()
	tried = installed = 0
	while time.monotonic() < end if end else tried < int(how):
		node = Node(cdr, os.path.join(root, "node"), rng.choice(sorted(TARGETS)))
		text = mutate(rng, rng.choice(texts[node.client]), rng.choice(texts[node.client]))
		tried += 1
		if node.plainly(text):
			installed += 1
			if node.edit is not None and not text.startswith(b"\xef\xbb\xbf"):
				node.edited(text)
	print(f"{tried} files, {installed} installed, {tried - installed} refused")


main()

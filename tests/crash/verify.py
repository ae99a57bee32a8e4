#!/usr/bin/env python3
"""Runs of `cdr verify --repair` that are cut short, and disks that fail.

    verify.py [--every N] CDR LIBRARY WORK TREE

LIBRARY is tests/crash/record.c, built. TREE is whole and right; it is copied into WORK,
and there some of it is made wrong: bytes, a size, a manifest, a link, a list, one blob is
missing. The run is killed at its n-th call, or one call fails, for every N-th of them.
After each: what was right is there as it was; what is in quarantine is noted in
status/bad, or is here again; and the next run mends all of it. Prints the counts; ends
with 1 if anything was lost.
"""

import argparse
import contextlib
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys

import campaign


def hash_of(path):
	with open(path, "rb") as file:
		return hashlib.sha256(file.read()).hexdigest()


def objects(root):
	"""All files that are what their names say."""
	found = set()
	for top in ("blobs", "manifests"):
		for folder, _, files in os.walk(os.path.join(root, top)):
			for name in files:
				path = os.path.join(folder, name)
				if not os.path.islink(path) and hash_of(path) == name:
					found.add(os.path.relpath(path, root))
	return found


class Campaign:
	def __init__(self, options):
		self.options = options
		self.work = os.path.realpath(options.work)
		self.root = os.path.join(self.work, "root")
		self.start = os.path.join(self.work, "start")
		self.counts_file = os.path.join(self.work, "counts")
		self.checker = campaign.load_checker()
		self.counts = {"kills": 0, "faults": 0, "lost": 0}
		shutil.copytree(options.tree, self.start, symlinks=True)
		self.spoil()
		self.right = objects(self.start)

	def spoil(self):
		blobs = os.path.join(self.start, "blobs", "sha256")
		files = sorted(name for name in os.listdir(blobs)
			       if not os.path.islink(os.path.join(blobs, name)))
		self.change(os.path.join(blobs, files[0]), b"X")
		self.change(os.path.join(blobs, files[1]), None)
		os.unlink(os.path.join(blobs, files[2]))
		app = os.path.join(self.start, "repos", "docker.io", "library", "app")
		links = os.path.join(app, "_manifests")
		digests = sorted(name for name in os.listdir(links) if ":" in name)
		self.change(os.path.realpath(os.path.join(links, digests[0])), b"X")
		os.unlink(os.path.join(links, digests[1]))
		os.symlink(os.readlink(os.path.join(links, digests[2])),
			   os.path.join(links, digests[1]))
		for path in (os.path.join(app, "_tags", "list"),
			     os.path.join(self.start, "catalog.json")):
			os.unlink(path)

	@staticmethod
	def change(path, byte):
		os.chmod(path, 0o644)
		with open(path, "r+b") as file:
			if byte is None:
				file.truncate(7)
			else:
				file.seek(3)
				file.write(byte)
		os.chmod(path, 0o444)

	def run(self, **settings):
		env = dict(os.environ, **settings)
		if settings:
			env.update(LD_PRELOAD=self.options.library, CRASH_ROOT=self.root)
		done = subprocess.run([self.options.cdr, "verify", "-q", "-r", self.root, "--repair",
				       "--from", f"oci:{self.options.tree}"], env=env, timeout=60,
				      capture_output=True, text=True, check=False)
		return done.returncode, done.stderr

	def fresh(self):
		shutil.rmtree(self.root, ignore_errors=True)
		shutil.copytree(self.start, self.root, symlinks=True)

	def wrong(self, title, what):
		self.counts["lost"] += 1
		print(f"{title}: {what}")

	def judge(self, title, may_be_unknown=False):
		there = objects(self.root)
		gone = self.right - there
		if gone:
			self.wrong(title, f"gone: {sorted(gone)[:3]}")
		noted = ""
		with contextlib.suppress(FileNotFoundError), \
				open(os.path.join(self.root, "status", "bad"), encoding="ascii") as file:
			noted = file.read()
		with contextlib.suppress(FileNotFoundError):
			for name in os.listdir(os.path.join(self.root, "_state", "quarantine")):
				digest = name.partition(".")[0]
				encoded = digest.partition(":")[2]
				if not may_be_unknown and digest not in noted and not any(one.endswith(encoded) for one in there):
					self.wrong(title, f"{digest} is in quarantine, and nobody knows")
		code, said = self.run()
		if code != 0:
			self.wrong(title, f"the next run ended with {code}: {said[-500:]}")
			return
		out = io.StringIO()
		with contextlib.redirect_stdout(out):
			tree = self.checker.Tree(self.root, False, True)
			tree.check()
		if tree.complaints:
			self.wrong(title, out.getvalue()[:500])
		if os.path.exists(os.path.join(self.root, "status", "bad")):
			self.wrong(title, "status/bad is still there")

	def all_calls(self):
		self.fresh()
		code, said = self.run(CRASH_COUNT=self.counts_file)
		if code != 0:
			raise SystemExit(f"it does not even work: {code}: {said}")
		with open(self.counts_file, encoding="utf-8") as file:
			return {name: int(count) for name, count in map(str.split, file)}

	def kills(self, calls):
		for number in range(1, calls + 1, self.options.every):
			self.fresh()
			code, said = self.run(CRASH_KILL=str(number))
			if code != -9:
				print(f"not killed at call {number}: {code} {said[-200:]}")
			self.counts["kills"] += 1
			self.judge(f"killed at call {number}")

	def faults(self, counts):
		for kind, errors in campaign.FAULTS.items():
			for number in range(1, counts.get(kind, 0) + 1, self.options.every):
				error = errors[number % len(errors)]
				self.fresh()
				code, said = self.run(CRASH_FAIL=f"{kind}:{number}:"
						      f"{getattr(campaign.errno, error)}")
				self.counts["faults"] += 1
				title = f"{kind} {number} fails with {error}"
				if code not in (0, 1, 3):
					self.wrong(title, f"ended with {code}: {said[-500:]}")
				# A full disk has no room for the note.
				self.judge(title, error == "ENOSPC")


def main():
	parser = argparse.ArgumentParser()
	parser.add_argument("--every", type=int, default=1)
	parser.add_argument("cdr")
	parser.add_argument("library")
	parser.add_argument("work")
	parser.add_argument("tree")
	options = parser.parse_args()
	options.library = os.path.realpath(options.library)
	found = Campaign(options)
	counts = found.all_calls()
	found.kills(counts["all"])
	found.faults(counts)
	print(json.dumps(found.counts))
	tried = found.counts["kills"] and found.counts["faults"]
	sys.exit(1 if found.counts["lost"] or not tried else 0)


if __name__ == "__main__":
	main()

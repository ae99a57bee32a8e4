#!/usr/bin/env python3
"""Did a run make things durable before it built upon them?  From strace alone.

    check-order.py ROOT TAG TRACE

TRACE is what `strace -f -y` wrote about a `cdr sync` of one image to ROOT.
Prints what was done out of order, or how much was looked at; ends with 1 if
anything was.  What must be so:

  - a file is renamed to where readers are only after an fsync of it, with no
    write behind that
  - when the tag is renamed into place, every folder whose names have changed
    until then has been fsynced since
  - the tag's folder, and every other one, is fsynced in the end
"""

import os
import re
import sys

CALL = re.compile(r"(\d+)\s+(\w+)\((.*)\)\s+= (-?\d+)")
UNFINISHED = re.compile(r"(\d+)\s+(\w+)\((.*) <unfinished \.\.\.>")
RESUMED = re.compile(r"(\d+)\s+<\.\.\. (\w+) resumed>(.*)")
FD = re.compile(r"(?:\d+|AT_FDCWD)<([^>]*)>")
STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')


class Trace:
	def __init__(self, root, tag):
		self.root, self.tag = root, tag
		self.unsynced = set()	# files with bytes that may be lost
		self.links = set()
		self.dirty = set()	# folders with names that may be lost
		self.counts = {"files": 0, "folders": 0, "tags": 0}
		self.bad = []

	def path(self, args, which=0):
		"""The which-th pair of descriptor and name, below ROOT; or None."""
		folder, name = FD.findall(args)[which], STRING.findall(args)[which]
		path = os.path.normpath(os.path.join(folder, name))
		return os.path.relpath(path, self.root)

	def file(self, args):
		found = FD.match(args)
		return os.path.relpath(found[1], self.root) if found else None

	def wrong(self, what):
		self.bad.append(what)

	def renamed(self, old, new):
		private = new.startswith("_state/")
		if old in self.unsynced and not private:
			self.wrong(f"{new}: renamed, but not synced")
		if old not in self.links and not private:
			self.counts["files"] += 1
		if new == self.tag:
			self.counts["tags"] += 1
			for folder in sorted(self.dirty):
				self.wrong(f"{folder}: not synced when the tag moves")
		for known in self.unsynced, self.links:
			if old in known:
				known.remove(old)
				known.add(new)
		self.changed(new)

	def changed(self, path):
		folder = os.path.dirname(path) or "."
		# What has no name yet needs none after a crash.
		if folder not in ("_state/tmp", "_state/partial", "_state") and \
				not folder.startswith(".."):
			self.dirty.add(folder)

	def call(self, name, args, result):
		if result < 0:
			return
		if name == "fsync":
			path = self.file(args)
			self.unsynced.discard(path)
			if path in self.dirty:
				self.counts["folders"] += 1
			self.dirty.discard(path)
		elif name in ("write", "pwrite64"):
			path = self.file(args)
			if path and not path.startswith(".."):
				self.unsynced.add(path)
		elif name in ("renameat", "renameat2"):
			self.renamed(self.path(args), self.path(args, 1))
		elif name in ("mkdirat", "openat", "symlinkat"):
			if name == "openat" and "O_CREAT" not in args:
				return
			if name == "symlinkat":
				# target, descriptor, name
				path = os.path.relpath(os.path.normpath(os.path.join(
					FD.findall(args)[0], STRING.findall(args)[1])), self.root)
				self.links.add(path)
			else:
				path = self.path(args)
			self.changed(path)


def main():
	root, tag, name = sys.argv[1:]
	trace = Trace(os.path.realpath(root), tag)
	pending = {}
	with open(name, encoding="utf-8", errors="replace") as file:
		for line in file:
			if found := UNFINISHED.match(line):
				pending[found[1]] = found[2], found[3]
				continue
			if found := RESUMED.match(line):
				if found[1] not in pending:
					continue
				call, args = pending.pop(found[1])
				line = f"{found[1]} {call}({args}{found[3]}"
			if found := CALL.match(line):
				trace.call(found[2], found[3], int(found[4]))
	for folder in sorted(trace.dirty):
		trace.wrong(f"{folder}: never synced")
	if trace.counts["tags"] != 1:
		trace.wrong(f"the tag was renamed {trace.counts['tags']} times")
	print("\n".join(trace.bad) if trace.bad else
	      " ".join(f"{count} {what}" for what, count in trace.counts.items()))
	sys.exit(1 if trace.bad else 0)


if __name__ == "__main__":
	main()

#!/usr/bin/env python3
"""Runs of `cdr sync` that are cut short, and disks that fail, by the hundred.

    campaign.py [--all] [--only PART] [--seed N] CDR LIBRARY WORK BEFORE AFTER REF...

LIBRARY is tests/crash/record.c, built. BEFORE and AFTER are trees to copy from, with
the images REF... before and after their tags have moved upstream. WORK is a folder for
the trees that are tried.

  prefixes   one run's record, line by line, and all that a power cut could leave
  kills      killed at the n-th call; then the next run
  faults     the n-th call of a kind fails; then the next run

With --all each call is a place to be killed at, or to fail, with one of the errors by
turns; else some of them are, by the seed. PART is kills or faults. After each kill and
each fault the tree is right as far as it goes (check-tree.py), the next run makes it
whole, and the model finds nothing in the record of both. Prints the counts; ends with 1
if anything was lost, or published though it was not durable.
"""

import argparse
import contextlib
import errno
import importlib.util
import io
import json
import os
import random
import shutil
import subprocess
import sys

import model

FAULTS = {
	"create": ("ENOSPC", "EIO", "ENOMEM", "EMFILE", "EINTR"),
	"open": ("EIO", "ENOMEM", "EMFILE", "EINTR"),
	"folder": ("EIO", "ENOMEM", "EMFILE", "EINTR"),
	"write": ("ENOSPC", "EIO", "EINTR", "ENOMEM"),
	"truncate": ("EIO", "ENOSPC", "EINTR"),
	"chmod": ("EIO", "ENOSPC", "ENOMEM"),
	"fsync": ("EIO", "ENOSPC", "EINTR", "ENOMEM"),
	"fsync_dir": ("EIO", "ENOSPC", "EINTR", "ENOMEM"),
	"syncfs": ("EIO", "ENOSPC", "EINTR", "ENOMEM"),
	"rename": ("ENOSPC", "EIO", "ENOMEM", "EINTR"),
	"symlink": ("ENOSPC", "EIO", "ENOMEM", "EINTR"),
	"mkdir": ("ENOSPC", "EIO", "ENOMEM", "EINTR"),
	"unlink": ("EIO", "ENOMEM", "EINTR"),
}


def places(counts, turn):
	"""By turns: a place that a run has twice sees two of the errors."""
	return [(kind, n, names[(n + turn) % len(names)]) for kind, names in FAULTS.items()
		for n in range(1, counts[kind] + 1)]


def load_checker():
	path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "check-tree.py")
	spec = importlib.util.spec_from_file_location("check_tree", path)
	module = importlib.util.module_from_spec(spec)
	spec.loader.exec_module(module)
	return module


def hex_of(descriptor):
	return descriptor["digest"].partition(":")[2]


def read_bodies(roots):
	"""What manifests list, and what belongs to which repository, of whole trees."""
	bodies, linked = {}, {}
	for root in roots:
		for folder, _, files in os.walk(os.path.join(root, "manifests")):
			for name in files:
				with open(os.path.join(folder, name), "rb") as file:
					body = json.load(file)
				blobs = [hex_of(one) for one in body.get("layers", [])]
				if "config" in body:
					blobs.append(hex_of(body["config"]))
				bodies[name] = [hex_of(one) for one in body.get("manifests", [])], blobs
		for folder, _, files in os.walk(os.path.join(root, "repos")):
			if os.path.basename(folder) == "_manifests":
				repository = os.path.relpath(os.path.dirname(folder), root)
				linked.setdefault(repository, set()).update(
					name.partition(":")[2] for name in files if ":" in name)
	return bodies, linked


class Campaign:
	def __init__(self, options):
		self.options = options
		self.random = random.Random(options.seed)
		self.checker = load_checker()
		self.bodies, self.linked = read_bodies([options.before, options.after])
		self.root = os.path.join(os.path.realpath(options.work), "root")
		self.log = os.path.join(options.work, "log")
		self.start = os.path.join(options.work, "start")
		self.counts = dict.fromkeys(("prefixes", "states", "kills", "faults", "lost",
					     "not durable"), 0)
		self.ends = {}

	# --- a run -----------------------------------------------------------------

	def fresh(self, with_tree):
		shutil.rmtree(self.root, ignore_errors=True)
		if with_tree:
			shutil.copytree(self.start, self.root, symlinks=True)
		with contextlib.suppress(FileNotFoundError):
			os.unlink(self.log)

	def call(self, words, **settings):
		env = dict(os.environ, LD_PRELOAD=self.options.library, CRASH_ROOT=self.root,
			   CRASH_LOG=self.log, **settings)
		done = subprocess.run([self.options.cdr, *words], env=env, timeout=60,
				      capture_output=True, text=True, check=False)
		return done.returncode, done.stderr

	def sync(self, source, **settings):
		return self.call(["sync", "-q", "-r", self.root, "--from", f"oci:{source}",
				  *self.options.refs], **settings)

	def model(self, with_tree):
		found = model.Model(self.bodies, self.linked, self.random.randrange(1 << 30))
		if with_tree:
			found.start(self.start)
			found.inodes = {os.lstat(os.path.join(self.root, path)).st_ino: node
					for path, node in found.live.items() if node.kind == "file"}
		return found

	def judge(self, found, title, singles, samples):
		with open(self.log, encoding="utf-8") as file:
			lines = file.readlines()
		found.follow(lines, singles, samples)
		self.counts["prefixes"] += found.prefixes
		self.counts["states"] += found.states
		if found.bad:
			self.counts["not durable"] += 1
			self.say(title, found.bad[:5])

	def whole(self, title, dead):
		"""By cdr-layout(5); a tree that was only begun has no version."""
		if dead and not os.path.exists(os.path.join(self.root, "cdr-layout")):
			return
		said = io.StringIO()
		with contextlib.redirect_stdout(said):
			tree = self.checker.Tree(self.root, dead, True)
			tree.check()
		if tree.complaints:
			self.counts["lost"] += 1
			self.say(title, said.getvalue().splitlines()[:5])

	def say(self, title, lines):
		print(f"{title}:")
		for line in lines:
			print(f"    {line}")

	# --- the three parts ---------------------------------------------------------

	def record(self, title, with_tree, source):
		self.fresh(with_tree)
		found = self.model(with_tree)
		counts = os.path.join(self.options.work, "counts")
		code, said = self.sync(source, CRASH_COUNT=counts)
		if code != 0:
			sys.exit(f"{title}: a run that nobody disturbs ends with {code}: {said}")
		self.judge(found, title, True, 10)
		self.whole(title, False)
		with open(counts, encoding="ascii") as file:
			return {name: int(n) for name, n in map(str.split, file)}

	def disturb(self, title, with_tree, source, expected, **settings):
		"""A run with something in its way, and one without."""
		self.fresh(with_tree)
		found = self.model(with_tree)
		code, said = self.sync(source, **settings)
		self.ends[code] = self.ends.get(code, 0) + 1
		if code not in expected:
			self.counts["lost"] += 1
			self.say(title, [f"it ends with {code}", *said.splitlines()[:3]])
		self.whole(f"{title}: the tree it leaves", True)
		code, said = self.sync(source)
		if code != 0:
			self.counts["lost"] += 1
			self.say(title, [f"the next run ends with {code}", *said.splitlines()[:3]])
		self.whole(f"{title}: the tree of the next run", False)
		self.judge(found, title, False, 1)

	def chosen(self, part, places, most):
		"""All of them, or so many by the seed; none if another part is asked for."""
		if self.options.only not in (None, part):
			return []
		places = list(places)
		if self.options.all or len(places) <= most:
			return places
		return sorted(self.random.sample(places, most))

	def run(self):
		for title, with_tree, source in (
				("a new tree", False, self.options.before),
				("tags move", True, self.options.after)):
			if with_tree:
				self.fresh(False)
				self.sync(self.options.before)
				shutil.copytree(self.root, self.start, symlinks=True)
			counts = self.record(title, with_tree, source)
			print(f"{title}: " + " ".join(f"{n} {name}" for name, n in counts.items()))
			for n in self.chosen("kills", range(1, counts["all"] + 1), 12):
				self.counts["kills"] += 1
				self.disturb(f"{title}, killed at call {n}", with_tree, source,
					     (-9, 0), CRASH_KILL=str(n))
			for kind, n, name in self.chosen("faults", places(counts, int(with_tree)),
							 40):
				self.counts["faults"] += 1
				self.disturb(f"{title}, {name} at {kind} {n}", with_tree, source,
					     (0, 1, 3),
					     CRASH_FAIL=f"{kind}:{n}:{getattr(errno, name)}")
		return self.end()

	def end(self):
		print("ended with: " + ", ".join(f"{code} {n} times"
						 for code, n in sorted(self.ends.items())))
		print(", ".join(f"{n} {name}" for name, n in self.counts.items()))
		return 1 if self.counts["lost"] or self.counts["not durable"] else 0


def main(kind=Campaign):
	parser = argparse.ArgumentParser(description="cut runs of cdr sync short")
	parser.add_argument("--all", action="store_true")
	parser.add_argument("--only", choices=("kills", "faults"))
	parser.add_argument("--seed", type=int, default=11)
	for name in ("cdr", "library", "work", "before", "after"):
		parser.add_argument(name)
	parser.add_argument("refs", nargs="+")
	return kind(parser.parse_args()).run()


if __name__ == "__main__":
	sys.exit(main())

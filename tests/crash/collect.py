#!/usr/bin/env python3
"""Runs of `cdr gc` and `cdr rm` that are cut short, and disks that fail, by the hundred.

    collect.py [--all] [--only PART] [--seed N] CDR LIBRARY WORK BEFORE AFTER REF...

As campaign.py, with a tree that has had the images REF... of BEFORE and then those of
AFTER. The first REF (of a pair, a reference and its platforms) stays in the list, the
others have left it. After each kill and each fault no tag lacks anything, the next run
ends well, and leaves what a run leaves that nobody disturbs.
"""

import errno
import os
import shutil
import sys

import campaign

GC = "gc", "-q", "--keep-unlisted", "0", "--grace", "0", "--max-delete", "100%", "-i"


def names_of(root):
	"""All that readers see, but for what is told of runs."""
	found = set()
	for folder, folders, files in os.walk(root):
		inner = os.path.relpath(folder, root)
		if inner == ".":
			folders[:] = [name for name in folders if name not in ("_state", "status")]
		found.update(os.path.join(inner, name) for name in folders + files)
	return found


class Collection(campaign.Campaign):
	def __init__(self, options):
		super().__init__(options)
		self.list = os.path.join(options.work, "list")
		with open(self.list, "w", encoding="ascii") as out:
			out.write(" ".join(options.refs[:2]) + " keep=0\n")
		self.arguments = ()
		self.wanted = None

	def sync(self, source, **settings):
		"""Where no source is named, what is tried."""
		if source is not None:
			return super().sync(source, **settings)
		code, said = self.call([*self.arguments, "-r", self.root], **settings)
		if settings or self.arguments[0] == "gc" or code > 1:
			return code, said
		# What is not there any more cannot be taken out; gc takes the rest of it.
		return self.call(["gc", "-q", "-r", self.root])

	def whole(self, title, dead):
		super().whole(title, dead)
		if dead or self.wanted is None:
			return
		found = names_of(self.root)
		if found != self.wanted:
			self.counts["lost"] += 1
			self.say(title, [f"{what} {one}" for what, some in
					 (("there is", found - self.wanted),
					  ("there is no", self.wanted - found)) for one in sorted(some)][:5])

	def run(self):
		self.fresh(False)
		for source in (self.options.before, self.options.after):
			self.sync(source)
		shutil.copytree(self.root, self.start, symlinks=True)
		for title, *self.arguments in (
				("unlisted images go", *GC, self.list),
				("one image is taken out", "rm", "-q", self.options.refs[2])):
			self.wanted = None
			counts = self.record(title, True, None)
			self.wanted = names_of(self.root)
			if self.wanted == names_of(self.start):
				sys.exit(f"{title}: nothing has gone")
			print(f"{title}: " + " ".join(f"{n} {name}" for name, n in counts.items()))
			self.part(title, counts)
		return self.end()

	def part(self, title, counts):
		for n in self.chosen("kills", range(1, counts["all"] + 1), 8):
			self.counts["kills"] += 1
			self.disturb(f"{title}, killed at call {n}", True, None, (-9, 0),
				     CRASH_KILL=str(n))
		for kind, n, name in self.chosen("faults", campaign.places(counts, 0), 20):
			self.counts["faults"] += 1
			self.disturb(f"{title}, {name} at {kind} {n}", True, None, (0, 1, 3),
				     CRASH_FAIL=f"{kind}:{n}:{getattr(errno, name)}")


if __name__ == "__main__":
	sys.exit(campaign.main(Collection))

#!/usr/bin/env python3
"""As campaign.py, for the commands that change a tag or a pin in a step of their own:
`cdr rollback`, `--release`, `pin` and `unpin`.

    steps.py [--all] [--only PART] [--seed N] CDR LIBRARY WORK BEFORE AFTER REF...

Each is killed at the n-th call, and each of its calls fails; then, by turns, it runs
once more, and then the next run of `cdr sync`. Whatever happens, a tag leads to one of
its two digests, and all of that is there; a tag that was set back is held in each tree
that a power cut could leave; and the last run makes all well.
"""

import os
import shutil
import sys

import campaign
import model

TAG = "repos/docker.io/library/app/_manifests/1"
HELD = "repos/docker.io/library/app/_held/1"
PINS = "keep/pins"
# What a step changes without a mark that somebody may have died.
STEPS = ("/_held", "/_history/", "/_manifests/", "keep/pins")


class StepModel(model.Model):
	"""back: what the tag is set back to, if that is what is tried."""

	back = None

	def wrong(self, where, what):
		if what == "names may be lost, and there is no mark" and all(
				path.startswith("_state") or any(step in path for step in STEPS)
				for _, path, _ in self.pending):
			return
		super().wrong(where, what)

	def state(self, where, lost_names, lost_bytes):
		super().state(where, lost_names, lost_bytes)
		tree = dict(self.kept)
		for number, (_, path, node) in enumerate(self.pending):
			if number not in lost_names:
				tree[path] = node
		if self.back and tree[TAG].target.endswith(self.back) and not (
				tree.get(HELD) and tree.get(os.path.dirname(HELD))):
			self.wrong(where, "the tag is set back, and nothing holds it")


class Steps(campaign.Campaign):
	def command(self, *words, **settings):
		return self.call([words[0], "-r", self.root, *words[1:]], **settings)

	def tag(self):
		return os.readlink(os.path.join(self.root, TAG)).rpartition("/")[2]

	def has(self, path):
		return os.path.exists(os.path.join(self.root, path))

	def model(self, with_tree):
		found = super().model(with_tree)
		found.__class__ = StepModel
		found.back = self.old if self.words[:2] == ["rollback", "app:1"] else None
		return found

	def prepare(self, words):
		"""The tree to begin with: both versions, and what the command is to undo."""
		self.words = words
		shutil.rmtree(self.start, ignore_errors=True)
		self.fresh(False)
		self.sync(self.options.before)
		self.old = self.tag()
		self.sync(self.options.after)
		self.new = self.tag()
		if "--release" in words:
			self.command("rollback", "app:1")
		if "unpin" in words:
			self.command("pin", "app:1", "one:1")
		shutil.copytree(self.root, self.start, symlinks=True)

	def done(self):
		"""What is so when the command has been heard."""
		return {"rollback": lambda: self.tag() == self.old and self.has(HELD),
			"release": lambda: not self.has(HELD),
			"pin": lambda: self.has(PINS),
			"unpin": lambda: os.path.getsize(os.path.join(self.root, PINS)) > 0,
			}["release" if "--release" in self.words else self.words[0]]()

	def check(self, title, what, good):
		if not good:
			self.counts["lost"] += 1
			self.say(title, [what])

	def disturb_step(self, title, expected, again, **settings):
		self.fresh(True)
		found = self.model(True)
		code, said = self.command(*self.words, **settings)
		self.ends[code] = self.ends.get(code, 0) + 1
		self.check(title, f"it ends with {code}: {said[:300]}", code in expected)
		heard = code == 0
		self.check(title, "it says that it is done", code != 0 or self.done())
		self.whole(f"{title}: the tree it leaves", True)
		self.check(title, "the tag is elsewhere", self.tag() in (self.old, self.new))
		if again:
			code, said = self.command(*self.words, *([f"sha256:{self.old}"]
				if self.words == ["rollback", "app:1"] else []))
			self.check(title, f"once more, it ends with {code}: {said[:300]}",
				   code == 0 or (self.words[0] == "unpin" and code == 1))
			self.check(title, "once more, it is not done", self.done())
			self.whole(f"{title}: the tree of the second one", True)
		code, said = self.sync(self.options.after)
		self.check(title, f"the next run ends with {code}: {said[:300]}", code == 0)
		self.check(title, "the next run leaves the tag elsewhere",
			   self.tag() == (self.old if self.has(HELD) else self.new))
		self.whole(f"{title}: the tree of the next run", False)
		self.judge(found, title, False, 1)
		# Who was told that it has failed may not have tried again.
		self.check(title, "a name is not durable in the end", not (again or heard) or
			   all(path.startswith("_state") for _, path, _ in found.pending))

	def record_step(self, title):
		self.fresh(True)
		found = self.model(True)
		counts = os.path.join(self.options.work, "counts")
		code, said = self.command(*self.words, CRASH_COUNT=counts)
		if code != 0 or not self.done():
			sys.exit(f"{title}: nobody disturbs it, and it ends with {code}: {said}")
		self.judge(found, title, True, 10)
		self.whole(title, False)
		with open(counts, encoding="ascii") as file:
			return {name: int(n) for name, n in map(str.split, file)}

	def run(self):
		for words in (["rollback", "app:1"], ["rollback", "--release", "app:1"],
			      ["pin", "app:1"], ["unpin", "app:1"]):
			title = " ".join(words)
			self.prepare(words)
			counts = self.record_step(title)
			print(f"{title}: " + " ".join(f"{n} {name}" for name, n in counts.items()))
			for n in self.chosen("kills", range(1, counts["all"] + 1), 8):
				self.counts["kills"] += 1
				self.disturb_step(f"{title}, killed at call {n}", (-9, 0), n % 2,
						  CRASH_KILL=str(n))
			places = [(kind, n, names[n % len(names)])
				  for kind, names in campaign.FAULTS.items()
				  for n in range(1, counts[kind] + 1)]
			for kind, n, name in self.chosen("faults", places, 8):
				self.counts["faults"] += 1
				error = getattr(campaign.errno, name)
				self.disturb_step(f"{title}, {name} at {kind} {n}", (0, 1, 3), n % 2,
						  CRASH_FAIL=f"{kind}:{n}:{error}")
		return self.end()


if __name__ == "__main__":
	sys.exit(campaign.main(Steps))

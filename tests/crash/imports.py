#!/usr/bin/env python3
"""As campaign.py, for `cdr import`.

    imports.py [--all] [--only PART] [--seed N] CDR LIBRARY WORK ONE.tree TWO.tree KEY

ONE and TWO are folders with a bundle each, of numbers 1 and 3 from one sender, and
ONE.tree and TWO.tree what comes of each; OLDER, beside them, is number 2, of the same
tags. KEY is whose they are. Whatever happens to an import: a tag leads to where one of
the two has it, and all of that is there; where one has moved, number 2 does not move it
back; and the next run makes all well, and leaves nothing on the way. In each tree that a
power cut could leave, a tag that has moved is known to _state/bundles.
"""

import os
import sys

import campaign
import model

LEDGER = "_state/bundles"
TAGS = "repos/e.example/app/_manifests"


class ImportModel(model.Model):
	"""new: what the second bundle moves tags to; old: the ledger before."""

	new, old = (), None

	def state(self, where, lost_names, lost_bytes):
		super().state(where, lost_names, lost_bytes)
		tree = dict(self.kept)
		for number, (_, path, node) in enumerate(self.pending):
			if number not in lost_names:
				tree[path] = node
		moved = any(path.startswith(TAGS) and ":" not in path and node and
			    node.kind == "link" and node.target.rpartition("/")[2] in self.new
			    for path, node in tree.items())
		ledger = tree.get(LEDGER)
		if moved and (ledger is None or ledger.kept in (None, self.old)):
			self.wrong(where, "a tag has moved, and the ledger does not know")


def tags_of(root):
	folder = os.path.join(root, TAGS)
	if not os.path.isdir(folder):
		return {}
	return {name: os.readlink(os.path.join(folder, name)).rpartition("/")[2]
		for name in os.listdir(folder) if ":" not in name}


class Imports(campaign.Campaign):
	def __init__(self, options):
		super().__init__(options)
		self.key = options.refs[0]
		self.one, self.two = (tags_of(tree) for tree in (options.before, options.after))
		self.older = os.path.join(os.path.dirname(options.before), "older")
		self.turn = 0

	def bring(self, folder, **settings):
		return self.call(["import", "-q", "-r", self.root, "--key", self.key, "--site",
				  "site", folder], **settings)

	def sync(self, source, **settings):
		return self.bring(source.removesuffix(".tree"), **settings)

	def model(self, with_tree):
		found = super().model(with_tree)
		found.__class__ = ImportModel
		found.new = set(self.two.values()) - set(self.one.values()) if with_tree else \
			set(self.one.values())
		found.old = found.live[LEDGER].kept if with_tree else None
		return found

	def check(self, title, what, good):
		if not good:
			self.counts["lost"] += 1
			self.say(title, [what])

	def disturb(self, title, with_tree, source, expected, **settings):
		self.fresh(with_tree)
		found = self.model(with_tree)
		new, old = (self.two, self.one) if with_tree else (self.one, {})
		code, said = self.sync(source, **settings)
		self.ends[code] = self.ends.get(code, 0) + 1
		self.check(title, f"it ends with {code}: {said[:300]}", code in expected)
		self.whole(f"{title}: the tree it leaves", True)
		tags = tags_of(self.root)
		self.check(title, f"tags lead elsewhere: {tags}", all(
			digest in (old.get(name), new.get(name)) for name, digest in tags.items()))
		self.turn += 1
		if with_tree and self.turn % 3 == 0 and any(
				digest == new[name] for name, digest in tags.items()):
			code, said = self.bring(self.older)
			self.check(title, f"an older one ends with {code}: {said[:300]}", code == 5)
			self.check(title, "and moves tags", tags_of(self.root) == tags)
		code, said = self.sync(source)
		self.check(title, f"the next run ends with {code}: {said[:300]}", code == 0)
		self.check(title, "the next run leaves tags elsewhere", tags_of(self.root) == new)
		self.check(title, "something is on the way still", not os.listdir(
			os.path.join(self.root, "_state", "import")))
		self.whole(f"{title}: the tree of the next run", False)
		self.judge(found, title, False, 1)


if __name__ == "__main__":
	sys.exit(campaign.main(Imports))

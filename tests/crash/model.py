"""Stable storage, as the standard has it, under what record.c has written down.

Bytes of a file are kept once it was fsynced, names once their folder was; a syncfs
does so for all. What was not may be lost, each for itself and in any combination. A
file whose sync has failed keeps nothing from then on, whatever later syncs say; a
folder may be tried again.

After each line of the record the model looks at trees that a power cut could leave:
all is lost that can be, each single thing is, and some at random. In none of them may
a name have other bytes than its own, or a tag reach what is not there.
"""

import functools
import hashlib
import os
import random
import stat

EINTR = 4

dirname = functools.cache(os.path.dirname)
basename = functools.cache(os.path.basename)


class Node:
	"""What a name leads to. kept: the bytes on the disk, visible: those in memory."""

	def __init__(self, kind, target=None):
		self.kind, self.target = kind, target
		self.kept = self.visible = None
		self.broken = False


def sha_of(path):
	with open(path, "rb") as file:
		return hashlib.sha256(file.read()).hexdigest()


class Model:
	"""bodies: what manifests list, {hex: (children, blobs)}; linked: what belongs to
	each repository when all is well, {repository: {hex, ...}}."""

	def __init__(self, bodies, linked, seed=0):
		self.bodies, self.linked = bodies, linked
		self.random = random.Random(seed)
		self.live, self.kept, self.inodes = {}, {}, {}
		self.pending = []	# (folder, path, node or None), in order
		self.seen = []		# of a syncfs: (inode, sha)
		self.prefixes = self.states = 0
		self.bad = []

	def start(self, root):
		"""A tree that is there, and all of it on the disk."""
		for folder, folders, files in os.walk(root):
			for name in folders + files:
				path = os.path.join(folder, name)
				kind = os.lstat(path)
				if stat.S_ISLNK(kind.st_mode):
					node = Node("link", os.readlink(path))
				elif stat.S_ISDIR(kind.st_mode):
					node = Node("folder")
				else:
					node = Node("file")
					node.kept = node.visible = sha_of(path)
					self.inodes[kind.st_ino] = node
				self.live[os.path.relpath(path, root)] = node
		self.kept = dict(self.live)

	# --- what the record says ----------------------------------------------

	def name(self, path, node):
		if node is None:
			self.live.pop(path, None)
		else:
			self.live[path] = node
		self.pending.append((dirname(path) or ".", path, node))

	def keep_names(self, folder=None):
		left = []
		for one in self.pending:
			if folder is not None and one[0] != folder:
				left.append(one)
			elif one[2] is None:
				self.kept.pop(one[1], None)
			else:
				self.kept[one[1]] = one[2]
		self.pending = left

	def keep_bytes(self, inode, sha, error):
		node = self.inodes.get(int(inode))
		if node is None or error == EINTR:
			return
		if error:
			node.broken = node.broken or node.kept != sha
		if node.broken:
			node.kept = None
		elif not error:
			node.kept = sha
		if node.visible is None:
			node.visible = sha

	def line(self, text):
		what, *args = text.rstrip("\n").split("\t")
		if what == "C":
			node = self.inodes[int(args[1])] = Node("file")
			self.name(args[0], node)
		elif what == "L":
			self.name(args[0], Node("link", args[1]))
		elif what == "D":
			self.name(args[0], Node("folder"))
		elif what == "U":
			self.name(args[0], None)
		elif what == "R":
			node = self.live.get(args[0])
			if node.kind == "file":
				node.visible = args[2]
			self.name(args[1], node)
			self.name(args[0], None)
		elif what == "F":
			self.keep_bytes(args[0], args[1], int(args[2]))
		elif what == "G":
			if args[1] == "0":
				self.keep_names(args[0])
		elif what == "s":
			self.seen.append(args)
		elif what == "S":
			for inode, sha in self.seen:
				self.keep_bytes(inode, sha, int(args[0]))
			self.seen = []
			if args[0] == "0":
				self.keep_names()

	def follow(self, lines, singles=True, samples=3):
		for number, text in enumerate(lines, 1):
			self.line(text)
			if text[0] in "s!":
				continue
			self.prefixes += 1
			self.look(f"{number}: {text.strip()}", singles, samples)

	# --- what a power cut may leave ------------------------------------------

	def look(self, where, singles, samples):
		waiting = [node for node in dict.fromkeys(self.live.values())
			   if node.kind == "file" and node.kept != node.visible]
		names = range(len(self.pending))
		self.state(where, set(names), set(waiting))
		if singles:
			for one in names:
				self.state(where, {one}, set())
			for node in waiting:
				self.state(where, set(), {node})
		for _ in range(samples if self.pending or waiting else 0):
			self.state(where, {one for one in names if self.random.random() < 0.5},
				   {node for node in waiting if self.random.random() < 0.5})
		# Names in a folder that has gone have gone with it.
		if any(not path.startswith("_state") and (folder == "." or folder in self.live)
		       for folder, path, _ in self.pending) and \
				"_state/unclean" not in self.live:
			self.wrong(where, "names may be lost, and there is no mark")

	def state(self, where, lost_names, lost_bytes):
		self.states += 1
		tree = dict(self.kept)
		for number, (_, path, node) in enumerate(self.pending):
			if number in lost_names:
				continue
			if node is None:
				tree.pop(path, None)
			else:
				tree[path] = node
		View(self, where, tree, lost_bytes).check()

	def wrong(self, where, what):
		if len(self.bad) < 20:
			self.bad.append(f"{where}: {what}")


class View:
	"""One tree that may be left."""

	def __init__(self, model, where, tree, lost):
		self.model, self.where, self.tree, self.lost = model, where, tree, lost
		self.reached = {"": True}	# folders

	def there(self, path):
		"""The node, if each folder above it is there as well."""
		folder = dirname(path)
		if folder not in self.reached:
			above = self.there(folder)
			self.reached[folder] = above is not None and above.kind == "folder"
		return self.tree.get(path) if self.reached[folder] else None

	def bytes_of(self, node):
		return node.kept if node in self.lost else node.visible

	def object(self, path, sha):
		node = self.there(path)
		return node and node.kind == "file" and self.bytes_of(node) == sha

	def check(self):
		for path, node in self.tree.items():
			if path.startswith("_state") or not self.there(path):
				continue
			if node.kind == "file":
				self.file(path, node)
			elif node.kind == "link" and "/_manifests/" in path:
				self.link(path, node)
		if self.there("cdr-layout"):
			for name in ("oci-layout", "index.json", "catalog.json", "blobs",
				     "manifests", "repos"):
				if not self.there(name):
					self.wrong("cdr-layout", f"there is no {name}")

	def file(self, path, node):
		name = basename(path)
		want = name if path.startswith(("blobs/", "manifests/")) else node.visible
		if self.bytes_of(node) != want:
			self.wrong(path, "has lost its bytes")

	def link(self, path, node):
		repository, _, name = path.rpartition("/_manifests/")
		sha = basename(node.target)
		self.manifest(path, sha, node.target.replace("../", ""))
		if ":" in name:
			return
		if not self.there(f"{repository}/_manifests/sha256:{sha}"):
			self.wrong(path, f"{sha[:12]} has no link")
		for child in self.model.bodies.get(sha, ((), ()))[0]:
			if child in self.model.linked.get(repository, ()) and \
					not self.there(f"{repository}/_manifests/sha256:{child}"):
				self.wrong(path, f"its child {child[:12]} has no link")

	def manifest(self, path, sha, place):
		if not self.object(place, sha):
			self.wrong(path, f"manifest {sha[:12]} is not whole")
		for blob in self.model.bodies.get(sha, ((), ()))[1]:
			if not self.object(f"blobs/sha256/{blob}", blob):
				self.wrong(path, f"blob {blob[:12]} is not whole")

	def wrong(self, path, what):
		self.model.wrong(self.where, f"{path}: {what}")

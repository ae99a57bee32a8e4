#!/usr/bin/env python3
"""Is this tree right?  From cdr-layout(5) alone, without the program.

    check-tree.py [--resumable | --dead] ROOT

Re-hashes every object, follows every link and tag, compares the lists with what
is there, and takes nothing that the layout does not know of.  Prints a line for
each thing wrong, and ends with 1 if there was any.

--resumable   a run ended early: _state/partial may hold blobs
--dead        a run was killed: _state may hold anything, and index.json,
              catalog.json and _tags/list may lag behind (but must be valid)
"""

import argparse
import contextlib
import hashlib
import json
import os
import re
import stat
import sys

HEX = {"sha256": 64, "sha512": 128}
NAME = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
REPOSITORY = re.compile(rf"{NAME}(?:/{NAME})*")
REGISTRY = re.compile(r"(?:[a-z0-9.-]+|\[[0-9a-f:.]+\])(?::[0-9]+)?")
TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}")
TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"
PART = r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
INDEXES = (OCI_INDEX, "application/vnd.docker.distribution.manifest.list.v2+json")
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
KINDS = {OCI_INDEX: "index", INDEXES[1]: "index", DOCKER_MANIFEST: "image",
	 "application/vnd.oci.image.manifest.v1+json": "image",
	 "application/vnd.oci.artifact.manifest.v1+json": "artifact"}
FOREIGN = ("application/vnd.docker.image.rootfs.foreign.",
	   "application/vnd.oci.image.layer.nondistributable.")
TOP = {"oci-layout", "cdr-layout", "index.json", "catalog.json", "blobs",
       "manifests", "repos", "status", "keep", "_state", "lost+found"}
PRIVATE = {"lock", "publish", "keep.lock", "tmp", "partial", "dirty", "unclean", "clean",
	   "quota.json", "created", "quarantine", "verified", "condemned", "reserve",
	   "unlisted", "bundles-sent", "bundles", "import", "notify"}


def is_digest(text):
	alg, _, encoded = text.partition(":")
	return bool(alg in HEX and re.fullmatch(f"[0-9a-f]{{{HEX[alg]}}}", encoded))


def shape(value):
	"""The kind of a manifest that does not name its type, or None."""
	if "manifests" in value:
		return "index"
	return "image" if "config" in value and "layers" in value else None


def hash_file(alg, path):
	found = hashlib.new(alg)
	with open(path, "rb") as file:
		while piece := file.read(1 << 18):
			found.update(piece)
	return found.hexdigest()


class Tree:
	def __init__(self, root, dead, resumable):
		self.root, self.dead, self.resumable = root, dead, resumable
		self.complaints = 0
		self.blobs = {}		# digest: size, of real blobs
		self.manifests = {}	# (type, digest): (size, parsed)
		self.repositories = {}	# "registry/name": {reference: (type, digest)}
		self.published = {}	# full reference: (type, digest)

	def wrong(self, path, what):
		self.complaints += 1
		if self.complaints <= 50:
			print(f"{path}: {what}")

	def at(self, *parts):
		return os.path.join(self.root, *parts)

	def names(self, *parts):
		return sorted(os.listdir(self.at(*parts)))

	def json(self, *parts):
		path = os.path.join(*parts)
		try:
			with open(self.at(path), "rb") as file:
				return json.loads(file.read())
		except (OSError, ValueError) as problem:
			self.wrong(path, problem)
			return None

	# --- what lies where ---------------------------------------------------

	def modes(self):
		"""Only folders, files and links, with their modes, outside _state."""
		for folder, folders, files in os.walk(self.root):
			here = os.path.relpath(folder, self.root)
			if here == ".":
				for name in ("_state", "lost+found"):
					if name in folders:
						folders.remove(name)
				self.folder_mode(here, 0o755)
			for name in folders + files:
				path = os.path.normpath(os.path.join(here, name))
				kind = os.lstat(self.at(path)).st_mode
				if stat.S_ISDIR(kind):
					self.folder_mode(path, 0o755)
				elif stat.S_ISREG(kind):
					self.file_mode(path)
				elif not stat.S_ISLNK(kind):
					self.wrong(path, "neither folder, file nor link")

	def folder_mode(self, path, want):
		"""Where ROOT is its group's to write, so is all below it."""
		root = stat.S_IMODE(os.lstat(self.root).st_mode)
		if root & stat.S_IWGRP:
			want |= root & stat.S_ISGID | 0o070
			if path == ".":
				want = root & ~stat.S_IWOTH
		self.mode(path, want)

	def file_mode(self, path):
		"""What one user has begun and another one of the group has ended is 0664."""
		have = stat.S_IMODE(os.lstat(self.at(path)).st_mode)
		root = stat.S_IMODE(os.lstat(self.root).st_mode)
		self.mode(path, 0o664 if root & stat.S_IWGRP and have == 0o664 else 0o444)

	def mode(self, path, want):
		have = stat.S_IMODE(os.lstat(self.at(path)).st_mode)
		if have != want:
			self.wrong(path, f"mode {have:04o}, not {want:04o}")

	def link(self, path):
		"""(type, digest) that a link leads to, or None."""
		where = self.at(path)
		if not os.path.islink(where):
			self.wrong(path, "no link")
			return None
		target = os.readlink(where)
		found = re.fullmatch(rf"((?:\.\./)*)manifests/({PART}/{PART})/(sha256|sha512)/([0-9a-f]+)",
				     target)
		if not found:
			self.wrong(path, f"leads to {target}")
		elif found.group(1).count("/") != path.count("/"):
			self.wrong(path, f"does not lead to the root: {target}")
		elif not os.path.isfile(where):
			self.wrong(path, f"leads nowhere: {target}")
		else:
			return found.group(2), f"{found.group(3)}:{found.group(4)}"
		return None

	def top(self):
		for name in self.names():
			if name not in TOP:
				self.wrong(name, "does not belong here")
		if self.json("oci-layout") != {"imageLayoutVersion": "1.0.0"}:
			self.wrong("oci-layout", "is another one")
		with open(self.at("cdr-layout"), encoding="ascii") as file:
			if file.read() != "2\n":
				self.wrong("cdr-layout", "is another version")

	def state(self):
		self.folder_mode("_state", 0o700)
		for name in self.names("_state"):
			if name not in PRIVATE:
				self.wrong(f"_state/{name}", "does not belong here")
		if self.dead:
			return
		for name, what in ("dirty", "the lists are behind"), ("unclean", "its writer died"):
			if name in self.names("_state"):
				self.wrong(f"_state/{name}", what)
		for folder in ("tmp", "partial"):
			self.folder_mode(f"_state/{folder}", 0o700)
			for name in self.names("_state", folder):
				path = f"_state/{folder}/{name}"
				if folder == "tmp" or not self.resumable:
					self.wrong(path, "was left behind")
				elif not is_digest(re.sub(r"\.[1-9][0-9]{0,2}$", "", name.removesuffix(".ranges"))):
					self.wrong(path, "is no partial blob")
				elif not os.path.exists(self.at(path.removesuffix(".ranges"))):
					self.wrong(path, "is about no partial blob")

	def pins(self):
		"""Full names, and what people remark."""
		if "pins" not in self.names("keep"):
			return
		with open(self.at("keep/pins"), encoding="utf-8") as file:
			for line in file.read().splitlines():
				name, at, digest = line.partition("@")
				if not at:
					name, _, tag = line.rpartition(":")
				registry, _, repository = name.partition("/")
				if line and line[0] != "#" and not (
						REGISTRY.fullmatch(registry) and REPOSITORY.fullmatch(repository)
						and (is_digest(digest) if at else TAG.fullmatch(tag))):
					self.wrong("keep/pins", "has odd lines")

	# --- objects -----------------------------------------------------------

	def object(self, path, alg, name):
		"""The digest of an object's file if its bytes have it, or None."""
		if not is_digest(f"{alg}:{name}"):
			self.wrong(path, "is no digest")
		elif hash_file(alg, self.at(path)) != name:
			self.wrong(path, "holds other bytes")
		else:
			return f"{alg}:{name}"
		return None

	def all_manifests(self):
		for folder, folders, files in os.walk(self.at("manifests")):
			folders.sort()
			for name in files:
				path = os.path.relpath(os.path.join(folder, name), self.root)
				parts = path.split("/")
				if len(parts) != 5 or os.path.islink(self.at(path)):
					self.wrong(path, "does not belong here")
					continue
				kind = "/".join(parts[1:3])
				digest = self.object(path, parts[3], parts[4])
				if digest is not None:
					self.manifest(path, kind, digest)

	def manifest(self, path, kind, digest):
		value = None
		with open(self.at(path), "rb") as file:
			body = file.read()
		with contextlib.suppress(ValueError):
			value = json.loads(body)
		if not isinstance(value, dict):
			if kind in KINDS:
				self.wrong(path, "is no JSON object")
			value = None
		elif (value.get("mediaType") or kind) != kind:
			self.wrong(path, f"says that it is {value['mediaType']}")
		elif not value.get("mediaType") and KINDS.get(kind) != (shape(value) or KINDS.get(kind)):
			self.wrong(path, "has the shape of another kind")
		self.manifests[kind, digest] = (len(body), value)
		# A link; or a blob of its own, where some image has it as a layer.
		if not os.path.lexists(self.at("blobs", *digest.split(":"))) and not self.dead:
			self.wrong(path, "is not among the blobs")

	def all_blobs(self):
		for alg in self.names("blobs"):
			if alg not in HEX:
				self.wrong(f"blobs/{alg}", "does not belong here")
				continue
			for name in self.names("blobs", alg):
				path = f"blobs/{alg}/{name}"
				if os.path.islink(self.at(path)):
					there = self.link(path)
					if there and there[1] != f"{alg}:{name}":
						self.wrong(path, f"leads to {there[1]}")
				elif digest := self.object(path, alg, name):
					self.blobs[digest] = os.path.getsize(self.at(path))

	# --- repositories ------------------------------------------------------

	def all_repositories(self):
		for registry in self.names("repos"):
			if not REGISTRY.fullmatch(registry):
				self.wrong(f"repos/{registry}", "is no registry")
			self.below(registry, "")

	def below(self, registry, repository):
		path = os.path.normpath(os.path.join("repos", registry, repository))
		names = self.names(path)
		for name in names:
			if not name.startswith("_"):
				self.below(registry, os.path.join(repository, name))
			elif name not in ("_manifests", "_default", "_tags", "_referrers",
					  "_history", "_held"):
				self.wrong(f"{path}/{name}", "does not belong here")
		if "_manifests" in names:
			if not REPOSITORY.fullmatch(repository):
				self.wrong(path, "is no repository name")
			self.repository(path, registry, repository)
		elif not names and not self.dead:
			self.wrong(path, "is empty")

	def repository(self, path, registry, repository):
		links = self.repositories[f"{registry}/{repository}"] = {}
		for name in self.names(path, "_manifests"):
			there = self.link(f"{path}/_manifests/{name}")
			if not there:
				continue
			links[name] = there
			if ":" in name:
				if name != there[1]:
					self.wrong(f"{path}/_manifests/{name}", f"leads to {there[1]}")
			elif not TAG.fullmatch(name):
				self.wrong(f"{path}/_manifests/{name}", "is no tag")
		for name, there in links.items():
			if there[1] not in links:
				self.wrong(f"{path}/_manifests/{name}", f"{there[1]} has no link here")
			elif links[there[1]] != there:
				self.wrong(f"{path}/_manifests/{name}", "leads to another type than its digest's link")
			self.complete(f"{path}/_manifests/{name}", there, links)
		self.tag_list(path, repository, [name for name in links if ":" not in name])
		self.history(path, f"{registry}/{repository}", links)
		self.holds(path, links)
		self.defaults(path, links)
		# Some ways to copy a tree leave out empty folders.
		lists = os.path.isdir(self.at(path, "_referrers"))
		for name in self.names(path, "_referrers") if lists else []:
			value = self.json(path, "_referrers", name)
			if not is_digest(name) or not value or value.get("mediaType") != OCI_INDEX:
				self.wrong(f"{path}/_referrers/{name}", "is no referrers index")

	def defaults(self, path, links):
		"""An index's stand-in is a Docker manifest that the index itself lists."""
		if not os.path.isdir(self.at(path, "_default")):
			return
		for name in self.names(path, "_default"):
			where = f"{path}/_default/{name}"
			there = self.link(where)
			if not there:
				continue
			kind = links[name][0] if name in links else ""
			_, value = self.manifests.get((kind, name), (0, None))
			if name not in links and not self.dead:
				self.wrong(where, f"{name} has no link here")
			elif kind not in INDEXES and name in links:
				self.wrong(where, f"{name} is no index")
			elif value and there[1] not in [one["digest"] for one in value["manifests"]]:
				self.wrong(where, f"leads to {there[1]}, which {name} does not list")
			if there[0] != DOCKER_MANIFEST:
				self.wrong(where, f"leads to a {there[0]}")
			if there[1] not in links:
				self.wrong(where, f"{there[1]} has no link here")

	def tag_list(self, path, repository, tags):
		names = self.names(path, "_tags") if os.path.isdir(self.at(path, "_tags")) else []
		if names != ["list"]:
			if not self.dead or names:
				self.wrong(f"{path}/_tags", f"has {names}")
			return
		want = {"name": repository, "tags": sorted(tags)}
		have = self.json(path, "_tags", "list")
		if have != want and not self.dead:
			self.wrong(f"{path}/_tags/list", f"{have}, not {want}")

	def history(self, path, repository, links):
		if not os.path.isdir(self.at(path, "_history")):
			self.wrong(f"{path}/_history", "is missing")
			return
		names = self.names(path, "_history")
		for tag in links:
			if ":" not in tag and tag not in names:
				self.wrong(f"{path}/_history/{tag}", "is missing")
		for name in names:
			with open(self.at(path, "_history", name), encoding="ascii") as file:
				lines = file.read().splitlines()
			if not lines or not all(re.fullmatch(rf"{TIME} sha(256|512):[0-9a-f]+( rollback)?",
							      line) for line in lines):
				self.wrong(f"{path}/_history/{name}", "has odd lines")
			elif name in links:
				self.published[f"{repository}{'@' if ':' in name else ':'}{name}"] = links[name]
				if lines[-1].split()[1] != links[name][1] and not self.dead:
					self.wrong(f"{path}/_history/{name}", "does not end with what is there")
			elif not self.dead:
				self.wrong(f"{path}/_history/{name}", "is about something that is not there")

	def holds(self, path, links):
		"""A tag that is held leads to what it is held at; who holds it may die before it
		does."""
		held = self.at(path, "_held")
		for name in sorted(os.listdir(held)) if os.path.isdir(held) else []:
			with open(os.path.join(held, name), encoding="ascii") as file:
				line = file.read()
			if not re.fullmatch(f"{TIME} sha(256|512):[0-9a-f]+\n", line):
				self.wrong(f"{path}/_held/{name}", "is no hold")
			elif links.get(name, ("", ""))[1] != line.split()[1] and not self.dead:
				self.wrong(f"{path}/_held/{name}", "the tag is elsewhere")

	def complete(self, path, there, links):
		"""All that a manifest of a repository lists is here.  An index may be sparse."""
		kind, digest = there
		if there not in self.manifests:
			self.wrong(path, f"{digest} is not among the manifests, as {kind}")
			return
		_, value = self.manifests[there]
		if not isinstance(value, dict):
			return
		if kind in INDEXES:
			here = [self.child(path, one, links) for one in value["manifests"] or []]
			if here and not any(here):
				self.wrong(path, f"nothing of {digest} is here")
			return
		parts = (value.get("layers") or []) + (value.get("blobs") or [])
		for one in parts + [value["config"]] if "config" in value else parts:
			if one["digest"].partition(":")[0] not in HEX:
				continue
			if one["digest"] not in self.blobs and self.may_be_elsewhere(one):
				continue
			if one["digest"] not in self.blobs:
				self.wrong(path, f"blob {one['digest']} is not here")
			elif self.blobs[one["digest"]] != one["size"]:
				self.wrong(path, f"blob {one['digest']} has another size")

	@staticmethod
	def may_be_elsewhere(layer):
		"""A foreign layer with addresses of its own: nobody else may have it."""
		return bool(layer.get("urls")) and layer.get("mediaType", "").startswith(FOREIGN)

	def child(self, path, one, links):
		"""Is this entry of an index here?  (What it lists is checked by its own link.)"""
		if one["digest"] in links:
			there = links[one["digest"]]
			if self.manifests.get(there, (one["size"], None))[0] != one["size"]:
				self.wrong(path, f"{one['digest']} has another size")
			# Two types of one kind are the same to all clients.
			said = one["mediaType"].lower()
			if said != there[0] and (said not in KINDS or KINDS[said] != KINDS.get(there[0])):
				self.wrong(path, f"{one['digest']} is {there[0]} here, not {said}")
			return True
		return self.blobs.get(one["digest"]) == one["size"]

	# --- lists -------------------------------------------------------------

	def lists(self):
		index, catalog = self.json("index.json"), self.json("catalog.json")
		if index is None or catalog is None:
			return
		names = catalog["repositories"]
		if sorted(names) != sorted(self.repositories) and not self.dead:
			self.wrong("catalog.json", f"{names}, not {sorted(self.repositories)}")
		if index["schemaVersion"] != 2 or index["mediaType"] != OCI_INDEX:
			self.wrong("index.json", "is no OCI index")
		have = {}
		for entry in index["manifests"]:
			name = entry["annotations"]["org.opencontainers.image.ref.name"]
			if entry["annotations"]["io.containerd.image.name"] != name or name in have:
				self.wrong("index.json", f"{name}: odd names")
			have[name] = (entry["mediaType"], entry["digest"])
			there = self.manifests.get(have[name])
			if not self.dead and (there is None or there[0] != entry["size"]):
				self.wrong("index.json", f"{name}: another type or size")
		if have != self.published and not self.dead:
			self.wrong("index.json", f"{have}, not {self.published}")

	def check(self):
		self.top()
		self.modes()
		self.state()
		self.pins()
		self.all_manifests()
		self.all_blobs()
		self.all_repositories()
		self.lists()


def main():
	parser = argparse.ArgumentParser(description="check a CDR tree")
	parser.add_argument("--resumable", action="store_true")
	parser.add_argument("--dead", action="store_true")
	parser.add_argument("root")
	options = parser.parse_args()
	tree = Tree(options.root, options.dead, options.resumable)
	tree.check()
	if tree.complaints:
		print(f"{options.root}: {tree.complaints} things are wrong")
		return 1
	tags = sum(":" not in name for links in tree.repositories.values() for name in links)
	print(f"{tags} tags, {len(tree.manifests)} manifests, {len(tree.blobs)} blobs")
	return 0


if __name__ == "__main__":
	sys.exit(main())

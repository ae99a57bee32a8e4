#!/usr/bin/env python3
"""Is this bundle right, by its format alone?  Without the program, and without
libarchive: Python's tarfile reads the parts.

    check-bundle.py DIR/NAME.cdr [--for INVENTORY --tree ROOT]

Each part by itself is a plain ustar archive that begins with the statement as it lies
beside the parts, the signature, if there is one, and its table, and has the members of
the table in that order.  Together they have each object whole, with the digest that its
name says, and all that the images of the statement lead to; with an inventory, all but
what a manifest that is linked there leads to (ROOT has those manifests), and nothing of
that.  Prints one JSON object about it; complaints go to standard error, with exit 1.
"""

import argparse
import hashlib
import json
import os
import sys
import tarfile

INDEXES = {"application/vnd.oci.image.index.v1+json",
	   "application/vnd.docker.distribution.manifest.list.v2+json"}
IMAGES = {"application/vnd.oci.image.manifest.v1+json",
	  "application/vnd.docker.distribution.manifest.v2+json",
	  "application/vnd.oci.artifact.manifest.v1+json"}

wrong = []


def complain(what):
	wrong.append(what)
	print(f"check-bundle: {what}", file=sys.stderr)


def lines(text, what):
	if not text.endswith("\nend\n"):
		complain(f"{what}: no end")
	return [line.split(" ") for line in text.split("\n")[:-2]]


def read_statement(text):
	s = {"images": [], "parts": []}
	for number, words in enumerate(lines(text, "statement")):
		kind = words[0]
		if number == 0:
			if words != ["cdr-bundle", "1"]:
				complain("the statement's first line")
		elif kind in ("id", "from", "to", "seq", "created", "expires", "list"):
			s[kind] = words[1]
		elif kind == "image":
			s["images"].append({"ref": words[1], "digest": words[2], "size": int(words[3]),
					    "type": words[4], "platforms": words[5], "manifests": []})
		elif words == ["held"] and s["images"] and \
				not s["images"][-1]["manifests"]:
			s["images"][-1]["held"] = True
		elif kind == "manifest":
			s["images"][-1]["manifests"].append(
				{"digest": words[1], "size": int(words[2]), "type": words[3]})
		elif kind == "part":
			s["parts"].append({"name": words[1], "bytes": int(words[2]),
					   "objects": int(words[3]), "size": int(words[4]), "digest": words[5]})
		else:
			complain(f"a record {kind}")
	return s


def member_name(digest, offset, length, size):
	alg, _, hexa = digest.partition(":")
	if len(hexa) == 128:
		hexa = hexa[:64] + "/" + hexa[64:]
	return f"blobs/{alg}/{hexa}" + ("" if length == size else f"+{offset}")


def read_table(text, s, part):
	rows = []
	all_lines = lines(text, part["name"])
	if all_lines[:3] != [["cdr-table", "1"], ["bundle", s["id"]], ["part", part["name"]]]:
		complain(f"{part['name']}: the head of its table")
	for words in all_lines[3:]:
		if words[0] == "blob":
			rows.append((words[1], int(words[2]), int(words[3]), int(words[4]), None))
		else:
			rows.append((words[1], int(words[2]), 0, int(words[2]), words[3]))
	return rows


def check_member(part, member):
	if not member.isreg() or member.mode != 0o644 or member.mtime != 0 or member.pax_headers:
		complain(f"{part}: {member.name} is no plain file of mode 0644 and of 1970")


class Objects:
	def __init__(self):
		self.sizes, self.types, self.hashes, self.at, self.small = {}, {}, {}, {}, {}

	def add(self, row, data):
		digest, size, offset, length, kind = row
		if self.sizes.setdefault(digest, size) != size:
			complain(f"{digest}: two sizes")
		if self.at.get(digest, 0) != offset:
			complain(f"{digest}: a piece at {offset}, after {self.at.get(digest, 0)} bytes")
		self.hashes.setdefault(digest, hashlib.new(digest.partition(":")[0]))
		self.types[digest] = kind
		for piece in data:
			self.hashes[digest].update(piece)
			if kind is not None:
				self.small[digest] = self.small.get(digest, b"") + piece
		self.at[digest] = offset + length

	def check(self):
		for digest, size in self.sizes.items():
			if self.at[digest] != size:
				complain(f"{digest}: {self.at[digest]} of {size} bytes")
			if self.hashes[digest].hexdigest() != digest.partition(":")[2]:
				complain(f"{digest}: other bytes")


def pieces(file, length):
	while length > 0:
		data = file.read(min(length, 1 << 20))
		if not data:
			return
		length -= len(data)
		yield data


def read_part(folder, s, part, statement, signature, objects):
	path = os.path.join(folder, part["name"])
	with open(path, "rb") as file:
		if file.read(263)[257:] != b"ustar\0":
			complain(f"{part['name']}: no ustar")
	archive = tarfile.open(path, "r:")
	members = archive.getmembers()
	for member in members:
		check_member(part["name"], member)
	heads = ["statement"] + (["signature"] if signature is not None else []) + ["table"]
	names = [member.name for member in members]
	if names[:len(heads)] != heads:
		complain(f"{part['name']}: it begins with {names[:3]}")
		return None
	texts = [archive.extractfile(member).read() for member in members[:len(heads)]]
	if texts[0] != statement or (signature is not None and texts[1] != signature):
		complain(f"{part['name']}: another statement, or signature")
	table = texts[-1]
	if len(table) != part["size"] or \
	    "sha256:" + hashlib.sha256(table).hexdigest() != part["digest"]:
		complain(f"{part['name']}: another table")
	rows = read_table(table.decode(), s, part)
	if len(rows) != part["objects"] or sum(row[3] for row in rows) != part["bytes"]:
		complain(f"{part['name']}: the statement counts otherwise")
	if names[len(heads):] != [member_name(*(row[i] for i in (0, 2, 3, 1))) for row in rows]:
		complain(f"{part['name']}: not the members of its table")
		return None
	for row, member in zip(rows, members[len(heads):]):
		if member.size != row[3]:
			complain(f"{part['name']}: {member.name} has another size")
		objects.add(row, pieces(archive.extractfile(member), member.size))
	return rows


def children(data, kind):
	"""(blobs, entries) of a manifest."""
	if kind not in INDEXES | IMAGES:
		return [], []
	value = json.loads(data)
	if kind in INDEXES:
		return [], [(d["digest"], d["mediaType"]) for d in value.get("manifests") or []]
	blobs = ([value["config"]] if "config" in value else []) + \
	    (value.get("layers") or value.get("blobs") or [])
	return [(d["digest"], d["size"], bool(d.get("urls"))) for d in blobs], []


def read_inventory(path, tree):
	"""Manifests and blobs that the site has, as far as the tree can tell."""
	linked, bad, blobs = set(), set(), set()
	with open(path, encoding="ascii") as file:
		for line in file:
			words = line.split()
			if words[:1] == ["linked"]:
				linked.add(words[1])
			elif words[:1] == ["bad"]:
				bad.add(words[1])
			elif words == ["end"]:
				break
	for digest in linked - bad:
		alg, _, hexa = digest.partition(":")
		place = os.path.join(tree, "blobs", alg, hexa)
		if os.path.exists(place):
			kind = "/".join(os.path.realpath(place).split("/manifests/")[1].split("/")[:2])
			with open(place, "rb") as file:
				blobs.update(d[0] for d in children(file.read(), kind)[0])
	return linked - bad, blobs - bad


def check_images(s, objects, has, has_blobs, tree):
	for image in s["images"]:
		own = {m["digest"]: m for m in [image] + image["manifests"]}
		if len(own) != len(image["manifests"]) + 1:
			complain(f"{image['ref']}: a manifest twice")
		for digest, manifest in own.items():
			if digest in objects.types:
				data = objects.small.get(digest, b"")
				if objects.types[digest] != manifest["type"]:
					complain(f"{image['ref']}: {digest} is of another type")
			elif digest in has:
				with open(os.path.join(tree, "blobs", *digest.split(":")), "rb") as file:
					data = file.read()
			else:
				complain(f"{image['ref']}: manifest {digest} is neither here nor there")
				continue
			if len(data) != manifest["size"]:
				complain(f"{image['ref']}: {digest} has another size")
			blobs, _ = children(data, manifest["type"])
			for blob, size, optional in blobs:
				if objects.sizes.get(blob, size) != size:
					complain(f"{image['ref']}: {blob} has another size")
				if blob not in objects.sizes and blob not in has_blobs and not optional:
					complain(f"{image['ref']}: blob {blob} is neither here nor there")


def check_order(s, order):
	"""Manifests come before blobs, and both as the images need them."""
	kinds = [kind is None for _, kind in order]
	if kinds != sorted(kinds):
		complain("a manifest behind a blob")
	have = [digest for digest, kind in order if kind is not None]
	want = [m["digest"] for image in s["images"] for m in [image] + image["manifests"]]
	if have != [d for d in dict.fromkeys(want) if d in set(have)]:
		complain("manifests in another order than the images")


def main():
	parser = argparse.ArgumentParser()
	parser.add_argument("statement")
	parser.add_argument("--for", dest="inventory")
	parser.add_argument("--tree")
	options = parser.parse_args()
	folder = os.path.dirname(options.statement) or "."
	with open(options.statement, "rb") as file:
		statement = file.read()
	signature = None
	if os.path.exists(options.statement + ".sig"):
		with open(options.statement + ".sig", "rb") as file:
			signature = file.read()
	s = read_statement(statement.decode("ascii"))
	has, has_blobs = (set(), set()) if options.inventory is None else \
	    read_inventory(options.inventory, options.tree)
	objects, order, rows = Objects(), [], []
	for part in s["parts"]:
		got = read_part(folder, s, part, statement, signature, objects)
		rows += got or []
	order = [(row[0], row[4]) for row in rows]
	objects.check()
	check_order(s, order)
	check_images(s, objects, has, has_blobs, options.tree)
	for digest, kind in objects.types.items():
		if digest in (has_blobs if kind is None else has):
			complain(f"{digest} is there already")
	s["objects"] = sorted(objects.sizes)
	s["bytes"] = sum(objects.sizes.values())
	s["pieces"] = len(rows)
	s["signed"] = signature is not None
	json.dump(s, sys.stdout)
	print()
	sys.exit(1 if wrong else 0)


if __name__ == "__main__":
	main()

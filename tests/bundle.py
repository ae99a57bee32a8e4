#!/usr/bin/env python3
"""Makes bundles, good and hostile, by what the headers of syncer/bundle say and
without the program.

    bundle.py OUT [OPTION]... IMAGE=SEED[,KIB]...

writes OUT/FROM-TO-SEQ.cdr and its parts. IMAGE is a full reference; the same SEED makes
the same image, of one layer of so many KiB (default 4). Options:

    --from NAME --to NAME --seq N --id HEX --created TIME --expires TIME
    --key FILE          signed with this Ed25519 key (PEM) by openssl; else not at all
    --split N           so many parts
    --cut               the layers are cut in the middle, one half in each of two parts
    --without N         part N is not written
    --have IMAGE=SEED   the site has that: nothing of it is in the parts
    --held IMAGE        its tag is held where it comes from
    --evil KIND         one thing is wrong: see EVIL
    --each-evil GOOD    all kinds, each from a sender of that name with two images,
                        e.example/KIND:1 and :2, in two parts; and what can be made
                        well, in the folder GOOD
    --quiet             the name of no file is printed

Each kind of evil is in the last part, in or at its last member, but for what is about the
head.
"""

import argparse
import hashlib
import json
import os
import random
import subprocess
import sys

OCI = "application/vnd.oci.image."
MANIFEST, CONFIG, LAYER = OCI + "manifest.v1+json", OCI + "config.v1+json", OCI + "layer.v1.tar"
BLOCK = 512

EVIL = ("climb", "absolute", "long", "doubled", "symlink", "hardlink", "device", "fifo", "folder",
	"pax", "pax-global", "gnu", "old", "short", "larger", "huge", "extra", "lacks", "swapped",
	"bytes", "manifest-bytes", "cut", "cut-header", "no-end", "table-of-other", "table-no-end",
	"table-lies", "no-table", "statement-no-end", "statement-endless", "statement-twice",
	"statement-first", "table-endless", "no-statement", "rubbish", "empty", "manifest-lies",
	"blob-lies")


def sha(data):
	return "sha256:" + hashlib.sha256(data).hexdigest()


def header(name, size, kind=b"0", magic=b"ustar\x0000", link="", raw_size=None):
	h = bytearray(BLOCK)
	h[0:len(name.encode())] = name.encode()[:100]
	h[100:108], h[108:116], h[116:124] = b"0000644\0", b"0000000\0", b"0000000\0"
	h[124:136] = raw_size or b"%011o\0" % size
	h[136:148] = b"00000000000\0"
	h[156:157] = kind
	h[157:157 + len(link)] = link.encode()
	h[257:265] = magic
	h[148:156] = b"        "
	h[148:156] = b"%06o\0 " % sum(h)
	return bytes(h)


def padded(data):
	return data + bytes(-len(data) % BLOCK)


def member(name, data, **how):
	return header(name, len(data), **how) + padded(data)


def make_image(seed, kib):
	"""An image: its manifest, and two blobs."""
	layer = random.Random(f"layer {seed}").randbytes(kib * 1024)
	config = json.dumps({"architecture": "amd64", "os": "linux", "config": {},
			     "rootfs": {"type": "layers", "diff_ids": [sha(layer)]}}).encode()
	manifest = json.dumps({
		"schemaVersion": 2, "mediaType": MANIFEST,
		"config": {"mediaType": CONFIG, "digest": sha(config), "size": len(config)},
		"layers": [{"mediaType": LAYER, "digest": sha(layer), "size": len(layer)}],
	}).encode()
	return manifest, config, layer


class Row:
	"""What is one member of a part."""

	def __init__(self, data, kind=None, offset=0, length=None):
		self.data, self.kind, self.offset = data, kind, offset
		self.length = len(data) - offset if length is None else length

	def line(self):
		if self.kind:
			return f"manifest {sha(self.data)} {len(self.data)} {self.kind}\n"
		return f"blob {sha(self.data)} {len(self.data)} {self.offset} {self.length}\n"

	def name(self):
		name = "blobs/" + sha(self.data).replace(":", "/")
		return name if self.length == len(self.data) else f"{name}+{self.offset}"

	def bytes(self):
		return self.data[self.offset:self.offset + self.length]


class Bundle:
	def __init__(self, a):
		self.a = a
		stem = f"{a.sender}-{'all' if a.to == '*' else a.to}-{a.seq}"
		self.file = f"{stem}.cdr"
		self.id = a.id or hashlib.sha256(
			f"{stem} {a.images} {a.have}".encode()).hexdigest()[:32]
		self.images, rows, seen = [], [], set()
		for have in a.have:
			for data in self.content(have):
				seen.add(sha(data))
		blobs = []
		for image in a.images:
			manifest, config, layer = self.content(image)
			self.images.append((image.partition("=")[0], manifest))
			for data, kind, to in ((manifest, MANIFEST, rows), (config, None, blobs),
					       (layer, None, blobs)):
				if sha(data) not in seen:
					seen.add(sha(data))
					to.append(Row(data, kind))
		rows += blobs
		if a.cut:
			rows = self.cut(rows)
		count = max(a.split, 1)
		size = -(-len(rows) // count)
		self.parts = [rows[i:i + size] for i in range(0, len(rows), size)]

	@staticmethod
	def content(image):
		seed, _, kib = image.partition("=")[2].partition(",")
		return make_image(seed, int(kib or 4))

	@staticmethod
	def cut(rows):
		"""The first halves of all that is large, then the second ones."""
		large = [r for r in rows if not r.kind and len(r.data) >= 2048]
		half = {id(r): len(r.data) // 2 for r in large}
		return [r for r in rows if r not in large] + \
			[Row(r.data, None, 0, half[id(r)]) for r in large] + \
			[Row(r.data, None, half[id(r)]) for r in large]

	def part_name(self, number):
		return f"{self.file}.{number + 1:03}"

	def table(self, number):
		text = f"cdr-table 1\nbundle {self.id}\npart {self.part_name(number)}\n"
		text += "".join(row.line() for row in self.parts[number])
		last = number == len(self.parts) - 1
		if self.a.evil == "table-endless" and last:
			# A byte more than any text may have.
			return (text + "#" * ((64 << 20) + 1 - len(text))).encode()
		if self.a.evil == "table-no-end" and last:
			return text.encode()
		return (text + "end\n").encode()

	def statement(self):
		a = self.a
		text = f"cdr-bundle 1\nid {self.id}\nfrom {a.sender}\nto {a.to}\nseq {a.seq}\n" \
			f"created {a.created}\n"
		if a.expires:
			text += f"expires {a.expires}\n"
		for name, manifest in self.images:
			size = len(manifest) + (a.evil == "manifest-lies")
			text += f"image {name} {sha(manifest)} {size} {MANIFEST} linux/amd64\n"
			if name in a.held:
				text += "held\n"
		for i, rows in enumerate(self.parts):
			table = self.table(i)
			size = sum(row.length for row in rows)
			if a.evil == "table-lies" and i == len(self.parts) - 1:
				size += 1
			text += f"part {self.part_name(i)} {size} {len(rows)} {len(table)} {sha(table)}\n"
		if a.evil == "statement-endless":
			return (text + "#" * ((64 << 20) + 1 - len(text))).encode()
		return (text + ("" if a.evil == "statement-no-end" else "end\n")).encode()

	def sign(self, text):
		if not self.a.key:
			return None
		path = os.path.join(self.a.out, ".to-sign")
		with open(path, "wb") as f:
			f.write(text)
		try:
			return subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey",
					       self.a.key, "-in", path], check=True,
					      stdout=subprocess.PIPE).stdout
		finally:
			os.remove(path)

	def head(self, number, statement, signature, evil):
		table = self.table(number)
		if evil == "table-of-other":
			table = table.replace(self.id.encode(), b"0" * 32)
		heads = [("statement", statement), ("signature", signature), ("table", table)]
		if evil == "statement-twice":
			heads.insert(2, ("statement", statement))
		if evil == "statement-first":
			heads = heads[1:] + heads[:1]
		if evil == "no-table":
			heads = heads[:2]
		if evil == "no-statement":
			heads = heads[1:]
		return b"".join(member(name, data) for name, data in heads if data is not None)

	def last(self, row, evil):
		"""The last member, and what is wrong with it."""
		name, data = row.name(), row.bytes()
		links = {"symlink": b"2", "hardlink": b"1"}
		kinds = {"device": b"3", "fifo": b"6", "folder": b"5"}
		if evil == "climb":
			return member("../" * 6 + name, data)
		if evil == "absolute":
			return member("/" + name, data)
		if evil == "long":
			return member("././@LongLink", ("x/" * 200 + name).encode(), kind=b"L",
				      magic=b"ustar  \0") + member(name, data)
		if evil == "gnu":
			return member(name, data, magic=b"ustar  \0")
		if evil == "old":
			return member(name, data, magic=bytes(8))
		if evil in ("pax", "pax-global"):
			record = b"28 path=../../../etc/passwd\n"
			return member("record", record, kind=b"x" if evil == "pax" else b"g") + \
				member(name, data)
		if evil == "doubled":
			return member(name, data) * 2
		if evil in links:
			return header(name, 0, kind=links[evil], link="/etc/passwd")
		if evil in kinds:
			return header(name, 0, kind=kinds[evil])
		if evil == "short":
			return member(name, data[:-1])
		if evil == "larger":
			return member(name, data + b"x")
		if evil == "huge":
			return header(name, 0, raw_size=b"\200" + bytes(3) + b"\177" + b"\377" * 7) + \
				padded(data)
		if evil == "extra":
			return member(name, data) + member("blobs/sha256/" + "0" * 64, b"more")
		if evil == "lacks":
			return b""
		if evil == "bytes":
			return member(name, bytes([data[0] ^ 1]) + data[1:])
		if evil == "cut":
			return member(name, data)[:BLOCK + len(data) // 2]
		if evil == "cut-header":
			return member(name, data)[:BLOCK // 2]
		if evil == "blob-lies":
			return member(name, data[::-1])
		return member(name, data)

	def part(self, number, statement, signature):
		rows = list(self.parts[number])
		evil = self.a.evil if number == len(self.parts) - 1 else None
		if evil == "rubbish":
			return random.Random(1).randbytes(4096)
		if evil == "empty":
			return b""
		out = self.head(number, statement, signature, evil)
		if evil == "swapped":
			rows.reverse()
		for row in rows[:-1]:
			data = row.bytes()
			if evil == "manifest-bytes" and row.kind:
				data = data.replace(b"2", b"3", 1)
			out += member(row.name(), data)
		out += self.last(rows[-1], evil)
		return out if evil in ("cut", "cut-header", "no-end") else out + bytes(2 * BLOCK)

	def write(self):
		os.makedirs(self.a.out, exist_ok=True)
		statement = self.statement()
		signature = self.sign(statement)
		files = {self.file: statement}
		if signature:
			files[self.file + ".sig"] = signature
		for i in range(len(self.parts)):
			if i + 1 not in self.a.without:
				files[self.part_name(i)] = self.part(i, statement, signature)
		for name, data in files.items():
			with open(os.path.join(self.a.out, name), "wb") as f:
				f.write(data)
			if not self.a.quiet:
				print(os.path.join(self.a.out, name))


def each_evil(a):
	bad, good = a.out, a.each_evil
	for kind in EVIL:
		a.sender = kind
		a.images = [f"e.example/{kind}:{i}={kind}-{i}" for i in (1, 2)]
		a.split = 1 if kind == "manifest-bytes" else 2
		a.out, a.evil = bad, kind
		Bundle(a).write()
		# The table, or a digest, is part of what is signed: nobody can make it good.
		if not kind.startswith(("table-no", "table-l", "table-end", "manifest-l", "statement-")):
			a.out, a.evil = good, None
			Bundle(a).write()


def main():
	parser = argparse.ArgumentParser()
	parser.add_argument("out")
	parser.add_argument("images", nargs="*")
	parser.add_argument("--from", dest="sender", default="centre")
	parser.add_argument("--to", default="site")
	parser.add_argument("--seq", type=int, default=1)
	parser.add_argument("--id")
	parser.add_argument("--created", default="2026-11-20T10:00:00Z")
	parser.add_argument("--expires")
	parser.add_argument("--key")
	parser.add_argument("--split", type=int, default=1)
	parser.add_argument("--cut", action="store_true")
	parser.add_argument("--without", type=int, action="append", default=[])
	parser.add_argument("--have", action="append", default=[])
	parser.add_argument("--held", action="append", default=[])
	parser.add_argument("--evil", choices=EVIL)
	parser.add_argument("--quiet", action="store_true")
	parser.add_argument("--list-evil", action="store_true")
	parser.add_argument("--each-evil")
	a = parser.parse_intermixed_args()
	if a.list_evil:
		print("\n".join(EVIL))
		return 0
	if a.each_evil:
		each_evil(a)
	else:
		Bundle(a).write()
	return 0


if __name__ == "__main__":
	sys.exit(main())

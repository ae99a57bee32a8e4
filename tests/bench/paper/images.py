"""The images of the experiment: nginx's layers, and one large layer.

The bytes are random, and the same every time; gzip packs them without compressing, so
that a size is a size and unpacking costs little.  A MB is a million bytes, as the paper
and "docker images" count.  What is made is an OCI layout, and hard links of it in the
storage of a docker-registry; what is there already is not made again.
"""

import hashlib
import io
import json
import os
import random
import subprocess
import tarfile
import zlib

MB = 1_000_000
# Of nginx:1.19, as "docker history" tells: Debian, nginx, and its scripts.
NGINX = [69.2, 63.792, 0.001, 0.002, 0.005]
NGINX_MB = 133
FIFTH = 0.2
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
REPO = "paper/app"
PIECE = 1 << 20


def layers_of(size):
	"""The layers of an image of so many MB, in MB."""
	if size < NGINX_MB:
		return [size * 0.52, size * 0.48]
	return NGINX + ([size - NGINX_MB] if size > NGINX_MB else [])


def layers_to_update(size):
	"""The same bytes in other layers: the last one is a fifth, and is what changes."""
	last = size * FIFTH
	if size - last <= NGINX_MB:
		return [size - last, last]
	return NGINX + [size - NGINX_MB - last, last]


class Piped(io.RawIOBase):
	"""What tarfile writes, packed and hashed on its way to a file."""

	def __init__(self, out):
		self.out, self.size = out, 0
		self.packer = zlib.compressobj(0, wbits=31)
		self.tar, self.packed = hashlib.sha256(), hashlib.sha256()

	def writable(self):
		return True

	def put(self, data):
		self.packed.update(data)
		self.size += len(data)
		self.out.write(data)

	def write(self, data):
		self.tar.update(data)
		self.put(self.packer.compress(data))
		return len(data)

	def end(self):
		self.put(self.packer.flush())


class Noise(io.RawIOBase):
	"""So many random bytes."""

	def __init__(self, seed, size):
		self.draw, self.left = random.Random(seed), size

	def readable(self):
		return True

	def read(self, size=-1):
		size = self.left if size < 0 else min(size, self.left)
		self.left -= size
		return self.draw.randbytes(size)


class Images:
	def __init__(self, folder):
		self.folder = folder
		self.oci, self.storage = f"{folder}/oci", f"{folder}/registry.data"
		self.known_file = f"{folder}/made.json"
		os.makedirs(f"{self.oci}/blobs/sha256", exist_ok=True)
		self.known = {}
		if os.path.exists(self.known_file):
			with open(self.known_file, encoding="ascii") as file:
				self.known = json.load(file)

	def remember(self, key, value):
		self.known[key] = value
		with open(self.known_file + ".new", "w", encoding="ascii") as file:
			json.dump(self.known, file)
		os.replace(self.known_file + ".new", self.known_file)
		return value

	def blob_file(self, digest):
		return f"{self.oci}/blobs/sha256/{digest.partition(':')[2]}"

	def has(self, digest, size):
		path = self.blob_file(digest)
		return os.path.exists(path) and os.path.getsize(path) == size

	def program(self):
		"""What the containers run: it says nothing, and ends."""
		path = f"{self.folder}/program"
		if not os.path.exists(path):
			subprocess.run(["cc", "-static", "-s", "-x", "c", "-", "-o", path],
				       input=b"int main(void) { return 0; }\n", check=True)
		return path

	def layer(self, name, size, first):
		key = f"layer {name} {size}"
		made = self.known.get(key)
		if made and self.has(made["digest"], made["size"]):
			return made
		path = f"{self.oci}/layer.new"
		with open(path, "wb") as out:
			piped = Piped(out)
			with tarfile.open(fileobj=piped, mode="w|", bufsize=PIECE,
					  format=tarfile.USTAR_FORMAT) as tar:
				if first:
					program = tarfile.TarInfo("program")
					program.size, program.mode = os.path.getsize(self.program()), 0o755
					with open(self.program(), "rb") as file:
						tar.addfile(program, file)
				entry = tarfile.TarInfo(f"file-{hashlib.sha256(key.encode()).hexdigest()[:8]}")
				entry.size = int(size * MB)
				tar.addfile(entry, Noise(key, entry.size))
			piped.end()
		digest = "sha256:" + piped.packed.hexdigest()
		os.rename(path, self.blob_file(digest))
		return self.remember(key, {"digest": digest, "size": piped.size,
					   "diff_id": "sha256:" + piped.tar.hexdigest()})

	def blob(self, value):
		text = json.dumps(value).encode()
		digest = "sha256:" + hashlib.sha256(text).hexdigest()
		with open(self.blob_file(digest), "wb") as out:
			out.write(text)
		return digest, len(text)

	def image(self, sizes, changed=""):
		"""An image of such layers; the last one is another when CHANGED is.  Returns its
		manifest's digest, bytes and blobs."""
		layers = []
		for number, size in enumerate(sizes):
			name = f"{number}{changed}" if number + 1 == len(sizes) else str(number)
			layers.append(self.layer(name, size, number == 0))
		config = self.blob({
			"architecture": "amd64", "os": "linux", "config": {"Entrypoint": ["/program"]},
			"rootfs": {"type": "layers", "diff_ids": [one["diff_id"] for one in layers]}})
		manifest = self.blob({
			"schemaVersion": 2, "mediaType": MANIFEST,
			"config": {"mediaType": CONFIG, "digest": config[0], "size": config[1]},
			"layers": [{"mediaType": LAYER, "digest": one["digest"], "size": one["size"]}
				   for one in layers]})
		made = {"digest": manifest[0], "blobs": [config[0]] + [one["digest"] for one in layers],
			"layers": [one["size"] for one in layers]}
		self.store(made)
		return made

	def store(self, made):
		"""Links in the storage of the hub's docker-registry; no tag yet."""
		for digest in made["blobs"] + [made["digest"]]:
			encoded = digest.partition(":")[2]
			data = f"{self.storage}/docker/registry/v2/blobs/sha256/{encoded[:2]}/{encoded}/data"
			if not os.path.exists(data):
				os.makedirs(os.path.dirname(data), exist_ok=True)
				os.link(self.blob_file(digest), data)
			kind = "_manifests/revisions" if digest == made["digest"] else "_layers"
			self.link(f"{kind}/sha256/{encoded}/link", digest)

	def link(self, path, digest):
		path = f"{self.storage}/docker/registry/v2/repositories/{REPO}/{path}"
		os.makedirs(os.path.dirname(path), exist_ok=True)
		with open(path + ".new", "w", encoding="ascii") as out:
			out.write(digest)
		os.replace(path + ".new", path)

	def tag(self, tag, made):
		"""From now on this is what the hub has at that tag: it has been pushed."""
		encoded = made["digest"].partition(":")[2]
		self.link(f"_manifests/tags/{tag}/index/sha256/{encoded}/link", made["digest"])
		self.link(f"_manifests/tags/{tag}/current/link", made["digest"])

	def layout(self, made):
		"""An OCI layout beside it, with that image alone, for who pushes it."""
		with open(f"{self.oci}/oci-layout", "w", encoding="ascii") as out:
			out.write('{"imageLayoutVersion": "1.0.0"}')
		with open(f"{self.oci}/index.json", "w", encoding="ascii") as out:
			json.dump({"schemaVersion": 2, "manifests": [
				{"mediaType": MANIFEST, "digest": made["digest"],
				 "size": os.path.getsize(self.blob_file(made["digest"]))}]}, out)
		return self.oci

	def read(self, made):
		"""Into the memory, so that no disk is what a first reader waits for."""
		for digest in made["blobs"]:
			with open(self.blob_file(digest), "rb") as file:
				while file.read(PIECE):
					pass

	def small(self):
		return self.image([0.02])

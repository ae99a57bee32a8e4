#!/usr/bin/env python3
"""Makes a CDR tree of very many small blobs, by cdr-layout(5) alone.

    millions.py ROOT TAGS BLOBS

Each of the TAGS, spread over a hundred repositories, is an image of its own with so many
BLOBS (the configuration is one), of some bytes each.
"""

import hashlib
import json
import os
import sys

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
TIME = "2026-01-02T03:04:05Z"
REPOSITORIES = 100


def write(path, data):
	fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444)
	os.write(fd, data)
	os.close(fd)


class Tree:
	def __init__(self, root):
		self.root, self.blobs, self.entries = root, 0, []
		for name in ("blobs/sha256", "blobs/sha512", f"manifests/{MANIFEST}/sha256", "status",
			     "keep", "_state/tmp", "_state/partial"):
			os.makedirs(os.path.join(root, name))
		for name in ("_state", "_state/tmp", "_state/partial"):
			os.chmod(os.path.join(root, name), 0o700)

	def blob(self, media_type):
		self.blobs += 1
		data = f'{{"architecture":"amd64","os":"linux","n":{self.blobs}}}'.encode()
		encoded = hashlib.sha256(data).hexdigest()
		write(f"{self.root}/blobs/sha256/{encoded}", data)
		return {"mediaType": media_type, "digest": f"sha256:{encoded}", "size": len(data)}

	def image(self, name, tag, blobs):
		data = json.dumps({
			"schemaVersion": 2, "mediaType": MANIFEST, "config": self.blob(CONFIG),
			"layers": [self.blob(LAYER) for _ in range(blobs - 1)]}).encode()
		encoded = hashlib.sha256(data).hexdigest()
		at = f"manifests/{MANIFEST}/sha256/{encoded}"
		write(f"{self.root}/{at}", data)
		os.symlink(f"../../{at}", f"{self.root}/blobs/sha256/{encoded}")
		repository = f"{self.root}/repos/docker.io/{name}"
		for reference in (tag, f"sha256:{encoded}"):
			os.symlink(f"../../../../../{at}", f"{repository}/_manifests/{reference}")
		write(f"{repository}/_history/{tag}", f"{TIME} sha256:{encoded}\n".encode())
		full = f"docker.io/{name}:{tag}"
		self.entries.append(
			f'{{"mediaType":"{MANIFEST}","digest":"sha256:{encoded}","size":{len(data)},'
			f'"annotations":{{"io.containerd.image.name":"{full}",'
			f'"org.opencontainers.image.ref.name":"{full}"}}}}')

	def repository(self, name, tags, blobs):
		for folder in ("_manifests", "_tags", "_history"):
			os.makedirs(f"{self.root}/repos/docker.io/{name}/{folder}")
		for tag in tags:
			self.image(name, tag, blobs)
		listed = ",".join(f'"{tag}"' for tag in tags)
		write(f"{self.root}/repos/docker.io/{name}/_tags/list",
		      f'{{"name":"{name}","tags":[{listed}]}}\n'.encode())

	def end(self, names):
		head = ('{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json",'
			'"manifests":[')
		write(f"{self.root}/index.json",
		      (head + ",".join("\n" + entry for entry in self.entries) + "]}\n").encode())
		listed = ",".join(f'"docker.io/{name}"' for name in names)
		write(f"{self.root}/catalog.json", f'{{"repositories":[{listed}]}}\n'.encode())
		write(f"{self.root}/oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
		write(f"{self.root}/cdr-layout", b"2\n")


def main():
	root, tags, blobs = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
	tree = Tree(root)
	names = [f"library/app{number:04d}" for number in range(REPOSITORIES)]
	for name in names:
		tree.repository(name, [f"v{number:05d}" for number in range(tags // REPOSITORIES)],
				blobs)
	tree.end(names)


if __name__ == "__main__":
	main()

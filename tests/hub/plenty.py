#!/usr/bin/env python3
"""Makes a CDR tree of very many tags within seconds, by cdr-layout(5) alone.

    plenty.py make ROOT IMAGES [REPOSITORIES [KINDS [LENGTH]]]
    plenty.py move ROOT REFERENCE [KIND]
    plenty.py churn ROOT COUNT KIND
    plenty.py list ROOT

It is an upstream: nginx serves it, and `--from oci:ROOT` reads it.  All tags
lead to few images (KINDS), each of a configuration, a layer of its own and one
that all of them share.  make: IMAGES tags, spread evenly over so many
repositories; references have LENGTH characters, so that lists are large
without as many files.  move: that tag leads to another kind, or to a new one; makes tag
and repository if they are absent, and prints the digest.  churn: so many of the
tags that make has made lead to one new kind.  list: all references, one a line.
"""

import hashlib
import json
import os
import sys

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
TIME = "2026-01-02T03:04:05Z"


def write(path, data):
	fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444)
	os.write(fd, data)
	os.close(fd)


def put(path, data):
	"""What is there gets another inode, as a writer of the tree does it."""
	try:
		write(path, data)
	except FileExistsError:
		write(path + ".new", data)
		os.rename(path + ".new", path)


def link(target, path):
	try:
		os.symlink(target, path)
	except FileExistsError:
		if os.readlink(path) != target:
			os.symlink(target, path + ".new")
			os.rename(path + ".new", path)


def blob(root, data, kind):
	hexa = hashlib.sha256(data).hexdigest()
	if not os.path.exists(f"{root}/blobs/sha256/{hexa}"):
		put(f"{root}/blobs/sha256/{hexa}", data)
	return {"mediaType": kind, "digest": "sha256:" + hexa, "size": len(data)}


def noise(seed, size):
	return hashlib.shake_128(seed.encode()).digest(size)


def image(root, kind):
	"""The hexadecimal digits of its manifest."""
	layers = [noise("shared", 3000), noise(f"layer {kind}", 2000)]
	config = {"architecture": "amd64", "os": "linux", "created": TIME,
		  "config": {"Labels": {"kind": str(kind)}}, "rootfs": {"type": "layers",
		  "diff_ids": ["sha256:" + hashlib.sha256(one).hexdigest() for one in layers]}}
	body = json.dumps({
		"schemaVersion": 2, "mediaType": MANIFEST,
		"config": blob(root, json.dumps(config).encode(), CONFIG),
		"layers": [blob(root, one, LAYER) for one in layers]}).encode()
	hexa = hashlib.sha256(body).hexdigest()
	put(f"{root}/manifests/{MANIFEST}/sha256/{hexa}", body)
	link(f"../../manifests/{MANIFEST}/sha256/{hexa}", f"{root}/blobs/sha256/{hexa}")
	return hexa


def tag(root, repository, name, hexa):
	at = f"{root}/repos/{repository}"
	up = "../" * (2 + repository.count("/") + 1)
	target = f"{up}manifests/{MANIFEST}/sha256/{hexa}"
	if not os.path.isdir(at + "/_manifests"):
		for folder in "_manifests", "_history", "_tags":
			os.makedirs(f"{at}/{folder}", exist_ok=True)
	for reference in "sha256:" + hexa, name:
		link(target, f"{at}/_manifests/{reference}")
	put(f"{at}/_history/{name}", f"{TIME} sha256:{hexa}\n".encode())


def tag_list(root, repository):
	at = f"{root}/repos/{repository}"
	names = sorted(name for name in os.listdir(at + "/_manifests") if ":" not in name)
	short = repository.partition("/")[2]
	put(f"{at}/_tags/list", json.dumps({"name": short, "tags": names}).encode())


def names(images, repositories, length):
	for number in range(images):
		at = number % repositories
		repository = f"reg{at % 3}.example/team-{at % 17:02}/service-{at:05}"
		yield repository.ljust(length * 2 // 3, "x"), f"1.{number // repositories}".ljust(length // 3, "x")


def make(root, images, repositories=0, kinds=50, length=0):
	images, kinds, length = int(images), int(kinds), int(length)
	repositories = int(repositories) or max(1, images // 10)
	for folder in "blobs/sha256", f"manifests/{MANIFEST}/sha256", "repos", "status", "keep":
		os.makedirs(f"{root}/{folder}", exist_ok=True)
	put(f"{root}/oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
	put(f"{root}/cdr-layout", b"2\n")
	digests = [image(root, kind) for kind in range(kinds)]
	for number, (repository, name) in enumerate(names(images, repositories, length)):
		tag(root, repository, name, digests[number % kinds])
	for repository in sorted({repository for repository, _ in names(images, repositories, length)}):
		tag_list(root, repository)
	# What a client asks by is links alone: these are for readers of layouts.
	put(f"{root}/index.json", b'{"schemaVersion":2,"manifests":[]}')
	put(f"{root}/catalog.json", b'{"repositories":[]}')


def move(root, reference, kind="new"):
	repository, _, name = reference.rpartition(":")
	hexa = image(root, kind)
	tag(root, repository, name, hexa)
	tag_list(root, repository)
	print("sha256:" + hexa)


def churn(root, count, kind):
	hexa = image(root, kind)
	for reference in references(root)[:int(count)]:
		repository, _, name = reference.rpartition(":")
		tag(root, repository, name, hexa)


def references(root):
	found = []
	for at, folders, files in os.walk(root + "/repos"):
		if at.endswith("/_history"):
			repository = at[len(root) + len("/repos/"):-len("/_history")]
			found += [f"{repository}:{name}" for name in files]
		folders.sort()
	return sorted(found)


def show(root):
	print("\n".join(references(root)))


if __name__ == "__main__":
	{"make": make, "move": move, "churn": churn, "list": show}[sys.argv[1]](*sys.argv[2:])

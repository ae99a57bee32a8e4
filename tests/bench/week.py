#!/usr/bin/env python3
"""A week of a centre, for the benchmarks of bundles.

    week.py make ROOT            a tree of 200 images; prints the list
    week.py day ROOT N           four of them are updated on day N of 1 to 5; prints the list
    week.py rules NOTES          what other rules would ship, as lines of a table

make: each image has a base layer that ten images share (2 MB), a layer of libraries
(400 kB), and one of its own (100 kB); bytes do not compress.  day: two tags move to an
image of which the last two layers are new, and two images get a new tag beside the old
one, as releases do.  Each appends to NOTES (ROOT.notes) what the images of that day are:
a line an image, of its day, its name, and its objects with their sizes.

rules plays them on the same images.  By the sender's history, as oc-mirror does: a day's
archive has the objects that none before had; if one of them gets lost, the history is of
no use, and all is shipped again.  By name, as Zarf's differential packages: the images
with a name that the last package did not have, with all their layers.
"""

import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "hub"))
import plenty  # noqa: E402

IMAGES, SHARE = 200, 10
BASE, LIBRARIES, OWN = 2_000_000, 400_000, 100_000


def image(root, number, version):
	"""(digest, objects) of one image."""
	layers = [plenty.noise(f"base {number // SHARE}", BASE),
		  plenty.noise(f"libraries {number} {version}", LIBRARIES),
		  plenty.noise(f"own {number} {version}", OWN)]
	config = json.dumps({"architecture": "amd64", "os": "linux", "created": plenty.TIME,
			     "config": {"Labels": {"version": str(version)}}, "rootfs": {
			     "type": "layers", "diff_ids": [
			     "sha256:" + plenty.hashlib.sha256(one).hexdigest() for one in layers]}})
	children = [plenty.blob(root, config.encode(), plenty.CONFIG)] + \
	    [plenty.blob(root, one, plenty.LAYER) for one in layers]
	body = json.dumps({"schemaVersion": 2, "mediaType": plenty.MANIFEST,
			   "config": children[0], "layers": children[1:]}).encode()
	hexa = plenty.hashlib.sha256(body).hexdigest()
	plenty.put(f"{root}/manifests/{plenty.MANIFEST}/sha256/{hexa}", body)
	plenty.link(f"../../manifests/{plenty.MANIFEST}/sha256/{hexa}", f"{root}/blobs/sha256/{hexa}")
	return hexa, [("sha256:" + hexa, len(body))] + [(c["digest"], c["size"]) for c in children]


def publish(root, day, changes):
	"""changes: (number, tag, version).  The images of a day are those of the day before,
	and these."""
	state = root + ".notes"
	images = {}
	if os.path.exists(state):
		with open(state, encoding="ascii") as file:
			for line in file:
				words = json.loads(line)
				if words["day"] == day - 1:
					images[words["image"]] = words["objects"]
	for number, tag, version in changes:
		repository = f"docker.io/team/service-{number:03}"
		hexa, objects = image(root, number, version)
		plenty.tag(root, repository, tag, hexa)
		plenty.tag_list(root, repository)
		images[f"{repository}:{tag}"] = objects
	with open(state, "a", encoding="ascii") as file:
		for name, objects in images.items():
			json.dump({"day": day, "image": name, "objects": objects}, file)
			file.write("\n")
	print("\n".join(images))


def make(root):
	for folder in "blobs/sha256", f"manifests/{plenty.MANIFEST}/sha256", "repos", "status", "keep":
		os.makedirs(f"{root}/{folder}", exist_ok=True)
	plenty.put(f"{root}/oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
	plenty.put(f"{root}/cdr-layout", b"2\n")
	plenty.put(f"{root}/index.json", b'{"schemaVersion":2,"manifests":[]}')
	plenty.put(f"{root}/catalog.json", b'{"repositories":[]}')
	publish(root, 0, [(number, "1.0", 0) for number in range(IMAGES)])


def day(root, number):
	number = int(number)
	first = number * 7
	publish(root, number, [(first, "1.0", number), (first + 50, "1.0", number),
			       (first + 100, f"1.{number}", number), (first + 120, f"1.{number}", number)])


def rules(notes):
	days = {}
	with open(notes, encoding="ascii") as file:
		for line in file:
			words = json.loads(line)
			days.setdefault(words["day"], {})[words["image"]] = words["objects"]
	history = {digest for objects in days[0].values() for digest, _ in objects}
	for number in sorted(days)[1:]:
		everything, new, named = {}, {}, {}
		moved = 0
		for name, objects in days[number].items():
			everything.update(objects)
			new.update((d, s) for d, s in objects if d not in history)
			if name not in days[number - 1]:
				named.update(objects)
			elif objects != days[number - 1][name]:
				moved += 1
		history.update(everything)
		print(number, sum(everything.values()), sum(new.values()), sum(named.values()), moved)


if __name__ == "__main__":
	{"make": make, "day": day, "rules": rules}[sys.argv[1]](*sys.argv[2:])

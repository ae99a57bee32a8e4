#!/usr/bin/env python3
"""Makes what is mirrored in the benchmarks, and pushes it to a docker-registry.

    content.py HOST:PORT DIR [SET...]

One image of 1.2 GB in five layers, one of 670 MB in three, and 500 small ones for
two platforms; the bytes do not compress and are the same every time.  Writes to
DIR the lists that the contenders read: big.*, thin.* and small.*, .list for cdr,
.heads and .gets for curl (@BASE@ stands for the server); and small.pulls, the
paths that pulls of one platform ask for, four for each image.

A SET is made only when it is named: five, one of 400 MB in five layers; large and
larger, 670 and 2230 MB of which one layer is the most; forty, as many small images
of one platform.
"""

import concurrent.futures
import os
import sys
import types

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "hub"))
import craft  # noqa: E402

BIG_LAYERS = [305, 250, 240, 220, 185]		# MB
THIN_LAYERS = [305, 200, 165]
SETS = {
	"five": [120, 100, 80, 60, 40],
	"large": [20, 20, 30, 30, 33, 537],
	"larger": [66, 66, 99, 99, 110, 1790],
}
FORTY = 40
SMALL_IMAGES = 500
SMALL_LAYER = 12 << 10
THREADS = 4
ACCEPT = ", ".join(craft.OCI[kind] for kind in ("index", "manifest"))


class BigCraft(craft.Craft):
	sizes = BIG_LAYERS

	def layers(self, platform, alg="sha256"):
		return [craft.make_layer(self.seed, number, size * 1000 * 1000, alg)
			for number, size in enumerate(self.sizes)]


class ThinCraft(BigCraft):
	sizes = THIN_LAYERS


class SetCraft(BigCraft):
	def __init__(self, registry, options):
		super().__init__(registry, options)
		self.sizes = SETS[options.name.partition("/")[2].partition(":")[0]]


def options(name, size=0):
	return types.SimpleNamespace(
		name=name, seed=name, size=size, layers=1, shared=0, docker=False,
		no_media_type=False, attestations=None, created=craft.EPOCH,
		annotated=None, platform="linux/amd64",
		platforms="linux/amd64,linux/arm64")


def make_one(kind, address, name):
	made = kind(craft.Registry(address), options(name))
	craft.make_image(made, made.options)
	return [made]


def make_some(address, numbers):
	registry = craft.Registry(address)
	done = []
	for number in numbers:
		made = craft.Craft(registry, options(f"bench/small-{number:03}:1", SMALL_LAYER))
		craft.make_index(made, made.options)
		done.append(made)
	return done


def make_forty(address):
	registry = craft.Registry(address)
	done = []
	for number in range(FORTY):
		made = craft.Craft(registry, options(f"bench/forty-{number:02}:1", SMALL_LAYER))
		craft.make_image(made, made.options)
		done.append(made)
	return done


def make_small(address):
	with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
		parts = pool.map(lambda first: make_some(address, range(first, SMALL_IMAGES, THREADS)),
				 range(THREADS))
	return [made for part in parts for made in part]


def write_lists(prefix, images):
	with open(prefix + ".list", "w", encoding="ascii") as file:
		file.write("default platform=all\n")
		file.writelines(f"docker.io/{made.name}:{made.tag}\n" for made in images)
	with open(prefix + ".heads", "w", encoding="ascii") as file:
		file.write(f'header = "Accept: {ACCEPT}"\n')
		file.writelines(f'url = "@BASE@/v2/{made.name}/manifests/{made.tag}"\n'
				for made in images)
	with open(prefix + ".gets", "w", encoding="ascii") as file:
		file.write(f'header = "Accept: {ACCEPT}"\n')
		for made in images:
			for one in made.objects:
				kind = "manifests" if one["kind"] in ("index", "manifest") else "blobs"
				file.write(f'url = "@BASE@/v2/{made.name}/{kind}/{one["digest"]}"\n'
					   f'output = "{one["digest"].partition(":")[2]}"\n')


def write_pulls(name, images):
	"""The tag, then what the first platform is made of: manifest, config, layer."""
	with open(name, "w", encoding="ascii") as file:
		for made in images:
			kinds = [one["kind"] for one in made.objects]
			own = made.objects[:kinds.index("manifest") + 1]
			file.write(f"/v2/{made.name}/manifests/{made.tag}\n"
				   f"/v2/{made.name}/manifests/{own[-1]['digest']}\n")
			for kind in "config", "layer":
				file.writelines(f"/v2/{made.name}/blobs/{one['digest']}\n"
						for one in own if one["kind"] == kind)


def main(address, folder, *sets):
	for name in sets:
		images = (make_forty(address) if name == "forty"
			  else make_one(SetCraft, address, f"bench/{name}:1"))
		write_lists(os.path.join(folder, name), images)
	write_lists(os.path.join(folder, "big"), make_one(BigCraft, address, "bench/big:1"))
	write_lists(os.path.join(folder, "thin"), make_one(ThinCraft, address, "bench/thin:1"))
	small = make_small(address)
	write_lists(os.path.join(folder, "small"), small)
	write_pulls(os.path.join(folder, "small.pulls"), small)


if __name__ == "__main__":
	main(*sys.argv[1:])

"""The constants of the simulation, and where each comes from: a file of this
repository, and words in it that say so. What was measured is in tests/bench/README.md.
"""

import os

TOP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..")
BENCH = "tests/bench/README.md"


class Figure:
	"""`words` are in `file`, or else missing() tells."""

	def __init__(self, value, what, file, words):
		self.value, self.what, self.file, self.words = value, what, file, words


# nginx on two processors, and its wire
HEAD_RATE = Figure(52938, "HEADs of tags that nginx answers in a second", BENCH,
		   "52938 requests/s")
NEIGHBOUR = Figure(32 / 38474, "seconds of a request to a neighbour: 32 at once, 38474 a second",
		   BENCH, "38474 requests/s")
WIRE = Figure(286 * (1 << 20) * 8 / 2.5e9,
	      "what of a link's rate is payload: 286 MiB/s of 2.5 Gbit/s", BENCH,
	      "over a wire of 2.5 Gbit/s: MiB/s | 286 |")
LOCK_POLL = Figure(0.5, "seconds until nginx looks again whether a neighbour has a slice",
		   "tests/bench/scale/README.md", "looks again every half second")

# cdr sync
HEADS_AT_ONCE = Figure(96, "HEADs in one round trip", BENCH, "500 HEAD by 96")
ROUND_TRIPS = Figure(5, "round trips of one image: connect, tag, index, manifest, blobs", BENCH,
		     "bytes, five round trips")
RUN = Figure((0.02, 0.07), "seconds of a processor for a run for one image, and besides", BENCH,
	     "0.09 s, 0.02 s of CPU")

# What scenario 285 measures each time
_TAG = "| a tag that is unchanged | 1 | 376 | 589 |"
_OBJECT = "| an object of an image that is new | 1 | 282 | 590, and the object |"
_HOOK = "| being told of one image | 1, of the parent | | 589 |"
HEAD_UP = Figure(376, "bytes of a HEAD", BENCH, _TAG)
HEAD_DOWN = Figure(589, "bytes of its answer", BENCH, _TAG)
OBJECT_UP = Figure(282, "bytes of a request for an object", BENCH, _OBJECT)
OBJECT_DOWN = Figure(590, "bytes of its answer, without the object", BENCH, _OBJECT)
HOOK_DOWN = Figure(589, "bytes of being told", BENCH, _HOOK)
PULLS = Figure(2, "pulls of a new image of one platform, as Docker Hub counts them", BENCH,
	       "| an image that is new, at Docker Hub | 2 pulls |")
_BUNDLE = "| a bundle, besides objects | | | 9784, and 328 for each image of the list |"
BUNDLE = Figure(9784, "bytes of a bundle besides objects", BENCH, _BUNDLE)
BUNDLE_LINE = Figure(328, "and for each image of the list", BENCH, _BUNDLE)
SEEN = {"HEAD_UP": HEAD_UP, "HEAD_DOWN": HEAD_DOWN, "OBJECT_UP": OBJECT_UP,
	"OBJECT_DOWN": OBJECT_DOWN, "HOOK_DOWN": HOOK_DOWN, "PULLS": PULLS,
	"BUNDLE": BUNDLE, "BUNDLE_LINE": BUNDLE_LINE}

# What is set, not measured
DROPPED = Figure(1.0, "seconds until a file is taken that was dropped", BENCH,
		 "which it takes when a second has passed")
TOLD_AT_ONCE = Figure(128, "children that are told at a time", "syncer/notify/notify_post.c",
		      "#define AT_ONCE 128u")
EVERY = Figure(1800.0, "seconds between looks by the clock", "syncer/cmd/watch.c",
	       "#define EVERY_S (30 * 60)")
SETTLE = Figure(5.0, "seconds that an image settles", "syncer/cmd/watch.c",
		"#define SETTLE_S 5")
HUB_LIMIT = Figure(100, "pulls in six hours that Docker Hub gives an address without a login",
		   "syncer/registry/quirks.md", "100 in six hours for an IPv4 address")


def figures():
	return {name: value for name, value in globals().items() if isinstance(value, Figure)}


def missing():
	"""A line for each figure whose words are not where it says."""
	for name, figure in figures().items():
		with open(os.path.join(TOP, figure.file), encoding="utf-8") as text:
			if figure.words not in " ".join(text.read().split()):
				yield f"{name}: {figure.file} does not say {figure.words!r}"


def differs(seen):
	"""A line for each of the figures that were now measured, NAME VALUE, which is not what
	we count with: counts to the letter, bytes to a tenth, since names are longer or
	shorter."""
	left = dict(SEEN)
	for line in seen:
		name, value = line.split()
		figure = left.pop(name)
		if abs(float(value) - figure.value) > (0 if name == "PULLS" else figure.value / 10):
			yield f"{name}: measured {value}, counted with {figure.value}"
	for name in left:
		yield f"{name}: not measured"

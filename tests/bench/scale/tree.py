"""A tree of CDRs: how long a push takes from the registry to all sites, and what each
level of the tree has to carry.

Each CDR is simulated by itself: when it hears of the push, when its run begins, its
requests in the queue of its parent's nginx, its bytes on the parent's uplink, which all
of that parent's children share, and on its own. Nothing waits for a whole level.
"""

import dataclasses
import heapq
import math
import random

import measured
import ring

MB = 1e6
DAY = 86400.0
NEVER = math.inf


@dataclasses.dataclass(frozen=True)
class Plan:
	"""Rates are bytes of payload a second, times seconds."""
	fanouts: tuple			# children of the root, of each of these, ...
	blobs: tuple			# of the image that is pushed
	lines: int			# images of the list
	changes: int			# of them, on a day
	nodes: int			# of a site
	hub_trip: float			# round trips
	trip: float
	hub_down: float			# what the root gets from the registry
	up: float			# what a parent can send, and get if it has one
	down: float			# what a site can get
	lan: float			# what a node can send and get
	hook: bool = True
	every: float = measured.EVERY.value
	jitter: float = measured.EVERY.value / 10
	settle: float = measured.SETTLE.value
	hint_jitter: float = 0.0
	peers: bool = True
	run: tuple = measured.RUN.value	# a run for one image: of a processor, and besides
	processors: float = NEVER	# that all children share; each its own: without end

	@property
	def image(self):
		return sum(self.blobs)

	@property
	def sites(self):
		return math.prod(self.fanouts)


# What a push waits for, in this order.
PARTS = ("clock", "settle", "requests", "uplink", "run", "site")


def shared(starts, size, capacity, each):
	"""When jobs of `size` that begin at `starts` are over, if all that are at work get
	as much of `capacity` as each other, and none more than `each`."""
	order = sorted(range(len(starts)), key=starts.__getitem__)
	ends, work, now, served, begun = [0.0] * len(starts), [], 0.0, 0.0, 0
	while begun < len(order) or work:
		start = starts[order[begun]] if begun < len(order) else NEVER
		rate = min(each, capacity / len(work)) if work else 0.0
		end = now + (work[0][0] - served) / rate if work else NEVER
		if end <= start:
			served, number = heapq.heappop(work)
			now = ends[number] = end
			continue
		served += rate * (start - now)
		now = start
		heapq.heappush(work, (served + size, order[begun]))
		begun += 1
	return ends


def queued(arrivals, service):
	"""When requests that take `service` are answered, one after the other."""
	ends, free = [0.0] * len(arrivals), 0.0
	for number in sorted(range(len(arrivals)), key=arrivals.__getitem__):
		free = ends[number] = max(arrivals[number], free) + service
	return ends


def gap(plan, draw):
	return plan.every + draw.random() * plan.jitter


def wait(plan, draw):
	"""Until the next look by the clock, from any moment: long gaps between two looks have
	more moments than short ones."""
	while True:
		seconds = gap(plan, draw)
		if draw.random() * (plan.every + plan.jitter) <= seconds:
			return draw.random() * seconds


def mean_wait(plan):
	"""What wait() gives on average: of the gap, E(g * g) / 2 E(g)."""
	every, jitter = plan.every, plan.jitter
	return (every * every + every * jitter + jitter * jitter / 3) / (2 * every + jitter)


def begin(plan, draw):
	"""(waits for the clock, waits to settle)"""
	if not plan.hook:
		return wait(plan, draw), 0.0
	return 0.0, plan.settle + draw.random() * plan.hint_jitter


def request_trips(plan):
	heads = 1 if plan.hook else plan.lines
	rounds = math.ceil(heads / measured.HEADS_AT_ONCE.value)
	return heads, measured.ROUND_TRIPS.value - 1 + rounds


def children(plan, told, count, get, draw):
	"""The children of a CDR that has published at `told`, each of which can get `get`
	bytes a second: when each of them has, and what it waited for."""
	waits, begun = [], []
	heads, trips = request_trips(plan)
	for number in range(count):
		# A parent tells so many at a time, each over a connection of its own.
		turn = number // measured.TOLD_AT_ONCE.value
		heard = told + (turn + 1) * 3 * plan.trip if plan.hook else told
		clock, settle = begin(plan, draw)
		waits.append([clock, settle + heard - told])
		begun.append(heard + clock + settle)
	asked = queued([at + trips * plan.trip for at in begun], heads / measured.HEAD_RATE.value)
	got = shared(asked, plan.image, plan.up, get)
	worked = shared(got, plan.run[0], plan.processors, 1.0)
	ends = [at + plan.run[1] for at in worked]
	return [(end, waits[n] + [asked[n] - begun[n], got[n] - asked[n], end - got[n]])
		for n, end in enumerate(ends)]


def follow(plan, seed):
	"""For each site: when it has published, counted from the push, and what that was
	spent on, as in PARTS, added up from the root on. The root waits as long as it does
	on average: all others come later by that."""
	draw = random.Random(seed)
	clock, settle = (0.0, plan.settle + plan.hint_jitter / 2) if plan.hook else \
		(mean_wait(plan), 0.0)
	own = [clock, settle, request_trips(plan)[1] * plan.hub_trip, plan.image / plan.hub_down,
	       sum(plan.run)]
	level = [(sum(own), own)]
	for depth, count in enumerate(plan.fanouts, 1):
		get = plan.down if depth == len(plan.fanouts) else plan.up
		level = [(end, [a + b for a, b in zip(spent, own)])
			 for told, spent in level
			 for end, own in children(plan, told, count, get, draw)]
	return level


def at_nodes(plan):
	"""Seconds from a site's publishing to its last node."""
	if plan.peers:
		return ring.pull(plan.nodes, plan.blobs, plan.lan, plan.lan)[0]
	return ring.direct(plan.nodes, plan.blobs, plan.lan, plan.lan)


@dataclasses.dataclass(frozen=True)
class Time:
	half: float			# until half of the sites have published
	last: float			# until all have
	nodes: float			# until the last node has it
	why: str			# what most of that was
	most: float			# and how much


def push(plan, runs):
	"""Means of so many runs; of one, where nothing is drawn."""
	nodes = at_nodes(plan)
	if plan.hook and plan.hint_jitter == 0:
		runs = 1
	halves, lasts, parts = 0.0, 0.0, [0.0] * len(PARTS)
	for seed in range(runs):
		sites = sorted(follow(plan, seed))
		halves += sites[len(sites) // 2][0] / runs
		end, spent = sites[-1]
		lasts += end / runs
		parts = [a + b / runs for a, b in zip(parts, [*spent, nodes])]
	most = max(parts)
	return Time(halves, lasts, lasts + nodes, PARTS[parts.index(most)], most)


# --- what a day brings ----------------------------------------------------------------

def looks(plan):
	"""By the clock, on a day."""
	return DAY / (plan.every + plan.jitter / 2)


def child_day(plan):
	"""(requests, bytes up, bytes down) of one child, on a day."""
	heads = looks(plan) * plan.lines + (plan.changes if plan.hook else 0)
	objects = plan.changes * (len(plan.blobs) + 3)	# index, manifest, configuration
	hooks = plan.changes if plan.hook else 0
	up = heads * measured.HEAD_UP.value + objects * measured.OBJECT_UP.value
	down = heads * measured.HEAD_DOWN.value + objects * measured.OBJECT_DOWN.value
	return (heads + objects, up,
		down + hooks * measured.HOOK_DOWN.value + plan.changes * plan.image)


def bundle_day(plan):
	"""Bytes of a bundle that brings what a day does."""
	return plan.changes * plan.image + measured.BUNDLE.value + \
		plan.lines * measured.BUNDLE_LINE.value

"""The methods: what happens from a push to all nodes that have the image.

Each is a function of a session and a cell; it returns what was seen, in seconds and
bytes.  Nothing before begin() counts.
"""

import collections
import time

import images
from places import NODE_PORT, Far, Files, Mirror, Node, Peer
from rig import Load, sweep


class Seen:
	"""What is measured of a cell, from begin() on."""

	def __init__(self, session):
		self.session = session
		self.marks, self.begun = {}, None

	def begin(self):
		self.pulls, self.counts = self.session.hub.pulls(), self.session.rig.counts()
		self.connections = self.session.hub.connections()
		self.load, self.begun = Load(), time.monotonic()

	def mark(self, name):
		self.marks[name] = round(time.monotonic() - self.begun, 2)

	def end(self, nodes):
		load, counts = self.load.seen(), self.session.rig.counts()
		at = {what: round(max(node.times[what] for node in nodes) - self.begun, 2)
		      for what in ("fetched", "unpacked", "ran")}
		return {"seconds": at["ran"], "transfer": at["fetched"], "ready": at["unpacked"],
			"unpack": round(max(node.times["unpacked"] - node.times["fetched"]
					    for node in nodes), 2),
			"marks": self.marks, "load": load,
			"connections": collections.Counter(
				one.split()[1] for one in
				self.session.hub.connections() - self.connections),
			"uplink_bytes": counts["uplink"] - self.counts["uplink"],
			"hub_bytes": counts["hub"] - self.counts["hub"],
			"pulls": self.session.hub.pulls() - self.pulls}


def fresh_nodes(session, cell, clock):
	nodes = []
	for number in range(1, cell.nodes + 1):
		node = Node(session.rig, number, f"{session.folder}/node{number}")
		session.open(node)
		node.begin(clock)
		nodes.append(node)
	return nodes


def pull_all(nodes, tag, clock):
	for node in nodes:
		node.pull(tag)
	for node in nodes:
		node.wait(clock)


def from_hub(session, nodes, port=443):
	for node in nodes:
		node.hosts(f"https://{session.hub.address}:{port}", f"{session.hub.folder}/tls.crt")


def baseline(session, cell, clock):
	"""Each node pulls from the hub."""
	made = session.image(cell)
	nodes = fresh_nodes(session, cell, clock)
	from_hub(session, nodes)
	seen = Seen(session)
	seen.begin()
	session.images.tag(cell.tag, made)
	pull_all(nodes, cell.tag, clock)
	return seen.end(nodes)


def mirror_at(session, name, folder="mirror"):
	return session.open(Mirror(session.rig, name, f"{session.folder}/{folder}", session.hub,
				   session.cdr))


def by_hook(session, cell, clock, mirror, made, seen):
	"""A push, and its hook; returns when the mirror has it."""
	session.images.tag(cell.tag, made)
	mirror.tell(clock, cell.tag)
	mirror.until_has(clock, cell.tag, made["digest"])
	seen.mark("published")


def method_1_ctr(session, cell, clock):
	"""One node pulls, and saves to a tar that the others import: as the paper did."""
	made = session.image(cell)
	nodes = fresh_nodes(session, cell, clock)
	first, others = nodes[0], nodes[1:]
	from_hub(session, [first])
	files = session.open(Files(session.rig, first.name, f"{session.folder}/files"))
	sweep(f"{files.folder}/out")
	files.begin(clock, f"{files.folder}/out")
	seen = Seen(session)
	seen.begin()
	session.images.tag(cell.tag, made)
	pull_all([first], cell.tag, clock)
	seen.mark("pulled")
	first.export(clock, cell.tag, f"{files.folder}/out/app.tar")
	seen.mark("saved")
	for node in others:
		node.load(f"http://{first.address}:{NODE_PORT}/app.tar", cell.tag)
	for node in others:
		node.wait(clock)
	return seen.end(nodes)


def method_1_cdr(session, cell, clock):
	"""The same by cdr watch and cdr save on a node, which all of them import."""
	made = session.image(cell)
	nodes = fresh_nodes(session, cell, clock)
	session.images.tag(cell.tag, session.small)
	mirror = mirror_at(session, nodes[0].name, "idle")
	mirror.begin(clock, cell.tag, serve=False)
	files = session.open(Files(session.rig, nodes[0].name, f"{session.folder}/files"))
	sweep(f"{files.folder}/out")
	files.begin(clock, f"{files.folder}/out")
	seen = Seen(session)
	seen.begin()
	by_hook(session, cell, clock, mirror, made, seen)
	mirror.save(clock, cell.tag, f"{files.folder}/out/app.tar")
	seen.mark("saved")
	nodes[0].load(f"{files.folder}/out/app.tar", cell.tag)
	for node in nodes[1:]:
		node.load(f"http://{nodes[0].address}:{NODE_PORT}/app.tar", cell.tag)
	for node in nodes:
		node.wait(clock)
	return seen.end(nodes)


def method_2(session, cell, clock):
	"""A builder pushes to the far registry as well, and each node pulls from there."""
	made = session.image(cell)
	nodes = fresh_nodes(session, cell, clock)
	far = session.open(Far(session.rig, f"{session.folder}/far", session.shape["far_bytes"], clock))
	for node in nodes:
		node.hosts(f"https://{far.address}", f"{far.folder}/tls.crt")
	began = time.monotonic()
	far.push(clock, session.images.layout(made), cell.tag, session.builder)
	push = round(time.monotonic() - began, 2)
	seen = Seen(session)
	seen.begin()
	pull_all(nodes, cell.tag, clock)
	return {**seen.end(nodes), "push": push}


def by_mirror(session, cell, clock, point):
	"""A hook, a sync, and each node pulls; point(node, URL) tells a node where."""
	made = session.image(cell)
	nodes = fresh_nodes(session, cell, clock)
	session.images.tag(cell.tag, session.small)
	mirror = mirror_at(session, "mirror")
	mirror.begin(clock, cell.tag)
	for node in nodes:
		point(node, f"http://{mirror.address}:5000")
	seen = Seen(session)
	seen.begin()
	by_hook(session, cell, clock, mirror, made, seen)
	pull_all(nodes, cell.tag, clock)
	return seen.end(nodes)


def method_3(session, cell, clock):
	"""CDR: each node pulls from the mirror."""
	return by_mirror(session, cell, clock, lambda node, mirror: node.hosts(mirror))


def method_3_peers(session, cell, clock):
	"""The same; each node pulls from its own peer, and so each byte comes from the mirror once."""
	def point(node, mirror):
		peer = session.open(Peer(session.rig, node.name, f"{session.folder}/peer-{node.name}"))
		peer.begin(clock, mirror, cell.nodes, session.cdr)
		node.hosts("http://127.0.0.1:5000")
	return by_mirror(session, cell, clock, point)


def method_3_warm(session, cell, clock):
	"""The mirror has it already."""
	made = session.image(cell)
	nodes = fresh_nodes(session, cell, clock)
	session.images.tag(cell.tag, made)
	mirror = mirror_at(session, "mirror")
	mirror.fill(clock, cell.tag)
	mirror.serve(clock)
	for node in nodes:
		node.hosts(f"http://{mirror.address}:5000")
	seen = Seen(session)
	seen.begin()
	pull_all(nodes, cell.tag, clock)
	return seen.end(nodes)


def local(session, cell, clock):
	"""No method: each node takes it from an nginx of its own, and so through no wire.  It is
	what as many nodes need on this machine in any case."""
	made = session.image(cell)
	nodes = fresh_nodes(session, cell, clock)
	session.images.tag(cell.tag, made)
	mirror = mirror_at(session, "mirror")
	mirror.fill(clock, cell.tag)
	for node in nodes:
		mirror_at(session, node.name, f"serve-{node.name}").serve(clock, mirror.root)
		node.hosts(f"http://{node.address}:5000")
	seen = Seen(session)
	seen.begin()
	pull_all(nodes, cell.tag, clock)
	return seen.end(nodes)


def update_baseline(session, cell, clock):
	"""All nodes have the tag before; a fifth of it changes."""
	old, new = session.images_to_update(cell)
	nodes = fresh_nodes(session, cell, clock)
	session.images.tag(cell.tag, old)
	from_hub(session, nodes, 10443)
	pull_all(nodes, cell.tag, clock)
	from_hub(session, nodes)
	seen = Seen(session)
	seen.begin()
	session.images.tag(cell.tag, new)
	pull_all(nodes, cell.tag, clock)
	return seen.end(nodes)


def update_3(session, cell, clock):
	"""The same, and the mirror has the one before as well."""
	old, new = session.images_to_update(cell)
	nodes = fresh_nodes(session, cell, clock)
	session.images.tag(cell.tag, old)
	mirror = mirror_at(session, "mirror")
	mirror.fill(clock, cell.tag)
	mirror.begin(clock, cell.tag, keep=True)
	for node in nodes:
		node.hosts(f"http://{mirror.address}:5000")
	pull_all(nodes, cell.tag, clock)
	seen = Seen(session)
	seen.begin()
	by_hook(session, cell, clock, mirror, new, seen)
	pull_all(nodes, cell.tag, clock)
	return seen.end(nodes)


WAYS = {
	"baseline": baseline, "1-ctr": method_1_ctr, "1-cdr": method_1_cdr, "2": method_2,
	"3": method_3, "3-warm": method_3_warm, "3-peers": method_3_peers, "local": local,
	"update-baseline": update_baseline, "update-3": update_3,
}


def images_for(session, cell):
	"""What a cell needs, so that it is made before the cell's time begins."""
	if cell.method.startswith("update"):
		return session.images_to_update(cell)
	return [session.image(cell)]


def sizes_of(cell):
	return (images.layers_to_update if cell.method.startswith("update")
		else images.layers_of)(cell.size)

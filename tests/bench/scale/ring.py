"""The nodes of one site pull an image, all at once: each from the mirror, or through
peers (slices, a ring of owners, one copy over the uplink).

What is modelled: the mirror's port and each node's, both ways; a client that has some
blobs at a time in the air; slices that a request asks for one after the other; an owner
that passes on to the first who asks while it fetches, and has the others look again
every half second, as nginx does (proxy_cache_lock).
"""

import random

import flows
import measured


class Peers:
	"""One pull of `blobs` (bytes) by `nodes`; see pull()."""

	def __init__(self, net, nodes, blobs, slice_bytes):
		self.net, self.nodes, self.blobs = net, nodes, blobs
		self.slice_bytes = slice_bytes
		self.draw = random.Random(1)
		self.owners = {}
		self.here = {}			# slice: when its owner has all of it
		self.ended = [0.0] * nodes
		self.next_blob = [0] * nodes

	def owner(self, which):
		"""By a hash: as good as drawn."""
		if which not in self.owners:
			self.owners[which] = int(self.draw.random() * self.nodes)
		return self.owners[which]

	def take_blob(self, node):
		blob = self.next_blob[node]
		if blob < len(self.blobs):
			self.next_blob[node] += 1
			self.take_slice(node, blob, 0)
		else:
			self.ended[node] = self.net.now

	def take_slice(self, node, blob, at):
		size = min(self.slice_bytes, self.blobs[blob] - at)
		which = (blob, at)

		def came():
			if at + size < self.blobs[blob]:
				self.take_slice(node, blob, at + size)
			else:
				self.take_blob(node)

		self.net.after(measured.NEIGHBOUR.value,
			       lambda: self.ask(node, which, size, came))

	def hop(self, node, owner):
		return [] if node == owner else [f"out{owner}", f"in{node}"]

	def ask(self, node, which, size, came):
		owner = self.owner(which)
		if which not in self.here:
			self.here[which] = None

			def fetched():
				self.here[which] = self.net.now
				came()

			self.net.send(["uplink", f"in{owner}", *self.hop(node, owner)], size, fetched)
			return
		if self.here[which] is None:
			self.net.after(measured.LOCK_POLL.value,
				       lambda: self.ask(node, which, size, came))
			return
		self.net.send(self.hop(node, owner), size, came)


def pull(nodes, blobs, uplink, lan, slice_bytes=4 << 20, parallel=3):
	"""Return (seconds until the last node has all, copies that the mirror sent).
	`uplink` is what the mirror can send, `lan` what each node can send and get, bytes a
	second of payload."""
	rates = {"uplink": uplink}
	for node in range(nodes):
		rates[f"in{node}"] = rates[f"out{node}"] = lan
	net = flows.Net(rates)
	peers = Peers(net, nodes, blobs, slice_bytes)
	for node in range(nodes):
		for _ in range(parallel):
			peers.take_blob(node)
	net.run()
	return max(peers.ended), net.sent["uplink"] / sum(blobs)


def direct(nodes, blobs, uplink, lan):
	"""The same without peers: as many copies as nodes."""
	return max(nodes * sum(blobs) / uplink, sum(blobs) / lan)

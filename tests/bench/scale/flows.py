"""Bytes that flow over links which they share, and what happens when they have come.

A flow goes over some links at once.  What each flow gets is max-min fair, as TCP
connections of one round trip share what they all cross: nobody can get more without
somebody who has less getting still less.  Time is in seconds, and jumps from one event
to the next.
"""

import heapq
import itertools


class Flow:
	def __init__(self, links, size, done):
		self.links, self.left, self.done = links, size, done
		self.rate = 0.0


class Net:
	"""Links by name; `sent` has the bytes that each has carried."""

	def __init__(self, rates):
		self.rates = rates		# bytes a second
		self.sent = dict.fromkeys(rates, 0)
		self.now = 0.0
		self.flows = []
		self.timers = []
		self.order = itertools.count()

	def at(self, when, what):
		heapq.heappush(self.timers, (when, next(self.order), what))

	def after(self, seconds, what):
		self.at(self.now + seconds, what)

	def send(self, links, size, done):
		"""done() when all of it has come."""
		for link in links:
			self.sent[link] += size
		if not links:
			self.after(0.0, done)
			return
		self.flows.append(Flow(links, size, done))

	def _share(self):
		"""The link that gives least to each of its flows settles these; and so on."""
		left = dict(self.rates)
		open_flows = dict.fromkeys(range(len(self.flows)))
		users = {}
		for number, flow in enumerate(self.flows):
			for link in flow.links:
				users.setdefault(link, set()).add(number)
		while open_flows:
			tight = min((link for link in users if users[link]),
				    key=lambda link: (left[link] / len(users[link]), link))
			share = left[tight] / len(users[tight])
			for number in sorted(users[tight]):
				flow = self.flows[number]
				flow.rate = share
				del open_flows[number]
				for link in flow.links:
					left[link] = max(0.0, left[link] - share)
					users[link].discard(number)

	def run(self):
		"""Until nothing is left to happen."""
		while self.flows or self.timers:
			self._share()
			step = min((f.left / f.rate for f in self.flows), default=None)
			until = self.timers[0][0] if self.timers else None
			if step is None or (until is not None and until <= self.now + step):
				step = until - self.now
			self.now += step
			ended = []
			for flow in self.flows:
				flow.left -= flow.rate * step
				if flow.left < 0.5:		# half a byte: rounding
					ended.append(flow)
			self.flows = [f for f in self.flows if f.left >= 0.5]
			for flow in ended:
				flow.done()
			while self.timers and self.timers[0][0] <= self.now:
				heapq.heappop(self.timers)[2]()

#!/usr/bin/env python3
"""How far a tree of CDRs goes: the tables of README.md in this folder.

    scale.py                    prints them
    scale.py --check [TABLE]... README.md has them (these, or all), the constants stand where
                                they were taken from, and what was measured in small comes
                                out; else it says what does not, and ends with 1
    scale.py --seen FILE        the figures in it, NAME VALUE, are those that it counts with
    scale.py --write            writes them to README.md
"""

import dataclasses
import math
import os
import re
import sys

import measured
import ring
import tree

README = os.path.join(os.path.dirname(os.path.abspath(__file__)), "README.md")
MIB = 1 << 20


def gbit(rate):
	"""Payload of a link, bytes a second."""
	return rate * 1e9 / 8 * measured.WIRE.value


# What is assumed, and was measured nowhere: a company with sites on thin links.
IMAGE = (80 * MIB, 14 * MIB, 13 * MIB, 13 * MIB, 13 * MIB)
BASE = tree.Plan(fanouts=(100, 100), blobs=IMAGE, lines=200, changes=4, nodes=20, hub_trip=0.1,
		 trip=0.03, hub_down=gbit(1), up=gbit(1), down=gbit(0.1), lan=gbit(1))
SIZES = (("1", ()), ("100", (100,)), ("10,000", (100, 100)))
# Enough that the means of what is drawn stand still.
RUNS = {(): 1, (100,): 20, (100, 100): 2}
WHY = {"clock": "the clock", "settle": "settling and jitter", "requests": "round trips",
       "uplink": "the parents' uplinks", "run": "the runs", "site": "the site's LAN"}


# --- words ------------------------------------------------------------------------------

def time(value):
	for unit, name in ((86400 * 2, "days"), (5400, "h"), (100, "min")):
		if value >= unit:
			value /= {"days": 86400, "h": 3600, "min": 60}[name]
			return f"{value:.0f} {name}" if value >= 10 else f"{value:.1f} {name}"
	return f"{value:.0f} s" if value >= 10 else f"{value:.1f} s"


def size(value):
	for unit, name in ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
		if value >= unit:
			return f"{value / unit:.3g} {name}"
	return f"{value:.0f} B"


def rate(value):
	return f"{value:.0f}" if value >= 10 else f"{value:.1f}"


def table(head, rows):
	return "\n".join(["| " + " | ".join(head) + " |", "|" + "---|" * len(head),
			  *("| " + " | ".join(row) + " |" for row in rows)])


# --- the tables ---------------------------------------------------------------------------

def hub_table():
	"""What Docker Hub counts of one address, and when it says no."""
	def row(who, machines):
		pulls = measured.PULLS.value * machines
		windows = math.ceil(BASE.lines * pulls / measured.HUB_LIMIT.value)
		return [who, f"{BASE.changes / 4 * pulls:.0f}", f"{BASE.lines * pulls:,}",
			f"{measured.HUB_LIMIT.value // pulls}", time((windows - 1) * 6 * 3600)]
	return table(["One address is", "pulls in 6 hours, usually", "if all 200 images are new",
		      "new images in 6 hours, at most", "the last of 200 begins after"],
		     [row("a site of 20 nodes without a mirror", BASE.nodes),
		      row("a site with a CDR, or the root of a tree of any size", 1)])


def load_table():
	"""What a day brings to each link."""
	rows = []
	for name, fanouts in SIZES:
		plan = dataclasses.replace(BASE, fanouts=fanouts)
		requests, up, down = tree.child_day(plan)
		row = [name, f"{tree.looks(plan) * plan.lines:,.0f} HEAD",
		       f"{size(up)} up, {size(down)} down"]
		if fanouts:
			most = max(fanouts)
			row += [f"{rate(requests * most / tree.DAY)}", size(down * most),
				time(plan.lines * most / measured.HEAD_RATE.value),
				time(plan.lines * plan.image * most / plan.up)]
		else:
			row += ["–"] * 4
		rows.append(row)
	rows.append(["any, by bundles", "–", f"{size(tree.bundle_day(BASE))} on a stick", *["–"] * 4])
	return table(["sites", "the root to Docker Hub, a day", "a child's link, a day",
		      "requests a second to a parent", "a parent's uplink, a day",
		      "all its children look at once: its nginx is busy for",
		      "all 200 images new: its uplink is busy for"], rows)


def timed(plan, runs):
	t = tree.push(plan, runs)
	return [time(t.half), time(t.last), time(t.nodes), f"{WHY[t.why]}, {time(t.most)}"]


def time_table():
	rows = []
	for name, fanouts in SIZES:
		for way, hook in (("hooks", True), ("the clock", False)):
			plan = dataclasses.replace(BASE, fanouts=fanouts, hook=hook)
			rows.append([name, way, *timed(plan, RUNS[fanouts])])
	return table(["sites", "by", "half of the sites have it", "the last one", "its last node",
		      "most of that is"], rows)


def site_table():
	"""20 nodes behind one link."""
	link, lan = BASE.down, BASE.lan
	first = sum(IMAGE) / link
	ways = (("nodes pull from the parent", ring.direct(20, IMAGE, link, lan), 20.0),
		("the same, with peers on the nodes", *ring.pull(20, IMAGE, link, lan)),
		("a CDR in the site", first + ring.direct(20, IMAGE, lan, lan), 1.0),
		("a CDR in the site, and peers", first + ring.pull(20, IMAGE, lan, lan)[0], 1.0))
	return table(["20 nodes behind 100 Mbit/s", "until the last has the image",
		      "copies over the link"],
		     [[name, time(value), f"{copies:.0f}"] for name, value, copies in ways])


KNOBS = (
	("as above", {}),
	("`--settle 1s`", {"settle": 1.0}),
	("`--hint-jitter 1m`", {"hint_jitter": 60.0}),
	("a tree of 10 × 10 × 10 × 10", {"fanouts": (10, 10, 10, 10)}),
	("a tree of 10 × 1000", {"fanouts": (10, 1000)}),
	("parents send 10 Gbit/s", {"up": gbit(10)}),
	("sites get 10 Mbit/s", {"down": gbit(0.01)}),
	("no peers on the nodes", {"peers": False}),
	("an image of 5 MiB", {"blobs": (5 * MIB,)}),
	("the clock", {"hook": False}),
	("the clock, `--every 5m`", {"hook": False, "every": 300.0, "jitter": 30.0}),
	("the clock, `--every 2h`", {"hook": False, "every": 7200.0, "jitter": 720.0}),
	("the clock, `--every 5m`, 10 × 10 × 10 × 10",
	 {"hook": False, "every": 300.0, "jitter": 30.0, "fanouts": (10, 10, 10, 10)}),
)


def knob_table():
	rows = []
	for name, change in KNOBS:
		plan = dataclasses.replace(BASE, **change)
		requests, _, down = tree.child_day(plan)
		most = max(plan.fanouts)
		rows.append([name, *timed(plan, 2), rate(requests * most / tree.DAY),
			     size(down * most)])
	return table(["10,000 sites, but", "half of the sites have it", "the last one",
		      "its last node", "most of that is", "requests a second to a parent",
		      "a parent's uplink, a day"], rows)


# --- held to what was measured --------------------------------------------------------------

def followers(fanouts, settle):
	"""Of tests/bench/trees.sh: 600 kB to mirrors on one machine of two processors, over
	links without a bound; the first one is told by a file."""
	plan = dataclasses.replace(BASE, fanouts=fanouts, blobs=(200000,) * 3, lines=1, settle=settle,
				   hub_trip=0.0, trip=0.0, hub_down=gbit(10), up=gbit(10),
				   down=gbit(10), processors=2.0)
	return measured.DROPPED.value + max(end for end, _ in tree.follow(plan, 1))


def six(way):
	"""Of tests/bench/peers.sh: six nodes, and 100 Mbit/s for all."""
	return way(6, IMAGE, gbit(0.1), gbit(1))


# What is predicted, and where its figure stands in tests/bench/README.md: the last time of
# a row.
TREES = r"\n\| %s \| %ds \| [^|]* \| ([0-9.]+) "
PEERS = r"\n\| %s \| [0-9.]+ to ([0-9.]+) s \|"
PREDICTED = (
	("twenty mirrors around one", lambda: followers((20,), 5.0), TREES % ("20 around it", 5)),
	("the same, `--settle 1s`", lambda: followers((20,), 1.0), TREES % ("20 around it", 1)),
	("five, `--settle 1s`", lambda: followers((5,), 1.0), TREES % ("5 around it", 1)),
	("two in a row", lambda: followers((1, 1), 5.0), TREES % ("two in a row", 5)),
	("the same, `--settle 1s`", lambda: followers((1, 1), 1.0), TREES % ("two in a row", 1)),
	("six nodes, with peers", lambda: six(ring.pull)[0], PEERS % "peers, nothing cached"),
	("six nodes, without", lambda: six(ring.direct), PEERS % "without peers"),
)
AGREES = 0.2


def comparison():
	"""(what, predicted, measured or None)"""
	with open(os.path.join(measured.TOP, measured.BENCH), encoding="utf-8") as figures:
		text = figures.read()
	for what, predict, where in PREDICTED:
		found = re.search(where, text)
		yield what, predict(), float(found.group(1)) if found else None


def check_table():
	return table(["From a push, or from the pull, to the last of", "predicted", "measured"],
		     [[what, f"{ours:.1f} s", "–" if theirs is None else f"{theirs:.1f} s"]
		      for what, ours, theirs in comparison()])


# --- the page --------------------------------------------------------------------------

def constants_table():
	return table(["Constant", "", "from"],
		     [[figure.what, " + ".join(f"{v:,.6g}" for v in figure.value)
		       if isinstance(figure.value, tuple) else f"{figure.value:,.6g}",
		       f"`{figure.file}`"] for figure in measured.figures().values()])


TABLES = {"time": time_table, "knobs": knob_table, "load": load_table, "hub": hub_table,
	  "site": site_table, "check": check_table, "constants": constants_table}


def page():
	with open(README, encoding="utf-8") as text:
		return text.read()


def write():
	text = page()
	for name, make in TABLES.items():
		text = re.sub(f"(<!-- {name} -->\\n)\\n*(\\|[^\\n]*\\n)*\\n*",
			      lambda found, make=make: f"{found.group(1)}\n{make()}\n\n", text)
	with open(README, "w", encoding="utf-8") as out:
		out.write(text)


def faults(tables):
	yield from measured.missing()
	text = page()
	for name in tables:
		if f"<!-- {name} -->\n\n{TABLES[name]()}\n\n" not in text:
			yield f"README.md: the table \"{name}\" is not the one that scale.py prints"
	for what, ours, theirs in comparison():
		if theirs is None:
			yield f"{what}: {measured.BENCH} has no such figure"
		elif abs(ours - theirs) > AGREES * theirs:
			yield f"{what}: predicted {ours:.2f} s, measured {theirs:.2f} s"


def main(arguments):
	if arguments[:1] == ["--seen"] and len(arguments) == 2:
		with open(arguments[1], encoding="ascii") as seen:
			wrong = list(measured.differs(seen))
	elif arguments[:1] == ["--check"] and set(arguments[1:]) <= set(TABLES):
		wrong = list(faults(arguments[1:] or TABLES))
	elif arguments == ["--write"]:
		write()
		return 0
	elif not arguments:
		for name, make in TABLES.items():
			print(f"<!-- {name} -->\n\n{make()}\n")
		return 0
	else:
		print(__doc__, file=sys.stderr)
		return 2
	print("\n".join(wrong), end="\n" if wrong else "")
	return 1 if wrong else 0


if __name__ == "__main__":
	sys.exit(main(sys.argv[1:]))

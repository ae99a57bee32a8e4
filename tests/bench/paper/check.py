#!/usr/bin/env python3
"""Checks what is calculated here, by figures that were reckoned by hand: scenario 299.

    check.py DIR

Leaves in DIR/measured what was measured in a made-up run.
"""

import json
import os
import sys
import xml.etree.ElementTree

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import images  # noqa: E402
import paper  # noqa: E402
import plot  # noqa: E402
import reckon  # noqa: E402

MB = 1_000_000
SMALL = [69 * MB, 64 * MB]
LARGE = SMALL + [537 * MB]


def near(what, got, want, most=0.01):
	if abs(got - want) > most * abs(want):
		sys.exit(f"{what}: {got}, not {want}")


def same(what, got, want):
	if got != want:
		sys.exit(f"{what}: {got!r}, not {want!r}")


def check_images():
	for size in 133, 670, 2230:
		near(f"layers of {size}", sum(images.layers_of(size)), size)
		layers = images.layers_to_update(size)
		near(f"layers of {size} to update", sum(layers), size)
		near(f"a fifth of {size}", layers[-1], size / 5)
	same("no large layer", len(images.layers_of(133)), 5)


def check_bounds():
	# 71.7 and 119.6 MB/s of payload, as tbf gives them here.
	near("the uplink", reckon.wire(600), 71.7 * MB)
	near("a port", reckon.wire(1000), 119.6 * MB)
	near("baseline, small: its largest layer", reckon.bound("baseline", SMALL, 3), 69 / 11)
	near("baseline, large", reckon.bound("baseline", LARGE, 3), 537 / 11)
	near("baseline, thin: all copies", reckon.bound("baseline", SMALL, 3, 50), 3 * 133 / 5.978)
	near("six nodes share the uplink", reckon.bound("baseline", SMALL, 6), 6 * 133 / 71.73)
	near("1-ctr", reckon.bound("1-ctr", LARGE, 3), 537 / 11 + 2 * 670 / 119.55)
	near("1-cdr", reckon.bound("1-cdr", LARGE, 3), 670 / 71.73 + 2 * 670 / 119.55)
	near("2", reckon.bound("2", LARGE, 3), 670 * 3 / 71.73)
	near("2-push", reckon.bound("2-push", LARGE, 3), 670 * 3 / 71.73 + 670 / 22.48)
	near("3", reckon.bound("3", LARGE, 3), 670 / 71.73 + 3 * 670 / 119.55)
	near("3, thin", reckon.bound("3", SMALL, 3, 20), 133 / 2.391 + 3 * 133 / 119.55)
	near("3-peers", reckon.bound("3-peers", LARGE, 6), 670 / 71.73 + 670 / 119.55)
	near("3-warm", reckon.bound("3-warm", LARGE, 3), 3 * 670 / 119.55)
	same("no wire", reckon.bound("local", LARGE, 3), 0)
	near("update-3", reckon.bound("update-3", [134 * MB], 3), 134 / 71.73 + 3 * 134 / 119.55)


def check_line():
	fixed, slope = reckon.line([(133, 15.0), (670, 41.85), (1210, 68.85)])
	near("fixed", fixed, 8.35)
	near("slope", slope, 0.05)
	same("one size is no line", reckon.line([(133, 15.0), (133, 16.0)]), None)


def cell(method, size, number, seconds, others=0.0, **more):
	layers = SMALL if size == 133 else LARGE
	return {"form": paper.FORM, "method": method, "size": size, "nodes": 3, "uplink": 600,
		"round": number, "at": "2026-01-02T03:04:05", "seconds": seconds,
		"transfer": seconds - 3, "ready": seconds - 0.5, "unpack": 2.5, "marks": {},
		"load": {"own": 1.0, "others": others}, "connections": {},
		"uplink_bytes": sum(layers) * (1 if method == "3" else 3), "hub_bytes": sum(layers),
		"pulls": 3, "layers": layers, **more}


CELLS = [
	cell("baseline", 133, 1, 15.0), cell("baseline", 133, 2, 13.0),
	# Somebody else was at work: it does not count.
	cell("baseline", 133, 3, 44.0, others=0.9),
	cell("baseline", 670, 1, 60.0), cell("baseline", 670, 2, 60.0),
	cell("3", 133, 1, 7.0, marks={"published": 2.0}),
	cell("2", 133, 1, 9.0, push=6.0), cell("local", 133, 1, 6.5),
	{"form": paper.FORM, "method": "3", "size": 670, "nodes": 3, "uplink": 600, "round": 1,
	 "at": "2026-01-02T03:04:05", "gave_up": "not over after 99 s"},
]


def check_rows(rows):
	row = reckon.find(rows, "baseline", 133)
	near("median", row["seconds"], 14.0)
	same("rounds, disturbed", (row["rounds"], row["disturbed"]), (3, 1))
	near("transfer beside its bound", row["transfer_ratio"], 11 / 6.27)
	near("ready beside bound and unpacking", row["ready_ratio"], 13.5 / (6.27 + 2.5))
	row = reckon.find(rows, "3", 133)
	near("of the baseline", row["of_baseline"], 0.5)
	near("bytes of the baseline's", row["bytes_of_baseline"], 1 / 3)
	near("published", row["published"], 2.0)
	# 133 MB come over the line in 1.85 s, and in 3.5 s to three nodes that have no wire.
	near("with what the machine needs", row["machine_ratio"], 4 / (1.854 + 3.5))
	for ratio in "transfer_ratio", "ready_ratio":
		same(f"without a wire no bound: {ratio}", ratio in reckon.find(rows, "local", 133), False)
	near("with its push", reckon.find(rows, "2-push", 133)["seconds"], 15.0)
	same("gave up", reckon.find(rows, "3", 670), None)
	near("less than the baseline", reckon.less(rows, "3"), 50.0)
	near("slope", reckon.lines(rows)["baseline"][1], 46 / 537)
	aims = {text: (figure, most) for text, figure, most in reckon.aims(rows)}
	same("an aim", aims["3: bytes over the uplink, 133 MB, 3 nodes, 600 Mbit/s"], (0.333, 0.343))
	same("none of what is not there", [text for text in aims if "2230" in text or "670" in text], [])


def check_texts(rows):
	table = reckon.table(rows)
	columns = {line.count("|") for line in table.splitlines()}
	same("as many columns in each line", len(columns), 1)
	same("the short one", reckon.short_table(rows).splitlines()[-1],
	     "| method 3: CDR | 7.0 |  | 50 % | 33.65 % |")
	same("a line a row", len(table.splitlines()), len(rows) + 2)
	tree = xml.etree.ElementTree.fromstring(plot.picture(rows))
	text = " ".join(tree.itertext())
	for word in "baseline, 60 s", "paper's method 3", "method 2 with its push, 15 s", "133", "670":
		same(f"{word!r} in the plot", word in text, True)
	same("nothing beyond the plot", [at for at in tree.iter() if float(at.get("x", 0)) < 0 or
		float(at.get("y", 0)) > plot.HEIGHT], [])
	xml.etree.ElementTree.fromstring(plot.picture([]))
	places = [y for y, _ in plot.apart([(460, "a"), (461, "b"), (462, "c"), (100, "d")])]
	same("labels are apart", all(b - a >= plot.LABEL for a, b in zip(places, places[1:])), True)


def check_page(rows):
	page = f"a\n{paper.BEGIN % 'table'}\nold\n{paper.END}\nb\n"
	new = paper.fill(page, "table", "new")
	same("the page", new, page.replace("old", "new"))
	same("again", paper.fill(new, "table", "new"), new)
	for page, names in paper.PAGES:
		with open(page, encoding="utf-8") as file:
			text = file.read()
		for name in names:
			paper.fill(text, name, "")
	same("a heading each", reckon.table(rows).startswith("| |"), True)


def check_cells(folder):
	os.makedirs(folder)
	for one in CELLS[:-1]:
		paper.append(folder, one)
	# A run that was killed while it wrote, and one of another form.
	with open(f"{folder}/cells.jsonl", "a", encoding="ascii") as file:
		file.write(json.dumps({**CELLS[0], "form": 0, "seconds": 1}) + '\n{"method": "ba')
	paper.append(folder, CELLS[-1])
	same("all that was written", list(paper.read_cells(folder).values()), CELLS)


def main(folder):
	check_images()
	check_bounds()
	check_line()
	rows = reckon.summary(CELLS)
	check_rows(rows)
	check_texts(rows)
	check_page(rows)
	check_cells(f"{folder}/measured")


main(*sys.argv[1:])

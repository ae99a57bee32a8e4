"""What is calculated: bounds, medians, straight lines, and what the paper says.

Bytes and seconds; a MB is a million bytes.
"""

import statistics

MB = 1_000_000
# What is left of a wire's rate for payload: 1448 bytes of each 1514.
PAYLOAD = 1448 / 1514
# Seconds and seconds a MB, of the straight lines through the paper's Table 1, three nodes.
PAPER = {"baseline": (40, 0.091), "1-ctr": (30, 0.065), "2": (46, 0.042), "3": (39, 0.043)}
PAPER_SIZES = [133, 670, 1210, 2230]
# How much less time than the baseline they took, in percent: the mean of its sizes.
PAPER_LESS = {"1-ctr": 26.5, "2": 27.3, "3": 33.65}
SHAPE = {"hub_bytes": 11_000_000, "far_bytes": 23_500_000, "uplink": 600, "far": 188, "lan": 1000}
# Others' programs took so many processors: the round is disturbed.
DISTURBED = 0.15
# Of these the nodes' part is a pull by each of them.
PULLS = ("baseline", "2", "2-push", "3", "3-peers", "3-warm")

TITLES = {
	"baseline": "baseline: each node from the hub",
	"1-ctr": "method 1: one node pulls, a tar to the others",
	"1-cdr": "method 1 by `cdr watch` and `cdr save`",
	"2": "method 2: a far registry, its push not counted",
	"2-push": "method 2 with its push",
	"3": "method 3: CDR",
	"3-peers": "CDR with peers",
	"3-warm": "CDR, the mirror has it",
	"local": "no wire: each node from its own disk",
	"update-baseline": "update of a fifth, baseline",
	"update-3": "update of a fifth, CDR",
}


def wire(mbit):
	"""Payload in bytes a second."""
	return mbit * MB / 8 * PAYLOAD


def bound(method, layers, nodes, uplink=600, shape=None):
	"""The least time for the transfers of a method, in seconds; LAYERS are the bytes of those
	that come.  containerd takes each layer by one connection, all of them at once, so the
	largest one is what a slow connection has to bring; cdr takes parts."""
	shape = {**SHAPE, **(shape or {})}
	link, lan = wire(uplink), wire(shape["lan"])
	size, most = sum(layers), max(layers)

	def by_layers(rate, times):
		return max(most / rate, times * size / link)

	if method in ("baseline", "update-baseline"):
		return by_layers(shape["hub_bytes"], nodes)
	if method == "local":
		return 0
	if method == "1-ctr":
		return by_layers(shape["hub_bytes"], 1) + (nodes - 1) * size / lan
	if method in ("2", "2-push"):
		push = size / wire(shape["far"]) if method == "2-push" else 0
		return push + by_layers(shape["far_bytes"], nodes)
	copies = {"1-cdr": nodes - 1, "3-peers": 1}.get(method, nodes)
	return (0 if method == "3-warm" else size / link) + copies * size / lan


def first_bound(method, layers, uplink=600, shape=None):
	"""The part of it until the site, or the far registry, has the image; 0 where nodes
	pull at once."""
	shape = {**SHAPE, **(shape or {})}
	if method in ("1-cdr", "3", "3-peers", "update-3"):
		return sum(layers) / wire(uplink)
	if method == "1-ctr":
		return max(max(layers) / shape["hub_bytes"], sum(layers) / wire(uplink))
	return sum(layers) / wire(shape["far"]) if method == "2-push" else 0


def expected(method, layers, nodes, uplink=600):
	"""About how long a cell takes with all that is around it, for who waits."""
	size = sum(layers)
	if method.startswith("update"):
		return 9 + 1.1 * bound(method, layers[-1:], nodes, uplink) + nodes * size / 50e6
	both = bound("2-push" if method == "2" else method, layers, nodes, uplink)
	return 7 + 1.1 * both + nodes * size / 100e6


def line(points):
	"""The straight line through (MB, seconds), by least squares: fixed and slope."""
	xs, ys = [x for x, _ in points], [y for _, y in points]
	middle_x, middle_y = statistics.mean(xs), statistics.mean(ys)
	spread = sum((x - middle_x) ** 2 for x in xs)
	if spread == 0:
		return None
	slope = sum((x - middle_x) * (y - middle_y) for x, y in points) / spread
	return middle_y - slope * middle_x, slope


def good(cells):
	return [cell for cell in cells if "seconds" in cell]


def spread_push(cells):
	"""Method 2 is two rows: with its push, and without."""
	more = []
	for cell in good(cells):
		if cell["method"] == "2":
			more.append({**cell, "method": "2-push", **{
				what: round(cell[what] + cell["push"], 2)
				for what in ("seconds", "transfer", "ready")}})
	return cells + more


def groups(cells):
	"""Cells of all rounds by what they measure, in the order in which they came; of a
	group that has undisturbed rounds the others do not count."""
	found = {}
	for cell in spread_push(cells):
		key = (cell["method"], cell["size"], cell["nodes"], cell["uplink"])
		found.setdefault(key, []).append(cell)
	return found


def disturbed(cell):
	return cell["load"]["others"] > DISTURBED


def middle(cells, what):
	return round(statistics.median(cell[what] for cell in cells), 2)


def summary(cells):
	"""A row for each group: medians, bounds, and ratios."""
	rows = []
	for (method, size, nodes, uplink), every in groups(cells).items():
		there = good(every)
		row = {"method": method, "size": size, "nodes": nodes, "uplink": uplink,
		       "rounds": len(there), "gave_up": [c["gave_up"] for c in every if "gave_up" in c]}
		rows.append(row)
		if not there:
			continue
		quiet = [cell for cell in there if not disturbed(cell)]
		row["disturbed"] = len(there) - len(quiet)
		used = quiet or there
		for what in ("seconds", "transfer", "ready", "unpack", "uplink_bytes", "hub_bytes", "pulls"):
			row[what] = middle(used, what)
		row["least"], row["most"] = (pick(c["seconds"] for c in used) for pick in (min, max))
		for mark in "published", "pulled", "saved":
			row[mark] = (middle([cell["marks"] for cell in used], mark)
				     if all(mark in cell["marks"] for cell in used) else None)
		row["push"] = middle(used, "push") if method == "2-push" else None
		row["first"] = row["published"] or row["pulled"] or row["push"] or 0
		row["first_bound"] = round(first_bound(method, used[0]["layers"], uplink), 2)
		row["connections"] = statistics.median(sum(cell["connections"].values()) for cell in used)
		row["others"] = max(cell["load"]["others"] for cell in used)
		row["own"] = middle([cell["load"] for cell in used], "own")
		row["bound"] = round(bound(method, used[0]["layers"], nodes, uplink), 2)
		row["bound_unpack"] = round(row["bound"] + row["unpack"], 2)
		if row["bound"]:
			row["transfer_ratio"] = round(row["transfer"] / row["bound"], 2)
			row["ready_ratio"] = round(row["ready"] / row["bound_unpack"], 2)
	beside_baseline(rows)
	beside_machine(rows)
	return rows


def find(rows, method, size, nodes=3, uplink=600):
	for row in rows:
		if (row["method"], row["size"], row["nodes"], row["uplink"]) == (method, size, nodes, uplink):
			return row if "seconds" in row else None
	return None


def beside_baseline(rows):
	for row in rows:
		own = "update-baseline" if row["method"].startswith("update") else "baseline"
		base = find(rows, own, row["size"], row["nodes"], row["uplink"])
		if base and "seconds" in row:
			row["of_baseline"] = round(row["seconds"] / base["seconds"], 3)
			row["transfer_of_baseline"] = round(row["transfer"] / base["transfer"], 3)
			row["bytes_of_baseline"] = round(row["uplink_bytes"] / base["uplink_bytes"], 3)


def beside_machine(rows):
	"""Where nodes pull, they need at least the time that as many of them need on this machine
	when there is no wire at all."""
	for row in rows:
		local = find(rows, "local", row["size"], row["nodes"])
		if not local or "seconds" not in row or row["method"] not in PULLS:
			continue
		least = row["first_bound"] + max(row["bound"] - row["first_bound"], local["transfer"])
		row["bound_machine"] = round(least, 2)
		row["machine_ratio"] = round(row["transfer"] / least, 2)


def lines(rows, nodes=3, uplink=600):
	"""Fixed part and slope of each method that has two sizes."""
	found = {}
	for row in rows:
		if (row["nodes"], row["uplink"]) == (nodes, uplink) and "seconds" in row:
			found.setdefault(row["method"], []).append((row["size"], row["seconds"]))
	return {method: line(points) for method, points in found.items() if len(points) > 1}


# --- what is aimed at ---------------------------------------------------------------

def aims(rows):
	"""(text, figure, at most) for each aim that these rows can tell of."""
	told = []

	def most(text, row, what, value):
		if row and row.get(what) is not None:
			told.append((text, row[what], value))

	for size in 1210, 2230:
		for method in "1-cdr", "3", "3-peers", "3-warm":
			row = find(rows, method, size)
			most(f"{method} at {size} MB, transfer beside its bound", row, "transfer_ratio", 1.15)
			most(f"{method} at {size} MB, transfer beside what wires and machine allow", row,
			     "machine_ratio", 1.15)
			most(f"{method} at {size} MB, with unpacking", row, "ready_ratio", 1.25)
	for method, size, value in (("3", 2230, 0.52), ("3-peers", 2230, 0.50), ("3-warm", 2230, 0.40),
				    ("3", 670, 0.62)):
		most(f"{method} at {size} MB, of the baseline", find(rows, method, size), "of_baseline", value)
	most("3-warm at 2230 MB, transfer, of the baseline's", find(rows, "3-warm", 2230),
	     "transfer_of_baseline", 0.32)
	for row in rows:
		where = f"{row['size']} MB, {row['nodes']} nodes, {row['uplink']} Mbit/s"
		if row["method"] == "update-3":
			most(f"update at {row['size']} MB, of the baseline's", row, "of_baseline", 0.6)
		if row["method"] == "3" and row["uplink"] < 600:
			most(f"thin, {where}, of the baseline", row, "of_baseline", 0.42)
		if row["method"] in ("3", "3-peers"):
			most(f"{row['method']}: bytes over the uplink, {where}", row, "bytes_of_baseline",
			     round(1.03 / row["nodes"], 3))
	for size in 670, 2230:
		for method, other in (("3", "1-ctr"), ("3", "1-cdr"), ("3-peers", "1-cdr"), ("3", "2-push")):
			row, beside = find(rows, method, size), find(rows, other, size)
			if row and beside:
				told.append((f"{method} at {size} MB, beside {other}",
					     round(row["seconds"] / beside["seconds"], 2), 1.0))
	return told


# --- Markdown -------------------------------------------------------------------------

def cell_text(row, what, form="{:.1f}"):
	return form.format(row[what]) if row.get(what) is not None else ""


def table(rows):
	"""A line for each row, in Markdown."""
	out = ["| | MB | s | of the baseline | transfer | its bound | ratio | with the machine's | unpacking | "
	       "ready beside bound and unpacking | MB over the uplink | MB from the hub | pulls | others' CPU |",
	       "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|"]
	for row in rows:
		title = TITLES[row["method"]]
		if row["nodes"] != 3:
			title += f", {row['nodes']} nodes"
		if row["uplink"] != 600:
			title += f", {row['uplink']} Mbit/s"
		if "seconds" not in row:
			out.append(f"| {title} | {row['size']} | gave up: {row['gave_up'][-1]} |" + " |" * 11)
			continue
		spread = f" ({row['least']:.1f}-{row['most']:.1f})" if row["rounds"] > 1 else ""
		out.append(
			f"| {title} | {row['size']} | {row['seconds']:.1f}{spread} | "
			f"{cell_text(row, 'of_baseline', '{:.2f}')} | {row['transfer']:.1f} | {row['bound']:.1f} | "
			f"{cell_text(row, 'transfer_ratio', '{:.2f}')} | {cell_text(row, 'machine_ratio', '{:.2f}')} | "
			f"{row['unpack']:.1f} | {cell_text(row, 'ready_ratio', '{:.2f}')} | "
			f"{row['uplink_bytes'] / MB:.0f} | {row['hub_bytes'] / MB:.0f} | {row['pulls']:.0f} | "
			f"{row['others']:.2f}{' disturbed' if row['disturbed'] == row['rounds'] else ''} |")
	return "\n".join(out)


def less(rows, method):
	"""How much less time than the baseline, in percent: the mean of the sizes."""
	shares = [row["of_baseline"] for row in rows
		  if (row["method"], row["nodes"], row["uplink"]) == (method, 3, 600)
		  and "of_baseline" in row]
	return 100 * (1 - statistics.mean(shares)) if shares else None


def short_table(rows):
	"""As the paper's Table 1: a row for each method, a column for each size."""
	sizes = sorted({row["size"] for row in rows if (row["nodes"], row["uplink"]) == (3, 600)
			and not row["method"].startswith("update") and row["method"] != "local"})
	out = ["| seconds until three nodes run it | " + " | ".join(f"{size} MB" for size in sizes)
	       + " | less than the baseline | the paper's |",
	       "|---|" + "---|" * (len(sizes) + 2)]
	for method, title in TITLES.items():
		there = [find(rows, method, size) for size in sizes]
		if method == "local" or method.startswith("update") or not any(there):
			continue
		cells = [f"{row['seconds']:.1f}" if row else "" for row in there]
		mean = less(rows, method) if method != "baseline" else None
		paper = PAPER_LESS.get(method)
		out.append(f"| {title} | {' | '.join(cells)} | "
			   f"{'' if mean is None else f'{mean:.0f} %'} | "
			   f"{'' if paper is None else f'{paper:g} %'} |")
	return "\n".join(out)


def lines_table(rows):
	found = lines(rows)
	out = ["| | fixed, s | s a MB | that is MB/s | the paper's: fixed | s a MB | MB/s |",
	       "|---|---|---|---|---|---|---|"]
	for method in TITLES:
		if method not in found or method == "local":
			continue
		fixed, slope = found[method]
		theirs = PAPER.get(method)
		beside = (f"{theirs[0]} | {theirs[1]:.3f} | {1 / theirs[1]:.1f}" if theirs else " | | ")
		out.append(f"| {TITLES[method]} | {fixed:.1f} | {slope:.4f} | {1 / slope:.1f} | {beside} |")
	return "\n".join(out)


def where_table(rows):
	"""Where the time of each method goes, for three nodes: in turn, as it was seen."""
	out = ["| | MB | until the site has it | its bound | a tar of it | nodes' transfers | unpacking | "
	       "a container | connections to the hub | own CPU, cores |",
	       "|---|---|---|---|---|---|---|---|---|---|"]
	for row in rows:
		if "seconds" not in row or (row["nodes"], row["uplink"]) != (3, 600):
			continue
		first = row["first"]
		tar = row["saved"] - first if row["saved"] is not None else None
		out.append(
			f"| {TITLES[row['method']]} | {row['size']} | {first:.1f} | {row['first_bound']:.1f} | "
			f"{'' if tar is None else format(tar, '.1f')} | "
			f"{row['transfer'] - (row['saved'] or first):.1f} | "
			f"{row['ready'] - row['transfer']:.1f} | {row['seconds'] - row['ready']:.1f} | "
			f"{row['connections']:.0f} | {row['own']:.1f} |")
	return "\n".join(out)


def aims_table(rows):
	out = ["| | here | at most | |", "|---|---|---|---|"]
	for text, figure, value in aims(rows):
		out.append(f"| {text} | {figure:.2f} | {value:.2f} | {'' if figure <= value else 'missed'} |")
	return "\n".join(out)

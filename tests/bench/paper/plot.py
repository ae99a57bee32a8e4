"""A plot of the experiment as SVG: seconds over MB, a line for each method, and the
straight lines of the paper's table, dashed, in the same colours.

Colours are told apart in light and in dark, and each line has its name at its end.
"""

import html

import reckon

WIDTH, HEIGHT = 820, 520
LEFT, TOP, RIGHT, BOTTOM = 56, 40, 222, 48
LABEL = 15		# from one label to the next
LONG = {"baseline": "baseline", "1-ctr": "method 1", "1-cdr": "method 1 by cdr",
	"2": "method 2 without its push", "2-push": "method 2 with its push", "3": "method 3: CDR",
	"3-peers": "CDR with peers", "3-warm": "CDR, warm"}
PAPERS = {"baseline": "baseline", "1-ctr": "method 1", "2": "method 2", "3": "method 3"}
# On white, and on near black.
COLOURS = {"baseline": ("#57606a", "#a5adb8"), "1-ctr": ("#9a6700", "#d9a440"),
	   "1-cdr": ("#bc4c00", "#f0883e"), "2": ("#8250df", "#b895f8"),
	   "2-push": ("#bf3989", "#f080bd"), "3": ("#0969da", "#58a6ff"),
	   "3-peers": ("#1a7f37", "#4ac26b"), "3-warm": ("#0f7b8a", "#3cc0d0")}


def style():
	def rules(number, text, grid):
		out = [f"text{{fill:{text}}}.grid{{stroke:{grid}}}"]
		for name, pair in COLOURS.items():
			out.append(f".m{name}{{stroke:{pair[number]}}}text.m{name},circle.m{name}"
				   f"{{fill:{pair[number]};}}")
		return "".join(out)
	return ("<style>text{font:12px system-ui,sans-serif;stroke:none!important}"
		".line{fill:none;stroke-width:2.2}.paper{fill:none;stroke-width:1.4;stroke-dasharray:5 4}"
		f".grid{{stroke-width:1}}{rules(0, '#1f2328', '#d0d7de')}"
		f"@media(prefers-color-scheme:dark){{{rules(1, '#e6edf3', '#3d444d')}}}</style>")


def step_of(most):
	"""A round number, of which some eight make the axis."""
	for step in (1, 2, 5, 10, 20, 25, 50, 100, 200, 500):
		if most / step <= 8:
			return step
	return 1000


class Axes:
	def __init__(self, most_mb, most_s):
		self.mb, self.s = most_mb * 1.02, most_s * 1.04

	def x(self, mb):
		return round(LEFT + mb / self.mb * (WIDTH - LEFT - RIGHT), 1)

	def y(self, seconds):
		return round(HEIGHT - BOTTOM - seconds / self.s * (HEIGHT - TOP - BOTTOM), 1)

	def grid(self, sizes):
		out, step = [], step_of(self.s)
		for value in range(0, int(self.s) + 1, step):
			y = self.y(value)
			out.append(f'<path class="grid" d="M{LEFT} {y}H{WIDTH - RIGHT}"/>'
				   f'<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{value}</text>')
		for size in sizes:
			x = self.x(size)
			out.append(f'<path class="grid" d="M{x} {HEIGHT - BOTTOM}v5"/>'
				   f'<text x="{x}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{size}</text>')
		out.append(f'<text x="{LEFT - 8}" y="{TOP - 16}">seconds until three nodes run it</text>'
			   f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 8}" text-anchor="middle">'
			   "size of the image, MB</text>")
		return out


def apart(wanted):
	"""Places for labels as near as can be to where they belong, and not over each other."""
	places = []
	for y, name in sorted(wanted):
		places.append([max(y, places[-1][0] + LABEL) if places else y, name])
	most = HEIGHT - BOTTOM
	for place in reversed(places):
		place[0] = min(place[0], most)
		most = place[0] - LABEL
	return places


def picture(rows):
	lines = {}
	for row in rows:
		if (row["nodes"], row["uplink"]) == (3, 600) and "seconds" in row and row["method"] in LONG:
			lines.setdefault(row["method"], []).append((row["size"], row["seconds"]))
	sizes = sorted({size for points in lines.values() for size, _ in points}) or reckon.PAPER_SIZES
	span = (sizes[0], sizes[-1])
	papers = {method: [(size, fixed + slope * size) for size in span]
		  for method, (fixed, slope) in reckon.PAPER.items()}
	every = [seconds for points in [*lines.values(), *papers.values()] for _, seconds in points]
	axes = Axes(sizes[-1], max(every))
	out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
	       'aria-label="Deployment time over image size, by method">', style(), *axes.grid(sizes)]
	labels = []
	for method, points in papers.items():
		path = "L".join(f"{axes.x(size)} {axes.y(s)}" for size, s in points)
		out.append(f'<path class="paper m{method}" d="M{path}"/>')
		labels.append((axes.y(points[-1][1]), (method, f"paper's {PAPERS[method]}")))
	for method in LONG:
		points = sorted(lines.get(method, []))
		if not points:
			continue
		path = "L".join(f"{axes.x(size)} {axes.y(s)}" for size, s in points)
		out.append(f'<path class="line m{method}" d="M{path}"/>')
		out += [f'<circle class="m{method}" r="3.2" cx="{axes.x(size)}" cy="{axes.y(s)}"/>'
			for size, s in points]
		labels.append((axes.y(points[-1][1]), (method, f"{LONG[method]}, {points[-1][1]:.0f} s")))
	for y, (method, text) in apart(labels):
		out.append(f'<text class="m{method}" x="{WIDTH - RIGHT + 10}" y="{round(y + 4, 1)}">'
			   f"{html.escape(text)}</text>")
	return "\n".join(out) + "\n</svg>\n"

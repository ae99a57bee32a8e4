#!/usr/bin/env python3
"""What of the style has one right answer.  Run at the top of the repository by
tests/lint, with the files to look at; prints FILE:LINE: what is wrong, and ends
with 1 if there was anything.

C: no line over 80 columns, a function's name and brace at the beginning of a
line, no calls that a careful program has no use for, no conditional compilation
inside a function, goto only to out, structs by their own names, and includes
that point down only.  Python: it compiles, and hides no module of Python's own.
Markdown: what a relative link leads to is there, as a file and as a heading, and so
is a file that is named from the top of the repository, `layout/store.h`; README.md
fits on few pages.  nginx: captures are used in the safe ways alone.  PNG: it is one,
and small.  All: no blanks at the end of a line or of a file, no marks of unfinished
work, and each mark of a quirk, "quirks.md" with "#" and a name behind it, is a section
of that page.  The page has no section that nothing points to.
"""

import ast
import glob
import os
import re
import sys

COLUMNS = 80
BANNED = re.compile(r"\b(strcpy|strcat|sprintf|vsprintf|strtok|atoi|atol|atof|system|"
		    r"alloca|gets|strncpy|tmpnam|mktemp)\s*\(")
# Spelt so that this line is not one of them.
UNFINISHED = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b")
CONDITIONAL = re.compile(r"\s*#\s*(if|ifdef|ifndef|elif|else|endif)\b")
UNBREAKABLE = re.compile(r'"[A-Za-z0-9/.:+_-]{60,}"')
INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')
COMMENT_OR_STRING = re.compile(
	r"""/\*.*?\*/ | //[^\n]* | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*'""",
	re.DOTALL | re.VERBOSE)

# Spelt so that this line is none of them: pages that are not in the repository,
# and a bare number of theirs.
NOWHERE = re.compile(r"\b(?:registry-f" r"acts|fleet-f" r"acts|field-r" r"eports)\b|"
		     r"\([A-F][0-9]{1,2}\.[0-9]{1,2}\b")
QUIRKS = "syncer/registry/quirks.md"
QUIRK = re.compile(r"quirks\.md#([\w-]+)")
HEADING = re.compile(r"(#{1,6}) (.+)")

# Which folders the files of a folder may include from.
BELOW = {
	"layout": {"layout"},
	"image": {"image", "layout"},
	"registry": {"registry", "report", "image", "layout"},
	"report": {"report", "layout"},
	"link": {"link", "layout"},
	"transfer": {"transfer", "link", "report", "registry", "image",
		     "layout"},
	"mirror": {"mirror", "transfer", "report", "registry", "image",
		   "layout"},
	"bundle": {"bundle", "mirror", "report", "image", "layout"},
	"node": {"node", "yaml", "registry", "image", "layout"},
	"doctor": {"doctor", "node", "report", "registry", "image", "layout"},
	"yaml": {"yaml", "layout"},
	"source": {"source", "yaml", "report", "image", "layout"},
	"hook": {"hook", "report", "image", "layout"},
	"watch": {"watch", "hook", "report", "image", "layout"},
	"notify": {"notify", "registry", "report", "image", "layout"},
	"cmd": {"cmd", "watch", "hook", "notify", "source", "doctor", "node", "bundle", "mirror", "transfer", "link", "report",
		"registry", "image", "layout"},
	"offline": {"cmd", "node", "mirror", "registry", "layout"},
	"main": {"cmd"},
}
# Where one folder may be asked for one thing only: registries' words pass the
# gate there, and what is told is for others to say.
ONLY = {("registry", "report"): {"report/outside.h"}}
# An outsider's words: they become a message by outside_quote, and by nothing else.
OUTSIDE = re.compile(r"\b(err_set|err_wrap|err_sys|report|finding_add|snprintf|xasprintf)"
		     r"\s*\(")
WORDS = re.compile(r"(->|\.)(body|notes|message)\b|\bhttp_header\(|\bcurl_\w*strerror\(")
# What only some files know of.  JSON: where it is read or written.
LIBRARIES = {
	"curl/": {"syncer/registry/http_internal.h", "syncer/registry/url.c"},
	"jansson.h": {"syncer/cmd/ls_print.c", "syncer/cmd/ls_history.c",
		      "syncer/cmd/rollback.c", "syncer/cmd/verify_run.c",
		      "syncer/cmd/collect_print.c",
		      "syncer/cmd/export_print.c", "syncer/cmd/node_json.c",
		      "syncer/bundle/sigstore.c",
		      "syncer/mirror/found.c", "syncer/mirror/verify_rules.c", "syncer/image/descriptor.h",
		      "syncer/image/manifest.c", "syncer/image/readjson.h",
		      "syncer/node/daemon_json.c", "syncer/node/record.c",
		      "syncer/doctor/catalog.c", "syncer/doctor/access_log.c",
		      "syncer/cmd/doctor.c",
		      "syncer/image/referrer.c", "syncer/image/signature.c",
		      "syncer/registry/credentials.c",
		      "syncer/registry/ocidir.c",
		      "syncer/registry/quota_book.c",
		      "syncer/registry/registries.c", "syncer/registry/token.c",
		      "syncer/registry/upstream.c",
		      "syncer/report/report_internal.h",
		      "syncer/report/book.h",
		      "syncer/report/held.c",
		      "syncer/report/history.c", "syncer/report/holding.c",
		      "syncer/report/holding.h", "syncer/report/status.c",
		      "syncer/report/status_view.h",
		      "syncer/mirror/holdings.c", "syncer/mirror/plan.c",
		      "syncer/mirror/keep_pods.c",
		      "syncer/report/status_record.c",
		      "syncer/report/status_doc.h",
		      "syncer/report/status_groups.h",
		      "syncer/report/status_lists.h",
		      "syncer/report/status_record.h",
		      "syncer/report/unlisted.c", "syncer/report/runs.c", "syncer/report/traffic.c",
		      "syncer/report/watch_status.c",
		      "syncer/bundle/save_json.c",
		      "syncer/hook/hook_config.c",
		      "syncer/hook/event_internal.h",
		      "syncer/notify/notify_file.c",
		      "syncer/notify/notify_body.c",
		      "syncer/source/asked.c", "syncer/source/compose.h",
		      "syncer/source/crictl.h", "syncer/source/kubernetes.h",
		      "syncer/source/regsync.h", "syncer/source/skopeo.h",
		      "syncer/node/rancher_conf.c",
		      "syncer/yaml/yaml_load.h", "syncer/yaml/yaml_value.h"},
	"yaml.h": {"syncer/yaml/yaml_edit_internal.h", "syncer/yaml/yaml_load.c"},
	"openssl/": {"layout/digest.c", "layout/base64.c",
		     "syncer/image/pubkey.c", "syncer/bundle/bundle_key.c",
		     "syncer/bundle/bundle_sign.c",
		     "syncer/hook/secret.c"},
	"archive.h": {"syncer/bundle/tarfile.c", "syncer/bundle/part_read.c"},
	"archive_entry.h": {"syncer/bundle/tarfile.c",
			    "syncer/bundle/part_read.c"},
}

README_LINES = 200
PICTURE_BYTES = 200_000
# Of nginx: a map begins; its line with a regular expression; captures.
MAP = re.compile(r"map\s.*\{\s*$")
PATTERN = re.compile(r"\"?~")
NAMED_CAPTURE = re.compile(r"\(\?P?[<'](?![=!])")
NUMBERED = re.compile(r"\$\{?[0-9]")
PNG = b"\x89PNG\r\n\x1a\n"
LINK = re.compile(r"\]\(\s*<?([^)\s>]*)>?[^)]*\)|^\s*\[[^\]]+\]:\s*(\S+)")
NAMED = re.compile(r"`((?:layout|syncer|nginx|k8s|tests|scripts|\.ci)/[A-Za-z0-9_.*/-]+)`")
PLACEHOLDER = re.compile(r"\b(?:NAME|NN|FILE)\b")

found = 0


def complain(path, line, what):
	global found
	found += 1
	print(f"{path}:{line}: {what}")


def check_text(path, text):
	for number, line in enumerate(text.split("\n"), 1):
		if line != line.rstrip():
			complain(path, number, "a blank at the end of the line")
		if UNFINISHED.search(line):
			complain(path, number, "a mark of unfinished work")
		if NOWHERE.search(line):
			complain(path, number, f"{NOWHERE.search(line).group(0)}: such a page is "
				 f"nowhere, point into {QUIRKS}")
	if text and not text.endswith("\n"):
		complain(path, text.count("\n") + 1, "no end of the last line")
	if text.endswith("\n\n"):
		complain(path, text.count("\n"), "an empty line at the end of the file")


def slug(heading):
	"""The anchor that a page's reader makes of a heading."""
	return re.sub(r"[^\w -]", "", heading.strip().lower()).replace(" ", "-")


def sections(text):
	"""The headings of a page by their anchors: line and depth of each."""
	found = {}
	for number, line in enumerate(text.split("\n"), 1):
		heading = HEADING.fullmatch(line)
		if not heading:
			continue
		name = slug(heading.group(2))
		if name in found:
			complain(QUIRKS, number, f"#{name} is line {found[name][0]} already")
		found[name] = (number, len(heading.group(1)))
	return found


def check_quirks(texts):
	"""Marks and sections belong together.  A heading of the first or second depth
	is of a group: no mark is to it, and it needs none."""
	page = sections(texts[QUIRKS])
	unused = {name: at[0] for name, at in page.items() if at[1] > 2}
	wanted = set(unused)
	for path, text in texts.items():
		for number, line in enumerate(text.split("\n"), 1):
			for name in QUIRK.findall(line):
				if name not in wanted:
					complain(path, number, f"{QUIRKS} has no section #{name}")
				unused.pop(name, None)
	for name, number in unused.items():
		complain(QUIRKS, number, f"nothing points to #{name}")


def folder_of(path):
	"""Where a file of the program stands in the order; None: anywhere above."""
	parts = path.split("/")
	if parts[0] == "layout":
		return "layout"
	if path == "syncer/main.c":
		return "main"
	if parts[0] != "syncer":
		return None
	# The room of a room: transfer/link.
	return parts[-2]


def check_door(path, number, name):
	"""What stands in STEM_internal.h is for STEM.c and STEM_*.c alone; a blob
	that is being written is one of the store's, and who goes through all of the tree
	knows the store as well."""
	stem = os.path.basename(name).partition("_internal.h")
	mine = os.path.splitext(os.path.basename(path))[0]
	if stem[0] == "store" and mine.split("_")[0] in ("blob", "gc", "verify"):
		mine = "store"
	if stem[1] and mine != stem[0] and not mine.startswith(stem[0] + "_"):
		complain(path, number, f'"{name}" is for {stem[0]} alone')


def check_include(path, number, kind, name):
	own = folder_of(path)
	if own is None:
		return
	if kind == "<":
		for library, users in LIBRARIES.items():
			if name.startswith(library) and path not in users:
				complain(path, number, f"<{name}> is not for this file")
		return
	if "/" not in name:
		# layout is a library with its headers beside its files.
		if own != "layout" or not os.path.exists(f"layout/{name}"):
			complain(path, number, f'"{name}": say which folder it is in')
		check_door(path, number, name)
		return
	only = ONLY.get((own, name.split("/")[-2]))
	if only is not None and name not in only:
		complain(path, number, f'"{name}" is not for {own}')
	if name.split("/")[-2] not in BELOW.get(own, ()):
		complain(path, number, f'"{name}" is not below {own}')
	check_door(path, number, name)


def check_words(path, code):
	"""No message quotes a body, a header or libcurl past report/outside.h."""
	text = "\n".join(code)
	for call in OUTSIDE.finditer(text):
		statement = text[call.start():text.find(";", call.end())]
		if WORDS.search(statement) and "outside_quote(" not in statement:
			complain(path, text.count("\n", 0, call.start()) + 1,
				 "an outsider's words in a message, without outside_quote")


def check_code(path, code, lines):
	"""code: the lines without their comments and strings."""
	inside = False
	for number, line in enumerate(code, 1):
		# A line of a usage text is as wide as people see it, and a digest
		# cannot be broken.
		room = COLUMNS + (len('""\\n') if lines[number - 1][:1] == '"' else 0)
		if (len(lines[number - 1].expandtabs(8)) > room
		    and not UNBREAKABLE.search(lines[number - 1])):
			complain(path, number, f"more than {COLUMNS} columns")
		include = INCLUDE.match(lines[number - 1])
		if include and line.strip():
			check_include(path, number, *include.groups())
		banned = BANNED.search(line)
		if banned and not re.match(r"\s*#", line):
			complain(path, number, f"{banned.group(1)} is not used here")
		if re.search(r"\bgoto\s+(?!out\b)", line):
			complain(path, number, "goto is for out")
		if re.search(r"\btypedef\s+(struct|union|enum)\b", line):
			complain(path, number, "no typedef for a struct")
		if re.match(r"\w.*\)\s*\{$", line):
			complain(path, number, "a function's brace stands in a line of its own")
		if line == "{":
			inside = True
			check_head(path, code, number)
		elif line == "}":
			inside = False
		elif inside and CONDITIONAL.match(line):
			complain(path, number, "conditional compilation inside a function")


def check_head(path, code, number):
	"""Above its brace a function's name begins a line, with the type before it."""
	for above in range(number - 1, 0, -1):
		line = code[above - 1]
		if line[:1] in ("\t", " ", ""):
			continue
		if not re.match(r"[a-zA-Z_]\w*\(", line):
			complain(path, above, "the return type stands in a line of its own")
		return


def blank(match):
	"""What a comment or a string leaves: its line feeds."""
	return re.sub(r"[^\n]", " ", match.group(0))


def check_c(path, text):
	code = COMMENT_OR_STRING.sub(blank, text)
	code = [line.rstrip() for line in code.split("\n")]
	check_code(path, code, text.split("\n"))
	if path.startswith("syncer/"):
		check_words(path, code)


def check_python(path, text):
	# What lies beside a program goes before the library that it imports from.
	if os.path.splitext(os.path.basename(path))[0] in sys.stdlib_module_names:
		complain(path, 1, "has the name of a module of Python's own")
	try:
		ast.parse(text, path)
	except SyntaxError as problem:
		complain(path, problem.lineno, problem.msg)


def prose(text):
	"""The lines of a Markdown text; what is fenced as code is empty."""
	fence = None
	for line in text.split("\n"):
		mark = re.match(r"\s*(```+|~~~+)", line)
		if mark and fence is None:
			fence = mark.group(1)
		elif mark and line.strip() == fence:
			fence = None
		elif fence is None:
			yield line
			continue
		yield ""


def anchors_of(path):
	"""What "#..." may be in a link to this file: its headings, as forges spell them."""
	with open(path, encoding="utf-8") as file:
		lines = list(prose(file.read()))
	names = set()
	for line in lines:
		heading = HEADING.fullmatch(line)
		if not heading:
			continue
		name = slug(re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading.group(2)))
		names.add(name if name not in names else
			  f"{name}-{sum(n == name or n.startswith(name + '-') for n in names)}")
	return names


def check_link(path, number, target):
	if re.match(r"[a-z][a-z0-9+.-]*:", target):
		return
	name, _, anchor = target.partition("#")
	there = os.path.normpath(os.path.join(os.path.dirname(path), name)) if name else path
	if there.startswith("..") or name.startswith("/") or not os.path.exists(there):
		complain(path, number, f"a link to {target}, which is not there")
	elif "#" in target and (not there.endswith(".md") or anchor not in anchors_of(there)):
		complain(path, number, f"a link to {target}, which has no such heading")


def check_markdown(path, text):
	if path == "README.md" and text.count("\n") > README_LINES:
		complain(path, text.count("\n"), f"more than {README_LINES} lines")
	for number, line in enumerate(prose(text), 1):
		for link in LINK.finditer(re.sub(r"`[^`]*`", "", line)):
			check_link(path, number, link.group(1) or link.group(2) or "")
		for name in NAMED.findall(line):
			if not glob.glob(name) and not PLACEHOLDER.search(name):
				complain(path, number, f"{name} is not there")


def check_nginx(path, text):
	"""An nginx before 1.31.3 overruns a buffer where a capture and, behind it, a map's
	variable that changes this capture are in one string (CVE-2026-42533).  So only a
	map's own result has a numbered one, and no map has a named one or is volatile."""
	in_map = False
	for number, line in enumerate(text.split("\n"), 1):
		line = line.strip()
		if line.startswith("#"):
			continue
		if MAP.match(line):
			in_map = True
		elif re.match(r"map\b", line):
			complain(path, number, "a map's first line ends with {, for this check")
		elif in_map and line.startswith("}"):
			in_map = False
		elif in_map and re.match(r"volatile\b", line):
			complain(path, number, "a volatile map")
		elif in_map and PATTERN.match(line):
			if NAMED_CAPTURE.search(line):
				complain(path, number, "a named capture in a map")
			continue
		if NUMBERED.search(line):
			complain(path, number, "a numbered capture that is no map's result")


def check_picture(path):
	with open(path, "rb") as file:
		content = file.read()
	if not content.startswith(PNG):
		complain(path, 1, "not PNG")
	if len(content) > PICTURE_BYTES:
		complain(path, 1, f"more than {PICTURE_BYTES} bytes")


def main(paths):
	texts = {}
	for path in paths:
		if path.endswith(".png"):
			check_picture(path)
			continue
		try:
			with open(path, encoding="utf-8") as file:
				text = file.read()
		except UnicodeDecodeError:
			complain(path, 1, "not UTF-8")
			continue
		texts[path] = text
		check_text(path, text)
		if path.endswith((".c", ".h")):
			check_c(path, text)
		elif path.endswith(".md"):
			check_markdown(path, text)
		elif path.endswith(".conf"):
			check_nginx(path, text)
		elif path.endswith(".py") or text.startswith("#!/usr/bin/env python3"):
			check_python(path, text)
	# Not where somebody looks at a few files alone.
	if QUIRKS in texts:
		check_quirks(texts)
	return 1 if found else 0


if __name__ == "__main__":
	sys.exit(main([re.sub(r"^\./", "", path) for path in sys.argv[1:]]))

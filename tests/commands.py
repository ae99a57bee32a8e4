"""Is there all that documents tell to type?

	commands.py CDR FILE...

Reads documents in Markdown, man pages, units and cdr.env, and looks up each command line
in them that is of this repository: subcommands and options of cdr, and the values of
these; options of scripts; targets and variables of make; units of systemd; what kubectl
is given; and each path that begins with a folder of this repository. Prints FILE:LINE:
what is not there, and at its end how many commands of which file it has looked up. Ends
with 1 if anything is missing. Nothing that it finds is run, but for cdr with --help
behind what the document has: its parser has then taken all that stands before.

Paths are seen from the working directory, the top of the repository.
"""
import collections
import functools
import glob
import os
import re
import shlex
import subprocess
import sys

TOPS = "boot|k8s|layout|nginx|scripts|syncer|tests"
PATH = re.compile(r"(?<![\w./-])(?:%s)/[A-Za-z0-9_.*/-]*[A-Za-z0-9_*/]" % TOPS)
SHARED = re.compile(r"/usr/local/share/cdr/((?:nginx|k8s)/[A-Za-z0-9_./-]*[A-Za-z0-9_])")
# What stands for something else, and what is left out.
PLACEHOLDER = re.compile(r"\b[A-Z]{2,}\b|\bNN\b|…|\.\.\.")
OPERATOR = re.compile(r"[|&;(){}]+")
PROMPT = re.compile(r"^\s*(?:[a-z]+)?[$#] ")
ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
# In front of a command, and no part of it.
BEFORE = {"sudo", "exec", "sh", "python3", "env", "!", "while", "until", "if", "do", "then", "."}
INSTALLED = {"cdr-serve": "scripts/serve", "cdr-hooks": "scripts/hooks", "cdr-peer": "scripts/peer"}
# Such a value is for who reads it; the parser gets one that fits.
EXAMPLES = {"URL": "http://127.0.0.1:5000", "RATE": "20M", "SIZE": "1G", "N": "1", "TIME": "1h",
	"REF": "app:1"}

complaints = []
looked_up = collections.Counter()


def complain(where, what):
	if (where, what) not in complaints:
		complaints.append((where, what))


# --- what there is ----------------------------------------------------------------

def run_cdr(*words):
	# Nothing of the user's, and no tree anywhere.
	env = {"PATH": os.environ["PATH"], "CDR_ROOT": "/nonexistent/tree"}
	env.update((key, value) for key, value in os.environ.items() if key.endswith("SAN_OPTIONS"))
	return subprocess.run([CDR, *words], env=env, stdin=subprocess.DEVNULL, capture_output=True,
		text=True, timeout=60, check=False)


@functools.lru_cache(None)
def subcommands():
	lines = run_cdr("__complete", "").stdout.splitlines()
	return {line.split("\t")[0] for line in lines} - {"--help", "--version"}


@functools.lru_cache(None)
def options_of(*command):
	"""Long ones, and of these who take a value."""
	lines = run_cdr("__complete", *command, "--").stdout.splitlines()
	names = {line.split("\t")[0] for line in lines}
	usage = run_cdr(*command, "--help").stdout
	if command[0] == "watch":
		usage += run_cdr("sync", "--help").stdout
	valued = set(re.findall(r"(--[a-z-]+)[ =][A-Z]", usage))
	short = re.findall(r"(?:^|[ \[|])(-[A-Za-z])(, (--[a-z-]+)| [A-Z])?", usage, re.M)
	for name, more, long in short:
		if long in valued or (more and not long):
			valued.add(name)
	return names, valued


@functools.lru_cache(None)
def text_of(path):
	with open(path, encoding="utf-8") as file:
		return file.read()


@functools.lru_cache(None)
def script_has(path, option):
	text = text_of(path)
	if option.startswith("--"):
		return re.search(r"""(?:^|[\s|("'/])%s(?=[\s|)"'=,]|$)""" % re.escape(option), text, re.M)
	letters = re.search(r"getopts ['\"]?([A-Za-z:]+)", text)
	if letters and all(letter in letters[1] for letter in option[1:2]):
		return True
	return re.search(r"""(?:^|[\s|("'/])%s(?=[\s|)"',]|$)""" % re.escape(option), text, re.M)


@functools.lru_cache(None)
def make_targets():
	targets = set()
	for names in re.findall(r"^([^\s#=][^:=\n]*):(?!=)", text_of("Makefile"), re.M):
		targets |= set(names.split())
	return targets


@functools.lru_cache(None)
def workloads():
	"""KIND/NAME of what the manifests make."""
	found = set()
	for path in glob.glob("k8s/**/*.yaml", recursive=True):
		for kind, name in re.findall(r"^kind: (\w+)\nmetadata:\n(?:  .*\n)*?  name: (\S+)",
				text_of(path), re.M):
			found.add(f"{kind.lower()}/{name}")
	return found


# --- one command ------------------------------------------------------------------

def check_cdr(where, words):
	if words[0] in ("help", "--help", "--version", "-h", "-V"):
		return
	# What shells call.
	if words[0] == "__complete":
		return
	if words[0] not in subcommands():
		complain(where, f"cdr {words[0]}: no such command")
		return
	looked_up[where.split(":")[0]] += 1
	command = words[:2] if words[:2] == ["node-config", "peers"] else words[:1]
	names, valued = options_of(*command)
	for word in words[1:]:
		if word.startswith("--") and word != "--" and word.split("=")[0] not in names:
			complain(where, f"cdr {words[0]}: {word.split('=')[0]}: no such option")
			return
	words = [EXAMPLES.get(word, word) for word in words if word != "--"]
	# Text names an option without its value.
	if words[-1] in valued:
		words.pop()
	done = run_cdr(*words, "--help")
	said = done.stderr.splitlines()
	# Keys are read at once, and are somebody's.
	if done.returncode != 0 and not (said and said[0].endswith("no such file")):
		complain(where, f"cdr {shlex.join(words)}: {said[0] if said else 'failed'}")


def check_script(where, path, words):
	looked_up[where.split(":")[0]] += 1
	if not os.path.isfile(path):
		complain(where, f"{path}: no such file")
		return
	for word in words:
		option = word.split("=")[0]
		if re.fullmatch(r"--?[A-Za-z][a-z-]*", option) and not script_has(path, option):
			complain(where, f"{path}: {option}: no such option")


def check_make(where, words):
	looked_up[where.split(":")[0]] += 1
	for word in words:
		name, is_set, _ = word.partition("=")
		if word.startswith("-") or re.fullmatch(r"[\d.]+", word):
			continue
		if is_set:
			if not re.search(r"\$\(%s\b|^%s\s*[?:]?=|\b%s\b" % (name, name, name),
					text_of("Makefile"), re.M):
				complain(where, f"make {word}: the Makefile has no {name}")
		elif word not in make_targets() and not re.fullmatch(r"run-fuzz_\w+", word) and \
				not PLACEHOLDER.search(word):
			complain(where, f"make {word}: no such target")
		elif word.startswith("run-fuzz_") and not os.path.isfile(f"tests/fuzz/{word[4:]}.c"):
			complain(where, f"make {word}: no such target")


def check_unit(where, words):
	for word in words:
		if not re.fullmatch(r"cdr-[a-z]+(?:\.\w+)?", word):
			continue
		looked_up[where.split(":")[0]] += 1
		name = word if "." in word else word + ".service"
		if not os.path.isfile("scripts/systemd/" + name):
			complain(where, f"{word}: no such unit")


def check_kubectl(where, words):
	looked_up[where.split(":")[0]] += 1
	for before, word in zip([""] + words, words):
		if before in ("-k", "kustomize"):
			folder = SHARED.sub(r"\1", word)
			if re.match(r"(?:%s)/" % TOPS, folder) and \
					not os.path.isfile(folder + "/kustomization.yaml"):
				complain(where, f"kubectl -k {word}: no kustomization there")
		made = re.search(r"\b((?:cronjob|deployment|daemonset|service)/cdr-[\w-]+)$", word)
		if made and made[1] not in workloads():
			complain(where, f"kubectl: {made[1]}: the manifests have no such thing")


def check_simple(where, words):
	"""Words of one simple command, without its redirections."""
	words = [re.sub(r"^\[|\]$", "", word) for word in words]
	words = [word for word in words if word and "..." not in word and "…" not in word]
	while words and (words[0] in BEFORE or ASSIGNMENT.match(words[0])):
		words.pop(0)
	if not words:
		return
	# It is called by others, too: docker, cron, flock.
	for i, word in enumerate(words):
		# An image of it may have a tag.
		name = re.sub(r"^cdr:[\w.-]+$", "cdr", word.rsplit("/", 1)[-1])
		if name == "cdr" and i + 1 < len(words) and not word.startswith("-"):
			if i == 0 and not PLACEHOLDER.search(words[1]) or words[i + 1] in subcommands():
				check_cdr(where, words[i + 1:])
				return
		path = INSTALLED.get(name, word)
		if re.match(r"(?:scripts|tests|k8s/image|boot)/", path) and path == word and i > 0 and \
				words[0] not in ("head", "cat"):
			break
		if name in INSTALLED and (i == 0 or word == "/usr/local/bin/" + name):
			check_script(where, path, words[i + 1:])
			return
	if re.match(r"(?:scripts|tests|k8s/image|boot)/[\w./-]+$", words[0]) and len(words) > 1:
		check_script(where, words[0], words[1:])
	elif words[0] == "make":
		check_make(where, words[1:])
	elif words[0] in ("systemctl", "journalctl"):
		check_unit(where, words[1:])
	elif words[0] == "kubectl" or words[:2] == ["k3s", "kubectl"]:
		check_kubectl(where, words[1:])


def check_line(where, text):
	for path in PATH.findall(text) + SHARED.findall(text):
		if not PLACEHOLDER.search(path) and not glob.glob(path) and \
				not re.search(r"(?:build|:)/?%s" % re.escape(path), text):
			complain(where, f"{path}: no such file")
	# Of Kubernetes and of docker compose.
	listed = re.search(r"\b(?:args|command): \[([a-z-]+(?:, [^\]]*)?)\]", text)
	if listed and listed[1].split(", ")[0] in subcommands():
		check_cdr(where, [word.strip("'\"") for word in listed[1].split(", ")])
		return
	text = PROMPT.sub("", text)
	lexer = shlex.shlex(text, posix=True, punctuation_chars=True)
	lexer.whitespace_split = True
	try:
		tokens = list(lexer)
	except ValueError:
		# A quotation that goes on in the next line: no command of this repository's.
		return
	words = []
	skip = False
	for token in tokens + [";"]:
		if skip:
			skip = False
		elif re.fullmatch(r"[<>]+&?|&>+", token):
			if words and re.fullmatch(r"\d", words[-1]):
				words.pop()
			skip = True
		elif OPERATOR.fullmatch(token):
			check_simple(where, words)
			words = []
		else:
			words.append(token)


# --- documents --------------------------------------------------------------------

def joined(lines):
	"""(number, text), with lines that end in a backslash and the next one as one."""
	number, text = 0, ""
	for n, line in lines:
		if not text:
			number = n
		text += line
		if text.endswith("\\"):
			text = text[:-1] + " "
			continue
		yield number, text
		text = ""
	if text:
		yield number, text


def spans(lines):
	"""(number, text) of what stands in backticks, which may go on in the next line."""
	text = "\n".join(line for _, line in lines)
	for span in re.finditer(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", text, re.S):
		yield lines[text.count("\n", 0, span.start())][0], " ".join(span[2].split())


def markdown(text):
	fence = None
	code = []
	paragraph = []
	for number, line in enumerate(text.splitlines(), 1):
		opens = re.match(r"\s*```(\w*)", line)
		is_code = not opens and (fence is not None or line.startswith("    "))
		# A row of a table is one by itself.
		if opens or is_code or not line.strip() or line.startswith("|"):
			yield from spans(paragraph)
			paragraph = []
		if opens:
			fence = None if fence is not None else opens[1]
		elif is_code:
			code.append((number, line))
		else:
			paragraph.append((number, line))
	yield from spans(paragraph)
	yield from joined(code)


ROFF = ((r"\(dq", '"'), (r"\(aq", "'"), (r"\&", ""), (r"\-", "-"), (r"\e", "\\"))


def man(text):
	literal = False
	code = []
	for number, line in enumerate(text.splitlines(), 1):
		for name, is_what in ROFF:
			line = line.replace(name, is_what)
		if line.startswith((".Bd -literal", ".Ed")):
			literal = line.startswith(".Bd")
		elif literal:
			code.append((number, line))
		elif line.startswith(".Dl "):
			code.append((number, line[4:]))
		elif line.startswith("."):
			for path in re.findall(r"\bPa (\S+)", line):
				yield number, path
			said = re.search(r"\b(?:Ic|Ql) (cdr(?:-\w+)?(?: .*)?)", line)
			if said:
				words = re.sub(r"\bFl Fl ", "--", said[1])
				words = re.sub(r"\bFl ", "-", words)
				# Nothing but options: of what else is there the macros would tell.
				words = [w for w in words.split() if re.fullmatch(r"--?[a-z][a-z-]*|cdr\S*", w) or
					w in subcommands()]
				yield number, " ".join(words)
	yield from joined(code)


def unit(text):
	lines = [(n, line.partition("=")[2]) for n, line in enumerate(text.splitlines(), 1)
		if line.startswith("Exec")]
	return joined(lines)


def env(text):
	for number, line in enumerate(text.splitlines(), 1):
		said = re.match(r'#?CDR_([A-Z]+)_OPTIONS="(.*)"', line)
		if said:
			program = "cdr-serve" if said[1] == "SERVE" else "cdr " + said[1].lower()
			yield number, f"{program} {said[2]}"
		elif line.startswith("#\tsystemctl"):
			yield number, line[2:]


def reader_of(path):
	if re.search(r"\.[1-8]$", path):
		return man
	return {".md": markdown, ".env": env}.get(os.path.splitext(path)[1], unit)


CDR = os.path.abspath(sys.argv[1])
for name in sys.argv[2:]:
	looked_up[name] += 0
	for line_number, line_text in reader_of(name)(text_of(name)):
		check_line(f"{name}:{line_number}", line_text)
for place, what in complaints:
	print(f"{place}: {what}")
for name in sys.argv[2:]:
	print(f"{looked_up[name]} commands in {name}")
sys.exit(bool(complaints))

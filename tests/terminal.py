#!/usr/bin/env python3
"""Runs a command in a terminal of its own, and says what a person sees there.

    terminal.py [OPTION]... WIDTH[,WIDTH...] COMMAND...
    terminal.py [OPTION]... -x TEXT REGEX [-x TEXT REGEX]... WIDTH SHELL

The window has the first WIDTH; each time the command has drawn some more, it
gets the next one. Standard output is the terminal too, or a file with -o.

    -o FILE     standard output goes there
    -e NAME=VALUE, -u NAME      the environment; TERM is xterm where nothing is said
    -r FILE     what came, byte for byte
    -x TEXT REGEX   when the shell shows its prompt, "$ ", TEXT is typed, and the
                tabulator, up to three times, until REGEX is to be seen

Prints the lines that are left in the end, then for each width a line
"width N: L LONGEST", how many times something was drawn and how long the longest
was. Ends as the command does; with -x 1 where a REGEX was not seen, which it names.

The screen knows what ECMA-48 calls CR, LF, BS, ED 0, EL 0 and SGR, lines that are
too long, and a window that gets narrower: it breaks them as most terminals do.
Other sequences are an error.
"""
import argparse
import fcntl
import os
import pty
import re
import select
import struct
import sys
import termios
import time

LIMIT_S = 60
DRAWN = 3


class Screen:
	"""Lines of a window that is as high as needed."""

	def __init__(self, width):
		self.width = width
		self.rows = [""]
		self.joined = [False]	# does the row go on in the next one?
		self.y = self.x = 0

	def put(self, text):
		row = self.rows[self.y].ljust(self.x)
		self.rows[self.y] = row[:self.x] + text + row[self.x + 1:]
		self.x += 1

	def newline(self, joined):
		self.joined[self.y] = joined
		self.y += 1
		if self.y == len(self.rows):
			self.rows.append("")
			self.joined.append(False)

	def feed(self, text):
		for part in re.findall(r"\033\[[0-9;?]*[A-Za-z]|.", text, re.S):
			if part == "\r":
				self.x = 0
			elif part == "\n":
				self.newline(False)
			elif part == "\b":
				self.x = max(0, self.x - 1)
			elif part in ("\033[K", "\033[0K"):
				self.rows[self.y] = self.rows[self.y][:self.x]
				self.joined[self.y] = False
			elif part in ("\033[J", "\033[0J"):
				self.rows[self.y] = self.rows[self.y][:self.x]
				del self.rows[self.y + 1:], self.joined[self.y + 1:]
				self.joined[self.y] = False
			elif part[0] == "\033":
				if not re.fullmatch(r"\033\[[0-9;]*m", part):
					raise ValueError(f"a sequence that not all terminals know: {part!r}")
			elif part == "\a":
				pass
			else:
				if self.x >= self.width:
					self.newline(True)
					self.x = 0
				self.put(part)

	def resize(self, width):
		"""Rows are broken anew; the cursor stays where its letter goes."""
		lines, at, row = [], (0, 0), 0
		for row, text in enumerate(self.rows):
			if row == 0 or not self.joined[row - 1]:
				lines.append("")
			if row == self.y:
				at = (len(lines) - 1, len(lines[-1]) + self.x)
			lines[-1] += text
		self.width = width
		self.rows, self.joined = [], []
		for number, line in enumerate(lines):
			pieces = [line[i:i + width] for i in range(0, len(line), width)] or [""]
			if number == at[0]:
				self.y = len(self.rows) + min(at[1] // width, len(pieces) - 1)
				self.x = at[1] % width
			self.rows += pieces
			self.joined += [True] * (len(pieces) - 1) + [False]


def set_width(fd, width):
	fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))


def start(options, output):
	env = dict(os.environ, TERM="xterm")
	for name in options.unset:
		env.pop(name, None)
	env.update(pair.split("=", 1) for pair in options.env)
	pid, fd = pty.fork()
	if pid == 0:
		# The window has its width before anything looks at it.
		set_width(0, options.widths[0])
		if output is not None:
			os.dup2(output, 1)
		os.execvpe(options.command[0], options.command, env)
	return pid, fd


class Look:
	"""What came in a window of one width."""

	def __init__(self, width):
		self.width = width
		self.drawn = 0
		self.longest = 0

	def take(self, text):
		for line in re.findall(r"\r([^\r\n]*)\033\[J\r", text):
			self.drawn += 1
			self.longest = max(self.longest, len(line))


def read(fd, seconds):
	"""What came, b"" at the end, or None where nothing did."""
	if not select.select([fd], [], [], seconds)[0]:
		return None
	try:
		return os.read(fd, 65536)
	except OSError:		# the other side is closed
		return b""


def watch(options, fd):
	"""Until the command has ended."""
	screen, looks = Screen(options.widths[0]), [Look(options.widths[0])]
	todo, raw, pending = options.widths[1:], b"", b""
	while data := read(fd, LIMIT_S):
		raw += data
		pending += data
		# Whole drawings, as far as they have come.
		cut = len(pending) if pending[-1:] in b"\r\n" else pending.rfind(b"\n") + 1
		text, pending = pending[:cut].decode(), pending[cut:]
		screen.feed(text)
		looks[-1].take(text)
		if todo and looks[-1].drawn >= DRAWN:
			screen.resize(todo[0])
			set_width(fd, todo[0])
			looks.append(Look(todo.pop(0)))
	screen.feed(pending.decode())
	looks[-1].take(pending.decode())
	return raw, screen, looks


def until(fd, regex, seconds):
	"""Is it to be seen within that time?  And what came."""
	end, seen = time.monotonic() + seconds, b""
	while (left := end - time.monotonic()) > 0:
		data = read(fd, left)
		if data == b"":
			break
		seen += data or b""
		text = re.sub(rb"\033\[[0-9;?]*[A-Za-z]|\033.|\r|\a", b"", seen)
		if re.search(regex.encode(), text):
			return True, seen
	return False, seen


def type_all(options, pid, fd):
	found, seen = until(fd, r"\$ ", LIMIT_S)
	missed = None if found else "a prompt"
	for text, regex in options.typed if found else []:
		os.write(fd, text.encode())
		for patience in (1, 1, LIMIT_S):
			os.write(fd, b"\t")
			found, more = until(fd, regex, patience)
			seen += more
			if found:
				break
		if not found:
			missed = f"{text}: {regex}"
			break
		print(f"ok {text}")
		os.write(fd, b"\025")		# the line goes
	os.close(fd)				# and the shell with it
	os.waitpid(pid, 0)
	if missed:
		print(f"not seen: {missed}, in {seen!r}")
	return 1 if missed else 0


def main():
	parser = argparse.ArgumentParser(add_help=False)
	parser.add_argument("-o", dest="output")
	parser.add_argument("-r", dest="raw")
	parser.add_argument("-e", dest="env", action="append", default=[])
	parser.add_argument("-u", dest="unset", action="append", default=[])
	parser.add_argument("-x", dest="typed", nargs=2, action="append")
	parser.add_argument("widths", type=lambda s: [int(w) for w in s.split(",")])
	parser.add_argument("command", nargs=argparse.REMAINDER)
	options = parser.parse_args()
	output = None
	if options.output:
		output = os.open(options.output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
	pid, fd = start(options, output)
	if options.typed:
		return type_all(options, pid, fd)
	raw, screen, looks = watch(options, fd)
	if options.raw:
		with open(options.raw, "wb") as file:
			file.write(raw)
	for row in screen.rows:
		print(row.rstrip())
	for look in looks:
		print(f"width {look.width}: {look.drawn} {look.longest}")
	return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


if __name__ == "__main__":
	sys.exit(main())

#!/usr/bin/env python3
"""Asks a JSON value by a Python expression: see pick in tests/lib.sh.

    pick.py [-q] [-l | -t | -n] EXPRESSION [FILE] [NAME=TEXT | NAME:=JSON]...

v is the value of FILE, or of standard input; a member of an object is v.name or
v["name"], and None where it is not there.  Text is printed as it is, what a
generator gives ("x.digest for x in v") a line each, and all else as JSON;
words(A, B...) are several of these with blanks between.

    -l  v is the list of all values of the input, which has one a line
    -t  the input is text, and v that text as JSON
    -n  there is no input
    -q  print nothing: 0 when the expression is true, 1 when it is not
"""

import json
import math
import re
import sys
import types

NAMED = re.compile(r"([a-z_]\w*)(:?)=(.*)", re.DOTALL)


class Object(dict):
	"""A JSON object.  What dict has itself (v.items) is reached by v["items"]."""

	def __getattr__(self, name):
		return self.get(name)

	def __missing__(self, name):
		return None


def no_json(text):
	raise ValueError(f"{text} is no JSON")


def load(text):
	return json.loads(text, object_pairs_hook=Object, parse_constant=no_json)


def read(mode, path):
	if mode == "-n":
		return None
	if path is None:
		text = sys.stdin.read()
	else:
		with open(path, encoding="utf-8") as file:
			text = file.read()
	if mode == "-t":
		return json.dumps(text)
	if mode == "-l":
		return [load(line) for line in text.split("\n") if line.strip()]
	return load(text)


def show(value):
	if isinstance(value, str):
		return value
	return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def words(*values):
	return " ".join(map(show, values))


def main(arguments):
	quiet, mode, path = False, "", None
	while arguments[0] in ("-q", "-l", "-t", "-n"):
		option = arguments.pop(0)
		if option == "-q":
			quiet = True
		else:
			mode = option
	expression = arguments.pop(0)
	if arguments and not NAMED.fullmatch(arguments[0]):
		path = arguments.pop(0)
	names = {"json": json, "math": math, "re": re, "words": words, "v": read(mode, path)}
	for argument in arguments:
		name, as_json, text = NAMED.fullmatch(argument).groups()
		names[name] = load(text) if as_json else text
	# In brackets: a generator then needs none of its own.
	value = eval(f"({expression})", names)
	if quiet:
		return 0 if value else 1
	if isinstance(value, types.GeneratorType):
		for one in value:
			print(show(one))
	else:
		print(show(value))
	return 0


if __name__ == "__main__":
	sys.exit(main(sys.argv[1:]))

#!/usr/bin/env python3
"""Mirrors that follow another one, as far as it tells them: the hooks of many.

    child.py --ready FILE --log FILE --rules FILE [--listen ADDRESS]

FILE of --ready gets CHILD=ADDRESS:PORT (127.0.0.1).  FILE of --rules is JSON, read
at each request: paths to rules, and "*" to that of all others.  A rule has

    secret      the bearer token that has to come; without one nothing is asked for
    status      of the answer (202), "location" its header of that name
    delay       seconds before the answer
    hang        nothing is answered, ever
    cut         the connection ends without an answer
    endless     the answer's body never ends

Each request is a line of JSON in the log: at (seconds), path, allowed (was the secret
right), status, headers (a list of pairs), body, and events: [repository, tag, digest] of
each, or "wrong" with what is not as distribution's "Notifications" has it.  What is
in that form has an id, a timestamp, an action and a target with a media type, a digest
and a repository; of a mirror's it has the action push, and no host.
SIGTERM ends it.
"""

import argparse
import http.server
import json
import os
import re
import signal
import sys
import threading
import time

TYPE = "application/vnd.docker.distribution.events.v2+json"
DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")
NAME = re.compile(r"[a-z0-9.-]+(:[0-9]+)?(/[a-z0-9]+([._-]+[a-z0-9]+)*)+")
TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


def read_event(event, ids):
	if set(event) != {"id", "timestamp", "action", "target", "request", "actor", "source"}:
		raise ValueError(f"members {sorted(event)}")
	if not event["id"] or event["id"] in ids:
		raise ValueError("an id that is none, or of another event")
	ids.add(event["id"])
	if not TIME.fullmatch(event["timestamp"]) or event["action"] != "push":
		raise ValueError(f"{event['action']} at {event['timestamp']}")
	if event["request"] or event["actor"] or event["source"]:
		raise ValueError("it tells who and where")
	target = event["target"]
	if not set(target) <= {"mediaType", "digest", "repository", "tag"}:
		raise ValueError(f"target has {sorted(target)}")
	if not NAME.fullmatch(target["repository"]) or not DIGEST.fullmatch(target["digest"]):
		raise ValueError("no name or no digest")
	if not target["mediaType"].startswith("application/"):
		raise ValueError("no media type")
	if "tag" in target and not TAG.fullmatch(target["tag"]):
		raise ValueError("no tag")
	return [target["repository"], target.get("tag"), target["digest"]]


def read_events(kind, body):
	if kind != TYPE:
		raise ValueError(f"Content-Type {kind}")
	if len(body) > 1 << 20:
		raise ValueError("larger than 1 MiB")
	value = json.loads(body)
	if set(value) != {"events"} or not 0 < len(value["events"]) <= 1000:
		raise ValueError("no list of at most 1000 events")
	ids = set()
	return [read_event(event, ids) for event in value["events"]]


class Handler(http.server.BaseHTTPRequestHandler):
	protocol_version = "HTTP/1.1"
	options = None
	lock = threading.Lock()

	def log_message(self, format, *args):
		pass

	def rule(self):
		with open(self.options.rules, encoding="utf-8") as file:
			rules = json.load(file)
		return rules.get(self.path, rules.get("*", {"status": 404}))

	def note(self, rule, status, body):
		secret = rule.get("secret")
		allowed = secret is None or self.headers["Authorization"] == f"Bearer {secret}"
		seen = {"at": time.time(), "path": self.path, "allowed": allowed,
			"status": status if allowed else 401,
			"headers": self.headers.items(), "body": body.decode("latin-1")}
		try:
			seen["events"] = read_events(self.headers["Content-Type"], body)
		except (ValueError, KeyError, TypeError, AttributeError) as e:
			seen["wrong"] = str(e)
		with self.lock, open(self.options.log, "a", encoding="utf-8") as file:
			file.write(json.dumps(seen) + "\n")
		return seen["status"]

	def do_POST(self):
		rule = self.rule()
		body = self.rfile.read(int(self.headers["Content-Length"] or 0))
		status = self.note(rule, rule.get("status", 202), body)
		time.sleep(rule.get("delay", 0))
		if rule.get("hang"):
			time.sleep(3600)
		if rule.get("cut"):
			self.close_connection = True
			return
		self.send_response(status)
		if "location" in rule:
			self.send_header("Location", rule["location"])
		if not rule.get("endless"):
			self.send_header("Content-Length", "0")
		self.end_headers()
		while rule.get("endless"):
			self.wfile.write(b"x" * 65536)

	def do_GET(self):
		self.note({}, 405, b"")
		self.send_response(405)
		self.send_header("Content-Length", "0")
		self.end_headers()

	do_HEAD = do_PUT = do_GET


class Server(http.server.ThreadingHTTPServer):
	request_queue_size = 256
	daemon_threads = True

	def handle_error(self, request, client_address):
		pass


def main(arguments):
	parser = argparse.ArgumentParser(description="the hooks of many mirrors")
	parser.add_argument("--ready", required=True)
	parser.add_argument("--log", required=True)
	parser.add_argument("--rules", required=True)
	parser.add_argument("--listen", default="127.0.0.1")
	Handler.options = parser.parse_args(arguments)
	signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
	server = Server((Handler.options.listen, 0), Handler)
	open(Handler.options.log, "a", encoding="utf-8").close()
	with open(Handler.options.ready + ".new", "w", encoding="ascii") as file:
		file.write(f"CHILD={server.server_address[0]}:{server.server_address[1]}\n")
	os.rename(Handler.options.ready + ".new", Handler.options.ready)
	server.serve_forever()


if __name__ == "__main__":
	sys.exit(main(sys.argv[1:]))

#!/usr/bin/env python3
"""Runs of `cdr sync --notify` that are cut short, and disks that fail.

    notify.py [--all] [--only PART] [--seed N] CDR LIBRARY WORK BEFORE AFTER REF...

As campaign.py, with a child that takes all. When the next run has ended, it has been
told of each tag what that leads to, whatever the run before came to.
"""

import http.server
import json
import os
import sys
import threading

import campaign

SECRET = "0123456789abcdef"


class Hook(http.server.BaseHTTPRequestHandler):
	told = {}

	def log_message(self, format, *args):
		pass

	def do_POST(self):
		body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
		for event in body["events"]:
			target = event["target"]
			self.told[f"{target['repository']}:{target['tag']}"] = target["digest"]
		self.send_response(202)
		self.end_headers()


class Campaign(campaign.Campaign):
	def __init__(self, options):
		super().__init__(options)
		self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
		threading.Thread(target=self.server.serve_forever, daemon=True).start()
		self.file = os.path.join(options.work, "notify.json")
		with open(os.path.join(options.work, "token"), "w", encoding="ascii") as file:
			file.write(SECRET)
		with open(self.file, "w", encoding="ascii") as file:
			port = self.server.server_address[1]
			json.dump({"child": {"url": f"http://127.0.0.1:{port}/hook/parent",
					     "bearer_file": "token"}}, file)

	def sync(self, source, **settings):
		return self.call(["sync", "-q", "-r", self.root, "--from", f"oci:{source}",
				  "--notify", self.file, *self.options.refs], **settings)

	def published(self):
		"""What each tag leads to."""
		tags = {}
		repos = os.path.join(self.root, "repos")
		for folder, _, files in os.walk(repos):
			if os.path.basename(folder) != "_manifests":
				continue
			name = os.path.relpath(os.path.dirname(folder), repos)
			for tag in files:
				if ":" not in tag:
					at = os.readlink(os.path.join(folder, tag)).split("/")
					tags[f"{name}:{tag}"] = ":".join(at[-2:])
		return tags

	def know_all(self, title):
		if Hook.told != self.published():
			self.counts["lost"] += 1
			self.say(f"{title}: the child knows", [str(Hook.told), "and there is",
							       str(self.published())])

	def record(self, title, with_tree, source):
		Hook.told.clear()
		counts = super().record(title, with_tree, source)
		self.know_all(title)
		return counts

	def disturb(self, title, with_tree, source, expected, **settings):
		Hook.told.clear()
		super().disturb(title, with_tree, source, expected, **settings)
		self.know_all(title)


if __name__ == "__main__":
	sys.exit(campaign.main(Campaign))

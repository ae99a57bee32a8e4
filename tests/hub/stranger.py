#!/usr/bin/env python3
"""An HTTP server that writes down all it is sent: where credentials must not come.

    stranger.py --ready FILE --log FILE [--answer STATUS]

FILE of --ready gets STRANGER=127.0.0.1:PORT.  Each request is a line of JSON in
the log: method, target, headers (a list of pairs) and body.  The answer is STATUS
(200) with {"token": "strange"}.  SIGTERM ends it.
"""

import argparse
import http.server
import json
import os
import signal
import sys


class Handler(http.server.BaseHTTPRequestHandler):
	protocol_version = "HTTP/1.1"
	options = None

	def log_message(self, format, *args):
		pass

	def handle_request(self):
		length = int(self.headers["Content-Length"] or 0)
		seen = {"method": self.command, "target": self.path,
			"headers": self.headers.items(),
			"body": self.rfile.read(length).decode("latin-1")}
		with open(self.options.log, "a", encoding="utf-8") as file:
			file.write(json.dumps(seen) + "\n")
		body = b'{"token": "strange"}'
		self.send_response(self.options.answer)
		self.send_header("Content-Type", "application/json")
		self.send_header("Content-Length", str(len(body)))
		self.end_headers()
		if self.command != "HEAD":
			self.wfile.write(body)

	do_GET = do_HEAD = do_POST = do_PUT = handle_request


def main(arguments):
	parser = argparse.ArgumentParser(description="writes down all it is sent")
	parser.add_argument("--ready", required=True)
	parser.add_argument("--log", required=True)
	parser.add_argument("--answer", type=int, default=200)
	Handler.options = parser.parse_args(arguments)
	signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
	server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
	open(Handler.options.log, "a", encoding="utf-8").close()
	with open(Handler.options.ready + ".new", "w", encoding="ascii") as file:
		file.write(f"STRANGER=127.0.0.1:{server.server_address[1]}\n")
	os.rename(Handler.options.ready + ".new", Handler.options.ready)
	server.serve_forever()


if __name__ == "__main__":
	sys.exit(main(sys.argv[1:]))

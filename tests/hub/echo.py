#!/usr/bin/env python3
"""Servers that repeat what they are sent, as debug pages do: a registry, its token
server, a host to which it redirects, and a proxy.

    echo.py --ready FILE --mode FILE

FILE of --ready gets the port. The mode, which is read anew for each request, is two
words: who repeats, and in which form.

  who   token: the token server's 403          registry: the registry's 403
        other: the host that it redirects to   proxy: the answer to a proxy's request
        header NAME: the registry's answer has it in that header
  form  plain json percent html base64 lower upper wrap cut
"""

import argparse
import base64
import http.server
import json
import os
import threading
import urllib.parse

TOKEN = "eyJhbGciOiJub25lIn0.dG9rZW4tb2YtdGhlLXJlZ2lzdHJ5.c2lnbmF0dXJl-_0"


def shaped(text, form):
	"""What was sent, in the form that the mode asks for."""
	if form == "json":
		return json.dumps({"errors": [{"code": "DENIED", "message":
			"you sent " + text.replace("/", "\\/")}]}).replace("+", "\\u002b")
	if form == "percent":
		return "you sent " + "".join(f"%{byte:02x}" for byte in text.encode())
	if form == "html":
		return "you sent " + "".join(f"&#{ord(char)};" for char in text)
	if form == "base64":
		return "you sent " + base64.b64encode(("x" + text).encode()).decode()
	if form == "lower":
		return "you sent " + text.lower()
	if form == "upper":
		return "you sent " + text.upper()
	if form == "wrap":
		return "you sent " + "\r\n ".join(text[i:i + 9] for i in range(0, len(text), 9))
	if form == "cut":
		# The bound of an error's body comes in the middle of it.
		return (16384 - len(text) // 2 - 8) * " " + "you sent " + text
	return "you sent " + text


class Echo(http.server.BaseHTTPRequestHandler):
	protocol_version = "HTTP/1.1"

	def log_message(self, *args):
		pass

	def sent(self):
		"""All that came with the request, and what its Basic means."""
		words = []
		for name in ("Authorization", "Proxy-Authorization"):
			value = self.headers.get(name, "")
			words.append(value)
			if value.lower().startswith("basic "):
				words.append(base64.b64decode(value[6:]).decode())
		length = int(self.headers.get("Content-Length") or 0)
		if length:
			form = self.rfile.read(length).decode()
			words += [form] + urllib.parse.parse_qs(form).get("refresh_token", [])
		return " ".join(word for word in words if word)

	def answer(self, status, body, **headers):
		body = body.encode()
		self.send_response(status)
		for name, value in headers.items():
			self.send_header(name.replace("_", "-"), value)
		self.send_header("Content-Length", str(len(body)))
		self.send_header("Content-Type", "text/plain")
		self.end_headers()
		if self.command != "HEAD":
			self.wfile.write(body)

	def do_GET(self):
		with open(self.server.mode) as file:
			who, form = file.read().split()[:2]
		sent = self.sent()
		port = self.server.server_address[1]
		if self.path.startswith("http://"):
			self.answer(403, shaped(sent, form))
		elif self.path.startswith("/token"):
			if who == "token":
				self.answer(403, shaped(sent, form))
			else:
				self.answer(200, json.dumps({"token": TOKEN}))
		elif self.path.startswith("/other"):
			self.answer(403, shaped("words-of-another-host " + sent, form))
		elif not self.headers.get("Authorization"):
			self.answer(401, "", WWW_Authenticate=
				f'Bearer realm="http://127.0.0.1:{port}/token",service="echo"')
		elif who == "other":
			# As another origin: it has another port.
			self.answer(307, "", Location=f"http://127.0.0.1:{self.server.other}/other")
		elif who == "header":
			value = f"x {sent}"
			if form == "Location":
				value = "ftp://" + sent.split()[-1] + "/"
			elif form == "WWW-Authenticate":
				value = f'Bearer realm="ftp://{sent.split()[-1]}/"'
			self.answer(401 if form == "WWW-Authenticate" else
				    307 if form == "Location" else 200, "{}", **{form: value})
		else:
			self.answer(403, shaped(sent, form))

	do_HEAD = do_POST = do_GET


def main():
	parser = argparse.ArgumentParser()
	parser.add_argument("--ready", required=True)
	parser.add_argument("--mode", required=True)
	args = parser.parse_args()
	server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
	other = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Echo)
	server.mode = other.mode = args.mode
	server.other = other.server_address[1]
	threading.Thread(target=other.serve_forever, daemon=True).start()
	with open(args.ready + ".new", "w") as file:
		file.write(str(server.server_address[1]))
	os.rename(args.ready + ".new", args.ready)
	server.serve_forever()


main()

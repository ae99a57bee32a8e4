#!/usr/bin/env python3
"""A plain registry for tests, where there is no docker-registry to be had.

Takes what craft.py, curl or skopeo push, and gives it back, as the distribution
specification says and docker-registry 2.8 does: blobs in one piece or in chunks,
mounts, manifests whose parts are there, ranges, lists of tags.  It has no
referrers API, no deletion and no other form of a manifest than the one it got.
tests/scenario/20-shelf-selftest.sh compares the two.

Objects are files of --dir; what belongs to which repository is in memory.
"""

import argparse
import contextlib
import email.utils
import hashlib
import http.server
import json
import os
import re
import secrets
import signal
import sys
import threading
import urllib.parse

# Beside this file: the faulty hub, with which it shares the rules of names.
from hub import CHUNK, DIGEST, REFERENCE, REPOSITORY, parse_range, read_chunks

ROUTE = re.compile(rf"/v2/({REPOSITORY})/(manifests|blobs|tags)/(.+)")
MANIFEST_MAX = 4 << 20


def compact(value):
	return json.dumps(value, separators=(",", ":")).encode() + b"\n"


class Problem(Exception):
	"""Ends a request with an error answer."""

	def __init__(self, status, code, message, detail=None):
		super().__init__(message)
		self.status = status
		body = {"errors": [{"code": code, "message": message, "detail": detail}]}
		self.body = compact(body)


# --- what is on it -----------------------------------------------------------

class Repository:
	def __init__(self):
		self.blobs = set()
		self.manifests = {}		# digest: media type
		self.tags = {}			# tag: digest


class Shelf:
	def __init__(self, top):
		self.top = top
		self.lock = threading.Lock()
		self.repositories = {}

	def path(self, digest):
		return os.path.join(self.top, digest)

	def find(self, name):
		with self.lock:
			return self.repositories.get(name) or Repository()

	@contextlib.contextmanager
	def changing(self, name):
		with self.lock:
			yield self.repositories.setdefault(name, Repository())

	def keep(self, name, digest, path):
		"""A file whose bytes have been checked becomes a blob of the repository."""
		os.rename(path, self.path(digest))
		with self.changing(name) as repository:
			repository.blobs.add(digest)

	def mount(self, name, digest, source):
		"""True if that other repository has it."""
		if digest not in self.find(source).blobs:
			return False
		with self.changing(name) as repository:
			repository.blobs.add(digest)
		return True

	def put_manifest(self, name, reference, kind, body):
		digest = "sha256:" + hashlib.sha256(body).hexdigest()
		if ":" in reference and reference != digest:
			raise Problem(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
		self.check_parts(self.find(name), body)
		new = self.path(secrets.token_hex(8))
		with open(new, "wb") as file:
			file.write(body)
		os.rename(new, self.path(digest))
		with self.changing(name) as repository:
			repository.manifests[digest] = kind
			if ":" not in reference:
				repository.tags[reference] = digest
		return digest

	@staticmethod
	def check_parts(repository, body):
		try:
			value = json.loads(body)
			blobs = [one["digest"] for one in value.get("layers", []) if not one.get("urls")]
			blobs += [value["config"]["digest"]] if "config" in value else []
			children = [one["digest"] for one in value.get("manifests", [])]
		except (ValueError, AttributeError, KeyError, TypeError):
			raise Problem(400, "MANIFEST_INVALID", "manifest invalid") from None
		for digest in blobs:
			if digest not in repository.blobs:
				raise Problem(400, "MANIFEST_BLOB_UNKNOWN", "blob unknown to registry",
					      {"digest": digest})
		for digest in children:
			if digest not in repository.manifests:
				raise Problem(400, "MANIFEST_BLOB_UNKNOWN", "blob unknown to registry",
					      {"digest": digest})


# --- requests ----------------------------------------------------------------

class Handler(http.server.BaseHTTPRequestHandler):
	protocol_version = "HTTP/1.1"
	disable_nagle_algorithm = True
	shelf = None			# set by main()

	def log_message(self, format, *args):
		print(format % args, file=sys.stderr, flush=True)

	def handle_request(self):
		self.taken = False
		try:
			self.route()
		except Problem as problem:
			# A body that was not read would be the next request.
			self.close_connection |= self.command not in ("GET", "HEAD") and not self.taken
			self.reply(problem.status, problem.body, "application/json; charset=utf-8")

	do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = handle_request

	def route(self):
		url = urllib.parse.urlsplit(self.path)
		path = urllib.parse.unquote(url.path)
		self.query = {key: values[0] for key, values in urllib.parse.parse_qs(url.query).items()}
		if path in ("/v2", "/v2/"):
			self.reply(200, b"{}", "application/json; charset=utf-8")
			return
		found = ROUTE.fullmatch(path)
		name, what, rest = found.groups() if found else (None, "", "")
		reads = self.command in ("GET", "HEAD")
		if what == "blobs" and re.fullmatch(DIGEST, rest) and reads:
			self.give_blob(name, rest)
		elif what == "manifests" and REFERENCE.fullmatch(rest) and reads:
			self.give_manifest(name, rest)
		elif what == "tags" and rest == "list" and reads:
			self.give_tags(name)
		elif what == "manifests" and REFERENCE.fullmatch(rest) and self.command == "PUT":
			self.take_manifest(name, rest)
		elif what == "blobs" and rest == "uploads/" and self.command == "POST":
			self.begin_upload(name)
		elif what == "blobs" and re.fullmatch("uploads/[0-9a-f]+", rest) and \
				self.command in ("PATCH", "PUT"):
			self.take_blob(name, rest.partition("/")[2])
		else:
			self.close_connection |= not reads
			self.reply(404, b"404 page not found\n", "text/plain; charset=utf-8")

	def reply(self, status, body=b"", kind=None, headers=(), chunks=None, size=None):
		self.send_response_only(status)
		self.send_header("Date", email.utils.formatdate(usegmt=True))
		self.send_header("Docker-Distribution-Api-Version", "registry/2.0")
		for name, value in headers:
			self.send_header(name, value)
		if kind:
			self.send_header("Content-Type", kind)
		if status != 304:
			self.send_header("Content-Length", str(len(body) if size is None else size))
		if self.close_connection:
			self.send_header("Connection", "close")
		self.end_headers()
		if self.command != "HEAD" and status != 304:
			self.wfile.writelines(chunks or [body])
		self.log_request(status)

	# --- what is asked for

	def unchanged(self, digest, headers):
		"""True when the client has it, and was told so."""
		if digest not in (self.headers["If-None-Match"] or ""):
			return False
		self.reply(304, headers=headers)
		return True

	def give_blob(self, name, digest):
		if digest not in self.shelf.find(name).blobs:
			raise Problem(404, "BLOB_UNKNOWN", "blob unknown to registry", digest)
		headers = [("Cache-Control", "max-age=31536000"), ("Docker-Content-Digest", digest),
			   ("Etag", f'"{digest}"')]
		if self.unchanged(digest, headers):
			return
		headers.append(("Accept-Ranges", "bytes"))
		path = self.shelf.path(digest)
		total = os.path.getsize(path)
		try:
			part = parse_range(self.headers["Range"], total)
		except ValueError:
			self.reply(416, b"invalid range: failed to overlap\n",
				   "text/plain; charset=utf-8",
				   headers + [("Content-Range", f"bytes */{total}")])
			return
		first, last = part or (0, total - 1)
		if part:
			headers.append(("Content-Range", f"bytes {first}-{last}/{total}"))
		size = last - first + 1
		self.reply(206 if part else 200, kind="application/octet-stream", headers=headers,
			   chunks=read_chunks(path, first, size), size=size)

	def give_manifest(self, name, reference):
		repository = self.shelf.find(name)
		digest = repository.tags.get(reference, reference)
		if digest not in repository.manifests:
			detail = {"Tag": reference}
			if ":" in reference:
				detail = {"Name": name, "Revision": reference}
			raise Problem(404, "MANIFEST_UNKNOWN", "manifest unknown", detail)
		headers = [("Docker-Content-Digest", digest), ("Etag", f'"{digest}"')]
		if self.unchanged(digest, []):
			return
		with open(self.shelf.path(digest), "rb") as file:
			self.reply(200, file.read(), repository.manifests[digest], headers)

	def give_tags(self, name):
		tags = self.shelf.find(name).tags
		if not tags:
			raise Problem(404, "NAME_UNKNOWN", "repository name not known to registry",
				      {"name": name})
		# As with docker-registry, in no order that means anything.
		body = {"name": name, "tags": list(tags)}
		self.reply(200, compact(body), "application/json; charset=utf-8")

	# --- what is pushed

	def body(self):
		"""The pieces of the request's body."""
		if self.headers["Transfer-Encoding"] == "chunked":
			while size := int(self.rfile.readline().partition(b";")[0], 16):
				yield self.rfile.read(size)
				self.rfile.readline()
			self.rfile.readline()
		else:
			left = int(self.headers["Content-Length"] or 0)
			while left > 0 and (piece := self.rfile.read(min(CHUNK, left))):
				left -= len(piece)
				yield piece
		self.taken = True

	def take_manifest(self, name, reference):
		body = b"".join(self.body())
		if len(body) > MANIFEST_MAX:
			raise Problem(400, "MANIFEST_INVALID", "manifest invalid")
		kind = self.headers["Content-Type"] or ""
		digest = self.shelf.put_manifest(name, reference, kind, body)
		self.reply(201, headers=[("Docker-Content-Digest", digest),
					 ("Location", f"/v2/{name}/manifests/{digest}")])

	def begin_upload(self, name):
		for _ in self.body():
			pass
		digest = self.query.get("mount", "")
		if digest and self.shelf.mount(name, digest, self.query.get("from", "")):
			self.created(name, digest)
			return
		upload = secrets.token_hex(16)
		with open(self.shelf.path(upload), "wb"):
			pass
		self.accepted(name, upload, 0)

	def accepted(self, name, upload, size):
		self.reply(202, headers=[("Location", f"/v2/{name}/blobs/uploads/{upload}"),
					 ("Docker-Upload-UUID", upload),
					 ("Range", f"0-{max(0, size - 1)}")])

	def created(self, name, digest):
		self.reply(201, headers=[("Location", f"/v2/{name}/blobs/{digest}"),
					 ("Docker-Content-Digest", digest)])

	def take_blob(self, name, upload):
		path = self.shelf.path(upload)
		if not os.path.exists(path):
			raise Problem(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry")
		with open(path, "ab") as file:
			file.writelines(self.body())
		if self.command == "PATCH":
			self.accepted(name, upload, os.path.getsize(path))
			return
		digest = self.query.get("digest", "")
		right = hashlib.sha256()
		for piece in read_chunks(path, 0, os.path.getsize(path)):
			right.update(piece)
		if digest != "sha256:" + right.hexdigest():
			os.unlink(path)
			raise Problem(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
		self.shelf.keep(name, digest, path)
		self.created(name, digest)


class Listener(http.server.ThreadingHTTPServer):
	request_queue_size = 256

	def handle_error(self, request, client_address):
		if not isinstance(sys.exc_info()[1], ConnectionError):
			super().handle_error(request, client_address)


def main(arguments):
	parser = argparse.ArgumentParser(description="a plain registry for tests")
	parser.add_argument("--dir", required=True, help="where its objects are")
	parser.add_argument("--ready", metavar="FILE", required=True,
			    help="written when ready: HOST:PORT")
	options = parser.parse_args(arguments)
	top = os.path.join(options.dir, "objects")
	os.makedirs(top)
	Handler.shelf = Shelf(top)
	server = Listener(("127.0.0.1", 0), Handler)
	threading.Thread(target=server.serve_forever, daemon=True).start()
	stop = threading.Event()
	for number in (signal.SIGTERM, signal.SIGINT):
		signal.signal(number, lambda *_: stop.set())
	with open(options.ready + ".tmp", "w", encoding="ascii") as file:
		file.write(f"127.0.0.1:{server.server_address[1]}\n")
	os.rename(options.ready + ".tmp", options.ready)
	stop.wait()
	# Answers in flight end with the process.
	os._exit(0)


if __name__ == "__main__":
	sys.exit(main(sys.argv[1:]))

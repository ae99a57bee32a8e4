#!/usr/bin/env python3
"""What clients ask for when they pull: written down, and asked again.

    sequence.py record ROOT LISTEN MIRROR FILE
    sequence.py replay ROOT MIRROR FILE...

record   listens on LISTEN (ADDR:PORT), hands each request on to MIRROR, which
         serves the tree ROOT, and appends it to FILE.  SIGTERM ends it.
replay   asks MIRROR, which serves the tree ROOT, for the same: status, type,
         digest, length and bytes of each answer must be those that the tree has.

A FILE is text.  A request is its method and target, then a line for each of its
headers (Host left out) that begins with a tab, then a line that begins with
"=": status, Content-Type and Docker-Content-Digest of the answer, "-" where it
has none.  What belongs to one tree only has a name that every tree has:

    @busybox@                       the root of that image, see IMAGES
    @busybox:amd64@                 an entry of an index, by its architecture
    @busybox:amd64:config@, @busybox:amd64:layer1@
    @busybox:hex@ and so on         only the hexadecimal part
"""

import hashlib
import http.client
import http.server
import json
import os
import re
import signal
import sys
import threading

IMAGES = {
	"busybox": "docker.io/library/busybox:1.35",
	"sbom": "docker.io/library/busybox:sbom",
	"bundle": "docker.io/example/config-bundle:1.0",
	"redis": "docker.io/library/redis:7",
}
HOP = {"connection", "transfer-encoding", "keep-alive"}


# --- names ---------------------------------------------------------------------

class Tree:
	"""The objects of a tree by their names."""

	def __init__(self, root):
		self.root = root
		self.digests = {}	# name: digest
		self.types = {}		# digest: media type, of manifests
		for name, image in IMAGES.items():
			repository, _, tag = image.rpartition(":")
			link = os.path.join(root, "repos", repository, "_manifests", tag)
			if os.path.islink(link):
				self.manifest(name, link)

	def manifest(self, name, path):
		path = os.path.realpath(path)
		kind, alg, encoded = path.rpartition("/manifests/")[2].rsplit("/", 2)
		digest = f"{alg}:{encoded}"
		self.digests[name], self.types[digest] = digest, kind
		with open(path, encoding="utf-8") as file:
			value = json.load(file)
		for entry in value.get("manifests", []):
			self.manifest(f"{name}:{entry['platform']['architecture']}",
				      self.blob(entry["digest"]))
		if "config" in value:
			self.digests[f"{name}:config"] = value["config"]["digest"]
		for number, layer in enumerate(value.get("layers", []), 1):
			self.digests[f"{name}:layer{number}"] = layer["digest"]

	def blob(self, digest):
		return os.path.join(self.root, "blobs", *digest.split(":"))

	def named(self, text):
		"""Digests become names."""
		for name, digest in self.digests.items():
			text = text.replace(digest, f"@{name}@")
			text = text.replace(digest.partition(":")[2], f"@{name}:hex@")
		# Of the machine that this runs on, and not of the client.
		return re.sub(r"\bkernel/\S+", "kernel/6.1.0", text)

	def resolved(self, text):
		def digest(found):
			name = found[1].removesuffix(":hex")
			value = self.digests[name]
			return value if name == found[1] else value.partition(":")[2]
		return re.sub("@([^@ ]+)@", digest, text)


# --- record --------------------------------------------------------------------

class Recorder(http.server.BaseHTTPRequestHandler):
	protocol_version = "HTTP/1.1"
	tree = mirror = out = None
	lock = threading.Lock()

	def log_message(self, *_):
		pass			# such as of clients that try TLS first

	def note(self, answer):
		lines = [f"{self.command} {self.path}"]
		lines += [f"\t{key}: {value}" for key, value in self.headers.items()
			  if key.lower() != "host"]
		lines.append(f"= {answer.status} {answer.getheader('Content-Type') or '-'} "
			     f"{answer.getheader('Docker-Content-Digest') or '-'}")
		with self.lock:
			self.out.write(self.tree.named("\n".join(lines)) + "\n\n")
			self.out.flush()

	def hand_on(self):
		connection = http.client.HTTPConnection(self.mirror, timeout=30)
		connection.putrequest(self.command, self.path, skip_host=True,
				      skip_accept_encoding=True)
		for key, value in self.headers.items():
			if key.lower() not in HOP:
				connection.putheader(key, value)
		connection.endheaders()
		answer = connection.getresponse()
		self.note(answer)
		self.send_response_only(answer.status)
		for key, value in answer.getheaders():
			if key.lower() not in HOP:
				self.send_header(key, value)
		self.end_headers()
		try:
			while piece := answer.read(1 << 16):
				self.wfile.write(piece)
		except OSError:
			self.close_connection = True	# it has had enough
		connection.close()

	do_GET = do_HEAD = hand_on


def record(root, listen, mirror, name):
	Recorder.tree, Recorder.mirror = Tree(root), mirror
	address, _, port = listen.rpartition(":")
	signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
	with open(name, "a", encoding="utf-8") as Recorder.out:
		server = http.server.ThreadingHTTPServer((address, int(port)), Recorder)
		print("ready", flush=True)
		server.serve_forever()


# --- replay --------------------------------------------------------------------

class Request:
	def __init__(self, where, block):
		self.where = where
		first, *rest = block
		self.method, self.target = first.split(" ")
		self.headers = [line[1:].split(": ", 1) for line in rest if line[0] == "\t"]
		answer = rest[-1].split(" ", 3)
		if answer[0] != "=":
			raise ValueError(f"{where}: no answer")
		self.status = int(answer[1])
		self.type, _, self.digest = " ".join(answer[2:]).rpartition(" ")

	def range(self, size):
		"""First byte and the one behind the last that a single range asks for."""
		for key, value in self.headers:
			found = re.fullmatch("bytes=([0-9]+)-([0-9]*)", value)
			if key.lower() == "range" and found and self.status == 206:
				last = int(found[2]) + 1 if found[2] else size
				return int(found[1]), min(last, size)
		return 0, size


def read_requests(tree, name):
	"""The requests of a file, or none where the tree lacks what they are about."""
	block, requests = [], []
	with open(name, encoding="utf-8") as file:
		lines = file.read().splitlines()
	for number, line in enumerate([*lines, ""], 1):
		if line and not line.startswith("#"):
			block.append(tree.resolved(line))
		elif block and not line:
			requests.append(Request(f"{os.path.basename(name)}:{number - len(block)}",
						block))
			block = []
	return requests


class Player:
	def __init__(self, tree, mirror):
		self.tree = tree
		self.connection = http.client.HTTPConnection(mirror, timeout=30)
		self.asked = self.bad = 0

	def expect(self, request, what, want, got):
		if want != got:
			self.bad += 1
			print(f"{request.where}: {request.method} {request.target}: "
			      f"{what}: {got}, not {want}")

	def ask(self, request):
		self.asked += 1
		self.connection.putrequest(request.method, request.target,
					   skip_accept_encoding=True)
		for key, value in request.headers:
			if key.lower() not in HOP:
				self.connection.putheader(key, value)
		self.connection.endheaders()
		answer = self.connection.getresponse()
		body = answer.read()
		self.expect(request, "status", request.status, answer.status)
		self.expect(request, "type", request.type,
			    answer.getheader("Content-Type") or "-")
		self.expect(request, "digest", request.digest,
			    answer.getheader("Docker-Content-Digest") or "-")
		for header in "Content-Encoding", "WWW-Authenticate", "Transfer-Encoding":
			self.expect(request, header, None, answer.getheader(header))
		length = int(answer.getheader("Content-Length") or -1)
		if request.digest != "-" and request.status in (200, 206):
			self.object(request, length, body)
		elif request.method == "GET":
			self.expect(request, "length", len(body), length)

	def object(self, request, length, body):
		with open(self.tree.blob(request.digest), "rb") as file:
			data = file.read()
		alg, _, encoded = request.digest.partition(":")
		if hashlib.new(alg, data).hexdigest() != encoded:
			raise ValueError(f"{request.digest}: the tree is wrong")
		first, end = request.range(len(data))
		self.expect(request, "length", end - first, length)
		if request.method == "GET":
			self.expect(request, "bytes are right", True, body == data[first:end])
		if request.digest in self.tree.types:
			self.expect(request, "type in the tree", self.tree.types[request.digest],
				    request.type)


def replay(root, mirror, *names):
	tree = Tree(root)
	player = Player(tree, mirror)
	for name in names:
		asked = player.asked
		for request in read_requests(tree, name):
			player.ask(request)
		if player.asked == asked:
			player.bad += 1
			print(f"{name}: no request in it")
	print(f"{len(names)} files, {player.asked} requests")
	return 1 if player.bad else 0


if __name__ == "__main__":
	if len(sys.argv) < 4 or sys.argv[1] not in ("record", "replay"):
		sys.exit(__doc__)
	sys.exit({"record": record, "replay": replay}[sys.argv[1]](*sys.argv[2:]))

#!/usr/bin/env python3
"""A Docker Hub for tests: behaves like the real one, and misbehaves on request.

Three listeners on 127.0.0.1, as on the real one: the registry, the token
server (auth) and the CDN that blobs are redirected to.  Content comes from an
overlay folder first, then from a real docker-registry (--backend).

Overlay: what a docker-registry refuses to hold.  Served as it lies there, nothing is checked.
    DIR/<repository>/manifests/<tag or digest>  + .type (media type, empty: none)
                                                + .headers ("Name: value", no value: not sent)
    DIR/<repository>/blobs/<digest>
    DIR/<repository>/tags.json                  + .headers
    DIR/<repository>/referrers/<digest>         + .headers

Faults (--faults FILE): a JSON list of rules, read again when the file changes.
The first rule that fits a request and is not used up is applied.  A rule says
when:
    name        shown in the log instead of the rule's number
    listener    registry, auth or cdn                        (default: any)
    method      GET, HEAD ...                                (default: any)
    path        regular expression, searched in path?query   (default: any)
    range       true: with a Range, false: without one       (default: any)
    skip, times let the first N fitting requests pass; apply to N of them
    rate, burst let so many fitting requests a second pass, and so many at once; apply to
                those that are more (these do not count)
    at_once     apply while more than N requests to that listener are under way
    before_auth true: also to requests that would be refused for want of a token,
                a password or a signature; without it these do not count
what is answered instead:
    status, body        body: text, or any JSON value
    redirect            a Location, or "loop": this same URL; status 307 unless given
    head_405            HEAD gets 405
    expire_token        every token given out so far is void from now on
how the answer is changed:
    headers, remove     set (a list: one line each) and drop response headers
    retry_after         N, "date+N", "unix+N", or any text as it is
    json                {key: value} put into a JSON answer, null drops the key
    ignore_range        200 and the whole where a part was asked for
    bad_content_range   "start" (one byte off), "total" (one byte more), or the text itself
    gzip                really compressed, with Content-Encoding
    huge_headers        N bytes of extra header lines
    corrupt             the byte at offset N of the blob or manifest is another one
    keep, extra         only the first N bytes; N bytes more: a wrong size, well framed
    framing             length, chunked, close (no length, ends with the connection),
                        lying (the length leaves out what `extra` adds)
and how it travels:
    delay_ms, slow      wait first; N bytes a second
    late_ms             the last byte comes so much later than the others
    first_ms            the body comes so much later than the header
    truncate, cut, stall  after N bytes of the body: close, reset, say nothing more;
                        -1: before the first byte of the header
In headers, redirect and body {registry}, {auth}, {cdn} stand for the listeners'
host:port and {target} for the path and query that were asked for.

Log (--log FILE), tab-separated, one line a request, written before the last
bytes go out, so that a client that has its answer finds its request there:
    time listener method path?query status range authorization bytes user-agent fault
"""

import argparse
import base64
import contextlib
import email.message
import email.utils
import fcntl
import hashlib
import hmac
import http.client
import http.server
import itertools
import json
import os
import re
import secrets
import select
import signal
import socket
import struct
import sys
import termios
import threading
import time
import urllib.parse
import zlib

import manners

CHUNK = 64 * 1024
SERVICE = "registry.docker.io"
NAME = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
REPOSITORY = rf"{NAME}(?:/{NAME})*"
DIGEST = r"[a-z0-9]+(?:[+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]+"
TAG = r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}"
ROUTE = re.compile(rf"/v2/({REPOSITORY})/(manifests|blobs|tags|referrers)/(.+)")
REFERENCE = re.compile(rf"{TAG}|{DIGEST}")
CDN_PATH = re.compile(r"/registry-v2/docker/registry/v2/blobs/(\w+)/\w\w/(\w+)/data")
INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
# Headers that belong to one connection, or that this server writes itself.
OWN_HEADERS = {"connection", "content-length", "date", "keep-alive", "server",
	       "transfer-encoding"}
# Query fields that are as good as a password; never in the log.
SECRET_FIELD = re.compile(r"\b(verify|password|refresh_token|access_token)=[^&]*")


class Answer:
	"""A response before it is framed: chunks is an iterator, read once."""

	def __init__(self, status, body=b"", kind=None, headers=()):
		self.status = status
		self.headers = email.message.Message()
		self.chunks = iter([body])
		self.size = len(body)		# None: not known
		self.start = 0			# where in the object the body starts
		if kind:
			self.headers["Content-Type"] = kind
		for name, value in headers:
			self.set(name, value)

	def set(self, name, value):
		del self.headers[name]
		for one in value if isinstance(value, list) else [value]:
			self.headers[name] = str(one)


def error(status, code, message, detail=None, headers=()):
	body = {"errors": [{"code": code, "message": message, "detail": detail}]}
	return Answer(status, json.dumps(body).encode() + b"\n", "application/json", headers)


# --- content -----------------------------------------------------------------

def parse_range(header, size):
	"""The (first, last) that a Range header asks for; None: the whole; raises
	ValueError where nothing of it exists.  Several ranges: the whole."""
	found = re.fullmatch(r"bytes=(\d*)-(\d*)", header or "")
	if not found or found.group(0) == "bytes=-":
		return None
	first, last = found.groups()
	if first == "":
		wanted = (max(0, size - int(last)), size - 1)
	else:
		wanted = (int(first), min(int(last or size - 1), size - 1))
	if wanted[0] > wanted[1]:
		raise ValueError("not satisfiable")
	return wanted


def read_chunks(path, start, length):
	with open(path, "rb") as file:
		file.seek(start)
		while length > 0 and (piece := file.read(min(CHUNK, length))):
			length -= len(piece)
			yield piece


class Overlay:
	def __init__(self, top):
		self.top = top

	def path(self, *parts):
		"""The file at these components, or None."""
		if self.top is None:
			return None
		path = os.path.join(self.top, *parts)
		return path if os.path.exists(path) else None

	def has(self, repository):
		return self.path(repository, "manifests") or self.path(repository, "blobs")

	def edit_headers(self, answer, path):
		if not os.path.exists(path + ".headers"):
			return
		with open(path + ".headers", encoding="latin-1") as file:
			for line in file:
				name, _, value = line.strip().partition(":")
				del answer.headers[name]
				if value.strip():
					answer.headers[name] = value.strip()

	def whole(self, path, kind):
		with open(path, "rb") as file:
			answer = Answer(200, file.read(), kind)
		return answer

	def manifest(self, repository, reference):
		if not REFERENCE.fullmatch(reference):
			return None
		path = self.path(repository, "manifests", reference)
		if path is None:
			return None
		with open(path, "rb") as file:
			body = file.read()
		if os.path.exists(path + ".type"):
			with open(path + ".type", encoding="latin-1") as file:
				kind = file.read().strip()
		else:
			kind = "application/vnd.oci.image.manifest.v1+json"
		digest = reference
		if ":" not in reference:
			digest = "sha256:" + hashlib.sha256(body).hexdigest()
		answer = Answer(200, body, kind, [
			("Docker-Content-Digest", digest), ("Etag", f'"{digest}"')])
		self.edit_headers(answer, path)
		return answer

	def blob_path(self, repository, digest):
		if not re.fullmatch(DIGEST, digest):
			return None
		return self.path(repository, "blobs", digest)

	def blob(self, repository, digest, wanted):
		path = self.blob_path(repository, digest)
		if path is None:
			return None
		size = os.path.getsize(path)
		answer = Answer(200, b"", "application/octet-stream", [
			("Accept-Ranges", "bytes"), ("Etag", f'"{digest}"'),
			("Docker-Content-Digest", digest)])
		try:
			part = parse_range(wanted, size)
		except ValueError:
			answer.status = 416
			answer.set("Content-Range", f"bytes */{size}")
			return answer
		first, last = part or (0, size - 1)
		if part:
			answer.status = 206
			answer.set("Content-Range", f"bytes {first}-{last}/{size}")
		answer.size = last - first + 1
		answer.start = first
		answer.chunks = read_chunks(path, first, answer.size)
		return answer

	def tags(self, repository):
		path = self.path(repository, "tags.json")
		if path is None:
			return None
		answer = self.whole(path, "application/json")
		self.edit_headers(answer, path)
		return answer

	def tag_names(self, repository):
		"""The sorted tags that lie there, where no tags.json says otherwise."""
		folder = self.path(repository, "manifests")
		return sorted(name for name in (os.listdir(folder) if folder else [])
			      if re.fullmatch(TAG, name)
			      and not name.endswith((".type", ".headers")))

	def referrers(self, repository, digest):
		if not re.fullmatch(DIGEST, digest):
			return None
		path = self.path(repository, "referrers", digest)
		if path is None:
			return None
		answer = self.whole(path, INDEX_TYPE)
		self.edit_headers(answer, path)
		return answer


class Backend:
	"""One kept-alive connection to the docker-registry; one for each client connection."""

	def __init__(self, address):
		self.address = address
		self.connection = None
		self.response = None

	def close(self):
		if self.connection:
			self.connection.close()
		self.connection = None

	def fetch(self, method, path, headers=()):
		if self.response and not self.response.isclosed():
			self.close()	# the last body was not read to its end
		for attempt in (1, 2):
			if not self.connection:
				self.connection = http.client.HTTPConnection(
					self.address, timeout=60, blocksize=CHUNK)
			try:
				self.connection.putrequest(method, path, skip_accept_encoding=True)
				for name, value in headers:
					self.connection.putheader(name, value)
				self.connection.endheaders()
				self.response = self.connection.getresponse()
				return self.relay(self.response)
			except (OSError, http.client.HTTPException) as problem:
				# An idle connection that went away; once more on a new one.
				self.close()
				if attempt == 2:
					return error(502, "UNKNOWN", f"backend: {problem}")

	def relay(self, response):
		answer = Answer(response.status)
		for name, value in response.getheaders():
			if name.lower() not in OWN_HEADERS:
				answer.headers[name] = value
		length = response.getheader("Content-Length")
		answer.size = int(length) if length is not None else None
		part = re.match(r"bytes (\d+)-", response.getheader("Content-Range") or "")
		answer.start = int(part.group(1)) if part else 0
		answer.chunks = iter(lambda: response.read(CHUNK), b"")
		if response.status == 416:
			# A docker-registry promises the length of the blob here, and breaks it.
			answer.chunks, answer.size = iter(()), 0
			self.close()
		return answer


# --- access ------------------------------------------------------------------

class Tokens:
	"""Signed, expiring, bound to a service and to repositories, shaped like a JWT."""

	def __init__(self, ttl):
		self.ttl = ttl
		self.secret = secrets.token_bytes(32)
		self.generation = 0
		self.refresh = {}
		# The real ones carry a certificate chain, which makes them 2 to 3 KiB long.
		header = {"typ": "JWT", "alg": "HS256", "x5c": [base64.b64encode(bytes(1536)).decode()]}
		self.header = self.encode(header)

	@staticmethod
	def encode(value):
		return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

	def sign(self, text):
		return hmac.new(self.secret, text.encode(), hashlib.sha256).hexdigest()

	def issue(self, user, service, access, realm="/token"):
		claims = {"sub": user, "aud": service, "access": access,
			  "exp": time.time() + self.ttl, "gen": self.generation, "realm": realm}
		text = f"{self.header}.{self.encode(claims)}"
		return f"{text}.{self.sign(text)}"

	def check(self, token, service=SERVICE, realm=None):
		"""The claims of a token that is good now, or None."""
		text, _, signature = token.rpartition(".")
		if not hmac.compare_digest(self.sign(text).encode(), signature.encode()):
			return None
		part = text.partition(".")[2]
		claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
		good = (claims["aud"] == service and claims["exp"] > time.time()
			and claims["gen"] == self.generation
			and realm in (None, claims["realm"]))
		return claims if good else None

	def expire_all(self):
		self.generation += 1

	def issue_refresh(self, user):
		token = secrets.token_urlsafe(24)
		self.refresh[token] = user
		return token


class PullLimit:
	"""So many manifest GETs a window for each user or address."""

	def __init__(self, limit, window):
		self.limit = limit
		self.window = window
		self.lock = threading.Lock()
		self.used = {}			# source: [end of the window, pulls]

	def apply(self, answer, source, counted):
		"""Count a pull and add the headers; the answer, or the 429 in its place."""
		if not self.limit:
			return answer
		now = time.monotonic()
		with self.lock:
			entry = self.used.get(source)
			if entry is None or entry[0] <= now:
				entry = self.used[source] = [now + self.window, 0]
			if counted and entry[1] >= self.limit:
				answer = error(429, "TOOMANYREQUESTS",
					       "You have reached your pull rate limit.")
			elif counted:
				entry[1] += 1
			left = self.limit - entry[1]
		answer.set("ratelimit-limit", f"{self.limit};w={self.window}")
		answer.set("ratelimit-remaining", f"{left};w={self.window}")
		answer.set("docker-ratelimit-source", source)
		return answer


def parse_authorization(header):
	"""(kind, value) of an Authorization header: none, basic, bearer or other."""
	if header is None:
		return "none", ""
	kind, _, value = header.partition(" ")
	kind = kind.lower()
	return (kind if kind in ("basic", "bearer") else "other"), value.strip()


# --- faults ------------------------------------------------------------------

class BadRule(Exception):
	pass


class Rule:
	KEYS = {
		"name": str, "listener": str, "method": str, "path": str, "skip": int, "times": int,
		"rate": (int, float), "burst": int, "at_once": int,
		"before_auth": bool, "range": bool, "status": int, "body": object, "redirect": str,
		"head_405": bool, "expire_token": bool, "headers": dict, "remove": list,
		"retry_after": (int, str), "json": dict, "ignore_range": bool,
		"bad_content_range": str, "gzip": bool, "huge_headers": int, "corrupt": int,
		"keep": int, "extra": int, "framing": str, "delay_ms": int, "slow": int, "late_ms": int,
		"first_ms": int,
		"truncate": int, "cut": int, "stall": int,
	}
	CONDITIONS = {"name", "listener", "method", "path", "skip", "times", "before_auth",
		      "rate", "burst", "at_once", "range"}
	ENDINGS = ("truncate", "cut", "stall")
	VALUES = {"listener": ("registry", "auth", "cdn"),
		  "framing": ("length", "chunked", "close", "lying")}

	def __init__(self, spec, number):
		if not isinstance(spec, dict):
			raise BadRule(f"rule {number}: not an object")
		for key, value in spec.items():
			kinds = self.KEYS.get(key)
			if kinds is None:
				raise BadRule(f"rule {number}: unknown key {key}")
			if not isinstance(value, kinds) or (isinstance(value, bool) and kinds is int):
				raise BadRule(f"rule {number}: {key}: wrong type")
			if value not in self.VALUES.get(key, [value]):
				raise BadRule(f"rule {number}: {key}: no such value {value}")
		if not spec.keys() - self.CONDITIONS:
			raise BadRule(f"rule {number}: does nothing")
		if sum(key in spec for key in self.ENDINGS) > 1:
			raise BadRule(f"rule {number}: only one of truncate, cut, stall")
		if spec.get("slow", 1) < 1:
			raise BadRule(f"rule {number}: slow: must be 1 or more")
		try:
			self.path = re.compile(spec.get("path", ""))
		except re.error as problem:
			raise BadRule(f"rule {number}: path: {problem}") from None
		self.spec = spec
		self.name = spec.get("name", str(number))
		self.method = "HEAD" if spec.get("head_405") else spec.get("method")
		self.skip = spec.get("skip", 0)
		self.left = spec.get("times", -1)
		self.level, self.at = spec.get("burst", 1), time.monotonic()

	def is_within_rate(self):
		"""Take one from the bucket, if there is one."""
		now = time.monotonic()
		self.level = min(self.spec.get("burst", 1),
				 self.level + (now - self.at) * self.spec["rate"])
		self.at = now
		if self.level < 1:
			return False
		self.level -= 1
		return True

	def fits(self, listener, method, target, refused, has_range, under_way):
		return (self.spec.get("range", has_range) == has_range
			and under_way > self.spec.get("at_once", -1)
			and self.spec.get("listener", listener) == listener
			and (self.method or method) == method
			and (not refused or self.spec.get("before_auth", False))
			and self.path.search(target) is not None)

	def use(self):
		"""Count one fitting request; true if the rule applies to it."""
		if self.skip > 0:
			self.skip -= 1
			return False
		if "rate" in self.spec and self.is_within_rate():
			return False
		if self.left == 0:
			return False
		self.left -= 1
		return True


NO_RULE = Rule({"delay_ms": 0, "name": "-"}, 0)


def read_rules(path):
	with open(path, encoding="utf-8") as file:
		specs = json.load(file)
	if not isinstance(specs, list):
		raise BadRule("not a list of rules")
	return [Rule(spec, number) for number, spec in enumerate(specs, 1)]


class Faults:
	def __init__(self, path):
		self.path = path
		self.seen = None
		self.rules = []
		self.lock = threading.Lock()

	def pick(self, *request):
		with self.lock:
			self.reload()
			for rule in self.rules:
				if rule.fits(*request) and rule.use():
					return rule
		return NO_RULE

	def reload(self):
		if self.path is None:
			return
		try:
			stat = os.stat(self.path)
			seen = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
			if seen != self.seen:
				self.rules = read_rules(self.path)
				self.seen = seen
		except (OSError, ValueError, BadRule) as problem:
			# A test with rules that cannot be read proves nothing: fail everything.
			print(f"hub: {self.path}: {problem}", file=sys.stderr, flush=True)
			self.rules = [Rule({"name": "bad-rules", "status": 500, "before_auth": True,
					    "body": f"hub: bad rules: {problem}"}, 0)]


# --- what all listeners share ------------------------------------------------

class Hub:
	def __init__(self, options):
		self.options = options
		self.users = dict(user.split(":", 1) for user in options.user)
		self.private = re.compile(options.private)
		self.owners = [(name, re.compile(regex)) for name, _, regex in
			       (owner.partition(":") for owner in options.owner)]
		self.overlay = Overlay(options.overlay)
		self.tokens = Tokens(options.token_ttl)
		self.limit = PullLimit(options.rate_limit, options.rate_window)
		self.faults = Faults(options.faults)
		self.manners = options.manners
		self.known = set()		# repositories seen in the backend
		self.address = {}		# listener: host:port
		self.active = 0			# requests that have not ended
		self.under_way = dict.fromkeys(("registry", "auth", "cdn"), 0)
		self.active_lock = threading.Lock()
		self.log_fd = None
		if options.log:
			flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
			self.log_fd = os.open(options.log, flags, 0o644)

	@contextlib.contextmanager
	def counting(self, listener):
		with self.active_lock:
			self.active += 1
			self.under_way[listener] += 1
		try:
			yield
		finally:
			with self.active_lock:
				self.active -= 1
				self.under_way[listener] -= 1

	def log(self, *fields):
		if self.log_fd is None:
			return
		now = time.time()
		stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
		fields = (f"{stamp}.{int(now * 1000) % 1000:03d}Z",) + fields
		text = "\t".join(re.sub(r"[^\x20-\x7e]", "?", str(field)) for field in fields)
		os.write(self.log_fd, text.encode() + b"\n")	# one write: lines never mix

	def is_owner(self, user, repository):
		return all(user == name for name, regex in self.owners
			   if regex.match(repository))

	def check_user(self, value):
		"""The user that a Basic credential names, or None."""
		try:
			name, _, password = base64.b64decode(value).decode().partition(":")
		except ValueError:
			return None
		return name if name and self.users.get(name) == password else None

	def sign_url(self, alg, encoded, repository, expires):
		return self.tokens.sign(f"cdn {alg}:{encoded} {repository} {expires}")[:32]

	def cdn_url(self, repository, digest):
		alg, _, encoded = digest.partition(":")
		expires = int((time.time() + self.options.cdn_ttl) * 1000)
		mac = self.sign_url(alg, encoded, repository, expires)
		query = urllib.parse.urlencode({"repo": repository, "verify": f"{expires}-{mac}"})
		return (f"http://{self.address['cdn']}/registry-v2/docker/registry/v2/blobs/"
			f"{alg}/{encoded[:2]}/{encoded}/data?{query}")


class Handler(http.server.BaseHTTPRequestHandler):
	"""One client connection.  A listener's class says what is refused and what is answered."""

	protocol_version = "HTTP/1.1"
	disable_nagle_algorithm = True
	listener = ""
	hub = None			# set by main()

	def setup(self):
		super().setup()
		self.backend = Backend(self.hub.options.backend)

	def finish(self):
		self.backend.close()
		super().finish()

	def log_message(self, format, *args):
		pass			# the request log says it all

	def refuse(self):
		"""The answer to a request without the right credentials, else None."""
		return None

	def produce(self):
		"""The answer that a faultless hub gives."""
		raise NotImplementedError

	def handle_request(self):
		if self.path == "/_hub/active":
			self.say_active()
			return
		with self.hub.counting(self.listener):
			self.handle_counted()

	def say_active(self):
		"""How many requests are not yet ended and logged: some of a client that was killed."""
		body = str(self.hub.active).encode()
		self.send_response_only(200)
		self.send_header("Content-Length", str(len(body)))
		self.end_headers()
		self.wfile.write(body)

	def handle_counted(self):
		self.form = self.read_form()
		url = urllib.parse.urlsplit(self.path)
		self.route = urllib.parse.unquote(url.path)
		self.query = urllib.parse.parse_qs(url.query)
		self.auth_kind, self.auth_value = parse_authorization(self.headers["Authorization"])
		self.wanted_range = self.headers["Range"]
		self.user = ""
		refusal = self.refuse_or_not()
		rule = self.hub.faults.pick(self.listener, self.command, self.path,
					    refusal is not None, self.wanted_range is not None,
					    self.hub.under_way[self.listener])
		spec = rule.spec
		time.sleep(spec.get("delay_ms", 0) / 1000)
		if spec.get("expire_token"):
			self.hub.tokens.expire_all()
			refusal = self.refuse_or_not()
		if spec.get("ignore_range"):
			self.wanted_range = None
		answer = self.replaced(spec) or refusal or self.by_manners("answer") or self.produce()
		if answer.status == 404 and self.listener == "registry":
			answer = self.by_manners("absent") or answer
		self.changed(answer, spec)
		self.send(answer, rule)

	def by_manners(self, hook):
		said = self.hub.manners.first(hook, self)
		if not said:
			return None
		status, body, headers = said
		kind = "text/plain; charset=utf-8"
		if not isinstance(body, str):
			body, kind = json.dumps(body), "application/json"
		return Answer(status, body.encode(), kind, headers.items())

	def refuse_or_not(self):
		said = self.hub.manners.first("refuse", self)
		if said == ():
			return None
		return self.by_manners("refuse") or self.refuse()

	do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = handle_request

	def read_form(self):
		length = self.headers["Content-Length"] or "0"
		if self.headers["Transfer-Encoding"] or not length.isdigit() or int(length) > CHUNK:
			self.close_connection = True	# not read: the next request would start in it
			return {}
		body = self.rfile.read(int(length)).decode("latin-1")
		return {name: values[0] for name, values in urllib.parse.parse_qs(body).items()}

	def expand(self, text):
		for name, address in self.hub.address.items():
			text = text.replace("{" + name + "}", address)
		return text.replace("{target}", self.path)

	def replaced(self, spec):
		"""The answer that a fault puts in the place of the right one, else None."""
		if "redirect" in spec:
			location = spec["redirect"]
			if location == "loop":
				location = "http://{" + self.listener + "}{target}"
			return Answer(spec.get("status", 307),
				      headers=[("Location", self.expand(location))])
		if spec.get("head_405"):
			return error(405, "UNSUPPORTED", "The operation is unsupported.",
				     headers=[("Allow", "GET")])
		if "status" not in spec and "body" not in spec:
			return None
		body = spec.get("body", "")
		kind = "text/plain; charset=utf-8"
		if not isinstance(body, str):
			body, kind = json.dumps(body), "application/json"
		return Answer(spec.get("status", 200), self.expand(body).encode(), kind)

	def changed(self, answer, spec):
		"""Apply a fault's changes to the headers and the bytes."""
		if "json" in spec and self.command != "HEAD":
			value = json.loads(b"".join(answer.chunks))
			value.update(spec["json"])
			body = json.dumps({k: v for k, v in value.items() if v is not None}).encode()
			answer.chunks, answer.size = iter([body]), len(body)
		if "bad_content_range" in spec and answer.headers["Content-Range"]:
			answer.set("Content-Range", bad_content_range(
				spec["bad_content_range"], answer.headers["Content-Range"]))
		if "retry_after" in spec:
			answer.set("Retry-After", retry_after(spec["retry_after"]))
		for number in range(spec.get("huge_headers", 0) // 1024):
			answer.set(f"X-Filler-{number}", "x" * 1000)
		if "corrupt" in spec:
			answer.chunks = flipped(answer.chunks, spec["corrupt"] - answer.start)
		if "keep" in spec:
			answer.chunks = first_bytes(answer.chunks, spec["keep"])
			if answer.size is not None:
				answer.size = min(answer.size, spec["keep"])
		if "extra" in spec:
			answer.chunks = itertools.chain(answer.chunks,
				itertools.repeat(b"x" * CHUNK, spec["extra"] // CHUNK),
				[b"x" * (spec["extra"] % CHUNK)])
			if answer.size is not None and spec.get("framing") != "lying":
				answer.size += spec["extra"]
		if spec.get("gzip"):
			answer.chunks, answer.size = compressed(answer.chunks), None
			answer.set("Content-Encoding", "gzip")

	def frame(self, answer, spec):
		"""Add the framing headers; true if the body is chunked."""
		framing = spec.get("framing", "length")
		if answer.size is None and framing != "close":
			framing = "chunked"
		if framing == "chunked":
			answer.set("Transfer-Encoding", "chunked")
		elif framing == "close":
			answer.set("Connection", "close")
		elif answer.status not in (204, 304):
			answer.set("Content-Length", answer.size)
		if framing in ("close", "lying"):
			self.close_connection = True
		for name, value in spec.get("headers", {}).items():
			lines = value if isinstance(value, list) else [value]
			answer.set(name, [self.expand(str(line)) for line in lines])
			if name.lower() in ("content-length", "transfer-encoding"):
				self.close_connection = True
		for name in spec.get("remove", []):
			del answer.headers[name]
			if name.lower() in ("content-length", "transfer-encoding"):
				self.close_connection = True
		return framing == "chunked"

	def head(self, answer):
		reason = http.client.responses.get(answer.status, "Unknown")
		lines = [f"HTTP/1.1 {answer.status} {reason}",
			 f"Date: {email.utils.formatdate(usegmt=True)}"]
		lines += [f"{name}: {value}" for name, value in answer.headers.items()]
		return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")

	def send(self, answer, rule):
		spec = rule.spec
		ending = next((key for key in Rule.ENDINGS if key in spec), None)
		limit = spec.get(ending)
		chunked = self.frame(answer, spec)
		if limit == -1:
			self.log_answer("000", 0, rule)
			self.end(ending)
			return
		if self.command == "HEAD" or answer.status in (204, 304):
			answer.chunks, answer.size, chunked, limit = iter(()), None, False, None
		try:
			sent, over = self.send_body(answer, chunked, limit, rule)
		except (OSError, http.client.HTTPException):
			self.close_connection = True	# the client or the backend went away
			return
		if over:
			self.end(ending)
		elif answer.size is not None and sent < answer.size:
			self.close_connection = True	# the backend broke off: so do we

	def send_body(self, answer, chunked, limit, rule):
		"""Header and body, up to `limit` bytes; true if there was more than that.
		One piece is held back, so that the log line comes before it."""
		rate = rule.spec.get("slow")
		pending = self.head(answer)
		sent, over, logged = 0, False, False
		try:
			if "first_ms" in rule.spec:
				self.write(pending, rate)
				pending = b""
				time.sleep(rule.spec["first_ms"] / 1000)
			for piece in answer.chunks:
				over = limit is not None and sent + len(piece) > limit
				if over:
					piece = piece[:limit - sent]
				if piece and chunked:
					framed = b"%x\r\n%b\r\n" % (len(piece), piece)
				else:
					framed = piece
				if len(pending) + len(framed) <= CHUNK:
					pending += framed
				else:
					self.write(pending, rate)
					pending = framed
				sent += len(piece)
				if over:
					break
			if chunked and not over:
				pending += b"0\r\n\r\n"
			self.log_answer(answer.status, sent, rule)
			logged = True
			if "late_ms" in rule.spec:
				self.write(pending[:-1], rate)
				pending = pending[-1:]
				time.sleep(rule.spec["late_ms"] / 1000)
			self.write(pending, rate)
		finally:
			if not logged:
				self.log_answer(answer.status, sent, rule)
		return sent, over

	def write(self, data, rate):
		if not rate:
			self.wfile.write(data)
			return
		step = max(1, rate // 20)
		for start in range(0, len(data), step):
			piece = data[start:start + step]
			self.wfile.write(piece)
			time.sleep(len(piece) / rate)

	def end(self, how):
		"""The end of an answer that was not sent whole."""
		self.close_connection = True
		if how == "stall":
			hang_up = select.poll()
			hang_up.register(self.connection, select.POLLRDHUP)
			hang_up.poll()		# until the client leaves
		elif how == "cut":
			wait_sent(self.connection)
			self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
						   struct.pack("ii", 1, 0))
			# rfile keeps the socket object open: close the descriptor itself.
			os.close(self.connection.detach())

	def log_answer(self, status, sent, rule):
		self.hub.log(self.listener, self.command, SECRET_FIELD.sub(r"\1=-", self.path),
			     status, self.headers["Range"] or "-", self.auth_kind, sent,
			     self.headers["User-Agent"] or "-", rule.name)


def bad_content_range(how, right):
	found = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", right)
	if not found or how not in ("start", "total"):
		return how
	first, last, total = map(int, found.groups())
	if how == "start":
		return f"bytes {first + 1}-{last + 1}/{total}"
	return f"bytes {first}-{last}/{total + 1}"


def retry_after(value):
	found = re.fullmatch(r"(date|unix)([+-]\d+)", str(value))
	if not found:
		return str(value)
	when = int(time.time()) + int(found.group(2))
	return email.utils.formatdate(when, usegmt=True) if found.group(1) == "date" else str(when)


def flipped(chunks, at):
	for piece in chunks:
		if 0 <= at < len(piece):
			piece = piece[:at] + bytes([piece[at] ^ 0xff]) + piece[at + 1:]
		at -= len(piece)
		yield piece


def first_bytes(chunks, count):
	for piece in chunks:
		yield piece[:count]
		count -= len(piece)
		if count <= 0:
			return


def compressed(chunks):
	packer = zlib.compressobj(wbits=31)
	for piece in chunks:
		yield packer.compress(piece)
	yield packer.flush()


def wait_sent(connection):
	"""Until the kernel has delivered what was written: a reset discards the rest."""
	for _ in range(200):
		if struct.unpack("i", fcntl.ioctl(connection, termios.TIOCOUTQ, bytes(4)))[0] == 0:
			return
		time.sleep(0.01)


# --- the three listeners -----------------------------------------------------

class Registry(Handler):
	listener = "registry"

	def parts(self):
		"""(repository, manifests|blobs|tags|referrers, the rest), or three None."""
		found = ROUTE.fullmatch(self.route)
		return found.groups() if found else (None, None, None)

	def refuse(self):
		mode = self.hub.options.mode
		if mode == "basic":
			return self.refuse_basic()
		return self.refuse_bearer() if mode == "bearer" else None

	def refuse_basic(self):
		if self.auth_kind == "basic":
			self.user = self.hub.check_user(self.auth_value) or ""
		if self.user and self.hub.is_owner(self.user, self.parts()[0] or ""):
			return None
		return error(401, "UNAUTHORIZED", "authentication required", headers=[
			("WWW-Authenticate", 'Basic realm="Registry Realm"'),
			("Docker-Distribution-Api-Version", "registry/2.0")])

	def refuse_bearer(self):
		repository = self.parts()[0]
		scope = f"repository:{repository}:pull" if repository else None
		if self.route == "/v2/_catalog":
			scope = "registry:catalog:*"
		claims = None
		problem = None
		realm, service, has_scope = (self.hub.manners.first("realm", self, repository)
					     or ("/token", SERVICE, True))
		if self.auth_kind != "none":
			problem = "invalid_token"
			if self.auth_kind == "bearer":
				claims = self.hub.tokens.check(self.auth_value, SERVICE,
							       realm.partition("?")[0])
		if claims is not None:
			self.user = claims["sub"]
			if scope is None or scope in claims["access"]:
				return None
			problem = "insufficient_scope"
		challenge = f'Bearer realm="http://{self.hub.address["auth"]}{realm}"'
		if service:
			challenge += f',service="{service}"'
		if scope and has_scope:
			challenge += f',scope="{scope}"'
		if problem:
			challenge += f',error="{problem}"'
			stale = self.hub.manners.first("stale", self, repository)
			challenge = challenge if stale is None else stale
		detail = None
		if scope:
			kind, name, action = scope.split(":")
			detail = [{"Type": kind, "Class": "", "Name": name, "Action": action}]
		headers = [("WWW-Authenticate", challenge)] if challenge else []
		return error(401, "UNAUTHORIZED", "authentication required", detail,
			     headers + [("Docker-Distribution-Api-Version", "registry/2.0")])

	def produce(self):
		answer = self.produce_body()
		if not answer.headers["Docker-Distribution-Api-Version"]:
			answer.set("Docker-Distribution-Api-Version", "registry/2.0")
		return answer

	def produce_body(self):
		if self.command not in ("GET", "HEAD"):
			return error(405, "UNSUPPORTED", "The operation is unsupported.",
				     headers=[("Allow", "GET, HEAD")])
		if self.route in ("/v2", "/v2/"):
			return Answer(200, b"{}", "application/json")
		repository, what, rest = self.parts()
		if what == "manifests":
			return self.manifest(repository, rest)
		if what == "blobs":
			return self.blob(repository, rest)
		if what == "tags" and rest == "list":
			return self.tags(repository)
		if what == "referrers":
			return self.hub.overlay.referrers(repository, rest) or self.relay()
		return Answer(404, b"404 page not found\n", "text/plain; charset=utf-8")

	def relay(self):
		headers = [(name, value) for name, value in self.headers.items()
			   if name.lower() in ("accept", "if-none-match", "if-range")]
		if self.wanted_range:
			headers.append(("Range", self.wanted_range))
		return self.backend.fetch(self.command, self.path, headers)

	def manifest(self, repository, reference):
		answer = self.hub.overlay.manifest(repository, reference) or self.relay()
		if answer.status != 200:
			return answer
		source = self.user or self.client_address[0]
		return self.hub.limit.apply(answer, source, self.command == "GET")

	def blob(self, repository, digest):
		if self.hub.options.no_redirect:
			return (self.hub.overlay.blob(repository, digest, self.wanted_range)
				or self.relay())
		if not self.hub.overlay.blob_path(repository, digest):
			there = self.backend.fetch("HEAD", self.path)
			if there.status != 200:
				return self.relay()
		url = self.hub.cdn_url(repository, digest)
		body = f'<a href="{url}">Temporary Redirect</a>.\n\n'.replace("&", "&amp;")
		return Answer(307, body.encode(), "text/html; charset=utf-8", [("Location", url)])

	def tags(self, repository):
		answer = self.hub.overlay.tags(repository)
		if answer:
			return answer
		answer = self.relay()
		if answer.status != 404 or not self.hub.overlay.has(repository):
			return answer
		after = self.query.get("last", [""])[0]
		names = [name for name in self.hub.overlay.tag_names(repository) if name > after]
		count = self.query.get("n", [str(len(names))])[0]
		if not re.fullmatch("[0-9]+", count):
			return error(400, "PAGINATION_NUMBER_INVALID", "invalid number of results requested")
		count = int(count)
		page = names[:count]
		body = json.dumps({"name": repository, "tags": page}).encode()
		answer = Answer(200, body, "application/json")
		if page and len(names) > count:
			query = urllib.parse.urlencode({"last": page[-1], "n": count})
			answer.set("Link", f'</v2/{repository}/tags/list?{query}>; rel="next"')
		return answer


class Auth(Handler):
	listener = "auth"

	def produce(self):
		said = self.by_manners("grants")
		if said:
			return said
		if not self.route.endswith(("/token", "/auth", "/proxy_auth")):
			return Answer(404, b"not found\n", "text/plain")
		if self.command == "POST":
			return self.grant_form()
		if self.command == "GET":
			return self.grant_query()
		return Answer(405, b"", headers=[("Allow", "GET, POST")])

	def unauthorized(self):
		body = {"details": "incorrect username or password"}
		return Answer(401, json.dumps(body).encode(), "application/json")

	def grant_query(self):
		user = ""
		if self.auth_kind != "none":
			user = self.hub.check_user(self.auth_value)
			if self.auth_kind != "basic" or not user:
				return self.unauthorized()
		value = self.token(user, self.query.get("service", [""])[0],
				   self.query.get("scope", []))
		value["token"] = value["access_token"]
		if user and self.query.get("offline_token") == ["true"]:
			value["refresh_token"] = self.hub.tokens.issue_refresh(user)
		return Answer(200, json.dumps(value).encode(), "application/json")

	def grant_form(self):
		form = self.form
		kind = form.get("grant_type")
		if kind == "refresh_token":
			user = self.hub.tokens.refresh.get(form.get("refresh_token"))
		elif kind == "password":
			user = form.get("username")
			if user not in self.hub.users or self.hub.users[user] != form.get("password"):
				user = None
		else:
			return Answer(400, b'{"details": "unsupported grant_type"}', "application/json")
		if not user:
			return self.unauthorized()
		value = self.token(user, form.get("service", ""), form.get("scope", "").split())
		if kind == "refresh_token":
			value["refresh_token"] = form["refresh_token"]
		elif form.get("access_type") == "offline":
			value["refresh_token"] = self.hub.tokens.issue_refresh(user)
		return Answer(200, json.dumps(value).encode(), "application/json")

	def token(self, user, service, scopes):
		"""A token for as much of the scopes as this user may have: maybe nothing."""
		access = []
		for scope in " ".join(scopes).split():
			found = re.fullmatch(rf"repository:({REPOSITORY}):([a-z,*]+)", scope)
			if (found and "pull" in found.group(2).split(",")
			    and self.may_pull(user, found.group(1))):
				access.append(f"repository:{found.group(1)}:pull")
		ttl = self.hub.options.token_ttl
		realm = self.hub.manners.first("realm", self, "any")
		if realm and realm[1] is None:
			service = service or SERVICE	# its challenges name none
		return {"access_token": self.hub.tokens.issue(user, service, access,
							      self.route),
			"scope": " ".join(access), "expires_in": max(1, int(ttl)),
			"issued_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}

	def may_pull(self, user, repository):
		"""Not without its library/, not if it is not there, not if it is another's."""
		if "/" not in repository or (self.hub.private.match(repository) and not user):
			return False
		if not self.hub.is_owner(user, repository):
			return False
		if repository in self.hub.known or self.hub.overlay.has(repository):
			return True
		there = self.backend.fetch("GET", f"/v2/{repository}/tags/list?n=1")
		if there.status == 200:
			self.hub.known.add(repository)
		return there.status == 200


class Cdn(Handler):
	listener = "cdn"

	def refuse(self):
		if self.auth_kind != "none":
			return self.denied(400, "InvalidArgument", "Only one auth mechanism allowed")
		found = CDN_PATH.fullmatch(self.route)
		repository = self.query.get("repo", [""])[0]
		expires, _, mac = self.query.get("verify", [""])[0].partition("-")
		if not found or not re.fullmatch(REPOSITORY, repository) or not re.fullmatch("[0-9]+", expires):
			return self.denied(403, "AccessDenied", "Access Denied")
		right = self.hub.sign_url(*found.groups(), repository, expires)
		if not hmac.compare_digest(right.encode(), mac.encode()):
			return self.denied(403, "SignatureDoesNotMatch", "Wrong signature")
		if int(expires) <= time.time() * 1000:
			return self.denied(403, "AccessDenied", "Request has expired")
		return None

	@staticmethod
	def denied(status, code, message):
		body = ('<?xml version="1.0" encoding="UTF-8"?>\n'
			f"<Error><Code>{code}</Code><Message>{message}</Message></Error>\n")
		return Answer(status, body.encode(), "application/xml")

	def produce(self):
		if self.command not in ("GET", "HEAD"):
			return Answer(405, b"", headers=[("Allow", "GET, HEAD")])
		if self.route.startswith("/v2/"):
			return self.manifest()
		alg, encoded = CDN_PATH.fullmatch(self.route).groups()
		repository = self.query["repo"][0]
		digest = f"{alg}:{encoded}"
		answer = self.hub.overlay.blob(repository, digest, self.wanted_range)
		if answer is None:
			headers = [("Range", self.wanted_range)] if self.wanted_range else []
			answer = self.backend.fetch(self.command, f"/v2/{repository}/blobs/{digest}",
						    headers)
		# What a storage host does not know of.
		del answer.headers["Docker-Content-Digest"]
		del answer.headers["Docker-Distribution-Api-Version"]
		return answer


	def manifest(self):
		"""Of a registry that the first one leads to: see manners.py, Target."""
		repository, _, reference = ROUTE.fullmatch(self.route).groups()
		return self.hub.overlay.manifest(repository, reference) or self.backend.fetch(
			self.command, self.path, [("Accept", self.headers["Accept"] or "*/*")])


class Listener(http.server.ThreadingHTTPServer):
	request_queue_size = 256

	def handle_error(self, request, client_address):
		if not isinstance(sys.exc_info()[1], ConnectionError):
			super().handle_error(request, client_address)


# --- the program -------------------------------------------------------------

def parse_options(arguments):
	parser = argparse.ArgumentParser(description="a Docker Hub for tests, with faults",
					 epilog="faults, overlay and log: see the top of this file")
	add = parser.add_argument
	add("--backend", metavar="http://HOST:PORT", help="the docker-registry behind it")
	add("--ready", metavar="FILE", help="written when ready: HUB=, HUB_AUTH=, HUB_CDN=")
	add("--log", metavar="FILE")
	add("--overlay", metavar="DIR")
	add("--faults", metavar="FILE")
	add("--mode", choices=("bearer", "basic", "open"), default="bearer")
	add("--user", metavar="NAME:PASSWORD", action="append", default=[])
	add("--private", metavar="REGEX", default="private/",
	    help="repositories that only a user may pull (default: private/...)")
	add("--owner", metavar="NAME:REGEX", action="append", default=[],
	    help="repositories that only this user may pull")
	add("--token-ttl", metavar="SECONDS", type=float, default=300)
	add("--cdn-ttl", metavar="SECONDS", type=float, default=1200)
	add("--no-redirect", action="store_true", help="blobs come from the registry itself")
	add("--rate-limit", metavar="PULLS", type=int, default=100000, help="0: no limit")
	add("--rate-window", metavar="SECONDS", type=int, default=21600)
	add("--manners", metavar="NAME[,NAME]", default="", help="see manners.py")
	add("--port", metavar="PORT", type=int, default=0, help="of the registry (default: free)")
	add("--auth-port", metavar="PORT", type=int, default=0)
	add("--cdn-port", metavar="PORT", type=int, default=0)
	add("--check", metavar="FILE", help="only say whether these fault rules are valid")
	options = parser.parse_args(arguments)
	if options.check is None and options.backend is None:
		parser.error("--backend is missing")
	if any(":" not in user for user in options.user):
		parser.error("--user: NAME:PASSWORD expected")
	try:
		options.manners = manners.named(options.manners)
	except ValueError as problem:
		parser.error(f"--manners: {problem}")
	for one in options.manners.manners:
		options.mode = one.mode or options.mode
		options.no_redirect = one.no_redirect or options.no_redirect
	if options.backend:
		options.backend = urllib.parse.urlsplit(options.backend).netloc
	return options


def main(arguments):
	options = parse_options(arguments)
	if options.check is not None:
		try:
			read_rules(options.check)
		except (OSError, ValueError, BadRule) as problem:
			print(f"hub: {options.check}: {problem}", file=sys.stderr)
			return 2
		return 0
	hub = Handler.hub = Hub(options)
	ports = ((Registry, options.port), (Auth, options.auth_port), (Cdn, options.cdn_port))
	servers = [Listener(("127.0.0.1", port), handler) for handler, port in ports]
	for server in servers:
		name = server.RequestHandlerClass.listener
		hub.address[name] = f"127.0.0.1:{server.server_address[1]}"
	for server in servers:
		threading.Thread(target=server.serve_forever, daemon=True).start()
	stop = threading.Event()
	for number in (signal.SIGTERM, signal.SIGINT):
		signal.signal(number, lambda *_: stop.set())
	if options.ready:
		with open(options.ready + ".tmp", "w", encoding="ascii") as file:
			for name, key in (("registry", "HUB"), ("auth", "HUB_AUTH"), ("cdn", "HUB_CDN")):
				file.write(f"{key}={hub.address[name]}\n")
		os.rename(options.ready + ".tmp", options.ready)
	stop.wait()
	# Answers in flight, stalled ones among them, end with the process.
	os._exit(0)


if __name__ == "__main__":
	sys.exit(main(sys.argv[1:]))

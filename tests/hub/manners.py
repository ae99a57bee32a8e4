"""How certain registries, caches and edges behave, for hub.py --manners NAME.

Each class is one of them, as far as it is known to differ from the hub of hub.py;
syncer/registry/quirks.md has the sources.  NAME is the class's name in lower case;
of the manners of several, "NAME,NAME", the first that has an answer counts.

A hook returns None where it has nothing to say, or what is answered:
(status, body, headers), a body that is no text being sent as JSON.
"""

import re
import threading
import time

SIGNATURE_TAG = re.compile(r"sha256-[0-9a-f]{64}(\.(sig|att|sbom))?")


def refusal(status, code, message, headers=()):
	return (status, {"errors": [{"code": code, "message": message}]}, dict(headers))


class Manners:
	"""The hub's own.  `handler` is a connection of hub.py: .listener, .command, .route,
	.query, .headers, .auth_kind, .auth_value, .wanted_range, .hub, and of the registry
	.parts() too."""

	no_redirect = None		# True: blobs come from the registry itself
	mode = None			# as --mode

	def realm(self, handler, repository):
		"""(path and query at the token server, service, is there a scope?)"""
		return None

	def stale(self, handler, repository):
		"""WWW-Authenticate after a token that is not good any more; "": none."""
		return None

	def refuse(self, handler):
		"""The answer in the place of a check of credentials."""
		return None

	def answer(self, handler):
		"""The answer to a request that may be made."""
		return None

	def absent(self, handler):
		"""The answer in the place of a 404."""
		return None

	def grants(self, handler):
		"""The answer of the token server."""
		return None


class Artifactory(Manners):
	"""The scope is in the realm's query; no ranges; 403 for tags of signatures that are
	absent, and for the referrers API; no POST to the token server."""

	no_redirect = True

	def realm(self, handler, repository):
		return (f"/token?scope=repository:{repository}:pull&service=registry.docker.io",
			None, False)

	def answer(self, handler):
		if handler.listener != "registry":
			return None
		if handler.parts()[1] == "referrers":
			return refusal(403, "DENIED", "not allowed")
		if handler.parts()[1] == "blobs" and handler.wanted_range:
			return refusal(400, "BAD_REQUEST", "Range header is not supported")
		return None

	def absent(self, handler):
		if SIGNATURE_TAG.fullmatch(handler.parts()[2] or ""):
			return refusal(403, "DENIED", "forbidden")
		return None

	def grants(self, handler):
		return (401, "", {}) if handler.command == "POST" else None


class Gitlab(Manners):
	"""A virtual registry: manifests are at a URL that is signed for GET."""

	def realm(self, handler, repository):
		return ("/jwt/auth", "registry.docker.io", True)

	def answer(self, handler):
		if handler.listener == "registry" and handler.parts()[1] == "manifests" \
				and handler.command == "HEAD":
			return (307, "", {"Location": f"http://{handler.hub.address['cdn']}/signed"})
		return None


class Harbor(Manners):
	"""A proxy project: says nothing until it has the blob, which takes three seconds the
	first time."""

	no_redirect = True
	fetch_s = 3

	def __init__(self):
		self.lock = threading.Lock()
		self.has_from = {}

	def realm(self, handler, repository):
		return ("/service/token", "registry.docker.io", True)

	def answer(self, handler):
		if handler.listener != "registry" or handler.parts()[1] != "blobs":
			return None
		now = time.monotonic()
		with self.lock:
			ready = self.has_from.setdefault(handler.route, now + self.fetch_s)
		if ready > now:
			time.sleep(ready - now)
		return None

	def absent(self, handler):
		return refusal(404, "UNKNOWN", "unknown error")


class Nvcr(Manners):
	"""Tokens are got at one realm, which has the scope in its query; who comes with a stale
	one is sent to another, which is of no use."""

	def realm(self, handler, repository):
		return (f"/proxy_auth?scope=repository:{repository}:pull,push", None, False)

	def stale(self, handler, repository):
		return (f'Bearer realm="http://{handler.hub.address["auth"]}/user/token",'
			f'service="nvcr",scope="group/{repository}"')

	def grants(self, handler):
		if handler.route == "/user/token":
			return refusal(404, "NOT_FOUND", "no such page")
		return None


class Dhi(Manners):
	"""A stale token is refused without a challenge."""

	def stale(self, handler, repository):
		return ""


class Cloudflare(Manners):
	"""An edge before the storage: it takes no ranges, and its first word about each blob is
	one of its own errors."""

	def __init__(self):
		self.lock = threading.Lock()
		self.seen = set()

	def answer(self, handler):
		if handler.listener != "cdn":
			return None
		if handler.wanted_range:
			return (403, "error code: 1010", {"Content-Type": "text/plain"})
		with self.lock:
			is_first = handler.route not in self.seen
			self.seen.add(handler.route)
			number = len(self.seen)
		return (520 + number % 8, "<html>", {"Content-Type": "text/html"}) if is_first else None


class Ghcr(Manners):
	"""No referrers API; the token server says what may not be read, or is not there."""

	def answer(self, handler):
		if handler.listener == "registry" and handler.parts()[1] == "referrers":
			return (404, "404 page not found\n", {"Content-Type": "text/plain"})
		return None

	def grants(self, handler):
		for scope in handler.query.get("scope", []):
			name = scope.split(":")[1] if scope.count(":") == 2 else ""
			if not handler.may_pull("", name):
				return refusal(403, "DENIED", "requested access to the resource is denied")
		return None


class Ecr(Manners):
	"""Basic, and storage that takes no second one; no referrers API, in other words."""

	mode = "basic"

	def answer(self, handler):
		if handler.listener == "registry" and handler.parts()[1] == "referrers":
			return refusal(405, "UNSUPPORTED", "The operation is unsupported.")
		return None


class Paths(Manners):
	"""Two teams behind one name, each with a token server of its own."""

	def realm(self, handler, repository):
		team = "b" if re.match("(library/)?b[-/]", repository) else "a"
		return (f"/{team}/token", "registry.docker.io", True)


class Target(Manners):
	"""registry.k8s.io: no credentials, and all content is at another registry, which wants
	a token of its own token server."""

	mode = "open"
	challenge = 'Bearer realm="http://{auth}/target/token",service="target"'

	def grants(self, handler):
		if handler.route != "/target/token":
			return None
		if handler.headers["Authorization"] and not self.is_own(handler):
			return refusal(401, "UNAUTHORIZED", "that is not for here")
		return (200, {"token": self.token(handler), "expires_in": 300}, {})

	def is_own(self, handler):
		return False

	def token(self, handler):
		return handler.hub.tokens.issue("", "target", [])

	def is_good(self, handler):
		return handler.auth_kind == "bearer" and \
			handler.hub.tokens.check(handler.auth_value, "target") is not None

	def refuse(self, handler):
		if handler.listener != "cdn":
			return None
		if self.is_good(handler):
			return ()
		challenge = self.challenge.replace("{auth}", handler.hub.address["auth"])
		return refusal(401, "UNAUTHORIZED", "authentication required",
			       {"WWW-Authenticate": challenge})

	def answer(self, handler):
		if handler.listener == "registry" and handler.parts()[1] == "manifests":
			return (307, "", {"Location":
				f"http://{handler.hub.address['cdn']}{handler.path}"})
		return None


class Storage(Target):
	"""The same with a user name and a password of its own: target, secret."""

	challenge = 'Basic realm="storage"'

	def is_good(self, handler):
		return handler.headers["Authorization"] == "Basic dGFyZ2V0OnNlY3JldA=="


class Members(Target):
	"""The same with a token for that user alone."""

	def is_own(self, handler):
		return handler.headers["Authorization"] == "Basic dGFyZ2V0OnNlY3JldA=="

	def grants(self, handler):
		if handler.route == "/target/token" and not self.is_own(handler):
			return refusal(401, "UNAUTHORIZED", "members only")
		return super().grants(handler)


class All(Manners):
	"""Several in one: the first that has something to say."""

	def __init__(self, manners):
		self.manners = manners

	def first(self, hook, *arguments):
		for one in self.manners:
			said = getattr(one, hook)(*arguments)
			if said is not None:
				return said
		return None


def named(text):
	"""The manners of that name, or of those names; ValueError."""
	kinds = {kind.__name__.lower(): kind for kind in every(Manners) if kind is not All}
	manners = []
	for name in text.split(",") if text else []:
		if name not in kinds:
			raise ValueError(f"no such manners: {name}; there are {', '.join(sorted(kinds))}")
		manners.append(kinds[name]())
	return All(manners)


def every(kind):
	for one in kind.__subclasses__():
		yield one
		yield from every(one)

#!/usr/bin/env python3
"""Makes image content for tests, without a network.

    craft.py --registry HOST:PORT KIND NAME:TAG ...   pushes it to a docker-registry
    craft.py --overlay DIR KIND NAME:TAG ...          writes it to the overlay of hub.py

The same arguments give the same bytes: nothing depends on the time, the place
or the name.  Layers are real gzip'd tars and configs hold their real diff_ids,
unless the kind says otherwise.  Prints the digest of the root; with --json, one
list of all objects in the order in which they were stored.  Some kinds are such
that a docker-registry refuses them: those are for the overlay.
"""

import argparse
import base64
import gzip
import hashlib
import http.client
import json
import os
import subprocess
import sys
import tarfile
import tempfile

CHUNK = 64 * 1024
OCI = {
	"index": "application/vnd.oci.image.index.v1+json",
	"manifest": "application/vnd.oci.image.manifest.v1+json",
	"config": "application/vnd.oci.image.config.v1+json",
	"layer": "application/vnd.oci.image.layer.v1.tar+gzip",
	"foreign": "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
}
DOCKER = {
	"index": "application/vnd.docker.distribution.manifest.list.v2+json",
	"manifest": "application/vnd.docker.distribution.manifest.v2+json",
	"config": "application/vnd.docker.container.image.v1+json",
	"layer": "application/vnd.docker.image.rootfs.diff.tar.gzip",
	"foreign": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
}
PLAIN_TAR = "application/vnd.oci.image.layer.v1.tar"
EMPTY_TYPE = "application/vnd.oci.empty.v1+json"
ARTIFACT_MANIFEST = "application/vnd.oci.artifact.manifest.v1+json"
SCHEMA1 = "application/vnd.docker.distribution.manifest.v1+prettyjws"
SIMPLE_SIGNING = "application/vnd.dev.cosign.simplesigning.v1+json"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
ATTESTATION = "application/vnd.docker.attestation.manifest.v1+json"
SOCI = "application/vnd.amazon.soci.index.v2+json"
EPOCH = "1970-01-01T00:00:00Z"


class Refused(Exception):
	pass


# --- bytes -------------------------------------------------------------------

class Noise:
	"""A file of `size` bytes that do not compress, all from one seed."""

	def __init__(self, seed, size):
		self.seed, self.left, self.block, self.number = seed, size, b"", 0

	def read(self, count):
		count = min(count, self.left)
		while len(self.block) < count:
			text = f"{self.seed}/{self.number}".encode()
			self.block += hashlib.shake_128(text).digest(1 << 20)
			self.number += 1
		piece, self.block = self.block[:count], self.block[count:]
		self.left -= count
		return piece


class HashingWriter:
	def __init__(self, file, alg="sha256"):
		self.file, self.hash, self.size = file, hashlib.new(alg), 0

	def write(self, data):
		self.hash.update(data)
		self.size += len(data)
		return self.file.write(data)

	def flush(self):
		self.file.flush()

	def digest(self):
		return f"{self.hash.name}:{self.hash.hexdigest()}"


class Blob:
	"""Content with its digest and size; large ones are in a temporary file."""

	def __init__(self, data=None, alg="sha256", file=None, digest=None, size=None):
		self.data, self.file = data, file
		self.digest, self.size = digest, size
		if data is not None:
			self.digest = f"{alg}:{hashlib.new(alg, data).hexdigest()}"
			self.size = len(data)

	def chunks(self):
		if self.file is None:
			yield self.data
			return
		self.file.seek(0)
		while piece := self.file.read(CHUNK):
			yield piece

	def content(self):
		return b"".join(self.chunks())

	def describe(self, kind, **more):
		return {"mediaType": kind, "digest": self.digest, "size": self.size, **more}


def tar_member(name, kind, mode, size=0, link=""):
	member = tarfile.TarInfo(name)
	member.type, member.mode, member.size, member.linkname = kind, mode, size, link
	return member


def make_layer(seed, number, size, alg="sha256"):
	"""(blob, diff_id) of a layer with one folder, a file of `size` bytes and a symlink."""
	file = tempfile.TemporaryFile()
	packed = HashingWriter(file, alg)
	# Not compressed: noise would not shrink, and so the bytes are the same
	# with every version of zlib.
	zipped = gzip.GzipFile("", "wb", 0, packed, mtime=0)
	plain = HashingWriter(zipped)
	with tarfile.open(fileobj=plain, mode="w|", format=tarfile.USTAR_FORMAT) as tar:
		folder = f"layer-{number}"
		tar.addfile(tar_member(folder, tarfile.DIRTYPE, 0o755))
		tar.addfile(tar_member(f"{folder}/data", tarfile.REGTYPE, 0o644, size),
			    Noise(f"{seed}/{number}", size))
		tar.addfile(tar_member(f"{folder}/link", tarfile.SYMTYPE, 0o777, link="data"))
	zipped.close()
	return Blob(file=file, digest=packed.digest(), size=packed.size), plain.digest()


def as_zstd(blob):
	"""The same layer, zstd: a frame (RFC 8878) whose blocks are not compressed."""
	plain = gzip.decompress(blob.content())
	parts = [b"\x28\xb5\x2f\xfd\xa0", len(plain).to_bytes(4, "little")]
	for at in range(0, len(plain), CHUNK):
		piece = plain[at:at + CHUNK]
		last = at + CHUNK >= len(plain)
		parts += [(len(piece) << 3 | last).to_bytes(3, "little"), piece]
	return Blob(b"".join(parts))


# --- where it goes -----------------------------------------------------------

class Registry:
	"""A docker-registry, through its push API."""

	def __init__(self, address):
		self.connection = http.client.HTTPConnection(address, timeout=60, blocksize=CHUNK)

	def call(self, method, path, body=None, headers=None, good=(200, 201, 202, 404)):
		self.connection.request(method, path, body, headers or {})
		response = self.connection.getresponse()
		text = response.read()
		if response.status not in good:
			raise Refused(f"{method} {path}: {response.status} {text[:500].decode()}")
		return response, text

	def put_blob(self, repository, blob):
		path = f"/v2/{repository}/blobs/"
		if self.call("HEAD", path + blob.digest)[0].status == 200:
			return
		upload = self.call("POST", path + "uploads/")[0].getheader("Location")
		mark = "&" if "?" in upload else "?"
		self.call("PUT", f"{upload}{mark}digest={blob.digest}", blob.chunks(),
			  {"Content-Length": str(blob.size),
			   "Content-Type": "application/octet-stream"}, good=(201,))

	def put_manifest(self, repository, reference, blob, kind):
		self.call("PUT", f"/v2/{repository}/manifests/{reference}", blob.data,
			  {"Content-Type": kind}, good=(201,))

	def get_manifest(self, repository, reference):
		accept = ", ".join(types[key] for types in (OCI, DOCKER) for key in ("index", "manifest"))
		response, body = self.call("GET", f"/v2/{repository}/manifests/{reference}",
					   headers={"Accept": accept})
		if response.status != 200:
			return None
		return Blob(body), response.getheader("Content-Type")

	def add_referrer(self, repository, subject, entry):
		"""A docker-registry has no referrers API: the specification's tag instead."""
		alg, _, encoded = subject.partition(":")
		tag = f"{alg[:32]}-{encoded[:64]}"
		found = self.get_manifest(repository, tag)
		index = referrers_index(found[0].data if found else None, entry)
		self.put_manifest(repository, tag, Blob(index), OCI["index"])


class Overlay:
	"""The overlay folder of hub.py."""

	def __init__(self, top):
		self.top = top

	def write(self, repository, folder, name, chunks):
		path = os.path.join(self.top, repository, folder)
		os.makedirs(path, exist_ok=True)
		with open(os.path.join(path, name + ".tmp"), "wb") as file:
			file.writelines(chunks)
		os.rename(os.path.join(path, name + ".tmp"), os.path.join(path, name))

	def put_blob(self, repository, blob):
		self.write(repository, "blobs", blob.digest, blob.chunks())

	def put_manifest(self, repository, reference, blob, kind):
		self.write(repository, "manifests", reference + ".type", [kind.encode()])
		if hashlib.sha256(blob.data).hexdigest() != blob.digest.partition(":")[2]:
			line = f"Docker-Content-Digest: {blob.digest}\n"
			self.write(repository, "manifests", reference + ".headers", [line.encode()])
		self.write(repository, "manifests", reference, [blob.data])
		if reference != blob.digest:
			self.put_manifest(repository, blob.digest, blob, kind)

	def read(self, repository, folder, name):
		path = os.path.join(self.top, repository, folder, name)
		if not os.path.exists(path):
			return None
		with open(path, "rb") as file:
			return file.read()

	def get_manifest(self, repository, reference):
		body = self.read(repository, "manifests", reference)
		if body is None:
			return None
		return Blob(body), self.read(repository, "manifests", reference + ".type").decode()

	def add_referrer(self, repository, subject, entry):
		index = referrers_index(self.read(repository, "referrers", subject), entry)
		self.write(repository, "referrers", subject, [index])


def referrers_index(old, entry):
	"""An index with one entry more, each only once."""
	entries = json.loads(old)["manifests"] if old else []
	entries = [one for one in entries if one["digest"] != entry["digest"]] + [entry]
	return json.dumps({"schemaVersion": 2, "mediaType": OCI["index"],
			   "manifests": entries}).encode()


# --- what it is made of ------------------------------------------------------

class Craft:
	"""Makes objects for one repository and stores them, children first."""

	def __init__(self, sink, options, repository=None):
		self.sink, self.options = sink, options
		self.name, self.tag = split_name(options.name)
		self.repository = repository or self.name
		self.types = DOCKER if options.docker else OCI
		self.seed = options.seed
		self.objects = []

	def record(self, what, blob, kind):
		self.objects.append({"repository": self.repository, "kind": what,
				     "digest": blob.digest, "size": blob.size, "mediaType": kind})

	def put_blob(self, what, blob, kind, store=True):
		"""Store a blob; its descriptor."""
		if store:
			self.sink.put_blob(self.repository, blob)
			self.record(what, blob, kind)
		return blob.describe(kind)

	def put_json(self, value, kind, tag=None, alg="sha256", store=True):
		"""Store a manifest or an index; its descriptor."""
		# Docker indents by three; whoever stores other bytes than it got is found out.
		if kind in DOCKER.values():
			data = json.dumps(value, indent=3).encode()
		else:
			data = json.dumps(value, separators=(",", ":")).encode()
		return self.put_manifest(Blob(data, alg), kind, tag, store)

	def put_manifest(self, blob, kind, tag=None, store=True):
		if store:
			self.sink.put_manifest(self.repository, tag or blob.digest, blob, kind)
			self.record("index" if kind.endswith(("index.v1+json", "list.v2+json"))
				    else "manifest", blob, kind)
		return blob.describe(kind)

	def versioned(self, kind, **fields):
		value = {"schemaVersion": 2, "mediaType": kind, **fields}
		if self.options.annotated:
			value["annotations"] = {"org.opencontainers.image.created":
						self.options.annotated}
		if self.options.no_media_type:
			del value["mediaType"]
		return value

	def layers(self, platform, alg="sha256"):
		"""[(blob, diff_id)], of which the first --shared are the same in all images."""
		seeds = [self.options.seed if number < self.options.shared
			 else f"{self.seed}/{platform}" for number in range(self.options.layers)]
		return [make_layer(seed, number, self.options.size, alg)
			for number, seed in enumerate(seeds)]

	def config(self, platform, diff_ids, **more):
		value = {"created": self.options.created, **platform_object(platform), **more,
			 "config": {"Env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"], "Cmd": ["/bin/sh"]},
			 "rootfs": {"type": "layers", "diff_ids": diff_ids},
			 "history": [{"created": EPOCH, "created_by": f"craft layer {number}"}
				     for number in range(len(diff_ids))]}
		if self.options.created == "none":
			del value["created"]
		return Blob(json.dumps(value).encode())

	def image(self, platform, tag=None, store=True, missing=None, alg="sha256", extra=None):
		"""An image of one platform; its descriptor."""
		made = self.layers(platform, alg)
		config = self.config(platform, [diff_id for _, diff_id in made], **(extra or {}))
		if alg != "sha256":
			config = Blob(config.data, alg)
		last = len(made) - 1
		layers = [self.put_blob("layer", blob, self.types["layer"],
					store and not (missing == "layer" and number == last))
			  for number, (blob, _) in enumerate(made)]
		config = self.put_blob("config", config, self.types["config"],
				       store and missing != "config")
		return self.image_manifest(config, layers, tag, store, alg)

	def image_manifest(self, config, layers, tag=None, store=True, alg="sha256"):
		value = self.versioned(self.types["manifest"], config=config, layers=layers)
		return self.put_json(value, self.types["manifest"], tag, alg, store)

	def attestation(self, subject, platform, style, store=True):
		"""What BuildKit writes beside an image; its entry in the index."""
		layers = []
		for predicate in ("https://slsa.dev/provenance/v0.2", "https://spdx.dev/Document"):
			alg, _, encoded = subject["digest"].partition(":")
			statement = {"_type": "https://in-toto.io/Statement/v0.1",
				     "predicateType": predicate,
				     "subject": [{"name": f"pkg:docker/image?platform={platform}",
						  "digest": {alg: encoded}}],
				     "predicate": {}}
			blob = Blob(json.dumps(statement).encode())
			layers.append(self.put_blob("layer", blob, "application/vnd.in-toto+json", store)
				      | {"annotations": {"in-toto.io/predicate-type": predicate}})
		if style == "artifact":
			config = self.put_blob("config", Blob(b"{}"), EMPTY_TYPE, store)
			fields = {"artifactType": ATTESTATION, "config": config, "layers": layers,
				  "subject": subject}
		else:
			value = {"architecture": "unknown", "os": "unknown", "config": {},
				 "rootfs": {"type": "layers",
					    "diff_ids": [layer["digest"] for layer in layers]}}
			config = self.put_blob("config", Blob(json.dumps(value).encode()),
					       OCI["config"], store)
			fields = {"config": config, "layers": layers}
		value = {"schemaVersion": 2, "mediaType": OCI["manifest"], **fields}
		return self.put_json(value, OCI["manifest"], store=store) | {
			"annotations": {"vnd.docker.reference.digest": subject["digest"],
					"vnd.docker.reference.type": "attestation-manifest"},
			"platform": {"architecture": "unknown", "os": "unknown"}}

	def index(self, entries, tag=None, **more):
		value = self.versioned(self.types["index"], manifests=entries, **more)
		return self.put_json(value, self.types["index"], tag)

	def subject(self):
		"""The descriptor that --subject means, or None."""
		digest = self.options.subject
		if digest is None:
			return None
		found = self.sink.get_manifest(self.repository, digest)
		if found is None:
			raise Refused(f"{self.repository}@{digest}: no such subject")
		return {"mediaType": found[1], "digest": digest, "size": found[0].size}

	def refer(self, subject, entry, artifact_type):
		if subject is not None:
			self.sink.add_referrer(self.repository, subject["digest"],
					       entry | {"artifactType": artifact_type})


def split_name(text):
	name, colon, tag = text.rpartition(":")
	return (name, tag) if colon and "/" not in tag else (text, "latest")


def platform_object(text):
	system, architecture, *variant = text.split("/")
	value = {"os": system, "architecture": architecture}
	return value | ({"variant": variant[0]} if variant else {})


def noise(options, number, size):
	return Blob(Noise(f"{options.seed}/artifact/{number}", size).read(size))


# --- the kinds ---------------------------------------------------------------

def make_image(craft, options):
	"""an image of one platform"""
	return craft.image(options.platform, craft.tag)


def make_index(craft, options):
	"""an index of several platforms, with attestations if wanted"""
	entries, attestations = [], []
	for platform in options.platforms.split(","):
		image = craft.image(platform)
		entries.append(image | {"platform": platform_object(platform)})
		if options.attestations:
			attestations.append(craft.attestation(image, platform, options.attestations))
	return craft.index(entries + attestations, craft.tag)


def make_artifact(craft, options):
	"""an OCI 1.1 artifact, a referrer of --subject if given"""
	subject = craft.subject()
	names = options.files.split(",") if options.files else []
	layers = [craft.put_blob("layer", noise(options, number, options.size), options.layer_type)
		  for number in range(len(names) or options.layers)]
	for layer, name in zip(layers, names):
		layer["annotations"] = {"org.opencontainers.image.title": name}
	fields = {"artifactType": options.artifact_type,
		  "config": craft.put_blob("config", Blob(b"{}"), EMPTY_TYPE), "layers": layers}
	if options.config_type:
		del fields["artifactType"]
		fields["config"]["mediaType"] = options.config_type
	if subject:
		fields["subject"] = subject
	value = {"schemaVersion": 2, "mediaType": OCI["manifest"], **fields}
	root = craft.put_json(value, OCI["manifest"], craft.tag)
	craft.refer(subject, root, options.artifact_type)
	return root


def make_many(craft, options):
	"""--count images NAME-0001:TAG, NAME-0002:TAG ..., each printed with its digest"""
	for number in range(1, options.count + 1):
		one = Craft(craft.sink, options, f"{craft.name}-{number:04d}")
		one.seed = f"{options.seed}-{number}"
		root = one.image(options.platform, one.tag)
		craft.objects += one.objects
		if not options.json:
			print(f"{one.repository}:{one.tag}", root["digest"])


def make_sha512(craft, options):
	"""an index whose child, config and layers are named by sha512"""
	child = craft.image(options.platform, alg="sha512")
	return craft.index([child | {"platform": platform_object(options.platform)}], craft.tag)


def make_schema1(craft, options):
	"""a signed schema1 manifest: its digest leaves out the signatures"""
	layers = [blob for blob, _ in craft.layers(options.platform)]
	for blob in layers:
		craft.put_blob("layer", blob, craft.types["layer"])
	history = [{"v1Compatibility": json.dumps({"id": blob.digest.partition(":")[2]})}
		   for blob in reversed(layers)]
	payload = json.dumps({
		"schemaVersion": 1, "name": craft.repository, "tag": craft.tag,
		"architecture": platform_object(options.platform)["architecture"],
		"fsLayers": [{"blobSum": blob.digest} for blob in reversed(layers)],
		"history": history}, indent=3)
	# The payload is what precedes the signatures, closed by the "tail".
	protected = json.dumps({"formatLength": len(payload) - 2, "formatTail": base64url(b"\n}"),
				"time": EPOCH})
	signature = {"header": {"alg": "ES256", "jwk": {"crv": "P-256", "kty": "EC",
							"x": base64url(bytes(32)),
							"y": base64url(bytes(32))}},
		     "signature": base64url(bytes(64)), "protected": base64url(protected.encode())}
	signed = payload[:-2] + ',\n   "signatures": ' + json.dumps([signature]) + "\n}"
	named = Blob(payload.encode())
	root = Blob(signed.encode())
	root.digest = named.digest
	return craft.put_manifest(root, SCHEMA1, craft.tag)


def make_nested(craft, options):
	"""an index in an index ..., --depth of them, with an image in the innermost"""
	entry = craft.image(options.platform) | {"platform": platform_object(options.platform)}
	for _ in range(options.depth - 1):
		entry = craft.index([entry])
	return craft.index([entry], craft.tag)


def make_huge_manifest(craft, options):
	"""an image manifest of exactly --bytes bytes"""
	made = craft.layers(options.platform)
	config = craft.put_blob("config", craft.config(options.platform, [diff for _, diff in made]),
				craft.types["config"])
	layers = [craft.put_blob("layer", blob, craft.types["layer"]) for blob, _ in made]
	kind = craft.types["manifest"]
	value = craft.versioned(kind, config=config, layers=layers, annotations={"padding": ""})
	room = options.bytes - len(json.dumps(value))
	if room < 0:
		raise Refused(f"--bytes {options.bytes}: too few for a manifest")
	value["annotations"]["padding"] = "x" * room
	return craft.put_manifest(Blob(json.dumps(value).encode()), kind, craft.tag)


def make_bomb(craft, options):
	"""JSON that costs a careless reader much: --shape nesting, children, layers or keys"""
	count, fields, kind = options.count, {}, craft.types["manifest"]
	config = craft.put_blob("config", craft.config(options.platform, []), craft.types["config"])
	fakes = ({"mediaType": craft.types["layer"], "size": 100,
		  "digest": "sha256:" + hashlib.sha256(f"{options.seed}/{number}".encode()).hexdigest()}
		 for number in range(count))
	if options.shape == "children":
		kind = craft.types["index"]
		fields["manifests"] = [fake | {"mediaType": craft.types["manifest"],
					       "platform": platform_object(options.platform)}
				       for fake in fakes]
	else:
		fields["config"] = config
		fields["layers"] = list(fakes) if options.shape == "layers" else []
	if options.shape == "keys":
		fields["annotations"] = {f"key-{number}": "" for number in range(count)}
	text = json.dumps(craft.versioned(kind, **fields))
	if options.shape == "nesting":
		text = text[:-1] + ', "bomb": ' + "[" * count + "]" * count + "}"
	return craft.put_manifest(Blob(text.encode()), kind, craft.tag)


def make_missing_child(craft, options):
	"""an index of which one object is not there: --missing child, layer, config, attestation"""
	platforms = options.platforms.split(",")
	entries = []
	# Own content: what is missing here must not be there for another image's sake.
	craft.seed = f"{options.seed}/missing"
	for platform in platforms:
		last = platform == platforms[-1]
		image = craft.image(platform, store=not (last and options.missing == "child"),
				    missing=options.missing if last else None)
		entries.append(image | {"platform": platform_object(platform)})
	if options.missing == "attestation":
		entries.append(craft.attestation(image, platforms[-1], "classic", store=False))
	return craft.index(entries, craft.tag)


def make_zero_length(craft, options):
	"""an image with one layer of no bytes"""
	blob = Blob(b"")
	config = craft.put_blob("config", craft.config(options.platform, [blob.digest]),
				craft.types["config"])
	layer = craft.put_blob("layer", blob, PLAIN_TAR)
	return craft.image_manifest(config, [layer], craft.tag)


def make_repeated_layer(craft, options):
	"""an image that lists its first layer once more at the end"""
	made = craft.layers(options.platform)
	made.append(made[0])
	config = craft.put_blob("config", craft.config(options.platform, [diff for _, diff in made]),
				craft.types["config"])
	layers = [craft.put_blob("layer", blob, craft.types["layer"]) for blob, _ in made[:-1]]
	return craft.image_manifest(config, layers + layers[:1], craft.tag)


def make_data_field(craft, options):
	"""an image whose descriptors hold the content as well; --wrong-data: other content"""
	made = craft.layers(options.platform)

	def put(what, blob, kind):
		data = blob.content()
		if options.wrong_data:
			data = bytes([data[0] ^ 0xff]) + data[1:]
		return craft.put_blob(what, blob, kind) | {"data": base64.b64encode(data).decode()}

	config = put("config", craft.config(options.platform, [diff for _, diff in made]),
		     craft.types["config"])
	layers = [put("layer", blob, craft.types["layer"]) for blob, _ in made]
	return craft.image_manifest(config, layers, craft.tag)


def make_oci_artifact_manifest(craft, options):
	"""the retired OCI artifact manifest: blobs, no config"""
	subject = craft.subject()
	blobs = [craft.put_blob("layer", noise(options, number, options.size),
				"application/octet-stream") for number in range(options.layers)]
	value = {"mediaType": ARTIFACT_MANIFEST, "artifactType": options.artifact_type,
		 "blobs": blobs}
	if subject:
		value["subject"] = subject
	root = craft.put_json(value, ARTIFACT_MANIFEST, craft.tag)
	craft.refer(subject, root, options.artifact_type)
	return root


def make_foreign_layer(craft, options):
	"""an image whose first layer has urls and is stored only with --present"""
	craft.seed = f"{options.seed}/foreign"
	made = craft.layers(options.platform)
	config = craft.put_blob("config", craft.config(options.platform, [diff for _, diff in made]),
				craft.types["config"])
	foreign = made[0][0]
	if options.save:
		with open(options.save, "wb") as file:
			file.writelines(foreign.chunks())
	layers = [craft.put_blob("layer", foreign, craft.types["foreign"], options.present)
		  | {"urls": [options.url]}]
	layers += [craft.put_blob("layer", blob, craft.types["layer"]) for blob, _ in made[1:]]
	return craft.image_manifest(config, layers, craft.tag)


def make_variants(craft, options):
	"""an index with several entries for each platform: --variants, with attestations"""
	entries, attestations = [], []
	for platform in options.platforms.split(","):
		first = None
		for variant in options.variants.split(","):
			entry = make_variant(craft, options, platform, variant, first)
			first = first or entry
			wanted = platform_object(platform) | entry.pop("more", {})
			entries.append(entry | {"platform": wanted})
			if options.attestations and variant != "soci":
				attestations.append(craft.attestation(entry, platform, "classic"))
	return craft.index(entries + attestations, craft.tag)


def make_variant(craft, options, platform, variant, first):
	craft.seed = f"{options.seed}/{variant}"
	if variant == "gzip":
		return craft.image(platform)
	if variant == "nydus":
		return craft.image(platform) | {"more": {"os.features": ["nydus.remoteimage.v1"]}}
	if variant == "soci":
		layer = craft.put_blob("layer", noise(options, 0, 100), "application/octet-stream")
		config = craft.put_blob("config", Blob(b"{}"), EMPTY_TYPE)
		value = {"schemaVersion": 2, "mediaType": OCI["manifest"], "artifactType": SOCI,
			 "config": config, "layers": [layer], "annotations": {"for": platform}}
		return craft.put_json(value, OCI["manifest"]) | {
			"artifactType": SOCI,
			"annotations": {"com.amazon.soci.image-manifest-digest": first["digest"]}}
	craft.seed = f"{options.seed}/gzip"
	made = craft.layers(platform)
	layers = [craft.put_blob("layer", as_zstd(blob), craft.types["layer"].replace("gzip", "zstd"))
		  for blob, _ in made]
	config = craft.put_blob("config", craft.config(platform, [diff for _, diff in made]),
				craft.types["config"])
	return craft.image_manifest(config, layers) | {
		"annotations": {"io.github.containers.compression.zstd": "true"}}


def make_windows(craft, options):
	"""an index whose entries differ only by os.version: --builds"""
	entries = []
	for build in options.builds.split(","):
		more = {"os.version": build, "os.features": ["win32k"]}
		craft.seed = f"{options.seed}/{build}"
		entries.append(craft.image("windows/amd64", extra=more)
			       | {"platform": platform_object("windows/amd64") | more})
	return craft.index(entries, craft.tag)


def openssl_sign(key, data):
	"""ECDSA and RSA over SHA-256, Ed25519 over the data, as cosign does."""
	kind = subprocess.run(["openssl", "pkey", "-in", key, "-noout", "-text"],
			      check=True, capture_output=True).stdout
	hashed = [] if kind.startswith(b"ED25519") else ["-digest", "sha256"]
	with tempfile.NamedTemporaryFile() as file:
		file.write(data)
		file.flush()
		return subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", *hashed, "-inkey", key,
				       "-in", file.name], check=True, capture_output=True).stdout


def spoil(options, data, sig):
	"""The payload and the base64 of its signature as --spoil wants them."""
	text = base64.b64encode(sig).decode()
	if options.spoil == "payload":
		data = data.replace(b"}", b" }", 1)
	elif options.spoil == "base64":
		text = text.rstrip("=")
		text = text[:len(text) - (len(text) + 3) % 4]
	return data, text


def simple_signature(craft, options, subject):
	"""One layer more in the image under cosign's tag."""
	tag = subject["digest"].replace(":", "-") + ".sig"
	payload = {"critical": {"identity": {"docker-reference": "elsewhere.example/" + craft.repository},
				"image": {"docker-manifest-digest": options.signs or subject["digest"]},
				"type": "cosign container image signature"}, "optional": None}
	if options.spoil == "type":
		payload["critical"]["type"] = "something else"
	data = json.dumps(payload).encode()
	data, text = spoil(options, data, openssl_sign(options.key, data))
	layer = craft.put_blob("layer", Blob(data), SIMPLE_SIGNING) | {
		"annotations": {"dev.cosignproject.cosign/signature": text}}
	if options.spoil == "annotation":
		del layer["annotations"]
	found = craft.sink.get_manifest(craft.repository, tag)
	layers = (json.loads(found[0].data)["layers"] if found else []) + [layer]
	config = craft.put_blob("config", craft.config("linux/amd64",
						       [one["digest"] for one in layers]), OCI["config"])
	return craft.put_json({"schemaVersion": 2, "mediaType": OCI["manifest"], "config": config,
			       "layers": layers}, OCI["manifest"], tag)


def bundle_signature(craft, options, subject):
	"""A referrer; listed as cosign does it, without its type."""
	alg, _, encoded = (options.signs or subject["digest"]).partition(":")
	predicate = "https://spdx.dev/Document" if options.spoil == "type" \
		else "https://sigstore.dev/cosign/sign/v1"
	data = json.dumps({"_type": "https://in-toto.io/Statement/v1",
			   "subject": [{"digest": {alg: encoded}, "annotations": {}}],
			   "predicateType": predicate, "predicate": {}}).encode()
	kind = b"application/vnd.in-toto+json"
	signed = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(data), data)
	data, text = spoil(options, data, openssl_sign(options.key, signed))
	bundle = {"mediaType": BUNDLE, "verificationMaterial": {"publicKey": {"hint": "none"}},
		  "dsseEnvelope": {"payload": base64.b64encode(data).decode(),
				   "payloadType": kind.decode(), "signatures": [{"sig": text}]}}
	if options.spoil == "annotation":
		del bundle["dsseEnvelope"]
	layer = craft.put_blob("layer", Blob(json.dumps(bundle).encode()), BUNDLE)
	root = craft.put_json({"schemaVersion": 2, "mediaType": OCI["manifest"], "artifactType": BUNDLE,
			       "config": craft.put_blob("config", Blob(b"{}"), EMPTY_TYPE),
			       "layers": [layer], "subject": subject}, OCI["manifest"])
	craft.refer(subject, root, EMPTY_TYPE)
	return root


def make_signature(craft, options):
	"""cosign's signature of --subject with a private --key, in one of its two forms"""
	subject = craft.subject()
	if subject is None or options.key is None:
		raise Refused("a signature needs --subject and --key")
	make = bundle_signature if options.form == "bundle" else simple_signature
	return make(craft, options, subject)


def base64url(data):
	return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


# --- the command -------------------------------------------------------------

PLATFORM = ("--platform", {"default": "linux/amd64"})
PLATFORMS = ("--platforms", {"default": "linux/amd64,linux/arm64/v8"})
TYPE = ("--artifact-type", {"default": "application/vnd.example.bundle"})
SUBJECT = ("--subject", {"metavar": "DIGEST"})
KINDS = {
	"image": (make_image, PLATFORM),
	"index": (make_index, PLATFORMS,
		  ("--attestations", {"nargs": "?", "const": "classic",
				      "choices": ("classic", "artifact")})),
	"artifact": (make_artifact, TYPE, SUBJECT,
		     ("--config-type", {"help": "its type, and no artifactType: a chart"}),
		     ("--layer-type", {"default": "application/octet-stream"}),
		     ("--files", {"metavar": "NAME,...", "help": "a layer each, with its name"})),
	"many": (make_many, PLATFORM, ("--count", {"type": int, "default": 10})),
	"sha512": (make_sha512, PLATFORM),
	"schema1": (make_schema1, PLATFORM),
	"nested": (make_nested, PLATFORM, ("--depth", {"type": int, "default": 3})),
	"huge-manifest": (make_huge_manifest, PLATFORM,
			  ("--bytes", {"type": int, "default": (4 << 20) + 1})),
	"bomb": (make_bomb, PLATFORM, ("--count", {"type": int, "default": 20000}),
		 ("--shape", {"choices": ("nesting", "children", "layers", "keys"),
			      "default": "nesting"})),
	"missing-child": (make_missing_child, PLATFORMS,
			  ("--missing", {"choices": ("child", "layer", "config", "attestation"),
					 "default": "child"})),
	"zero-length": (make_zero_length, PLATFORM),
	"repeated-layer": (make_repeated_layer, PLATFORM),
	"data-field": (make_data_field, PLATFORM, ("--wrong-data", {"action": "store_true"})),
	"oci-artifact-manifest": (make_oci_artifact_manifest, TYPE, SUBJECT),
	"foreign-layer": (make_foreign_layer, PLATFORM, ("--present", {"action": "store_true"}),
			  ("--url", {"default": "http://127.0.0.1:9/layer"}),
			  ("--save", {"metavar": "FILE", "help": "write that layer there too"})),
	"signature": (make_signature, SUBJECT, ("--key", {"metavar": "FILE"}),
		      ("--form", {"choices": ("simple", "bundle"), "default": "simple"}),
		      ("--signs", {"metavar": "DIGEST", "help": "in the place of the subject's"}),
		      ("--spoil", {"choices": ("payload", "base64", "type", "annotation")})),
	"variants": (make_variants, PLATFORMS, ("--attestations", {"action": "store_true"}),
		     ("--variants", {"default": "gzip,zstd", "help": "of gzip, zstd, nydus, soci"})),
	"windows": (make_windows,
		    ("--builds", {"default": "10.0.17763.5000,10.0.20348.2000,10.0.26100.1000"})),
}


def parse_options(arguments):
	parser = argparse.ArgumentParser(
		description="make image content for tests",
		epilog="craft.py KIND --help says what a kind takes")
	where = parser.add_mutually_exclusive_group(required=True)
	where.add_argument("--registry", metavar="HOST:PORT")
	where.add_argument("--overlay", metavar="DIR")
	common = argparse.ArgumentParser(add_help=False)
	common.add_argument("name", metavar="NAME[:TAG]")
	common.add_argument("--seed", default="0")
	common.add_argument("--layers", type=int, default=2)
	common.add_argument("--size", type=int, default=4096, help="bytes of data in a layer")
	common.add_argument("--shared", type=int, default=0, metavar="N",
			    help="the first N layers depend on the seed and size only")
	common.add_argument("--docker", action="store_true", help="Docker's media types")
	common.add_argument("--no-media-type", action="store_true",
			    help="no mediaType inside, as with OCI 1.0")
	common.add_argument("--created", default=EPOCH, metavar="TIME",
			    help="in the configuration; none: not there")
	common.add_argument("--annotated", metavar="TIME",
			    help="that as an annotation of the manifest")
	common.add_argument("--json", action="store_true", help="print all objects")
	kinds = parser.add_subparsers(dest="kind", required=True, metavar="KIND")
	for name, (make, *extras) in KINDS.items():
		kind = kinds.add_parser(name, parents=[common], help=make.__doc__)
		for flag, settings in extras:
			kind.add_argument(flag, **settings)
	options = parser.parse_args(arguments)
	options.subject = getattr(options, "subject", None)
	return options


def main(arguments):
	options = parse_options(arguments)
	sink = Registry(options.registry) if options.registry else Overlay(options.overlay)
	craft = Craft(sink, options)
	try:
		root = KINDS[options.kind][0](craft, options)
	except (Refused, OSError, http.client.HTTPException) as problem:
		print(f"craft: {options.kind} {options.name}: {problem}", file=sys.stderr)
		return 1
	if options.json:
		print(json.dumps(craft.objects, indent=1))
	elif root:
		print(root["digest"])
	return 0


if __name__ == "__main__":
	sys.exit(main(sys.argv[1:]))

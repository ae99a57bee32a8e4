#!/usr/bin/env python3
"""Pushes what tests/conformance/read.py asks for, and prints it as JSON.

    content.py ADDR:PORT REPOSITORY

The kinds of content that the OCI distribution specification's own conformance
suite pushes: an image, one without layers, a big manifest, an index, an index
of indexes, an empty index, artifacts, four tags of one image, and referrers of
two artifact types and of an index. A registry without the referrers API lists
them by the referrers tag schema.
"""

import hashlib
import http.client
import json
import sys
import urllib.parse

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
EMPTY = "application/vnd.oci.empty.v1+json"
SBOM, SIGNATURE = "application/x.sbom+json", "application/x.signature"

address, repository = sys.argv[1:3]
blobs, manifests, tags = {}, {}, {}


def request(method, path, body=b"", headers=None):
    connection = http.client.HTTPConnection(address, timeout=30)
    connection.request(method, path, body, headers or {})
    response = connection.getresponse()
    response.read()
    if response.status >= 300:
        sys.exit(f"content: {method} {path}: {response.status}")
    return response


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def blob(data, media):
    name = digest(data)
    if name not in blobs:
        where = request("POST", f"/v2/{repository}/blobs/uploads/").getheader("Location")
        where = urllib.parse.urlsplit(where)
        request("PUT", f"{where.path}?{where.query}&digest={name}", data,
                {"Content-Type": "application/octet-stream"})
        blobs[name] = {"size": len(data)}
    return {"mediaType": media, "digest": name, "size": len(data)}


def put(document, *names):
    """Pushes a manifest by its digest, or by tags; returns its descriptor."""
    data = json.dumps(document).encode()
    name = digest(data)
    for reference in names or (name,):
        request("PUT", f"/v2/{repository}/manifests/{reference}", data,
                {"Content-Type": document["mediaType"]})
        if reference != name:
            tags[reference] = name
    manifests[name] = {"size": len(data), "type": document["mediaType"]}
    got = {"mediaType": document["mediaType"], "digest": name, "size": len(data)}
    for key in ("artifactType", "annotations"):
        if key in document:
            got[key] = document[key]
    return got


def image(seed, *names, layers=2, **more):
    config = blob(json.dumps({"architecture": "amd64", "os": "linux", "seed": seed,
                              "rootfs": {"type": "layers", "diff_ids": []}}).encode(), CONFIG)
    parts = [blob(f"layer {n} of {seed}\n".encode() * 99, LAYER) for n in range(layers)]
    return put({"schemaVersion": 2, "mediaType": MANIFEST, "config": config,
                "layers": parts, **more}, *names)


def artifact(kind, seed, *names, **more):
    return put({"schemaVersion": 2, "mediaType": MANIFEST, "artifactType": kind,
                "config": blob(b"{}", EMPTY), "layers": [blob(seed.encode(), kind)],
                "annotations": {"seed": seed}, **more}, *names)


def index(children, *names, **more):
    return put({"schemaVersion": 2, "mediaType": INDEX, "manifests": children, **more}, *names)


def platform(descriptor, name):
    return {**descriptor, "platform": {"os": "linux", "architecture": name}}


subject = image("subject", "test0", "test1", "test2", "test3")
image("no layers", "no-layers", layers=0)
image("big", "big", annotations={f"key {n}": "A" * 10000 for n in range(390)})
one = index([platform(image("amd64"), "amd64"), platform(image("arm64"), "arm64")], "index")
two = index([platform(image("other"), "amd64")])
index([one, two], "index-of-indexes")
index([], "empty-index")
artifact(SBOM, "an artifact", "artifact")
refers = {key: subject[key] for key in ("mediaType", "digest", "size")}
found = [artifact(SBOM, "sbom", subject=refers),
         artifact(SIGNATURE, "signature one", subject=refers),
         artifact(SIGNATURE, "signature two", subject=refers),
         index([], artifactType=SIGNATURE, subject=refers)]

# What stands in for the API is no content of its own.
kept = dict(manifests), dict(tags)
index(found, subject["digest"].replace(":", "-"))
manifests, tags = kept

json.dump({"repository": repository, "blobs": blobs, "manifests": manifests, "tags": tags,
           "subject": subject["digest"], "alone": one["digest"],
           "referrers": found, "types": [SBOM, SIGNATURE]}, sys.stdout)

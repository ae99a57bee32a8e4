#!/usr/bin/env python3
"""An OCI image layout with one image of one layer:

	layout.py LAYOUT TAG ARCHITECTURE ROOTFS CONFIG

CONFIG is JSON: the member "config" of the image's configuration.
"""

import gzip
import hashlib
import io
import json
import os
import sys
import tarfile

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"


def anonymous(member):
	member.uid = member.gid = member.mtime = 0
	member.uname = member.gname = ""
	return member


def main():
	layout, tag, architecture, rootfs, config = sys.argv[1:]
	os.makedirs(f"{layout}/blobs/sha256")

	def put(data, media_type):
		name = hashlib.sha256(data).hexdigest()
		with open(f"{layout}/blobs/sha256/{name}", "wb") as out:
			out.write(data)
		return {"mediaType": media_type, "digest": "sha256:" + name,
			"size": len(data)}

	text = io.BytesIO()
	with tarfile.open(fileobj=text, mode="w") as tar:
		for name in sorted(os.listdir(rootfs)):
			tar.add(f"{rootfs}/{name}", name, filter=anonymous)
	diff_id = "sha256:" + hashlib.sha256(text.getvalue()).hexdigest()
	layer = put(gzip.compress(text.getvalue(), 1, mtime=0), LAYER)
	about = put(json.dumps({
		"architecture": architecture, "os": "linux", "config": json.loads(config),
		"rootfs": {"type": "layers", "diff_ids": [diff_id]},
	}).encode(), CONFIG)
	manifest = put(json.dumps({
		"schemaVersion": 2, "mediaType": MANIFEST, "config": about,
		"layers": [layer],
	}).encode(), MANIFEST)
	manifest["annotations"] = {"org.opencontainers.image.ref.name": tag}
	with open(f"{layout}/index.json", "w", encoding="ascii") as out:
		json.dump({"schemaVersion": 2, "manifests": [manifest]}, out)
	with open(f"{layout}/oci-layout", "w", encoding="ascii") as out:
		out.write('{"imageLayoutVersion":"1.0.0"}')


main()

#!/usr/bin/python3
"""Writes what a release says of itself: an SBOM in SPDX 2.3, and a provenance
statement (in-toto Statement v1, SLSA Provenance v1).  scripts/packaging/release calls it.
The same input makes the same bytes.
"""
import argparse
import gzip
import hashlib
import io
import json
import os
import re
import tarfile
import uuid

# What the Makefile links with, by the names that package URLs have for it.
LIBRARIES = ("curl", "jansson", "libyaml", "openssl", "libarchive")
LAYER_MAX = 1 << 30


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def sha256_of(path):
    h = hashlib.sha256()
    with open(path, "rb") as f:
        for piece in iter(lambda: f.read(1 << 20), b""):
            h.update(piece)
    return h.hexdigest()


def ref(*words):
    """An identifier of SPDX: letters, digits, "." and "-"."""
    return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.]+", "-", "-".join(words))


def package(spdxid, name, version=None, **more):
    p = {"SPDXID": spdxid, "name": name, "downloadLocation": "NOASSERTION",
         "filesAnalyzed": False, "licenseConcluded": "NOASSERTION",
         "licenseDeclared": "NOASSERTION", "copyrightText": "NOASSERTION"}
    if version:
        p["versionInfo"] = version
    p.update(more)
    return p


def purl(text):
    return [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
             "referenceLocator": text}]


class Image:
    """An archive of an OCI layout, as buildah writes it."""

    def __init__(self, path):
        with tarfile.open(path) as archive:
            self.files = {m.name.removeprefix("./"): archive.extractfile(m).read()
                          for m in archive if m.isfile()}
        self.top = json.loads(self.files["index.json"])["manifests"][0]

    def blob(self, digest):
        data = self.files["blobs/" + digest.replace(":", "/")]
        if sha256(data) != digest.split(":")[1]:
            raise SystemExit(f"scripts/packaging/describe.py: {digest} has other bytes")
        return data

    def manifests(self):
        """Digest and manifest of each platform."""
        top = json.loads(self.blob(self.top["digest"]))
        if "manifests" not in top:
            yield self.top["digest"], top
        for child in top.get("manifests", []):
            yield child["digest"], json.loads(self.blob(child["digest"]))

    def platform(self, manifest):
        config = json.loads(self.blob(manifest["config"]["digest"]))
        return config["os"] + "/" + config["architecture"]

    def debian(self, manifest):
        """Name, version, architecture of each package that a file came from."""
        for layer in manifest["layers"]:
            data = self.blob(layer["digest"])
            if data[:2] == b"\x1f\x8b":
                with gzip.open(io.BytesIO(data)) as f:
                    data = f.read(LAYER_MAX)
            with tarfile.open(fileobj=io.BytesIO(data)) as tar:
                for m in tar:
                    if m.isfile() and "var/lib/dpkg/status.d/" in m.name:
                        text = tar.extractfile(m).read().decode()
                        yield tuple(re.search(rf"^{k}: (.*)$", text, re.M)[1]
                                    for k in ("Package", "Version", "Architecture"))


def sbom(a, image):
    root = ref("cdr")
    packages = [package(root, "cdr", a.version, licenseConcluded="Apache-2.0",
                        licenseDeclared="Apache-2.0", primaryPackagePurpose="SOURCE",
                        packageFileName=os.path.basename(a.sources),
                        checksums=[{"algorithm": "SHA256",
                                    "checksumValue": sha256_of(a.sources)}],
                        externalRefs=purl(f"pkg:generic/cdr@{a.version}"))]
    links = [("SPDXRef-DOCUMENT", "DESCRIBES", root)]
    for name in LIBRARIES:
        packages.append(package(ref("library", name), name,
                                externalRefs=purl(f"pkg:generic/{name}"),
                                primaryPackagePurpose="LIBRARY"))
        links.append((root, "DEPENDS_ON", ref("library", name)))
    packages.append(package(ref("nginx"), "nginx", primaryPackagePurpose="APPLICATION",
                            externalRefs=purl("pkg:generic/nginx")))
    links.append((ref("nginx"), "RUNTIME_DEPENDENCY_OF", root))
    seen = set()
    for digest, manifest in image.manifests() if image else ():
        what = image.platform(manifest)
        it = ref("image", what)
        packages.append(package(
            it, f"cdr image {what}", a.version, primaryPackagePurpose="CONTAINER",
            checksums=[{"algorithm": "SHA256", "checksumValue": digest.split(":")[1]}],
            externalRefs=purl(f"pkg:oci/cdr@{digest.replace(':', '%3A')}")))
        links += [("SPDXRef-DOCUMENT", "DESCRIBES", it), (it, "GENERATED_FROM", root)]
        for name, version, arch in sorted(set(image.debian(manifest))):
            one = ref("deb", name, version, arch)
            links.append((it, "CONTAINS", one))
            if one in seen:
                continue
            seen.add(one)
            quoted = version.replace("+", "%2B").replace("~", "~").replace(":", "%3A")
            packages.append(package(
                one, name, version, supplier="Organization: Debian",
                externalRefs=purl(f"pkg:deb/debian/{name}@{quoted}?arch={arch}")))
    return {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT", "name": f"cdr-{a.version}",
        "documentNamespace": "https://spdx.org/spdxdocs/cdr-%s-%s" % (
            a.version, uuid.uuid5(uuid.NAMESPACE_URL, a.commit + (
                image.top["digest"] if image else ""))),
        "creationInfo": {"created": a.created,
                         "creators": [f"Tool: cdr-release-{a.version}"]},
        "packages": packages,
        "relationships": [{"spdxElementId": x, "relationshipType": y,
                           "relatedSpdxElement": z} for x, y, z in links],
    }


def provenance(a, image):
    subjects = [{"name": os.path.basename(a.sources),
                 "digest": {"sha256": sha256_of(a.sources)}}]
    inputs = [{"name": "sources", "digest": {"gitCommit": a.commit}}]
    if a.repository:
        inputs[0]["uri"] = "git+" + a.repository
    if image:
        subjects.append({"name": f"cdr:{a.version}",
                         "digest": {"sha256": image.top["digest"].split(":")[1]}})
        for digest, manifest in image.manifests():
            platform = image.platform(manifest)
            if digest != image.top["digest"]:
                subjects.append({"name": f"cdr:{a.version} {platform}",
                                 "digest": {"sha256": digest.split(":")[1]}})
            for name, version, arch in sorted(set(image.debian(manifest))):
                entry = {"uri": f"pkg:deb/debian/{name}@{version}?arch={arch}"}
                if entry not in inputs:
                    inputs.append(entry)
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": subjects,
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {
                "buildType": "urn:cdr:packaging-release:1",
                "externalParameters": {"commit": a.commit, "version": a.version,
                                       "image": image is not None},
                "resolvedDependencies": inputs,
            },
            "runDetails": {"builder": {"id": a.builder}},
        },
    }


def write(path, value):
    with open(path, "w", encoding="ascii") as f:
        json.dump(value, f, indent=1)
        f.write("\n")


def main():
    p = argparse.ArgumentParser(description=__doc__)
    for name in ("version", "commit", "created", "sources", "sbom", "provenance"):
        p.add_argument("--" + name, required=True)
    p.add_argument("--image")
    p.add_argument("--repository", default=os.environ.get("REPOSITORY"))
    p.add_argument("--builder", default=os.environ.get("BUILDER_ID", "urn:cdr:builder:local"))
    a = p.parse_args()
    image = Image(a.image) if a.image else None
    write(a.sbom, sbom(a, image))
    write(a.provenance, provenance(a, image))


main()

"""What manifests, configurations, referrers and histories say of images of the shop that
tree.py makes: answers to what the page fetches, for Browser.instead."""
import hashlib
import json

OCI = "application/vnd.oci.image"
INDEX, MANIFEST, CONFIG = f"{OCI}.index.v1+json", f"{OCI}.manifest.v1+json", f"{OCI}.config.v1+json"
STEPS = [("/bin/sh -c #(nop) ADD file:b1f5b2d1a7c3 in /", .47), ("RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates curl tzdata "
         "&& rm -rf /var/lib/apt/lists/*", .31), ("RUN set -x && groupadd --system --gid 101 app && useradd --system --gid app --no-create-home app", .0002),
         ("COPY /build/out /usr/local # buildkit", .19), ("COPY docker-entrypoint.sh / # buildkit", .0004), ("COPY conf.d /etc/app/conf.d # buildkit", .002),
         ("RUN /bin/sh -c ldconfig # buildkit", .0274)]
FILES = {"helm": [("", 1)], "ai.model": [("model.gguf", .985), ("LICENSE", .0148), ("template.jinja", .0002)], "spdx": [("sbom.spdx.json", .7), ("sbom.cdx.json", .3)]}


def digest(*words):
    return "sha256:" + hashlib.sha256("/".join(map(str, words)).encode()).hexdigest()


def at(image, kind, reference):
    name = image[:image.rindex(":")]
    return f"v2/{name}/{kind}/{reference.replace(':', '%3A')}"


def layers(row, size, parts, words):
    """Of an image the first layer is the blob that blobs.json has as shared."""
    return [{"mediaType": f"{OCI}.layer.v1.tar+gzip", "digest": digest(row["image"].rsplit(":", 1)[0], "base") if i == 0 and words == "image"
             else digest(row["digest"], words, i), "size": max(round(size * part), 90),
             **({"annotations": {"org.opencontainers.image.title": title}} if title else {})} for i, (title, part) in enumerate(parts)]


def platform_image(row, platform):
    """(manifest, configuration) of one platform."""
    steps = [("", part) for _, part in STEPS]
    config = {"created": row["published"], "config": {"Entrypoint": ["/docker-entrypoint.sh"], "Cmd": ["serve", "--listen", ":8080"], "User": "101",
                                                      "WorkingDir": "/srv", "ExposedPorts": {"8080/tcp": {}}, "Env": ["PATH=/usr/local/bin:/usr/bin:/bin", "TZ=UTC"],
                                                      "Labels": {"org.opencontainers.image.source": "https://git.example.com/shop/api"}},
              "history": [{"created_by": words} for words, _ in STEPS]}
    body = json.dumps(config)
    manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": {"mediaType": CONFIG, "digest": digest(row["digest"], platform, "config"), "size": len(body)},
                "layers": layers(row, row["size"] / max(1, len(row["platforms"])), steps, "image")}
    return manifest, config


def answers(rows):
    """rows: images of images.json."""
    all_ = {}
    for row in rows:
        image, kind = row["image"], row.get("kind", "")
        if kind:
            parts = next((files for word, files in FILES.items() if word in kind), [("data", 1)])
            top = {"schemaVersion": 2, "mediaType": MANIFEST, "config": {"mediaType": kind, "digest": digest(image, "config"), "size": 300},
                   "layers": layers(row, row["size"], parts, "file")}
        else:
            entries = []
            for platform in row["platforms"]:
                manifest, config = platform_image(row, platform)
                one = digest(row["digest"], platform)
                all_[at(image, "manifests", one)] = manifest
                all_[at(image, "blobs", manifest["config"]["digest"])] = config
                os_, cpu, *variant = platform.split("/")
                entries.append({"mediaType": MANIFEST, "digest": one, "size": 1500, "platform": {
                    "os": os_, "architecture": cpu, **({"variant": variant[0]} if variant else {})}})
            top = {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}
        all_[at(image, "manifests", row["digest"])] = top
        found = []
        if row.get("signed"):
            found.append({"mediaType": MANIFEST, "digest": digest(row["digest"], "sig"), "size": 700, "artifactType": "application/vnd.dev.cosign.artifact.sig.v1+json"})
            if image.startswith("registry.example.com/shop/api"):
                found += [{"mediaType": MANIFEST, "digest": digest(row["digest"], "sbom"), "size": 700, "artifactType": "application/spdx+json"},
                          {"mediaType": MANIFEST, "digest": digest(row["digest"], "slsa"), "size": 700, "artifactType": "application/vnd.in-toto+json",
                           "annotations": {"in-toto.io/predicate-type": "https://slsa.dev/provenance/v1"}}]
        for one, (name, size) in zip(found, (("", 4300), ("sbom.spdx.json", 2013265), ("provenance.json", 14336))):
            all_[at(image, "manifests", one["digest"])] = {"schemaVersion": 2, "mediaType": MANIFEST, "artifactType": one["artifactType"],
                                                            "config": {"mediaType": "application/vnd.oci.empty.v1+json", "digest": digest("{}"), "size": 2},
                                                            "layers": layers(row, size, [(name, 1)], one["artifactType"])}
        all_[at(image, "referrers", row["digest"])] = {"schemaVersion": 2, "mediaType": INDEX, "manifests": found}
        steps = [(f"2026-0{9 - i}-11T19:4{i}:00Z", digest(row["digest"], "before", i)) for i in (1, 0)]
        for _, before in steps:
            all_[at(image, "manifests", before)] = top
        name, tag = image.rsplit(":", 1)
        all_[f"history/{name}/{tag}"] = "".join(f"{time} {one}\n" for time, one in [*steps, (row["published"], row["digest"])])
    return all_

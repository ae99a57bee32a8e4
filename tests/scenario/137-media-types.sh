#!/bin/sh
# One grammar for a manifest's media type on both sides. What tests/media-types.txt
# calls good is mirrored, and served under exactly that name. Another type gets no
# place in the tree: it fails its image, with a message that names it; planted in the
# tree it is 404 with the OCI error body. What is a blob may be called anything.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr nginx python3 curl
upstream
export TOP

cat >"$T/types.py" <<'END'
import hashlib, http.client, json, os, re, sys

INDEX = "application/vnd.oci.image.index.v1+json"
top, root = sys.argv[1:3]


def types():
    """Verdict and type of each line of the list."""
    with open(os.environ["TOP"] + "/tests/media-types.txt", encoding="utf-8") as f:
        for line in f:
            if line.strip() and line[0] != "#":
                verdict, kind = line.rstrip("\n").split(" ", 1)
                yield verdict, re.sub(r"(.)\{(\d+)\}", lambda m: m[1] * int(m[2]), kind)


def put(data, folder="manifests", kind="", tag=""):
    digest = "sha256:" + hashlib.sha256(data).hexdigest()
    at = f"{top}/overlay/library/any/{folder}"
    os.makedirs(at, exist_ok=True)
    for name in (digest, tag):
        if name:
            open(f"{at}/{name}", "wb").write(data)
            if kind:
                open(f"{at}/{name}.type", "w").write(kind)
    return {"digest": digest, "size": len(data)}


def index_of(entry, tag):
    put(json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]}).encode(), kind=INDEX, tag=tag)


def ask(path, accept="*/*"):
    h = http.client.HTTPConnection(os.environ["MIRROR"], timeout=20)
    h.request("GET", path, headers={"Accept": accept})
    r = h.getresponse()
    return r.status, r.headers.get_all("Content-Type"), r.read()
END

# --- through the program ----------------------------------------------------------

cat >"$T/make.py" <<'END'
from types_ import *
for i, (verdict, kind) in enumerate(types()):
    index_of({"mediaType": kind, **put(b'{"number": %d}' % i, kind="text/plain")}, f"t{i}")
    print(f"any:t{i}")
# A body that says so itself, asked for by its tag.
for i, kind in enumerate(("text/html", "image/svg+xml", "application/x+json")):
    put(json.dumps({"schemaVersion": 2, "mediaType": kind, "config": {}, "layers": []}).encode(), kind=kind, tag=f"b{i}")
    print(f"any:b{i}")
# In an index a blob, too, may be an entry; and layers are never served by type.
index_of({"mediaType": "text/html", **put(b"<script>entry</script>", "blobs")}, "blob")
config = {"mediaType": "text/javascript", **put(b"{}", "blobs")}
layer = {"mediaType": "image/svg+xml", **put(b"<svg>layer</svg>", "blobs")}
manifest = "application/vnd.oci.image.manifest.v1+json"
put(json.dumps({"schemaVersion": 2, "mediaType": manifest, "config": config, "layers": [layer]}).encode(), kind=manifest, tag="layers")
print("any:blob any:layers")
END
mv "$T/types.py" "$T/types_.py"
python3 "$T/make.py" "$T" "$ROOT" >"$T/images" || fail "make.py"
# shellcheck disable=SC2046 # words
sync_rc "types of all sorts" 1 $(cat "$T/images")
tree_check "$ROOT"
start_nginx "$ROOT"

cat >"$T/mirrored.py" <<'END'
from types_ import *
said = {i["image"]: i.get("error") or "" for i in json.load(open(f"{root}/status/status.json"))["images"]}
lines, bad, good = list(types()), [], 0
served = {kind for verdict, kind in lines if verdict == "yes"}
for i, (verdict, kind) in enumerate(lines):
    # Bodies of these types have to be what they say: scenario 35.
    if re.match(r"application/vnd\.(oci|docker)\..*(index|manifest)", kind, re.I) and ".artifact." not in kind:
        continue
    name, error = f"any:t{i}", said.get(f"docker.io/library/any:t{i}", "not there")
    digest = "sha256:" + hashlib.sha256(b'{"number": %d}' % i).hexdigest()
    status, told, body = ask(f"/v2/library/any/manifests/{digest}")
    # Case does not count: it comes as what it is in lower case.
    if kind.lower() in served:
        good += 1
        if error or (status, told) != (200, [kind.lower()]) or body != b'{"number": %d}' % i:
            bad.append(f"{name} {kind}: {error or (status, told)}")
    elif verdict == "no":
        if status != 404 or f"type is {kind.lower()}: only application/" not in error:
            bad.append(f"{name} {kind}: {status} {told} {error}")
    elif status != 404 or "is not a media type" not in error:
        bad.append(f"{name} {kind}: {status} {error}")
for i, kind in enumerate(("text/html", "image/svg+xml", "application/x+json")):
    error = said[f"docker.io/library/any:b{i}"]
    if f"neither an image manifest nor an index, but of the type {kind}" not in error:
        bad.append(f"b{i}: {error}")
for tag in ("blob", "layers"):
    if said[f"docker.io/library/any:{tag}"]:
        bad.append(f"{tag}: {said[f'docker.io/library/any:{tag}']}")
for data in (b"<script>entry</script>", b"{}", b"<svg>layer</svg>"):
    status, told, body = ask(f"/v2/library/any/blobs/sha256:{hashlib.sha256(data).hexdigest()}")
    if (status, told, body) != (200, ["application/octet-stream"], data):
        bad.append(f"{data}: {status} {told}")
for folder in os.listdir(f"{root}/manifests"):
    if folder != "application":
        bad.append(f"manifests/{folder}")
print(f"{good} good, {len(lines)} in all", *bad, sep="\n")
sys.exit(bool(bad) or good < 30)
END
check "what the program takes is served as that, all else is refused by name" \
	python3 "$T/mirrored.py" "$T" "$ROOT"

# --- and in a tree that somebody else has made ------------------------------------

cat >"$T/planted.py" <<'END'
from types_ import *
repo, bad, good = f"{root}/repos/docker.io/library/any", [], 0
os.makedirs(f"{repo}/_default", exist_ok=True)
# A path has no empty component.
lines = [(verdict, kind) for verdict, kind in types() if "//" not in kind]
lines += [("bad", "application/" + c + "x") for c in "\n\r\t\x01\x7f"] + [("bad", f"application/a{c}") for c in "\n\r\x01\x7f\x80\xff"]
index = "sha256:" + os.path.basename(os.readlink(f"{repo}/_manifests/t6"))
for i, (verdict, kind) in enumerate(lines):
    data = b"<script>%d</script>" % i
    hex_ = hashlib.sha256(data).hexdigest()
    at = f"manifests/{kind}/sha256/{hex_}"
    os.makedirs(os.path.dirname(f"{root}/{at}"), exist_ok=True)
    open(f"{root}/{at}", "wb").write(data)
    up = "../" * 5
    for link in (f"_manifests/p{i}", f"_manifests/sha256:{hex_}"):
        os.symlink(up + at, f"{repo}/{link}")
    default = f"{repo}/_default/{index}"
    if os.path.lexists(default):
        os.unlink(default)
    os.symlink(up + at, default)
    good += verdict == "yes"
    docker = "application/vnd.docker.distribution.manifest"
    for path, accept in ((f"p{i}", "*/*"), (f"sha256:{hex_}", "*/*"), ("t6", f"{docker}.v1+json, {docker}.v2+json")):
        for prefix in ("/v2/library/any", "/docker.io/v2/library/any", "/v2/any"):
            status, told, body = ask(f"{prefix}/manifests/{path}", accept)
            if verdict == "yes":
                if (status, told, body) != (200, [kind], data):
                    bad.append(f"{kind!r} {path}: {status} {told}")
            elif (status, told) != (404, ["application/json"]) or json.loads(body)["errors"][0]["code"] != "MANIFEST_UNKNOWN":
                bad.append(f"{kind!r} {path}: {status} {told}")
print(f"{good} good, {len(lines)} in all", *bad, sep="\n")
sys.exit(bool(bad) or good < 30)
END
chmod -R u+w "$ROOT"
check "nginx serves the good ones as what they are, and none of the others" \
	python3 "$T/planted.py" "$T" "$ROOT"

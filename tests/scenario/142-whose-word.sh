#!/bin/sh
# What one image says of an object never decides for another. A hostile image gives
# another one's manifest an unknown type, another kind, a wrong size, or calls it a
# layer, and a layer another size; each such image fails alone, in whatever order.
# The good ones are published under their own type, and are unchanged afterwards. A
# tree in which that went wrong once heals with the next sync.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
start_hub --mode open --no-redirect
MANIFEST=application/vnd.oci.image.manifest.v1+json
good=$(craft image library/good:1)
curl -sf -H "Accept: $MANIFEST" "http://$UPSTREAM/v2/library/good/manifests/1" \
	>"$T/good"

# An image whose index has an entry that nobody knows, JSON without a type of its own;
# and images that say something of these objects.
cat >"$T/plant.py" <<'END2'
import hashlib, json, os, sys

top, good = sys.argv[1], open(sys.argv[2], "rb").read()
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER = "application/vnd.docker.distribution.manifest."
UNKNOWN = "application/vnd.example.thing.v1+json"

def put(repository, tag, body, kind):
    digest = "sha256:" + hashlib.sha256(body).hexdigest()
    where = f"{top}/library/{repository}/manifests"
    os.makedirs(where, exist_ok=True)
    for name in (tag, digest):
        with open(f"{where}/{name}", "wb") as file:
            file.write(body)
        with open(f"{where}/{name}.type", "w") as file:
            file.write(kind)
    return {"mediaType": kind, "digest": digest, "size": len(body)}

def blob(repository, body, kind):
    digest = "sha256:" + hashlib.sha256(body).hexdigest()
    where = f"{top}/library/{repository}/blobs"
    os.makedirs(where, exist_ok=True)
    with open(f"{where}/{digest}", "wb") as file:
        file.write(body)
    return {"mediaType": kind, "digest": digest, "size": len(body)}

def index(repository, tag, *entries):
    value = {"schemaVersion": 2, "mediaType": INDEX, "manifests": list(entries)}
    return put(repository, tag, json.dumps(value).encode(), INDEX)

def entry(body, **fields):
    return {"mediaType": MANIFEST, "size": len(body), "digest":
            "sha256:" + hashlib.sha256(body).hexdigest(),
            "platform": {"os": "linux", "architecture": "amd64"}} | fields

def evil(tag, body, **fields):
    put("evil", tag + "-child", body, fields.get("mediaType", MANIFEST))
    index("evil", tag, entry(body, **fields))
    print(f"evil:{tag}")

thing = b'{"what": "a thing"}'
silent = json.dumps({k: v for k, v in json.loads(good).items() if k != "mediaType"}).encode()
odd = put("odd", "thing", thing, UNKNOWN)
put("odd", "base", good, MANIFEST)
index("odd", "1", entry(good), odd)
put("silent", "1", silent, MANIFEST)
for n, (kind, size) in enumerate([
        ("text/html", 0), ("application/vnd.oci.image.index.v2+json", 0),
        ("image/svg+xml", 0), (INDEX, 0), (DOCKER + "list.v2+json", 0),
        (UNKNOWN, 0), (MANIFEST, -7), (MANIFEST, 1), (MANIFEST, -len(good))]):
    evil(f"good-{n}", good, mediaType=kind, size=len(good) + size)
for n, kind in enumerate(["text/html", INDEX, UNKNOWN]):
    evil(f"silent-{n}", silent, mediaType=kind)
evil("thing", thing, mediaType=MANIFEST)
# Of what has no type of its own nobody knows better.
put("evil", "other-child", thing, UNKNOWN + "x")
index("evil", "other", entry(thing, mediaType=UNKNOWN + "x"))
# The unknown thing is a layer here; and a layer has another size.
config = blob("evil", b"{}", "application/vnd.oci.image.config.v1+json")
layer = blob("evil", thing, "application/vnd.oci.image.layer.v1.tar")
image = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer]}
put("evil", "layer", json.dumps(image).encode(), MANIFEST)
parts = json.loads(good)
for n, (part, more) in enumerate([(0, -7), (0, 7), (0, 1 << 20)]):
    wrong = json.loads(good)
    wrong["layers"][part]["size"] += more
    put("evil", f"size-{n}", json.dumps(wrong).encode(), MANIFEST)
    print(f"evil:size-{n}")
END2
python3 "$T/plant.py" "$T/overlay" "$T/good" >"$T/evil"
# Their registry has the bytes of the layers as well.
mkdir -p "$T/overlay/library/evil/blobs" "$T/overlay/library/odd/blobs" \
	"$T/overlay/library/silent/blobs"
for digest in $(pick 'o.digest for o in [v.config] + v.layers' "$T/good"); do
	curl -sf "http://$UPSTREAM/v2/library/good/blobs/$digest" >"$T/blob"
	for to in evil odd silent; do
		cp "$T/blob" "$T/overlay/library/$to/blobs/$digest"
	done
done

type_of()
{
	_link=$(readlink "$ROOT/repos/docker.io/library/${1%%:*}/_manifests/${1#*:}")
	_link=${_link#*manifests/}
	echo "${_link%/*/*}"
}

# all_good "when": each good image is there, under its own type.
all_good()
{
	expect_published "$1: the good one" good:1 "$good"
	expect_eq "$1: its type" "$MANIFEST" "$(type_of good:1)"
	expect_eq "$1: of one that does not say" "$MANIFEST" "$(type_of silent:1)"
	expect_eq "$1: of the entry that nobody knows" \
		application/vnd.example.thing.v1+json "$(type_of "odd:$THING")"
	tree_check "$ROOT"
	sync "$1: once more" -v good:1 silent:1 odd:1 evil:layer evil:other
	expect_eq "$1: all is unchanged" 5 "$(grep -c '^unchanged' "$T/stdout" "$T/stderr" |
		awk -F : '{ n += $NF } END { print n }')"
}
THING=sha256:$(printf '{"what": "a thing"}' | sha256sum | cut -d ' ' -f 1)
bad=$(wc -l <"$T/evil")

# The hostile ones first, then in one run, then the good ones first.
cp "$T/evil" "$T/list"
printf 'evil:layer\nevil:other\n' >>"$T/list"
sync_rc "$bad hostile images alone" 1 --log json -i "$T/list"
expect_eq "each of them fails" "$(sort "$T/evil")" \
	"$(pick -l 'o.image for o in v if o.result == "failed"' "$T/stdout" | sed "s,.*/,," | sort)"
tree_check "$ROOT"
sync "then the good ones" good:1 silent:1 odd:1
all_good "after the hostile ones"

ROOT=$T/root-2
{
	cat "$T/list"
	printf 'good:1\nsilent:1\nodd:1\n'
} >"$T/all"
sync_rc "all in one run" 1 -i "$T/all"
all_good "in one run"

ROOT=$T/root-3
sync "the good ones first" good:1 silent:1 odd:1
sync_rc "then the hostile ones" 1 -i "$T/list"
all_good "before the hostile ones"

# What an older program has left: the tag leads to the good bytes under another type.
ROOT=$T/root-2
repository=$ROOT/repos/docker.io/library/good
hex=${good#sha256:}
mkdir -p "$ROOT/manifests/text/html/sha256"
cp -p "$ROOT/manifests/$MANIFEST/sha256/$hex" "$ROOT/manifests/text/html/sha256/$hex"
chmod 755 "$ROOT/manifests/text" "$ROOT/manifests/text/html" \
	"$ROOT/manifests/text/html/sha256"
rm "$ROOT/manifests/$MANIFEST/sha256/$hex"
for name in 1 "$good"; do
	ln -sf "../../../../../manifests/text/html/sha256/$hex" \
		"$repository/_manifests/$name"
done
ln -sf "../../manifests/text/html/sha256/$hex" "$ROOT/blobs/sha256/$hex"
sync "a poisoned tree" good:1
expect_said "a poisoned tree: it is not unchanged" '^updated .*good:1'
expect_eq "a poisoned tree heals: its tag" "$MANIFEST" "$(type_of good:1)"
expect_eq "its digest" "$MANIFEST" "$(type_of "good:$good")"
sync "healed" -v good:1
expect_said "healed: unchanged" '^unchanged .*good:1'

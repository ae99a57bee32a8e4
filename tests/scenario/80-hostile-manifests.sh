#!/bin/sh
# A registry whose manifests hold names that climb, that are encoded, empty, too
# long, absolute or not text, where a media type or a digest should be. Each such
# image fails with a message of its own; nothing is written outside ROOT, not even
# for a moment; the good image beside them is published.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
start_hub --mode open --no-redirect
good=$(craft image library/good:1)
craft image library/bad:base >/dev/null
curl -sf -H "Accept: application/vnd.oci.image.manifest.v1+json" \
	"http://$UPSTREAM/v2/library/good/manifests/1" >"$T/good"

# The good manifest with one name in it changed, as library/bad:TAG of the overlay.
cat >"$T/plant.py" <<'END'
import copy, hashlib, json, os, sys

top, good = sys.argv[1], json.load(open(sys.argv[2]))
size = os.path.getsize(sys.argv[2])
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
digest = "sha256:" + hashlib.sha256(open(sys.argv[2], "rb").read()).hexdigest()
zero = "0" * 64
types = ["../../x", "a/../../b", "../../../../../../planted", "application/..",
    "application/../../../../planted", "./x", "../x", "/etc/passwd", "//x",
    "application//x", f"{MANIFEST}/../../../../../planted", "application/", "/x",
    "application%2f..%2f..%2fplanted", "..%2f..%2fplanted", "application/x\0",
    "\0", "application/x\n", "application/x y", "application/\x1b[2J",
    "application\\..\\planted", "application/" + "a" * 5000, "application/\uff0e\uff0e",
    "application", "application/.x", "..", "."]
digests = ["sha256:../..", "sha256:../../../../../../planted", "sha256:/etc/passwd",
    "sha256:" + "A" * 64, "sha256:" + "0" * 63, "sha256:" + "0" * 65, "sha256:",
    "sha256", ":" + zero, "", "../sha256:" + zero, "../../x:" + zero, "/:" + zero,
    f"sha256:{zero}/../../../planted", "sha256:%2e%2e%2f" + "0" * 55,
    "sha256:.." + "0" * 62, "sha256:" + "0" * 63 + "\0", f"sha256:{zero}\0/../../x",
    f"sha256:{zero}\n", f" sha256:{zero}", f"SHA256:{zero}", "sha256:" + "a" * 5000,
    "a" * 5000 + ":" + zero, f"sha512:{zero}", "md5:" + "0" * 32,
    "sha256:" + "0" * 63 + "\uff10", "sha256-" + zero, "..:" + zero]
foreign = ["a" * 5000 + ":" + zero, "md5:" + "0" * 32, "..:" + zero]

def plant(tag, value, kind):
    body = json.dumps(value).encode()
    for name in (tag, "sha256:" + hashlib.sha256(body).hexdigest()):
        with open(f"{top}/{name}", "wb") as file:
            file.write(body)
        with open(f"{top}/{name}.type", "w") as file:
            file.write(kind)
    print(f"bad:{tag}")

def child(**fields):
    entry = {"mediaType": MANIFEST, "digest": digest, "size": size,
             "platform": {"os": "linux", "architecture": "amd64"}} | fields
    return {"schemaVersion": 2, "mediaType": INDEX, "manifests": [entry]}

def changed(path, key, value):
    whole = copy.deepcopy(good)
    part = whole
    for step in path:
        part = part[step]
    part[key] = value
    return whole

os.makedirs(top)
for n, value in enumerate(types):
    plant(f"type-{n}-root", changed([], "mediaType", value), MANIFEST)
    # Nobody is served these two, so any text will do that can be shown.
    hidden = any(ord(c) < 32 or 0x7f <= ord(c) < 0xa0 for c in value)
    part = "type" if hidden else "fine"
    plant(f"{part}-{n}-config", changed(["config"], "mediaType", value), MANIFEST)
    plant(f"{part}-{n}-layer", changed(["layers", 1], "mediaType", value), MANIFEST)
    plant(f"type-{n}-child", child(mediaType=value), INDEX)
for n, value in enumerate(digests):
    # An index entry or a subject that goes by another algorithm is left out.
    # Not if that leaves nothing; and an image cannot do without its parts.
    part = "left" if value in foreign else "digest"
    plant(f"digest-{n}-config", changed(["config"], "digest", value), MANIFEST)
    plant(f"digest-{n}-layer", changed(["layers", 1], "digest", value), MANIFEST)
    plant(f"{part}-{n}-subject", changed([], "subject", good["config"] | {"digest": value}),
          MANIFEST)
    plant(f"digest-{n}-child", child(digest=value), INDEX)
entries = [child()["manifests"][0]] + [child(digest=value)["manifests"][0] for value in foreign]
plant("left-children", child() | {"manifests": entries}, INDEX)
END
python3 "$T/plant.py" "$T/overlay/library/bad/manifests" "$T/good" >"$T/list"
[ "$(wc -l <"$T/list")" -gt 200 ] || fail "only $(wc -l <"$T/list") images were made"
bad=$(grep -vc ':left-\|:fine-' "$T/list")
echo good:1 >>"$T/list"

# Deep enough to climb in, with all that the climbing could reach watched: a file
# that came and went would show in the time of its folder.
JAIL=$T/jail
ROOT=$JAIL/1/2/3/4/root
mkdir -p "$ROOT"
outside()
{
	find "$JAIL" -path "$ROOT" -prune -o -printf '%p %y %m %s %T@\n' |
		LC_ALL=C sort
}
outside >"$T/before"
within 60 sync_rc "$bad hostile manifests" 1 --log json -i "$T/list"
outside >"$T/after"
cmp -s "$T/before" "$T/after" || fail "something happened outside ROOT"
ok "nothing happened outside ROOT"
tree_check "$ROOT"

expect_published "the good one is there" good:1 "$good"
pick -l 'words(o.image, o.error) for o in v if o.result == "failed"' "$T/stdout" >"$T/errors"
expect_eq "each bad one failed, with its own message" "$bad" \
	"$(sort -u "$T/errors" | wc -l)"
expect_eq "that says what it is about" "" \
	"$(grep -viE ' (media ?type|.*digest|.*u0000)' "$T/errors" || :)"
# What a stranger wrote is not repeated, at least not as it came.
! grep -q '\.\./\|planted\|passwd\|0000000000\|aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' \
	"$T/errors" || fail "a message repeats what the registry said"
expect_eq "the others are there: digests by another algorithm are left out" \
	"$(grep ':left-\|:fine-\|good' "$T/list" | sort)" \
	"$(pick -l 'o.image for o in v if o.image and o.result != "failed"' "$T/stdout" |
	sed 's,.*/,,' | sort)"
expect_said "of which a warning tells" \
	'"warning".*bad:left-children: 3 objects left out'

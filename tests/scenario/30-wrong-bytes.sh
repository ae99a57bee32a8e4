#!/bin/sh
# Bytes that are not what the manifest says: right length and other content, too
# many, too few, compressed on the way. They are fetched once more, and then the
# image fails with a message that says what is wrong; nothing wrong gets a name,
# and nothing wrong is kept to be gone on with.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
settings '{"max_tries": 3}'
old=$(craft image library/app:1)
good=$(craft image library/good:1 --seed good)
sync "a first version" app:1
craft image library/app:1 --layers 2 --size 700000 --seed 2 --json >"$T/objects"
new=$(pick 'v[-1].digest' "$T/objects")
layer=$(made layer | head -n 1)
at="\"listener\": \"cdn\", \"path\": \"${layer#sha256:}\""

# spoilt "what" REGEX RULE: always, it fails; once, it is published.
spoilt()
{
	fault "{$at, $3}"
	hub_mark
	within 20 sync_rc "$1, always" 1 app:1 good:1
	expect_said "$1, always: the message" "error: .*app:1: blob $layer: .*$2"
	expect_published "$1, always: the tag stays" app:1 "$old"
	expect_published "$1, always: the other image is there" good:1 "$good"
	expect_eq "$1, always: asked for twice" 2 "$(hub_fired)"
	! here "$layer" || fail "$1: wrong bytes have a name"
	tree_check "$ROOT"

	cp -a "$ROOT" "$T/before"
	fault "{$at, \"times\": 1, $3}"
	hub_mark
	within 20 sync "$1, once" app:1
	expect_published "$1, once: it is there" app:1 "$new"
	tree_check "$ROOT"
	rm -rf "$ROOT"
	mv "$T/before" "$ROOT"
}

spoilt "another byte" 'digest sha256' '"corrupt": 5'
spoilt "another last byte" 'digest sha256' '"corrupt": 700500'
spoilt "another body of that length" 'digest sha256' '"corrupt": 300000, "framing": "chunked"'
spoilt "too long" 'more than the [0-9]+ bytes' '"extra": 300000'
spoilt "too long, in chunks" 'more than the [0-9]+ bytes' '"extra": 300000, "framing": "chunked"'
spoilt "too long, to the end of the connection" 'more than the [0-9]+ bytes' '"extra": 300000, "framing": "close"'
spoilt "another blob, a larger one" 'more than the [0-9]+ bytes' \
	"\"body\": \"$(head -c 800000 /dev/zero | tr '\0' x)\""

# Really packed on the way, though nobody asked for that: it is shorter, and looks
# like a body that broke off, until the digest is compared.
fault "{$at, \"gzip\": true}"
within 20 sync_rc "packed on the way, always" 1 app:1
expect_said "the message names the blob" "error: .*app:1: blob $layer: "
expect_published "the tag stays" app:1 "$old"
! here "$layer" || fail "wrong bytes have a name"
tree_check --resumable "$ROOT"
cp -a "$ROOT" "$T/before"
fault "{$at, \"gzip\": true, \"times\": 1}"
sync "packed on the way, once" app:1
expect_published "it is there" app:1 "$new"
tree_check "$ROOT"
rm -rf "$ROOT"
mv "$T/before" "$ROOT"

rm -f "$ROOT"/_state/partial/*

# A lying length is what libcurl goes by: the extra bytes never come in.
fault "{$at, \"extra\": 300000, \"framing\": \"lying\"}"
cp -a "$ROOT" "$T/before"
sync "more than the length says" app:1
expect_published "is cut off, and right" app:1 "$new"
tree_check "$ROOT"
rm -rf "$ROOT"
mv "$T/before" "$ROOT"

# A label "gzip" on bytes as they are stored: they are kept as they come.
fault "{$at, \"headers\": {\"Content-Encoding\": \"gzip\"}}"
hub_mark
sync "Content-Encoding: gzip on a layer" app:1
expect_eq "asked for once" 1 "$(hub_fired)"
expect_published "it is there" app:1 "$new"
tree_check "$ROOT"

# Wrong bytes, then broken off, then wrong again, in two runs: no run trusts what
# the other has left.
rm -rf "$ROOT"
fault "{$at, \"corrupt\": 5, \"truncate\": 300000, \"times\": 1}" "{$at, \"status\": 404}"
sync_rc "the first bytes are wrong, and stay as partial" 1 app:1
expect_eq "they do" 300000 "$(wc -c <"$ROOT/_state/partial/$layer")"
no_faults
hub_mark
sync "the next run goes on, sees it, and starts again" app:1
expect_eq "two requests" 2 "$(hub_count cdn GET "${layer#sha256:}")"
expect_published "it is there" app:1 "$new"
tree_check "$ROOT"

# A descriptor that lies about the size: never published, whatever comes.
size=$(pick '[o.size for o in v if o.kind == "layer"][0]' "$T/objects")
python3 - "$T" "$size" <<'END'
import hashlib, json, os, sys
top, size = sys.argv[1], int(sys.argv[2])
objects = json.load(open(f"{top}/objects"))
config = next(one for one in objects if one["kind"] == "config")
layers = [one for one in objects if one["kind"] == "layer"]
folder = f"{top}/overlay/library/app/manifests"
os.makedirs(folder, exist_ok=True)
for tag, wrong in (("short", size - 1), ("long", size + 1)):
    value = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
             "config": {key: config[key] for key in ("mediaType", "digest", "size")},
             "layers": [{key: one[key] for key in ("mediaType", "digest", "size")} for one in layers]}
    value["layers"][0]["size"] = wrong
    data = json.dumps(value).encode()
    for name in (tag, "sha256:" + hashlib.sha256(data).hexdigest()):
        open(f"{folder}/{name}", "wb").write(data)
END
for tag in short long; do
	rm -rf "$ROOT"
	within 20 sync_rc "a descriptor that says too $tag" 1 "app:$tag"
	expect_said "the message names the blob" "app:$tag: blob $layer: "
	expect_published "not published" "app:$tag" nothing
	tree_check --resumable "$ROOT"
done
sync "the right one is there" app:1
within 20 sync_rc "the wrong one, when the blob is here" 1 app:short app:long
expect_eq "both are named" 2 "$(grep -c 'error: .*descriptor says' "$T/stderr")"
tree_check "$ROOT"

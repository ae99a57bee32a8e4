#!/bin/sh
# "cdr save" writes the one tar file that all loaders take: ustar, oci-layout,
# index.json and manifest.json first, then manifests, configurations and layers, each
# once, under their digests; full names; two records of zeros at the end. The same
# images make the same bytes, in a file, on standard output, and from a copy of the
# tree. A file that is there already is replaced when the new one is whole.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/tree.sh"

need cdr python3
ROOT=$T/root
tree_new "$ROOT"
app=$(tree_image docker.io/library/app 1 1)
tree_tag docker.io/library/app again "$app"
tool=$(tree_image reg.example:5000/team/tool 2.0 2)
save()
{
	_what=$1
	shift
	check "$_what" "$CDR" save -r "$ROOT" "$@"
}

# tarred FILE: MEMBER SIZE, a line each; anything that is not as it should be ends it.
cat >"$T/look.py" <<'END'
import hashlib, json, sys, tarfile
name = sys.argv[1]
data = open(name, "rb").read()
tar = tarfile.open(name, format=tarfile.USTAR_FORMAT)
assert tar.pax_headers == {}
seen, size, kinds = set(), 0, []
for m in tar:
	head = data[m.offset:m.offset + 512]
	assert head[156:157] == b"0" and head[257:265] == b"ustar\0" b"00", m.name
	assert (m.mode, m.mtime, m.uid, m.gid, m.uname, m.gname) == (0o644, 0, 0, 0, "", ""), m.name
	assert m.isreg() and m.name not in seen and m.offset == size, m.name
	seen.add(m.name)
	body = tar.extractfile(m).read()
	if m.name.startswith("blobs/"):
		assert m.name == "blobs/sha256/" + hashlib.sha256(body).hexdigest(), m.name
		kinds.append("layer" if body[:2] == b"\x1f\x8b" else
			     "manifest" if b"schemaVersion" in body else "config")
	size += 512 + (m.size + 511) // 512 * 512
assert data[size:] == bytes(1024), "the end"
assert list(seen) and tar.getnames()[:3] == ["oci-layout", "index.json", "manifest.json"]
assert kinds == sorted(kinds, key=["manifest", "config", "layer"].index), kinds
read = lambda name: json.load(tar.extractfile(name))
assert read("oci-layout") == {"imageLayoutVersion": "1.0.0"}
index = read("index.json")
assert index["schemaVersion"] == 2
named, needed = [], set()
for e in index["manifests"]:
	blob = "blobs/" + e["digest"].replace(":", "/")
	assert tar.getmember(blob).size == e["size"]
	m = read(blob)
	assert m["mediaType"] == e["mediaType"]
	needed |= {blob} | {"blobs/" + d["digest"].replace(":", "/") for d in [m["config"]] + m["layers"]}
	assert e["platform"] == {"architecture": "amd64", "os": "linux"}
	named.append([e["annotations"]["io.containerd.image.name"],
		      e["annotations"].get("org.opencontainers.image.ref.name"), e["digest"]])
assert seen == needed | {"oci-layout", "index.json", "manifest.json"}
for item in read("manifest.json"):
	assert set(item) == {"Config", "RepoTags", "Layers"}
	assert len(read(item["Config"])["rootfs"]["diff_ids"]) == len(item["Layers"])
	for diff, layer in zip(read(item["Config"])["rootfs"]["diff_ids"], item["Layers"]):
		import gzip
		body = gzip.decompress(tar.extractfile(layer).read())
		assert diff == "sha256:" + hashlib.sha256(body).hexdigest()
print(json.dumps(named), json.dumps([i["RepoTags"] for i in read("manifest.json")]))
END
looks()
{
	expect_eq "$1" "$3" "$(python3 "$T/look.py" "$T/$2")"
}
hub=docker.io/library/app
save "one image" app:1 -o "$T/one.tar"
expect_said "it is told" '^.*/one.tar: 1 image, [0-9.]* KiB$'
looks "what is in it" one.tar "[[\"$hub:1\", \"1\", \"$app\"]] [[\"$hub:1\"]]"
save "two names of one image, and another image" app:1 app:again \
	reg.example:5000/team/tool:2.0 -o "$T/all.tar"
looks "what is in it" all.tar "[[\"$hub:1\", \"1\", \"$app\"], [\"$hub:again\", \"again\", \"$app\"], [\"reg.example:5000/team/tool:2.0\", \"2.0\", \"$tool\"]] [[\"$hub:1\", \"$hub:again\"], [\"reg.example:5000/team/tool:2.0\"]]"
save "a tag with a digest, twice" "app:1@$app" "app:1@$app" -o "$T/pinned.tar"
expect_said "that is one image" "^$T/pinned.tar: 1 image, [0-9.]+ [KM]iB\$"
looks "it has the name of both" pinned.tar "[[\"$hub:1\", \"1\", \"$app\"], [\"$hub@$app\", null, \"$app\"]] [[\"$hub:1\"]]"
save "a digest alone" "app@$app" platform=linux/amd64 -o "$T/digest.tar"
looks "what is in it" digest.tar "[[\"$hub@$app\", null, \"$app\"]] [[]]"

# --- the same bytes ---------------------------------------------------------------

save "the same again" app:1 app:again reg.example:5000/team/tool:2.0 -o "$T/again.tar"
check "the bytes are the same" cmp "$T/all.tar" "$T/again.tar"
"$CDR" save -r "$ROOT" app:1 app:again reg.example:5000/team/tool:2.0 -o - \
	2>/dev/null | cat >"$T/piped.tar"
check "so they are on standard output" cmp "$T/all.tar" "$T/piped.tar"
cp -a "$ROOT" "$T/copy"
find "$T/copy" -exec touch -h -d 2001-01-01 {} +
check "a copy of the tree, with other times" env TZ=Asia/Tokyo "$CDR" save \
	-r "$T/copy" app:1 app:again reg.example:5000/team/tool:2.0 -o "$T/copy.tar"
check "makes the same bytes" cmp "$T/all.tar" "$T/copy.tar"
expect_eq "a file has the mode of others" 644 "$(stat -c %a "$T/one.tar")"

# --- the place --------------------------------------------------------------------

mkdir "$T/place"
echo old >"$T/place/x.tar"
(cd "$T/place" && "$CDR" save -r "$ROOT" app:1 -o x.tar 2>"$T/x.log")
check "what was there is replaced" cmp "$T/one.tar" "$T/place/x.tar"
expect_eq "and nothing else is there" x.tar "$(ls -A "$T/place")"
mkfifo "$T/fifo"
for name in "$T/fifo" "$T/place" "$T/place/" /dev/null; do
	expect_rc "no file: $name" 2 "$CDR" save -r "$ROOT" app:1 -o "$name"
	expect_said "that is told" "^error: $name: .*(not a file|folder)"
done
check "a device stays one" test -c /dev/null
expect_rc "a folder that is not there" 3 "$CDR" save -r "$ROOT" app:1 -o "$T/no/x"
expect_rc "no tree" 3 "$CDR" save -r "$T/place" app:1 -o "$T/x"
expect_rc "no terminal" 2 script -qec "'$CDR' save -r '$ROOT' app:1 -o -" /dev/null
expect_said "that is told" 'standard output is a terminal'

# --- words ------------------------------------------------------------------------

bad()
{
	_regex=$1
	shift
	expect_rc "cdr save $*" 2 "$CDR" save -r "$ROOT" "$@"
	expect_said "it says so" "$_regex"
}
bad 'which image' -o "$T/x"
bad 'which file' app:1
bad 'has to stand behind an image' platform=linux/amd64 app:1 -o "$T/x"
bad 'only platform= means something here' app:1 'tags=glob:*' -o "$T/x"
bad 'platform= twice' app:1 platform=all platform=all -o "$T/x"
bad 'platform' app:1 platform=amd64 -o "$T/x"
bad 'platform' app:1 --platform= -o "$T/x"
bad 'a' app:1: -o "$T/x"
bad 'there is no option --json' app:1 --json -o "$T/x"
check "nothing has been written" test ! -e "$T/x"

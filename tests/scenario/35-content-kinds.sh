#!/bin/sh
# All kinds of content that an image list meets are mirrored, byte for byte and
# with their type: Docker and OCI types, sha512, artifacts old and new, layers
# that repeat, that are empty, that stand in their descriptor, nested indexes,
# Windows; foreign layers with a warning; index entries that nobody knows.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream

# comes TAG DIGEST [key=value]: it is mirrored, and a second run is one HEAD.
comes()
{
	_tag=$1 _digest=$2
	shift 2
	within 20 sync "$_tag" "any:$_tag" "$@"
	expect_published "$_tag: its digest" "any:$_tag" "$_digest"
	tree_check "$ROOT"
	cp "$T/stderr" "$T/first"
	hub_mark
	sync "$_tag once more" -v "any:$_tag" "$@"
	expect_said "$_tag once more: unchanged" "^unchanged .*any:$_tag "
	expect_eq "$_tag once more: one HEAD" "1 0" \
		"$(hub_count registry HEAD . 200) $(hub_count registry GET .)"
}

# all_here: each object that craft listed is in the tree.
all_here()
{
	# shellcheck disable=SC2046
	here $(pick 'o.digest for o in v' "$T/objects") || fail "an object is missing"
}

# crafts TAG KIND [options], overlays TAG KIND [options]
crafts()
{
	_tag=$1 _kind=$2
	shift 2
	craft "$_kind" "library/any:$_tag" --json "$@" >"$T/objects"
	comes "$_tag" "$(pick 'v[-1].digest' "$T/objects")"
	all_here
}

overlays()
{
	_tag=$1 _kind=$2
	shift 2
	overlay "$_kind" "library/any:$_tag" --json "$@" >"$T/objects"
	comes "$_tag" "$(pick 'v[-1].digest' "$T/objects")"
	all_here
}

type_is()
{
	case $(readlink "$ROOT/repos/docker.io/library/any/_manifests/$1") in
	*/manifests/"$2"/*) ok "$1: its type is $2" ;;
	*) fail "$1: its type is not $2" ;;
	esac
}

crafts oci image
type_is oci application/vnd.oci.image.manifest.v1+json
crafts docker index --docker
type_is docker application/vnd.docker.distribution.manifest.list.v2+json
overlays sha512 sha512
[ "$(find "$ROOT/blobs/sha512" -type f | wc -l)" -eq 3 ] || fail "sha512 blobs"
crafts artifact artifact
here sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a ||
	fail "the empty config {}"
overlays retired oci-artifact-manifest
type_is retired application/vnd.oci.artifact.manifest.v1+json
crafts repeated repeated-layer
overlays empty zero-length
expect_eq "the blob of no bytes was not asked for, and is there" "0 0" \
	"$(hub_count cdn - e3b0c44298fc) $(wc -c <"$ROOT/blobs/sha256/e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")"
overlays data data-field
overlays lies data-field --wrong-data --seed lies
overlays nested nested --depth 3
overlays windows windows

# Foreign layers: the registry may have them.
overlays foreign foreign-layer --present
grep -q '^warning: .*any:foreign: 1 foreign layer' "$T/first" || fail "no warning"
ok "foreign layers: a warning"
overlay foreign-layer library/any:gone --seed gone >/dev/null
sync "a foreign layer that nobody has" any:gone
expect_said "is told" 'warning: .*any:gone: 1 foreign layer\(s\) left out'
tree_check "$ROOT"

# An index with entries of all sorts: an unknown type that is served as a manifest,
# one that is served as a blob, and a digest by an algorithm that we cannot check.
python3 - "$T/overlay/library/any" <<'END'
import hashlib, json, os, sys
top = sys.argv[1]
def put(folder, data, kind=None):
    digest = "sha256:" + hashlib.sha256(data).hexdigest()
    os.makedirs(f"{top}/{folder}", exist_ok=True)
    open(f"{top}/{folder}/{digest}", "wb").write(data)
    if kind:
        open(f"{top}/{folder}/{digest}.type", "w").write(kind)
    return {"mediaType": kind or "application/vnd.example.blob", "digest": digest, "size": len(data)}
index = "application/vnd.oci.image.index.v1+json"
entries = [put("manifests", b'{"hello": "manifest"}', "application/vnd.example.thing+json"),
           put("blobs", b"hello blob"),
           {"mediaType": "application/vnd.oci.image.manifest.v1+json", "size": 9,
            "digest": "blake3:" + "a" * 64}]
data = json.dumps({"schemaVersion": 2, "mediaType": index, "manifests": entries}).encode()
root = put("manifests", data, index)
for name in ("", ".type"):
    os.link(f"{top}/manifests/{root['digest']}{name}", f"{top}/manifests/sorts{name}")
json.dump([*entries[:2], root], open(f"{top}/sorts.json", "w"))
END
cp "$T/overlay/library/any/sorts.json" "$T/objects"
comes sorts "$(pick 'v[-1].digest' "$T/objects")"
all_here
grep -q '^warning: .*any:sorts: 1 object.*left out' "$T/first" || fail "no warning"
ok "an unknown digest algorithm: a warning"
tree_check "$ROOT"

# And what lies in the tree is what was upstream.
for file in "$T"/overlay/library/any/manifests/sha256:* "$T"/overlay/library/any/blobs/sha256:*; do
	case $file in *.type | *.headers) continue ;; esac
	at=$ROOT/blobs/sha256/${file##*:}
	! [ -e "$at" ] || cmp "$file" "$at" || fail "other bytes"
done
ok "byte for byte"

#!/bin/sh
# What is never served need not be understood. Layers and configurations with types
# that are none ("sbom", "text/plain; charset=utf-8", "", none at all), manifests
# without a list of layers or with null for it, and odd members of layers are mirrored
# byte for byte, and unchanged in the next run. What nginx serves as a Content-Type
# stays strict: an odd type of a manifest fails its image, and no other.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr nginx python3 curl
upstream
good=$(craft image library/good:1)

# Each is put into the overlay as it stands, under a tag of its own.
cat >"$T/make.py" <<'END'
import hashlib, json, os, sys

top = sys.argv[1] + "/overlay/library/odd"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
DOCKER = "application/vnd.docker.distribution.manifest.v2+json"
INDEX = "application/vnd.oci.image.index.v1+json"
ARTIFACT = "application/vnd.oci.artifact.manifest.v1+json"


def put(folder, data, kind="", tag=""):
    digest = "sha256:" + hashlib.sha256(data).hexdigest()
    os.makedirs(f"{top}/{folder}", exist_ok=True)
    for name in (digest, tag):
        if name:
            open(f"{top}/{folder}/{name}", "wb").write(data)
            if kind:
                open(f"{top}/{folder}/{name}.type", "w").write(kind)
    return {"digest": digest, "size": len(data)}


def blob(text, **more):
    return {**put("blobs", text.encode()), **more}


def image(tag, kind=MANIFEST, **members):
    value = {"schemaVersion": 2, "mediaType": kind, **members}
    print(tag)
    return put("manifests", json.dumps(value).encode(), kind, tag)


config = blob("{}", mediaType="application/vnd.oci.empty.v1+json")
for tag, kind in ("parameter", "text/plain; charset=utf-8"), ("word", "sbom"), ("empty", ""), \
        ("null", None), ("slashes", "../../etc/passwd"), ("long", "x" * 5000), \
        ("umlaut", "t\u00e4xt/\u20ac"), ("upper", "Text/PLAIN"):
    image(f"layer-{tag}", config=config, layers=[blob(f"layer {tag}", mediaType=kind)])
    image(f"config-{tag}", config=blob(f"config {tag}", mediaType=kind), layers=[])
image("layer-none", config=config, layers=[blob("layer none")])
image("config-none", config=blob("config none"), layers=[])
image("members", config={**config, "annotations": [1], "platform": "linux"},
      layers=[blob("members", mediaType="a/b", annotations="x", data={}, artifactType=7,
                   platform=[], urls="http://127.0.0.1:9/")])
image("layers-null", config=config, layers=None)
image("layers-absent", config=config)
image("layers-docker", kind=DOCKER, config=config, layers=None)
image("blobs-null", kind=ARTIFACT, blobs=None, artifactType="a/b")
image("index-null", kind=INDEX, manifests=None)
image("annotations", config=config, layers=[], annotations=["a", {}])
image("subject", config=config, layers=[], artifactType="a/b",
      subject={**put("manifests", b"{}", MANIFEST), "mediaType": "sbom"})
# The same in an index, told by its entry alone.
child = put("manifests", json.dumps({"schemaVersion": 2, "config": config}).encode(), MANIFEST)
image("child", kind=INDEX, manifests=[{"mediaType": MANIFEST, **child,
      "platform": {"os": "linux", "architecture": "amd64"}}])
END
python3 "$T/make.py" "$T" >"$T/tags" || fail "make.py"
[ "$(wc -l <"$T/tags")" -ge 26 ] || fail "too few"
sed 's|^|odd:|' "$T/tags" >"$T/list"
sync "layers and configurations of all sorts" -i "$T/list" good:1
! grep -q '^warning' "$T/stderr" || fail "a warning for nothing"
tree_check "$ROOT"
while read -r tag; do
	cmp "$T/overlay/library/odd/manifests/$tag" "$ROOT/repos/docker.io/library/odd/_manifests/$tag" ||
		fail "$tag: other bytes"
done <"$T/tags"
ok "byte for byte"
for file in "$T"/overlay/library/odd/blobs/sha256:*; do
	here "${file##*/}" || fail "$file is not here"
done
ok "with all blobs"
hub_mark
sync "once more" -v -i "$T/list"
expect_eq "all are unchanged" "$(wc -l <"$T/tags")" "$(grep -c '^unchanged' "$T/stdout")"
expect_eq "and cost one HEAD each" 0 "$(hub_count registry GET .)"
check "a list of them" "$CDR" ls -r "$ROOT"

start_nginx "$ROOT"
for tag in layer-parameter layer-word config-empty layers-null; do
	expect_eq "$tag is served as what it is" application/vnd.oci.image.manifest.v1+json \
		"$(curl -s -o "$T/body" -w '%{content_type}' "http://$MIRROR/v2/library/odd/manifests/$tag")"
	cmp "$T/body" "$T/overlay/library/odd/manifests/$tag" || fail "other bytes"
done
layer=$(pick 'v.layers[0].digest' "$T/overlay/library/odd/manifests/layer-parameter")
expect_eq "its layer is bytes" "200 application/octet-stream" \
	"$(curl -s -o /dev/null -w '%{http_code} %{content_type}' "http://$MIRROR/v2/library/odd/blobs/$layer")"

# What decides anything is as strict as it was.
bad() # TAG TYPE BODY
{
	printf %s "$3" >"$T/overlay/library/odd/manifests/$1"
	printf %s "$2" >"$T/overlay/library/odd/manifests/$1.type"
}
manifest=application/vnd.oci.image.manifest.v1+json
index=application/vnd.oci.image.index.v1+json
config='{"mediaType":"a/b","size":2,"digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"}'
control=$(echo "$config" | sed 's|a/b|a\\u0007|')
word=$(echo "$config" | sed 's|a/b|sbom|')
bad own "text/plain; charset=utf-8" \
	'{"mediaType":"text/plain; charset=utf-8","config":'"$config"',"layers":[]}'
bad control $manifest '{"mediaType":"'$manifest'","config":'"$config"',"layers":['"$control"']}'
bad object $manifest '{"mediaType":"'$manifest'","config":'"$config"',"layers":{}}'
bad no-config $manifest '{"mediaType":"'$manifest'","layers":[]}'
bad no-list $index '{"mediaType":"'$index'"}'
bad entry $index '{"mediaType":"'$index'","manifests":['"$word"']}'
newer=$(craft image library/good:1 --seed newer)
sync_rc "odd ones that are served" 1 \
	odd:own odd:control odd:object odd:no-config odd:no-list odd:entry good:1
expect_said "a type with a parameter" 'odd:own: .*mediaType is not a media type'
expect_said "a control character" 'odd:control: .*layers\[0\]: mediaType has an unprintable character'
expect_said "an object for a list" 'odd:object: .*layers is not an array'
expect_said "no configuration" 'odd:no-config: .*config is missing'
expect_said "an index without a list" 'odd:no-list: .*manifests is missing'
expect_said "an entry of an odd type" 'odd:entry: .*manifests\[0\]: mediaType is not a media type'
expect_published "the good one is" good:1 "$newer"
[ "$good" != "$newer" ] || fail "it has moved"
tree_check "$ROOT"

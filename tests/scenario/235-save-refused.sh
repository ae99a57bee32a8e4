#!/bin/sh
# What a loader would fail at is refused, or warned of, by name: an image that is not
# whole here, an artifact, a foreign layer that is elsewhere, a digest that is not of
# sha256, several platforms where none is said, an index of which only a part would
# be in the file; layers in zstd or in nothing known. Then there is no file, and what
# was there before stays; each image that is refused is told of.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/tree.sh"

need cdr python3
ROOT=$T/root REPO=docker.io/library/app
tree_new "$ROOT"
none=sha256:$(printf %064d 0)

# config [MORE]: an image configuration with one diff_id, and MORE of them
config()
{
	printf '{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["%s"%s]}}' \
		"$none" "${1-}" >"$T/config"
	tree_blob "$T/config"
}
# described TYPE DIGEST FILE [MORE]
described()
{
	printf '{"mediaType":"%s","digest":"%s","size":%d%s}' "$1" "$2" \
		"$(wc -c <"$3")" "${4-}"
}
# image TAG CONFIG-DIGEST LAYERS [CONFIG-TYPE]: $digest and $entry are its
image()
{
	printf '{"schemaVersion":2,"mediaType":"%s","config":%s,"layers":[%s]}' \
		"$OCI_MANIFEST" \
		"$(described "${4-$OCI_CONFIG}" "$2" "$T/config")" "$3" >"$T/manifest"
	digest=$(tree_manifest $REPO "$OCI_MANIFEST" "$T/manifest" "${5-sha256}")
	entry=$(described "$OCI_MANIFEST" "$digest" "$T/manifest")
	tree_tag $REPO "$1" "$digest"
}
# index TAG ENTRY...
index()
{
	_tag=$1
	shift
	printf '{"schemaVersion":2,"mediaType":"%s","manifests":[%s]}' "$OCI_INDEX" \
		"$(printf '%s\n' "$@" | paste -s -d ,)" >"$T/index"
	digest=$(tree_manifest $REPO "$OCI_INDEX" "$T/index")
	entry=$(described "$OCI_INDEX" "$digest" "$T/index")
	tree_tag $REPO "$_tag" "$digest"
}
# for_platform ARCH [VARIANT-MEMBERS]: the entry, with that
for_platform()
{
	echo "${entry%\}},\"platform\":{\"os\":\"linux\",\"architecture\":\"$1\"${2-}}}"
}
# layer BYTES: in printf's words
layer()
{
	# shellcheck disable=SC2059 # they are a format
	printf "$1" >"$T/layer"
	tree_blob "$T/layer"
}
refused()
{
	_code=1 _regex=$1
	shift
	echo before >"$T/x.tar"
	expect_rc "cdr save $*" $_code "$CDR" save -r "$ROOT" "$@" -o "$T/x.tar"
	expect_said "it says why" "$_regex"
	expect_eq "and what was there stays" before "$(cat "$T/x.tar")"
}
taken()
{
	_regex=$1
	shift
	check "cdr save $*" "$CDR" save -r "$ROOT" "$@" -o "$T/x.tar"
	if [ -n "$_regex" ]; then
		expect_said "it warns" "^warning: .*$_regex"
	else
		expect_eq "it does not warn" "" "$(grep warning "$T/stderr" || :)"
	fi
}
name="docker.io/library/app:"

# --- layers -----------------------------------------------------------------------

good=$(layer '\037\213\010gzip')
gzip=$(described "$OCI_LAYER" "$good" "$T/layer")
image good "$(config)" "$gzip"
good_entry=$entry good_digest=$digest
taken '' app:good
zstd=$(layer '\050\265\057\375zstd')
image zstd "$(config ",\"$none\",\"$none\"")" "$gzip,$(described "$OCI_LAYER" "$zstd" "$T/layer"),$(described "$OCI_LAYER" "$zstd" "$T/layer")"
zstd_entry=$entry zstd_digest=$digest
taken "app:zstd: layer $zstd and 1 more: .*docker before 23.0" app:zstd
image frames "$(config)" "$(described "$OCI_LAYER" "$(layer '\120\052\115\030\001\0\0\0x')" "$T/layer")"
taken "app:frames: layer .*zstd" app:frames
for magic in 'BZh9' '\3757zXZ\0'; do
	image packed "$(config)" "$(described "$OCI_LAYER" "$(layer "$magic")" "$T/layer")"
	taken '' app:packed
done
tar -C "$T" --format=v7 -cf "$T/layer" config
image tar "$(config)" "$(described "$OCI_LAYER" "$(tree_blob "$T/layer")" "$T/layer")"
taken '' app:tar
image empty "$(config)" "$(described "$OCI_LAYER" "$(layer '')" "$T/layer")"
taken '' app:empty
image secret "$(config)" "$(described "$OCI_LAYER+encrypted" "$(layer 'secret')" "$T/layer")"
taken 'app:secret: layer .*in no compression that loaders know' app:secret
image diffs "$(config ",\"$none\"")" "$gzip"
taken 'app:diffs: .*speaks of 2 layers and its manifest of 1' app:diffs
printf '{' >"$T/config"
image broken "$(tree_blob "$T/config")" "$gzip"
refused "^error: ${name}broken: " app:broken

far=$(printf '{"mediaType":"%s","digest":"%s","size":9,"urls":["https://example.com/x"]}' \
	application/vnd.docker.image.rootfs.foreign.diff.tar.gzip "$none")
image foreign "$(config)" "$far"
refused "^error: ${name}foreign: $none is a foreign layer that is not here" app:foreign
image lacking "$(config)" "$(printf '{"mediaType":"%s","digest":"%s","size":9}' "$OCI_LAYER" "$none")"
lacking_entry=$entry
refused "^error: ${name}lacking: blob $none is not here" app:lacking
image size "$(config)" "$(echo "$gzip" | sed 's/"size":/&1/')"
refused "^error: ${name}size: blob $good has [0-9]* bytes" app:size
ones=$(echo "$none" | tr 0 1)
truncate -s 8589934592 "$ROOT/blobs/sha256/${ones#*:}"
image large "$(config)" "$(printf '{"mediaType":"%s","digest":"%s","size":8589934592}' "$OCI_LAYER" "$ones")"
refused "^error: ${name}large: $ones has 8589934592 bytes, .* room for 8589934591" app:large

# --- what is no image -------------------------------------------------------------

printf '{}' >"$T/config"
image chart "$(tree_blob "$T/config")" "$gzip" application/vnd.cncf.helm.config.v1+json
refused "^error: ${name}chart: it is no image, but an artifact of type application/vnd.cncf.helm" app:chart
echo '{}' >"$T/manifest"
tree_tag $REPO odd "$(tree_manifest $REPO application/vnd.example.odd+json "$T/manifest")"
refused "^error: ${name}odd: it is no image, but of type application/vnd.example.odd" app:odd
index none
refused "^error: ${name}none: it is an index that lists no image" app:none
config >/dev/null
image sha512 "$(tree_blob "$T/config" sha512)" "$gzip"
refused "^error: ${name}sha512: sha512:.*not of sha256" app:sha512
refused "^error: ${name}nowhere: it is not here" app:nowhere
refused "^error: docker.io/library/app@$none: it is not here" "app@$none"
refused "^error: ${name}chart: " app:good app:chart app:nowhere
expect_said "so is the other one" "^error: ${name}nowhere: "

# --- platforms --------------------------------------------------------------------

entry=$good_entry
amd64=$(for_platform amd64)
config >/dev/null
sed 's/amd64/arm64/' "$T/config" >"$T/config.arm" && mv "$T/config.arm" "$T/config"
image arm64 "$(tree_blob "$T/config")" "$gzip"
arm64=$(for_platform arm64)
arm64_digest=$digest
refused "^error: ${name}arm64: it has nothing for linux/amd64; it is for linux/arm64 alone" \
	app:arm64 platform=linux/amd64
taken '' app:arm64 platform=linux/arm64
taken '' app:arm64 platform=all
away="{\"mediaType\":\"$OCI_MANIFEST\",\"digest\":\"$none\",\"size\":9}"
index two "$amd64" "$arm64"
refused "^error: ${name}two: several platforms of it are here \(linux/amd64, linux/arm64\): say which one, such as platform=linux/amd64" app:two
refused "^error: ${name}two: it has nothing for linux/s390x; it has linux/amd64, linux/arm64" \
	app:two platform=linux/s390x
refused "^error: ${name}two: of several platforms, loaders take one, or all" \
	app:two platform=linux/amd64,linux/arm64
refused "^error: ${name}two: one file cannot have two images of that name \(linux/amd64, linux/arm64\)" \
	app:two platform=linux/amd64 app:two platform=linux/arm64
taken '' app:two platform=all
taken '' app:two --index
taken '' app:two platform=linux/amd64,linux/arm64 --index
taken 'app:two: it is an index, .*kind, k3s and rke2 refuse that' \
	app:two platform=linux/arm64 --index
# what FILE: digests in index.json; their platforms; how many blobs
what()
{
	python3 - "$T/x.tar" <<-'END'
	import json, sys, tarfile
	tar = tarfile.open(sys.argv[1])
	entries = json.load(tar.extractfile("index.json"))["manifests"]
	print(*[e["digest"] for e in entries], *["/".join(e["platform"][k]
	      for k in ("os", "architecture", "variant") if k in e["platform"])
	      for e in entries if "platform" in e], len(tar.getnames()) - 3)
	END
}
taken '' app:two platform=linux/arm64
expect_eq "it is that one alone" "$arm64_digest linux/arm64 3" "$(what)"
index sparse "$amd64" "${away%\}},\"platform\":{\"os\":\"linux\",\"architecture\":\"s390x\"}}"
taken '' app:sparse
expect_eq "the only one that is here needs no word" "$good_digest linux/amd64 3" "$(what)"
refused "^error: ${name}sparse: not all that the index lists is here, and --index would save what is: linux/s390x: manifest $none: it is not here" \
	app:sparse platform=all
refused "^error: ${name}sparse: linux/s390x of it: manifest $none is not here" \
	app:sparse platform=linux/s390x
refused "^error: ${name}sparse: manifest $none: it is not here" \
	app:sparse platform=linux/s390x --index
refused "^error: ${name}sparse: it has nothing for linux/riscv64" \
	app:sparse platform=linux/riscv64 --index
taken 'app:sparse: it is an index, and not all' app:sparse --index
expect_eq "the index with what is here" "$digest 4" "$(what)"
entry=$lacking_entry
index half "$amd64" "$(for_platform arm64)"
taken '' app:half
expect_eq "what is not whole is not here" "$good_digest linux/amd64 3" "$(what)"
refused "^error: ${name}half: linux/arm64 of it: blob $none is not here" \
	app:half platform=linux/arm64
taken 'app:half: it is an index, and not all' app:half --index
expect_eq "nothing of it is in the file" "$digest 4" "$(what)"
entry=$lacking_entry
index nothing "$(for_platform arm64)"
refused "^error: ${name}nothing: blob $none is not here" app:nothing
refused "^error: ${name}nothing: it is an index of which no image is here" app:nothing --index

# Of entries that fit equally the one that is for everybody; nested indexes.
entry=$zstd_entry
special=$(for_platform amd64 | sed 's/}$/,"annotations":{"io.github.containers.compression.zstd":"true"}}/')
index equal "$special" "$amd64"
taken '' app:equal
expect_eq "the one in gzip" "$good_digest linux/amd64 3" "$(what)"
index special "$special"
taken 'zstd' app:special platform=linux/amd64
expect_eq "where it is the only one, that" "$zstd_digest linux/amd64 4" "$(what)"
index inner "$amd64" "$arm64"
index outer "$entry"
taken '' app:outer platform=linux/arm64
expect_eq "of an index in an index" "$arm64_digest linux/arm64 3" "$(what)"
taken '' app:outer platform=all
expect_eq "all of it" "$digest 7" "$(what)"
# Without a platform in the index, the image says it.
index plain "$good_entry"
taken '' app:plain platform=linux/amd64
expect_eq "its configuration says the platform" "$good_digest linux/amd64 3" "$(what)"

# What is in an index beside images goes with all of it: of a type that nobody
# knows, as a manifest and as a blob; an artifact with its blobs.
odd=application/vnd.example.odd+json
echo '{"odd":1}' >"$T/manifest"
odd_entry=$(described $odd "$(tree_manifest $REPO $odd "$T/manifest")" "$T/manifest")
echo '{"odd":2}' >"$T/manifest"
blob_entry=$(described $odd "$(tree_blob "$T/manifest")" "$T/manifest")
printf '{}' >"$T/config"
image file "$(tree_blob "$T/config")" "$gzip" application/vnd.oci.empty.v1+json
artifact=$entry
index beside "$artifact" "$odd_entry" "$blob_entry" "$amd64"
taken '' app:beside platform=all
expect_eq "all of it is in the file" "$digest 8" "$(what)"
expect_eq "manifest.json has the image" "sha256:$(python3 - "$T/x.tar" <<-'END'
import json, sys, tarfile
tar = tarfile.open(sys.argv[1])
item, = json.load(tar.extractfile("manifest.json"))
assert json.load(tar.extractfile(item["Config"]))["architecture"] == "amd64"
print(item["Config"].split("/")[2])
END
)" "$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["config"]["digest"])' \
	"$(readlink -f "$ROOT/repos/$REPO/_manifests/good")")"
taken '' app:beside platform=linux/amd64
expect_eq "one platform is the image alone" "$good_digest linux/amd64 3" "$(what)"
index bare "$artifact"
refused "^error: ${name}bare: it is an index of which no image is here" app:bare platform=all

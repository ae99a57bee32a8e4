#!/bin/sh
# --from oci:DIR takes the images of a list from an OCI image layout, as skopeo and
# umoci make it, or from another tree: the same names, digests, platforms, patterns
# and referrers, without a registry. Nothing in the layout is trusted: wrong bytes,
# links that lead out of it, pipes and nonsense fail the image, or the run before it
# begins, and touch nothing.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl skopeo umoci
upstream
app=$(craft index library/app:1.0 --platforms linux/amd64,linux/arm64 --attestations \
	--layers 2 --size 200000 --seed 1 --created 2024-01-01T00:00:00Z)
craft image library/app:1.1 --layers 1 --size 500 --seed 2 >/dev/null
edge=$(craft image library/app:edge --layers 1 --size 500 --seed 3 \
	--created 2024-01-02T00:00:00Z)
craft image library/app:nightly --layers 1 --size 500 --seed 4 \
	--created 2024-01-03T00:00:00Z >/dev/null
other=$(craft image library/other:1.0 --layers 1 --size 500 --seed o)
sbom=$(craft artifact library/app:sbom --artifact-type application/x.sbom --subject "$app")
tags()
{
	pick '" ".join(v.tags)' "$ROOT/repos/docker.io/library/app/_tags/list"
}

# pack LAYOUT REPO:TAG [NAME]: skopeo copies it there
pack()
{
	check "skopeo packs $2 as ${3:-${2##*:}}" skopeo copy --quiet --all --preserve-digests \
		--src-tls-verify=false "docker://$UPSTREAM/library/$2" "oci:$T/$1:${3:-${2##*:}}"
}
# from "what" LAYOUT ARG...; from_rc "what" N LAYOUT ARG...
from()
{
	_what=$1 _layout=$2
	shift 2
	sync "$_what" --from "oci:$_layout" "$@"
}
from_rc()
{
	_what=$1 _rc=$2 _layout=$3
	shift 3
	sync_rc "$_what" "$_rc" --from "oci:$_layout" "$@"
}
# untouched "what": there is no tree yet
untouched()
{
	[ ! -e "$ROOT" ] || fail "$1: the tree was touched"
}

# --- names ------------------------------------------------------------------------

for name in 1.0 1.1 edge nightly; do
	pack bare "app:$name"
done
pack full app:1.0 docker.io/library/app:1.0
pack full other:1.0 docker.io/library/other:1.0
pack full app:edge 1.0

hub_mark
from "bare tags are of the one repository that the list has" "$T/bare" app:1.0 app:edge
expect_eq "no registry was asked" "" "$(hub_since)"
expect_said "no pull is counted" '2 images.* 0 pulls'
expect_published "the index" app:1.0 "$app"
expect_published "the image" app:edge "$edge"
tree_check "$ROOT"
from "the same again" "$T/bare" -v app:1.0 app:edge
expect_said "nothing has changed" '^2 images: 2 unchanged'
expect_said "no byte was read" ' 0 B received'

rm -rf "$ROOT"
from_rc "of two repositories" 1 "$T/bare" app:1.0 other:1.0
expect_said "it asks whose it is" 'app:1.0.*has no repository there.*--from oci:DIR:REPOSITORY'
rm -rf "$ROOT"
from_rc "a repository is named" 1 "$T/bare:docker.io/library/app" app:1.0 other:1.0
expect_published "its tag is here" app:1.0 "$app"
expect_published "the other one has none" other:1.0 nothing
rm -rf "$ROOT"
from "full names" "$T/full" app:1.0 other:1.0
expect_published "go before bare tags" app:1.0 "$app"
expect_published "and are each its own" other:1.0 "$other"
rm -rf "$ROOT"
from "a pattern over full names, where bare ones count for nobody" "$T/full" \
	app 'tags=glob:1.*' other:1.0
expect_published "finds its own" app:1.0 "$app"
expect_eq "and no other" 1.0 "$(tags)"

# --- the rules of the list --------------------------------------------------------

rm -rf "$ROOT"
from "a platform" "$T/bare" app:1.0 platform=linux/arm64
expect_published "the index as it is" app:1.0 "$app"
expect_eq "with one platform" 1 "$("$CDR" ls -r "$ROOT" --json |
	pick 'len({json.dumps(p) for i in v for p in i.platforms or []})')"
tree_check "$ROOT"
rm -rf "$ROOT"
from "a pattern" "$T/bare" app 'tags=semver:>=1' newest=1
expect_eq "the highest version" 1.1 "$(tags)"
rm -rf "$ROOT"
from "by age" "$T/bare" app 'tags=regex:edge|nightly' newest=1
expect_eq "the youngest" nightly "$(tags)"
rm -rf "$ROOT"
from "a pinned digest" "$T/bare" "app:pinned@$edge"
expect_published "needs no name in the layout" app:pinned "$edge"
rm -rf "$ROOT"
from "a plan" "$T/bare" --plan --json app:1.0
expect_eq "says what is missing" update "$(pick 'i.action for i in v.images' "$T/stdout")"
expect_published "and publishes nothing" app:1.0 nothing
rm -rf "$ROOT"
from_rc "a budget" 4 "$T/bare" --max-bytes 300K app:1.0
from "the next run goes on" "$T/bare" app:1.0
expect_published "to the end" app:1.0 "$app"
tree_check "$ROOT"
rm -rf "$ROOT"
start=$(date +%s)
from "a rate" "$T/bare" --limit-rate 400K app:1.0
[ $(($(date +%s) - start)) -ge 1 ] || fail "800 KiB at 400 KiB/s took no second"
expect_published "holds, and all is here" app:1.0 "$app"

# --- other makers -----------------------------------------------------------------

check "umoci makes a layout" umoci init --layout "$T/umoci"
check "and an image in it" umoci new --image "$T/umoci:2.0"
rm -rf "$ROOT"
from "from umoci" "$T/umoci" app:2.0
expect_eq "it is the same" "$(pick 'v.manifests[0].digest' "$T/umoci/index.json")" \
	"$(published app:2.0)"
tree_check "$ROOT"

ROOT=$T/first
sync "another tree" app:1.0 app:1.1 app:edge app:sbom other:1.0
ROOT=$T/root
rm -rf "$ROOT"
hub_mark
from "from that" "$T/first" app:1.0 other:1.0 app 'tags=glob:1.*' referrers=yes
expect_eq "no registry was asked" "" "$(hub_since)"
expect_published "the index" app:1.0 "$app"
expect_published "of the other one too" other:1.0 "$other"
expect_eq "and the pattern" "1.0 1.1" "$(tags)"
tree_check "$ROOT"
rm -rf "$ROOT"
# Whatever others rename meanwhile: their links have ".." in them.
python3 -c '
import os, sys
os.chdir(sys.argv[1])
open("a", "w").close()
while True:
	os.rename("a", "b")
	os.rename("b", "a")
' "$T" &
renames=$!
defer "process_end $renames"
for i in 1 2 3 4 5; do
	rm -rf "$ROOT"
	from "while files are renamed, $i" "$T/first" app:1.0 other:1.0 app 'tags=glob:1.*' \
		referrers=yes
done
kill $renames
rm -rf "$ROOT"
from "with referrers" "$T/first" app:1.0 referrers=yes
check "they are here" here "$sbom"
tree_check "$ROOT"
# A layout has no list of them: what it has says itself to what it refers.
cp -a "$T/bare" "$T/refer"
pack refer app:sbom
rm -rf "$ROOT"
from "from a layout" "$T/refer" app:1.0 referrers=yes
check "they are here, too" here "$sbom"
pick -q '[m.digest for m in v.manifests] == [digest]' \
	"$ROOT/repos/docker.io/library/app/_referrers/$app" digest="$sbom" ||
	fail "the SBOM is not listed"
tree_check "$ROOT"

# --- hostile objects --------------------------------------------------------------

layer=$(pick 'v.layers[0].digest' "$T/bare/blobs/sha256/${edge#*:}")
# spoil NAME: a copy of the layout, and in $blob the layer of edge in it
spoil()
{
	rm -rf "$T/bad" "$ROOT"
	cp -a "$T/bare" "$T/bad"
	blob=$T/bad/blobs/sha256/${layer#*:}
}
# fails "what" REGEX: edge fails with that, and 1.1 is published
fails()
{
	within 20 from_rc "$1" 1 "$T/bad" app:edge app:1.1
	expect_said "it says so" "app:edge: .*$2"
	expect_published "that image is not there" app:edge nothing
	[ "$(published app:1.1)" != nothing ] || fail "$1: the other image is not there"
	tree_check "$ROOT"
}
spoil
printf '%s' "$(head -c 300 "$blob" | tr '\0' x)" | dd of="$blob" conv=notrunc 2>/dev/null
fails "wrong bytes" "blob $layer: the bytes have digest"
spoil
echo more >>"$blob"
fails "a longer blob" "blob $layer: the file has"
spoil
: >"$blob"
fails "an empty one" "blob $layer: the file has 0 bytes"
spoil
rm "$blob"
fails "one that is missing" "$blob: is not there"
spoil
mv "$blob" "$T/outside"
ln -s "$T/outside" "$blob"
fails "an absolute link" "$blob: a symbolic link leads out"
ln -sf ../../../outside "$blob"
rm -rf "$ROOT"
fails "a link that climbs" "$blob: a symbolic link leads out"
ln -sf "${blob##*/}" "$blob"
rm -rf "$ROOT"
fails "a link to itself" "$blob: a symbolic link"
spoil
rm "$blob"
mkfifo "$blob"
fails "a pipe" "$blob: not a regular file"
spoil
mv "$blob" "$T/bad/kept"
ln -s ../../kept "$blob"
from "a link that stays inside" "$T/bad" app:edge
expect_published "is followed" app:edge "$edge"
spoil
printf '{' | dd of="$T/bad/blobs/sha256/${edge#*:}" conv=notrunc 2>/dev/null
printf x >>"$T/bad/blobs/sha256/${edge#*:}"
fails "a manifest with wrong bytes" "manifest $edge: the bytes have digest"

# --- hostile layouts --------------------------------------------------------------

# refused "what" REGEX: before the tree is touched
refused()
{
	from_rc "$1" 2 "$T/bad" app:1.0
	expect_said "it says so" "$2"
	untouched "$1"
}
spoil
rm "$T/bad/oci-layout"
refused "no oci-layout" 'bad: not an OCI image layout'
echo '{"imageLayoutVersion": "2.0.0"}' >"$T/bad/oci-layout"
refused "another version" 'oci-layout: imageLayoutVersion'
echo 3 >"$T/bad/cdr-layout"
echo '{"imageLayoutVersion": "1.0.0"}' >"$T/bad/oci-layout"
refused "a tree of another version" 'cdr-layout: a tree of another version'
spoil
echo garbage >"$T/bad/index.json"
refused "an index of garbage" 'index.json: not valid JSON'
python3 -c 'print("[" * 5000000)' >"$T/bad/index.json"
refused "one of 5 MiB" 'index.json'
python3 -c 'print("{\"manifests\":" + "[" * 100000 + "]" * 100000 + "}")' >"$T/bad/index.json"
refused "a deep one" 'index.json: JSON deeper than'
echo '{"manifests": [{"mediaType": "x/y", "size": -1, "digest": "sha256:1"}]}' >"$T/bad/index.json"
refused "one with nonsense in it" 'index.json: manifests\[0\]'
rm "$T/bad/index.json"
mkfifo "$T/bad/index.json"
refused "a pipe" 'index.json: not a regular file'
rm "$T/bad/index.json"
ln -s "$T/bare/index.json" "$T/bad/index.json"
refused "a link out of it" 'index.json: a symbolic link leads out'
rm -rf "$T/bad"
refused "no such folder" 'bad: cannot open'
touch "$T/bad"
refused "a file" 'bad: cannot open'
from_rc "a tag as the repository" 2 "$T/bare:app:1" app:1.0
untouched "a tag as the repository"
from_rc "a climbing repository" 2 "$T/bare:../x" app:1.0
pick '{**v, "manifests": v.manifests + [{**v.manifests[0], **{key: v.manifests[1][key]
	for key in ("digest", "size", "mediaType")}}]}' "$T/bare/index.json" >"$T/index"
spoil
cp "$T/index" "$T/bad/index.json"
from_rc "two images with one tag" 1 "$T/bad" app:1.0
expect_said "are not chosen between" 'two different images with the tag 1.0'

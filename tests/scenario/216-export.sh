#!/bin/sh
# `cdr export` writes a bundle: for each image of a list its manifests that are here, what
# refers to them, signature tags, and all their blobs, once, the manifests first, images
# by priority. What is not here, or not whole, is told and left out. Another program reads
# the bundle by its format alone. A plan says the same and writes nothing; nor is the tree
# changed but for the number of the bundle, which is never given away twice.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
export CDR_SITE=centre

many=$(craft index library/many:1 --platforms linux/amd64,linux/arm64,linux/arm/v7 \
	--attestations --layers 2 --shared 1 --size 30000 --seed 1)
craft image library/app:1 --layers 2 --shared 1 --size 30000 --seed 1 >/dev/null
craft image library/app:2 --layers 1 --seed 2 >/dev/null
craft image library/app:3 --layers 1 --seed 3 >/dev/null
overlay sha512 library/long:1 --seed 4 >/dev/null
craft nested library/nested:1 --depth 3 --seed 5 >/dev/null
craft zero-length library/zero:1 --seed 6 >/dev/null
craft image library/signed:1 --layers 1 --seed 7 --json >"$T/objects"
signed=$(made manifest)
sbom=$(craft artifact library/signed:sbom --artifact-type application/x.sbom --subject "$signed")
more=$(craft artifact library/signed:more --artifact-type application/x.more --seed more \
	--subject "$signed")
about=$(craft artifact library/signed:about --artifact-type application/x.note --subject "$sbom")
craft image "library/signed:sha256-${signed#sha256:}.sig" --layers 1 --seed 8 >/dev/null
cat >"$T/Mirror list.txt" <<'END'
many:1 platform=linux/amd64,linux/arm64
signed:1 referrers=yes
app tags=glob:*
long:1 platform=all
zero:1 priority=5
nested:1
END
sync "a tree" -i "$T/Mirror list.txt" signed:sbom signed:more signed:about
tree_check "$ROOT"
out=$T/out

export_rc()
{
	_what=$1 _code=$2
	shift 2
	expect_rc "$_what" "$_code" "$CDR" export -r "$ROOT" "$@"
}

# bundle NAME [OPTION...]: is it right? $T/bundle.json is about it.
bundle()
{
	_name=$1
	shift
	python3 -S "$TOP/tests/check-bundle.py" "$out/$_name.cdr" "$@" \
		>"$T/bundle.json" 2>"$T/bundle.log" || fail "bundle $_name is not right"
	ok "bundle $_name is right"
}

(cd "$ROOT" && find . -path ./_state -prune -o -printf '%p %i %s %m %l\n' | sort) >"$T/before"
state()
{
	find "$ROOT/_state" -mindepth 1 -printf '%P\n' | sort
}
state >"$T/state-before"
export_rc "a plan" 0 --plan --json -i "$T/Mirror list.txt"
mv "$T/stdout" "$T/plan.json"
export_rc "a plan for people" 0 --plan -i "$T/Mirror list.txt"
expect_said "it says which images" '^docker.io/library/many:1 +sha256:[0-9a-f]{12} +[0-9.]+ KiB  linux/amd64,linux/arm64$'
expect_said "what would be written" '^would write centre-all-1.cdr for any site: 9 images, [0-9]+ objects, .* in 1 part$'
expect_said "what is there then" '^then any site has 9 images of this bundle, .* in all; it had 0$'
expect_eq "nothing is written" "$(cat "$T/state-before")" "$(state)"

export_rc "an export" 0 -i "$T/Mirror list.txt" --to "$out"
expect_said "it says what was written" "^wrote to $out: centre-all-1.cdr for any site: 9 images"
expect_said "that it is not signed" 'not signed'
expect_eq "the files" "centre-all-1.cdr centre-all-1.cdr.001" \
	"$(find "$out" -type f -printf '%f\n' | sort | paste -s -d ' ')"
bundle centre-all-1
expect_eq "head" "centre * 1 Mirror-list.txt" "$(pick 'words(v["from"], v["to"], v["seq"], v["list"])' "$T/bundle.json")"
expect_eq "in the order of the list, what matters most first" "zero:1
many:1
signed:1
signed:sha256-${signed#sha256:}.sig
app:1
app:2
app:3
long:1
nested:1" "$(pick 'i.ref for i in v.images' "$T/bundle.json" | sed s,docker.io/library/,,)"
expect_eq "platforms" "linux/amd64,linux/arm64" \
	"$(pick 'i.platforms for i in v.images if i.ref.endswith("many:1")' "$T/bundle.json")"
expect_eq "an index goes with those that are here" "$many 4" \
	"$(pick 'words(i.digest, len(i.manifests)) for i in v.images if i.ref.endswith("many:1")' "$T/bundle.json")"
expect_eq "what refers to it, and to that" "$(printf '%s\n' "$sbom" "$more" "$about" | sort)" \
	"$(pick 'm.digest for i in v.images if i.ref.endswith("signed:1") for m in i.manifests' \
	"$T/bundle.json" | sort)"
expect_eq "the plan has said so" "$(stat -c %s "$out/centre-all-1.cdr.001")" \
	"$(pick 'p.bytes for p in v.parts' "$T/plan.json")"
expect_eq "all of it" "$(pick 'words(len(v.objects), v.bytes)' "$T/bundle.json")" \
	"$(pick 'words(v.objects, v.bytes)' "$T/plan.json")"
# Nothing that is of these images alone stays behind, and nothing else goes along.
(cd "$ROOT" && find blobs ! -type d | sed 's,^blobs/,,; s,/,:,' | sort) >"$T/here"
pick 'd for d in v.objects' "$T/bundle.json" | sort >"$T/there"
expect_eq "all that is in the tree" "" "$(comm -3 "$T/here" "$T/there")"

(cd "$ROOT" && find . -path ./_state -prune -o -printf '%p %i %s %m %l\n' | sort) >"$T/after"
check "the tree is as it was" cmp "$T/before" "$T/after"
expect_eq "but for the number" "bundles-sent" "$(state | comm -13 "$T/state-before" -)"
tree_check "$ROOT"

# Numbers, senders, sites.
export_rc "for one site" 0 --to "$out" --to-site rig --expires 30d app:1
bundle centre-rig-1
expect_eq "no list is named" null "$(pick 'v.get("list")' "$T/bundle.json")"
expect_eq "it expires" true "$(pick 'v.expires > v.created' "$T/bundle.json")"
export_rc "once more" 0 --to "$out" --to-site rig app:1
bundle centre-rig-2
export_rc "another name" 0 --to "$out" --to-site rig --site hub app:1
bundle hub-rig-1
export_rc "a digest" 0 --to "$out" --to-site rig "many@$many"
bundle centre-rig-3
expect_eq "it has no tag" "docker.io/library/many@$many" "$(pick 'i.ref for i in v.images' "$T/bundle.json")"
touch "$out/centre-rig-4.cdr.001"
export_rc "what is there is not written over" 2 --to "$out" --to-site rig app:1
expect_said "it says so" 'centre-rig-4.cdr.001 is there already'
expect_eq "before a part is written" "" "$(grep '^part ' "$T/stdout" "$T/stderr")"
expect_eq "nothing is left of it" "centre-rig-4.cdr.001" \
	"$(find "$out" -printf '%f\n' | grep -F -e rig-4 -e tmp)"
export_rc "the next one" 0 --to "$out" --to-site rig app:1
bundle centre-rig-5

# What cannot go.
export_rc "two of four" 1 --to "$out" --to-site port app:1 app:9 gone:1 app:2
expect_said "the first one that is not here" '^error: docker.io/library/app:9: it is not here; of this repository the tree has 1, 2, 3$'
expect_said "the second one" '^error: docker.io/library/gone:1: it is not here$'
bundle centre-port-1
expect_eq "the others go" "docker.io/library/app:1 docker.io/library/app:2" \
	"$(pick 'i.ref for i in v.images' "$T/bundle.json" | paste -s -d ' ')"
printf '%s\n' "app:1@$many" "app:2" "gone tags=glob:*" >"$T/list"
export_rc "another digest than the list wants, and a pattern" 1 --to "$out" --to-site port -i "$T/list"
expect_said "it says so" "^error: docker.io/library/app:1: the list wants $many, and here it is sha256:"
expect_said "of a pattern, too" '^error: docker.io/library/gone: nothing that the pattern finds is here$'
bundle centre-port-2
expect_eq "so it is not all of the list" null "$(pick 'v.get("list")' "$T/bundle.json")"
layer=$(pick 'o.digest for o in v if o.kind == "layer"' "$T/objects")
mv "$ROOT/blobs/sha256/${layer#sha256:}" "$T/layer"
export_rc "a layer is missing" 1 --to "$out" --to-site port -i "$T/Mirror list.txt"
expect_said "it names it" "^error: docker.io/library/signed:1: $layer is not here"
bundle centre-port-3
expect_eq "what is about it stays as well" 7 "$(pick 'len(v.images)' "$T/bundle.json")"
export_rc "none is whole" 1 --to "$out" --to-site none signed:1
expect_said "it says so" 'nothing is left to export'
[ ! -e "$out/centre-none-1.cdr" ] || fail "it was written"
mv "$T/layer" "$ROOT/blobs/sha256/${layer#sha256:}"

# What refers to an image and is not whole does not hold it back.
note=$(readlink -f "$ROOT/repos/docker.io/library/signed/_manifests/$about")
mv "$note" "$T/note"
export_rc "one note is lost" 1 --to "$out" --to-site port signed:1
expect_said "it says so" "^error: docker.io/library/signed:1: what refers to $sbom is left out: $about is not here"
bundle centre-port-4
expect_eq "the rest goes" "$(printf '%s\n' "$sbom" "$more" | sort)" \
	"$(pick 'm.digest for i in v.images if i.ref.endswith("signed:1") for m in i.manifests' \
	"$T/bundle.json" | sort)"
mv "$T/note" "$note"
# All of them have one configuration, which the first one that is looked at brings along.
first=$(printf '%s\n' "$sbom" "$more" | sort | sed -n 1p)
layer=$(pick 'v.layers[0].digest' "$ROOT/repos/docker.io/library/signed/_manifests/$first")
mv "$ROOT/blobs/sha256/${layer#sha256:}" "$T/layer"
export_rc "the bytes of one are lost" 1 --to "$out" --to-site port signed:1
expect_said "it says so" "^error: docker.io/library/signed:1: what refers to $signed is left out: $layer is not here"
bundle centre-port-5
expect_eq "the other one is whole" "$(printf '%s\n' "$sbom" "$more" | sort | sed -n 2p)" \
	"$(pick 'm.digest for i in v.images if i.ref.endswith("signed:1") for m in i.manifests' \
	"$T/bundle.json" | grep -v -F "$about")"
mv "$T/layer" "$ROOT/blobs/sha256/${layer#sha256:}"

export_rc "no tree" 3 -r "$T/nowhere" --to "$out" app:1
export_rc "no image" 2 --to "$out"
export_rc "no folder" 2 app:1
export_rc "a folder in no folder" 3 --to "$T/no/out" app:1
export_rc "a file" 3 --to "$T/list" app:1
export_rc "no reference" 2 --to "$out" App:1
export_rc "words of a list" 2 --to "$out" app:1 platform=linux/amd64
export_rc "no site" 2 --to "$out" --to-site ../x app:1
export_rc "nor a sender" 2 --to "$out" --site 'a b' app:1
export_rc "a key for no inventory" 2 --to "$out" --key "$T/list" app:1
export_rc "a small part" 2 --to "$out" --split 1K app:1
export_rc "no list" 2 --to "$out" -i "$T/none"
: >"$T/empty"
export_rc "an empty list" 2 --to "$out" -i "$T/empty"
echo nonsense >"$ROOT/_state/bundles-sent"
export_rc "numbers that nobody can read" 3 --to "$out" app:1
expect_said "it says which" 'bundles-sent'

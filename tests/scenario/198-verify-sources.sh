#!/bin/sh
# What `cdr verify --repair` fetches comes from any repository that needs it, or with
# --from from another tree, or another mirror. What is brought is checked: wrong bytes
# get no name. What nobody has is told, with the images that need it, and stays noted;
# tags stay, and with --withdraw those that need it go, and no others. The next sync
# brings them back. --json says all of it. The same bytes under two types are two
# objects, each with its own images.
# Tier: normal
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
. "$TOP/tests/tree.sh"

need cdr python3 curl
upstream
craft index library/app:1 --platforms linux/amd64,linux/arm64 --layers 2 >/dev/null
craft image library/app:2 --layers 2 --seed 2 >/dev/null
craft image library/twin:1 --layers 2 --seed 2 >/dev/null
craft image ghost/lost:1 --layers 1 --seed 4 >/dev/null
sync "a tree" app:1 app:2 twin:1 ghost/lost:1
cp -a "$ROOT" "$T/copy"

verify()
{
	_title=$1 _code=$2
	shift 2
	expect_rc "$_title" "$_code" "$CDR" verify -r "$ROOT" "$@"
}

# The first layer of a tag below library/, or of a manifest.
layer()
{
	pick 'v["layers"][0]["digest"]' \
		"$(realpath "$ROOT/repos/docker.io/$1/_manifests/$2")"
}

blob()
{
	echo "$ROOT/blobs/sha256/${1#*:}"
}

# --- wrong usage -------------------------------------------------------------------

verify "--from without --repair" 2 --from oci:"$T/copy"
expect_said "it says so" "--from needs --repair"
verify "a rate that is none" 2 --limit-rate fast
verify "a time that is none" 2 --max-time soon
verify "a name that is none" 2 'app:1:2'
expect_rc "no tree" 3 "$CDR" verify -r "$T/nothing"
[ ! -e "$T/nothing" ] || fail "it has made something"

# --- another repository ------------------------------------------------------------

id=$(layer library/app 2)
rm -f "$(blob "$id")"
fault '{"path": "/v2/library/app/blobs/", "status": 404}'
verify "one repository has lost it, the other has it" 0 --repair
[ -e "$(blob "$id")" ] || fail "it is not back"

# --- nobody has it -----------------------------------------------------------------

fault '{"path": "/blobs/", "status": 404}'
rm -f "$(blob "$id")"
verify "nobody has it" 1 --repair
expect_said "it says why, and who needs it" \
	"${id#*:}: needed by docker.io/library/app:2, docker.io/library/twin:1; it cannot be mended: .*404"
grep -q " $id missing blobs/sha256/${id#*:}\$" "$ROOT/status/bad" || fail "it is not noted"
[ -L "$ROOT/repos/docker.io/library/app/_manifests/2" ] || fail "the tag has gone"
fault '{"listener": "cdn", "corrupt": 3}'
verify "wrong bytes" 1 --repair
[ ! -e "$(blob "$id")" ] || fail "they have got the name"
no_faults

verify "withdrawn" 1 --withdraw --json
pick 'v' "$T/stdout" >/dev/null || fail "that is no JSON"
expect_eq "the result" bad "$(pick 'v["result"]' "$T/stdout")"
expect_eq "two tags" 2 "$(pick 'v["withdrawn"]' "$T/stdout")"
expect_eq "of these images" "docker.io/library/app:2 docker.io/library/twin:1" \
	"$(pick '" ".join(v["findings"][0]["images"])' "$T/stdout")"
[ ! -e "$ROOT/repos/docker.io/library/app/_manifests/2" ] || fail "the tag is there"
[ -L "$ROOT/repos/docker.io/library/app/_manifests/1" ] || fail "another tag has gone"
grep -q '"tags":\["1"\]' "$ROOT/repos/docker.io/library/app/_tags/list" ||
	fail "the list has the tag"
! grep -q 'app:2' "$ROOT/index.json" || fail "index.json has the tag"
sync "the next run" app:1 app:2 twin:1 ghost/lost:1
expect_eq "they are back" "$(published app:2)" "$(published twin:1)"
verify "all is well" 0
tree_check "$ROOT"

# --- another tree, another mirror --------------------------------------------------

id=$(layer library/app 2)
at=$(realpath "$ROOT/repos/docker.io/library/app/_manifests/1")
rm -f "$(blob "$id")" "$at"
hub_mark
verify "from another tree" 0 --repair --from oci:"$T/copy"
expect_eq "no registry was asked" 0 "$(hub_count registry GET /v2/)"
verify "all is well" 0
# A tree that has something else under that name.
rm -f "$(blob "$id")"
chmod u+w "$T/copy/blobs/sha256/${id#*:}"
printf X | dd of="$T/copy/blobs/sha256/${id#*:}" bs=1 seek=3 conv=notrunc 2>/dev/null
verify "from one that is wrong" 1 --repair --from oci:"$T/copy"
[ ! -e "$(blob "$id")" ] || fail "wrong bytes have got the name"
verify "from the registry" 0 --repair
tree_check "$ROOT"

# --- who refers to what ------------------------------------------------------------

app=$(published app:2)
for _n in 1 2; do
	craft artifact library/app:sbom-$_n --artifact-type application/x.sbom \
		--subject "$app" --seed "$_n" >/dev/null
done
sync "with what refers to it" app:2 referrers=yes
_list=$ROOT/repos/docker.io/library/app/_referrers/$app
cp "$_list" "$T/before"
verify "the list is right" 0 --quick
pick '{**v, "manifests": v["manifests"][:1]}' "$_list" >"$T/fewer"
pick '{**v, "manifests": v["manifests"] + [{**v["manifests"][0], "digest": "sha256:" + "7" * 64}]}' \
	"$_list" >"$T/more"
echo '{"manifests": 7}' >"$T/odd"
for _wrong in fewer more odd; do
	rm -f "$_list"
	cp "$T/$_wrong" "$_list"
	chmod 444 "$_list"
	verify "a list of referrers: $_wrong" 1 --quick
	expect_said "it is named" "_referrers/$app: it "
	verify "it is written anew" 0 --quick --repair
	check "as it was" cmp "$T/before" "$_list"
done
rm -f "$_list"
verify "one that is not there" 1 --quick
verify "it is written anew" 0 --quick --repair
check "as it was" cmp "$T/before" "$_list"
tree_check "$ROOT"

# --- the same bytes, as manifests of two types ------------------------------------------

ROOT=$T/two
tree_new "$ROOT"
mkdir -p "$ROOT/blobs/sha256"
tree_image docker.io/library/app 1 7 >/dev/null
pick '{k: v[k] for k in v if k != "mediaType"}' \
	"$(realpath "$ROOT/repos/docker.io/library/app/_manifests/1")" >"$T/plain"
one=$(tree_manifest docker.io/library/one "$OCI_MANIFEST" "$T/plain")
tree_tag docker.io/library/one 1 "$one"
two=$(tree_manifest docker.io/library/two "$DOCKER_MANIFEST" "$T/plain")
tree_tag docker.io/library/two 1 "$two"
rm -rf "$ROOT/_state/tmp"/*
tree_lists
expect_eq "one digest" "$one" "$two"
verify "a tree with both" 0
rm -rf "$T/copy"
cp -a "$ROOT" "$T/copy"
at=$(find "$ROOT/manifests" -name "${one#*:}")
for _at in $at; do
	chmod u+w "$_at"
	printf X | dd of="$_at" bs=1 seek=3 conv=notrunc 2>/dev/null
	chmod 444 "$_at"
done
verify "both are bad" 1 --quick
expect_eq "both are noted" 2 "$(wc -l <"$ROOT/status/bad")"
verify "both come back" 0 --quick --repair --from oci:"$T/copy"
for _at in $at; do
	[ -f "$_at" ] || fail "$_at is not back"
done
verify "all is well" 0
rm "$(realpath "$ROOT/repos/docker.io/library/two/_manifests/1")"
verify "one is missing" 1 --quick --withdraw
expect_said "who needs that one" 'needed by docker.io/library/two:1$'
[ -L "$ROOT/repos/docker.io/library/one/_manifests/1" ] || fail "the other one's tag has gone"

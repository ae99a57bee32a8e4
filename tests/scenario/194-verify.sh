#!/bin/sh
# `cdr verify` finds what is wrong with a tree, and names it: flipped bytes,
# truncation, what is missing, links that lead nowhere or elsewhere, lists that say
# something else, foreign files. What has wrong bytes is taken out at once, and noted
# in status/bad; --repair brings it back from the registry it came from, and puts
# links and lists right. A second verify then finds nothing, and the tree is as
# cdr-layout(5) says. Of an image whose blob is in quarantine the next sync fetches
# just that blob.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
craft index library/app:1 --platforms linux/amd64,linux/arm64 --layers 2 >/dev/null
craft image library/app:2 --layers 3 --seed 2 >/dev/null
craft image other/tool:1 --layers 1 --seed 3 >/dev/null
sync "a tree" app:1 app:2 other/tool:1

verify()
{
	_title=$1 _code=$2
	shift 2
	expect_rc "$_title" "$_code" "$CDR" verify -r "$ROOT" "$@"
}

APP=$ROOT/repos/docker.io/library/app

# The layers of a manifest, one a line.
layers()
{
	pick '"\n".join(l["digest"] for l in v["layers"])' \
		"$(realpath "$APP/_manifests/$1")"
}

blob()
{
	echo "$ROOT/blobs/sha256/${1#*:}"
}

flip()
{
	chmod u+w "$1"
	printf X | dd of="$1" bs=1 seek="${2:-3}" conv=notrunc 2>/dev/null
	chmod u-w "$1"
}

# --- all is well -------------------------------------------------------------------

verify "all is well" 0
expect_said "a whole pass" "pass 1 has come to its end"
expect_said "it says so" "^all of that is as it should be"
verify "also in short" 0 --quick
verify "one image" 0 app:2
verify "one that is not here" 2 app:3
expect_said "it says which" "docker.io/library/app:3 is not in the tree"
[ ! -e "$ROOT/status/bad" ] || fail "nothing is bad, and status/bad is there"
tree_check "$ROOT"

# --- flipped, cut, missing ---------------------------------------------------------

# shellcheck disable=SC2046 # a word each
set -- $(layers 2)
flip "$(blob "$1")"
chmod u+w "$(blob "$2")"
truncate -s 5 "$(blob "$2")"
chmod 444 "$(blob "$2")"
rm -f "$(blob "$3")"
verify "in short it sees sizes" 1 --quick
expect_said "what is cut" "blobs/sha256/${2#*:}: its bytes have another digest; it is in quarantine now"
expect_said "what is missing" "blobs/sha256/${3#*:}: a manifest of docker.io/library/app needs it"
[ -e "$(blob "$1")" ] || fail "what it has not read is taken out"
[ ! -e "$(blob "$2")" ] || fail "what is cut is still there"
verify "and the bytes" 1
expect_said "what is flipped" "blobs/sha256/${1#*:}: its bytes have another digest; it is in quarantine now"
expect_said "who needs it" "blobs/sha256/${1#*:}: needed by docker.io/library/app:2"
for _id; do
	grep -q "^20[^ ]*Z $_id [a-z]* blobs/sha256/${_id#*:}\$" "$ROOT/status/bad" ||
		fail "$_id is not in status/bad"
done
expect_eq "three are noted" 3 "$(wc -l <"$ROOT/status/bad")"
expect_eq "two are in quarantine" 2 "$(find "$ROOT/_state/quarantine" -type f | wc -l)"
verify "the other image is well" 0 other/tool:1

hub_mark
verify "all of it comes back" 0 --repair
expect_said "it says so" "blobs/sha256/${1#*:}: mended"
expect_eq "three blobs were fetched" 3 "$(hub_count registry GET /blobs/ 307)"
grep -qx 'cdr_verify_bad_files_total 3' "$ROOT/status/metrics" ||
	fail "each is counted once, however many runs have found it"
expect_eq "and no manifest" 0 "$(hub_count registry GET /manifests/)"
[ ! -e "$ROOT/status/bad" ] || fail "what is mended is still in status/bad"
verify "all is well again" 0

# --- sync sees it as well ----------------------------------------------------------

flip "$(blob "$1")" 9
verify "flipped once more" 1
hub_mark
sync "the next run" app:1 app:2
expect_said "it mends that image" "^updated .*app:2 .* 1 objects"
expect_eq "one blob was fetched" 1 "$(hub_count registry GET /blobs/ 307)"
[ ! -e "$ROOT/status/bad" ] || fail "what sync has mended is still in status/bad"

# --- manifests ---------------------------------------------------------------------

at=$(realpath "$APP/_manifests/2")
flip "$at" 40
verify "a manifest" 1 --quick
expect_said "by its path" "manifests/application/.*${at##*/}: its bytes have another digest"
verify "it comes back" 0 --repair
# index.json is written while it is out of service.
flip "$at" 40
rm -f "$ROOT/catalog.json"
fault '{"path": "/manifests/", "status": 404}'
verify "it does not come back" 1 --repair --quick
! grep -q 'app:2"' "$ROOT/index.json" || fail "index.json has what is not here"
no_faults
verify "it comes back" 0 --repair --quick
grep -q 'app:2"' "$ROOT/index.json" || fail "index.json lacks it"
child=$(pick 'v["manifests"][0]["digest"]' "$(realpath "$APP/_manifests/1")")
at=$(realpath "$APP/_manifests/$child")
layer=$(layers "$child" | head -n 1)
rm -f "$at" "$(blob "$layer")"
verify "a child, and what only it knows of" 0 --repair
[ -e "$at" ] && [ -e "$(blob "$layer")" ] || fail "they are not back"
verify "all is well again" 0

# --- links -------------------------------------------------------------------------

id=$(published app:2)
ln -sf ../nowhere "$APP/_manifests/9"
ln -sf "$(readlink "$APP/_manifests/1")" "$APP/_manifests/$id"
verify "links" 1 --quick
expect_said "one that leads nowhere" "_manifests/9: it leads to no manifest"
expect_said "one that leads elsewhere" "_manifests/$id: it leads to another manifest"
faults=$(grep '^cdr_verify_structure_faults [1-9]' "$ROOT/status/metrics") ||
	fail "the metrics do not say so"
verify "an image is well" 0 other/tool:1
expect_eq "that says nothing of the others" "$faults" \
	"$(grep '^cdr_verify_structure_faults' "$ROOT/status/metrics")"
verify "what can be mended is" 1 --quick --repair
expect_said "a digest says where it leads" "_manifests/$id: .*mended"
rm "$APP/_manifests/9" "$APP/_manifests/$id" "$(blob "$id")"
verify "links that are not there" 1 --quick
expect_said "the one of a tag's digest" "_manifests/$id: it is not here"
expect_said "the one among the blobs" "blobs/sha256/${id#*:}: it is not here"
verify "they come back" 0 --quick --repair
tree_check "$ROOT"

# --- lists -------------------------------------------------------------------------

for _list in "$APP/_tags/list" "$ROOT/index.json" "$ROOT/catalog.json"; do
	cp "$_list" "$T/before"
	sed 's/app/apq/' "$T/before" >"$T/after"
	case $_list in
	*/list) echo '{"name":"library/app","tags":["1"]}' >"$T/after" ;;
	esac
	rm -f "$_list"
	cp "$T/after" "$_list"
	chmod 444 "$_list"
	verify "a list: ${_list##*/}" 1 --quick
	expect_said "it says so" "${_list##*/}: it says something else than the links"
	verify "it is written anew" 0 --quick --repair
	cmp -s "$T/before" "$_list" || fail "$_list is not as it was"
	rm -f "$_list"
	verify "one that is not there" 1 --quick
	verify "it is written anew" 0 --quick --repair
	cmp -s "$T/before" "$_list" || fail "$_list is not as it was"
done
# A list may be written in another way.
pick 'v' "$APP/_tags/list" >"$T/after"
rm -f "$APP/_tags/list"
cp "$T/after" "$APP/_tags/list"; chmod 444 "$APP/_tags/list"
verify "what says the same is well" 0 --quick
tree_check "$ROOT"

# --- foreign files -----------------------------------------------------------------

echo x >"$ROOT/blobs/sha256/readme"
mkfifo "$ROOT/blobs/sha256/$(printf '%064d' 7)"
mkdir -p "$ROOT/manifests/text/html" "$APP/_odd" "$ROOT/repos/docker.io/Bad"
echo x >"$ROOT/notes"
verify "foreign files are named, and are no fault" 0
for _path in blobs/sha256/readme "blobs/sha256/$(printf '%064d' 7)" manifests/text \
	repos/docker.io/library/app/_odd repos/docker.io/Bad notes; do
	expect_said "by name" "^.*$_path: "
done
[ -e "$ROOT/notes" ] && [ -e "$ROOT/blobs/sha256/readme" ] || fail "one has gone"

#!/bin/sh
# `cdr verify` follows nothing that was planted, waits for nothing, and removes nothing
# that is not of the tree. Links that lead out of ROOT, pipes, folders and hard links in
# blobs/, manifests/, _state/quarantine and status/ are named, or are as good as not
# there; what they lead to stays as it is. A manifest under another type, one that makes
# no sense, and one that says a wrong size are found.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
. "$TOP/tests/tree.sh"

need cdr python3 curl
ROOT=$T/root
tree_new "$ROOT"
mkdir -p "$ROOT/blobs/sha256" "$ROOT/_state/tmp" "$ROOT/keep"
REPO=docker.io/library/app
tree_image $REPO 1 7 >/dev/null
tree_image $REPO 2 8 >/dev/null
tree_image $REPO 3 9 >/dev/null
rm -rf "$ROOT/_state/tmp"/*
tree_lists

verify()
{
	_title=$1 _code=$2
	shift 2
	expect_rc "$_title" "$_code" timeout 20 "$CDR" verify -r "$ROOT" "$@"
}

layer()
{
	pick 'v["layers"][0]["digest"].split(":")[1]' \
		"$(realpath "$ROOT/repos/$REPO/_manifests/$1")"
}

verify "a tree that another program has made" 0
mkdir "$T/outside"
echo secret >"$T/outside/file"
chmod 444 "$T/outside/file"
outside()
{
	find "$T/outside" -type f -printf '%f %i %M %U %G %s %t\n' | sort
	cat "$T/outside/file"
}
outside >"$T/before"

# --- in place of a blob ------------------------------------------------------------

one=$(layer 1)
rm -f "$ROOT/blobs/sha256/$one"
ln -s "$T/outside/file" "$ROOT/blobs/sha256/$one"
verify "a link that leads out" 1
expect_said "it is named" "blobs/sha256/$one: it leads to another place"
expect_said "and the blob is missing" "blobs/sha256/$one: a manifest of .* needs it"
rm "$ROOT/blobs/sha256/$one"
mkfifo "$ROOT/blobs/sha256/$one"
verify "a pipe" 1
expect_said "it is named" "blobs/sha256/$one: it is no file"
rm "$ROOT/blobs/sha256/$one"
mkdir "$ROOT/blobs/sha256/$one"
verify "a folder" 1
rmdir "$ROOT/blobs/sha256/$one"
ln "$T/outside/file" "$ROOT/blobs/sha256/$one"
verify "a hard link to somebody's file" 1
expect_said "it goes, as a name" "blobs/sha256/$one: .*it is in quarantine now"
outside >"$T/after"
sed -i 's/ [0-9]* 2 / 1 /; s/ 2 / 1 /' "$T/after"
expect_eq "the file stays" "$(tail -n 1 "$T/before")" "$(tail -n 1 "$T/after")"
expect_eq "its mode stays" 444 "$(stat -c %a "$T/outside/file")"

# --- in place of the quarantine ----------------------------------------------------

rm -rf "$ROOT/_state/quarantine"
two=$(layer 2)
spoil()
{
	chmod u+w "$ROOT/blobs/sha256/$two"
	printf X | dd of="$ROOT/blobs/sha256/$two" bs=1 seek=3 conv=notrunc 2>/dev/null
}
spoil
ln -s "$T/outside" "$ROOT/_state/quarantine"
verify "a quarantine that leads out" 3
expect_said "it says so" "_state/quarantine: not a directory"
[ "$(find "$T/outside" -type f | wc -l)" = 1 ] || fail "something was put outside"
rm "$ROOT/_state/quarantine"
for _kind in file pipe folder link; do
	rm -rf "$ROOT/status/bad"
	case $_kind in
	file) printf 'x\000y\n%s\n' "2026-11-20T10:53:07Z sha256:12 bytes ../../etc/passwd" >"$ROOT/status/bad" ;;
	pipe) mkfifo "$ROOT/status/bad" ;;
	folder) mkdir "$ROOT/status/bad" ;;
	link) ln -s "$T/outside/file" "$ROOT/status/bad" ;;
	esac
	_rc=0
	timeout 20 "$CDR" verify -r "$ROOT" >"$T/stdout" 2>"$T/stderr" || _rc=$?
	case $_kind:$_rc in
	folder:3) ok "status/bad is a folder: that is an error" ;;
	*:1) ok "status/bad is a $_kind: a file takes its place" ;;
	*) fail "status/bad is a $_kind: ended with $_rc" ;;
	esac
done
[ "$(cat "$T/outside/file")" = secret ] || fail "what a link led to was written"
rm -rf "$ROOT/status/bad"

# --- manifests ---------------------------------------------------------------------

at=$(realpath "$ROOT/repos/$REPO/_manifests/3")
id=${at##*/}
mkdir -p "$ROOT/manifests/application/vnd.odd.v1+json/sha256"
cp "$at" "$ROOT/manifests/application/vnd.odd.v1+json/sha256/$id"
ln -sf "../../../../../manifests/application/vnd.odd.v1+json/sha256/$id" \
	"$ROOT/repos/$REPO/_manifests/sha256:$id"
verify "a manifest under a type that is not its own" 1 --quick
expect_said "it is named" "vnd.odd.v1.json/sha256/$id: it is no application/vnd.odd"
printf '{"schemaVersion":2,"mediaType":"%s","config":7}' "$OCI_MANIFEST" >"$T/odd"
_odd=$(tree_manifest $REPO "$OCI_MANIFEST" "$T/odd")
tree_tag $REPO odd "$_odd"
verify "one that makes no sense" 1 --quick
expect_said "it is named" "sha256/${_odd#*:}: it is no .*: "
printf '{"schemaVersion":2,"mediaType":"%s","config":{"mediaType":"%s","digest":"sha256:%s","size":5},"layers":[]}' \
	"$OCI_MANIFEST" "$OCI_CONFIG" "$(pick 'v["config"]["digest"].split(":")[1]' "$at")" >"$T/odd"
_odd=$(tree_manifest $REPO "$OCI_MANIFEST" "$T/odd")
verify "one that says a wrong size" 1 --quick
expect_said "what it is about stays" "blobs/.*: a manifest says that it has another size"

# --- folders of links --------------------------------------------------------------

mkdir "$T/elsewhere"
mv "$ROOT/repos/$REPO" "$T/elsewhere/app"
ln -s "$T/elsewhere/app" "$ROOT/repos/$REPO"
verify "a repository that is a link" 1 --quick
expect_said "it is no repository" "repos/$REPO: no repository has that name"
rm "$ROOT/repos/$REPO"
mv "$T/elsewhere/app" "$ROOT/repos/$REPO"
mv "$ROOT/blobs/sha256" "$T/elsewhere/sha256"
ln -s "$T/elsewhere/sha256" "$ROOT/blobs/sha256"
find "$T/elsewhere" | sort >"$T/before"
verify "blobs that are elsewhere" 1
find "$T/elsewhere" | sort >"$T/after"
cmp -s "$T/before" "$T/after" || fail "something was taken from there"

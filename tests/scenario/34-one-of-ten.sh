#!/bin/sh
# Ten images, one of them broken, in each way that an image can be: exit 1, nine
# published, one line that names the broken one and why, the counts are right;
# and what was served of the broken one before stays, complete. The next run does
# only what is left to do.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
settings '{"max_tries": 2}'
craft many library/app --count 9 --layers 2 --shared 1 >"$T/apps"
old=$(craft image library/sick:1 --layers 2 --shared 1)
printf '# ten\n%s\n%s\n' "$(cut -d ' ' -f 1 "$T/apps" | sed 's,^library/,,')" \
	"sick:1" >"$T/list"
sync "the first version of the sick one" sick:1
craft image library/sick:1 --layers 2 --shared 1 --seed 2 --json >"$T/objects"
new=$(pick 'v[-1].digest' "$T/objects")
layer=$(made layer | sed -n 2p)
cp -a "$ROOT" "$T/first"

# broken "what" REGEX RULE
broken()
{
	rm -rf "$ROOT"
	cp -a "$T/first" "$ROOT"
	fault "$3"
	within 20 sync_rc "$1" 1 -i "$T/list"
	expect_eq "$1: one error, which says" 1 \
		"$(grep -c '^error: docker.io/library/sick:1: '"$2" "$T/stderr")"
	expect_eq "$1: and no other" 1 "$(grep -c '^error' "$T/stderr")"
	expect_said "$1: the summary" '^10 images: 0 unchanged, 9 updated, 1 failed'
	while read -r _image _digest; do
		[ "$(published "${_image#library/}")" = "$_digest" ] ||
			fail "$1: $_image is not there"
	done <"$T/apps"
	expect_published "$1: the old version stays" sick:1 "$old"
	tree_check "$ROOT"
}

broken "no such tag" 'tag: .*404 (MANIFEST_UNKNOWN' \
	'{"path": "sick/manifests/1", "status": 404, "body": {"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}}'
broken "no such manifest" 'tag: .*404' '{"path": "sick/manifests/", "method": "GET", "status": 404}'
broken "wrong bytes" "blob $layer: .*digest" "{\"listener\": \"cdn\", \"path\": \"${layer#sha256:}\", \"corrupt\": 9}"
broken "no access" '.*token.*403.*config.json' '{"listener": "auth", "path": "sick", "status": 403}'
broken "server errors" "blob $layer: .*500" "{\"listener\": \"cdn\", \"path\": \"${layer#sha256:}\", \"status\": 500}"

no_faults
hub_mark
sync "when it is well again" -v -i "$T/list"
expect_said "nine are as they were" '^10 images: 9 unchanged, 1 updated, 0 failed'
expect_published "the new version is there" sick:1 "$new"
expect_eq "and only it was fetched" "0 1" \
	"$(hub_count registry GET app-) $(hub_count registry GET '/blobs/' 307)"
tree_check "$ROOT"

# A repository and a tag that were never there, for real.
sync_rc "what never was" 1 app-0001:2 nothing:1 sick:1
expect_said "no such tag" 'app-0001:2: tag: .*404 \(MANIFEST_UNKNOWN'
expect_said "no such repository" 'nothing:1: .*40[14].*config\.json'
expect_said "the summary" '^3 images: 1 unchanged, 0 updated, 2 failed'
! [ -e "$ROOT/repos/docker.io/library/nothing" ] || fail "a folder for nothing"
tree_check "$ROOT"

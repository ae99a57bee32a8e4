#!/bin/sh
# newest= goes by the age of the images where tags are no versions: by what their
# configurations say, or an annotation. It takes a HEAD a tag, and of an image that
# has not been looked at before the manifest, a counted pull, and the configuration;
# nothing of that is published. A second run costs HEADs alone. Versions come before
# all other tags, and a tag whose age nothing tells comes last.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr nginx python3 curl

# tags: those of library/app that the tree serves
tags()
{
	pick '" ".join(v.tags)' "$ROOT/repos/docker.io/library/app/_tags/list"
}

# app TAG CREATED [OPTION...]: an image of that age; its digest
app()
{
	_tag=$1 _created=$2
	shift 2
	craft image "library/app:$_tag" --layers 1 --size 500 --seed "$_tag" \
		--created "$_created" "$@"
}

# nothing_leaks "what": no manifest is linked that no published tag reaches
nothing_leaks()
{
	_links=$(cd "$ROOT/repos/docker.io/library/app/_manifests" &&
		find . -name 'sha256:*' | wc -l)
	_reached=$(cd "$ROOT/repos/docker.io/library/app/_manifests" &&
		for _tag in [!s]*; do
			readlink -f "$_tag" | sed 's,.*/,,'
			pick 'm.digest.split(":")[1] for m in v.manifests or []' "$_tag"
		done | sort -u | while read -r _hex; do
			[ ! -e "sha256:$_hex" ] || echo "$_hex"
		done | wc -l)
	expect_eq "$1" "$_reached" "$_links"
}

upstream
monday=$(app monday 2024-01-01T10:00:00Z)
app tuesday 2024-01-02T10:00:00+02:00 >/dev/null
app wednesday 2024-01-03T10:00:00.123456789Z >/dev/null
craft index library/app:thursday --platforms linux/amd64,linux/arm64 --layers 1 --size 500 \
	--seed thursday --created 2024-01-04T10:00:00Z >/dev/null
app friday none --annotated 2024-01-05T10:00:00Z >/dev/null

sync "the two newest of five" app 'tags=regex:.*day' newest=2
expect_eq "by their age" "friday thursday" "$(tags)"
expect_eq "took a pull for each manifest, and one for a platform" 7 \
	"$(hub_count registry GET /manifests/ 200)"
nothing_leaks "what is not chosen is not published"
expect_eq "of it the configuration came, and no layer" $((3 + 4 + 2)) \
	"$(hub_count registry GET /blobs/ 307)"
tree_check "$ROOT"
start_nginx "$ROOT"
expect_eq "nginx does not serve it" 404 "$(curl -s -o /dev/null -w '%{http_code}' \
	"http://$MIRROR/v2/library/app/manifests/$monday")"

hub_mark
sync "the same again" -v app 'tags=regex:.*day' newest=2
expect_said "nothing has changed" '^2 images: 2 unchanged'
expect_eq "takes no GET of a manifest" 0 "$(hub_count registry GET /manifests/)"
expect_eq "nor of a blob" 0 "$(hub_count registry GET /blobs/)"
expect_eq "a HEAD for each age, and one for each image" 7 \
	"$(hub_count registry HEAD /manifests/ 200)"

# What a clean-up would remove.
drop()
{
	_hex=${1#*:}
	find "$ROOT/manifests" "$ROOT/blobs" -name "$_hex" -exec rm -f {} +
}
drop "$monday"
hub_mark
sync "when the store has forgotten one" -v app 'tags=regex:.*day' newest=2
expect_eq "the note of an earlier run says it" 0 "$(hub_count registry GET /manifests/)"
echo nonsense >"$ROOT/_state/created"
hub_mark
sync "with a note of another kind" app 'tags=regex:.*day' newest=2
expect_said "that is told" '_state/created.*not used'
expect_eq "and the one pull is made again" 1 "$(hub_count registry GET /manifests/)"
tree_check "$ROOT"

app saturday 2024-01-06T10:00:00Z >/dev/null
hub_mark
sync "a new tag" app 'tags=regex:.*day' newest=2
expect_eq "comes to those that are here" "friday saturday thursday" "$(tags)"
expect_eq "for one pull" 1 "$(hub_count registry GET /manifests/)"

# --- pulls that are counted -------------------------------------------------------

rm -rf "$ROOT"
start_hub --rate-limit 6 --rate-window 3600
settings '{"min_pulls_left": 4}'
hub_mark
sync_rc "with two pulls to spend" 1 app 'tags=regex:.*day' newest=2
expect_said "it says why, and for what" \
	'app: the age of tag [a-z]*day: manifest sha256:.*min_pulls_left keeps 4'
expect_eq "no more than these were made" 2 "$(hub_count registry GET /manifests/ 200)"
[ ! -d "$ROOT/repos/docker.io" ] || fail "an image was published by half a choice"
start_hub --rate-limit 100 --rate-window 3600
rm "$ROOT/_state/quota.json"
hub_mark
sync "a run with pulls enough" app 'tags=regex:.*day' newest=2
expect_eq "makes those that were left" 5 "$(hub_count registry GET /manifests/ 200)"
expect_eq "and has the newest" "friday saturday" "$(tags)"
start_hub

# --- odd ages ---------------------------------------------------------------------

rm -rf "$ROOT"
app odd-epoch-b 1970-01-01T00:00:00Z >/dev/null
app odd-epoch-a 1970-01-01T00:00:00Z >/dev/null
app odd-year1 0001-01-01T00:00:00Z >/dev/null
app odd-9999 9999-12-31T23:59:59Z >/dev/null
app odd-none none >/dev/null
app odd-words yesterday >/dev/null
craft artifact library/app:odd-artifact >/dev/null
overlay schema1 library/app:odd-schema1 >/dev/null
printf '{"name": "library/app", "tags": ["odd-epoch-b", "odd-epoch-a", "odd-year1",
	"odd-9999", "odd-none", "odd-words", "odd-artifact", "odd-schema1", "odd-gone"]}' \
	>"$T/overlay/library/app/tags.json"
sync "the two newest of odd ones" app 'tags=glob:odd-*' newest=2
expect_eq "1970 is an age, of equal ones the name decides, and the rest is last" \
	"odd-epoch-a odd-epoch-b" "$(tags)"
hub_mark
sync "the same again" -v app 'tags=glob:odd-*' newest=2
expect_eq "also what makes no sense costs no pull again" 0 \
	"$(hub_count registry GET /manifests/ 200)"
rm "$T/overlay/library/app/tags.json"

app 1.0 2020-01-01T00:00:00Z >/dev/null
rm -rf "$ROOT"
sync "versions and others" app 'tags=regex:(1\.0|.*day)' newest=2
expect_eq "the version is first, then the newest day" "1.0 saturday" "$(tags)"
rm -rf "$ROOT"
hub_mark
sync "a version alone" app 'tags=regex:(1\.0|.*day)' newest=1
expect_eq "no age is asked for" 2 "$(hub_count registry - /manifests/)"

# --- other ways in ----------------------------------------------------------------

rm -rf "$ROOT"
sync "a plan" --plan --json app 'tags=regex:.*day' newest=1
expect_eq "names the newest" docker.io/library/app:saturday \
	"$(pick 'i.image for i in v.images' "$T/stdout")"
hub_mark
sync "the run after the plan" app 'tags=regex:.*day' newest=1
expect_eq "pulls nothing again" 0 "$(hub_count registry GET /manifests/)"
sync "all of them" app 'tags=regex:.*day'
first=$ROOT
start_nginx "$first"
ROOT=$T/second
hub_mark
sync "from another CDR" --from "http://$MIRROR" app 'tags=regex:.*day' newest=2 \
	platform=linux/arm64,linux/amd64 referrers=yes
expect_eq "the same ones" "friday saturday" "$(tags)"
expect_eq "no registry was asked" "" "$(hub_since)"

# --- too much ---------------------------------------------------------------------

python3 -c '
import json
print(json.dumps({"name": "library/app", "tags": ["tag-%d-x" % n for n in range(1001)]}))
' >"$T/overlay/library/app/tags.json"
hub_mark
sync_rc "a thousand and one tags without a version" 1 app 'tags=glob:tag-*' newest=1
expect_said "it says how many, and what to do" '1001 tags.*more than 1000.*narrower tags='
expect_eq "none was asked for" 0 "$(hub_count registry HEAD /manifests/)"
for number in 0 -1 100001 99999999999999999999 4.5 1e3 0x10 '' ' ' nan; do
	sync_rc "newest=$number" 2 app "tags=glob:*" "newest=$number"
	expect_said "newest=$number is told" 'command line: .*newest='
done
printf 'default platform=linux/amd64\napp tags=glob:* newest=0\n' >"$T/list"
sync_rc "one in a list" 2 -i "$T/list"
expect_said "has its line" "list:2: .*newest="

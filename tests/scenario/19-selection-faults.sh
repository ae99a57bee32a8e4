#!/bin/sh
# What a registry may do to a selection: a million tags cost bounded memory, and one
# more is refused; pages without an end, tags or sense come to an end; referrers that
# go round in a circle, or are their own subjects, do too. Other images come all the
# same, and what is in the tree stays.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl /usr/bin/time
upstream
app=$(craft image library/app:1 --layers 1 --size 500 --seed 1 --created 2024-01-01T00:00:00Z)
craft image library/other:1 --layers 1 --size 500 --seed o >/dev/null
sync "before all" other:1
mkdir -p "$T/overlay/library/app"

# --- a million tags ---------------------------------------------------------------

# many COUNT: so many tags, and "1"
many()
{
	python3 -c '
import sys
tags = ["build-%07d" % n for n in range(int(sys.argv[1]) - 1)] + ["1"]
sys.stdout.write("{\"name\": \"library/app\", \"tags\": [\"%s\"]}" % "\",\n\"".join(tags))
' "$1" >"$T/overlay/library/app/tags.json"
}

# peak: KiB of memory that the command of the last `memory` had at most
memory()
{
	_title=$1 _code=$2
	shift 2
	expect_rc "$_title" "$_code" /usr/bin/time -o "$T/peak" -f %M "$CDR" sync -r "$ROOT" "$@"
}
peak()
{
	tail -n 1 "$T/peak"
}
# below "what" KIB: a sanitizer needs more, and is not measured
below()
{
	case $CDR in
	*asan*) return 0 ;;
	esac
	[ "$(peak)" -le "$2" ] || fail "$1: $(peak) KiB, more than $2"
	ok "$1: $(peak) KiB"
}

many 1000000
memory "one of a million tags" 0 app 'tags=regex:[0-9]'
expect_published "it is here" app:1 "$app"
below "a page is not kept in memory" 24576
memory "the newest of a million versions and others" 0 app 'tags=glob:*' newest=1
expect_said "is the version" 'app|1 image'
below "a million tags that match are, and no more" 131072
memory "the age of a million" 1 app 'tags=glob:b*' newest=1
expect_said "is not asked for" '999999 tags.*more than 1000'
many 1000001
hub_mark
memory "one more than a million" 1 app 'tags=glob:*' other:1
expect_said "is refused" 'app: .*more tags than cdr lists'
expect_eq "no tag of it is looked at" 0 "$(hub_count registry - library/app/manifests/)"
rm "$T/overlay/library/app/tags.json"

# --- pages ------------------------------------------------------------------------

# pages BODY LINK: each page is that
pages()
{
	fault "{\"listener\": \"registry\", \"path\": \"library/app/tags/list\", \"status\": 200,
		\"body\": $(printf %s "$1" | as_json), \"headers\": {\"Content-Type\":
		\"application/json\", \"Link\": $(printf '<%s>; rel="next"' "$2" | as_json)}}"
}
list=/v2/library/app/tags/list
pages '{"name":"library/app","tags":[]}' "$list?last=x&n=1"
within 20 sync_rc "empty pages without an end" 1 app 'tags=glob:*' other:1
expect_eq "are few" yes "$([ "$(hub_count registry GET tags/list)" -lt 40 ] && echo yes)"
pages '{"name":"library/app","tags":["a"]}' "$list"
within 20 sync_rc "the first page again" 1 app 'tags=glob:*' newest=3
pages '[[[[[[[[[[' "$list?last=x"
within 20 sync_rc "no page at all" 1 app 'tags=glob:*'
pages '{"name":"library/app","tags":["a"]}' "http://[::1/x"
within 20 sync_rc "a link that is none" 1 app 'tags=glob:*'
no_faults

# A tag that goes, and one that moves, between the list and the HEAD.
craft image library/app:left --layers 1 --size 500 --seed l >/dev/null
craft image library/app:right --layers 1 --size 500 --seed r >/dev/null
fault '{"listener": "registry", "path": "manifests/left", "status": 404}'
sync "the tag that goes is none" app 'tags=regex:left|right' newest=1
check "the other one is here" test -e "$ROOT/repos/docker.io/library/app/_manifests/right"
no_faults
fault '{"listener": "registry", "path": "manifests/left", "status": 500}'
rm -rf "$ROOT"
settings '{"max_tries": 2}'
sync_rc "an age that cannot be asked for is no old age" 1 app 'tags=regex:left|right' newest=1 \
	other:1
expect_said "it is named" 'the age of tag left'
[ ! -e "$ROOT/repos/docker.io/library/app" ] || fail "half a choice was published"
expect_eq "the other image is here" 1 "$(find "$ROOT" -path '*other/_manifests/1' | wc -l)"
no_faults

# --- referrers --------------------------------------------------------------------

one=$(craft artifact library/app:one --artifact-type application/x.one --subject "$app")
two=$(craft artifact library/app:two --artifact-type application/x.two --subject "$one")

# entry DIGEST
entry()
{
	curl -s -H 'Accept: application/vnd.oci.image.manifest.v1+json' \
		"http://$UPSTREAM/v2/library/app/manifests/$1" >"$T/entry"
	pick '{"mediaType": v.mediaType, "digest": digest, "size": size,
		"artifactType": v.artifactType}' "$T/entry" digest="$1" \
		size:="$(wc -c <"$T/entry")"
}
# says SUBJECT DIGEST: the referrers of one are the other
rules=
says()
{
	rules="$rules${rules:+,}{\"listener\": \"registry\", \"path\": \"referrers/$1\",
		\"status\": 200, \"body\": $(printf '{"schemaVersion":2,"mediaType":"%s","manifests":[%s]}' \
		application/vnd.oci.image.index.v1+json "$(entry "$2")" | as_json),
		\"headers\": {\"Content-Type\": \"application/vnd.oci.image.index.v1+json\"}}"
}
says "$app" "$one"
says "$one" "$two"
says "$two" "$one"
fault "$rules"
hub_mark
within 20 sync "referrers in a circle" app:1 referrers=yes
expect_published "the image is here" app:1 "$app"
expect_eq "they are few" yes "$([ "$(hub_count registry GET referrers/)" -lt 20 ] && echo yes)"
check "and here" here "$one" "$two"
tree_check "$ROOT"
rules=
says "$app" "$app"
fault "$rules"
rm -rf "$ROOT"
within 20 sync "an image that is its own referrer" app:1 referrers=yes
expect_published "is here" app:1 "$app"
expect_eq "it is not asked for ever" yes \
	"$([ "$(hub_count registry GET referrers/)" -lt 40 ] && echo yes)"
pick -q 'v.manifests == []' "$ROOT/repos/docker.io/library/app/_referrers/$app" 2>/dev/null ||
	[ ! -e "$ROOT/repos/docker.io/library/app/_referrers/$app" ] ||
	fail "it is listed as its own referrer, which its bytes do not say"
tree_check "$ROOT"

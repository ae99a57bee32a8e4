#!/bin/sh
# A list of tags comes in pages, and only Link says whether there is one more:
# relative, absolute, with a wrong path, in a circle, to another host. What is no
# tag is left out, and a page of a hundred thousand tags costs little memory.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
craft image library/app:1 --layers 1 --size 500 --seed 1 >/dev/null
mkdir -p "$T/overlay/library/app"
list=/v2/library/app/tags/list

# page NUMBER JSON LINK: what the hub answers to the request with last=NUMBER
rules=
page()
{
	rules="$rules{\"listener\": \"registry\", \"method\": \"GET\",
		\"path\": \"tags/list.*$1\", \"status\": 200, \"body\": $(printf %s "$2" | as_json),
		\"headers\": {\"Content-Type\": \"application/json\"$3}},"
}
serve()
{
	fault "${rules%,}"
	rules=
}

page 'last=b' '{"name":"x","tags":["c"]}' ''
page 'last=a' '{"name":"x","tags":[null,"b","sha256:x",7]}' \
	", \"Link\": \"<http://$HUB$list?last=b>; rel=\\\"next\\\"\""
page '' '{"name":"x","tags":["a"]}' ", \"Link\": \"<$list?last=a>; rel=\\\"next\\\"\""
serve
sync_rc "three pages, whose images are not there" 1 app 'tags=glob:*'
for tag in a b c; do
	expect_said "tag $tag was found" "app:$tag: "
done

page '' '{"name":"x","tags":["a"]}' ", \"Link\": \"<$list?last=a>; rel=\\\"next\\\"\""
serve
within 20 sync_rc "a circle" 1 app 'tags=glob:*'
expect_eq "is not gone round for long" yes \
	"$([ "$(hub_count registry GET tags/list)" -lt 20 ] && echo yes)"

page '' '{"name":"x","tags":["a"]}' ', "Link": "<http://169.254.169.254/v2/x/tags/list>; rel=\"next\""'
serve
sync_rc "a link to another host" 1 app 'tags=glob:*'

page '' '{"name":"x","tags":null}' ''
serve
sync_rc "no tags at all" 1 app 'tags=glob:*'
expect_said "it says so" 'no tag'
page '' '{"name":"x","tags":["a",' ''
serve
sync_rc "half a page" 1 app 'tags=glob:*'
no_faults

python3 -c '
import json, sys
print(json.dumps({"name": "library/app", "tags": ["t%06d" % n for n in range(100000)] + ["1"]}))
' >"$T/overlay/library/app/tags.json"
within 30 sync "one of a hundred thousand" app 'tags=regex:[0-9]'
tree_check "$ROOT"

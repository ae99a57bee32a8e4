#!/bin/sh
# Lists by page and by filter (nginx's njs module): what is pure in it, under
# njs and node; then 100,000 tags page by page; and a list that is no list, or
# gone, is a 404 or the whole of it, and never an error of the server.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/tree.sh"

need nginx nginx-njs? python3 curl jq njs? node?
ran=0
cp "$TOP/nginx/njs/cdr.js" "$T/cdr.mjs"
cp "$TOP/tests/njs/lists.mjs" "$T/lists.mjs"
cd "$T"
for engine in njs node; do
	part "pure functions under $engine" $engine || continue
	check "pure functions under $engine" $engine lists.mjs
	expect_said "all of them" '^[1-9][0-9]+ checks, 0 failed$'
	ran=$((ran + 1))
done
[ $ran -gt 0 ] || skip "neither njs nor node here"

part "lists of nginx" nginx-njs || exit 0
tree_new "$T/root"
image=$(tree_image docker.io/library/many 1 1)
tree_image quay.io/org/app 1 2 >/dev/null
tree_tag quay.io/org/app 2 "$(basename "$(find "$TREE/repos/quay.io/org/app/_manifests" -name 'sha256:*')")"
tree_lists
list=$TREE/repos/docker.io/library/many/_tags/list
seq -f '"v%06.0f"' 1 100000 | paste -s -d , - |
    sed 's/.*/{"name":"docker.io\/library\/many","tags":[&]}/' >"$T/list"
rm -f "$list"
cp "$T/list" "$list"
start_nginx "$TREE"
base=http://$MIRROR
# The whole list, and its name as asked for.
curl -sS -o "$T/all" "$base/v2/library/many/tags/list"
expect_eq "100,000 tags" "library/many 100000 v000001 v100000" \
    "$(jq -r '"\(.name) \(.tags | length) \(.tags[0]) \(.tags[-1])"' "$T/all")"

# Page by page, as a client goes: by the Link alone.
next="/v2/many/tags/list?n=9999&ns=docker.io"
: >"$T/tags"
pages=0
while [ -n "$next" ]; do
	curl -sS -D "$T/head" -o "$T/page" "$base$next"
	jq -r '.tags[]' "$T/page" >>"$T/tags"
	next=$(tr -d '\r' <"$T/head" | sed -n 's/^Link: <\(.*\)>; rel="next"$/\1/p')
	case $next in *ns=docker.io | '') ;; *) fail "the Link lost ns: $next" ;; esac
	pages=$((pages + 1))
done
expect_eq "pages" 11 $pages
seq -f 'v%06.0f' 1 100000 >"$T/want"
check "each tag once, in order" cmp "$T/want" "$T/tags"

# A long page costs little beside a short one, which takes reading the list too:
# some functions of njs need the square of what they are given.
command -v python3 >/dev/null && check "a page of 50,000 tags is no work" python3 - "$MIRROR" <<'END'
import sys, time, urllib.request
def least(n):
    took = []
    for _ in range(5):
        begin = time.monotonic()
        urllib.request.urlopen(f"http://{sys.argv[1]}/v2/library/many/tags/list?n={n}&last=v000010").read()
        took.append(time.monotonic() - begin)
    return min(took)
short, long = least(10), least(50000)
print(f"{1000 * short:.0f} ms, {1000 * long:.0f} ms")
sys.exit(long > 10 * short)
END
head -n 1 "$T/stdout"

curl -sS -D "$T/head" -o "$T/page" "$base/v2/_catalog?n=1"
expect_eq "a page of the catalog" '["docker.io/library/many"]' \
    "$(jq -c .repositories "$T/page")"
expect_eq "the rest of it" '["quay.io/org/app"]' \
    "$(curl -sS "$base$(tr -d '\r' <"$T/head" |
    sed -n 's/^Link: <\(.*\)>; rel="next"$/\1/p')" | jq -c .repositories)"

# One of two tags goes between two pages.
cat >"$T/two" <<'END'
{"name":"quay.io/org/app","tags":["2"]}
END
rm -f "$TREE/repos/quay.io/org/app/_tags/list"
cp "$T/two" "$TREE/repos/quay.io/org/app/_tags/list"
expect_eq "last is gone" '["2"]' \
    "$(curl -sS "$base/v2/quay.io/org/app/tags/list?n=1&last=1" | jq -c .tags)"

# A list that is none. status PATH BODY: what comes, and how it begins
odd()
{
	printf '%s' "$2" >"$T/odd"
	cp -f "$T/odd" "$TREE/repos/quay.io/org/app/_tags/list"
	for args in '' '?n=1' '?last=a'; do
		got=$(curl -sS -o "$T/body" -w '%{http_code}' \
		    "$base/v2/quay.io/org/app/tags/list$args")
		expect_eq "$1$args: as it lies there" "200 $2" "$got $(cat "$T/body")"
	done
}
odd "no JSON" '{"name":'
odd "no tags" '{"nam":"x","tog":[]}'
odd "an array" '[]'
odd "nothing" ''
rm "$TREE/repos/quay.io/org/app/_tags/list"
for args in '' '?n=1'; do
	expect_eq "no list$args" "404" "$(curl -sS -o "$T/body" -w '%{http_code}' \
	    "$base/v2/quay.io/org/app/tags/list$args")"
	expect_eq "no list$args: JSON" NAME_UNKNOWN \
	    "$(jq -r '.errors[0].code' "$T/body")"
done
mkdir -p "$TREE/repos/docker.io/library/many/_referrers"
echo 'no JSON' >"$TREE/repos/docker.io/library/many/_referrers/$image"
expect_eq "referrers that are none: as they lie there" "200 no JSON" \
    "$(curl -sS -w '%{http_code} ' -o "$T/body" \
    "$base/v2/library/many/referrers/$image?artifactType=a/b")$(cat "$T/body")"
# A tree of another layout is not healthy: njs looks into cdr-layout.
health()
{
	curl -sS -o "$T/body" -w '%{http_code}' "$base/healthz"
}
expect_eq "layout 2" 200 "$(health)"
chmod u+w "$TREE/cdr-layout"
for version in 3 0 11 12 22 '' '1 2' "$(seq -s ' ' 1000)"; do
	printf '%s\n' "$version" >"$TREE/cdr-layout"
	expect_eq "layout $(printf %.9s "$version")" 503 "$(health)"
done
for version in 1 2; do
	echo $version >"$TREE/cdr-layout"
	expect_eq "layout $version again" 200 "$(health)"
done

expect_eq "nothing in the error log is grave" '' \
    "$(grep -E '\[(error|crit|alert|emerg)\]' "$T/nginx.log" || :)"

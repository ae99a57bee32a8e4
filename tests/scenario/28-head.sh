#!/bin/sh
# What a registry says of a tag in headers, and gets wrong. The digest on HEAD may
# be absent, no digest, that of something else, or HEAD may be refused: then the
# manifest itself is asked for, and its bytes decide. Content-Type may be wrong,
# absent or have parameters: the body's own mediaType decides, and else its shape.
# See quirks.md#head-of-a-manifest and quirks.md#type-of-a-manifest.
# A wrong digest that names other bytes never gets them published silently.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
number=0

# told "what" RULE...: a new image, whose answers are changed so, is published
# with its own type and digest.
told()
{
	_what=$1
	shift
	number=$((number + 1))
	digest=$(craft image "library/app:$number" --seed "$number")
	fault "$@"
	hub_mark
	within 20 sync "$_what" "app:$number"
	[ "$(hub_fired)" -gt 0 ] || fail "$_what: the fault was not met"
	expect_published "$_what: it is published" "app:$number" "$digest"
	case $(readlink "$ROOT/repos/docker.io/library/app/_manifests/$number") in
	*/manifests/application/vnd.oci.image.manifest.v1+json/*) ;;
	*) fail "$_what: it has another type" ;;
	esac
}

head='"listener": "registry", "method": "HEAD", "path": "/manifests/"'
get='"listener": "registry", "method": "GET", "path": "/manifests/"'
other=sha256:$(printf other | sha256sum | cut -d ' ' -f 1)

told "HEAD: no digest" "{$head, \"remove\": [\"Docker-Content-Digest\"]}"
expect_eq "one GET, by the tag" "/v2/library/app/manifests/1" \
	"$(hub_since | awk -F '\t' '$3 == "GET" && $4 ~ /manifests/ { print $4 }')"
told "HEAD: no digest in the header of that name" \
	"{$head, \"headers\": {\"Docker-Content-Digest\": \"sha256:../../../etc/passwd\"}}"
told "HEAD: upper case" \
	"{$head, \"headers\": {\"Docker-Content-Digest\": \"SHA256:$(echo "${other#*:}" | tr a-f A-F)\"}}"
told "HEAD: a digest that nothing has" \
	"{$head, \"headers\": {\"Docker-Content-Digest\": \"$other\"}}"
for status in 405 404 400 501; do
	told "HEAD: $status" "{$head, \"status\": $status}"
done
told "GET: no digest, no type" "{$get, \"remove\": [\"Docker-Content-Digest\", \"Content-Type\"]}"
told "GET: another digest" "{$get, \"headers\": {\"Docker-Content-Digest\": \"$other\"}}"
told "HEAD and GET: text/plain" \
	'{"listener": "registry", "path": "/manifests/", "headers": {"Content-Type": "text/plain"}}'
told "HEAD and GET: with a parameter" \
	'{"listener": "registry", "path": "/manifests/", "headers": {"Content-Type": "application/vnd.oci.image.manifest.v1+json; charset=utf-8"}}'
told "HEAD and GET: the type of an index" \
	'{"listener": "registry", "path": "/manifests/", "headers": {"Content-Type": "application/vnd.oci.image.index.v1+json"}}'
told "GET: no media type at all" \
	'{"listener": "registry", "path": "/manifests/", "headers": {"Content-Type": "../../../../tmp/x"}}'
tree_check "$ROOT"

# Neither type nor mediaType: the shape of the body decides.
fault "{$get, \"remove\": [\"Content-Type\"]}" "{$head, \"remove\": [\"Content-Type\"]}"
image=$(craft image library/plain:1 --no-media-type)
index=$(craft index library/plain:2 --no-media-type)
sync "an image and an index without any type" plain:1 plain:2
expect_published "the image" plain:1 "$image"
expect_published "the index" plain:2 "$index"
tree_check "$ROOT"

# HEAD names another image that is there: by digest that is what comes, and what
# is published. It is complete, if not what was meant; the next run mends it.
no_faults
one=$(craft image library/two:1 --seed one)
two=$(craft image library/two:2 --seed two)
fault "{$head, \"headers\": {\"Docker-Content-Digest\": \"$one\"}, \"path\": \"two/manifests/2\"}"
sync "HEAD names another image" two:2
expect_published "that is what is published" two:2 "$one"
tree_check "$ROOT"
no_faults
sync "the next run" two:2
expect_published "mends it" two:2 "$two"

# The bytes that come by digest are others, each time: never published.
moved=$(craft image library/two:2 --seed three)
fault "{$get, \"corrupt\": 20}"
hub_mark
sync_rc "other bytes than the digest says" 1 two:2
expect_eq "they are asked for once more" 2 "$(hub_count registry GET /manifests/sha256 200)"
expect_said "the message" "two:2: manifest $moved: .*digest"
expect_published "the tag stays" two:2 "$two"
tree_check "$ROOT"
fault "{$get, \"corrupt\": 20, \"times\": 1}"
sync "other bytes, once" two:2
expect_published "it is there" two:2 "$moved"

# No digest from HEAD, and GET by tag is all there is: an unchanged tag is known
# by the bytes, and nothing is fetched but them.
fault "{$head, \"remove\": [\"Docker-Content-Digest\"]}"
hub_mark
sync "unchanged, without a digest on HEAD" -v two:2
expect_said "it is unchanged" '^unchanged.*two:2'
expect_eq "one GET" 1 "$(hub_count registry GET . 200)"
tree_check "$ROOT"

#!/bin/sh
# nginx on a hand-made tree answers what the distribution specification and the
# clients ask for: exact bytes, types, digests and sizes; HEAD says what GET
# says; ranges, conditions, lists, referrers; and every error is JSON.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/tree.sh"

need nginx curl jq
tree_new "$T/root"
repo=docker.io/library/alpine
image=$(tree_image $repo 3.20 1)
config=$(jq -r .config.digest "$TREE/repos/$repo/_manifests/3.20")
layer=$(jq -r '.layers[0].digest' "$TREE/repos/$repo/_manifests/3.20")
size=$(wc -c <"$TREE/blobs/sha256/${layer#*:}")

printf '{"schemaVersion":2,"mediaType":"%s","manifests":[]}' "$OCI_INDEX" >"$T/index"
index=$(tree_manifest $repo "$OCI_INDEX" "$T/index")
tree_tag $repo many "$index"
printf '{"schemaVersion":2,"mediaType":"%s"}' "$DOCKER_MANIFEST" >"$T/docker"
docker=$(tree_manifest $repo "$DOCKER_MANIFEST" "$T/docker" sha512)
tree_tag $repo old "$docker"
: >"$T/empty"
empty=$(tree_blob "$T/empty")
big=$(head -c 70000 /dev/urandom >"$T/big" && tree_blob "$T/big" sha512)
printf '{"schemaVersion":2,"manifests":[{"digest":"%s"}]}' "$index" >"$T/referrers"
tree_referrers $repo "$image" "$T/referrers"
tree_lists
start_nginx "$TREE"

# get PATH [CURL OPTION...]: $T/head (lines end in LF), $T/body, $status
get()
{
	_path=$1
	shift
	status=$(curl -sS --path-as-is -D "$T/head.raw" -o "$T/body" \
	    -w '%{http_code}' "$@" "http://$MIRROR$_path") ||
		fail "curl $_path"
	tr -d '\r' <"$T/head.raw" >"$T/head"
}

# header NAME: its values, one a line
header()
{
	sed -n "s/^$1: //Ip" "$T/head"
}

sum()
{
	"${1-sha256}sum" <"$T/body" | cut -d ' ' -f 1
}

# manifest REF TYPE DIGEST
manifest()
{
	get "/v2/library/alpine/manifests/$1"
	expect_eq "$1: status" 200 "$status"
	expect_eq "$1: one Content-Type" "$2" "$(header Content-Type)"
	expect_eq "$1: digest" "$3" "$(header Docker-Content-Digest)"
	expect_eq "$1: bytes" "${3#*:}" "$(sum "${3%%:*}")"
	expect_eq "$1: ETag" "\"$3\"" "$(header ETag)"
	expect_eq "$1: length" "$(wc -c <"$T/body")" "$(header Content-Length)"
}

manifest 3.20 "$OCI_MANIFEST" "$image"
expect_eq "a tag is asked for again" no-cache "$(header Cache-Control)"
manifest "$image" "$OCI_MANIFEST" "$image"
case $(header Cache-Control) in
*immutable*) ok "a digest is for ever" ;;
*) fail "a manifest by digest is cached like a tag" ;;
esac
manifest many "$OCI_INDEX" "$index"
manifest old "$DOCKER_MANIFEST" "$docker"
manifest "$docker" "$DOCKER_MANIFEST" "$docker"
tree_tag $repo now "$index"
manifest now "$OCI_INDEX" "$index"
ok "a new tag needs no reload"

# HEAD, and what clients send with it
for path in /v2/ /v2/library/alpine/manifests/3.20 \
    "/v2/library/alpine/manifests/$image" "/v2/library/alpine/blobs/$layer" \
    /v2/library/alpine/tags/list "/v2/library/alpine/referrers/$image" \
    "/v2/library/alpine/referrers/$index" /v2/_catalog \
    /v2/library/alpine/manifests/none /v2/none/tags/list; do
	get "$path" -H 'Accept-Encoding: zstd;q=1.0, gzip;q=0.8, deflate;q=0.5'
	grep -v '^Date:' "$T/head" >"$T/get"
	expect_eq "$path: length" "$(wc -c <"$T/body")" "$(header Content-Length)"
	expect_eq "$path: not encoded" '' "$(header Content-Encoding)"
	expect_eq "$path: version header" registry/2.0 \
	    "$(header Docker-Distribution-Api-Version)"
	expect_eq "$path: nosniff" nosniff "$(header X-Content-Type-Options)"
	expect_eq "$path: no version of nginx" nginx "$(header Server)"
	get "$path" --head
	grep -v '^Date:' "$T/head" >"$T/head.only"
	check "$path: HEAD is GET without the body" cmp "$T/get" "$T/head.only"
done

# conditions: the digest is the ETag
get /v2/library/alpine/manifests/3.20 -H "If-None-Match: \"$image\""
expect_eq "If-None-Match with this digest" 304 "$status"
expect_eq "304 names the digest" "$image" "$(header Docker-Content-Digest)"
get /v2/library/alpine/manifests/3.20 -H "If-None-Match: \"x\", W/\"$image\""
expect_eq "If-None-Match with a list" 304 "$status"
get /v2/library/alpine/manifests/3.20 -H 'If-None-Match: *'
expect_eq "If-None-Match: *" 304 "$status"
get /v2/library/alpine/manifests/3.20 -H "If-None-Match: \"$index\""
expect_eq "If-None-Match with another digest" 200 "$status"
touch -d '2020-01-01 00:00:00 UTC' "$TREE/manifests/$OCI_MANIFEST/sha256/${image#*:}"
get /v2/library/alpine/manifests/3.20 \
    -H 'If-Modified-Since: Wed, 01 Jan 2020 00:00:00 GMT'
expect_eq "times decide nothing for a tag" 200 "$status"
get "/v2/library/alpine/blobs/$layer"
etag=$(header ETag)
get "/v2/library/alpine/blobs/$layer" -H "If-None-Match: $etag"
expect_eq "If-None-Match for a blob" 304 "$status"

# two manifests of one size and one time: not the same
printf '{"schemaVersion":2,"a":1}' >"$T/one"
printf '{"schemaVersion":2,"a":2}' >"$T/two"
one=$(tree_manifest $repo "$OCI_INDEX" "$T/one")
two=$(tree_manifest $repo "$OCI_INDEX" "$T/two")
touch -d @1700000000 "$TREE/manifests/$OCI_INDEX/sha256/${one#*:}" \
    "$TREE/manifests/$OCI_INDEX/sha256/${two#*:}"
tree_tag $repo twin "$one"
get /v2/library/alpine/manifests/twin
etag=$(header ETag)
tree_tag $repo twin "$two"
get /v2/library/alpine/manifests/twin -H "If-None-Match: $etag"
expect_eq "a moved tag of the same size and time is new" "200 $two" \
    "$status $(header Docker-Content-Digest)"

# blobs
for blob in "$config" "$layer" "$empty" "$big"; do
	get "/v2/library/alpine/blobs/$blob"
	expect_eq "blob: status" 200 "$status"
	expect_eq "blob: type" application/octet-stream "$(header Content-Type)"
	expect_eq "blob: digest" "$blob" "$(header Docker-Content-Digest)"
	expect_eq "blob: bytes" "${blob#*:}" "$(sum "${blob%%:*}")"
	case $(header Cache-Control) in
	*immutable*) ;;
	*) fail "a blob may change, says Cache-Control" ;;
	esac
done
file=$TREE/blobs/sha256/${layer#*:}
url=/v2/library/alpine/blobs/$layer
get "$url" -H 'Range: bytes=100-'
expect_eq "open range: status" 206 "$status"
expect_eq "open range: where" "bytes 100-$((size - 1))/$size" "$(header Content-Range)"
expect_eq "open range: digest" "$layer" "$(header Docker-Content-Digest)"
tail -c +101 "$file" >"$T/part"
check "open range: bytes" cmp "$T/part" "$T/body"
get "$url" -H 'Range: bytes=0-'
expect_eq "all of it as a range" "206 ${layer#*:}" "$status $(sum)"
get "$url" -H 'Range: bytes=10-19'
expect_eq "closed range" "206 bytes 10-19/$size 10" \
    "$status $(header Content-Range) $(wc -c <"$T/body")"
get "$url" -H 'Range: bytes=-7'
expect_eq "last bytes" "206 bytes $((size - 7))-$((size - 1))/$size" \
    "$status $(header Content-Range)"
get "$url" -H "Range: bytes=$size-"
expect_eq "a range at the end" "416 bytes */$size" "$status $(header Content-Range)"
# nginx sends its added headers twice with a 416.
expect_eq "416 has the version header" registry/2.0 \
    "$(header Docker-Distribution-Api-Version | sort -u)"
get "$url" -H 'Range: bytes=0-9,100-109,300-319'
expect_eq "several ranges: status" 206 "$status"
case $(header Content-Type) in
'multipart/byteranges; boundary='*) ok "several ranges: type" ;;
*) fail "several ranges: $(header Content-Type)" ;;
esac
expect_eq "several ranges: each says where" \
    "bytes 0-9/$size bytes 100-109/$size bytes 300-319/$size" \
    "$(grep -a '^Content-Range: ' "$T/body" | tr -d '\r' |
    sed 's/^Content-Range: //' | paste -s -d ' ' -)"
get "$url" -H 'Range: bytes=9-' -H 'If-Range: "other"'
expect_eq "If-Range with another ETag: all of it" 200 "$status"
get /v2/library/alpine/manifests/3.20 -H 'Range: bytes=0-'
expect_eq "containerd's range of a manifest" "206 ${image#*:} $OCI_MANIFEST" \
    "$status $(sum) $(header Content-Type)"
get /v2/library/alpine/manifests/3.20 -H 'Range: bytes=0-1,3-4'
expect_eq "several ranges of a manifest: all of it, one type" \
    "200 ${image#*:} $OCI_MANIFEST" "$status $(sum) $(header Content-Type)"

# lists
get /v2/library/alpine/tags/list
expect_eq "tags" '["3.20","many","old"]' "$(jq -c .tags "$T/body")"
expect_eq "tags: type" application/json "$(header Content-Type)"
get /v2/_catalog
expect_eq "catalog" '{"repositories":["docker.io/library/alpine"]}' "$(jq -c . "$T/body")"
get "/v2/library/alpine/referrers/$image"
expect_eq "referrers: type" "$OCI_INDEX" "$(header Content-Type)"
check "referrers: the file" cmp "$T/referrers" "$T/body"
get "/v2/library/alpine/referrers/$index"
expect_eq "no referrers: an empty index" "200 $OCI_INDEX" "$status $(header Content-Type)"
expect_eq "no referrers: its content" "2 $OCI_INDEX []" \
    "$(jq -r '"\(.schemaVersion) \(.mediaType) \(.manifests)"' "$T/body")"

# health
get /healthz
expect_eq "healthy" "200 ok" "$status $(cat "$T/body")"
mv "$TREE/oci-layout" "$TREE/away"
get /healthz
expect_eq "a tree that is not mounted is not healthy" 503 "$status"
mv "$TREE/away" "$TREE/oci-layout"
mv "$TREE/cdr-layout" "$TREE/away"
get /healthz
expect_eq "nor is an image layout that is no such tree" 503 "$status"
mv "$TREE/away" "$TREE/cdr-layout"
for folder in repos blobs manifests; do
	mv "$TREE/$folder" "$TREE/away"
	get /healthz
	expect_eq "nor is one without $folder" 503 "$status"
	mkdir -m 0 "$TREE/$folder"
	get /healthz
	expect_eq "or with a $folder that cannot be entered" 503 "$status"
	rmdir "$TREE/$folder"
	mv "$TREE/away" "$TREE/$folder"
done
get /healthz
expect_eq "healthy again" 200 "$status"

# read-only
head -c 300000 /dev/zero >"$T/body.big"
get /v2/library/alpine/blobs/uploads/ -X POST --data-binary "@$T/body.big"
expect_eq "POST with a body" "405 GET, HEAD application/json UNSUPPORTED" \
    "$status $(header Allow) $(header Content-Type) $(jq -r '.errors[0].code' "$T/body")"
get /v2/library/alpine/manifests/3.20 --data-binary "@$T/body.big" -X GET
expect_eq "GET with a big body" "413 application/json" "$status $(header Content-Type)"
get /v2/library/alpine/manifests/3.20 -H 'If-Match: "x"'
expect_eq "content that is another" "412 application/json UNSUPPORTED" \
    "$status $(header Content-Type) $(jq -r '.errors[0].code' "$T/body")"

# But for the folders that were closed to see what /healthz says of them.
expect_eq "nothing in the error log is grave" '' \
    "$(grep -E '\[(crit|alert|emerg)\]' "$T/nginx.log" |
	grep -v '(13: Permission denied).*"GET /healthz ' || :)"

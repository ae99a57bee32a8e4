#!/bin/sh
# --log: a line of JSON for each request, with what was asked for, which digest was
# sent and how much of it; whatever a client sends, each line is JSON, and
# nothing in it is a credential.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/tree.sh"

need nginx curl jq
tree_new "$T/root"
image=$(tree_image quay.io/org/app 1 1)
layer=$(jq -r '.layers[0].digest' "$TREE/repos/quay.io/org/app/_manifests/1")
tree_image docker.io/library/alpine 3.20 2 >/dev/null
tree_lists
start_nginx "$TREE" --log "$T/log"

lines()
{
	[ "$(wc -l <"$T/log")" -ge "$1" ]
}

asked=0
# logged "what" FILTER WANT PATH [CURL-OPTION...]
logged()
{
	_what=$1 _filter=$2 _want=$3 _path=$4
	shift 4
	curl -sS --path-as-is -o "$T/body" "$@" "http://$MIRROR$_path" ||
		fail "$_what: curl"
	asked=$((asked + 1))
	wait_for 5 lines $asked || fail "$_what: no line was written"
	expect_eq "$_what" "$_want" "$(tail -n 1 "$T/log" | jq -r "$_filter")"
}

all='[.kind, .registry, .repository, .reference, .digest, .status] | join("|")'
logged "a tag" "$all" "manifest|quay.io|org/app|1|$image|200" /v2/quay.io/org/app/manifests/1
logged "by ns" "$all" "manifest|quay.io|org/app|1|$image|200" '/v2/org/app/manifests/1?ns=quay.io'
logged "a digest" "$all" "manifest|quay.io|org/app|$image|$image|200" \
    "/v2/quay.io/org/app/manifests/$image"
logged "a short name" "$all" "manifest|docker.io|library/alpine|9||404" /v2/alpine/manifests/9
logged "what is not here" "$all" "manifest|ghcr.io|a/b|1||404" /v2/ghcr.io/a/b/manifests/1
logged "a blob" "$all" "blob|quay.io|org/app|$layer|$layer|200" "/v2/quay.io/org/app/blobs/$layer"
logged "a part of it" '"\(.status) \(.bytes) \(.range)"' "206 100 bytes=0-99" \
    "/v2/quay.io/org/app/blobs/$layer" -H 'Range: bytes=0-99'
logged "referrers" "$all" "referrers|quay.io|org/app|$image|$image|200" \
    "/v2/quay.io/org/app/referrers/$image"
logged "referrers of a type" "$all" "referrers|quay.io|org/app|$image|$image|200" \
    "/v2/quay.io/org/app/referrers/$image?artifactType=a/b"
logged "tags" "$all" "tags|quay.io|org/app|||200" '/v2/quay.io/org/app/tags/list'
logged "a page of tags" "$all" "tags|quay.io|org/app|||200" '/v2/quay.io/org/app/tags/list?n=1'
logged "the catalog" "$all" 'catalog|||||200' '/v2/_catalog?n=1'
logged "a ping" "$all" 'ping|||||200' /v2/
logged "health" "$all" 'health|||||200' /healthz
logged "something else" '"\(.kind) \(.path) \(.status)"' "other /etc/passwd 404" /etc/passwd
logged "a method" '"\(.method) \(.status)"' "POST 405" /v2/a/b/blobs/uploads/ -X POST
logged "a HEAD" '"\(.method) \(.bytes) \(.status)"' "HEAD 0 200" /v2/quay.io/org/app/manifests/1 --head
logged "who" '"\(.client) \(.user_agent) \(.protocol)"' '127.0.0.1 a"b\c HTTP/1.1' /v2/ -A 'a"b\c'
logged "when" '(.time | fromdateiso8601? // (.[:19] + "Z" | fromdateiso8601)) > 1700000000 and .seconds >= 0' \
    true /v2/

# What a client should not have sent, and what it likes to send.
for word in "-uuser:SECRET" "-HAuthorization: Bearer SECRET" "-HCookie: SECRET" \
    "-HX-Registry-Auth: SECRET" "-HReferer: http://SECRET"; do
	logged "$word" .status 200 /v2/quay.io/org/app/manifests/1 "$word"
done
logged "a token in the query" .ns quay.io \
    '/v2/org/app/manifests/1?ns=quay.io&token=SECRET&X-Amz-Signature=SECRET'
logged "a query of something else" .path /x '/x?access_token=SECRET'
logged "a ns that is none" .ns '' '/v2/org/app/manifests/1?ns=user:SECRET@quay.io'
expect_eq "no credential is in the log" '' "$(grep SECRET "$T/log" || :)"
logged "what JSON would trip over" .path '/a%01"b\c{}' '/a%01"b\c{}' --globoff
logged "no UTF-8" .status 200 /v2/ -A "$(printf 'a\377\376b')"
logged "long" '(.user_agent | length) <= 256' true /v2/ -A "$(head -c 5000 /dev/zero | tr '\0' a)"

expect_eq "every line is JSON, and has them all" $asked "$(jq -c 'select(
    has("time") and has("client") and has("method") and has("kind") and
    has("registry") and has("repository") and has("reference") and has("digest") and
    has("path") and has("ns") and has("status") and has("bytes") and
    has("seconds") and has("range") and has("protocol") and
    has("user_agent"))' "$T/log" | wc -l | tr -d ' ')"
expect_eq "in UTF-8" '' "$(LC_ALL=C grep -n '[^ -~]' "$T/log" || :)"

# To standard output, as a container has it.
start_nginx "$TREE" --log /dev/stdout
curl -sS -o "$T/body" "http://$MIRROR/v2/"
check "--log /dev/stdout" wait_for 5 grep -q '"kind":"ping"' "$T/nginx.log"

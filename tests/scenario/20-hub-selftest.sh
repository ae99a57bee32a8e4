#!/bin/sh
# The faulty Docker Hub of the tests does what it says: tokens, redirects, pull
# limits, overlay, every fault; and skopeo copies an image through it. A test
# that uses the hub proves nothing if the hub is wrong.

. "$(dirname "$0")/../lib.sh"

need docker-registry python3 curl skopeo jq
ACCEPT='Accept: application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json'
REPO=library/app

# token REPOSITORY [curl options]
token()
{
	_repo=$1
	shift
	curl -s "$@" "http://$HUB_AUTH/token?service=registry.docker.io&scope=repository:$_repo:pull" |
		jq -r .token
}

# get PATH [curl options]: the registry, with the token $TOKEN; the header goes
# to $T/head, the body to $T/body. Prints status and curl's exit code.
get()
{
	_path=$1
	shift
	_rc=0
	curl -s -m 10 -D "$T/head" -o "$T/body" -w '%{http_code}' -H "$ACCEPT" \
		-H "Authorization: Bearer $TOKEN" "$@" "http://$HUB$_path" || _rc=$?
	echo " $_rc"
}

# cdn URL [curl options]: the same for a signed URL, without a token.
cdn()
{
	_rc=0
	_url=$1
	shift
	curl -s -m 10 -D "$T/head" -o "$T/body" -w '%{http_code}' "$@" "$_url" || _rc=$?
	echo " $_rc"
}

# header NAME: its value in the last answer.
header()
{
	tr -d '\r' <"$T/head" | awk -v name="$1" '
		tolower(substr($0, 1, length(name) + 1)) == tolower(name ":") {
			print substr($0, length(name) + 3) }'
}

# blob_url: a fresh signed URL of $BLOB
blob_url()
{
	get "/v2/$REPO/blobs/$BLOB" >/dev/null
	header Location
}

sum()
{
	echo "sha256:$(sha256sum "$T/body" | cut -d ' ' -f 1)"
}

size()
{
	wc -c <"$T/body" | tr -d ' '
}

start_registry
craft image $REPO:1 --size 200000 --json >"$T/app.json"
DIGEST=$(jq -r '.[] | select(.kind == "manifest").digest' "$T/app.json")
BLOB=$(jq -r '[.[] | select(.kind == "layer")][0].digest' "$T/app.json")
SIZE=$(jq -r '[.[] | select(.kind == "layer")][0].size' "$T/app.json")
craft image private/app:1 >/dev/null
craft image alone:1 >/dev/null
start_hub --user 'ann:se cret:x'

# --- tokens

TOKEN=none
expect_eq "401 with a made-up token" "401 0" "$(get /v2/$REPO/manifests/1)"
expect_eq "challenge" "Bearer realm=\"http://$HUB_AUTH/token\",service=\"registry.docker.io\",scope=\"repository:$REPO:pull\",error=\"invalid_token\"" \
	"$(header WWW-Authenticate)"
expect_eq "401 without a token" "401 0" "$(cdn "http://$HUB/v2/")"
expect_eq "no scope, no error on /v2/" "Bearer realm=\"http://$HUB_AUTH/token\",service=\"registry.docker.io\"" \
	"$(header WWW-Authenticate)"
TOKEN=$(token $REPO)
expect_eq "200 with a token" "200 0" "$(get /v2/$REPO/manifests/1)"
expect_eq "manifest bytes" "$DIGEST" "$(sum)"
expect_eq "digest header" "$DIGEST" "$(header Docker-Content-Digest)"
expect_eq "Content-Type" application/vnd.oci.image.manifest.v1+json "$(header Content-Type)"
expect_eq "HEAD" "200 0" "$(get /v2/$REPO/manifests/1 -I)"
expect_eq "HEAD says the size" "$(jq -r '.[-1].size' "$T/app.json")" "$(header Content-Length)"
expect_eq "If-None-Match" "304 0" "$(get /v2/$REPO/manifests/1 -H "If-None-Match: \"$DIGEST\"")"
expect_eq "PUT is refused" "405 0" "$(get /v2/$REPO/manifests/1 -X PUT)"
expect_eq "a token is for its repository only" "401 0" "$(get /v2/private/app/manifests/1)"
case $(header WWW-Authenticate) in
*'scope="repository:private/app:pull",error="insufficient_scope"') ok insufficient_scope ;;
*) fail "insufficient_scope: $(header WWW-Authenticate)" ;;
esac
for name in private/app alone library/absent; do
	TOKEN=$(token "$name")
	expect_eq "no access to $name" "401 0" "$(get "/v2/$name/manifests/1")"
done
TOKEN=$(token private/app -u 'ann:se cret:x')
expect_eq "a user may pull private/app" "200 0" "$(get /v2/private/app/manifests/1)"
expect_eq "wrong password" "401" \
	"$(curl -s -o "$T/body" -w '%{http_code}' -u ann:wrong "http://$HUB_AUTH/token")"
REFRESH=$(curl -s -u 'ann:se cret:x' "http://$HUB_AUTH/token?service=registry.docker.io&offline_token=true" |
	jq -r .refresh_token)
TOKEN=$(curl -s -d grant_type=refresh_token -d "refresh_token=$REFRESH" -d service=registry.docker.io \
	-d scope=repository:private/app:pull "http://$HUB_AUTH/token" | jq -r .access_token)
expect_eq "refresh token grant" "200 0" "$(get /v2/private/app/manifests/1)"
expect_eq "made-up refresh token" 401 "$(curl -s -o "$T/body" -w '%{http_code}' \
	-d grant_type=refresh_token -d refresh_token=x "http://$HUB_AUTH/token")"
TOKEN=$(curl -s "http://$HUB_AUTH/token?service=registry-1.docker.io&scope=repository:$REPO:pull" | jq -r .token)
expect_eq "a token for another service" "401 0" "$(get /v2/$REPO/manifests/1)"
TOKEN=$(token $REPO)
fault '{"json": {"token": null, "expires_in": null}}'
expect_eq "token answer without token and expires_in" '["access_token","issued_at","scope"]' \
	"$(curl -s "http://$HUB_AUTH/token" | jq -c keys)"
fault '{"path": "/manifests/", "expire_token": true, "times": 1}'
expect_eq "expire_token" "401 0" "$(get /v2/$REPO/manifests/1)"
expect_eq "old token stays void" "401 0" "$(get /v2/$REPO/manifests/1)"
TOKEN=$(token $REPO)
expect_eq "new token is good" "200 0" "$(get /v2/$REPO/manifests/1)"
no_faults

# --- blobs and the CDN

expect_eq "blob redirects" "307 0" "$(get "/v2/$REPO/blobs/$BLOB")"
expect_eq "absent blob" "404 0" "$(get "/v2/$REPO/blobs/sha256:$(printf %064d 0)")"
URL=$(blob_url)
expect_eq "CDN serves it" "200 0" "$(cdn "$URL")"
expect_eq "blob bytes" "$BLOB" "$(sum)"
cp "$T/body" "$T/blob"
expect_eq "CDN refuses Authorization" "400 0" "$(cdn "$URL" -H "Authorization: Bearer $TOKEN")"
expect_eq "forged signature" "403 0" "$(cdn "${URL}0")"
expect_eq "moved expiry" "403 0" "$(cdn "$(echo "$URL" | sed 's/verify=1/verify=2/')")"
expect_eq "CDN HEAD" "200 0" "$(cdn "$URL" -I)"
expect_eq "CDN HEAD size" "$SIZE" "$(header Content-Length)"
expect_eq "CDN range" "206 0" "$(cdn "$URL" -r 1000-1999)"
expect_eq "Content-Range" "bytes 1000-1999/$SIZE" "$(header Content-Range)"
tail -c +1001 "$T/blob" | head -c 1000 | cmp - "$T/body" || fail "range bytes"
expect_eq "range beyond the end" "416 0" "$(cdn "$URL" -r "$SIZE-")"

# --- faults

hub_mark
fault '{"name": "hap", "path": "/manifests/", "status": 429, "skip": 1, "times": 2,
	"body": "Too Many Requests (HAP429).", "retry_after": "date+60"}'
expect_eq "skip" "200 0" "$(get /v2/$REPO/manifests/1)"
expect_eq "429" "429 0" "$(get /v2/$REPO/manifests/1)"
expect_eq "429 text" "Too Many Requests (HAP429)." "$(cat "$T/body")"
wait_s=$(($(date -d "$(header Retry-After)" +%s) - $(date +%s)))
case $wait_s in 5[5-9] | 60) ;; *) fail "Retry-After date: $(header Retry-After)" ;; esac
TOKEN_KEPT=$TOKEN TOKEN=none
expect_eq "a refused request does not use a rule up" "401 0" "$(get /v2/$REPO/manifests/1)"
TOKEN=$TOKEN_KEPT
expect_eq "429 again" "429 0" "$(get /v2/$REPO/manifests/1)"
expect_eq "times" "200 0" "$(get /v2/$REPO/manifests/1)"
expect_eq "hub_fired by name" 2 "$(hub_fired hap)"
expect_eq "hub_count" "2 2 1" "$(hub_count registry GET "^/v2/$REPO/manifests/1\$" 429) $(
	hub_count - - /manifests/ 200) $(hub_count registry GET . 401)"
for form in '7 7' '"7" 7' '"soon" soon' '"" '; do
	fault "{\"status\": 503, \"retry_after\": ${form% *}}"
	expect_eq "503" "503 0" "$(get /v2/)"
	expect_eq "Retry-After ${form% *}" "${form#* }" "$(header Retry-After)"
done
fault '{"status": 429, "retry_after": "unix+60", "body": {"errors": [{"code": "TOOMANYREQUESTS"}]}}'
get /v2/ >/dev/null
[ "$(header Retry-After)" -gt "$(date +%s)" ] || fail "Retry-After unix time"
expect_eq "JSON body" TOOMANYREQUESTS "$(jq -r '.errors[0].code' "$T/body")"
fault '{"status": 502, "before_auth": true}'
TOKEN=none
expect_eq "before_auth" "502 0" "$(get /v2/)"
TOKEN=$TOKEN_KEPT

fault '{"remove": ["Docker-Content-Digest", "content-type"], "headers": {"X-A": ["1", "2"], "Content-Encoding": "gzip"}}'
expect_eq "header changes" "200 0" "$(get /v2/$REPO/manifests/1)"
expect_eq "removed, set twice" ",,1 2,gzip" "$(header Docker-Content-Digest),$(header Content-Type),$(
	header X-A | tr '\n' ' ' | sed 's/ $//'),$(header Content-Encoding)"
fault '{"head_405": true}'
expect_eq "head_405, HEAD" "405 0" "$(get /v2/$REPO/manifests/1 -I)"
expect_eq "head_405, GET" "200 0" "$(get /v2/$REPO/manifests/1)"
fault '{"redirect": "file:///etc/passwd", "status": 302}'
expect_eq "hostile redirect" "302 0" "$(get "/v2/$REPO/blobs/$BLOB")"
expect_eq "its Location" "file:///etc/passwd" "$(header Location)"
fault '{"redirect": "loop"}'
expect_eq "redirect loop" "307 47" "$(get /v2/ -L --max-redirs 5)"
fault '{"redirect": "http://{cdn}{target}", "times": 1}'
get '/v2/?a=b' >/dev/null
expect_eq "placeholders" "http://$HUB_CDN/v2/?a=b" "$(header Location)"
fault '{"huge_headers": 50000}'
get /v2/ >/dev/null
[ "$(wc -c <"$T/head")" -gt 48000 ] || fail "huge_headers"
fault '{"gzip": true}'
get /v2/$REPO/manifests/1 >/dev/null
expect_eq "gzip" "gzip $DIGEST" \
	"$(header Content-Encoding) sha256:$(gunzip -c "$T/body" | sha256sum | cut -d ' ' -f 1)"

fault '{"listener": "cdn", "ignore_range": true}'
expect_eq "ignore_range" "200 0 $SIZE" "$(cdn "$URL" -r 1000-1999) $(size)"
fault '{"listener": "cdn", "bad_content_range": "start"}'
expect_eq "bad_content_range" "206 0 bytes 1001-2000/$SIZE" \
	"$(cdn "$URL" -r 1000-1999) $(header Content-Range)"
fault '{"listener": "cdn", "bad_content_range": "total"}'
expect_eq "bad total" "206 0 bytes 1000-1999/$((SIZE + 1))" \
	"$(cdn "$URL" -r 1000-1999) $(header Content-Range)"
fault '{"listener": "cdn", "corrupt": 150000}'
expect_eq "corrupt" "200 0 $SIZE" "$(cdn "$URL") $(size)"
expect_eq "one byte differs, that one" "150001" "$(cmp -l "$T/blob" "$T/body" | awk '{ print $1 }')"
cdn "$URL" -r 149990-150010 >/dev/null
expect_eq "the same byte in a range" 11 \
	"$(tail -c +149991 "$T/blob" | cmp -l - "$T/body" 2>/dev/null | awk '{ print $1 }')"
cdn "$URL" -r 0-1000 >/dev/null
head -c 1001 "$T/blob" | cmp - "$T/body" || fail "corrupt changed another byte"
fault '{"listener": "cdn", "keep": 1000}'
expect_eq "keep" "200 0 1000 1000" "$(cdn "$URL") $(size) $(header Content-Length)"
fault '{"listener": "cdn", "extra": 10}'
expect_eq "extra, with the length" "200 0 $((SIZE + 10)) $((SIZE + 10))" \
	"$(cdn "$URL") $(size) $(header Content-Length)"
fault '{"listener": "cdn", "extra": 10, "framing": "chunked"}'
expect_eq "extra, chunked" "200 0 $((SIZE + 10)) chunked" \
	"$(cdn "$URL") $(size) $(header Transfer-Encoding)"
fault '{"listener": "cdn", "extra": 10, "framing": "close"}'
expect_eq "extra, no length" "200 0 $((SIZE + 10)) close" \
	"$(cdn "$URL") $(size) $(header Content-Length)$(header Connection)"
fault '{"listener": "cdn", "extra": 10, "framing": "lying"}'
expect_eq "extra, behind the length" "200 0 $SIZE $SIZE" \
	"$(cdn "$URL") $(size) $(header Content-Length)"
fault '{"listener": "cdn", "truncate": 100000}'
expect_eq "truncate" "200 18 100000" "$(cdn "$URL") $(size)"
fault '{"listener": "cdn", "truncate": 100000, "framing": "close"}'
expect_eq "truncate that nobody can see" "200 0 100000" "$(cdn "$URL") $(size)"
fault '{"listener": "cdn", "truncate": -1}'
expect_eq "truncate -1: empty reply" "000 52" "$(cdn "$URL")"
fault '{"listener": "cdn", "cut": 100000}'
expect_eq "cut: reset after the bytes" "200 56 100000" "$(cdn "$URL") $(size)"
fault '{"listener": "cdn", "cut": -1}'
expect_eq "cut -1: reset at once" "000 56" "$(cdn "$URL")"
fault '{"listener": "cdn", "stall": 5000}'
expect_eq "stall" "200 28 5000" "$(cdn "$URL" -m 1) $(size)"
fault '{"listener": "cdn", "stall": -1}'
expect_eq "stall -1" "000 28" "$(cdn "$URL" -m 1)"
fault '{"listener": "cdn", "slow": 100000}'
expect_eq "slow" "206 0" "$(cdn "$URL" -r 0-99999 -w '%{time_total} %{http_code}' | sed -E 's/^(0\.9|[1-9]\.)[0-9]* //')"
fault '{"listener": "cdn", "delay_ms": 500, "times": 1}'
expect_eq "delay" "206 0" "$(cdn "$URL" -r 0-9 -w '%{time_starttransfer} %{http_code}' | sed -E 's/^(0\.[5-9]|[1-9]\.)[0-9]* //')"
expect_eq "after all that: the blob" "200 0 $BLOB" "$(cdn "$URL") $(sum)"
expect_eq "two requests on one connection" "1 0" "$(curl -s -o "$T/body" -o "$T/body2" \
	-w '%{num_connects}\n' "$URL" "$URL" | tr '\n' ' ' | sed 's/ $//')"
expect_rc "an unknown action is refused" 2 sh -c "echo '[{\"truncat\": 1}]' >'$T/bad.json'
	python3 '$TOP/tests/hub/hub.py' --check '$T/bad.json'"
echo '[{"truncat": 1}]' >"$T/faults.json"
expect_eq "rules that cannot be read fail everything" "500 0" "$(get /v2/)"
no_faults
expect_eq "no_faults" "200 0" "$(get /v2/)"

# --- the log

expect_eq "ten fields a line" 10 "$(awk -F '\t' '{ print NF }' "$T/hub.log" | sort -u)"
for secret in "$TOKEN" "$REFRESH" 'se cret' "${URL##*-}"; do
	! grep -qF -e "$secret" "$T/hub.log" || fail "the log holds a secret"
done
ok "no secret in the log"

# --- the overlay

overlay sha512 library/odd:512 --json >"$T/odd.json"
TOKEN=$(token library/odd)
expect_eq "overlay manifest" "200 0" "$(get /v2/library/odd/manifests/512)"
expect_eq "its digest" "$(sum)" "$(header Docker-Content-Digest)"
child=$(jq -r '.manifests[0].digest' "$T/body")
expect_eq "sha512 child" "200 0" "$(get "/v2/library/odd/manifests/$child")"
expect_eq "its bytes" "$child" "sha512:$(sha512sum "$T/body" | cut -d ' ' -f 1)"
layer=$(jq -r '.layers[0].digest' "$T/body")
expect_eq "sha512 blob through the CDN" "200 0" "$(get "/v2/library/odd/blobs/$layer" \
	-H Authorization: -L --oauth2-bearer "$TOKEN")"
expect_eq "its bytes" "$layer" "sha512:$(sha512sum "$T/body" | cut -d ' ' -f 1)"
expect_eq "its range" "206 0 10" "$(get "/v2/library/odd/blobs/$layer" -r -10 \
	-H Authorization: -L --oauth2-bearer "$TOKEN") $(size)"
overlay schema1 library/odd:v1 >"$T/v1"
expect_eq "schema1" "200 0 $(cat "$T/v1")" \
	"$(get /v2/library/odd/manifests/v1) $(header Docker-Content-Digest)"
overlay huge-manifest library/odd:huge --bytes 5000000 >/dev/null
expect_eq "huge manifest" "200 0 5000000" "$(get /v2/library/odd/manifests/huge) $(size)"
expect_eq "overlay tags" '["512","huge","v1"]' \
	"$(get /v2/library/odd/tags/list >/dev/null; jq -c .tags "$T/body")"
get '/v2/library/odd/tags/list?n=1&last=512' >/dev/null
expect_eq "a page of them" '["huge"] </v2/library/odd/tags/list?last=huge&n=1>; rel="next"' \
	"$(jq -c .tags "$T/body") $(header Link)"
echo '{"name": "library/odd", "tags": ["a", null]}' >"$T/overlay/library/odd/tags.json"
get /v2/library/odd/tags/list >/dev/null
expect_eq "tags.json as it is" "$(sha256sum <"$T/overlay/library/odd/tags.json")" \
	"$(sha256sum <"$T/body")"
: >"$T/overlay/library/odd/manifests/v1.type"
echo 'Docker-Content-Digest:' >"$T/overlay/library/odd/manifests/v1.headers"
expect_eq "no type, no digest" "200 0 " \
	"$(get /v2/library/odd/manifests/v1) $(header Content-Type)$(header Docker-Content-Digest)"

# --- crafted content

expect_eq "crafted twice: the same" "$DIGEST" "$(craft image library/again:2 --size 200000)"
[ "$(craft image library/again:3 --seed 1)" != "$(craft image library/again:4 --seed 2)" ] ||
	fail "the seed changes nothing"
craft index $REPO:multi --platforms linux/amd64,linux/arm64/v8,linux/arm/v7 --attestations >/dev/null
craft index $REPO:docker --docker >/dev/null
craft index $REPO:new --attestations artifact >/dev/null
for kind in nested repeated-layer data-field windows zero-length; do
	craft $kind "$REPO:$kind" >/dev/null || fail "craft $kind"
done
for kind in bomb missing-child foreign-layer oci-artifact-manifest; do
	overlay $kind "library/odd:$kind" >"$T/root" || fail "overlay $kind"
	expect_eq "$kind" "$(cat "$T/root")" \
		"sha256:$(sha256sum <"$T/overlay/library/odd/manifests/$kind" | cut -d ' ' -f 1)"
done
overlay index library/odd:whole >/dev/null
TOKEN=$(token library/odd)
get /v2/library/odd/manifests/missing-child >/dev/null
expect_eq "of two children one is missing" "200 0 404 0" "$(for child in $(jq -r '.manifests[].digest' "$T/body"); do
	get "/v2/library/odd/manifests/$child"
done | tr '\n' ' ' | sed 's/ $//')"
craft artifact $REPO:sbom --subject "$DIGEST" >"$T/root"
TOKEN=$(token $REPO)
get "/v2/$REPO/manifests/$(echo "$DIGEST" | tr : -)" >/dev/null
expect_eq "referrers tag" "$(cat "$T/root")" "$(jq -r '.manifests[].digest' "$T/body")"
expect_eq "many" "library/many-0001:latest library/many-0002:latest library/many-0003:latest" \
	"$(craft many library/many --count 3 --shared 1 | awk '{ printf "%s%s", sep, $1; sep = " " }')"

# --- a real client

check "skopeo copies an index with attestations through it" \
	skopeo copy -q --insecure-policy --all --src-tls-verify=false \
	"docker://$HUB/$REPO:multi" "oci:$T/copy:multi"
expect_eq "the copy is the same" "$(skopeo inspect --raw --tls-verify=false "docker://$UPSTREAM/$REPO:multi" | sha256sum)" \
	"$(skopeo inspect --raw "oci:$T/copy:multi" | sha256sum)"
hub_mark
check "skopeo copies Docker types" \
	skopeo copy -q --insecure-policy --src-tls-verify=false "docker://$HUB/$REPO:docker" "dir:$T/docker"
[ "$(hub_count auth GET '^/token' 200)" -ge 1 ] || fail "skopeo asked for no token"
expect_eq "its blobs came from the CDN" "$(hub_count registry GET /blobs/ 307)" "$(hub_count cdn GET . 200)"
expect_eq "one config, two layers" 3 "$(hub_count cdn GET . 200)"

# --- the other ways to be a hub

start_hub --rate-limit 2 --rate-window 3 --token-ttl 1.5 --cdn-ttl 1
TOKEN=$(token $REPO)
expect_eq "HEAD is free" "200 0 2;w=3 2;w=3" \
	"$(get /v2/$REPO/manifests/1 -I) $(header ratelimit-limit) $(header RateLimit-Remaining)"
expect_eq "GET counts" "200 0 1;w=3" "$(get /v2/$REPO/manifests/1) $(header ratelimit-remaining)"
expect_eq "404 does not" "404 0" "$(get /v2/$REPO/manifests/absent)"
expect_eq "the last one" "200 0 0;w=3" "$(get /v2/$REPO/manifests/1) $(header ratelimit-remaining)"
expect_eq "exhausted" "429 0 TOOMANYREQUESTS" \
	"$(get /v2/$REPO/manifests/1) $(jq -r '.errors[0].code' "$T/body")"
expect_eq "HEAD still works" "200 0" "$(get /v2/$REPO/manifests/1 -I)"
URL=$(blob_url)
sleep 1.6
expect_eq "the token expired" "401 0" "$(get /v2/$REPO/manifests/1 -I)"
expect_eq "the signed URL expired" "403 0" "$(cdn "$URL")"
sleep 1.5
TOKEN=$(token $REPO)
expect_eq "a new window" "200 0" "$(get /v2/$REPO/manifests/1)"

start_hub --mode basic --user ann:pw --no-redirect
expect_eq "basic: refused" "401 0 Basic realm=\"Registry Realm\"" \
	"$(cdn "http://$HUB/v2/$REPO/manifests/1") $(header WWW-Authenticate)"
expect_eq "basic: wrong password" "401 0" "$(cdn "http://$HUB/v2/" -u ann:no)"
expect_eq "basic: blob from the registry itself" "206 0 10" \
	"$(cdn "http://$HUB/v2/$REPO/blobs/$BLOB" -u ann:pw -r 0-9) $(size)"
start_hub --mode open
expect_eq "open" "200 0" "$(cdn "http://$HUB/v2/$REPO/blobs/$BLOB" -L)"
expect_eq "open: bytes" "$BLOB" "$(sum)"

pid=$HUB_PID
kill "$pid"
expect_rc "SIGTERM ends it cleanly" 0 wait "$pid"
HUB_PID=
[ ! -s "$T/hub-stderr.log" ] || grep -v 'bad.json\|truncat' "$T/hub-stderr.log" >"$T/unexpected" || :
[ ! -s "$T/unexpected" ] || { cat "$T/unexpected"; fail "the hub complained"; }
ok "nothing else on its standard error"

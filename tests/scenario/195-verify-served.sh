#!/bin/sh
# A blob that is found to be bad is 404 within a second, also while nginx had it open,
# and other blobs go on being served. When it has been mended it is served again, with
# the same ETag and Docker-Content-Digest as before. A bad manifest is 404 by tag and by
# digest, and comes back as it was.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr nginx python3 curl
upstream
craft image library/app:1 --layers 2 >/dev/null
sync "a tree" app:1
start_nginx "$ROOT"

APP=$ROOT/repos/docker.io/library/app
URL=http://$MIRROR/v2/library/app
at=$(realpath "$APP/_manifests/1")
layer=$(pick 'v["layers"][0]["digest"]' "$at")
other=$(pick 'v["layers"][1]["digest"]' "$at")

status()
{
	curl -s -o "$T/body" -w '%{http_code}' \
		-H 'Accept: application/vnd.oci.image.manifest.v1+json' "$URL/$1"
}

# The headers that a client sees.
head_of()
{
	curl -s -D - -o /dev/null -H 'Accept: application/vnd.oci.image.manifest.v1+json' \
		"$URL/$1" | tr -d '\r' |
		grep -iE '^(HTTP|etag|docker-content-digest|content-length|content-type)'
}

gone()
{
	[ "$(status "$1")" = 404 ]
}

flip()
{
	chmod u+w "$1"
	printf X | dd of="$1" bs=1 seek=3 conv=notrunc 2>/dev/null
	chmod u-w "$1"
}

# not_served WHAT URL...: 404 a second after verify has ended, and half a second more
# for a machine that has other things to do.
not_served()
{
	_what=$1
	shift
	_end=$(($(date +%s%N) + 1500000000))
	for _url; do
		until gone "$_url"; do
			[ "$(date +%s%N)" -lt "$_end" ] || fail "$_what is still served"
			sleep 0.05
		done
	done
	ok "$_what is 404 within a second"
}

head_of "blobs/$layer" >"$T/before"
head_of manifests/1 >"$T/manifest"
grep -q '200' "$T/before" || fail "the blob is not served"

flip "$ROOT/blobs/sha256/${layer#*:}"
# As it is pulled all the time, nginx has it open.
for _i in 1 2 3; do
	status "blobs/$layer" >/dev/null
done
expect_rc "it is bad" 1 "$CDR" verify -r "$ROOT"
not_served "the blob" "blobs/$layer"
expect_eq "another one is served" 200 "$(status "blobs/$other")"
expect_eq "the manifest as well" 200 "$(status manifests/1)"
check "it is mended" "$CDR" verify -r "$ROOT" --repair
head_of "blobs/$layer" >"$T/after"
check "it comes back with the same headers" cmp "$T/before" "$T/after"

status manifests/1 >/dev/null
flip "$at"
expect_rc "a manifest is bad" 1 "$CDR" verify -r "$ROOT" --quick
not_served "the manifest" manifests/1 "manifests/$(published app:1)"
check "it is mended" "$CDR" verify -r "$ROOT" --repair --quick
head_of manifests/1 >"$T/after"
check "it comes back with the same headers" cmp "$T/manifest" "$T/after"

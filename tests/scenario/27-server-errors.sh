#!/bin/sh
# Errors that pass, and errors that do not: 500 to 504 and broken connections are
# tried again, max_tries times in all and not once more; 400, 403, 404 and 410
# are not. The message has the request, the status and the registry's own words.
# A registry that cannot be reached at all is given up after one image's tries.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
settings '{"max_tries": 4}'
old=$(craft image library/app:1 --layers 3)
sync "a first version" app:1
new=$(craft image library/app:1 --layers 3 --seed 2 --json |
	tee "$T/objects" | pick 'v[-1].digest')
layer=$(made layer | head -n 1)

# Three failures and a success, for each kind of request at once.
for status in 500 502 503 504; do
	rm -rf "$ROOT"
	fault "{\"method\": \"HEAD\", \"path\": \"/manifests/1\", \"status\": $status, \"times\": 3}" \
		"{\"method\": \"GET\", \"path\": \"/manifests/sha256\", \"status\": $status, \"times\": 3}" \
		"{\"listener\": \"registry\", \"path\": \"/blobs/$layer\", \"status\": $status, \"times\": 3}" \
		"{\"listener\": \"auth\", \"status\": $status, \"times\": 3}"
	hub_mark
	sync "$status three times, then fine" app:1
	expect_eq "$status: all were met" 12 "$(hub_fired)"
	expect_published "$status: it is there" app:1 "$new"
done
tree_check "$ROOT"
newer=$(craft image library/app:1 --layers 3 --seed 3 --json |
	tee "$T/objects" | pick 'v[-1].digest')
layer=$(made layer | head -n 1)

# endless "what" REQUESTS REGEX RULE: app:1 fails after so many, and stays.
endless()
{
	fault "$4"
	hub_mark
	within 20 sync_rc "$1 without end" 1 app:1
	expect_eq "$1: number of requests" "$2" "$(hub_fired)"
	expect_said "$1: the message" "error: docker.io/library/app:1: $3"
	expect_published "$1: what is served stays" app:1 "$new"
	tree_check "$ROOT"
}

endless "503 on HEAD" 4 'tag: .*503' '{"method": "HEAD", "status": 503}'
endless "500 on the manifest" 4 'manifest sha256:.*500 \(UNKNOWN: it hurts.*here\)' \
	'{"path": "/manifests/sha256", "status": 500, "body": {"errors": [{"code": "UNKNOWN", "message": "it hurts\u001b[1m\nhere"}]}}'
! grep -q "$(printf '\033')" "$T/stderr" || fail "an escape sequence came through"
for status in 400 403 410 418; do
	endless "$status on the manifest" 1 "manifest sha256:.*$status" \
		"{\"path\": \"/manifests/sha256\", \"status\": $status}"
done
endless "502 from the CDN" 4 "blob $layer: .*502" \
	"{\"listener\": \"cdn\", \"path\": \"${layer#sha256:}\", \"status\": 502, \"body\": \"<html>Bad Gateway</html>\"}"
endless "a reset before the answer" 4 "blob $layer: " \
	"{\"listener\": \"cdn\", \"path\": \"${layer#sha256:}\", \"cut\": -1}"
endless "404 on a layer" 1 "blob $layer: .*404 \\(BLOB_UNKNOWN" \
	"{\"path\": \"/blobs/$layer\", \"status\": 404, \"body\": {\"errors\": [{\"code\": \"BLOB_UNKNOWN\"}]}}"

no_faults
sync "and when all is well again" app:1
expect_published "it is there" app:1 "$newer"
tree_check "$ROOT"

# Nobody there: the second to the twentieth image do not wait for it again.
settings "{\"endpoint\": \"http://127.0.0.1:$(free_port)\", \"retry_delay_ms\": 200}"
list=
for number in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	list="$list other-$number:1"
done
# shellcheck disable=SC2086
within 20 sync_rc "a registry that is not there" 1 app:1 $list
expect_eq "each image is named, with the reason" 21 "$(grep -c 'error: .*onnect' "$T/stderr")"
expect_published "what is served stays" app:1 "$newer"
[ "$old" != "$newer" ] || fail "three versions were meant"

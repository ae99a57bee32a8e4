#!/bin/sh
# Answers without an end, whatever their status: the run ends soon, little of them is
# read, the image fails or does without, and another one comes. That holds for blobs,
# manifests, lists and tokens; for redirects, too; and for bodies that trickle.
# Waits: for answers without an end.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
start_hub --no-redirect
craft image library/bad:1 --layers 1 --size 3000 >/dev/null
good=$(craft image library/good:1 --layers 1 --size 3000 --seed g)
settings '{"max_tries": 2, "stall_timeout_s": 2}'

# endless "what" MOST RULE: bad:1 fails, good:1 comes; MOST bytes are received.
n=0
endless()
{
	n=$((n + 1))
	ROOT=$T/root-$n
	hub_mark
	fault "{\"name\": \"odd\", $3}"
	within 30 sync_rc "$1" 1 --log json bad:1 good:1
	expect_published "$1: another image comes" good:1 "$good"
	_bytes=$(pick -l 'o.bytes for o in v if o.message == "summary"' "$T/stdout")
	[ "$_bytes" -le "$2" ] || fail "$1: $_bytes bytes were received"
	no_faults
	wait_for 30 hub_idle
	[ "$(hub_fired odd)" -gt 0 ] || fail "$1: it was not asked for"
	# What is in the buffers of sockets has been sent as well.
	_sent=$(hub_since | awk -F '\t' '$10 == "odd" && $8 > n { n = $8 } END { print n + 0 }')
	[ "$_sent" -le 50000000 ] || fail "$1: $_sent bytes were sent"
}

BIG='"extra": 300000000, "framing": "chunked"'
BLOB='"listener": "registry", "path": "/bad/blobs/"'
for status in 203 400 403 404 416 429 500 503; do
	endless "a blob: $status" 400000 "$BLOB, \"status\": $status, \"body\": \"no\", $BIG"
done
endless "a blob: a redirect" 800000 \
	"$BLOB, \"redirect\": \"loop\", \"body\": \"there\", $BIG"
MANIFEST='"listener": "registry", "path": "/bad/manifests/", "method": "GET"'
for status in 403 404 500; do
	endless "a manifest: $status" 400000 \
		"$MANIFEST, \"status\": $status, \"body\": \"no\", $BIG"
done
endless "a manifest: 200" 13000000 "$MANIFEST, $BIG"
endless "a token" 800000 \
	"\"listener\": \"auth\", \"path\": \"bad\", $BIG"
endless "a token: 403" 800000 \
	"\"listener\": \"auth\", \"path\": \"bad\", \"status\": 403, \"body\": \"no\", $BIG"
endless "a blob: 404 that trickles" 100000 \
	"$BLOB, \"status\": 404, \"body\": \"no\", \"extra\": 100000, \"slow\": 500"

# A list may be long, and then takes longer; one that trickles is given up.
ROOT=$T/list
settings '{"stall_timeout_s": 1, "min_rate": 4000}'
mkdir -p "$T/overlay/library/long/manifests"
python3 -c 'print("{\"name\": \"library/long\", \"tags\": [%s]}" % ", ".join(
	"\"tag-%d\"" % n for n in range(5000)))' >"$T/overlay/library/long/tags.json"
printf 'long tags=glob:*\ngood:1\n' >"$T/names"
fault '{"path": "/long/tags/list", "slow": 1000}'
within 30 sync_rc "a list that trickles" 1 -i "$T/names"
expect_said "a list that trickles: it says why" 'long.*too slow: .*min_rate'
expect_published "a list that trickles: another image comes" good:1 "$good"

#!/bin/sh
# --limit-rate: all transfers of the process together bring no more bytes a second
# than it says, whether one large blob comes or many small ones do, and a small
# image does not wait for a huge one. Lists of tags and of referrers count as well.
# What comes is right. Not more than 3 % may be missing of the time that it has to
# take, and it takes no multiple of that.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
craft image library/large:1 --layers 1 --size 1300000 >/dev/null
craft image library/small:1 --layers 1 --size 40000 --seed small >/dev/null
craft many library/many --count 8 --layers 4 --size 40000 >/dev/null

ms()
{
	echo $(($(date +%s%N) / 1000000))
}

# limited "what" RATE_BYTES ARG...: $TOOK ms, and $BYTES as the program counts
limited()
{
	_title=$1 _bytes_a_second=$2
	shift 2
	rm -rf "$ROOT"
	_from=$(ms)
	sync "$_title" --log json -v "$@"
	TOOK=$(($(ms) - _from))
	BYTES=$(pick -l 'o.bytes for o in v if o.message == "summary"' "$T/stdout")
	[ $TOOK -ge $((BYTES * 970 / _bytes_a_second)) ] ||
		fail "$_title: $BYTES bytes in $TOOK ms"
	tree_check "$ROOT"
}

# The first tells how long everything else takes on this machine.
limited "without a limit" 1000000000 large:1
[ "$BYTES" -ge 1300000 ] || fail "not all bytes were counted: $BYTES"
else_ms=$TOOK

limited "one large blob" 1048576 --limit-rate 1M large:1
[ $TOOK -le $((else_ms + 2000 + 3 * BYTES * 1000 / 1048576)) ] ||
	fail "$BYTES bytes took $TOOK ms, and everything else takes $else_ms"
ok "not much slower than it may be"
names=
for i in 1 2 3 4 5 6 7 8; do
	names="$names many-000$i"
done
# shellcheck disable=SC2086 # words
limited "many small blobs" 1048576 --limit-rate 1M $names

# Slow, and in small pieces: the small one is through long before the large one.
limited "large and small" 1048576 --limit-rate 1024K --connections 4 large:1 small:1
took()
{
	pick -l 'o.duration_ms for o in v if o.image == image' "$T/stdout" \
		image="docker.io/library/$1:1"
}
small=$(took small)
large=$(took large)
[ $((small * 3)) -lt "$large" ] || fail "the small image took $small ms, the large one $large"
ok "the small one does not wait"

# Lists come as a whole; what comes after them waits until they are paid for.
app=$(craft image library/app:1 --layers 1 --size 20000 --seed app)
mkdir -p "$T/overlay/library/app/referrers"
python3 -c '
import json
print(json.dumps({"name": "library/app", "tags": ["t%06d" % n for n in range(60000)] + ["1"]}))
' >"$T/overlay/library/app/tags.json"
limited "a pattern" 524288 --limit-rate 512K app tags=glob:1
tags=$(wc -c <"$T/overlay/library/app/tags.json")
[ "$BYTES" -ge "$tags" ] || fail "the list of tags was not counted: $BYTES"

python3 -c '
import json
print(json.dumps({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json",
	"manifests": [], "annotations": {"x": "x" * 400000}}))
' >"$T/overlay/library/app/referrers/$app"
limited "referrers" 524288 --limit-rate 512K --jobs 1 app:1 referrers=yes small:1
[ "$BYTES" -ge 400000 ] || fail "the list of referrers was not counted: $BYTES"
rm -rf "$ROOT"
sync_rc "it counts for --max-bytes" 4 --max-bytes 300K --jobs 1 app:1 referrers=yes small:1

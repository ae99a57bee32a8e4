#!/bin/sh
# A body that breaks off is gone on with by a Range, and no byte comes twice that
# need not; in the same run, and in a later one. Servers that answer a Range with
# the whole, with another part, or with 416, are seen through: what is published
# always has the right bytes.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
settings '{"max_tries": 4}'
craft image library/app:1 --layers 1 --size 1000000 --json >"$T/objects"
image=$(pick 'v[-1].digest' "$T/objects")
layer=$(made layer)
size=$(pick 'o.size for o in v if o.kind == "layer"' "$T/objects")
at="\"listener\": \"cdn\", \"path\": \"${layer#sha256:}\""

# ranges: what the CDN was asked of the layer since the mark, "-" being all of it.
ranges()
{
	hub_since | awk -F '\t' -v p="${layer#sha256:}" '$2 == "cdn" && $4 ~ p { print $6 }' | xargs
}

# bytes: how many of the layer it has sent
bytes()
{
	hub_since | awk -F '\t' -v p="${layer#sha256:}" \
		'$2 == "cdn" && $4 ~ p && $5 < 300 { n += $8 } END { print n + 0 }'
}

# resumes "what" RANGES BYTES RULE...: from an empty tree to the image.
resumes()
{
	_what=$1 _ranges=$2 _bytes=$3
	shift 3
	rm -rf "$ROOT"
	fault "$@"
	hub_mark
	within 20 sync "$_what" app:1
	expect_published "$_what: it is there" app:1 "$image"
	tree_check "$ROOT"
	expect_eq "$_what: the ranges" "$_ranges" "$(ranges)"
	# How much was under way when an answer was refused is nobody's doing.
	[ "$_bytes" = any ] || expect_eq "$_what: the bytes" "$_bytes" "$(bytes)"
}

cut="{$at, \"truncate\": 400000, \"times\": 1}"
resumes "broken off three times" "- bytes=400000- bytes=700000- bytes=800000-" "$size" \
	"$cut" "{$at, \"truncate\": 300000, \"times\": 1}" "{$at, \"truncate\": 100000, \"times\": 1}"
resumes "reset instead" "- bytes=400000-" "$size" "{$at, \"cut\": 400000, \"times\": 1}"
resumes "no length, and broken off" "- bytes=400000-" "$size" \
	"{$at, \"framing\": \"chunked\", \"truncate\": 400000, \"times\": 1}"
resumes "well framed, and too short" "- bytes=400000-" "$size" \
	"{$at, \"keep\": 400000, \"times\": 1}"
resumes "ended by the end of the connection" "- bytes=400000-" "$size" \
	"{$at, \"framing\": \"close\", \"keep\": 400000, \"times\": 1}"
resumes "200 and all of it for a Range" "- bytes=400000-" "$((400000 + size))" \
	"$cut" "{$at, \"ignore_range\": true}"
resumes "another part" "- bytes=400000- -" any \
	"$cut" "{$at, \"bad_content_range\": \"bytes 400001-$((size - 1))/$size\", \"times\": 1}"
resumes "another total" "- bytes=400000- -" any \
	"$cut" "{$at, \"bad_content_range\": \"total\", \"times\": 1}"
resumes "no Content-Range" "- bytes=400000- -" any \
	"$cut" "{$at, \"remove\": [\"Content-Range\"], \"times\": 1}"
resumes "416" "- bytes=400000- -" "$((400000 + size))" \
	"$cut" "{$at, \"status\": 416, \"times\": 1}"

# One that does this for ever ends the image, and the run.
# never "what" REGEX RULE
never()
{
	rm -rf "$ROOT"
	fault "$cut" "$3"
	hub_mark
	within 20 sync_rc "$1, always" 1 app:1
	expect_said "$1, always: the message" "app:1: blob $layer: $2"
	expect_published "$1, always: not published" app:1 nothing
	tree_check --resumable "$ROOT"
}
never "another part" 'the registry was asked for the bytes from 400000' \
	"{$at, \"truncate\": 400000, \"bad_content_range\": \"bytes 400001-$((size - 1))/$size\"}"
never "416" 'the registry has no bytes from [0-9]+ on' "{$at, \"status\": 416}"
never "broken off at once" '' "{$at, \"truncate\": 0}"
expect_eq "the tries, and what came first" 4 "$(ranges | wc -w)"

# In the next run: what came is still there, is hashed, and gone on with.
expect_eq "400000 bytes are kept" 400000 "$(wc -c <"$ROOT/_state/partial/$layer")"
no_faults
hub_mark
sync "the next run" app:1
expect_eq "goes on" "bytes=400000-" "$(ranges)"
expect_eq "and needs only the rest" $((size - 400000)) "$(bytes)"
tree_check "$ROOT"

# What lies there need not be right: other bytes, too many, all of them.
# left "what" COMMAND... >: its output lies there as partial
left()
{
	_what=$1 _bytes=$2
	shift 2
	rm -rf "$ROOT/repos" "$ROOT/manifests" "$ROOT/blobs"
	mkdir -p "$ROOT/repos" "$ROOT/manifests" "$ROOT/blobs/sha256" "$ROOT/blobs/sha512"
	"$@" >"$ROOT/_state/partial/$layer"
	chmod 600 "$ROOT/_state/partial/$layer"
	hub_mark
	sync "left behind: $_what" app:1
	expect_published "$_what: it is there" app:1 "$image"
	tree_check "$ROOT"
	expect_eq "$_what: the bytes" "$_bytes" "$(bytes)"
}
cp "$ROOT/blobs/sha256/${layer#sha256:}" "$T/layer"
left "the first half" $((size - 500000)) head -c 500000 "$T/layer"
left "all of it" 0 cat "$T/layer"
left "nothing" "$size" true
left "zeros" $((size - 500000 + size)) head -c 500000 /dev/zero
left "more than there is" "$size" cat "$T/layer" "$T/layer"

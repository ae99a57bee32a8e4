#!/bin/sh
# A server that refuses to send a part of a blob, in whatever words, is asked for all of
# it, once, in one stream: at the registry and behind a redirect, for a large blob and
# where a part is here, which does not keep later runs from it. The host is remembered:
# the next blob is not asked for in parts. What was mostly said for another reason is
# asked again first, and a server that only has trouble loses nothing by it.
# Waits: for servers that have trouble.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
. "$TOP/tests/ranges.sh"

need cdr python3 curl
large_blob 20000000
two=$(craft image library/two:1 --layers 1 --size 20000001 --seed 2)
small=$(craft image library/small:1 --layers 2 --size 300000 --seed 3 --json |
	tee "$T/small" | pick 'v[-1].digest')
piece=$(pick '[o for o in v if o.kind == "layer"][0].digest' "$T/small")

# refuse_ranges LISTENER STATUS [NUMBERS]: a rule: no part is sent there
refuse_ranges()
{
	printf '{"name": "no", "listener": "%s", "path": "blobs/.*[0-9a-f]{64}", "range": true, "status": %s%s}' \
		"$1" "$2" "${3:-}"
}

# parts LISTENER: how often a part of a blob was asked for, with success or not
parts()
{
	hub_since | awk -F '\t' -v l="$1" '$2 == l && $4 ~ /blobs/ && $6 != "-" { n++ } END { print n + 0 }'
}

# part: 200000 bytes of a small layer are here
part()
{
	rm -rf "$ROOT"
	fault "{\"listener\": \"$1\", \"path\": \"${piece#sha256:}\", \"truncate\": 200000, \"times\": 1}" \
		"{\"path\": \"${piece#sha256:}\", \"skip\": ${2:-0}, \"status\": 404}"
	sync_rc "a part of a layer" 1 small:1
	expect_eq "it is here" 200000 "$(wc -c <"$ROOT/_state/partial/$piece")"
	hub_mark
}

for listener in registry cdn; do
	skip=1
	options=
	statuses='403 405 500'
	[ $listener = cdn ] || {
		skip=0
		options=--no-redirect
		statuses='400 501 502'
	}
	# shellcheck disable=SC2086
	start_hub $options
	settings '{"max_tries": 3}'
	for status in $statuses; do
		rm -rf "$ROOT"
		fault "$(refuse_ranges $listener "$status")"
		hub_mark
		within 20 sync "$listener: $status, a large one" app:1
		expect_published "$listener: $status: it is here" app:1 "$image"
		expect_eq "$listener: $status: once in one stream" 1 \
			"$(hub_since | awk -F '\t' -v l=$listener -v p="${layer#sha256:}" \
			'$2 == l && $4 ~ p && $6 == "-" && $5 == 200' | wc -l)"
		[ "$(parts $listener)" -le 27 ] || fail "asked for parts without end"
		part $listener $skip
		fault "$(refuse_ranges $listener "$status")"
		within 20 sync "$listener: $status, with a part here" small:1
		expect_published "$listener: $status, with a part: it is here" small:1 "$small"
		tree_check "$ROOT"
	done

	# The host is remembered, in words that do not pass at once.
	rm -rf "$ROOT"
	fault '{"path": "/two/manifests/", "delay_ms": 2000}' \
		"$(refuse_ranges $listener 403)"
	hub_mark
	within 30 sync "$listener: two large ones" app:1 two:1
	expect_published "$listener: the second one is here" two:1 "$two"
	expect_eq "$listener: the second one in no parts" 0 "$(hub_since | awk -F '\t' \
		-v l=$listener '$2 == l && $4 ~ /two/ && $4 ~ /blobs/ && $6 != "-"' | wc -l)"

	# What is here of it is passed over, also when the stream breaks.
	part $listener $skip
	fault "$(refuse_ranges $listener 405)" \
		"{\"listener\": \"$listener\", \"path\": \"${piece#sha256:}\", \"truncate\": 250000, \"times\": 1}"
	within 20 sync "$listener: the one stream breaks" small:1
	expect_published "$listener: the one stream breaks: it is here" small:1 "$small"
	tree_check "$ROOT"

	# No way is left.
	part $listener $skip
	fault "{\"listener\": \"$listener\", \"path\": \"${piece#sha256:}\", \"status\": 405}"
	within 20 sync_rc "$listener: all of it is refused as well" 1 small:1
	expect_said "$listener: it says so" "small:1: blob $piece: .*405"
	[ "$(hub_fired)" -le 2 ] || fail "$listener: asked more than twice"
	expect_eq "$listener: the part stays" 200000 "$(wc -c <"$ROOT/_state/partial/$piece")"

	# A server that has trouble twice, or a signed URL that has run out: what is here
	# does not come again.
	no_faults
	part $listener $skip
	status=503
	times=2
	[ $listener = registry ] || {
		status=403
		times=1
	}
	fault "$(refuse_ranges $listener $status ", \"times\": $times")"
	within 20 sync "$listener: $status for a while" small:1
	expect_eq "$listener: $status for a while: it goes on" 1 \
		"$(hub_since | awk -F '\t' -v l=$listener '$2 == l && $5 == 206' | wc -l)"
	expect_eq "$listener: $status for a while: in no other way" 0 "$(hub_since |
		awk -F '\t' -v l=$listener -v p="${piece#sha256:}" '$2 == l && $4 ~ p && $5 == 200' | wc -l)"
done

# Some connections get their parts, and then none does.
start_hub
settings '{"max_tries": 3, "max_connections": 16}'
fetched "ranges are refused while others come" \
	"{$at, \"times\": 4, $slow}" "$(refuse_ranges cdn 405)"
expect_eq "once in one stream" 1 "$(ranges | grep -cx -e -)"
fetched "one in four is refused" "{$at, \"skip\": 3, \"times\": 1, \"status\": 501}" "{$at, $slow}"

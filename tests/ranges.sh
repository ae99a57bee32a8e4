# One large blob over several connections. For scenarios; sourced after sync.sh.
#
#   large_blob BYTES          library/app:1 upstream: $image, $layer, $size, and $at,
#                             what a rule says that is for the layer at the CDN
#   fetched "what" RULE...    from an empty tree to the image, under these rules
#   ranges                    what the CDN was asked for of the layer since the mark,
#                             a line each; "-" is all of it
#   bytes                     how many bytes of the layer it has sent
#   several                   it was asked for enough of them
#   hardly_twice              what came twice was on its way when a range was divided
#   fired_once                the first rule had its effect
#   whole_at_last             in the end it was asked for all of it, once
#   $slow                     what a rule says that makes each connection slow
# shellcheck shell=sh

large_blob()
{
	upstream
	settings '{"max_connections": 16}'
	craft image library/app:1 --layers 1 --size "$1" --json >"$T/objects"
	image=$(pick 'v[-1].digest' "$T/objects")
	layer=$(made layer)
	size=$(pick 'o.size for o in v if o.kind == "layer"' "$T/objects")
	# The quotes are for the hub.
	# shellcheck disable=SC2089
	at="\"listener\": \"cdn\", \"path\": \"${layer#sha256:}\""
	# shellcheck disable=SC2089
	slow='"slow": 3000000'
	# shellcheck disable=SC2090
	export image layer size at slow
}

_of_layer()
{
	hub_since | awk -F '\t' -v p="${layer#sha256:}" '$2 == "cdn" && $4 ~ p'
}

ranges()
{
	_of_layer | cut -f 6
}

bytes()
{
	_of_layer | awk -F '\t' '$5 < 300 { n += $8 } END { print n + 0 }'
}

fetched()
{
	_what=$1
	shift
	rm -rf "$ROOT"
	fault "$@"
	hub_mark
	within 20 sync "$_what" app:1
	expect_published "$_what: it is there" app:1 "$image"
	tree_check "$ROOT"
}

several()
{
	[ "$(ranges | wc -l)" -ge 6 ] || fail "$_what: several connections"
	ok "$_what: several connections"
}

# The hub sends in steps, and counts a step that nobody takes any more.
hardly_twice()
{
	# What a connection that was left has sent is logged when it notices.
	sleep 0.3
	_more=$(($(bytes) - size)) _most=$((200000 * $(ranges | wc -l)))
	[ $_more -le $_most ] || fail "$_what: $_more bytes came twice"
	ok "$_what: no more than $_most bytes came twice"
}

fired_once()
{
	expect_eq "$_what: it did" 1 "$(hub_fired 1)"
}

whole_at_last()
{
	expect_eq "$_what: in one stream at last" "-" "$(ranges | tail -n 1)"
	expect_eq "$_what: once" 1 "$(ranges | grep -cx -e -)"
}

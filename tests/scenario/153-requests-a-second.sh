#!/bin/sh
# A registry that takes so many requests a second, and answers 429 to those that are
# more, without a word about when to come again: all images come, in about the time
# that the limit allows, with few refusals, and each wait is told. The same with 503,
# with Retry-After, for HEAD alone, at the token server and at the CDN. Who refuses
# everything is given up soon, with the name of what to set; where that is one
# repository, it fails alone. Another registry in the same run does not wait for this
# one.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
settings '{"retry_delay_ms": 200}'
craft many library/many --count 10 --layers 1 >"$T/many"
sed 's/ .*//; s,^library/,,' "$T/many" >"$T/list"

# limited "what" MOST_MS RULE: ten images under that, in no more than so long; what it
# is refused is less than a third of what it gets.
limited()
{
	rm -rf "$ROOT"
	fault "$3"
	hub_mark
	_from=$(date +%s%N)
	sync "$1" -v -i "$T/list"
	_took=$((($(date +%s%N) - _from) / 1000000))
	[ $_took -le "$2" ] || fail "$1: it took $_took ms, not $2 at most"
	expect_said "$1: all are there" '^10 images: 0 unchanged, 10 updated, 0 failed'
	_refused=$(hub_fired)
	[ "$_refused" -ge 1 ] || fail "$1: nothing was refused"
	[ $((3 * _refused)) -le "$(hub_count - - . )" ] ||
		fail "$1: $_refused refusals of $(hub_count - - .) requests"
	ok "$1: $_took ms, $_refused refusals of $(hub_count - - .) requests"
}

# HEAD, manifest, config and layer, ten times: three seconds for what is beyond the
# burst, twice that on a busy machine.
limited "ten a second" 6000 \
	'{"listener": "registry", "rate": 10, "burst": 10, "status": 429}'
expect_said "a wait is told, with host and cause" \
	"^docker.io \(127.0.0.1:[0-9]+\): .*answers 429.*; trying again in [0-9.]+ s"
tree_check "$ROOT"
limited "by 503" 6000 \
	'{"listener": "registry", "rate": 10, "burst": 10, "status": 503}'
limited "with Retry-After" 9000 \
	'{"listener": "registry", "rate": 10, "burst": 10, "status": 429, "retry_after": 1}'
limited "HEAD alone" 5000 \
	'{"listener": "registry", "method": "HEAD", "rate": 3, "burst": 4, "status": 429}'
limited "tokens" 5000 \
	'{"listener": "auth", "rate": 3, "burst": 4, "status": 429}'
limited "at the CDN" 6000 \
	'{"listener": "cdn", "rate": 5, "burst": 8, "status": 429}'
tree_check "$ROOT"

# A registry beside it. That has the images first.
rm -rf "$ROOT"
fault '{"listener": "registry", "rate": 10, "burst": 4, "status": 429}'
craft many library/beside --count 10 --layers 1 --seed beside |
	sed "s/ .*//; s,^,$UPSTREAM/," >"$T/beside"
sync "two registries" -i "$T/list" -i "$T/beside"
expect_said "all are there" '^20 images: 0 unchanged, 20 updated, 0 failed'
grep -h '^updated ' "$T/stdout" "$T/stderr" >"$T/order"
expect_eq "the other one did not wait" 0 \
	"$(tail -n 5 "$T/order" | grep -c "$UPSTREAM")"

# besides SECONDS "what" ...: a sync that takes no longer than that, but for the waits
# that it tells: it measures what the registry takes, and on a busy machine that is less.
besides()
{
	_limit=$1 _from=$(date +%s)
	shift
	"$@"
	_took=$(($(date +%s) - _from))
	sed -n 's/.*trying again in \([0-9.]*\) s.*/\1/p' "$T/stdout" "$T/stderr" >"$T/waits"
	awk '$1 > 60 { exit 1 }' "$T/waits" || fail "$2: one wait is longer than a minute"
	[ "$(wc -l <"$T/waits")" -le 4 ] || fail "$2: it waited $(wc -l <"$T/waits") times"
	_told=$(awk '{ sum += $1 } END { print int(sum + 1) }' "$T/waits")
	[ $((_took - _told)) -le "$_limit" ] ||
		fail "$2: it took $_took seconds, and told of $_told of them"
}

# For good.
rm -rf "$ROOT"
settings '{"retry_delay_ms": 20, "max_tries": 4}'
fault '{"listener": "registry", "status": 429}'
hub_mark
within 20 sync_rc "everything is refused" 1 -i "$T/list"
expect_said "it says what to set" 'error: .*429.*max_tries'
[ "$(hub_fired)" -le 16 ] || fail "it knocked $(hub_fired) times"

# One repository alone, for good, and sooner than others are answered.
for what in '"method": "HEAD", "path": "/many-0003/"' '"path": "/many-0003/blobs/"'; do
	rm -rf "$ROOT"
	fault "{\"listener\": \"registry\", $what, \"status\": 429}" \
		'{"listener": "registry", "delay_ms": 30}'
	hub_mark
	besides 20 sync_rc "one repository is refused" 1 -i "$T/list"
	expect_said "the others are there" '^10 images: 0 unchanged, 9 updated, 1 failed'
	expect_said "it says which" 'error: .*many-0003.* 429 '
	[ "$(hub_count registry - many-0003 429)" -le 16 ] || fail "it knocked too often"
done

#!/bin/sh
# One large blob on a link that gives each connection little: it comes over several
# at once, each with a Range of its own, and no byte comes twice but the few that
# were on their way when a range was divided. A server that does not know ranges
# sends it once. Ranges that bring wrong bytes are found out by the digest: then it
# comes once more, in one stream, and after that no more.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
. "$TOP/tests/ranges.sh"

need cdr python3 curl
large_blob 30000000

fetched "well" "{$at, $slow}"
several
expect_eq "none for the same" "" "$(ranges | sort | uniq -d)"
hardly_twice
expect_eq "all of them are ranges" 0 "$(ranges | grep -cx -e -)"

# The first answer is the whole, and so is any other.
fetched "the server does not know ranges" "{$at, \"ignore_range\": true}"
expect_eq "one stream" 1 "$(ranges | wc -l)"
expect_eq "no byte twice" "$size" "$(bytes)"

# It forgets them on the way: what is here by then is not thrown away.
fetched "the server forgets ranges" "{$at, \"times\": 3, $slow}" "{$at, \"ignore_range\": true}"
# Those asked meanwhile send some of it before they are left.
[ "$(bytes)" -le $((3 * size)) ] || fail "$_what: it came again and again"

fetched "another part" \
	"{$at, \"skip\": 4, \"times\": 1, \"bad_content_range\": \"start\"}" "{$at, \"times\": 4, $slow}"
fired_once
whole_at_last
fetched "another total" \
	"{$at, \"skip\": 4, \"times\": 1, \"bad_content_range\": \"total\"}" "{$at, \"times\": 4, $slow}"
fired_once
whole_at_last
fetched "no such range" "{$at, \"skip\": 4, \"times\": 1, \"status\": 416}" "{$at, \"times\": 4, $slow}"
fired_once
whole_at_last

# The second connection's part is wrong, and nothing but the digest says so.
wrong="{$at, \"skip\": 1, \"times\": 1, \"corrupt\": 5000000"
fetched "wrong bytes" "$wrong}"
fired_once
whole_at_last
fault "{$at, \"corrupt\": 5000000}"
rm -rf "$ROOT"
hub_mark
within 20 sync_rc "wrong bytes, always" 1 app:1
expect_said "it says so" "app:1: blob $layer: the bytes have digest sha256:"
expect_eq "once more in one stream, and no more" 1 "$(ranges | grep -cx -e -)"
expect_published "it is not published" app:1 nothing
expect_eq "nobody goes on with them" "" "$(ls "$ROOT/_state/partial")"
tree_check --resumable "$ROOT"

# More than there is, at the end of the last range.
fault "{$at, \"extra\": 100000}"
rm -rf "$ROOT"
hub_mark
within 20 sync_rc "too long" 1 app:1
expect_said "it says so" "app:1: blob $layer: more than the $size bytes"
expect_published "it is not published" app:1 nothing
tree_check --resumable "$ROOT"

#!/bin/sh
# min_pulls_left: the last pulls are left to others, exactly, with several
# connections as well. The next process knows it: it looks at tags, which is
# free, publishes what needs no pull, and does not try the rest; both say when to
# come back, and end with 1. A file that is damaged, or a clock that jumps, does
# no more harm than to make it ask.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
start_hub --rate-limit 12
settings '{"min_pulls_left": 5, "max_connections": 8}'
quota=$T/root/_state/quota.json
app=$(craft image library/app:1)
craft many library/many --count 30 --layers 1 >"$T/many"
images=$(cut -d ' ' -f 1 "$T/many")

pulls()
{
	hub_count registry GET /manifests/
}

sync "one pull" app:1
expect_said "it is counted" '1 pull, '
# shellcheck disable=SC2086
within 20 sync_rc "seven may be spent" 1 $images
expect_eq "so seven are, in two runs" 7 "$(hub_count registry GET /manifests/ 200)"
expect_eq "and none is refused" 0 "$(hub_count - - . 429)"
expect_said "the summary counts them" '30 images: 0 unchanged, 6 updated, 24 failed.* 6 pulls, '
expect_eq "each of the others is told why, and until when" 24 \
	"$(grep -cE 'error: .*many-.*: 5 pulls left until [0-2][0-9]:[0-5][0-9] UTC, min_pulls_left keeps 5' "$T/stderr")"
expect_said "and all together" 'warning: docker.io: 24 manifests not fetched.*run again at [0-2][0-9]:[0-5][0-9] UTC'
expect_eq "the note is private" 600 "$(stat -c %a "$quota")"
expect_eq "and says it all" '"docker.io" 12 5 21600' "$(pick '
	words(json.dumps(r.registry), r.limit, r.left, r.window_s) for r in v.registries' "$quota")"
tree_check "$ROOT"

# What is in the tree needs no pull, whatever its tag.
expect_eq "the same image, another tag" "$app" "$(craft image library/app:2)"
hub_mark
# shellcheck disable=SC2086
within 20 sync_rc "the next process" 1 --log json app:2 $images
expect_eq "does not try" 0 "$(pulls)"
expect_eq "but looks at each tag" 31 "$(hub_count registry HEAD /manifests/ 200)"
expect_eq "and counts none" '6 1 24 0' "$(pick -l 'words(o.unchanged, o.updated,
	o.failed, o.pulls) for o in v if o.message == "summary"' "$T/stdout")"
expect_published "what needs no pull is published" app:2 "$app"
tree_check "$ROOT"

# Images by digest have no tag to look at: nothing is asked at all.
absent=$(craft image library/other:1 --seed other)
hub_mark
sync_rc "by digest" 1 "other@$absent"
expect_said "it is told as well" 'other.*: 5 pulls left until .* UTC, min_pulls_left keeps 5'
expect_eq "without a request" 0 "$(hub_count - - .)"

# From here on the registry tells nothing, so that the note alone counts.
cp "$quota" "$T/quota.json"
silent='{"listener": "registry", "remove": ["ratelimit-limit", "ratelimit-remaining", "docker-ratelimit-source"]}'

# goes "what" TEXT: with such a note the image is fetched.
goes()
{
	printf '%s\n' "$2" >"$quota"
	_image=$(craft image library/more:1 --seed "$1")
	hub_mark
	sync "$1" "more@$_image"
	expect_eq "with one pull" 1 "$(hub_count registry GET /manifests/ 200)"
}

fault "$silent"
cp "$T/quota.json" "$quota"
sync_rc "the note alone" 1 "other@$absent"
now=$(date +%s)
# other NAME NUMBER: the note with that number in it
other()
{
	pick 'v.registries[0].update({name: number}) or v' "$T/quota.json" \
		name="$1" number:="$2"
}
goes "a note of a time to come" "$(other since $((now + 4000)))"
goes "a note of an older window" "$(other since $((now - 21601)))"
goes "a number that is none" "$(other left -3)"
goes "a damaged note" '{"version": 1, "registries": [{"registry": "docker.io", "left"'
expect_said "is told of" 'warning: _state/quota.json.*not used'
no_faults
hub_mark
# shellcheck disable=SC2086
sync_rc "and is no leave to spend more" 1 $images
expect_eq "where the registry tells" 0 "$(pulls)"
tree_check "$ROOT"

#!/bin/sh
# What a run itself fails at unlists nothing: a pattern whose tags cannot be looked up,
# because the registry is down or refuses, and one that a run which was cut short did
# not come to, name what they have found before; with newest= what that chose. A run
# that ends before it has looked at its list makes nothing older.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
. "$TOP/tests/unlist.sh"

need cdr python3 curl
upstream
settings '{"max_tries": 1}'
for tag in 1.0 1.1 1.2 other; do
	craft image library/app:$tag --layers 1 --seed $tag >/dev/null
done
craft image library/lib:1.0 --layers 1 --seed lib >/dev/null
printf '%s\n' 'app tags=semver:* newest=2' 'lib tags=glob:* priority=-1' >"$T/list"
sync "an older one by hand, and one that no list names" app:1.0 app:other
sync "patterns" -i "$T/list"
expect_images "what they find" "app:1.0 app:1.1 app:1.2 app:other lib:1.0"
listed_ago 5 app:1.1 app:1.2 lib:1.0
listed_ago 40 app:1.0 app:other

listed()
{
	pick '" ".join(sorted(i.image[18:] for i in v.images if i.last_listed == v.finished))' \
		"$ROOT/status/status.json"
}

fault '{"listener": "registry", "path": "/library/app/tags", "status": 403}'
sync_rc "a registry refuses" 1 -i "$T/list"
no_faults
expect_eq "what was found before is listed, and nothing else" "app app:1.1 app:1.2 lib:1.0" \
	"$(listed)"
gc "a short term" --keep-unlisted 30d --grace 0 --max-delete 100%
expect_images "the others have gone" "app:1.1 app:1.2 lib:1.0"

listed_ago 5 app:1.1 app:1.2 lib:1.0
sync_rc "a run is cut short" 4 --max-bytes 10K --jobs 1 -i "$T/list" app:other priority=9
expect_eq "what it would have found is listed" "app:1.1 app:1.2 app:other lib:1.0" "$(listed)"
expect_eq "they were not reached" not_reached \
	"$(pick 'i.result for i in v.images if i.image.endswith("lib:1.0")' "$ROOT/status/status.json")"
gc "a short term" --keep-unlisted 1h --grace 0
expect_images "all are here" "app:1.1 app:1.2 lib:1.0"

# What is told has whole seconds.
sleep 1.1
sync "it goes on" -i "$T/list"
expect_eq "one that was never here needs nobody" "app:1.1 app:1.2 lib:1.0" "$(listed)"
tree_check --resumable "$ROOT"

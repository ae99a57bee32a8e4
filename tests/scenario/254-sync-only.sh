#!/bin/sh
# sync --only looks at those lines of a list that a push is about, and asks for no
# more: of a pattern at that tag alone, but with newest= at all that it takes. Such
# a run unlists nothing, neither for the status nor for gc, whatever the time is and
# whatever it finds; what the files say of the last whole run stays beside it.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
. "$TOP/tests/unlist.sh"

need cdr python3 curl

# only "what" REF...: these of $T/list, and the hub's log begins anew
only()
{
	_said=$1 _refs=
	shift
	for _ref; do
		_refs="$_refs --only $_ref"
	done
	hub_mark
	# shellcheck disable=SC2086
	sync "$_said" -i "$T/list" $_refs
}

# status EXPRESSION: of status.json
status()
{
	pick "$1" "$ROOT/status/status.json"
}

metric()
{
	sed -n "s/^$1 //p" "$ROOT/status/metrics"
}

upstream
craft image library/app:1 --seed 1 >/dev/null
craft image library/other:1 --seed 2 >/dev/null
for tag in 1.0 1.1 1.2; do
	craft image "library/lot:$tag" --layers 1 --seed "$tag" >/dev/null
	craft image "library/few:$tag" --layers 1 --seed "$tag" >/dev/null
done
cat >"$T/list" <<'END'
app:1
other:1
lot tags=glob:1.*
few tags=glob:1.* newest=2
END
sync "a whole run" -i "$T/list"
expect_images "has all" "app:1 few:1.1 few:1.2 lot:1.0 lot:1.1 lot:1.2 other:1"
status '{k: v[k] for k in ("finished", "totals", "last_listed", "lists")}' >"$T/whole"

# --- what is asked for -------------------------------------------------------------

new=$(craft image library/app:1 --seed 3)
craft image library/other:1 --seed 4 >/dev/null
only "a push of one" docker.io/library/app:1
expect_published "is there" app:1 "$new"
expect_said "and nothing else was looked at" '^1 image: 0 unchanged, 1 updated'
expect_eq "not even asked for" 0 "$(hub_count registry HEAD '/(other|lot|few)/')"
expect_eq "no list of tags" 0 "$(hub_count registry GET /tags/list)"
craft image library/lot:1.3 --layers 1 --seed 1.3 >/dev/null
only "a tag that a pattern matches" lot:1.3 lot:2 nobody:1
expect_said "one line is about it" '^1 image: 0 unchanged, 1 updated'
expect_said "what is on no line is told" 'nobody:1: no line of the list is about it'
expect_said "as is a tag that no pattern matches" 'lot:2: no line of the list'
expect_eq "no list of tags for that" 0 "$(hub_count registry GET /tags/list)"
expect_eq "and no other tag" 1 "$(hub_count registry HEAD /manifests/ 200)"
craft image library/few:1.3 --layers 1 --seed 1.3 >/dev/null
only "a tag of newest=" few:1.3
expect_eq "that list is read" 1 "$(hub_count registry GET /tags/list 200)"
expect_images "and it takes what a whole run would" \
	"app:1 few:1.1 few:1.2 few:1.3 lot:1.0 lot:1.1 lot:1.2 lot:1.3 other:1"
only "a repository" lot
expect_said "is all its lines" '^4 images: 4 unchanged'
only "a tag that is gone" lot:1.9
expect_said "is no failure" '^0 images'
expect_said "and is told" 'lot:1.9: it is not there'
expect_eq "nobody keeps its name" "" "$(grep -o 'lot:1\.9' "$ROOT/status/status.json" || :)"
only "nothing of the list" nobody
expect_said "nothing is done" '^0 images'
tree_check "$ROOT"

# --- what it must not do -----------------------------------------------------------

expect_eq "the whole run is told as before" "$(cat "$T/whole")" \
	"$(status '{k: v[k] for k in ("finished", "totals", "last_listed", "lists")}')"
expect_eq "and the latest beside it" "0 ok" "$(status '"%d %s" % (v.latest.only, v.latest.result)')"
expect_eq "in the summary, too" 0 "$(pick v.latest.only "$ROOT/status/summary.json")"
expect_eq "metrics have the whole run's images" 7 \
	"$(metric 'cdr_sync_last_images{result="updated"}')"
expect_eq "one whole run" 1 "$(metric 'cdr_sync_runs_total{result="ok"}')"
expect_eq "and six of these" 6 "$(metric 'cdr_sync_only_runs_total{result="ok"}')"
expect_eq "nothing is unlisted" 0 "$(pick v.count "$ROOT/status/unlisted.json")"

# In a fortnight of pushes: the whole run, and all that it had, is long ago.
past=$(pick 'v.finished' "$ROOT/status/status.json")
old=$(date -u -d "$past 20 days ago" +%Y-%m-%dT%H:%M:%SZ)
sed -i "s/$past/$old/g" "$ROOT/status/status.json"
rm -f "$ROOT/status/status-earlier.json"
only "one more push" app:1
expect_eq "still nothing is unlisted" 0 "$(pick v.count "$ROOT/status/unlisted.json")"
gc "gc takes nothing away" --keep-unlisted 30d --grace 0
gc "nor what was listed a week ago" --keep-unlisted 7d --grace 0
: >"$T/empty"
sync "a list that is empty for a moment" -i "$T/empty"
gc "after that, too, all is as it was listed last" --keep-unlisted 7d --grace 0
only "a push and gc" app:1
sync "the same" -i "$T/list" --only app:1 --gc --keep-unlisted 1d --grace 0
sync "by the list itself" -i "$T/list" --only app:1 --gc --keep-unlisted 0 --grace 0
expect_images "all is there that the list has" \
	"app:1 few:1.2 few:1.3 lot:1.0 lot:1.1 lot:1.2 lot:1.3 other:1"

# --- failures ----------------------------------------------------------------------

# Times are whole seconds: the failure has to be in another one than the success.
second=$(date +%s)
another()
{
	[ "$(date +%s)" != "$second" ]
}
wait_for 10 another
fault '{"listener": "registry", "path": "/other/manifests/", "status": 404}'
sync_rc "a whole run with a failure" 1 -i "$T/list"
only "a push of another one" app:1
expect_eq "the failure is still told" docker.io/library/other:1 \
	"$(pick 'f.image for f in v.failures' "$ROOT/status/summary.json")"
expect_eq "and counted" 1 "$(metric 'cdr_sync_last_images{result="failed"}')"
expect_eq "no success since" 0 \
	"$(pick 'int(v.last_success == v.finished)' "$ROOT/status/status.json")"
fault '{"listener": "registry", "path": "/app/manifests/", "status": 404}'
sync_rc "a push that fails" 1 -i "$T/list" --only app:1
expect_eq "both are told" "docker.io/library/app:1 docker.io/library/other:1" \
	"$(pick '" ".join(sorted(f.image for f in v.failures))' "$ROOT/status/summary.json")"
expect_eq "by the metrics too" 1 "$(metric cdr_sync_only_last_exit_code)"
no_faults
only "a push of it" other:1
expect_eq "is its end" docker.io/library/app:1 \
	"$(pick 'f.image for f in v.failures' "$ROOT/status/summary.json")"
sync "a whole run" -i "$T/list"
expect_eq "tells of no other" null "$(status 'v.get("latest")')"

# --- the first of all --------------------------------------------------------------

rm -rf "$ROOT"
only "before any whole run" app:1
expect_images "it does what it is told" app:1
expect_eq "and tells of itself" 1 "$(status v.latest.only)"
gc "nothing goes by that" --keep-unlisted 1d --grace 0
expect_images "it is there" app:1
sync "then a whole run" -i "$T/list"
tree_check "$ROOT"

expect_rc "a list that is wrong" 2 "$CDR" sync -r "$ROOT" app:1 'x:' --only app:1
expect_rc "a REF that is none" 2 "$CDR" sync -r "$ROOT" app:1 --only 'app:'
expect_rc "no list" 2 "$CDR" sync -r "$ROOT" --only app:1

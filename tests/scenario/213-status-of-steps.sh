#!/bin/sh
# What is held, pinned and damaged is told at once: by held.json, by the metrics and by
# images.json, as soon as rollback, pin or verify has ended. While a sync is at work they
# leave that to it, and do not wait: at its end it tells of all of them, beside what it
# has done itself. A hold says what the tag led to before.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
status=$ROOT/status
one=$(craft image library/app:1 --layers 1 --seed 1)
craft image library/slow:1 --layers 1 --seed 9 >/dev/null
craft image library/bad:1 --layers 1 --seed 8 >/dev/null
sync "the first" app:1 bad:1
two=$(craft image library/app:1 --layers 1 --seed 2)
sync "the second" app:1 bad:1

metric()
{
	grep -qxF -e "$1" "$status/metrics" || {
		grep "^${1%%[ {]*}" "$status/metrics" || :
		fail "metrics do not say: $1"
	}
	ok "$1"
}
held()
{
	expect_eq "$1" "$2" "$(pick 'words(v.count, [words(i.image, i.digest, i.before)
		for i in v.images])' "$status/held.json")"
}
served()
{
	expect_eq "$1" "$2" "$(pick 'i.digest for i in v.images
		if i.image == "docker.io/library/app:1"' "$status/images.json")"
}

held "nothing is held" "0 []"
metric 'cdr_held_oldest_timestamp_seconds 0'
run=$(pick 'words(v.started, v.finished, v.totals.images)' "$status/summary.json")
check "back" "$CDR" rollback -r "$ROOT" app:1
held "it is told at once" "1 [\"docker.io/library/app:1 $one $two\"]"
served "by images.json, too" "$one"
metric 'cdr_held_tags 1'
since=$(pick 'v.images[0].since' "$status/held.json")
metric "cdr_held_oldest_timestamp_seconds $(date -u -d "$since" +%s)"
check "a pin" "$CDR" pin -r "$ROOT" app:1
metric 'cdr_pinned_images 1'
expect_eq "the run of sync is as it was" "$run" \
	"$(pick 'words(v.started, v.finished, v.totals.images)' "$status/summary.json")"
check "release" "$CDR" rollback -r "$ROOT" --release app:1
held "that, too" "0 []"
metric 'cdr_held_tags 0'
check "unpin" "$CDR" unpin -r "$ROOT" app:1
metric 'cdr_pinned_images 0'
sync "a run moves it forth" app:1 bad:1
served "it is there" "$two"

# --- beside a run -----------------------------------------------------------------------

fault '{"listener": "cdn", "delay_ms": 4000, "times": 1}'
hub_mark
"$CDR" sync -q -r "$ROOT" slow:1 >"$T/sync.log" 2>&1 &
pid=$!
asked()
{
	[ "$(hub_count registry GET /library/slow/blobs/)" -gt 0 ]
}
wait_for 5 asked
before=$(stat -c %i "$status/metrics")
check "back" "$CDR" rollback -r "$ROOT" app:1
check "a pin" "$CDR" pin -r "$ROOT" app:1 bad:1
layer=$(pick 'v.layers[0].digest' "$ROOT/repos/docker.io/library/bad/_manifests/1")
blob=$ROOT/blobs/sha256/${layer#*:}
chmod 644 "$blob"
printf x | dd of="$blob" bs=1 seek=100 conv=notrunc 2>/dev/null
expect_rc "verify" 1 "$CDR" verify -q -r "$ROOT"
kill -0 $pid || fail "the run has ended already"
expect_eq "nobody has written the metrics meanwhile" "$before" \
	"$(stat -c %i "$status/metrics")"
metric 'cdr_held_tags 0'
expect_eq "verify.json is its own" "bad 1" "$(pick 'words(v.result, v.bad)' "$status/verify.json")"
_rc=0
wait $pid || _rc=$?
expect_eq "the run ends well" 0 $_rc
held "it tells of the hold" "1 [\"docker.io/library/app:1 $one $two\"]"
served "and of where the tag is" "$one"
metric 'cdr_held_tags 1'
metric 'cdr_pinned_images 2'
metric 'cdr_verify_bad_files_total 1'
metric 'cdr_bad_objects 1'
metric 'cdr_quarantined_files 1'
metric 'cdr_verify_runs_total{result="bad"} 1'
grep -q "sha256:${blob##*/}" "$status/bad" || fail "status/bad does not name it"
check "repair" "$CDR" verify -q -r "$ROOT" --repair
metric 'cdr_bad_objects 0'
metric 'cdr_verify_mended_files_total 1'
metric 'cdr_quarantined_files 1'
tree_check "$ROOT"

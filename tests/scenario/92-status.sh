#!/bin/sh
# status/status.json and status/metrics: what a run did, image by image, and what is
# known from the runs before it; written also when images fail, when the run is
# stopped and when the disk is full, but not for a list with errors. Ten thousand
# images cost little.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
settings '{"max_tries": 2}'
first=$(craft image library/app:1 --layers 2)
craft image library/other:1 --layers 1 --seed 7 >/dev/null

# said EXPRESSION WANT: in status.json
said()
{
	expect_eq "$1" "$2" "$(pick "$1" "$ROOT/status/status.json")"
}
# image NAME EXPRESSION WANT: of the image i
image()
{
	said "$2 for i in v.images if i.image == \"docker.io/library/$1\"" "$3"
}
# metric LINE: a name, its labels and the value
metric()
{
	grep -qxF -e "$1" "$ROOT/status/metrics" || {
		grep "^${1%%[ {]*}" "$ROOT/status/metrics" || :
		fail "metrics do not say: $1"
	}
	ok "$1"
}

expect_rc "a list with errors" 2 "$CDR" sync -r "$ROOT" App:1
! [ -e "$ROOT" ] || fail "a list with errors made a tree"

sync "two images" app:1 other:1
expect_eq "names and modes" "blobs.json held.json history.json images.json metrics runs.json status.json summary.json unlisted.json 444" \
	"$(find "$ROOT/status" -type f -printf '%f\n' | sort | paste -s -d ' ' -) $(
	find "$ROOT/status" -type f -printf '%m\n' | sort -u)"
said 'words(v.layout, v.result, v.exit_code, v.totals.updated, v.totals.failed)' \
	"2 ok 0 2 0"
said 'all(re.fullmatch("[0-9-]{10}T[0-9:]{8}Z", t)
	for t in (v.started, v.finished, v.last_success))' true
said 'v.started <= v.finished == v.last_success' true
said v.totals.requests "$(hub_since | awk -F '\t' '$2 != "cdn"' | wc -l)"
said 'v.totals.bytes == v.counters.bytes >= sum(i.bytes for i in v.images)' true
said v.totals.bytes "$(hub_since | awk -F '\t' '{ n += $8 } END { print n }')"
said 'v.store.images == 2 and v.store.image_bytes == sum(i.size for i in v.images)' true
said 'v.store.filesystem.bytes > v.store.filesystem.bytes_free > 0' true
image app:1 'words(i.registry, i.digest, i.result, i.objects)' "docker.io $first updated 4"
expect_eq "the size is that of cdr ls" \
	"$("$CDR" ls -r "$ROOT" --json | pick 'sum(i.bytes for i in v)')" \
	"$(pick v.store.image_bytes "$ROOT/status/status.json")"
success=$(pick v.last_success "$ROOT/status/status.json")

# One fails: what it had stays known. The other one leaves the list.
sleep 1
craft image library/app:1 --layers 2 --seed 2 >/dev/null
fault '{"listener": "cdn", "status": 500}'
sync_rc "one fails" 1 --log json app:1 gone:1
expect_eq "a log line has all of it" "docker.io network true true" "$(pick -l \
	'words(o.registry, o.reason, o.duration_ms >= 0, o.digest is not None)
	for o in v if o.image == "docker.io/library/app:1" and o.error' "$T/stdout")"
no_faults
said 'words(v.result, v.exit_code, v.totals.failed)' "failed 1 2"
said v.last_success "$success"
image app:1 'words(i.result, i.reason, i.digest)' "failed network $first"
image app:1 '"500" in i.error and i.last_success < i.last_listed' true
# The hub, like the real one, does not tell whether there is such a repository.
image gone:1 'i.reason in ("denied", "not_found")' true
image gone:1 i.last_success null
image other:1 'i.result == "updated" and len(i.last_listed) > 0' true
metric 'cdr_sync_last_exit_code 1'
metric 'cdr_image_sync_success{image="docker.io/library/app:1"} 0'
metric 'cdr_image_last_success_timestamp_seconds{image="docker.io/library/gone:1"} 0'
metric "cdr_sync_last_success_timestamp_seconds $(date -u -d "$success" +%s)"
metric 'cdr_sync_image_failures_total{reason="network"} 1'
metric 'cdr_sync_runs_total{result="failed"} 1'
metric 'cdr_store_images 2'
before=$(pick v.counters.requests "$ROOT/status/status.json")

sync "it is well again" app:1
said 'words(v.counters.runs.ok, v.counters.runs.failed, v.counters.updates)' "2 1 3"
said "v.counters.requests == $before + v.totals.requests" true
image app:1 'words(i.result, i.error)' "updated null"
tree_check "$ROOT"

# Stopped: it is written, and what was not reached keeps what is known of it.
fault '{"listener": "registry", "method": "HEAD", "stall": -1}'
hub_mark
"$CDR" sync -q -r "$ROOT" app:1 other:1 >"$T/stdout" 2>"$T/stderr" &
pid=$!
asked()
{
	[ "$(hub_count auth GET /token)" -gt 0 ]
}
wait_for 5 asked
sleep 0.3
kill -TERM $pid
_rc=0
wait $pid || _rc=$?
expect_eq "stopped" 4 $_rc
no_faults
said 'words(v.result, v.exit_code, v.totals.not_reached)' "interrupted 4 2"
image app:1 'i.result == "not_reached" and i.last_success is not None and i.digest is not None' true
metric 'cdr_sync_runs_total{result="interrupted"} 1'

# The tree cannot be used any more, but this can still be said.
mv "$ROOT/index.json" "$T/index.json"
mkdir "$ROOT/index.json"
craft image library/late:1 --layers 1 --seed 9 >/dev/null
sync_rc "no index" 3 late:1
said 'words(v.result, v.exit_code, v.totals.updated, "index.json" in v.error)' \
	"store 3 1 true"
metric 'cdr_sync_runs_total{result="store"} 1'
rmdir "$ROOT/index.json"
sync "there is room for an index" -q late:1

# Another writer: the files are not ours.
cp -a "$ROOT/status" "$T/status"
flock "$ROOT/_state/lock" "$CDR" sync -r "$ROOT" app:1 2>/dev/null &&
	fail "there are two writers"
check "nothing is written without the lock" diff -r "$T/status" "$ROOT/status"

# A damaged file, and a folder that takes nothing: a warning, and no more.
chmod 644 "$ROOT/status/status.json"
head -c 700 "$T/status/status.json" >"$ROOT/status/status.json"
sync "after a damaged status" app:1
expect_said "it says so" '^warning: status/status.json is damaged'
said 'len(v.images)' 1
rm -f "$ROOT/status/status.json"
mkdir "$ROOT/status/status.json"
sync "without a status" app:1
expect_said "it says so" '^warning: cannot write the status: status/status.json'
rmdir "$ROOT/status/status.json"
expect_eq "nothing is left behind" 0 "$(find "$ROOT/_state/tmp" -type f | wc -l)"

# Ten thousand images from earlier runs.
sync "a last time" app:1
pick 'json.dumps({key: v[key] for key in v if key != "images"})[:-1] + ", \"images\": ["' \
	"$ROOT/status/status.json" >"$T/many"
awk 'BEGIN { for (i = 1; i <= 10000; i++)
	printf "{\"image\":\"reg.example/team/service-%05d:1.2.3\",\"result\":\"failed\",\"reason\":\"network\",\"error\":\"%s\",\"last_success\":\"2026-01-02T03:04:05Z\",\"size\":12345,\"digest\":\"sha256:%064d\"}%s\n",
		i, "blob: the connection broke and broke again, 5 times, and then the tries ran out", i, i < 10000 ? "," : "" }' >>"$T/many"
echo ']}' >>"$T/many"
check "the list is JSON" pick -q 'len(v.images) == 10000' "$T/many"
cp "$T/many" "$ROOT/status/new"
mv -f "$ROOT/status/new" "$ROOT/status/status.json"
rss=$(python3 - "$CDR" sync -q -r "$ROOT" app:1 <<'END'
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
END
)
# So many are not all in status.json itself.
[ "$(wc -c <"$ROOT/status/status.json")" -lt 262144 ] || fail "status.json is large"
python3 "$TOP/tests/whole.py" "$ROOT/status" status >"$T/whole.json"
of_all()
{
	expect_eq "$1" "$2" "$(pick "$1" "$T/whole.json")"
}
of_all 'len(v.images)' 10001
of_all '[i.image for i in v.images] == sorted(i.image for i in v.images)' true
of_all 'words(v.images[5000].result, v.images[5000].last_success)' "failed 2026-01-02T03:04:05Z"
# Not under a sanitizer, whose memory is its own.
if ! grep -q __asan_init "$CDR"; then
	[ "$rss" -lt 24576 ] || fail "it took $rss KiB"
	ok "it took $rss KiB"
fi
tree_check "$ROOT"

#!/bin/sh
# Commands other than sync that change the tree have status/ say so: an image that gc or
# rm removes is in no list any more, one that failed and never was here stays, and what
# the last run of sync said is said still. Of very many images little is written. Counters
# go on from run to run; a dry run and a refused run count nothing as removed.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
# shellcheck source=tests/plenty.sh
. "$TOP/tests/plenty.sh"

need cdr python3 curl
upstream
settings '{"max_tries": 1}'
status=$T/root/status
craft image library/app:1 --layers 1 >/dev/null
craft image library/app:2 --layers 1 --seed 2 >/dev/null
craft image library/old:1 --layers 1 --seed 3 >/dev/null
craft image org/gone:1 --layers 1 --seed 4 >/dev/null

# said FILE EXPRESSION WANT
said()
{
	expect_eq "$1: $2" "$3" "$(pick "$2" "$status/$1")"
}
metric()
{
	grep -qxF -e "$1" "$status/metrics" || {
		grep "^${1%%[ {]*}" "$status/metrics" || :
		fail "metrics do not say: $1"
	}
	ok "$1"
}
names='[i.image.split("/", 1)[1] for i in v.images]'
agrees()
{
	expect_eq "$1: as cdr ls" \
		"$("$CDR" ls -r "$ROOT" --json | pick '[i.image, i.digest, i.bytes] for i in v')" \
		"$(pick '[i.image, i.digest, i.size] for i in v.images' "$status/images.json")"
	expect_eq "$1: who has what" "$(pick 'i.image for i in v.images' "$status/images.json")" \
		"$(pick 'i.image for i in v.images' "$status/blobs.json")"
}

sync_rc "four images, and one that fails" 1 app:1 app:2 old:1 org/gone:1 never:1
run='words(v.started, v.finished, v.result, v.exit_code, v.totals.failed, v.counters.runs.failed)'
before=$(pick "$run" "$status/status.json")
points=$(pick 'len(v.points)' "$status/history.json")
sleep 1

check "rm" "$CDR" rm -r "$ROOT" org/gone:1
agrees "after rm"
said status.json "$names" '["library/app:1","library/app:2","library/never:1","library/old:1"]'
said images.json "$names" '["library/app:1","library/app:2","library/old:1"]'
said status.json "$run" "$before"
said summary.json "$run" "$before"
said summary.json '[i.image for i in v.failures]' '["docker.io/library/never:1"]'
said status.json 'v.store.images' 3
said images.json 'words(v.references, v.repositories)' "3 2"
said history.json 'len(v.points)' $((points + 1))
metric 'cdr_gc_removed_images_total 1'
metric 'cdr_gc_last_end_timestamp_seconds 0'
metric 'cdr_store_images 3'
metric 'cdr_sync_last_exit_code 1'
! grep -q org/gone "$status/metrics" || fail "the metrics have it still"
tree_check "$ROOT"

printf 'app:1\napp:2\nnever:1\n' >"$T/list"
cp -r "$status" "$T/status"
check "a dry run" "$CDR" gc -n -r "$ROOT" -i "$T/list" --keep-unlisted 0 --max-delete 100%
check "writes nothing" diff -r "$T/status" "$status"
expect_rc "too many would go" 2 "$CDR" gc -r "$ROOT" -i "$T/list" --keep-unlisted 0
said gc.json 'words(v.result, v.exit_code, v.removed.images)' "too_many 2 0"
metric 'cdr_gc_last_exit_code 2'
metric 'cdr_gc_runs_total{result="too_many"} 1'
metric 'cdr_gc_removed_images_total 1'
check "more may go" "$CDR" gc -r "$ROOT" -i "$T/list" --keep-unlisted 0 --max-delete 50%
agrees "after gc"
said status.json "$names" '["library/app:1","library/app:2","library/never:1"]'
said status.json "$run" "$before"
said gc.json 'words(v.result, v.exit_code, v.removed.images, v.images)' "ok 0 1 2"
said gc.json 'v.condemned > 0 and v.reclaimable_bytes >= v.condemned_bytes > 0' true
metric 'cdr_gc_removed_images_total 2'
metric 'cdr_gc_runs_total{result="ok"} 1'
metric 'cdr_gc_last_exit_code 0'
expect_eq "the metrics say what gc.json says" "$(pick v.condemned_bytes "$status/gc.json")" \
	"$(sed -n 's/^cdr_gc_condemned_bytes //p' "$status/metrics")"
freed=$(pick v.counters.bytes "$status/gc.json")
check "without a grace" "$CDR" gc -r "$ROOT" --grace 0
said gc.json 'words(v.condemned, v.removed.blobs > 0, v.counters.images)' "0 true 2"
[ "$(pick v.counters.bytes "$status/gc.json")" -gt "$freed" ] || fail "no bytes are counted"
sync "the next sync goes on from there" app:1
said status.json 'words(v.counters.runs.failed, v.counters.runs.ok)' "1 1"
metric 'cdr_gc_removed_images_total 2'
tree_check "$ROOT"

# --- very many --------------------------------------------------------------------------

mv "$ROOT" "$T/small"
plenty_new 800 40 50 330
plenty_sync "very many" -i "$T/list"
plenty_sync "again" -i "$T/list"
first=$(head -n 1 "$T/list")
plenty_before
check "rm of one of them" "$CDR" rm -q -r "$ROOT" "$first"
plenty_agrees "after that"
plenty_written >"$T/written"
! grep -q earlier "$T/written" || fail "an earlier list is written again"
[ "$(grep '^status/' "$T/written" | grep -v metrics | awk '{ n += $3 } END { print n }')" \
	-lt 10000 ] || fail "and few bytes: $(cat "$T/written")"
ok "and few bytes"
expect_eq "one is gone" 799 "$(pick v.store.images "$ROOT/status/status.json")"

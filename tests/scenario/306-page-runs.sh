#!/bin/sh
# runs.json has the last runs, the oldest first, with what the summary said of each:
# also one that failed, one that its bytes ended, one that could not use the tree, and
# one with --only, which is marked. A run that is killed leaves it as it was. nginx
# serves it, and says when it is the same.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr nginx python3 curl
upstream
runs=$T/root/status/runs.json
craft image library/app:1 --layers 1 --size 100000 --seed 1 >/dev/null
craft image library/large:1 --layers 2 --size 300000 --seed 2 >/dev/null

# last "what" WANT: result, exit code, only, and how many images failed.
last()
{
	expect_eq "$1" "$2" "$(pick 'words(r.result, r.exit_code, r.only, r.failed) for r in
		v.runs[-1:]' "$runs")"
}

sync "all well" app:1
last "all well" "ok 0 null 0"
check "it is what the summary says" pick -q '[s] == [1 for r in v.runs if r.bytes > 100000 and
	r.pulls == 1 and r.images == r.updated == 1 and r.started <= r.finished]' "$runs" s:=1
sync_rc "one fails" 1 app:1 gone:1
last "one fails" "failed 1 null 1"
sync_rc "its bytes are spent" 4 --max-bytes 10K large:1
last "its bytes are spent" "interrupted 4 null 0"
sync "a hint" --only app:1 app:1 large:1
last "a hint" "ok 0 1 0"

# The tree cannot be used any more, but this can still be said.
rm "$ROOT/index.json"
mkdir "$ROOT/index.json"
craft image library/late:1 --layers 1 --seed 9 >/dev/null
sync_rc "the tree cannot be used" 3 late:1
last "the tree cannot be used" "store 3 null 0"
check "it says why" pick -q '"index.json" in v.runs[-1].error' "$runs"
rmdir "$ROOT/index.json"

expect_eq "the oldest first" "ok failed interrupted ok store" \
	"$(pick 'words(*[r.result for r in v.runs])' "$runs")"
sums=$(sha256sum <"$runs")
"$CDR" sync -q -r "$ROOT" --limit-rate 50K large:1 2>"$T/killed" &
killed=$!
wait_for 60 sh -c "ls '$ROOT/_state/partial' | grep -q ."
kill -9 "$killed"
wait "$killed" 2>/dev/null || :
expect_eq "a killed run leaves it as it was" "$sums" "$(sha256sum <"$runs")"
sync "the next one" -q large:1
last "the next one" "ok 0 null 0"
expect_eq "is one more" 6 "$(pick 'len(v.runs)' "$runs")"

start_nginx "$ROOT" --log "$T/access.log"
check "nginx has it" curl -sSf -D "$T/head" -o "$T/got" "http://$MIRROR/runs.json"
check "as it is" cmp "$runs" "$T/got"
etag=$(sed -n 's/\r//; s/^[Ee][Tt]ag: //p' "$T/head")
expect_eq "who has it is told so" 304 "$(curl -sS -o "$T/none" -w '%{http_code}' \
	-H "If-None-Match: $etag" "http://$MIRROR/runs.json")"
sync "one more" -q app:1
expect_eq "until there is another run" 200 "$(curl -sS -o "$T/none" -w '%{http_code}' \
	-H "If-None-Match: $etag" "http://$MIRROR/runs.json")"

# --- what was served ----------------------------------------------------------------

# pulled BYTES REQUESTS: by traffic.json, after a run.
pulled()
{
	sync "a run that reads the log" -q --access-log "$T/access.log" app:1
	# Tests run at midnight, too.
	expect_eq "what was served" "$1 $2" "$(pick 'words(sum(d.bytes for d in v.days),
		sum(d.requests for d in v.days))' "$T/root/status/traffic.json")"
}
blob=$(pick 'v.layers[0].digest' "$ROOT/repos/docker.io/library/app/_manifests/1")
size=$(stat -c %s "$ROOT/blobs/sha256/${blob#*:}")
lines()
{
	cat "$T"/access.log* | wc -l
}
# nginx writes its line when the answer is sent, and curl may be faster.
logged()
{
	[ "$(lines)" -gt "$before" ]
}
got=0
get()
{
	before=$(lines)
	# A log is known by its first line: no two are the same, also within a second.
	got=$((got + 1))
	curl -sSf -A "reader/$got" -o "$T/none" "$@" || fail "curl $*"
	wait_for 60 logged || fail "no line of $*"
}
get "http://$MIRROR/v2/library/app/blobs/$blob"
get -I "http://$MIRROR/v2/library/app/blobs/$blob"
get -r 0-999 "http://$MIRROR/v2/library/app/blobs/$blob"
pulled $((size + 1000)) 2
pulled $((size + 1000)) 2
get "http://$MIRROR/v2/library/app/blobs/$blob"
cp "$T/access.log" "$T/access.log.1"
: >"$T/access.log"
get "http://$MIRROR/v2/library/app/blobs/$blob"
pulled $((3 * size + 1000)) 4
# Rotated twice between two runs.
for n in 1 2; do
	get "http://$MIRROR/v2/library/app/blobs/$blob"
	[ $n = 1 ] || mv "$T/access.log.2" "$T/access.log.3"
	mv "$T/access.log.1" "$T/access.log.2"
	cp "$T/access.log" "$T/access.log.1"
	: >"$T/access.log"
done
get "http://$MIRROR/v2/library/app/blobs/$blob"
pulled $((6 * size + 1000)) 7
# The one that was read last is compressed at once.
get "http://$MIRROR/v2/library/app/blobs/$blob"
: >"$T/access.log"
get "http://$MIRROR/v2/library/app/blobs/$blob"
sync "a log that is gone" --access-log "$T/access.log" app:1
expect_said "it says what it cannot know" \
	"^warning: --access-log: .*after 20.*Z before 20.*Z may not all be counted: .*gone, or compressed"
expect_eq "also to the page" 1 "$(pick 'int(v.lost.after <= v.lost.before)' "$T/root/status/traffic.json")"
pulled $((7 * size + 1000)) 8
check "nginx has that" curl -sSf -o "$T/got" "http://$MIRROR/traffic.json"
check "as it is" cmp "$ROOT/status/traffic.json" "$T/got"
mv "$T/access.log" "$T/away"
sync "without the log" --access-log "$T/access.log" app:1
expect_said "it says so" "^warning: --access-log: cannot tell what was served: .*no such file"

#!/bin/sh
# A tag is set back within a second while a run is at work, and while that run has the
# very image on its way that the tag would move to: the tag stays where it was set. The
# lists follow at the end of that run, though it has published nothing of that
# repository. Two that set one tag, and a run that publishes it, all at once: the tag
# is always one of its digests, and in the end it is where it is held. nginx serves it
# all the time.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl nginx?
upstream
repo=$ROOT/repos/docker.io/library/app
one=$(craft image library/app:1 --layers 1 --seed 1)
craft image library/slow:1 --layers 1 --seed 9 >/dev/null
sync "the first" app:1
two=$(craft image library/app:1 --layers 1 --seed 2)
sync "the second" app:1
three=$(craft image library/app:1 --layers 1 --seed 3)

# asked REGEX: has the run asked for such a path?
asked()
{
	[ "$(hub_count registry GET "$1")" -gt 0 ]
}

# begin REGEX REF...: a run in the background, whose first blob takes so long; it has
# asked for it.
begin()
{
	fault '{"listener": "cdn", "delay_ms": 2000, "times": 1}'
	hub_mark
	_regex=$1
	shift
	"$CDR" sync -r "$ROOT" "$@" >"$T/run.log" 2>&1 &
	pid=$!
	wait_for 10 asked "$_regex" || fail "the run does not begin"
}

# timed "what" ARG...: cdr rollback, in less than a second.
timed()
{
	_title=$1
	shift
	_from=$(date +%s%3N)
	check "$_title" "$CDR" rollback -r "$ROOT" "$@"
	_took=$(($(date +%s%3N) - _from))
	[ "$_took" -lt 1000 ] || fail "$_title: it takes $_took ms"
	kill -0 $pid 2>/dev/null || fail "$_title: the run is over already"
	ok "it takes $_took ms"
}

indexed()
{
	pick 'm.digest for m in v.manifests if m.annotations["io.containerd.image.name"] == name' \
		"$ROOT/index.json" name=docker.io/library/app:1
}

# --- another image is on its way ----------------------------------------------------

begin /slow/blobs/ slow:1
timed "beside a run" app:1
expect_published "the tag has moved" app:1 "$one"
expect_eq "index.json is behind" "$two" "$(indexed)"
[ -f "$ROOT/_state/dirty" ] || fail "nothing says that it is behind"
wait $pid || fail "the run has failed"
expect_eq "the run has seen to it" "$one" "$(indexed)"
expect_eq "and to the page's list" "$one" \
	"$(pick 'o.digest for o in v.images if o.image == name' "$ROOT/status/images.json" \
		name=docker.io/library/app:1)"
tree_check "$ROOT"
check "let go" "$CDR" rollback -r "$ROOT" --release app:1

# --- this image is ------------------------------------------------------------------

begin /app/blobs/ app:1
timed "beside a run that has the next one on its way" app:1 "$two"
wait $pid || fail "the run has failed"
grep -q '^held  *docker.io/library/app:1 ' "$T/run.log" || fail "the run does not say so"
expect_published "the tag is where it was set" app:1 "$two"
tree_check "$ROOT"
check "let go" "$CDR" rollback -r "$ROOT" --release app:1
sync "the next run moves it" app:1
expect_published "there" app:1 "$three"

craft image library/other:1 --layers 1 --seed 8 >/dev/null
begin /other/blobs/ other:1
kill -KILL $pid
wait $pid 2>/dev/null || :
no_faults
[ -f "$ROOT/_state/unclean" ] || fail "nothing tells that the writer died"
check "where a writer has died" "$CDR" rollback -r "$ROOT" app:1 "$one"
expect_published "the tag has moved" app:1 "$one"
expect_eq "index.json tells of it" "$one" "$(indexed)"
sync "the next run" other:1
tree_check "$ROOT"

# --- all at once --------------------------------------------------------------------

# again NAME COMMAND...: over and over, until told; any end but 0 is noted.
again()
{
	_name=$1
	shift
	while [ ! -e "$T/stop" ]; do
		"$@" >"$T/$_name.log" 2>&1 || {
			echo "$_name ended with $?"
			cat "$T/$_name.log"
		} >>"$T/failures"
		echo >>"$T/$_name.times"
		sleep 0.2
	done
}

# With time for a run before it is set back once more.
let_go()
{
	"$CDR" rollback -r "$ROOT" --release app:1 && sleep 0.4
}

hold_at()
{
	"$CDR" rollback -r "$ROOT" app:1 "$1" && sleep 1
}

cat >"$T/look.py" <<'EOF'
# The tag is one of these digests, and all of it is there; by nginx, too, if there is one.
import os, sys, urllib.request
tag, stop, mirror, *digests = sys.argv[1:]
seen = set()
while not os.path.exists(stop):
    digest = "sha256:" + os.readlink(tag).rpartition("/")[2]
    if digest not in digests or not os.path.exists(tag):
        sys.exit(f"the tag leads to {digest}")
    seen.add(digest)
    if mirror:
        asked = urllib.request.Request(f"http://{mirror}/v2/library/app/manifests/1",
            headers={"Accept": "application/vnd.oci.image.manifest.v1+json"})
        with urllib.request.urlopen(asked, timeout=10) as answer:
            if answer.headers["Docker-Content-Digest"] not in digests:
                sys.exit("nginx has another digest")
print(len(seen))
EOF
MIRROR=
if part "nginx serves it all the time" nginx; then
	start_nginx "$ROOT"
fi
python3 -S "$T/look.py" "$repo/_manifests/1" "$T/stop" "$MIRROR" "$one" "$two" "$three" \
	>"$T/look.log" 2>&1 &
look=$!
again run "$CDR" sync -q -r "$ROOT" --wait 30 app:1 &
a=$!
again one hold_at "$one" &
b=$!
again two hold_at "$two" &
c=$!
again free let_go &
d=$!
sleep 5
touch "$T/stop"
wait $a $b $c $d
_rc=0
wait $look || _rc=$?
expect_eq "the tag was always one of them" "0 3" "$_rc $(cat "$T/look.log")"
[ ! -s "$T/failures" ] || {
	head -n 20 "$T/failures"
	fail "none of them fails"
}
for name in run one two free; do
	_times=$(wc -l <"$T/$name.times")
	[ "$_times" -gt 2 ] || fail "$name was not at work"
	ok "$name: $_times times"
done
check "in the end" "$CDR" rollback -r "$ROOT" app:1 "$two"
sync "a run" app:1
expect_published "it is where it is held" app:1 "$two"
tree_check "$ROOT"

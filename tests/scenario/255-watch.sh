#!/bin/sh
# cdr watch mirrors a list at once, then by the clock, and when a list file says
# something else: changed in place, by rename, by a ConfigMap's link. A list that is
# wrong, empty or gone is told, and costs nothing of what is served; the same text
# written again starts no run. status/watch.json says when it looks next.
# Waits: for lists that settle
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
. "$TOP/tests/watch.sh"

need cdr python3 curl
no_error()
{
	idle && ! shows list_error
}

upstream
for n in 1 2 3 4 5; do
	craft image "library/app:$n" --layers 1 --seed "$n" >/dev/null
done

# --- the clock ---------------------------------------------------------------------

echo 'app:' >"$T/list"
watch -i "$T/list"
watch_ends "a list that is wrong from the beginning" 2
told "and says so" "list:1: "
[ ! -e "$ROOT" ] || fail "something was touched"

echo app:1 >"$T/list"
watch -i "$T/list" --every 1 --jitter=0
soon "by the clock, again and again" _ran 3
kill -TERM "$WATCH_PID"
_within process_over "$WATCH_PID" || fail "told to stop, it does not end"
expect_eq "told to stop, it says that it has" True "$(pick 'str(v.ended is not None)' "$ROOT/status/watch.json")"
expect_eq "nothing is planned" null "$(watched v.next)"

# --- the list ----------------------------------------------------------------------

watch -i "$T/list" --every 1h --jitter 0
ran "at once" 1
expect_eq "it tells how often" 3600 "$(watched v.every)"
expect_eq "and when next" True "$(watched 'str(v.next > v.started)')"
expect_eq "how the last one ended" "0 None" "$(watched '"%d %s" % (v.last.exit_code, v.last.only)')"
echo app:2 >>"$T/list"
ran "the list was changed in place" 2
expect_eq "what is new is there" 1 "$(published app:2 | grep -c '^sha256')"
printf 'app:1\napp:2\napp:3\n' >"$T/list.new"
mv "$T/list.new" "$T/list"
ran "by rename" 3
cp "$T/list" "$T/same"
cat "$T/same" >"$T/list"
mv "$T/same" "$T/list"
printf 'app:1\napp:2\napp:3\napp:\n' >"$T/list.new"
mv "$T/list.new" "$T/list"
told "a list that is wrong is told" "list:4: "
soon "and in the status" shows '"list_error":"[^"]*list:4: '
expect_eq "the same text has begun no run, and this one did nothing" 3 "$(runs)"
expect_eq "what is served stays" 3 "$(cd "$ROOT/repos/docker.io/library/app/_manifests" &&
	echo [0-9] | wc -w)"
rm "$T/list"
told "a list that is gone is told" "list: no such file"
: >"$T/list"
told "and one that is empty" 'no image in this list'
ran "nothing is done for it" 4
expect_eq "nothing is unlisted by that" 0 "$(pick v.count "$ROOT/status/unlisted.json")"
printf 'app:1\napp:4\n' >"$T/list"
ran "it is right again" 5
soon "the status says so" no_error
expect_eq "what is new is there" 1 "$(published app:4 | grep -c '^sha256')"
kill -TERM "$WATCH_PID"
watch_ends "idle, it ends with 0" 0

# --- a ConfigMap -------------------------------------------------------------------

mkdir -p "$T/map/..1"
echo app:1 >"$T/map/..1/images.list"
ln -s ..1 "$T/map/..data"
ln -s ..data/images.list "$T/map/images.list"
watch -i "$T/map/images.list" --every 0
ran "by way of a link" 1
expect_eq "no time is set" "0 null" "$(watched 'words(v.every, v.next)')"
mkdir "$T/map/..2"
printf 'app:1\napp:5\n' >"$T/map/..2/images.list"
ln -s ..2 "$T/map/..data_tmp"
mv -T "$T/map/..data_tmp" "$T/map/..data"
rm -r "$T/map/..1"
ran "a ConfigMap has changed" 2
expect_eq "what is new is there" 1 "$(published app:5 | grep -c '^sha256')"
kill -TERM "$WATCH_PID"
watch_ends "idle, it ends with 0" 0
tree_check "$ROOT"

# --- the command line --------------------------------------------------------------

for words in '--every' '--every=soon' '--jitter 1x' '-i -' '--plan app' '--only app app' '--json app' ''; do
	# shellcheck disable=SC2086
	expect_rc "watch $words" 2 "$CDR" watch -r "$ROOT" $words
done

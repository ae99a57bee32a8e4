#!/bin/sh
# What readers see changes by renames alone: nothing below ROOT but _state is ever
# created under its name, written, or given its mode there; folders are made with
# theirs. Watched by the kernel (inotify) during a first sync, while a tag moves, and
# when nothing has changed, where nothing happens but the status of the run: what
# it did, and that the tree was the same then.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl inotifywait
upstream
craft index library/app:1 --platforms linux/amd64,linux/arm64 --layers 2 >/dev/null
craft many library/many:1 --count 5 --layers 2 >/dev/null
images='app:1 many-0001:1 many-0002:1 many-0003:1 many-0004:1 many-0005:1'

seen()
{
	grep -q "$1" "$T/events"
}

# New folders are watched as they come, and what happens in one before its watch is
# there is missed: so not all folders of a first run should be new.
watch()
{
	: >"$T/events"
	: >"$T/inotify.log"
	start_watcher
	# With -q it does not say when it is ready: make it see something.
	wait_for 20 touched || fail "inotifywait sees nothing"
	: >"$T/events"
}

start_watcher()
{
	inotifywait -q -m -r --exclude "^$ROOT/_state" --format '%e %w%f' \
		-o "$T/events" "$ROOT" 2>"$T/inotify.log" &
	WATCHER=$!
	defer "process_end $WATCHER"
	sleep 0.3
}

touched()
{
	# It gives up when something vanishes while it looks through the tree.
	! process_over "$WATCHER" || start_watcher
	: >"$ROOT/.ready"
	rm -f "$ROOT/.ready"
	sleep 0.1
	seen 'DELETE .*/\.ready'
}

# unwatch: ends when all has been seen that was there to see.
unwatch()
{
	mkdir "$ROOT/.over"
	wait_for 10 seen '\.over' || fail "inotifywait sees no end"
	rmdir "$ROOT/.over"
	process_end $WATCHER
	grep -v -e '/\.over' -e '/\.ready' "$T/events" >"$T/changes" || :
}

# Reading is allowed, and so is a new folder; a rename from _state is a MOVED_TO.
only_renames()
{
	grep -vE '^(OPEN|ACCESS|CLOSE_NOWRITE,CLOSE|MOVED_TO)(,ISDIR)? |^CREATE,ISDIR ' \
		"$T/changes" >"$T/bad" || :
	expect_eq "$1: renames only" "" "$(cat "$T/bad")"
	echo "$(grep -c ^MOVED_TO "$T/changes" || :) renames"
}

# The folders are there, all but those of five repositories.
sync "a tree with folders" -q app:1 platform=all
rm -rf "$ROOT"/repos/docker.io/library/app
find "$ROOT/blobs" "$ROOT/manifests" ! -type d -exec rm -f {} +

watch
# shellcheck disable=SC2086
sync "a first sync" $images platform=all
unwatch
only_renames "a first sync"
for name in blobs/sha256 manifests/application repos/docker.io/library/many- \
    index.json catalog.json; do
	grep -q "^MOVED_TO .*/$name" "$T/changes" ||
		fail "no rename below $name was seen"
done
ok "in all places"

craft index library/app:1 --platforms linux/amd64,linux/arm64 --seed 2 >/dev/null
watch
# shellcheck disable=SC2086
sync "a tag moves" $images platform=all
unwatch
only_renames "a tag moves"
expect_eq "the tag by one" 1 "$(grep -c '^MOVED_TO .*/app/_manifests/1$' "$T/changes")"

watch
# shellcheck disable=SC2086
sync "nothing has moved" $images platform=all
unwatch
expect_eq "nothing has moved: nothing changes, but the status, by renames" \
	"$(for name in history.json metrics runs.json status.json summary.json; do
		printf 'MOVED_TO %s ' "$ROOT/status/$name"
	done)" \
	"$(grep -vE '^(OPEN|ACCESS|CLOSE_NOWRITE,CLOSE)(,ISDIR)? ' "$T/changes" |
	sort | tr '\n' ' ')"

# The watcher would have told.
watch
echo x >"$ROOT/blobs/sha256/plain"
unwatch
for event in CREATE MODIFY CLOSE_WRITE; do
	grep -q "^$event.*/blobs/sha256/plain" "$T/changes" ||
		fail "the watcher does not see a plain write: $event"
done
ok "a plain write is seen"

#!/bin/sh
# A file that is dropped into the folder of --hooks has cdr watch look at the images
# that it names, and at no other: when they have settled, all in one run, and also
# those that come while a run is at work; where nobody had pushed for a while, once
# before that. Names on no line cost nothing. A list that
# is wrong keeps what was right for hints. An unfinished file is left alone; links,
# pipes, folders and what is too large are no way in; more files than are remembered
# at once are taken all the same. Who wants signatures has no look before it has settled.
# Waits: for images that settle
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
. "$TOP/tests/watch.sh"

need cdr python3 curl openssl
upstream
for n in 1 2 3; do
	craft image "library/app:$n" --layers 1 --seed "$n" >/dev/null
	craft image "library/lot:1.$n" --layers 1 --seed "l$n" >/dev/null
done
printf '%s\n' app:1 app:2 app:3 'lot tags=glob:1.*' >"$T/list"
SPOOL=$T/spool
mkdir "$SPOOL"

# drop NAME: standard input, by rename as it should be
drop()
{
	cat >"$SPOOL/.$1"
	mv "$SPOOL/.$1" "$SPOOL/$1"
}

empty()
{
	[ -z "$(ls "$SPOOL")" ]
}

watch -i "$T/list" --every 0 --hooks "$SPOOL" --settle 1 --settle-most 3
ran "a whole run" 1

# --- one and several ---------------------------------------------------------------

new=$(craft image library/app:1 --layers 1 --seed 4)
hub_mark
echo app:1 | drop one
ran "a push" 2
expect_published "is there" app:1 "$new"
told "it says what it looks at" 'looking at what was pushed: docker.io/library/app:1$'
expect_eq "only that was asked for" 1 "$(hub_count registry HEAD /manifests/ 200)"
empty || fail "the file is still there"
hub_mark
printf 'app:2\napp:3\nlot:1.2\napp:2\nghcr.io/some/body:1\n' | drop several
ran "several" 3
expect_eq "are one run" 3 "$(hub_count registry HEAD /manifests/ 200)"
expect_eq "of three images" 3 "$(watched v.last.only)"
echo '{"image": "docker.io/library/app:3"}' | drop ci.json
ran "a body" 4
expect_eq "says the same" 'app:3' "$(tail -n 2 "$T/watch.log" | sed -n 's,.*pushed: docker.io/library/,,p')"
soon "what came is counted" shows '"taken":3,'
expect_eq "and what it said" "7 6 0" \
	"$(watched 'words(v.hooks.events, v.hooks.matched, v.hooks.not_understood)')"
printf '{"this": is\n{ no list\n' | drop odd
told "what is not understood is told" 'spool/odd: neither .*; removed'
soon "and removed" empty

# --- in the middle of a run --------------------------------------------------------

fault '{"listener": "registry", "method": "HEAD", "path": "/app/manifests/2", "delay_ms": 4000, "times": 1}'
hub_mark
echo app:2 | drop slow
asked()
{
	[ "$(hub_count registry HEAD /app/manifests/2)" -gt 0 ]
}
soon "a run that takes a while" asked
newer=$(craft image library/app:1 --layers 1 --seed 5)
echo app:1 | drop meanwhile
soon "a push is taken meanwhile" empty
ran "and looked at after that" 6
expect_published "it is there" app:1 "$newer"

# --- a list that is wrong ----------------------------------------------------------

echo app: >>"$T/list"
told "a list that is wrong" 'list:5: '
newest=$(craft image library/app:1 --layers 1 --seed 6)
echo app:1 | drop wrong
refused_twice()
{
	[ "$(grep -c 'the list has errors, so nothing' "$T/watch.log")" -eq 2 ]
}
soon "is so for a push as well" refused_twice
sed -i '$d' "$T/list"
ran "it is right again" 7
expect_published "and all is there" app:1 "$newest"

# --- whoever may write there -------------------------------------------------------

echo app:1 >"$T/outside"
ln -s "$T/outside" "$SPOOL/link"
ln "$T/outside" "$SPOOL/.hidden"
mkfifo "$SPOOL/pipe"
mkdir "$SPOOL/folder"
echo app:1 >"$SPOOL/still.tmp"
echo app:1 >"$SPOOL/still.part"
head -c 2000000 /dev/zero >"$SPOOL/large"
told "what is too large is told" 'spool/large: more than 1048576 bytes'
told "and what is no file" 'spool: what is no regular file there is left alone'
printf 'app:1\n' >"$SPOOL/$(printf 'odd\nname\033')"
soon "an odd name is taken" test ! -e "$SPOOL/$(printf 'odd\nname\033')"
ran "and is a file as others are" 8
expect_eq "what was left alone is there" "folder link pipe still.part still.tmp" \
	"$(cd "$SPOOL" && echo *)"
expect_eq "nobody outside lost anything" app:1 "$(cat "$T/outside")"
# All are there when it looks, however long it takes to write them.
kill -STOP "$WATCH_PID"
python3 -S - "$SPOOL" <<'END'
import sys
for n in range(1500):
    with open(f"{sys.argv[1]}/f{n}", "w", encoding="ascii") as out:
        out.write(f"lot:1.{n}\n" if n % 2 else "ghcr.io/no/body:1\n")
END
kill -CONT "$WATCH_PID"
all_taken()
{
	[ -z "$(find "$SPOOL" -name 'f*' -type f)" ]
}
soon "fifteen hundred files" all_taken
quiet()
{
	idle && shows '"waiting":0,.*"taken":15[0-9][0-9],'
}
soon "are taken, and all is quiet" quiet
expect_eq "they were looks at all that the pattern finds" lot \
	"$(sed -n '/odd/,$!d; s,.*what was pushed: docker.io/library/,,p' "$T/watch.log" | sort -u |
	grep -v '^app')"
expect_eq "what is no file was told once" 1 "$(grep -c 'no regular file' "$T/watch.log")"
count=$(runs)
mv "$SPOOL" "$T/away"
told "a folder that is gone is told" 'spool: No such file'
mkdir "$SPOOL"
echo app:1 | drop again
ran "and taken up again" $((count + 1))

kill -TERM "$WATCH_PID"
watch_ends "told to stop" 0

# --- before it has settled ---------------------------------------------------------

# Whatever has not been taken.
rm -f "$SPOOL"/*
watch -i "$T/list" --every 0 --hooks "$SPOOL" --settle 8 --settle-first 1
ran "a whole run once more" 1
for tag in 1 2; do
	craft image "library/app:$tag" --layers 1 --seed "s$tag" >"$T/pushed.$tag"
done
hub_mark
pushed=$(date +%s%N)
printf '%s\n' app:1 app:2 | drop first
ran "a push to what was quiet" 2
expect_published "is there before it has settled" app:1 "$(cat "$T/pushed.1")"
expect_published "and what came with it" app:2 "$(cat "$T/pushed.2")"
expect_eq "by a look for each" 2 "$(hub_count registry HEAD /manifests/ 200)"
expect_eq "it still settles" 2 "$(watched v.waiting)"
ran "and is looked at again" 3
later=$((($(date +%s%N) - pushed) / 1000000))
[ $later -ge 8000 ] || fail "it has settled after $later ms"
expect_eq "which costs a HEAD each" 4 "$(hub_count registry HEAD /manifests/ 200)"
expect_eq "and no pull" 2 "$(hub_count registry GET /manifests/ 200)"
expect_eq "nothing waits" 0 "$(watched v.waiting)"
kill -TERM "$WATCH_PID"
watch_ends "told to stop again" 0
tree_check "$ROOT"

# A signature comes after its image: whoever wants one, it is not looked for at once.
openssl ecparam -name prime256v1 -genkey -noout -out "$T/key" 2>/dev/null
openssl ec -in "$T/key" -pubout -out "$T/key.pem" 2>/dev/null
# settles WHAT OPTION...: a push is looked at when it has settled, and not before.
settles()
{
	_title=$1
	shift
	rm -f "$SPOOL"/*
	watch -i "$T/list" --every 0 --hooks "$SPOOL" --settle 3 --settle-first 1 "$@"
	ran "$_title: a whole run" 1
	pushed=$(date +%s%N)
	echo app:1 | drop signed
	ran "$_title: a push" 2
	later=$((($(date +%s%N) - pushed) / 1000000))
	[ $later -ge 3000 ] || fail "$_title: looked at after $later ms"
	kill -TERM "$WATCH_PID"
	watch_ends "$_title: told to stop" 0
}
settles "the command line" --require-signed "$T/key.pem"
settings "{\"require_signed\": \"$T/key.pem\"}"
settles "the registry"

# --- the command line --------------------------------------------------------------

for words in "--hooks $T/list" "--hooks $T/nothing" "--listen-hooks $T/s" "--hook-config $T/list" \
	"--settle 2m" "--settle -1" "--settle-first x" '--hooks='; do
	# shellcheck disable=SC2086
	expect_rc "watch $words" 2 "$CDR" watch -r "$ROOT" -i "$T/list" $words
done

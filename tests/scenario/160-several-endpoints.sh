#!/bin/sh
# Several endpoints of one registry, in order. Each image comes from the first that has
# it; what one lacks by digest comes from another. A tag comes from the first that
# answers for it, and one that is not the first moves no tag that is here: it says so,
# and a new tag is taken, with a word. Lists of tags and of referrers come from the
# first that answers. A dead endpoint is asked once a run, and costs its
# connect_timeout_s once; where all fail, each is named with its reason. An endpoint's
# host has settings and credentials of its own, and never sees those of another.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
mkdir "$T/docker"
export DOCKER_CONFIG="$T/docker"
start_registry
second=$UPSTREAM
export UPSTREAM
two=$(craft image library/app:1 --seed 2)
late=$(craft image library/late:1 --seed 3)
only=$(craft image library/only:1 --seed 4)
upstream
start_hub --user robot:password-of-the-first --private library/secret
one=$(craft image library/app:1 --seed 1)
same=$(craft image library/late:1 --seed 3)
expect_eq "the second has the same" "$late" "$same"
secret=$(craft image library/secret:1 --seed 5)
dead=127.0.0.1:$(free_port)

# ask MORE ENDPOINT...: docker.io is at these, by http; MORE are other entries
ask()
{
	_more=$1 _urls=
	shift
	for _one; do
		_urls="$_urls${_urls:+,}\"http://$_one\""
	done
	printf '{"docker.io": {"endpoints": [%s], "retry_delay_ms": 20}%s}\n' \
		"$_urls" "$_more" >"$T/registries.json"
}

# --- which one --------------------------------------------------------------------

ask '' "$HUB" "$second"
sync "the first has it" app:1
expect_published "it is of the first" app:1 "$one"
sync "the first lacks it" only:1
expect_published "it is of the second" only:1 "$only"
expect_said "and that is told" "only:1 is new, and is taken from $second"
sync "again" -v only:1
expect_said "unchanged" '^unchanged .*only:1'
sync_rc "none has it" 1 none:1
expect_said "both are named" "none:1: $HUB: .*401.*; $second: .*404"

# A manifest by digest, and a blob, that the first says it has not got.
for what in "manifests/$late" blobs/; do
	rm -rf "$ROOT"
	fault "{\"listener\": \"registry\", \"path\": \"late/$what\", \"status\": 404}"
	sync "$what is not at the first" late:1
	expect_published "it is there all the same" late:1 "$late"
	[ "$(hub_fired)" -gt 0 ] || fail "the first was asked"
	tree_check "$ROOT"
done
fault '{"listener": "registry", "path": "late/", "method": "GET", "status": 500}'
rm -rf "$ROOT"
within 5 sync "500 at the first" late:1
expect_published "the second has it" late:1 "$late"
no_faults

# --- tags ---------------------------------------------------------------------------

rm -rf "$ROOT"
sync "the first again" app:1
ask '' "$dead" "$second"
hub_mark
sync "the first is dead" -v app:1
expect_published "the tag stays" app:1 "$one"
expect_said "it says so" "app:1 stays as it is: $second, .*another digest"
expect_said "the dead one is named" "warning: docker.io: $dead: .*going on with $second"
sync "patterns" app 'tags=glob:*'
expect_published "the tag stays" app:1 "$one"
sync "with referrers" app:1 referrers=yes
rm -rf "$ROOT"
sync "nothing is here" app:1
expect_published "it is new" app:1 "$two"
sync "by digest" "app:old@$two"
expect_published "any will do" app:old "$two"
ask '' "$HUB" "$second"
sync "the first is back" app:1
expect_published "it moves the tag" app:1 "$one"
fault '{"listener": "registry", "path": "late/(referrers|tags)", "status": 503}'
sync "the first has no lists" late 'tags=glob:*' referrers=yes
expect_published "the second has" late:1 "$late"
no_faults
tree_check "$ROOT"

# --- a dead one costs its timeout once ------------------------------------------------

# It listens, its line is full, and nobody takes a call.
cat >"$T/full.py" <<'END'
import socket, sys, time
s = socket.socket()
s.bind(("127.0.0.1", 0))
s.listen(0)
full = [socket.socket() for _ in range(4)]
for one in full:
	one.setblocking(False)
	one.connect_ex(s.getsockname())
time.sleep(0.2)
print(s.getsockname()[1], flush=True)
time.sleep(600)
END
python3 "$T/full.py" >"$T/full.port" &
defer "process_end $!"
wait_for 5 test -s "$T/full.port"
silent=127.0.0.1:$(cat "$T/full.port")
rm -rf "$ROOT"
ask ', "*": {"connect_timeout_s": 2}' "$silent" "$HUB"
within 4 sync "a silent one, and three images" app:1 late:1 app@"$one"
expect_published "all are there" app:1 "$one"
expect_eq "it is told once" 1 "$(grep -c 'going on with' "$T/stderr")"
ask ', "*": {"connect_timeout_s": 1, "max_tries": 1}' "$silent" "$dead"
within 5 sync_rc "all are dead" 1 app:1 late:1
expect_said "both are named" "app:1: $silent: .*; $dead: "

# --- whose credentials ------------------------------------------------------------------

auth()
{
	printf '"%s": {"auth": "%s"}' "$1" "$(printf %s "$2" | base64 -w 0)"
}
rm -rf "$ROOT"
ask '' "$second" "$HUB"
printf '{"auths": {%s, %s}}\n' "$(auth https://index.docker.io/v1/ hub:password-of-the-hub)" \
	"$(auth "$second" second:password-of-the-second)" >"$T/docker/config.json"
hub_mark
sync_rc "those of others" 1 -v secret:1
expect_eq "are not sent" 0 "$(hub_since | awk -F '\t' '$7 == "basic"' | wc -l)"
printf '{"auths": {%s, %s}}\n' "$(auth https://index.docker.io/v1/ hub:password-of-the-hub)" \
	"$(auth "$HUB" robot:password-of-the-first)" >"$T/docker/config.json"
sync "its own" secret:1
expect_published "open it" secret:1 "$secret"
tree_check "$ROOT"

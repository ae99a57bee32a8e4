#!/bin/sh
# Debian's docker-registry tells of pushes by its own notifications: what is pushed to
# it, a tag that moves, a new one of a pattern, is mirrored without the clock. Blobs,
# pulls and deletions are no pushes. What it could not tell while watch was away it
# repeats. The mirror serves what was pushed.
# Waits: for images that settle
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
. "$TOP/tests/watch.sh"
. "$TOP/tests/hooks.sh"

need cdr docker-registry nginx python3 curl
hooks_config
hooks_begin
REGISTRY_MORE="notifications:
  endpoints:
    - name: cdr
      url: $HOOKS/ci
      headers: { Authorization: [Bearer $(secret ci)] }
      timeout: 60s
      threshold: 3
      backoff: 1s"
start_registry
ROOT=$T/root

# push NAME:TAG SEED: a small image; prints its digest
push()
{
	python3 "$TOP/tests/hub/craft.py" --registry "$UPSTREAM" image "$1" --layers 2 \
	    --seed "$2"
}

# holds NAME:TAG DIGEST: the tree has it so
holds()
{
	case $(readlink "$ROOT/repos/$UPSTREAM/${1%:*}/_manifests/${1##*:}") in
	*/"${2#sha256:}") ;;
	*) return 1 ;;
	esac
}

one=$(push team/app:1 1)
push team/lot:v0 2 >/dev/null
printf '%s\n' "$UPSTREAM/team/app:1" "$UPSTREAM/team/lot tags=glob:v*" >"$T/list"
hooks_watch --every 0 --settle 1
ran "the first run" 1
check "has what is there" holds team/app:1 "$one"
# What it had to tell before watch was there, it tells now.
soon "both pushes are told" watched -q 'v.hooks.matched == 2'

two=$(push team/app:1 3)
check "a tag that has moved" wait_for 60 holds team/app:1 "$two"
three=$(push team/lot:v1 4)
check "a new tag of a pattern" wait_for 60 holds team/lot:v1 "$three"
four=$(push team/lot:v2 5)
check "another one" wait_for 60 holds team/lot:v2 "$four"
push team/other:1 6 >/dev/null
push team/lot:x1 7 >/dev/null
curl -sS -o /dev/null "http://$UPSTREAM/v2/team/app/manifests/1"
curl -sS -o /dev/null -X DELETE "http://$UPSTREAM/v2/team/lot/manifests/$three"
# Each push has two layers and a configuration, of which the latter may be there.
soon "all that it said is taken" watched -q 'v.hooks.events == 7 and v.hooks.matched == 5 and
	v.hooks.taken >= 7 * 3 + 2 and v.hooks.not_understood == 0 and v.hooks.denied == 0'

# --- while watch is away ------------------------------------------------------------------------

kill -TERM "$WATCH_PID"
watch_ends "told to stop" 0
five=$(push team/app:1 8)
expect_eq "nobody hears of a push" 503 "$(hook ci -H "Authorization: Bearer $(secret ci)" -d '{}')"
hooks_watch --every 0 --settle 1
check "what was pushed meanwhile is mirrored" wait_for 60 holds team/app:1 "$five"
soon "and the registry has told it again" watched -q 'v.hooks.events == 1 and v.hooks.denied == 0'
expect_eq "what was deleted upstream stays here" yes "$(holds team/lot:v1 "$three" && echo yes)"
kill -TERM "$WATCH_PID"
watch_ends "told to stop again" 0

start_nginx "$ROOT"
expect_eq "and served" "$five" "$(curl -sS -o /dev/null -D - \
	"http://$MIRROR/$UPSTREAM/v2/team/app/manifests/1" | tr -d '\r' |
	sed -n 's/^docker-content-digest: //Ip')"
tree_check "$ROOT"
no_secret "no secret anywhere" "$T/watch.log" "$T/hooks.log" "$ROOT"/status/*

#!/bin/sh
# Killed right before each single rename that a sync makes: in a new tree, for a tag
# that moves, for an image without a tag; and before new folders. Whatever the step,
# all that is published is whole, and the next run makes the tree right, lists and
# all, without a second GET of what was there.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
. "$TOP/tests/crash.sh"

need cdr python3 curl strace
tracing
upstream
craft image library/app:2 --layers 1 --size 2000 --seed 3 >/dev/null
craft index library/app:1 --docker --platforms linux/amd64,linux/arm64 --layers 1 \
	--size 2000 >/dev/null
other=$(craft image library/other:1 --layers 1 --size 2000 --seed 4)

# A tag that is an index, and what stands in for it, are there together.
stands_in()
{
	_tag=$(readlink "$ROOT/repos/docker.io/library/app/_manifests/1") || return 0
	[ -f "$ROOT/repos/docker.io/library/app/_default/sha256:${_tag##*/}" ]
}

# kill_each "what" CALL STRIDE ARG...: kills at the N-th of a call, for each N (or
# each STRIDE-th), until a run gets through. The tree that each run starts from is
# $T/start, or none.
kill_each()
{
	_name=$1 _call=$2 _stride=$3 _steps=$((1 - $3)) _kills=0
	shift 3
	while :; do
		_steps=$((_steps + _stride))
		rm -rf "$ROOT"
		[ ! -d "$T/start" ] || cp -a "$T/start" "$ROOT"
		_rc=0
		strace -f -qq -o /dev/null -e "trace=$_call" \
			-e "inject=$_call:signal=KILL:when=$_steps" \
			"$CDR" sync -q -r "$ROOT" "$@" >"$T/stdout" 2>"$T/stderr" ||
			_rc=$?
		[ $_rc -ne 0 ] || break
		_kills=$((_kills + 1))
		[ $_rc -eq 137 ] || fail "$_name: a run ends with $_rc"
		[ ! -f "$ROOT/cdr-layout" ] ||
			tree_check --dead "$ROOT" >"$T/last"
		stands_in || fail "$_name: a tag without what stands in for it"
		before_run
		"$CDR" sync -q -r "$ROOT" "$@" >"$T/stdout" 2>"$T/stderr" ||
			fail "$_name: the run after step $_steps"
		after_run "$_name, step $_steps"
		tree_check "$ROOT" >"$T/last"
		stands_in || fail "$_name, step $_steps: nothing stands in"
	done
	[ $_kills -gt 2 ] || fail "$_name: there are few $_call"
	ok "$_name: killed at $_kills $_call"
}

kill_each "a new tree" renameat 1 app:2

sync "a tag that will move" app:1 platform=all
cp -a "$ROOT" "$T/start"
craft index library/app:1 --docker --platforms linux/amd64,linux/arm64 --layers 1 \
	--size 2000 --seed 2 >/dev/null
kill_each "a tag moves" renameat 1 app:1 platform=all
kill_each "an image without a tag" renameat 1 "other@$other"
expect_eq "it has a history, so that it is listed" 1 \
	"$(wc -l <"$ROOT/repos/docker.io/library/other/_history/$other")"
kill_each "a new repository" mkdirat 1 "other@$other"

# Only the list is left to write, and its image is not asked for any more.
rm -rf "$ROOT"
cp -a "$T/start" "$ROOT"
: >"$ROOT/_state/dirty"
mkdir -p "$ROOT/repos/docker.io/library/half/_tags"
sync "a repository that was only begun" app:2 platform=all
tree_check "$ROOT"

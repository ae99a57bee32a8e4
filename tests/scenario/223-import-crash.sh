#!/bin/sh
# `cdr import` is killed, and has a call of the disk's fail, at some places (with
# "scripts/test --all" at each of them, and at each call): no tag leads to half an image,
# none goes back to an older bundle, and the next run finishes. A record of each run shows
# what a power cut could leave: the same is so there.
# Tier: normal
. "$(dirname "$0")/../lib.sh"
plain_build
. "$TOP/tests/bundles.sh"

need cdr python3 openssl build/tests/crash.so
bundles_begin
app=e.example/app
bundle one --split 2 "$app:a=a1" "$app:b=b1"
bundle older --seq 2 --created 2026-11-21T10:00:00Z "$app:a=a2" "$app:b=b2"
bundle two --seq 3 --created 2026-11-22T10:00:00Z --split 2 --cut "$app:a=a3,40" \
	"$app:b=b3,40" "$app:c=a1"
for tree in one two; do
	SITE=$T/$tree.tree
	check "$tree alone" import "$T/$tree"
done
work=$(mktemp -d "$(test -w /dev/shm && echo /dev/shm || echo "$T")/cdr-crash.XXXXXX")
defer "rm -rf '$work'"
all=
! in_all || all=--all
# shellcheck disable=SC2086 # an option, or none
check "the campaign" python3 -B "$TOP/tests/crash/imports.py" $all "$CDR" \
	"$TOP/build/tests/crash.so" "$work" "$T/one.tree" "$T/two.tree" "$T/pub"
cat "$T/stdout"

#!/bin/sh
# `cdr verify --repair` is killed at its n-th call, and has its n-th call fail, one place
# in seven (with "scripts/test --all" each of them): what was right stays, what is out of
# service is noted, and the next run mends all of it.
# Tier: normal
. "$(dirname "$0")/../lib.sh"
plain_build
. "$TOP/tests/sync.sh"

need cdr python3 curl build/tests/crash.so
upstream
craft index library/app:1 --platforms linux/amd64,linux/arm64 --layers 1 --size 2000 >/dev/null
craft image library/app:2 --layers 2 --size 3000 --seed 2 >/dev/null
sync "a tree" app:1 app:2
work=$(mktemp -d "$(test -w /dev/shm && echo /dev/shm || echo "$T")/cdr-crash.XXXXXX")
defer "rm -rf '$work'"
every=7
! in_all || every=1
check "the campaign" python3 -B "$TOP/tests/crash/verify.py" --every $every "$CDR" \
	"$TOP/build/tests/crash.so" "$work" "$ROOT"
cat "$T/stdout"

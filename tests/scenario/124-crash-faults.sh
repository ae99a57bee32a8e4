#!/bin/sh
# As 123, with each call that a run makes in its tree failing once.
# Tier: all
. "$(dirname "$0")/../lib.sh"
plain_build
. "$TOP/tests/sync.sh"
. "$TOP/tests/crash/campaign.sh"

need cdr python3 curl build/tests/crash.so
campaign --all --only faults

#!/bin/sh
# As 180, with each call that gc and rm make in the tree failing once.
# Tier: all
. "$(dirname "$0")/../lib.sh"
plain_build
. "$TOP/tests/sync.sh"
. "$TOP/tests/crash/campaign.sh"

need cdr python3 curl build/tests/crash.so
campaign_of collect.py --all --only faults

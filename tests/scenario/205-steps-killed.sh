#!/bin/sh
# As 123, for what changes a tag or a pin in a step: `cdr rollback` and its --release,
# `cdr pin` and `unpin`. Killed before a call, or with a call that fails: a tag leads to
# the one or to the other of its digests, and all of that is there; the same command
# again, or the next run, makes all well. A tag that was set back is held in each tree
# that a power cut could leave. Some places of all; in the long run each one.
. "$(dirname "$0")/../lib.sh"
plain_build
. "$TOP/tests/sync.sh"
. "$TOP/tests/crash/campaign.sh"

need cdr python3 curl build/tests/crash.so
if in_all; then
	campaign_of steps.py --all
else
	campaign_of steps.py
fi

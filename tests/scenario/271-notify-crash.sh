#!/bin/sh
# Runs with --notify are killed before a call. The tree is as right as without it, and
# when the next run has ended, a child has been told of each tag what that leads to: no
# event is lost. Some places of all; in the long run all of them, and calls fail (ENOSPC,
# EIO, EINTR, ENOMEM, EMFILE).
. "$(dirname "$0")/../lib.sh"
plain_build
. "$TOP/tests/sync.sh"
. "$TOP/tests/crash/campaign.sh"

need cdr python3 curl build/tests/crash.so
if in_all; then
	campaign_of notify.py --all
else
	campaign_of notify.py --only kills
fi

#!/bin/sh
# A run's calls are written down in order, and a model of stable storage looks at what
# a power cut after each of them could leave: no tag reaches what is not there. Runs
# are killed before a call, and calls fail (ENOSPC, EIO, EINTR, ENOMEM, EMFILE): what is
# published is whole, nothing is published that is not durable, and the next run makes
# all well. Some places of all; in the long run each is one to be killed at.
. "$(dirname "$0")/../lib.sh"
plain_build
. "$TOP/tests/sync.sh"
. "$TOP/tests/crash/campaign.sh"

need cdr python3 curl build/tests/crash.so
if in_all; then
	campaign --all --only kills
else
	campaign
fi

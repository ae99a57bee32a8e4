#!/bin/sh
# cdr gc and cdr rm are killed before a call, and calls fail: no tag ever leads to what
# is not there, also by what a power cut could leave, and the next run ends well and
# leaves what one leaves that nobody disturbs. Some places of all; in the long run each
# is one to be killed at.
. "$(dirname "$0")/../lib.sh"
plain_build
. "$TOP/tests/sync.sh"
. "$TOP/tests/crash/campaign.sh"

need cdr python3 curl build/tests/crash.so
if in_all; then
	campaign_of collect.py --all --only kills
else
	campaign_of collect.py
fi

#!/bin/sh
# Nothing goes on in silence: a try that failed is told with its host, its cause and
# when it is tried again, once at a time for all that wait for it, and without -v
# where that takes a while. The line at the bottom of a terminal says what is waited
# for, and never that nothing is in flight.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
craft image library/app:1 >/dev/null

# Nobody listens there.
dead=127.0.0.1:$(free_port)
settings "{\"endpoint\": \"http://$dead\", \"retry_delay_ms\": 1100, \"max_tries\": 3}"
for i in 1 2 3 4 5 6 7 8 9 10; do
	echo "dead-$i:1"
done >"$T/list"
within 20 sync_rc "a dead registry" 1 -i "$T/list"
expect_said "host, cause and time" \
	"^docker.io \($dead\): .*onnect.*; trying again in [0-9.]+ s$"
expect_eq "once at a time" 2 "$(grep -c 'trying again' "$T/stderr")"
within 20 sync_rc "with -q" 1 -q -i "$T/list"
expect_eq "errors alone" 0 "$(grep -c 'trying again' "$T/stderr")"

# What is over in a moment is for -v.
settings "{\"endpoint\": \"http://$HUB\", \"retry_delay_ms\": 20}"
fault '{"listener": "registry", "method": "HEAD", "status": 502, "times": 2}'
sync "a hiccup" app:1
expect_eq "says nothing" 0 "$(grep -c 'trying again' "$T/stderr")"
rm -rf "$ROOT"
fault '{"listener": "registry", "method": "HEAD", "status": 502, "times": 2}'
sync "with -v" -v app:1
expect_said "it does" '502.*; trying again in 0.0 s'

# On a terminal.
settings '{"retry_delay_ms": 1500}'
rm -rf "$ROOT"
fault '{"listener": "registry", "method": "HEAD", "status": 429, "times": 1}'
check "on a terminal" env TERM=xterm python3 -c '
import pty, sys
with open(sys.argv[1], "wb") as log:
	def read(fd):
		data = __import__("os").read(fd, 4096)
		log.write(data)
		return data
	sys.exit(0 if pty.spawn(sys.argv[2:], read) == 0 else 1)
' "$T/screen" "$CDR" sync -r "$ROOT" app:1
tr '\r' '\n' <"$T/screen" >"$T/lines"
grep -q 'waits for docker.io: [0-9.]* s' "$T/lines" ||
	fail "the line does not say what is waited for"
expect_eq "never idle without a word" 0 "$(grep -c ' 0 in flight' "$T/lines")"

# What a run may ask the hub for after one that ended early, and where a run
# stands. For scenarios; sourced after sync.sh.
#
#   before_run             notes the blobs that $ROOT has, whole and in part
#   after_run "what"       since then no whole blob was fetched, and each part went
#                          on at its end; sets $CONTINUED, the number of these
#   sync_ended             is $PID, a sync in the background, over?
#   tracing                skips the scenario where strace, which it needs, may not
#                          trace
# shellcheck shell=sh

before_run()
{
	: >"$T/had"
	if [ -d "$ROOT/blobs" ]; then
		find "$ROOT/blobs" -type f | sed 's,.*/,,; s,$, whole,' >"$T/had"
	fi
	if [ -d "$ROOT/_state/partial" ]; then
		find "$ROOT/_state/partial" -type f -size +0 -printf '%f %s\n' |
			sed 's,^[^:]*:,,' >>"$T/had"
	fi
	hub_mark
}

# The hub's log has one line a request: 4 is the path, 6 the range.
after_run()
{
	hub_since | awk -F '\t' '
	FILENAME != "-" { split($0, had, " "); here[had[1]] = had[2]; next }
	$2 == "cdn" && $3 == "GET" {
		n = split($4, part, "/")
		for (i = 1; i <= n && length(part[i]) < 64; i++)
			;
		hex = part[i]
		if (!(hex in here))
			next
		if (here[hex] == "whole")
			print "fetched though it is here: " hex
		else if (!asked[hex]++) {
			if ($6 != "bytes=" here[hex] "-")
				print hex ": has " here[hex] ", asked for " $6
			else
				continued++
		}
	}
	END { print "continued " continued + 0 }' "$T/had" - >"$T/asked"
	CONTINUED=$(sed -n 's/^continued //p' "$T/asked")
	export CONTINUED
	if grep -v '^continued ' "$T/asked"; then
		fail "$1: it is not fetched again"
	fi
}

sync_ended()
{
	process_over "$PID"
}

# Under a tracer the leak sanitizer cannot work.
tracing()
{
	uses strace
	strace -o /dev/null true 2>/dev/null || skip "strace may not trace here"
	ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0
}

# The case of the benchmark about pushes. Sourced by run, as serving.sh is.
# shellcheck shell=sh
# shellcheck disable=SC2154 # those are run's

case_hooks()
{
	say "from a push to three nodes, by a hook and by the clock"
	# Not below $work: nginx's workers have to come to the socket, whose path is short.
	TMPDIR=/tmp python3 "$TOP/tests/bench/hooks.py" -n "$rounds" "$CDR" \
	    >>"$work/results.md"
}

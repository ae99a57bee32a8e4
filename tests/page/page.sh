# What scenarios with a real browser share. Sourced, after tests/lib.sh; POSIX sh.
#
#   page_tree NAME KIND [ARGUMENT]   a tree of tests/page/tree.py at $T/NAME, served:
#                                    $at_NAME is its address, also for other programs
#   page_tests MODULE [TESTS]        tests/page/MODULE.py, with PAGES of the environment;
#                                    at least so many tests must have run
# shellcheck shell=sh

page_tree()
{
	uses python3 nginx
	check "a tree: $*" python3 "$TOP/tests/page/tree.py" "$2" "$T/$1" "${3-}"
	start_nginx "$T/$1"
	eval "export at_$1=http://\$MIRROR/"
}

page_tests()
{
	uses chromium selenium
	_rc=0
	PYTHONDONTWRITEBYTECODE=1 "$SELENIUM" "$TOP/tests/page/$1.py" \
		>"$T/$1.log" 2>&1 || _rc=$?
	cat "$T/$1.log"
	[ $_rc -eq 0 ] || fail "the page is not what it should be"
	[ "$(grep -c '^ok ' "$T/$1.log")" -ge "${2-1}" ] ||
		fail "tests of the page were left out"
}

#!/bin/sh
# SECURITY.md: each test that it names is there, and each threat names one, or says
# with a dash that there is none.
. "$(dirname "$0")/../lib.sh"

# shown FILE: the last column of its tables; a dash of the head's rule is none.
shown()
{
	sed -n 's/^| [A-Z].*| *\([^|]*[^| ]\) *|$/\1/p' "$1"
}
# wrong FILE: what it names and is not there.
wrong()
{
	shown "$1" | while read -r cell; do
		[ "$cell" != '—' ] || continue
		cell=$(echo "$cell" | sed 's/([^)]*)//g')
		case $cell in
		*[0-9]' to '[0-9]*) ;;
		*[0-9]* | *test_* | *fuzz_*) ;;
		*) echo "no test: $cell" ;;
		esac
		for word in $(echo "$cell" | tr -c 'a-z0-9_' ' '); do
			case $word in
			to) ;;
			test_*) [ -f "$TOP/tests/unit/$word.c" ] || echo "$word" ;;
			fuzz_*) [ -f "$TOP/tests/fuzz/$word.c" ] || echo "$word" ;;
			*)
				set -- "$TOP/tests/scenario/$word"-*.sh
				[ -f "$1" ] || echo "$word" ;;
			esac
		done
	done
}

[ "$(shown "$TOP/SECURITY.md" | wc -l)" -ge 40 ] || fail "it has few threats"
ok "it has threats"
expect_eq "every test that it names is there" "" "$(wrong "$TOP/SECURITY.md")"

sed 's/| 30, test_store_blob |/| 99999, test_nothing |/; s/| 14, 18, 78 |/|  see above |/' \
	"$TOP/SECURITY.md" >"$T/other"
expect_eq "one that is not is seen" "99999
test_nothing
no test: see above
see
above" "$(wrong "$T/other")"

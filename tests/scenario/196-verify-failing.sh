#!/bin/sh
# When a disk, its cable or the memory is failing, `cdr verify` empties nothing. A tenth
# of all reads wrong, each time in another way: every file stays, it stops after ten that
# looked bad, says why, and ends with 1. Ten files that are wrong on the disk stop it as
# well, with at most nine taken out, and --repair does nothing then; with --go-on it goes
# on, and mends all of them. A file that the disk does not give is taken out like one that
# is wrong. What is wrong in memory alone stays, and is told.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl build/tests/cable.so
plain_build
upstream
craft many library/many --count 20 --layers 2 >/dev/null
sync "a tree" $(seq -f 'many-%04g:latest' 1 20)

verify()
{
	_title=$1 _code=$2
	shift 2
	expect_rc "$_title" "$_code" "$CDR" verify -r "$ROOT" "$@"
}

# cable EVERY: from here on such a reading is wrong; 0: none.
cable()
{
	CABLE_EVERY=$1
	LD_PRELOAD=$TOP/build/tests/cable.so
	export CABLE_EVERY LD_PRELOAD
}

well()
{
	unset LD_PRELOAD CABLE_EVERY CABLE_FAIL
}

here()
{
	find "$ROOT/blobs" "$ROOT/manifests" | sort
}

here >"$T/before"
for _every in 10 3 2; do
	cable $_every
	_rc=0
	"$CDR" verify -r "$ROOT" --repair >"$T/stdout" 2>"$T/stderr" || _rc=$?
	well
	expect_eq "one reading in $_every is wrong" 1 "$(case $_rc in 0 | 1) echo 1 ;; *) echo $_rc ;; esac)"
	here >"$T/after"
	cmp -s "$T/before" "$T/after" || fail "something was taken out"
done
expect_eq "it stops" 1 $_rc
expect_said "it says why" "stopped after 10 files that looked bad, .*a disk, its cable or the memory"
[ ! -e "$ROOT/_state/quarantine" ] || fail "something is in quarantine"
verify "all is well" 0

# --- one that the disk does not give -----------------------------------------------

id=$(published many-0001:latest)
cable 1
export CABLE_FAIL=1
_rc=0
"$CDR" verify -r "$ROOT" many-0001:latest >"$T/stdout" 2>"$T/stderr" || _rc=$?
well
expect_eq "a manifest that cannot be read" 1 $_rc
expect_said "it says so" "it cannot be read from the disk; it is in quarantine now"
[ -n "$(find "$ROOT/_state/quarantine" -name "$id.*")" ] || fail "it is not in quarantine"
grep -q " $id unreadable manifests/" "$ROOT/status/bad" || fail "it is not noted"
verify "it comes back" 0 --repair

# --- ten on the disk ---------------------------------------------------------------

for _file in $(find "$ROOT/blobs/sha256" -type f | sort | head -n 12); do
	chmod u+w "$_file"
	printf X | dd of="$_file" bs=1 seek=3 conv=notrunc 2>/dev/null
	chmod 444 "$_file"
done
hub_mark
verify "twelve are wrong" 1 --repair
expect_said "it stops" "stopped after 10 files that looked bad"
expect_eq "nine are out" 9 "$(wc -l <"$ROOT/status/bad")"
expect_eq "nothing was fetched" 0 "$(hub_count registry GET /v2/)"
verify "it goes on when told so" 0 --repair --go-on
expect_eq "all of them were fetched" 12 "$(hub_count registry GET /blobs/ 307)"
verify "all is well" 0
tree_check "$ROOT"

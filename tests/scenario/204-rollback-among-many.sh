#!/bin/sh
# Among 100,000 tags one is set back within a second while a run is at work, and what
# that costs does not grow with what is there: the lists are left to the run. Without a
# run, they are written anew from what they were; only the one repository is read.
# Tier: all
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/plenty.sh"

need cdr python3
if in_all; then
	plenty_new 100000 1000 50
else
	plenty_new 2000 40 50
fi
# It is a tree, so nobody need copy it.
ROOT=$UP
ref=$(sed -n 2p "$T/list")
repo=$ROOT/repos/${ref%:*}
tag=$repo/_manifests/${ref##*:}
old=$(readlink "$tag")
# One more digest that the repository has, from anywhere else.
new=$(find "$ROOT/manifests" -type f ! -name "${old##*/}" | head -n 1)
new=sha256:${new##*/}
ln -s "${old%/*}/${new#*:}" "$repo/_manifests/$new"

check "alone" "$CDR" rollback -r "$ROOT" "$ref" "$new"
expect_eq "the tag has moved" "${new#*:}" "$(basename "$(readlink "$tag")")"
grep -q "\"digest\":\"$new\".*\"$ref\"" "$ROOT/index.json" || fail "index.json tells of it"
check "the tree is as it says it is" "$CDR" verify --quick -r "$ROOT"

# Another repository is not read: what its lines have been made to say is copied.
far=$(tail -n 1 "$T/list")
sleep 1.1
sed "s,$far\",${far}x\",g" "$ROOT/index.json" >"$T/index.json"
rm -f "$ROOT/index.json"
cp "$T/index.json" "$ROOT/index.json"
touch -d '2 seconds' "$ROOT/index.json"
check "back" "$CDR" rollback -r "$ROOT" "$ref" "sha256:${old##*/}"
grep -q "\"$ref\"" "$ROOT/index.json" || fail "index.json has the tag"
grep -q "\"digest\":\"$new\".*\"$ref\"" "$ROOT/index.json" && fail "with what it was before"
grep -q "${far}x\"" "$ROOT/index.json" || fail "all of it was read"
ok "one repository was read"

# --- a run is at work ---------------------------------------------------------------

stamp=$(stat -c %i "$ROOT/index.json")
(
	flock 9
	touch "$T/locked"
	sleep 60
) 9>>"$ROOT/_state/lock" &
pid=$!
defer "kill $pid 2>/dev/null"
wait_for 10 test -e "$T/locked" || fail "the lock is taken"
for at in "$new" "sha256:${old##*/}" "$new"; do
	from=$(date +%s%3N)
	check "beside a run" "$CDR" rollback -r "$ROOT" "$ref" "$at"
	took=$(($(date +%s%3N) - from))
	expect_eq "the tag has moved" "${at#*:}" "$(basename "$(readlink "$tag")")"
	[ $took -lt 1000 ] || fail "it takes $took ms"
	ok "it takes $took ms"
done
expect_eq "the lists are left alone" "$stamp" "$(stat -c %i "$ROOT/index.json")"
expect_eq "they are marked" "${ref%:*}" "$(cat "$ROOT/_state/dirty")"

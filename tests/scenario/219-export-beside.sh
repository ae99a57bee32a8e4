#!/bin/sh
# `cdr export --sign` signs the statement, so that ssh-keygen and openssl can tell, in each
# part and beside them. It runs beside a sync, a rollback and other exports: no lock of a
# writer is needed, and each bundle is one state of each tag. gc takes nothing away
# meanwhile, and an export does not begin while gc is at it.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl openssl ssh-keygen strace
upstream
export CDR_SITE=centre
out=$T/out

bundle()
{
	python3 -S "$TOP/tests/check-bundle.py" "$out/$1.cdr" \
		>"$T/bundle.json" 2>"$T/bundle.log" || fail "bundle $1 is not right"
}

one=$(craft image library/app:1 --layers 2 --size 200000 --seed 1)
craft image library/gone:1 --layers 1 --seed gone >/dev/null
sync "a tree" app:1 gone:1
two=$(craft image library/app:1 --layers 2 --size 200000 --seed 2)
sync "its tag has moved" app:1

openssl genpkey -algorithm ed25519 -out "$T/ed.key" 2>/dev/null
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$T/ec.key" 2>/dev/null
chmod 600 "$T/ed.key" "$T/ec.key"
openssl pkey -in "$T/ec.key" -pubout -out "$T/ec.pub"
openssl pkey -in "$T/ed.key" -pubout -outform DER | tail -c 32 >"$T/ed.raw"
{ printf '\000\000\000\013ssh-ed25519\000\000\000\040'; cat "$T/ed.raw"; } | base64 -w 0 >"$T/ed.ssh"
printf 'centre namespaces="cdr-bundle" ssh-ed25519 %s\n' "$(cat "$T/ed.ssh")" >"$T/allowed"

check "signed" "$CDR" export -r "$ROOT" --to "$out" --sign "$T/ed.key" --split 100000 app:1
grep -q 'not signed' "$T/stdout" && fail "it says that it is not signed"
bundle centre-all-1
expect_eq "the signature lies in each part, and beside them" true "$(pick v.signed "$T/bundle.json")"
check "ssh-keygen takes it" ssh-keygen -Y verify -f "$T/allowed" -I centre -n cdr-bundle \
	-s "$out/centre-all-1.cdr.sig" <"$out/centre-all-1.cdr"
expect_rc "for a bundle and nothing else" 255 ssh-keygen -Y verify -f "$T/allowed" -I centre \
	-n cdr-inventory -s "$out/centre-all-1.cdr.sig" <"$out/centre-all-1.cdr"
check "by P-256" "$CDR" export -r "$ROOT" --to "$out" --sign "$T/ec.key" app:1
bundle centre-all-2
check "openssl takes it" openssl dgst -sha256 -verify "$T/ec.pub" \
	-signature "$out/centre-all-2.cdr.sig" "$out/centre-all-2.cdr"
ls "$out" >"$T/before"
cp "$ROOT/_state/bundles-sent" "$T/sent"
cp "$T/ed.key" "$T/open.key"
chmod 644 "$T/open.key"
expect_rc "a key that all may read" 2 "$CDR" export -r "$ROOT" --to "$out" --sign "$T/open.key" app:1
expect_rc "a public key" 2 "$CDR" export -r "$ROOT" --to "$out" --sign "$T/ec.pub" app:1
expect_rc "no key" 2 "$CDR" export -r "$ROOT" --to "$out" --sign "$T/no.key" app:1
expect_eq "nothing is written" "$(cat "$T/before")" "$(ls "$out")"
check "and no number taken" cmp "$T/sent" "$ROOT/_state/bundles-sent"

# Beside a run that is at work.
check "beside a writer" flock "$ROOT/_state/lock" "$CDR" export -q -r "$ROOT" --to "$out" app:1
bundle centre-all-3
(
	while [ ! -e "$T/enough" ]; do
		"$CDR" rollback -r "$ROOT" app:1 "$one" && "$CDR" rollback -r "$ROOT" app:1 "$two"
	done >"$T/rollback.log" 2>&1
) &
moving=$!
defer "touch '$T/enough'"
for n in 1 2; do
	"$CDR" export -q -r "$ROOT" --to "$out" --to-site "a$n" app:1 >"$T/a$n.log" 2>&1 &
	beside=$!
	check "while its tag moves" "$CDR" export -q -r "$ROOT" --to "$out" --to-site moved app:1
	bundle "centre-moved-$n"
	pick 'i.digest for i in v.images' "$T/bundle.json" >>"$T/moved"
	wait $beside || fail "the other export failed: $(cat "$T/a$n.log")"
	bundle "centre-a$n-1"
done
touch "$T/enough"
wait $moving || :
expect_eq "each has a digest that the tag had" "" "$(grep -v -e "$one" -e "$two" "$T/moved" || :)"
check "who sends several at once gives each a number" "$CDR" export -r "$ROOT" --plan app:1
expect_said "of its own" '^would write centre-all-4\.cdr '

# gc.
plain_build
echo "app:1" >"$T/list"
strace -f -o /dev/null -e inject=fsync:delay_enter=1500000:when=3 "$CDR" export -q -r "$ROOT" \
	--to "$out" --to-site slow gone:1 &
pid=$!
reads()
{
	! flock -n -x "$ROOT/_state/keep.lock" true
}
wait_for 10 reads || fail "the export does not begin"
expect_rc "gc while an export reads" 3 "$CDR" gc -r "$ROOT" -i "$T/list" --keep-unlisted 0 --grace 0 \
	--max-delete 100%
expect_said "it says why" 'cdr export'
check "which is well if it may be busy" "$CDR" gc -r "$ROOT" -i "$T/list" --keep-unlisted 0 --grace 0 \
	--max-delete 100% --if-busy=skip
expect_said "it says why, too" 'nothing was removed'
expect_eq "as no error" "" "$(grep -a ^error: "$T/stderr" || :)"
wait $pid || fail "the export failed"
bundle centre-slow-1
expect_rc "an export while gc removes" 3 flock -x "$ROOT/_state/keep.lock" \
	"$CDR" export -r "$ROOT" --to "$out" gone:1
expect_said "it says so" 'is being removed from this tree'
flock -x "$ROOT/_state/keep.lock" sleep 1 &
pid=$!
check "it waits for that" "$CDR" export -q -r "$ROOT" --to "$out" --to-site patient --wait 1m gone:1
wait $pid
bundle centre-patient-1
check "then gc goes on" "$CDR" gc -r "$ROOT" -i "$T/list" --keep-unlisted 0 --grace 0 --max-delete 100%
expect_rc "what has gone is not here" 1 "$CDR" export -r "$ROOT" --to "$out" gone:1

#!/bin/sh
# Parts come in any order, one at a time, twice, by their statement, or through a pipe, also
# those of several bundles in turns; the last lines say what is missing, and for whom. A bundle that was
# whole before moves nothing and is no failure; an older one adds what is not here, moves
# no tag and ends with 5; one too far ahead is not touched. A tag that is held stays. What
# is forgotten makes way for its number, but no tag goes back that it has moved.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/bundles.sh"
. "$TOP/tests/check-tree.sh"
need cdr python3 openssl

bundles_begin
app=e.example/app

bundle one --split 3 --cut "$app:a=a1,600" "$app:b=b1,600"
part=$T/one/centre-site-1.cdr
expect_rc "the last part comes first" 1 import "$part.003"
expect_said "what is missing is told" '^error: missing: centre-site-1.cdr.001$'
expect_said "all of it" '^error: missing: centre-site-1.cdr.002$'
expect_said "and for whom" \
	"^error: 2 images wait for these parts: $app:a, $app:b\$"
expect_rc "then the second one" 1 import "$part.002"
expect_said "one is missing then" "^error: 2 images wait for it: $app:a, $app:b"
[ ! -e "$SITE/repos/e.example" ] || fail "something was published"
expect_rc "once more: nothing of it is read again" 1 import "$part.002" "$part.003"
expect_said "there is nothing new" ' 0 new objects, 0 B read'
check "then the first one" import "$part.001"
leads a a1 600 && leads b b1 600 || fail "the tags are not there"
tree_check "$SITE"
expect_eq "nothing is on the way any more" "" "$(ls "$SITE/_state/import")"
[ "$(pick 'len([i for i in v.images if i.result == "updated" and i.last_listed])' \
	"$SITE/status/status.json")" = 2 ] || fail "status.json does not list the images"
check "a bundle that was whole before" import "$T/one"
expect_said "is told" 'was imported before: no tag moves'

bundle named --from named --split 3 "$app:m=m1" "$app:n=n1"
mkdir "$T/alone"
cp "$T/named/named-site-1.cdr" "$T/alone"
expect_rc "a statement by itself" 1 "$CDR" import -r "$SITE" --unsigned --site site \
	"$T/alone/named-site-1.cdr"
expect_said "all its parts are missing" '^error: missing: named-site-1.cdr.003$'
cp "$T/one/centre-site-1.cdr.001" "$T/named/named-site-1.cdr2.001"
cd "$T/named"
check "with its parts beside it, it means all of them" import named-site-1.cdr
cd "$T"
leads m m1 && leads n n1 || fail "the tags of what was named are not there"
expect_eq "and nothing else" "" "$(grep centre "$T/stdout" "$T/stderr")"

without_input()
{
	timeout 10 "$CDR" import -r "$SITE" --key "$T/pub" --site site - <&-
}
expect_rc "a pipe that is closed" 2 without_input

bundle two --seq 2 --created 2026-11-21T10:00:00Z --split 2 "$app:a=a2" "$app:b=b2"
bundle three --seq 3 --created 2026-11-22T10:00:00Z --split 2 "$app:a=a3" "$app:b=b3"
from_pipe()
{
	cat "$T"/three/*.00[12] "$T"/one/*.002 | import -
}
check "parts in a pipe, one after another, of several bundles" from_pipe
leads a a3 && leads b b3 || fail "the tags did not move"

# Of the first one a large layer is still being written when the second one begins.
bundle east --from east --split 3 "$app:c=c1,9000" "$app:d=d1,9000"
bundle west --from west "$app:e=e1" "$app:f=f1"
two_senders()
{
	cat "$T"/east/*.00? "$T"/west/*.001 | import -
}
check "bundles of two senders in a pipe" two_senders
leads c c1 9000 && leads d d1 9000 && leads e e1 && leads f f1 ||
	fail "not all of their tags are there"
bundle east-2 --from east --seq 2 --split 3 "$app:c=c2" "$app:d=d2"
bundle east-3 --from east --seq 3 "$app:c=c3" "$app:d=d3"
overtaken()
{
	cat "$T"/east-2/*.00[12] "$T"/east-3/*.001 "$T"/east-2/*.003 | import -
}
expect_rc "one that a later one overtakes in the pipe" 5 overtaken
expect_said "is told" 'error: .*: 2 from east is older than 3, which has come'
leads c c3 && leads d d3 || fail "a tag went back"
expect_eq "nothing is left of both" "" "$(ls "$SITE/_state/import")"
# Of no bundle, in the middle of one that is here already.
bundle odd --evil statement-no-end "$app:a=odd"
odd_pipe()
{
	cat "$T"/three/*.001 "$T/odd/"*.001 "$T/odd/"*.001 "$T"/three/*.002 |
		import -
}
expect_rc "what is no bundle is read past in a pipe" 1 odd_pipe
expect_said "it is told" 'standard input, part 2: refused: the statement, line'
expect_said "and what follows is taken" '3 was imported before'
expect_rc "an older one" 5 import "$T/two"
expect_said "is told" 'error: .*: 2 from centre is older than 3, which has come'
leads a a3 && leads b b3 || fail "tags went back"
[ -f "$SITE/manifests/application/vnd.oci.image.manifest.v1+json/sha256/$(
	manifest_of a2 | cut -d : -f 2)" ] || fail "its objects were not added"
check "on purpose" import --allow-older "$T/two"
leads a a2 && leads b b2 || fail "the tags did not go back"
check "also to what was whole before" import --allow-older "$T/one"
expect_said "which is told" 'was imported before, and its tags move all the same'
leads a a1 600 && leads b b1 600 || fail "the tags did not go back"
check "and once more" import --allow-older "$T/two"
expect_rc "a number too far away" 5 import "$(
	bundle far --seq 1004 "$app:a=far" && echo "$T/far")"
expect_said "is told with both" 'is 1004, and the last one from centre was 3'
leads a a2 || fail "a tag moved"
check "unless it is let in" import --max-seq-jump 2000 "$T/far"
leads a far || fail "the tag did not move"

# What goes to all has numbers of its own: there the time counts.
bundle all-old --to '*' --seq 9 --created 2026-11-01T10:00:00Z "$app:a=old"
expect_rc "what the sender has made for all, earlier" 5 import "$T/all-old"
bundle all-new --to '*' --seq 1 --created 2026-11-29T10:00:00Z \
	--expires 2026-11-29T11:00:00Z "$app:a=a4" "$app:b=b4"
check "and later" import "$T/all-new"
expect_said "what is out of date is taken, with a warning" \
	'warning: .* has been out of date since 2026-11-29T11:00:00Z'
leads a a4 || fail "the tag did not move"

bundle all-half --to '*' --from half --created 2026-11-29T10:00:00Z --split 3 --without 3 \
	"$app:g=g2" "$app:h=h2"
bundle half --from half --created 2026-11-28T10:00:00Z "$app:g=g1" "$app:h=h1"
expect_rc "half of what is for all" 1 import "$T/all-half"
expect_rc "has moved tags, too" 5 import "$T/half"
leads g g2 || fail "a tag went back"
check "until it is all here" import "$(
	bundle all-half --to '*' --from half --created 2026-11-29T10:00:00Z --split 3 \
		"$app:g=g2" "$app:h=h2" && echo "$T/all-half")"

bundle begun --from half --seq 2 --created 2026-11-29T11:00:00Z --split 3 --cut \
	"$app:g=g3,600" "$app:h=h2"
expect_rc "half of a layer" 1 import "$T/begun/half-site-2.cdr.002"
bundle later --from half --seq 4 --created 2026-11-29T13:00:00Z --split 3 --cut \
	"$app:g=g5,600" "$app:h=h2"
expect_rc "and half of a later one" 1 import "$T/later/half-site-4.cdr.002"
expect_eq "are there" 2 "$(find "$SITE/_state/partial" -size +64k | wc -l)"
bundle between --from half --seq 3 --created 2026-11-29T12:00:00Z "$app:g=g4" "$app:h=h2"
check "one between them" import "$T/between"
expect_eq "leaves what is still waited for" 1 "$(find "$SITE/_state/partial" -size +64k | wc -l)"
check "which comes" import "$T/later"
leads g g5 600 || fail "the tag did not move"
expect_eq "and nothing is left" "" "$(ls "$SITE/_state/partial")"

bundle pieces --from cut --split 3 --cut "$app:i=i1,600" "$app:j=j1,600"
python3 -S - "$T/pieces/cut-site-1.cdr.002" <<'END'
import sys
# The last byte of its last member.
with open(sys.argv[1], "r+b") as f:
	f.seek(-1025, 2)
	byte = f.read(1)[0] ^ 1
	f.seek(-1025, 2)
	f.write(bytes([byte]))
END
expect_rc "a wrong piece" 1 import "$T/pieces"
expect_said "is in one of these" \
	'^error: cut-site-1.cdr.002, cut-site-1.cdr.003: sha256:.*: the bytes have digest'
# One at a time, too.
expect_rc "one part, which is right" 1 import "$T/pieces/cut-site-1.cdr.003"
expect_rc "and the other one" 1 import "$T/pieces/cut-site-1.cdr.002"
expect_said "are named" \
	'^warning: cut-site-1.cdr.002, cut-site-1.cdr.003: .* an earlier run had of it was wrong'
check "the right one mends it" import "$(
	bundle pieces --from cut --split 3 --cut "$app:i=i1,600" "$app:j=j1,600" && echo "$T/pieces")"

check "a tag is held" "$CDR" rollback -r "$SITE" "$app:b" "$(manifest_of b3)"
bundle held --seq 1005 --created 2026-11-30T10:00:00Z --held "$app:a" "$app:a=a5" "$app:b=b5"
check "a bundle with it" import "$T/held"
expect_said "so is one where it comes from" "^$app:a: centre holds it at $(manifest_of a5)"
expect_said "the hold is told" "^held +$app:b"
leads a a5 && leads b b3 || fail "the hold was not minded"
check "the hold ends" "$CDR" rollback -r "$SITE" --release "$app:b"

# One part is lost for ever.
bundle lost --seq 1007 --created 2026-12-01T10:00:00Z --split 3 --without 3 \
	"$app:a=a7" "$app:b=b7"
bundle older --seq 1006 --created 2026-11-30T12:00:00Z "$app:a=a6" "$app:b=b6"
expect_rc "half of a bundle" 1 import "$T/lost"
leads a a7 || fail "what is whole was not published"
expect_rc "the one before it is older" 5 import "$T/older"
id=$(ls "$SITE/_state/import")
expect_rc "an id of which nothing is known" 2 "$CDR" import -r "$SITE" --forget \
	00000000000000000000000000000000
check "it is forgotten" "$CDR" import -r "$SITE" --forget "$id"
expect_eq "with what was begun" "" "$(ls "$SITE/_state/partial")"
check "then the one before it counts" import "$T/older"
leads b b6 || fail "its tag did not move"
leads a a7 || fail "a tag went back to before what was forgotten"
expect_said "which is told" "^stays +$app:a"
bundle next --seq 1007 --created 2026-12-01T11:00:00Z "$app:a=a8" "$app:b=b8"
check "another one of its number" import "$T/next"
leads a a8 && leads b b8 || fail "the tags did not move"
expect_eq "then nothing is remembered of it" "" "$(ls "$SITE/_state/import")"
# Of the older bundle nothing leads to what was added.
check "what nothing leads to goes" "$CDR" gc -r "$SITE" --grace 0
tree_check "$SITE"
check "verify finds all right" "$CDR" verify -r "$SITE"

# There is an end to how many are remembered.
{
	echo cdr-bundles 1
	seq -f 'last x%04g site 5 0123456789abcdef0123456789abcdef 2026-11-20T10:00:00Z' 1024
	echo end
} >"$SITE/_state/bundles"
bundle stranger --seq 1 --from stranger "$app:c=c1"
expect_rc "one sender too many" 5 import "$T/stranger"
expect_said "is told as that" 'refused: 1024 senders are known here'
bundle known --seq 6 --from x0007 "$app:c=c2"
check "who is known may send" import "$T/known"
leads c c2 || fail "the tag is not there"

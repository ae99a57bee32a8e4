#!/bin/sh
# `cdr export --for INVENTORY` leaves out what the manifests that are linked at the site lead
# to, and nothing else: a site that has other platforms of the same index gets those that it
# lacks; what is bad or missing there, though it is linked, goes once more. The statement
# has all images whatever the site has, so a tag that moves back to an old digest costs
# no part at all. The number of the bundle is greater than any that the site has seen.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl openssl
upstream
export CDR_SITE=centre
out=$T/out
site=$T/site

many=$(craft index library/many:1 --platforms linux/amd64,linux/arm64,linux/arm/v7 \
	--layers 2 --shared 1 --size 30000 --seed many --json >"$T/many" && pick 'v[-1].digest' "$T/many")
old=$(craft image library/app:1 --layers 2 --shared 1 --size 20000 --seed 1)
overlay foreign-layer library/win:1 --present --json >"$T/win"
sync "the centre" many:1 app:1 win:1
check "the site" "$CDR" sync -q -r "$site" --from "oci:$ROOT" many:1 platform=linux/arm64 app:1 win:1
craft image library/app:1 --layers 3 --shared 2 --size 20000 --seed 1 --json >"$T/objects"
new=$(made manifest)
sync "a tag moves" app:1

# bundle NAME: is it right, beside the inventory? $T/bundle.json is about it.
bundle()
{
	python3 -S "$TOP/tests/check-bundle.py" "$out/$1.cdr" --for "$T/inv" --tree "$ROOT" \
		>"$T/bundle.json" 2>"$T/bundle.log" || fail "bundle $1 is not right"
	ok "bundle $1 is right"
}

# inventory: that of the site, to $T/inv.
inventory()
{
	"$CDR" inventory -r "$site" --site rig "$@" >"$T/inv" || fail "no inventory"
}

send()
{
	_title=$1
	shift
	check "$_title" "$CDR" export -r "$ROOT" --to "$out" --for "$T/inv" "$@"
}

inventory
check "a plan" "$CDR" export -r "$ROOT" --plan --json --for "$T/inv" many:1 app:1 win:1
expect_eq "it knows what is there" "true false true" \
	"$(pick 'o.known for o in v.images' "$T/stdout" | paste -s -d ' ')"
expect_eq "and what is not" "true true false" \
	"$(pick 'o.bytes > 0 for o in v.images' "$T/stdout" | paste -s -d ' ')"
expect_eq "and since when that is so" "$(sed -n 's/^written //p' "$T/inv")" \
	"$(pick 'v.inventory_written' "$T/stdout")"
send "what the site lacks" many:1 app:1 win:1
bundle centre-rig-1
expect_eq "an index goes without itself, with the platforms that are not there" 2 \
	"$({ echo "$many"; pick 'o.digest for o in v if o.kind == "manifest"' "$T/many"; } |
	grep -c -x -F -e "$(pick 'd for d in v.objects' "$T/bundle.json")")"
base=$(pick 'o.digest for o in v if o.kind == "layer"' "$T/objects" | sed -n 1p)
expect_eq "of a tag that has moved what is new" "true false" \
	"$(pick 'words(new in v.objects, base in v.objects)' "$T/bundle.json" new="$new" base="$base")"
expect_eq "all images are in the statement" 3 "$(pick 'len(v.images)' "$T/bundle.json")"

# Without anything new there is no part.
check "the site gets it" "$CDR" sync -q -r "$site" --from "oci:$ROOT" many:1 app:1
inventory
send "nothing is new" many:1 app:1 win:1
bundle centre-rig-2
expect_eq "no part" "centre-rig-2.cdr" "$(cd "$out" && echo centre-rig-2*)"
check "the tag goes back" "$CDR" rollback -r "$ROOT" app:1 "$old"
check "a plan of it" "$CDR" export -r "$ROOT" --plan --json --for "$T/inv" app:1
expect_eq "it is held, and there" "$old true true 0" \
	"$(pick 'words(o.digest, o.held, o.known, v.objects) for o in v.images' "$T/stdout")"
send "what is held goes as it is held" app:1
bundle centre-rig-3
expect_eq "its digest" "$old" "$(pick 'i.digest for i in v.images' "$T/bundle.json")"
expect_eq "and that it is" held "$(grep -A 1 '^image ' "$out/centre-rig-3.cdr" | tail -n 1)"
check "it is let go" "$CDR" rollback -r "$ROOT" --release app:1
sync "and moves" app:1

# Linked there, and not there.
layer=$(pick 'o.digest for o in v if o.kind == "layer"' "$T/objects" | tail -n 1)
rm "$site/blobs/sha256/${layer#sha256:}"
inventory
expect_eq "the inventory says so" "bad $layer" "$(grep '^bad' "$T/inv")"
send "a layer that is lost there" many:1 app:1
bundle centre-rig-4
expect_eq "that alone" "$layer" "$(pick 'd for d in v.objects' "$T/bundle.json")"
manifest=$(readlink -f "$site/repos/docker.io/library/app/_manifests/$new")
rm "$manifest"
inventory
send "a manifest that is lost there" many:1 app:1
bundle centre-rig-5
expect_eq "then nothing that it leads to counts" "true" "$(pick 'digest in v.objects' "$T/bundle.json" digest="$new")"

# A layer that may be elsewhere, and is here.
foreign=$(pick 'o.digest for o in v if o.mediaType.find("nondistributable") > 0' "$T/win")
rm "$site/blobs/sha256/${foreign#sha256:}"
inventory
send "a layer that the site need not have" win:1
bundle centre-rig-6
expect_eq "it goes" "$foreign" "$(pick 'd for d in v.objects' "$T/bundle.json")"

# Numbers.
sed -i 's/^free [0-9]*$/free 10\nbundle centre rig 41 0123456789abcdef0123456789abcdef/' "$T/inv"
send "the site has seen more than we know of" win:1
bundle centre-rig-42
expect_said "it has no room" '^warning: rig lacks room: the bundle brings [0-9.]+ KiB, and 10 B were free'
rm "$ROOT/_state/bundles-sent" "$out"/centre-rig-42.*
send "our own number is lost" win:1
bundle centre-rig-42

# Without a signature nobody is believed who would use the numbers up.
for seq in 1043 999999999999990; do
	sed "s/^bundle centre rig 41 /bundle centre rig $seq /" "$T/inv" >"$T/far"
	expect_rc "it claims number $seq" 2 "$CDR" export -r "$ROOT" --to "$out" --for "$T/far" win:1
	expect_said "what to do" "seen number $seq, and the last one from here was 42: .*--sign.*--key"
done
sed "s/^bundle centre rig 41 /bundle centre rig 1042 /" "$T/inv" >"$T/far"
check "so far it may be" "$CDR" export -r "$ROOT" --plan --for "$T/far" win:1
expect_said "the next number" 'centre-rig-1043\.cdr'
expect_said "how old its inventory is" "^rig had 10 B free when its inventory was written, $(sed -n \
	's/^written //p' "$T/far")\$"

# Signed inventories.
openssl genpkey -algorithm ed25519 -out "$T/rig.key" 2>/dev/null
chmod 600 "$T/rig.key"
mkdir "$T/keys"
openssl pkey -in "$T/rig.key" -pubout -out "$T/keys/rig.pem"
openssl genpkey -algorithm ed25519 2>/dev/null | openssl pkey -pubout -out "$T/other.pem"
inventory --sign "$T/rig.key"
send "signed" --keys "$T/keys" win:1
cp "$T/inv" "$T/inv.near"
printf 'cdr-bundles 1\nlast centre rig 5000 %032d 2026-11-01T00:00:00Z\nend\n' 7 >"$site/_state/bundles"
inventory --sign "$T/rig.key"
check "a site whose key we have is believed" "$CDR" export -r "$ROOT" --plan --for "$T/inv" \
	--keys "$T/keys" win:1
expect_said "the number behind it" 'centre-rig-5001\.cdr'
mv "$T/inv.near" "$T/inv"
rm "$site/_state/bundles"
send "by one of two" --key "$T/other.pem" --key "$T/keys/rig.pem" win:1
send "nobody asks" win:1
expect_rc "by another one" 2 "$CDR" export -r "$ROOT" --to "$out" --for "$T/inv" --key "$T/other.pem" win:1
sed 's/^free .*/free 999999999999/' "$T/inv" >"$T/changed"
expect_rc "it was changed" 2 "$CDR" export -r "$ROOT" --to "$out" --for "$T/changed" --keys "$T/keys" win:1
sed -n '1,/^end$/p' "$T/inv" >"$T/bare"
expect_rc "it is not signed" 2 "$CDR" export -r "$ROOT" --to "$out" --for "$T/bare" --keys "$T/keys" win:1
expect_said "it says so" 'it is not signed'
head -n 5 "$T/bare" >"$T/cut"
expect_rc "it was cut" 2 "$CDR" export -r "$ROOT" --to "$out" --for "$T/cut" win:1
expect_rc "it is none" 2 "$CDR" export -r "$ROOT" --to "$out" --for "$T/objects" win:1
expect_rc "there is none" 2 "$CDR" export -r "$ROOT" --to "$out" --for "$T/nothing" win:1
expect_rc "for two sites" 2 "$CDR" export -r "$ROOT" --to "$out" --for "$T/inv" --to-site port win:1
"$CDR" inventory -r "$site" --site rig |
	"$CDR" export -q -r "$ROOT" --to "$out" --for - win:1 || fail "from a pipe"
ok "from a pipe"

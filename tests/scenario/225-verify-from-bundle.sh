#!/bin/sh
# What is bad or missing in a tree is taken from a bundle with "cdr verify --repair --from
# bundle:PATH", a folder or a part: blobs, also those that are cut over two parts, and
# manifests with what only they know to be missing. An object is what its digest says,
# whoever made the bundle; one that is wrong there too stays missing, and is named.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/bundles.sh"
. "$TOP/tests/check-tree.sh"
need cdr python3 openssl

bundles_begin
app=e.example/app
bundle one --split 2 --cut "$app:a=a1,60" "$app:b=b1,60" "$app:c=c1"
check "a tree" import "$T/one"

mend()
{
	"$CDR" verify -r "$SITE" --repair --from "bundle:$1"
}

# spoil SEED: the layer has other bytes, and the manifest is gone.
spoil()
{
	_hex=$(manifest_of "$@" | cut -d : -f 2)
	_file=$SITE/manifests/application/vnd.oci.image.manifest.v1+json/sha256/$_hex
	_layer=$(pick 'v.layers[0].digest' "$_file" | cut -d : -f 2)
	chmod 644 "$SITE/blobs/sha256/$_layer"
	printf x | dd of="$SITE/blobs/sha256/$_layer" conv=notrunc 2>/dev/null
	chmod 444 "$SITE/blobs/sha256/$_layer"
	rm -f "$_file"
}

spoil a1 60
spoil b1 60
check "from a folder" mend "$T/one"
tree_check "$SITE"
check "verify finds all right" "$CDR" verify -r "$SITE"

spoil c1
expect_rc "from one part, that has not got it all" 1 mend "$T/one/centre-site-1.cdr.001"
check "from the other one" mend "$T/one/centre-site-1.cdr.002"
check "verify finds all right again" "$CDR" verify -r "$SITE"

spoil c1
bundle evil --evil blob-lies --seq 2 "$app:c=c1"
expect_rc "from one with other bytes" 1 mend "$T/evil"
expect_said "the object is named" 'blobs/sha256/.*the bytes have digest|the bytes have digest'
expect_rc "from where there is none" 1 mend "$T/home"
expect_said "which is told" 'no bundle there has it'
check "from the right one" mend "$T/one"
tree_check "$SITE"
spoil a1 60
check "verify takes out what is bad" sh -c "! '$CDR' verify -r '$SITE'"
check "a bundle that was whole before brings it back as well" import "$T/one"
expect_said "which is told" 'was imported before: no tag moves'
check "verify finds all right" "$CDR" verify -r "$SITE"
[ ! -e "$SITE/status/bad" ] || fail "status/bad still has it"

expect_rc "it is for --repair" 2 "$CDR" verify -r "$SITE" --from "bundle:$T/one"

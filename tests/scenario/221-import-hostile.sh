#!/bin/sh
# A stick is hostile: names that climb, links, devices, records of PAX and GNU, sizes
# that lie, members that the table has not got, tables and statements without an end, or
# without end, parts of other bundles, wrong bytes. Each is refused by the name of its
# part; what is good in it stays, and other bundles beside it are imported. Nothing is
# written outside of ROOT, and the same bundles, made well, complete what was begun.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/check-tree.sh"
need cdr python3 openssl

mkdir "$T/evil" "$T/good"
openssl genpkey -algorithm ed25519 -out "$T/key" 2>/dev/null
openssl pkey -in "$T/key" -pubout -out "$T/pub"

bundle()
{
	python3 -S "$TOP/tests/bundle.py" --quiet --key "$T/key" "$@"
}

kinds=$(python3 -S "$TOP/tests/bundle.py" --list-evil -)
bundle "$T/evil" --each-evil "$T/good"
bundle "$T/evil" --from fine e.example/fine:1=1 e.example/fine:2=2
_files()
{
	find "$T" ! -path "$T/root*" ! -path "$T/std*" ! -path "$T/home*" \
		! -path "$T/sanitizer*" | sort
}
before=$(_files)

expect_rc "what is hostile fails, and what is not is imported" 1 \
	"$CDR" import -r "$T/root" --key "$T/pub" --site site "$T/evil"
cp "$T/stderr" "$T/home/said"
expect_eq "nothing is written outside of ROOT" "$before" "$(_files)"

# said KIND REGEX: of its last part, whether by its path or by its name.
said()
{
	grep -qE "^error: ([^ ]*/)?$1-site-1\.cdr(\.00[12])?: $2" "$T/home/said" ||
		fail "$1: no line says: $2"
}

blob='blobs/sha256/[0-9a-f]{64}'
said climb "(\.\./){6}$blob: a bundle has nothing of this name"
said absolute "/$blob: a bundle has nothing of this name"
for kind in long pax pax-global; do
	said $kind "$blob: behind it is a record that a bundle has not got"
done
said doubled "$blob: it stands there twice"
for kind in symlink hardlink device fifo folder; do
	said $kind "$blob: it is no regular file"
done
for kind in gnu old; do
	said $kind "$blob: its header is not that of ustar"
done
said short "$blob has 4095 bytes, and 4096 in its table"
said larger "$blob has 4097 bytes, and 4096 in its table"
said huge "$blob: it is no tar file from here on"
said extra "it has $blob, which is not in its table"
said lacks "it ends where its table has $blob"
said swapped "it has $blob where its table has $blob"
for kind in bytes blob-lies manifest-bytes; do
	said $kind "sha256:[0-9a-f]{64}: the bytes have digest sha256:"
done
said cut "$blob: it is cut in the middle of this"
said cut-header "$blob: it is cut behind this"
said no-end "$blob: it is cut behind this"
said table-of-other "its table is of none of the parts"
said table-no-end "the table, line 7: it ends without"
said table-lies "its table is not what its statement says of it"
said table-endless "table: it is larger than anything of this kind"
said no-table "$blob: no table stands before it"
said statement-no-end "refused: the statement, line 11: it ends without"
said statement-endless "(is larger than|statement: it is larger)"
said statement-twice "statement: it stands there twice"
for kind in statement-first no-statement; do
	said $kind "signature: a part begins with its statement"
done
said rubbish "it is no tar file from here on"
said empty "it is empty"
grep -q "e.example/manifest-lies:1: manifest sha256:.* in the statement" \
	"$T/home/said" || fail "manifest-lies is not told"
ok "each is told by its name"

tag_is()
{
	[ -L "$T/root/repos/e.example/$1/_manifests/$2" ]
}

# What is whole in spite of it is there, and nothing else.
for kind in $kinds fine; do
	case $kind in
	fine | doubled | extra | no-end) tag_is "$kind" 2 || fail "$kind is not there" ;;
	*) ! tag_is "$kind" 2 || fail "$kind was published" ;;
	esac
done
ok "only what is whole has a tag"
tree_check --resumable "$T/root"

check "the same bundles, made well, complete it" \
	"$CDR" import -r "$T/root" --key "$T/pub" --site site "$T/good"
for kind in $kinds; do
	case $kind in
	table-no-end | table-lies | table-endless | manifest-lies | statement-*) ;;
	*) tag_is "$kind" 1 && tag_is "$kind" 2 || fail "$kind is not whole" ;;
	esac
done
ok "with all their images"

# By the same key, in a folder where nothing is as it seems.
mkdir "$T/odd" "$T/odd/a-site-1.cdr.003"
echo secret >"$T/home/secret"
ln -s "$T/home/secret" "$T/odd/a-site-1.cdr.001"
ln -s "$T/good" "$T/odd/a-site-1.cdr.002"
mkfifo "$T/odd/a-site-1.cdr"
ln -s /dev/zero "$T/odd/b-site-1.cdr"
expect_rc "links, folders and pipes are no parts" 2 timeout 20 \
	"$CDR" import -r "$T/none" --key "$T/pub" --site site "$T/odd"
for name in a-site-1.cdr.001 a-site-1.cdr.002 b-site-1.cdr; do
	expect_said "$name is a link" "$name: it is a link: none is followed there"
done
for name in a-site-1.cdr.003 a-site-1.cdr; do
	expect_said "$name is something else" "$name: it is no regular file"
done
[ ! -e "$T/none" ] || fail "a tree was made"

#!/bin/sh
# `cdr export --split` fills parts, each smaller than that: blobs are cut, manifests are
# not. Files have their names when all of them are there, and on the disk. What is killed,
# interrupted, or finds the disk full or the tree bad leaves nothing that looks like a
# bundle, and what it has left goes with the next one. Bytes are hashed on their way:
# what is bad does not leave the tree, the rest does.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
. "$TOP/tests/tree.sh"

need cdr python3 curl strace? root?
upstream
export CDR_SITE=centre
out=$T/out

craft image library/big:1 --layers 3 --size 400000 --seed big --json >"$T/objects"
for n in 1 2 3 4 5 6; do
	craft image library/app:$n --layers 2 --shared 1 --size 3000 --seed $n >/dev/null
done
sync "a tree" big:1 app:1 app:2 app:3 app:4 app:5 app:6
set -- big:1 app:1 app:2 app:3 app:4 app:5 app:6

bundle()
{
	python3 -S "$TOP/tests/check-bundle.py" "$out/$1.cdr" \
		>"$T/bundle.json" 2>"$T/bundle.log" || fail "bundle $1 is not right"
}

# What is there but whole bundles?
odd_files()
{
	find "$out" -mindepth 1 -printf '%f\n' |
		grep -v '^centre-[a-zA-Z0-9]*-[0-9]*\.cdr\(\.sig\|\.[0-9]*\)\{0,1\}$' || :
}

for split in 60000 100000 128K 300K 1M 4G; do
	check "parts of $split" "$CDR" export -r "$ROOT" --to "$out" --to-site "s$split" \
		--split $split "$@"
	bundle "centre-s$split-1"
	limit=$(numfmt --from=iec $split)
	expect_eq "each is smaller" "" "$(find "$out" -name "centre-s$split-*" -size +$((limit - 1))c)"
done
expect_eq "one part" 1 "$(find "$out" -name 'centre-s4G-1.cdr.*' | wc -l)"
expect_eq "blobs are cut" "true" "$(python3 -S "$TOP/tests/check-bundle.py" \
	"$out/centre-s60000-1.cdr" >"$T/b.json" && pick 'v.pieces > len(v.objects)' "$T/b.json")"
# 1.39 MB in parts of 100 kB: no more than what their heads may take is lost.
parts=$(find "$out" -name 'centre-s100000-1.cdr.*' | wc -l)
[ "$parts" -le 16 ] || fail "there are $parts parts of 100 kB for 1.39 MB"
expect_rc "none is so small" 2 "$CDR" export -r "$ROOT" --to "$out" --to-site tiny --split 32K \
	"$@"
expect_said "it says how much there must be" '^error: --split: 32768 bytes are too few'
expect_eq "nothing else lies there" "" "$(odd_files)"

# What somebody has put into the folder is not written through.
mkdir "$T/planted"
echo precious >"$T/precious"
ln -s "$T/precious" "$T/planted/.centre-planted-1.cdr.001.tmp"
mkfifo "$T/planted/.centre-planted-1.cdr.tmp"
check "a folder with traps" timeout 20 flock "$T/planted" "$CDR" export -r "$ROOT" --to "$T/planted" \
	--to-site planted big:1
expect_eq "what a link led to is as it was" precious "$(cat "$T/precious")"
expect_eq "and the bundle is there" "2 regular file" \
	"$(find "$T/planted" -mindepth 1 -exec stat -c %F {} + | sort | uniq -c | sed 's/^ *//')"

# A byte of a layer has flipped, one has gone; a tar is half written by then.
layers=$(pick 'o.digest for o in v if o.kind == "layer"' "$T/objects")
layer=$(printf '%s\n' "$layers" | tail -n 1)
file=$ROOT/blobs/sha256/${layer#sha256:}
cp -p "$file" "$T/layer"
chmod 644 "$file"
printf X | dd of="$file" bs=1 seek=1000 conv=notrunc status=none
expect_rc "a layer has other bytes" 1 "$CDR" export -r "$ROOT" --to "$out" --to-site bad \
	--split 100000 "$@"
expect_said "it says so" "^error: $layer has other bytes here; \"cdr verify --repair\" mends it"
expect_said "and begins anew" '^warning: once more, without what is bad'
expect_said "what needs it is left out" "^error: docker.io/library/big:1: $layer has other bytes here"
bundle centre-bad-2
expect_eq "the others go" 6 "$(pick 'len(v.images)' "$T/bundle.json")"
expect_eq "and nothing of the first try" "" "$(find "$out" -name 'centre-bad-1*'; odd_files)"
expect_rc "alone" 1 "$CDR" export -r "$ROOT" --to "$out" --to-site bad big:1
expect_said "there is nothing left" 'nothing is left to export'
cp -p "$T/layer" "$file"

# Killed wherever it may be: the files of a bundle are all there, or none is.
plain_build
"$CDR" export -q -r "$ROOT" --to "$T/whole" --split 60000 "$@"
killed=0
for n in 1 2 3 4 5 6 7 8 9 10 11 12; do
	"$CDR" export -q -r "$ROOT" --to "$out" --to-site killed --split 60000 "$@" &
	pid=$!
	sleep 0.0$((n * 7 % 10))
	kill -9 $pid 2>/dev/null && killed=$((killed + 1))
	wait $pid 2>/dev/null || :
done
[ $killed -ge 3 ] || fail "only $killed were killed"
check "the next one" "$CDR" export -q -r "$ROOT" --to "$out" --to-site killed --split 60000 "$@"
expect_eq "nothing is left of them" "" "$(odd_files)"
for statement in "$out"/centre-killed-*.cdr; do
	name=${statement##*/}
	bundle "${name%.cdr}"
done
ok "each that has a statement is whole ($killed were killed)"

if part "at each call" strace; then
	# The order in which names come, and that all is synced before.
	rm -rf "$T/traced"
	strace -f -e trace=fsync,renameat,rename -y -o "$T/trace" "$CDR" export -q -r "$ROOT" \
		--to "$T/traced" --split 300K "$@"
	grep -o 'renameat([^,]*, "[^"]*"\|fsync([^)]*)' "$T/trace" | grep -n traced >"$T/order"
	first=$(grep -n renameat "$T/order" | head -n 1 | cut -d : -f 1)
	files=$(find "$T/traced" -type f | wc -l)
	expect_eq "all files are on the disk before one has a name" "$files" \
		"$(head -n $((first - 1)) "$T/order" | grep -c 'fsync(.*tmp')"
	expect_eq "the statement comes last" 1 \
		"$(grep renameat "$T/order" | tail -n 1 | grep -c '"\.[^"]*-[0-9]*\.cdr\.tmp"')"
	expect_eq "then the folder" 1 "$(tail -n 1 "$T/order" | grep -c fsync)"
	# Killed while names are given: what the statement does not stand for goes as well.
	for n in 2 3 5; do
		(strace -o /dev/null -e inject=renameat:signal=KILL:when=$n "$CDR" export -q -r "$ROOT" \
			--to "$T/names" --split 300K "$@" || :) >/dev/null 2>&1
		[ -n "$(ls -A "$T/names")" ] || fail "it was not killed"
	done
	[ -n "$(find "$T/names" -name 'centre-*.cdr.003')" ] || fail "no part had its name"
	touch "$T/names/centre-all-1.cdr.001"
	check "the next one" "$CDR" export -q -r "$ROOT" --to "$T/names" app:1
	expect_eq "it and what is not theirs is there, and nothing of them" \
		"centre-all-N.cdr centre-all-N.cdr.001 centre-all-N.cdr.001" \
		"$(cd "$T/names" && find . -type f | sed 's,^./,,; s/-[0-9]*\./-N./' | sort | paste -s -d ' ')"
	# Told to stop.
	strace -o /dev/null -e inject=fsync:signal=TERM:when=4 "$CDR" export -q -r "$ROOT" \
		--to "$out" --to-site stop --split 60000 "$@" 2>"$T/stop.log" && rc=0 || rc=$?
	expect_eq "interrupted" 4 "$rc"
	expect_eq "nothing is left of it" "" "$(find "$out" -name '*stop*'; odd_files)"
	# A disk that fails when it is asked to keep what it has.
	strace -o /dev/null -e inject=fsync:error=EIO:when=5 "$CDR" export -q -r "$ROOT" \
		--to "$out" --to-site fail --split 60000 "$@" 2>"$T/fail.log" && rc=0 || rc=$?
	expect_eq "a stick that fails" 3 "$rc"
	expect_eq "nothing is left of it" "" "$(find "$out" -name '*fail*'; odd_files)"
fi

if part "small disks" root; then
	mkdir "$T/small"
	mount -t tmpfs -o size=600k tmpfs "$T/small"
	defer "umount '$T/small'"
	expect_rc "a disk with too little room" 3 "$CDR" export -r "$ROOT" --to "$T/small" "$@"
	expect_said "both numbers" '^error: the bundle has 1[0-9]{6} bytes, and there are [0-9]{6} free'
	expect_eq "nothing is there" "" "$(ls -A "$T/small")"
fi

# FAT has no files of 4 GiB, and no member is as large. The layer is a hole, and its
# digest is nobody's: a plan reads no layers.
tree_new "$T/huge"
hole=$(printf '%064d' 7)
mkdir -p "$TREE/blobs/sha256"
truncate -s 5G "$TREE/blobs/sha256/$hole"
printf '{"schemaVersion":2,"mediaType":"%s","config":{"mediaType":"%s","digest":"sha256:%s","size":5368709120},"layers":[]}' \
	"$OCI_MANIFEST" "application/x.config" "$hole" >"$T/manifest"
tree_tag docker.io/library/huge 1 "$(tree_manifest docker.io/library/huge "$OCI_MANIFEST" "$T/manifest")"
check "5 GiB in one" "$CDR" export -r "$TREE" --plan --json huge:1
expect_eq "one part, a member and two pieces" "3 true" \
	"$(pick 'words(p.objects, p.bytes > 5368709120) for p in v.parts' "$T/stdout")"
check "parts that FAT can have" "$CDR" export -r "$TREE" --plan --json --split 4G huge:1
expect_eq "two" "true true" "$(pick 'p.bytes < 4294967296 for p in v.parts' "$T/stdout" | paste -s -d ' ')"
if part "what FAT says" strace; then
	expect_rc "a stick with FAT" 2 strace -o "$T/trace" \
		-e 'inject=fstatfs:poke_exit=@arg2=444d000000000000' \
		"$CDR" export -r "$TREE" --to "$T/stick" huge:1
	expect_said "what to do" '^error: a part would have more than 4 GiB, and FAT has no such files: use --split 4G'
fi

# The same bytes, served as two types.
printf '{"schemaVersion":2,"config":{"mediaType":"%s","digest":"%s","size":2},"layers":[]}' \
	"$OCI_CONFIG" "$(printf '{}' >"$T/config" && tree_blob "$T/config")" >"$T/manifest"
tree_tag docker.io/library/odd 1 "$(tree_manifest docker.io/library/odd "$OCI_MANIFEST" "$T/manifest")"
tree_tag docker.io/library/even 1 "$(tree_manifest docker.io/library/even "$DOCKER_MANIFEST" "$T/manifest")"
out=$T/types
expect_rc "two types of the same bytes" 1 "$CDR" export -r "$TREE" --to "$out" --to-site x odd:1 even:1
expect_said "one of them goes" '^error: docker.io/library/even:1: another image of the bundle has sha256:[0-9a-f]* as another type'
bundle centre-x-1
check "the other one by itself" "$CDR" export -r "$TREE" --to "$out" --to-site x even:1
bundle centre-x-2

# A site that has them as the one type has no need of the bytes for the other one.
check "a site that has the one" "$CDR" import -q -r "$T/site" --site x --unsigned "$out"/centre-x-1.cdr*
"$CDR" inventory -r "$T/site" --site x >"$T/inv"
check "the other one for it" "$CDR" export -r "$TREE" --to "$T/again" --for "$T/inv" even:1
check "comes without a part" "$CDR" import -r "$T/site" --site x --unsigned "$T/again"
expect_eq "each as its type" "$OCI_MANIFEST $DOCKER_MANIFEST" "$(cd "$T/site/repos/docker.io/library" &&
	readlink odd/_manifests/1 even/_manifests/1 |
	sed 's,.*manifests/,,; s,/sha256/.*,,' | paste -s -d ' ')"
check "the tree is right" "$CDR" verify -q -r "$T/site"

# Two indexes about an image list the same manifest, whose bytes are others: both stay.
repo=docker.io/library/noted
about=$(tree_image $repo 1 noted)
described()
{
	printf '{"mediaType":"%s","digest":"%s","size":%d}' "$1" "$2" "$(wc -c <"$3")"
}
printf '{"schemaVersion":2,"config":{"mediaType":"application/x","digest":"%s","size":2},"layers":[]}' \
	"$(tree_blob "$T/config")" >"$T/child"
child=$(tree_manifest $repo "$OCI_MANIFEST" "$T/child")
size=$(wc -c <"$T/manifest")
refer=
for n in 1 2; do
	printf '{"schemaVersion":2,"mediaType":"%s","manifests":[%s],"subject":{"mediaType":"%s","digest":"%s","size":%d},"annotations":{"n":"%d"}}' \
		"$OCI_INDEX" "$(described "$OCI_MANIFEST" "$child" "$T/child")" "$OCI_MANIFEST" "$about" "$size" $n >"$T/index"
	refer=$refer,$(described "$OCI_INDEX" "$(tree_manifest $repo "$OCI_INDEX" "$T/index")" "$T/index")
done
printf '{"schemaVersion":2,"mediaType":"%s","manifests":[%s]}' "$OCI_INDEX" "${refer#,}" >"$T/index"
tree_referrers $repo "$about" "$T/index"
file=$(readlink -f "$TREE/repos/$repo/_manifests/$child")
chmod 644 "$file"
printf X | dd of="$file" bs=1 seek=20 conv=notrunc status=none
expect_rc "what refers to it is not whole" 1 "$CDR" export -r "$TREE" --to "$out" --to-site y noted:1
expect_eq "neither of them goes" 2 "$(grep -c "what refers to $about is left out: $child has other bytes here" "$T/stderr")"
bundle centre-y-1
expect_eq "the image does" 0 "$(pick 'len(i.manifests) for i in v.images' "$T/bundle.json")"

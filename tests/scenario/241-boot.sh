#!/bin/sh
# export --boot: what cannot be is said before anything is written: an architecture that
# nobody has made, an image that is not in the tree, or not for that machine. --plan
# writes nothing. The folder appears when it is whole, in the place of an older one, and
# what a run that was killed has left is cleared away. Links in what "make boot" has left
# are refused. install takes what SHA256SUMS names, from no other place, and nothing else,
# and leaves an earlier installation as it is when it refuses. Whose the sums are tell the
# commands of START.md, whatever form the key has.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl openssl ssh-keygen root?
upstream
craft index library/app:1 --platforms linux/amd64,linux/arm64 --layers 1 >/dev/null
craft image library/one:1 --layers 1 --seed 3 >/dev/null
sync "a tree" app:1 one:1
arch=$(dpkg --print-architecture)
other=arm64
[ "$arch" != arm64 ] || other=amd64

# What "make boot" leaves, but for the programs.
mkdir -p "$T/source/nginx" "$T/source/k8s"
cp "$TOP/boot/START.md" "$TOP/boot/install" "$TOP/boot/nginx-from-image" \
	"$TOP/scripts/serve" "$T/source"
cp -R "$TOP"/nginx/*.conf "$TOP/nginx/kustomization.yaml" "$TOP/nginx/njs" \
	"$TOP/nginx/page" "$TOP"/nginx/*.sh "$T/source/nginx"
cp -R "$TOP/k8s/base" "$TOP/k8s/components" "$TOP/k8s/overlays" "$T/source/k8s"
for a in $arch $other; do
	printf '#!/bin/sh\necho "cdr for %s"\n' "$a" >"$T/source/cdr-$a"
done
echo app:1 >"$T/source/images.list"
CDR_BOOT=$T/source
export CDR_BOOT
export_to()
{
	_title=$1 _code=$2 _to=$3
	shift 3
	expect_rc "$_title" "$_code" "$CDR" export -r "$ROOT" --site centre \
		--to "$_to" app:1 "$@"
}
sums()
{
	(cd "$1/boot" && sha256sum -c --quiet SHA256SUMS) || fail "the sums of $1 are wrong"
}

# --- what cannot be -----------------------------------------------------------------------

export_to "an architecture that nobody has made" 2 "$T/none" --boot riscv64
expect_said "is named" 'no cdr-riscv64 in .*make boot'
export_to "a word that is none" 2 "$T/none" --boot ../x
export_to "an empty one" 2 "$T/none" --boot "$arch,"
echo missing:1 >>"$T/source/images.list"
export_to "an image that is not in the tree" 2 "$T/none" --boot "$arch"
expect_said "is named" 'missing:1'
echo one:1 >"$T/source/images.list"
export_to "an image for another machine" 2 "$T/none" --boot "$other"
expect_said "is named" 'one:1'
echo 'app tags=*' >"$T/source/images.list"
export_to "a pattern" 2 "$T/none" --boot "$arch"
CDR_BOOT=$T/nowhere export_to "no such folder" 2 "$T/none" --boot "$arch"
[ ! -e "$T/none" ] || fail "something has been written"
ok "nothing has been written"
echo app:1 >"$T/source/images.list"
export_to "a plan" 0 "$T/none" --boot "$arch" --plan
expect_said "says how much" '^boot: [0-9.]* [KM]iB'
[ ! -e "$T/none" ] || fail "a plan has written"

# --- the folder ---------------------------------------------------------------------------

export_to "both architectures" 0 "$T/both" --boot "$arch,$other,$arch"
expect_said "it is told where to begin" "^$T/both/boot: .*START.md"
sums "$T/both"
for a in $arch $other; do
	[ -s "$T/both/boot/cdr-$a" ] && [ -s "$T/both/boot/images-$a.tar" ] ||
		fail "there is nothing for $a"
	tar -tf "$T/both/boot/images-$a.tar" | grep -qx index.json ||
		fail "images-$a.tar is no tar file of images"
done
cmp -s "$T/both/boot/images-$arch.tar" "$T/both/boot/images-$other.tar" &&
	fail "both have the same images"
[ ! -e "$T/both/boot/SHA256SUMS.sig" ] || fail "nobody has signed"

# An older one, and what two runs have left that were killed.
mkdir -p "$T/both/boot.new/x" "$T/both/boot.old"
echo old >"$T/both/boot/older"
echo half >"$T/both/boot.new/x/y"
export_to "one of them, over that" 0 "$T/both" --boot "$arch"
sums "$T/both"
expect_eq "nothing of the older ones is there" "" "$(cd "$T/both" &&
	ls -d boot.new boot.old boot/older "boot/cdr-$other" "boot/images-$other.tar" 2>/dev/null)"

ln -s /etc/passwd "$T/source/nginx/link"
export_to "a link in the source" 3 "$T/both" --boot "$arch"
expect_said "is refused by name" 'nginx/link'
rm "$T/source/nginx/link"
mkfifo "$T/source/pipe"
export_to "and a pipe" 3 "$T/both" --boot "$arch"
rm "$T/source/pipe"
sums "$T/both"
expect_eq "the folder that was there is whole still, and nothing else is left" boot \
	"$(cd "$T/both" && find . -mindepth 1 -maxdepth 1 -type d | sed 's,^./,,')"
if part "a small stick" root; then
	mkdir "$T/small"
	mount -t tmpfs -o size=8k tmpfs "$T/small"
	defer "umount '$T/small'"
	export_to "a stick with too little room" 3 "$T/small" --boot "$arch"
	expect_said "both numbers" '/boot: it has [0-9]* bytes, and there are [0-9]* free'
	expect_eq "nothing is there" "" "$(ls -A "$T/small")"
	mount -o remount,size=64k "$T/small"
	export_to "one on which it gets full" 3 "$T/small" --boot "$arch"
	expect_said "it says so" 'No space left'
	expect_eq "nothing is left of it" "" "$(ls -A "$T/small")"
fi

# --- signed -------------------------------------------------------------------------------

# started "what" LINE...: these commands of START.md, by the key $T/sender.pub
started()
{
	_title=$1
	shift
	for _line; do
		sed -n "s/^    \($_line\)/\1/p" "$T/signed/boot/START.md"
	done | sed "s,/media/stick,$T/signed,g; s,/root/,$T/,g" >"$T/commands"
	[ "$(wc -l <"$T/commands")" -eq $# ] || fail "$_title: START.md has other commands"
	check "$_title" sh -e "$T/commands"
}
openssl genpkey -algorithm ed25519 -out "$T/ed.key" 2>/dev/null
openssl pkey -in "$T/ed.key" -pubout -out "$T/sender.pub"
export_to "signed" 0 "$T/signed" --boot "$arch" --sign "$T/ed.key"
started "ssh-keygen knows whose it is, by a key in PEM" '{ printf' 'ssh-keygen -Y'
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$T/ec.key" 2>/dev/null
openssl pkey -in "$T/ec.key" -pubout -out "$T/sender.pub"
export_to "signed on P-256" 0 "$T/signed" --boot "$arch" --sign "$T/ec.key"
started "openssl does" 'openssl dgst'

# --- install ------------------------------------------------------------------------------

echo stray >"$T/both/boot/stray"
check "it installs" sh "$T/both/boot/install" "$T/prefix"
expect_said "and says so" "^cdr for $arch is in $T/prefix/bin"
[ ! -e "$T/prefix/share/cdr/stray" ] || fail "it has taken what has no sum"
cmp -s "$T/both/boot/images-$arch.tar" "$T/prefix/share/cdr/images.tar" ||
	fail "the images are not there"
for file in nginx/nginx.conf k8s/overlays/airgap/import.yaml nginx-from-image; do
	[ -s "$T/prefix/share/cdr/$file" ] || fail "it has not taken $file"
done
[ -x "$T/prefix/bin/cdr-serve" ] || fail "there is no cdr-serve"
(cd "$T/prefix" && find . -type f -exec sha256sum {} + | sort) >"$T/before"
refuses()
{
	expect_rc "$1" 1 sh "$T/both/boot/install" "$T/prefix"
	(cd "$T/prefix" && find . -type f -exec sha256sum {} + | sort) >"$T/after"
	cmp -s "$T/before" "$T/after" || fail "$1: something has changed"
	expect_eq "what is there stays as it was" "bin share share/cdr" "$(cd "$T/prefix" &&
		echo bin share share/*)"
}
cp "$T/both/boot/SHA256SUMS" "$T/sums"
echo x >>"$T/both/boot/nginx/nginx.conf"
refuses "other bytes"
expect_said "are named" 'nginx/nginx.conf has other bytes'
cp "$T/source/nginx/nginx.conf" "$T/both/boot/nginx/nginx.conf"
rm "$T/both/boot/serve"
refuses "a file that is missing"
cp "$T/source/serve" "$T/both/boot/serve"
echo x >"$T/both/evil"
for name in ../evil /etc/passwd nginx/../../evil; do
	{ sha256sum <"$T/both/evil" | sed "s,-\$,$name,"; cat "$T/sums"; } \
		>"$T/both/boot/SHA256SUMS"
	refuses "a name that leads out: $name"
done
grep -v "  cdr-$arch\$" "$T/sums" >"$T/both/boot/SHA256SUMS"
refuses "nothing for this machine"
cp "$T/sums" "$T/both/boot/SHA256SUMS"
check "as it was, it installs again" sh "$T/both/boot/install" "$T/prefix"

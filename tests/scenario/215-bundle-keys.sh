#!/bin/sh
# Who has signed, in the forms of three programs. What `cdr inventory --sign` and `cdr
# export --sign` make is verified by ssh-keygen, openssl and cosign, and cdr takes what
# these sign, beside a bundle and behind an inventory, with a public key in PEM, in a line
# of OpenSSH, or in a folder of both. The commands are those of syncer/bundle/README.md.
# Another key, another namespace, one changed byte, two signatures and a key that was
# taken out of the folder are refused: exit 2, and nothing is written. A private key that
# others can read is not used.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/newer.sh"
. "$TOP/tests/tree.sh"

need cdr python3 openssl ssh-keygen newer/cosign?
CDR_SITE=centre
export CDR_SITE COSIGN_PASSWORD=''
ROOT=$T/root
tree_new "$ROOT"
tree_image docker.io/library/app 1 1 >/dev/null
tree_lists
tree_new "$T/site"
cd "$T"

# readme "what" COMMAND: it is in the README, and works
readme()
{
	grep -qF "$2" "$TOP/syncer/bundle/README.md" || fail "$1: the README has another command"
	check "$1" sh -c "$2"
}

# --- keys -------------------------------------------------------------------------
readme "a key" 'openssl genpkey -algorithm ed25519 -out centre.key'
readme "its public half" 'openssl pkey -in centre.key -pubout -out centre.pub'
mv centre.key ed.key
readme "one on P-256" 'openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out centre.key'
mv centre.key p256.key
mv ed.key centre.key
openssl pkey -in p256.key -pubout -out p256.pub
expect_eq "none but the owner can read them" "600 600" "$(stat -c %a centre.key p256.key | paste -s -d ' ')"
ssh-keygen -q -t ed25519 -N '' -C 'one of ours' -f id_ed25519
ssh-keygen -q -t ecdsa -b 256 -N '' -f id_ecdsa
ssh-keygen -q -t ed25519 -N '' -f other
readme "the key as OpenSSH has it" "{ printf '\\0\\0\\0\\013ssh-ed25519\\0\\0\\0\\040'; openssl pkey -pubin -in centre.pub -outform DER | tail -c 32; } | base64 -w 0 | sed 's/^/centre ssh-ed25519 /' >allowed"
readme "that on P-256" 'ssh-keygen -i -m PKCS8 -f p256.pub'
cp stdout p256.ssh
cosign=
! part "cosign" newer/cosign || cosign=yes

# --- what we sign -----------------------------------------------------------------
check "an inventory, signed" "$CDR" inventory -r site --site ship-7 --sign centre.key
cp stdout ship-7.inv
readme "its text" "sed '/^end\$/q' ship-7.inv >text"
readme "its signature" "sed '1,/^end\$/d' ship-7.inv >sig"
readme "ssh-keygen verifies it" 'ssh-keygen -Y verify -f allowed -I centre -n cdr-inventory -s sig <text'
expect_rc "of that namespace alone" 255 sh -c \
	'ssh-keygen -Y verify -f allowed -I centre -n cdr-bundle -s sig <text'
check "an inventory by a key on P-256" "$CDR" inventory -r site --site ship-7 --sign p256.key
sed '/^end$/q' stdout >text
sed '1,/^end$/d' stdout >sig
base64 -d sig >sig.der
check "openssl verifies it" openssl dgst -sha256 -verify p256.pub -signature sig.der text
[ -z "$cosign" ] || check "cosign verifies it" newer_run cosign verify-blob --key "$T/p256.pub" \
	--signature "$T/sig" --insecure-ignore-tlog=true "$T/text"

NAME=centre-ship-7-1
# exports DIR OPTION...: its first bundle; imported "what" N DIR OPTION...
exports()
{
	rm -f "$ROOT/_state/bundles-sent"
	_dir=$1
	shift
	check "$_dir: a bundle" "$CDR" export -r "$ROOT" --to "$_dir" "$@" app:1
}
imported()
{
	_title=$1 _code=$2 _dir=$3
	shift 3
	expect_rc "$_title" "$_code" "$CDR" import -r "$T/new" --site ship-7 "$@" "$_dir"
	if [ "$_code" -eq 0 ]; then
		cmp new/repos/docker.io/library/app/_manifests/1 root/repos/docker.io/library/app/_manifests/1 ||
			fail "$_title: the image is not there"
		rm -rf new
	fi
	[ ! -e new ] || fail "$_title: something was written"
}
exports ed --for ship-7.inv --key centre.pub --sign centre.key
exports p256 --to-site ship-7 --sign p256.key
cp ed/$NAME.cdr ed/$NAME.cdr.sig .
readme "ssh-keygen verifies the statement" \
	'ssh-keygen -Y verify -f allowed -I centre -n cdr-bundle -s centre-ship-7-1.cdr.sig <centre-ship-7-1.cdr'
cp p256/$NAME.cdr p256/$NAME.cdr.sig .
readme "openssl verifies that by P-256" \
	'openssl dgst -sha256 -verify p256.pub -signature centre-ship-7-1.cdr.sig centre-ship-7-1.cdr'
cp p256/$NAME.cdr.001 .
readme "the digest of a table" 'tar -xOf centre-ship-7-1.cdr.001 table | sha256sum'
expect_eq "is in the statement" "$(cut -d ' ' -f 1 stdout)" "$(sed -n 's/^part .* sha256://p' $NAME.cdr)"
imported "by the first key" 0 ed --key centre.pub
imported "by the second key" 0 p256 --key p256.pub
imported "by the other one" 2 ed --key p256.pub
rm ed/$NAME.cdr.sig
imported "the signature within the parts" 0 ed --key centre.pub

# --- a bundle that others sign ----------------------------------------------------
# signed_by "who" KEY COMMAND
signed_by()
{
	rm -f $NAME.cdr*
	cp plain/* .
	readme "$1 signs a bundle" "$3"
	mkdir "by-$1"
	mv $NAME.* "by-$1"
	imported "by $1" 0 "by-$1" --key "$2"
	imported "by $1, and not by another key" 2 "by-$1" --key other.pub
}
exports plain --to-site ship-7
imported "not signed" 2 plain --key centre.pub
expect_said "that is told" 'it is not signed'
signed_by ssh-keygen id_ed25519.pub 'ssh-keygen -Y sign -n cdr-bundle -f id_ed25519 centre-ship-7-1.cdr'
signed_by openssl-ed25519 centre.pub \
	'openssl pkeyutl -sign -inkey centre.key -rawin -in centre-ship-7-1.cdr -out centre-ship-7-1.cdr.sig'
signed_by openssl-p256 p256.pub \
	'openssl dgst -sha256 -sign p256.key -out centre-ship-7-1.cdr.sig centre-ship-7-1.cdr'
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.key 2>/dev/null
openssl pkey -in rsa.key -pubout -out rsa.pub
openssl dgst -sha256 -sign rsa.key -out plain/$NAME.cdr.sig plain/$NAME.cdr
imported "by RSA" 0 plain --key rsa.pub
rm plain/$NAME.cdr.sig
if [ -n "$cosign" ]; then
	# shellcheck disable=SC2016 # for the inner shells
	(umask 077 && newer_run sh -euc 'cd "$0" && cosign generate-key-pair' "$T" >cosign.log 2>&1)
	# shellcheck disable=SC2016
	cosign() { newer_run sh -euc 'cd "$0"; "$@"' "$T" cosign "$@"; }
	command='cosign sign-blob --yes --use-signing-config=false --tlog-upload=false --key cosign.key --bundle centre-ship-7-1.cdr.sig centre-ship-7-1.cdr'
	grep -qF "$command" "$TOP/syncer/bundle/README.md" || fail "cosign: the README has another command"
	cp plain/$NAME.* .
	eval "$command" >>cosign.log 2>&1
	mkdir by-cosign
	mv $NAME.* by-cosign
	imported "by cosign" 0 by-cosign --key cosign.pub
	imported "by cosign, and not by another key" 2 by-cosign --key p256.pub
fi

# --- an inventory that others sign ------------------------------------------------
# taken "what" SIG OPTION...: the text with that signature; refused "what" REGEX SIG ...
taken()
{
	cat text "$2" >inv
	_title=$1
	shift 2
	check "$_title" "$CDR" export -r "$ROOT" --plan --to stick --for inv "$@" app:1
}
refused()
{
	cat text "$3" >inv
	_title=$1 _regex=$2
	shift 3
	expect_rc "$_title" 2 "$CDR" export -r "$ROOT" --to stick --for inv "$@" app:1
	expect_said "$_title: why" "$_regex"
	[ ! -e stick ] || fail "$_title: something was written"
}
ssh_sign()
{
	ssh-keygen -q -Y sign -n "$2" -f "$1" <text >"$1.$2.sig" 2>stderr
}
for key in id_ed25519 id_ecdsa other; do
	ssh_sign $key cdr-inventory
done
ssh_sign id_ed25519 cdr-bundle
ours=id_ed25519.cdr-inventory.sig
taken "ssh-keygen, Ed25519" $ours --key id_ed25519.pub
taken "ssh-keygen, P-256" id_ecdsa.cdr-inventory.sig --key id_ecdsa.pub
openssl dgst -sha256 -sign p256.key text | base64 >p256.b64
taken "openssl dgst" p256.b64 --key p256.pub
taken "its key as OpenSSH has it" p256.b64 --key p256.ssh
openssl pkeyutl -sign -inkey centre.key -rawin -in text | base64 >ed.b64
taken "openssl pkeyutl" ed.b64 --key centre.pub
sed 's/^centre //' allowed >ed.ssh
taken "that key, too" ed.b64 --key ed.ssh
taken "one of several" id_ecdsa.cdr-inventory.sig --key centre.pub --key id_ed25519.pub --key id_ecdsa.pub
mkdir keys
cp id_ed25519.pub keys/old.pub
cp p256.pub keys/new.pem
taken "one of a folder" $ours --keys keys
CDR_BUNDLE_KEYS=$T/keys imported "a folder in the environment" 0 p256
if [ -n "$cosign" ]; then
	cosign sign-blob --yes --use-signing-config=false --tlog-upload=false \
		--key cosign.key --bundle cosign.sig text >>cosign.log 2>&1
	taken "cosign sign-blob" cosign.sig --key cosign.pub
	refused "cosign by another key" "by none of the keys" cosign.sig --key p256.pub
fi
# --- what is refused --------------------------------------------------------------
refused "another key" 'none of ours' other.cdr-inventory.sig --keys keys
refused "another key of another kind" 'none of the keys' p256.b64 --key centre.pub
refused "another namespace" 'another namespace than "cdr-inventory"' id_ed25519.cdr-bundle.sig --key id_ed25519.pub
refused "no signature" 'it is not signed' /dev/null --key id_ed25519.pub
cat $ours $ours >twice
refused "two of them" 'the signature is damaged' twice --key id_ed25519.pub
head -c 200 $ours >short
refused "one that is cut" 'the signature is damaged' short --key id_ed25519.pub
sed 's/^free .*/free 1/' text >changed
mv text whole
mv changed text
refused "a line that was changed" 'was changed since' $ours --key id_ed25519.pub
refused "the same, by openssl" 'was changed since' p256.b64 --key p256.pub
mv whole text
rm keys/old.pub
refused "a key that was taken away" 'none of ours' $ours --keys keys
cp centre.key keys/ed.pem
refused "a private key in the folder" 'keys/ed.pem: it holds a private key' $ours --keys keys
refused "a folder without a key" 'no \*.pub' $ours --keys ed
refused "a key that is none" 'it is no public key' $ours --key text

# unused "what" REGEX KEY: it signs nothing
unused()
{
	expect_rc "$1" 2 "$CDR" inventory -r site --sign "$3"
	expect_said "$1: why" "$2"
	[ ! -s stdout ] || fail "$1: something was printed"
	expect_rc "$1, for a bundle" 2 "$CDR" export -r "$ROOT" --to stick --sign "$3" app:1
	[ ! -e stick ] || fail "$1: something was written"
}
unused "a public key" 'it holds a public key' centre.pub
unused "a key of OpenSSH" 'ssh-keygen -Y sign' id_ed25519
cp centre.key open.key
chmod 644 open.key
unused "a key that all can read" 'chmod 600' open.key
openssl pkcs8 -topk8 -in centre.key -passout pass:secret -out locked.key
chmod 600 locked.key
unused "a key with a passphrase" 'it is encrypted' locked.key
unused "no such file" 'nowhere: cannot be opened' nowhere

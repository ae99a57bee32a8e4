#!/bin/sh
# Who has signed, in the forms of three programs. What `cdr inventory --sign` and `cdr
# export --sign` make is verified by ssh-keygen, openssl and cosign, with the commands of
# syncer/bundle/README.md; and cdr takes what these sign, with a public key in PEM, in a
# line of OpenSSH, or in a folder of both. Another key, another namespace, one changed
# byte, two signatures and a key that was taken out of the folder are refused: exit 2,
# and nothing is written. A private key that others can read is not used.
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

# --- keys -------------------------------------------------------------------------
cd "$T"
(
	umask 077
	openssl genpkey -algorithm ed25519 -out ed.key
	openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out p256.key
	ssh-keygen -q -t ed25519 -N '' -C 'one of ours' -f ssh.key
	ssh-keygen -q -t ecdsa -b 256 -N '' -f sshp256.key
	ssh-keygen -q -t ed25519 -N '' -f other.key
) 2>"$T/stderr"
for key in ed p256; do
	openssl pkey -in $key.key -pubout -out $key.pub
done
for key in ssh sshp256 other; do
	mv $key.key.pub $key.pub
done
# An Ed25519 key of PEM as OpenSSH has it; those on P-256 ssh-keygen reads.
{
	printf '\0\0\0\013ssh-ed25519\0\0\0\040'
	openssl pkey -in ed.key -pubout -outform DER | tail -c 32
} | base64 -w 0 | sed 's/^/centre ssh-ed25519 /' >allowed
{
	printf '\ncentre '
	ssh-keygen -i -m PKCS8 -f p256.pub
} >>allowed

# --- what we sign -----------------------------------------------------------------
# parts FILE: $T/text and $T/sig of an inventory
parts()
{
	sed '/^end$/q' "$1" >text
	sed '1,/^end$/d' "$1" >sig
}
check "an inventory, signed" "$CDR" inventory -r site --site ship-7 --sign ed.key
cp stdout ed.inv
parts ed.inv
check "ssh-keygen verifies it" sh -c \
	'ssh-keygen -Y verify -f allowed -I centre -n cdr-inventory -s sig <text'
expect_rc "of that namespace alone" 255 sh -c \
	'ssh-keygen -Y verify -f allowed -I centre -n cdr-bundle -s sig <text'
check "an inventory by a key on P-256" "$CDR" inventory -r site --site ship-7 --sign p256.key
cp stdout p256.inv
parts p256.inv
base64 -d sig >sig.der
check "openssl verifies it" openssl dgst -sha256 -verify p256.pub -signature sig.der text
cosign=
! part "cosign" newer/cosign || cosign=yes
[ -z "$cosign" ] || check "cosign verifies it" newer_run cosign verify-blob --key "$T/p256.pub" \
	--signature "$T/sig" --insecure-ignore-tlog=true "$T/text"

for key in ed p256; do
	check "a bundle by the key $key" "$CDR" export -r "$ROOT" --to stick-$key \
		--for ed.inv --key ed.pub --sign $key.key app:1
	cp stick-$key/*.cdr $key.cdr
	cp stick-$key/*.cdr.sig $key.cdr.sig
done
check "ssh-keygen verifies the statement" sh -c \
	'ssh-keygen -Y verify -f allowed -I centre -n cdr-bundle -s ed.cdr.sig <ed.cdr'
check "openssl verifies that by P-256" \
	openssl dgst -sha256 -verify p256.pub -signature p256.cdr.sig p256.cdr

# --- what others sign -------------------------------------------------------------
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
	ssh-keygen -q -Y sign -n "$2" -f "$1.key" <text >"$1.$2.sig" 2>stderr
}
for key in ssh sshp256 other; do
	ssh_sign $key cdr-inventory
done
ssh_sign ssh cdr-bundle
taken "ssh-keygen, Ed25519" ssh.cdr-inventory.sig --key ssh.pub
taken "ssh-keygen, P-256" sshp256.cdr-inventory.sig --key sshp256.pub
openssl dgst -sha256 -sign p256.key text | base64 >p256.b64
taken "openssl dgst" p256.b64 --key p256.pub
openssl pkeyutl -sign -inkey ed.key -rawin -in text | base64 >ed.b64
taken "openssl pkeyutl" ed.b64 --key ed.pub
# Of OpenSSH's form and of PEM it is the same key.
sed -n 's/^centre //p' allowed >both.pub
taken "a key in another form" ed.b64 --key both.pub
taken "one of several" sshp256.cdr-inventory.sig --key ed.pub --key ssh.pub --key sshp256.pub
mkdir keys
cp ssh.pub keys/ssh.pub
cp p256.pub keys/p256.pem
taken "one of a folder" ssh.cdr-inventory.sig --keys keys
if [ -n "$cosign" ]; then
	(umask 077 && mkdir cosign)
	# shellcheck disable=SC2016 # for the inner shell
	newer_run sh -euc 'cd "$1/cosign"
	cosign generate-key-pair
	cosign sign-blob --yes --use-signing-config=false --tlog-upload=false \
		--key cosign.key --bundle ../cosign.sig ../text' sh "$T" >cosign.log 2>&1
	taken "cosign sign-blob" cosign.sig --key cosign/cosign.pub
	refused "cosign by another key" "by none of the keys" cosign.sig --key p256.pub
fi

# --- what is refused --------------------------------------------------------------
refused "another key" 'none of ours' other.cdr-inventory.sig --keys keys
refused "another key of another kind" 'none of the keys' p256.b64 --key ed.pub
refused "another namespace" 'another namespace than "cdr-inventory"' ssh.cdr-bundle.sig --key ssh.pub
refused "no signature" 'it is not signed' /dev/null --key ssh.pub
cat ssh.cdr-inventory.sig ssh.cdr-inventory.sig >twice
refused "two of them" 'the signature is damaged' twice --key ssh.pub
head -c 200 ssh.cdr-inventory.sig >short
refused "one that is cut" 'the signature is damaged' short --key ssh.pub
sed 's/^free .*/free 1/' text >changed
mv text whole
mv changed text
refused "a line that was changed" 'was changed since' ssh.cdr-inventory.sig --key ssh.pub
refused "the same, by openssl" 'was changed since' p256.b64 --key p256.pub
mv whole text
rm keys/ssh.pub
refused "a key that was taken away" 'none of ours' ssh.cdr-inventory.sig --keys keys
cp ed.key keys/ed.pem
refused "a private key in the folder" 'keys/ed.pem: it holds a private key' ssh.cdr-inventory.sig --keys keys
refused "a folder without a key" 'no \*.pub' ssh.cdr-inventory.sig --keys stick-ed
refused "a key that is none" 'it is no public key' ssh.cdr-inventory.sig --key text

# unused "what" REGEX KEY: it signs nothing
unused()
{
	expect_rc "$1" 2 "$CDR" inventory -r site --sign "$3"
	expect_said "$1: why" "$2"
	[ ! -s stdout ] || fail "$1: something was printed"
	expect_rc "$1, for a bundle" 2 "$CDR" export -r "$ROOT" --to stick --sign "$3" app:1
	[ ! -e stick ] || fail "$1: something was written"
}
unused "a public key" 'it holds a public key' ed.pub
unused "a key of OpenSSH" 'ssh-keygen -Y sign' ssh.key
cp ed.key open.key
chmod 644 open.key
unused "a key that all can read" 'chmod 600' open.key
openssl pkcs8 -topk8 -in ed.key -passout pass:secret -out locked.key
chmod 600 locked.key
unused "a key with a passphrase" 'it is encrypted' locked.key
unused "no such file" 'nowhere: cannot be opened' nowhere

#!/bin/sh
# What has to be signed and is not, is not published: nothing of it is fetched, the
# error says what is wrong, and what was served before is served still. Both forms
# of cosign's signatures, all kinds of keys; policies of the list, of registries, of
# the command line. What was published before it had to be signed is verified too.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr nginx python3 curl openssl
upstream
# key NAME genpkey-argument...: NAME.key and NAME.pem
key()
{
	_name=$1
	shift
	openssl genpkey -out "$T/$_name.key" "$@" 2>/dev/null &&
		openssl pkey -in "$T/$_name.key" -pubout -out "$T/$_name.pem" ||
		fail "openssl makes no key: $*"
}
key p256 -algorithm EC -pkeyopt ec_paramgen_curve:P-256
key other -algorithm EC -pkeyopt ec_paramgen_curve:P-256
key p384 -algorithm EC -pkeyopt ec_paramgen_curve:P-384
key p521 -algorithm EC -pkeyopt ec_paramgen_curve:P-521
key rsa -algorithm RSA -pkeyopt rsa_keygen_bits:2048
key weak -algorithm RSA -pkeyopt rsa_keygen_bits:1024
key ed25519 -algorithm ED25519
key curve -algorithm EC -pkeyopt ec_paramgen_curve:secp256k1

craft many library/app:1 --count 40 --layers 1 --size 500 >"$T/images"
# new: the next image; $app is its name and $id its digest
new()
{
	_image=$((${_image:-0} + 1))
	app=app-$(printf %04d $_image)
	id=$(sed -n "s,^library/$app:1 ,,p" "$T/images")
}
# sign OPTION...: of $id
sign()
{
	craft signature "library/$app" --subject "$id" "$@" >/dev/null
}
# bad "what" REGEX: $app must be refused, and that be said
bad()
{
	printf '%s:1\n' "$app" >>"$T/bad.list"
	printf '%s %s %s\n%s\n' "$app" "$id" "$2" "$1" >>"$T/bad"
}

# --- what is refused --------------------------------------------------------------

new
unsigned=$app
bad "no signature" "$id has no signature, and one by $T/p256.pem is required"
for form in simple bundle; do
	new
	sign --form $form --key "$T/other.key"
	bad "$form, by another key" "$id is not signed with $T/p256.pem"
	new
	sign --form $form --key "$T/p256.key" --signs "sha256:$(printf '%064d' 7)"
	bad "$form, of another image" "signs another manifest, sha256:0+7;"
	new
	sign --form $form --key "$T/p256.key" --spoil payload
	bad "$form, whose payload was changed" "or was changed since"
	new
	sign --form $form --key "$T/p256.key" --spoil base64
	bad "$form, whose signature was cut" \
		"$([ $form = simple ] && echo 'is not base64' || echo 'is not signed')"
	new
	sign --form $form --key "$T/p256.key" --spoil annotation
	bad "$form, without what is signed" "has no (annotation|dsseEnvelope)"
done
new
sign --key "$T/p256.key" --spoil type
bad "a payload of another type" 'critical\.type'
new
sign --form bundle --key "$T/p256.key" --spoil type
bad "an attestation is no signature" "$id has no signature"

sync_rc "all of them are refused" 1 --require-signed "$T/p256.pem" -i "$T/bad.list"
expect_eq "with one error each" "$(wc -l <"$T/bad.list")" "$(grep -c 'app-[0-9]*:1: ' "$T/stderr")"
while read -r app id regex && read -r what; do
	grep -qE "/$app:1: .*$regex" "$T/stderr" ||
		fail "$what: no error of $app matches: $regex"
	! here "$id" || fail "$what: something of it was fetched"
	expect_eq "$what" nothing "$(published "$app:1")"
done <"$T/bad"
expect_eq "nothing of them is published" "" "$(ls "$ROOT/repos" 2>/dev/null)"

# --- what is published ------------------------------------------------------------

for form in simple bundle; do
	for kind in p256 p384 p521 rsa ed25519; do
		new
		sign --form $form --key "$T/$kind.key"
		printf '%s:1 signed=%s.pem\n' "$app" $kind >>"$T/good.list"
		echo "$app $id $kind, $form" >>"$T/good"
	done
done
sync "all kinds of keys, in both forms; paths begin in the folder of the list" \
	-i "$T/good.list"
while read -r app id what; do
	expect_published "$what" "$app:1" "$id"
done <"$T/good"
read -r app id what <"$T/good"
[ "$(published "$app:sha256-${id#sha256:}.sig")" != nothing ] ||
	fail "cosign's tag came along"
ok "cosign's tag came along"
id=$(sed -n 's/ rsa, bundle$//p' "$T/good")
app=${id% *} id=${id#* }
expect_eq "the bundle is listed, with its type" \
	"application/vnd.dev.sigstore.bundle.v0.3+json" \
	"$(pick 'm.artifactType for m in v.manifests' "$ROOT/repos/docker.io/library/$app/_referrers/$id")"
tree_check "$ROOT"

hub_mark
sync "the same again" -v -i "$T/good.list"
expect_eq "all are unchanged" 10 "$(grep -c '^unchanged ' "$T/stdout")"
expect_eq "for one HEAD each" 10 "$(hub_count registry HEAD /manifests/1 200)"
expect_eq "and no GET" 0 "$(hub_count registry GET /)"

# The next site asks for the same, of an nginx, which has the referrers API, or of
# the tree itself.
start_nginx "$ROOT"
first=$ROOT
for from in "http://$MIRROR" "oci:$first"; do
	ROOT=$T/second-${from%%:*}
	sync "the same keys are asked for, from ${from%%:*}" --from "$from" \
		-i "$T/good.list"
	while read -r app id what; do
		expect_published "$what" "$app:1" "$id"
	done <"$T/good"
	tree_check "$ROOT"
	read -r app id what <"$T/good"
	sync_rc "the key is another one" 1 --from "$from" \
		--require-signed "$T/other.pem" "$app:1"
	expect_said "it says so" "is not signed with $T/other.pem"
done
ROOT=$first

new
for key in other p384 p256 ed25519; do
	sign --key "$T/$key.key"
done
sign --key "$T/p256.key" --spoil payload
sign --form bundle --key "$T/other.key"
sync "one good signature among others is enough" \
	--require-signed "$T/p256.pem" "$app:1" referrers=yes

# --- what was there before --------------------------------------------------------

new
sync "an image, before anything is required" "$app:1"
sync_rc "it has to be signed" 1 --require-signed "$T/p256.pem" "$app:1"
expect_published "it is served as before" "$app:1" "$id"
sign --key "$T/p256.key"
sync "it is signed" --require-signed "$T/p256.pem" "$app:1"
hub_mark
sync "again" -v --require-signed "$T/p256.pem" "$app:1"
expect_said "it is unchanged" '^unchanged '
expect_eq "for one HEAD" 1 "$(hub_count registry - / 200)"
sync_rc "the key is another one" 1 --require-signed "$T/other.pem" "$app:1"
expect_said "it says so" "is not signed with $T/other.pem"
first=$id
id=$(craft image "library/$app:1" --layers 1 --size 500 --seed moved)
sync_rc "the tag moves to what is not signed" 1 --require-signed "$T/p256.pem" "$app:1"
expect_published "the old one is served" "$app:1" "$first"
! here "$id" || fail "something of the new one was fetched"
hub_mark
sync_rc "a plan" 1 --plan --require-signed "$T/p256.pem" "$app:1"
expect_said "says so too" '^failed '
sign --form bundle --key "$T/p256.key"
sync "it is signed as well" --require-signed "$T/p256.pem" "$app:1"
expect_published "it is served" "$app:1" "$id"
sync "by its digest" --require-signed "$T/p256.pem" "$app@$id"
tree_check "$ROOT"

# --- whose word counts ------------------------------------------------------------

p256=$(sed -n 's/ .* p256, simple$//p' "$T/good")
rsa=$(sed -n 's/ .* rsa, simple$//p' "$T/good")
settings "{\"require_signed\": \"$T/p256.pem\"}"
sync_rc "a registry's" 1 "$unsigned:1"
expect_said "it says so" "one by $T/p256.pem is required"
sync "a line names another key" "$rsa:1" "signed=$T/rsa.pem"
sync_rc "a line takes nothing away from a registry" 1 "$unsigned:1" signed=no
sync "it does not matter what is said for all" --require-signed "$T/rsa.pem" "$p256:1"
start_hub
mkdir "$T/lists"
cp "$T/p256.pem" "$T/lists/"
printf 'default signed=p256.pem\n%s:1\n%s:1 signed=no\n' "$unsigned" "$unsigned" >"$T/lists/twice"
sync_rc "two lines that disagree" 2 -i "$T/lists/twice"
expect_said "it says so" 'twice:3: .*different signed='
printf 'default signed=p256.pem\n%s:1\n%s:1 signed=no\n' "$p256" "$unsigned" >"$T/lists/some"
sync "a line can take away what its list says" -i "$T/lists/some"
[ "$(published "$unsigned:1")" != nothing ] || fail "the one without is there"
sync_rc "but not what is said for all" 1 --require-signed "$T/p256.pem" "$unsigned:1" signed=no
new
sign --form bundle --key "$T/p256.key"
sync "signatures come along with other types" --require-signed "$T/p256.pem" \
	"$app:1" referrers=types=application/x.sbom
expect_eq "it is listed" 1 \
	"$(pick 'len(v.manifests)' "$ROOT/repos/docker.io/library/$app/_referrers/$id")"
new
sign --key "$T/p256.key"
sync "a pattern" "$app" tags=glob:* "signed=$T/p256.pem"
expect_published "what it finds is verified" "$app:1" "$id"

# Another pattern, without the key, finds the same image; before, after, and first by
# the registry's doing.
printf '%s tags=glob:*\n%s tags=glob:1* signed=../p256.pem\n' "$unsigned" "$unsigned" \
	>"$T/lists/overlap"
sed -n '2p' "$T/lists/overlap" >"$T/lists/palrevo"
sed -n '1p' "$T/lists/overlap" >>"$T/lists/palrevo"
for list in overlap palrevo; do
	for slow in '"times": 1' '"skip": 1, "times": 1'; do
		fault "{\"path\": \"tags/list\", \"delay_ms\": 500, $slow}"
		rm -rf "$ROOT"
		hub_mark
		sync_rc "$list, $slow" 1 -i "$T/lists/$list"
		expect_eq "one was late" 1 "$(hub_fired)"
		expect_said "both lines are named" \
			"$unsigned:1: .*lists/$list:1 .*lists/$list:2 .*different signed="
		expect_eq "with one error" 1 "$(grep -c '^error: ' "$T/stderr")"
		expect_published "it is not there" "$unsigned:1" nothing
		expect_eq "nor was it asked for" 0 "$(hub_count - - /manifests/)"
	done
done
no_faults

# --- keys that are none -----------------------------------------------------------

# wrong "what" FILE REGEX
wrong()
{
	sync_rc "$1" 2 --require-signed "$T/$2" "$app:1"
	expect_said "$1: it says so" "require-signed: $T/$2: $3"
}
printf 'not a key\n' >"$T/text"
cat "$T/p256.pem" "$T/rsa.pem" >"$T/two"
sed 's/^MFk/MFh/' "$T/p256.pem" >"$T/damaged"
openssl req -x509 -new -key "$T/p256.key" -subj /CN=x -out "$T/cert" 2>/dev/null
head -c 70000 /dev/zero >"$T/large"
wrong "no file" absent 'no such file'
wrong "no PEM" text 'it is not a PEM file'
wrong "a private key" p256.key 'it holds a private key'
wrong "a certificate" cert 'it holds a certificate'
wrong "two keys" two 'it holds more than one'
wrong "a damaged key" damaged 'the public key in it is damaged'
wrong "a short RSA key" weak.pem 'an RSA key of 1024 bits'
wrong "an odd curve" curve.pem 'an ECDSA key on a curve other'
wrong "a large file" large ''
printf 'default platform=all\napp:1 signed=gone.pem\n' >"$T/lists/gone"
sync_rc "a list names a key that is not there" 2 -i "$T/lists/gone"
expect_said "it says where" "$T/lists/gone:2: signed=.*$T/lists/gone.pem: no such file"
settings "{\"require_signed\": \"$T/p256.key\"}"
sync_rc "a registry names a private key" 2 "$app:1"
expect_said "it says where" "docker.io: require_signed: $T/p256.key: it holds a private key"

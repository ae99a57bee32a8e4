#!/bin/sh
# A real cosign: what it has signed in a registry, in both of its forms, with its
# own key pair and with an Ed25519 key, is mirrored by a policy; and from the mirror
# alone, the registry being gone, cosign verifies it. What it did not sign is not
# mirrored. And what openssl has signed in the other scenario's way, cosign takes.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
# shellcheck source=tests/newer.sh
. "$TOP/tests/newer.sh"

need cdr docker-registry nginx python3 curl openssl newer/cosign
start_registry
ROOT=$T/root
COSIGN_PASSWORD=
export COSIGN_PASSWORD
cosign()
{
	# shellcheck disable=SC2016 # for the inner shell
	newer_run sh -c 'cd "$0" && exec cosign "$@"' "$T" "$@"
}
check "cosign makes a key pair" cosign generate-key-pair

# made NAME: $UPSTREAM/library/NAME:1, and $id its digest
made()
{
	id=$(craft index "library/$1:1" --layers 1 --size 500 --seed "$1")
}
# sign NAME OPTION...: of $id, without a transparency log
sign()
{
	_name=$1
	shift
	check "cosign signs $_name" cosign sign --yes --key cosign.key \
		--use-signing-config=false --tlog-upload=false \
		--allow-insecure-registry "$@" "$UPSTREAM/library/$_name@$id"
}
# verifies NAME FILE.pub: at $MIRROR
verifies()
{
	cosign verify --key "$2" --insecure-ignore-tlog=true \
		--allow-insecure-registry "$MIRROR/library/$1:1"
}

made bundle
sign bundle
made simple
sign simple --new-bundle-format=false
made both
sign both
sign both --new-bundle-format=false
both=$id
made openssl
openssl genpkey -algorithm ED25519 -out "$T/ed.key" 2>/dev/null
openssl pkey -in "$T/ed.key" -pubout -out "$T/ed.pub"
craft signature library/openssl --subject "$id" --key "$T/ed.key" >/dev/null
craft signature library/openssl --subject "$id" --key "$T/ed.key" --form bundle >/dev/null
made unsigned
made tampered
sign tampered
# The signed bytes with other ones in their place, under the same digest.
blob=$(curl -s "http://$UPSTREAM/v2/library/tampered/manifests/sha256-${id#sha256:}" \
	-H 'Accept: application/vnd.oci.image.index.v1+json' | pick 'v.manifests[0].digest')
blob=$(curl -s "http://$UPSTREAM/v2/library/tampered/manifests/$blob" \
	-H 'Accept: application/vnd.oci.image.manifest.v1+json' | pick 'v.layers[0].digest')
file=$T/registry-1/registry.data/docker/registry/v2/blobs/sha256
file=$file/$(printf %s "${blob#sha256:}" | cut -c 1-2)/${blob#sha256:}/data
[ -s "$file" ] || fail "there is no bundle to tamper with"
sed -i 's/"sig":"..../"sig":"AAAA/' "$file"

printf 'default signed=cosign.pub\n' >"$T/list"
printf '%s:1\n' bundle simple both unsigned tampered >>"$T/list"
echo 'openssl:1 signed=ed.pub' >>"$T/list"
# Bytes that are not what they are called are asked for again, soon.
printf '{"docker.io": {"endpoint": "http://%s", "retry_delay_ms": 20, "max_tries": 2}}\n' \
	"$UPSTREAM" >"$T/registries.json"
sync_rc "two of six are refused" 1 --registries "$T/registries.json" -i "$T/list"
expect_said "the one without a signature" 'unsigned:1: .* has no signature'
expect_said "the one that was tampered with" 'tampered:1: '
expect_eq "and no other" 2 "$(grep -c '^error: .*:1: ' "$T/stderr")"
for name in unsigned tampered; do
	[ ! -e "$ROOT/repos/docker.io/library/$name" ] || fail "$name was published"
done
ok "these are not published"
tree_check "$ROOT"

process_end "$UPSTREAM_PID"
start_nginx "$ROOT"
for name in bundle simple both; do
	check "cosign verifies $name from the mirror" verifies $name cosign.pub
	expect_said "$name: cosign has checked the claims" 'claims were validated'
done
check "cosign verifies what openssl has signed" verifies openssl ed.pub
expect_rc "but not with another key" 1 verifies openssl cosign.pub
of_mirror()
{
	curl -s "http://$MIRROR/v2/library/both/$1" | pick "len($2)"
}
expect_eq "cosign's tag is there" 1 "$(of_mirror "manifests/sha256-${both#sha256:}.sig" v.layers)"
expect_eq "and the bundle" 1 "$(of_mirror "referrers/$both" v.manifests)"

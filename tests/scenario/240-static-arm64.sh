#!/bin/sh
# The static cdr for arm64, cross-compiled and run by qemu, does what this machine's
# does: it takes over a signed bundle and refuses another key's, verifies and lists the
# tree, finds a flipped byte, and writes the same tar file and the same bundle.
# Tier: all
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
. "$TOP/tests/tree.sh"
. "$TOP/tests/cross.sh"

need cdr python3 curl openssl cc readelf
cross_ready || skip "no compiler for arm64 here: scripts/install-deps all fetches it"
upstream
craft index library/app:1 --platforms linux/amd64,linux/arm64 --layers 2 >/dev/null
craft image library/app:2 --layers 2 --seed 2 >/dev/null
sync "a tree" app:1 app:2
for key in one two; do
	openssl genpkey -algorithm ed25519 -out "$T/$key.pem" 2>"$T/openssl.log"
	chmod 600 "$T/$key.pem"
	openssl pkey -in "$T/$key.pem" -pubout -out "$T/$key.pub"
done
cross_cc "$T/cc"
check "it compiles for arm64" make -s -C "$TOP" -j2 BUILD="$T/arm64" CC="$T/cc" static
readelf -h "$T/arm64/static/cdr" >"$T/elf"
grep -q AArch64 "$T/elf" || fail "it is for another processor: $(cat "$T/elf")"
other()
{
	cross_run "$T/arm64/static/cdr" "$@"
}
check "it runs" other --version
expect_said "and says what it is" ', without a network$'

check "a bundle" "$CDR" export -q -r "$ROOT" --site centre --sign "$T/one.pem" \
	--split 40k --to "$T/stick" app:1 app:2
expect_rc "another key's" 2 other import -q -r "$T/site" --key "$T/two.pub" "$T/stick"
check "its own key's" other import -q -r "$T/site" --key "$T/one.pub" "$T/stick"
tree_check "$T/site"
check "it verifies it" other verify -q -r "$T/site"
other ls -r "$T/site" --json >"$T/one"
"$CDR" ls -r "$T/site" --json >"$T/two"
check "it lists what this machine's lists" cmp "$T/one" "$T/two"
check "it saves" other save -r "$T/site" app:2 -o "$T/one.tar"
check "as this machine's does" "$CDR" save -r "$T/site" app:2 -o "$T/two.tar"
check "the same bytes" cmp "$T/one.tar" "$T/two.tar"
check "it exports and signs" other export -q -r "$T/site" --site ship \
	--sign "$T/two.pem" --to "$T/back" app:2
check "what this machine takes over" "$CDR" import -q -r "$T/third" --key "$T/two.pub" \
	"$T/back"

id=$(pick 'v["layers"][0]["digest"]' \
	"$(realpath "$T/site/repos/docker.io/library/app/_manifests/2")")
chmod u+w "$T/site/blobs/sha256/${id#*:}"
printf x | dd of="$T/site/blobs/sha256/${id#*:}" conv=notrunc status=none
expect_rc "a flipped byte" 1 other verify -r "$T/site"
expect_said "is found" "${id#*:}"
# --from needs openat2(2), which qemu lacks.
check "which this machine's mends" "$CDR" verify -q -r "$T/site" --repair \
	--from oci:"$ROOT"
check "all is well" other verify -q -r "$T/site"

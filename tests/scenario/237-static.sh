#!/bin/sh
# The static cdr needs nothing of where it runs: no library, no file, no network. What
# it can do it does as the other cdr does; what needs a network it refuses in one
# sentence, before anything is touched. verify mends from a folder, with what it has
# checked, and the addresses that node-config takes are those that the other one takes.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
. "$TOP/tests/tree.sh"

need cdr python3 curl readelf static
STATIC=$TOP/build/static/cdr
upstream
craft index library/app:1 --platforms linux/amd64,linux/arm64 --layers 2 >/dev/null
craft image library/app:2 --layers 2 --seed 2 >/dev/null
sync "a tree" app:1 app:2
cp -a "$ROOT" "$T/copy"

# --- it needs nothing ----------------------------------------------------------------

readelf -ld "$STATIC" >"$T/elf"
for word in NEEDED interpreter; do
	! grep -q "$word" "$T/elf" || fail "it has $word: $(cat "$T/elf")"
done
ok "no library is named in it, and no loader"
if [ "$(id -u)" -eq 0 ]; then
	mkdir -p "$T/bare/usr/bin" "$T/bare/srv"
	cp "$STATIC" "$T/bare/usr/bin/cdr"
	cp -a "$ROOT" "$T/bare/srv/cdr"
	check "it runs in an empty root" unshare -n chroot "$T/bare" /usr/bin/cdr \
		verify
	check "and says what is there" unshare -n chroot "$T/bare" /usr/bin/cdr ls
	expect_said "all of it" 'docker.io/library/app:2'
fi

# --- what is not in it ----------------------------------------------------------------

check "it says what it is" "$STATIC" --version
expect_said "in a word" '^cdr [0-9.]*, without a network$'
"$CDR" --help >"$T/one"
"$STATIC" --help >"$T/two"
sed -i '/^  sync \|^  watch \|^  doctor \|^For a first look: cdr sync/d' "$T/one"
check "it offers what the other one does, and not those that need a network" \
	cmp "$T/one" "$T/two"
for command in sync watch doctor; do
	expect_rc "$command is not in it" 2 "$STATIC" $command -r "$T/none" app:1
	expect_said "it says why" "^cdr $command: this cdr has no network in it"
done
[ ! -e "$T/none" ] || fail "it has made something"

# --- as the other one -----------------------------------------------------------------

"$CDR" ls -r "$ROOT" --json >"$T/one"
"$STATIC" ls -r "$ROOT" --json >"$T/two"
check "the same list" cmp "$T/one" "$T/two"
check "it pins" "$STATIC" pin -r "$ROOT" app:2
check "and lets go" "$STATIC" unpin -r "$ROOT" app:2
check "it takes out" "$STATIC" rm -r "$ROOT" app:1
check "what is left is right" "$CDR" verify -r "$ROOT"
tree_check "$ROOT"

# --- it mends -------------------------------------------------------------------------

ROOT=$T/copy
cp -a "$ROOT" "$T/source"
layer()
{
	pick 'v["layers"][0]["digest"]' \
		"$(realpath "$ROOT/repos/docker.io/library/app/_manifests/$1")"
}
id=$(layer 2)
file=$ROOT/blobs/sha256/${id#*:}
chmod u+w "$file"
printf 'wrong' | dd of="$file" conv=notrunc status=none
manifest=$(realpath "$ROOT/repos/docker.io/library/app/_manifests/2")
rm -f "$manifest"
expect_rc "from nowhere" 2 "$STATIC" verify -r "$ROOT" --repair
expect_said "it says what it needs" 'no network in it: --repair needs --from'
expect_rc "from another mirror" 2 "$STATIC" verify -r "$ROOT" --repair \
	--from http://127.0.0.1:1
expect_said "is not for it" 'no network in it: --repair needs --from'

# The source is damaged as well.
cp "$T/source/blobs/sha256/${id#*:}" "$T/right"
chmod u+w "$T/source/blobs/sha256/${id#*:}"
printf 'false' | dd of="$T/source/blobs/sha256/${id#*:}" conv=notrunc status=none
expect_rc "what is wrong there as well" 1 "$STATIC" verify -r "$ROOT" --repair \
	--from oci:"$T/source"
[ -e "$manifest" ] || fail "the manifest, which is right, is not back"
[ ! -e "$file" ] || fail "wrong bytes have got the name"
ok "gets no name; what is right comes back"
: >"$T/source/blobs/sha256/${id#*:}"
expect_rc "and what is shorter" 1 "$STATIC" verify -r "$ROOT" --repair \
	--from oci:"$T/source"
[ ! -e "$file" ] || fail "wrong bytes have got the name"
cat "$T/right" >"$T/source/blobs/sha256/${id#*:}"
check "what is right" "$STATIC" verify -r "$ROOT" --repair --from oci:"$T/source"
check "is back" cmp "$T/right" "$file"
check "and all is well" "$CDR" verify -r "$ROOT"
tree_check "$ROOT"

# From a bundle as well, without a network.
check "a bundle" "$CDR" export -q -r "$ROOT" --to "$T/stick" app:1 app:2
chmod u+w "$file"
printf 'wrong' | dd of="$file" conv=notrunc status=none
check "what is in a bundle" "$STATIC" verify -r "$ROOT" --repair --from bundle:"$T/stick"
check "is back, too" cmp "$T/right" "$file"
check "another site takes it over" "$STATIC" import -q -r "$T/site" --unsigned "$T/stick"
tree_check "$T/site"

# --- addresses ------------------------------------------------------------------------

# Who takes an address takes it for the same.
for url in http://10.0.0.5:5000 https://mirror.example HTTP://Mirror.Example:80/ \
    http://mirror:30500 'http://[fd00::0005]:5000' 'http://[::1]' https://a-b.example:443 \
    http://localhost:5000; do
	"$CDR" node-config containerd --client-version 2.1.0 --mirror "$url" \
		>"$T/one" 2>&1 || fail "$url: $(cat "$T/one")"
	"$STATIC" node-config containerd --client-version 2.1.0 --mirror "$url" \
		>"$T/two" 2>&1 || fail "$url: $(cat "$T/two")"
	cmp -s "$T/one" "$T/two" || fail "$url: $(diff "$T/one" "$T/two")"
done
ok "both take these for the same"
for url in '' mirror:5000 ftp://mirror http:/mirror http:///x http://u:p@mirror \
    'http://mir ror' http://mirror:0 http://mirror:65536 http://mirror:99999999999 \
    http://mirror:5x http://mirror/path http://mirror?a=b 'http://[::1' \
    'http://[fe80::1%25eth0]' 'http://[1.2.3.4]' http://mir%20ror 'http://mirrör' \
    'http://a\b' http://; do
	expect_rc "the other one refuses \"$url\"" 2 "$CDR" node-config containerd \
		--mirror "$url"
	expect_rc "and so does this one" 2 "$STATIC" node-config containerd \
		--mirror "$url"
done
# What one of them takes for an address in another spelling, the other refuses.
for url in http://127.1 http://0x7f.0.0.1 http://2130706433 http://mirror.:80 http://mirror#x; do
	expect_rc "\"$url\" is refused" 2 "$STATIC" node-config containerd \
		--mirror "$url"
done

#!/bin/sh
# `cdr inventory` says what a site has, for who makes its next bundle: each manifest that
# is linked in some repository, once, so of a sparse index the children that are here and
# no others; where each tag leads; the last bundle of each sender; who it is, and how much
# room there is. What is damaged is told as well: what verify has noted, and what a linked
# manifest leads to that is not here or has another size; also a foreign layer: may it be
# elsewhere, whoever has it sends it.
# It changes nothing, and prints all of it or nothing.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
CDR_SITE=ship-7
export CDR_SITE
craft index library/app:1 --platforms linux/amd64,linux/arm64 >/dev/null
craft image library/app:2 --seed 2 >/dev/null
craft image other/tool:1 --seed 3 --layers 3 >/dev/null
overlay foreign-layer library/gone:1 --seed 4 >/dev/null
sync "a tree" 'app:1 platform=linux/amd64' app:2 other/tool:1 gone:1
cp -a "$ROOT/repos/docker.io/library/app" "$ROOT/repos/docker.io/library/twin"

# inventory "what" N ARG...: into $T/inventory
inventory()
{
	_title=$1 _code=$2
	shift 2
	expect_rc "$_title" "$_code" "$CDR" inventory -r "$ROOT" "$@"
	cp "$T/stdout" "$T/inventory"
}
# lines WORD: what stands behind it
lines()
{
	sed -n "s/^$1 //p" "$T/inventory"
}

find "$ROOT" -printf '%p %T@ %l\n' | LC_ALL=C sort >"$T/before"
inventory "an inventory" 0
find "$ROOT" -printf '%p %T@ %l\n' | LC_ALL=C sort | cmp - "$T/before" ||
	fail "the tree has changed"
expect_eq "its head" "cdr-inventory 1,site ship-7,written,free,image" \
	"$(sed -n '1,5s/\(written\|free\|image\) .*/\1/; 1,5p' "$T/inventory" | paste -s -d ,)"
expect_eq "its end" end "$(tail -n 1 "$T/inventory")"
expect_eq "written now" 1 "$(($(date +%s) - $(date -d "$(lines written)" +%s) < 60))"
[ "$(lines free)" -gt 1000000 ] || fail "free: $(lines free)"
expect_eq "each manifest once" \
	"$(cd "$ROOT/repos" && find . -path '*/_manifests/*:*' -printf '%f\n' | LC_ALL=C sort -u)" \
	"$(lines linked | LC_ALL=C sort)"
expect_eq "a sparse index has one child here" 1 \
	"$(pick 'v.manifests' "$ROOT/repos/docker.io/library/app/_manifests/1" |
	grep -o 'sha256:[0-9a-f]*' | grep -cFf - "$T/inventory")"
(cd "$ROOT/repos" && find . -path '*/_history/*' -printf '%P\n') | while read -r link; do
	at=$(readlink "$ROOT/repos/$(echo "$link" | sed 's,_history,_manifests,')")
	echo "${link%/_history/*}:${link##*/} $(basename "${at%/*}"):${at##*/}"
done | LC_ALL=C sort >"$T/tags"
lines image | LC_ALL=C sort | cmp - "$T/tags" || fail "the tags are others"
foreign=$(pick 'l.digest for l in v.layers if l.get("urls")' \
	"$ROOT/repos/docker.io/library/gone/_manifests/1")
expect_eq "nothing is bad but a foreign layer that is elsewhere" "$foreign" "$(lines bad)"
expect_eq "no bundle came" "" "$(lines bundle)"

# --- bundles that came ------------------------------------------------------------
id=0123456789abcdef0123456789abcdef
cat >"$ROOT/_state/bundles" <<END
cdr-bundles 1
last centre ship-7 41 $id 2026-11-20T00:00:00Z
last centre * 3 $id 2026-11-21T00:00:00Z
done centre ship-7 40 $id 2026-11-19T00:00:00Z 2026-11-20T00:00:00Z
end
END
inventory "after bundles" 0 --site yard
expect_eq "the last of each" "centre ship-7 41 $id,centre * 3 $id" "$(lines bundle | paste -s -d ,)"
expect_eq "--site comes before CDR_SITE" yard "$(lines site)"
echo nonsense >"$ROOT/_state/bundles"
inventory "a book that nobody can read" 3
expect_eq "prints nothing" "" "$(cat "$T/inventory")"
rm "$ROOT/_state/bundles"

# --- what is bad ------------------------------------------------------------------
blob()
{
	echo "$ROOT/blobs/sha256/${1#*:}"
}
layers()
{
	pick '"\n".join(l["digest"] for l in v["layers"])' "$ROOT/repos/docker.io/$1"
}
missing=$(layers other/tool/_manifests/1 | sed -n 1p)
short=$(layers other/tool/_manifests/1 | sed -n 2p)
flipped=$(layers other/tool/_manifests/1 | sed -n 3p)
rm "$(blob "$missing")"
chmod u+w "$(blob "$short")"
truncate -s 5 "$(blob "$short")"
chmod u+w "$(blob "$flipped")"
printf X | dd of="$(blob "$flipped")" bs=1 seek=3 conv=notrunc 2>/dev/null
gone=$(published gone:1)
app=$(published app:2)
chmod u+w "$ROOT"/manifests/application/*/sha256/"${app#*:}"
echo '{}' >"$(echo "$ROOT"/manifests/application/*/sha256/"${app#*:}")"
rm "$ROOT"/manifests/application/*/sha256/"${gone#*:}"
inventory "a damaged tree" 0
printf '%s\n' "$missing" "$short" "$gone" "$app" | LC_ALL=C sort >"$T/want"
lines bad | cmp - "$T/want" || fail "bad are: $(lines bad)"
grep -q "^linked $gone\$" "$T/inventory" || fail "a link that leads nowhere is one"
expect_rc "verify sees the bit that flipped" 1 "$CDR" verify -r "$ROOT"
inventory "after verify" 0
grep -q "^bad $flipped\$" "$T/inventory" || fail "what verify found is not told"
sync "a run mends it" 'app:1 platform=linux/amd64' app:2 other/tool:1 gone:1
inventory "after that" 0
expect_eq "nothing else is bad any more" "$foreign" "$(lines bad)"

# --- who we are, and what it is not -----------------------------------------------
inventory "a name that is none" 2 --site a/b
expect_said "it is told" "error: --site is no name of a site"
CDR_SITE='' inventory "the host's name" 0
expect_eq "fits" "$(uname -n | sed 's/^[-_.]*//; s/[^A-Za-z0-9._-]/-/g' | cut -c 1-63)" "$(lines site)"
inventory "an unexpected word" 2 here
expect_rc "no tree" 3 "$CDR" inventory -r "$T/nowhere"
rc=0
"$CDR" inventory -r "$ROOT" >/dev/full 2>"$T/stderr" || rc=$?
expect_eq "a full disk" 3 $rc

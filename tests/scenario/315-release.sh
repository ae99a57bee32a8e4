#!/bin/sh
# A release of one commit has the same bytes wherever and by whomever it is made: sources,
# SBOM, provenance, sums; nothing that lies about there is in it. Its signature is good with the public key, and not once a byte
# has changed. The SBOM follows SPDX 2.3, the provenance in-toto and SLSA. The sources
# build without git, and two folders make one program. Each file has the Makefile's version.
. "$(dirname "$0")/../lib.sh"

need git python3 openssl make cc buildah? root?
version=$(sed -n 's/^VERSION *= *//p' "$TOP/Makefile")
check "all files have the Makefile's version" sh "$TOP/scripts/packaging/version"

# A repository of what is here, committed or not; where time is short, of what counts.
if in_all; then
	sh "$TOP/scripts/packaging/source" "$T/a" || fail "scripts/packaging/source"
else
	mkdir "$T/a"
	(cd "$TOP" && tar -c Makefile CHANGELOG.md layout syncer k8s boot scripts \
		tests/boot.sh tests/scenario/238-* tests/scenario/239-*) | tar -x -C "$T/a"
fi
export GIT_AUTHOR_DATE='2026-11-01T12:00:00Z' GIT_COMMITTER_DATE='2026-11-01T12:00:00Z'
git_in()
{
	git -C "$@" >>"$T/git.log" 2>&1 || fail "git -C $*"
}
git_in "$T/a" init -q -b main
git_in "$T/a" add -f .
git_in "$T/a" -c user.name=x -c user.email=x@example.org -c commit.gpgsign=false commit -q -m x
git_in "$T" clone -q "$T/a" "$T/another folder"

openssl ecparam -genkey -name prime256v1 -noout -out "$T/key.pem" 2>"$T/openssl.log"
openssl ec -in "$T/key.pem" -pubout -out "$T/key.pub" 2>>"$T/openssl.log"
check "a release" make -s -C "$T/a" release KEY="$T/key.pem"
expect_eq "its files" "SHA256SUMS
SHA256SUMS.sig
cdr-$version.provenance.json
cdr-$version.spdx.json
cdr-$version.tar.gz" "$(cd "$T/a/build/release" && find . -type f | sed 's,^\./,,' | LC_ALL=C sort)"
# Of somebody whose programs do otherwise by themselves.
cat >"$T/gitconfig" <<END
[core]
	autocrlf = true
	attributesFile = $T/attributes
[log]
	showSignature = true
[tar]
	umask = 0777
END
echo '*.md export-ignore' >"$T/attributes"
# shellcheck disable=SC2016 # for the inner shell
check "the same in another folder, by another umask, clock and settings" env TZ=Asia/Tokyo \
	LC_ALL=C GIT_CONFIG_GLOBAL="$T/gitconfig" TAR_OPTIONS='--exclude=*.md' GZIP=-1 GIT_DIR=/nonexistent \
	sh -c 'umask 077; sh "$1/scripts/packaging/release"' sh "$T/another folder"
expect_said "it says that nothing was signed" "not signed"
check "has the same bytes" cmp "$T/a/build/release/SHA256SUMS" \
	"$T/another folder/build/release/SHA256SUMS"
cd "$T/a/build/release"
check "the sums are right" sha256sum -c SHA256SUMS
signed()
{
	openssl dgst -sha256 -verify "$T/key.pub" -signature SHA256SUMS.sig "$1"
}
check "so is the signature" signed SHA256SUMS
tr a b <SHA256SUMS >"$T/other"
expect_rc "of these bytes only" 1 signed "$T/other"
check "the SBOM is one" python3 "$TOP/tests/spdx.py" sbom "cdr-$version.spdx.json"
check "the provenance is one" python3 "$TOP/tests/spdx.py" provenance "cdr-$version.provenance.json"
commit=$(git -C "$T/a" rev-parse HEAD)
expect_eq "it names the commit" "$commit" "$(pick \
	'v.predicate.buildDefinition.resolvedDependencies[0].digest.gitCommit' "cdr-$version.provenance.json")"
sum=$(sha256sum <"cdr-$version.tar.gz" | cut -d ' ' -f 1)
expect_eq "and the sources" "$sum $sum" "$(pick 'v.subject[0].digest.sha256' \
	"cdr-$version.provenance.json") $(pick 'v.packages[0].checksums[0].checksumValue' \
	"cdr-$version.spdx.json")"
echo '*.md export-ignore' >"$T/a/.git/info/attributes"
expect_rc "not with attributes that others do not have" 1 sh "$T/a/scripts/packaging/release"
expect_said "it says so" "info/attributes: others do not have it"
rm "$T/a/.git/info/attributes"
# A commit that only this clone has something else in the place of.
other="$T/another folder"
was=$(git -C "$other" rev-parse HEAD)
echo '# of nobody else' >>"$other/Makefile"
git_in "$other" -c user.name=x -c user.email=x@example.org -c commit.gpgsign=false commit -q -a -m y
git_in "$other" replace "$was" HEAD
git_in "$other" reset -q --hard "$was"
expect_eq "it is out" '# of nobody else' "$(tail -n 1 "$other/Makefile")"
expect_rc "nor of what replaces the commit here" 1 sh "$other/scripts/packaging/release"
expect_said "it says so" "changes that are in no commit"
git_in "$other" replace -d "$was"
git_in "$other" reset -q --hard "$was"
expect_eq "the time of the sources is their own" "$(git -C "$T/a" log -1 --format=%ct)" \
	"$(env -u SOURCE_DATE_EPOCH GIT_DIR=/nonexistent sh "$T/a/scripts/packaging/epoch")"

# What the builder of the image gets.
mkdir "$T/stub"
cat >"$T/stub/buildah" <<'END'
#!/bin/sh
for context; do :; done
(cd "$context" && find . -type f) >"$CONTEXT"
exit 1
END
chmod 755 "$T/stub/buildah"
: >"$T/a/syncer/cmd/nobody_knows.c"
expect_rc "an image that is not built is none" 1 env CONTEXT="$T/context" BUILDER="$T/stub/buildah" \
	PLATFORMS=amd64 sh "$T/a/scripts/packaging/release" -i "$T/none"
check "it is built of the commit" grep -qx ./syncer/main.c "$T/context"
expect_eq "and of nothing else" "" "$(grep nobody_knows "$T/context" || :)"
rm "$T/a/syncer/cmd/nobody_knows.c"
echo '# changed' >>"$T/a/Makefile"
expect_rc "not of what is in no commit" 1 sh "$T/a/scripts/packaging/release"
expect_said "it says so" "changes that are in no commit"

# --- the sources ------------------------------------------------------------------------

mkdir "$T/x" "$T/a long name of a folder"
for folder in "$T/x" "$T/a long name of a folder"; do
	tar -xzf "cdr-$version.tar.gz" -C "$folder"
done
expect_eq "all that git has is in them" "$(git -C "$T/a" ls-files | LC_ALL=C sort)" \
	"$(cd "$T/x/cdr-$version" && find . -type f -o -type l | sed 's,^\./,,' | LC_ALL=C sort)"
# They lie in somebody's repository: its commit is another one.
git_in "$T/x" init -q
git_in "$T/x" add -f .
git_in "$T/x" -c user.name=x -c user.email=x@example.org -c commit.gpgsign=false commit -q -m x
expect_rc "no release of unpacked sources" 1 sh "$T/x/cdr-$version/scripts/packaging/release"
expect_said "it says so" "this is no clone of git's"
check "but their copy" sh "$T/x/cdr-$version/scripts/packaging/source" "$T/copied"
expect_eq "has the same" "$(git -C "$T/a" ls-files | LC_ALL=C sort)" \
	"$(cd "$T/copied" && find . -type f -o -type l | sed 's,^\./,,' | LC_ALL=C sort)"
rm -rf "$T/x/.git"
# With paths in what debuggers read.
objects='build/obj/layout/digest.o build/obj/syncer/main.o'
! in_all || objects=build/cdr
for folder in "$T/x" "$T/a long name of a folder"; do
	# shellcheck disable=SC2086 # words
	check "they build" make -s -C "$folder/cdr-$version" $objects
done
for object in $objects; do
	check "$object is the same" cmp "$T/x/cdr-$version/$object" \
		"$T/a long name of a folder/cdr-$version/$object"
done

# --- another version --------------------------------------------------------------------

cd "$T/x/cdr-$version"
check "a version is set" sh scripts/packaging/version 7.8.9
check "everywhere" sh scripts/packaging/version
expect_eq "also in Kubernetes" 1 "$(grep -c 'newTag: 7.8.9$' k8s/components/images/kustomization.yaml)"
expect_eq "what was unreleased is released" 1 "$(grep -c '^## 7.8.9 - ' CHANGELOG.md)"
sed -i 's/newTag: 7.8.9/newTag: 7.8.8/' k8s/components/images/kustomization.yaml
expect_rc "a file that was forgotten" 1 sh scripts/packaging/version
expect_said "is named" '^k8s/components/images/kustomization.yaml:.*7\.8\.8'

# --- an image for two processors in one index ---------------------------------------------

if in_all && part "the image" buildah root; then
	# buildah, but for what is compiled: a file, and a package that it came from.
	mkdir "$T/bin"
	cat >"$T/bin/buildah" <<'END'
#!/bin/sh
set -eu
for word; do
	[ "$word" != build ] || compiled=no
	context=$word
done
if [ "${compiled-}" = no ]; then
	printf 'Package: libexample\nVersion: 1.0+deb12u1\nArchitecture: amd64\n' >"$context/libexample"
	printf 'FROM scratch\nCOPY libexample /var/lib/dpkg/status.d/libexample\n' >"$context/small"
	printf 'COPY Makefile /usr/bin/cdr\n' >>"$context/small"
	rest=$#
	while [ "$rest" -gt 0 ]; do
		case $1 in
		*/Containerfile | */declared) set -- "$@" "$context/small" ;;
		*) set -- "$@" "$1" ;;
		esac
		shift
		rest=$((rest - 1))
	done
fi
exec "$REAL" "$@"
END
	chmod 755 "$T/bin/buildah"
	REAL=$(command -v buildah)
	echo '{"default": [{"type": "insecureAcceptAnything"}]}' >"$T/policy.json"
	export REAL BUILDER="$T/bin/buildah" PUSH_OPTIONS="--signature-policy $T/policy.json"
	export BUILD_OPTIONS="--isolation chroot --signature-policy $T/policy.json"
	git -C "$T/a" checkout -q Makefile
	for n in 1 2; do
		export BUILDER_OPTIONS="--root $T/b$n --runroot $T/r$n --storage-driver vfs"
		check "a release with its image" sh "$T/a/scripts/packaging/release" -i "$T/image$n"
	done
	check "twice the same" cmp "$T/image1/SHA256SUMS" "$T/image2/SHA256SUMS"
	mkdir "$T/oci"
	tar -xf "$T/image1/cdr-$version.oci.tar" -C "$T/oci"
	index=$(pick 'v.manifests[0].digest' "$T/oci/index.json")
	expect_eq "one index for both" "amd64 arm64" "$(pick 'm.platform.architecture for m in v.manifests' \
		"$T/oci/blobs/sha256/${index#*:}" | xargs)"
	check "the SBOM has it" python3 "$TOP/tests/spdx.py" sbom "$T/image1/cdr-$version.spdx.json"
	check "and what is in it" grep -qF 'pkg:deb/debian/libexample@1.0%2Bdeb12u1?arch=amd64' \
		"$T/image1/cdr-$version.spdx.json"
	check "so has the provenance" python3 "$TOP/tests/spdx.py" provenance \
		"$T/image1/cdr-$version.provenance.json"
	expect_eq "by its digest" 1 "$(grep -c "\"${index#*:}\"" "$T/image1/cdr-$version.provenance.json")"
	for folder in "$T/b1" "$T/b2"; do
		umount "$folder"/vfs* 2>/dev/null || :
	done
fi

#!/bin/sh
# Who keeps a cluster's manifests in a repository of their own takes CDR's from its: what
# k8s/README.md shows, a kustomization with a remote base at a version, builds the same as
# a checkout of that version, with an own list in place of CDR's.
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/k8s/render.sh
. "$TOP/tests/k8s/render.sh"

need git newer/kustomize
# kustomize calls git, which the newer root has not: this machine's, with the program that
# it is all in.
mkdir "$T/bin"
cp "$(command -v git)" "$T/bin/git"
cp "$(command -v git)" "$T/bin/git-upload-pack"
for file in git-submodule git-sh-setup git-sh-i18n; do
	cp "$(git --exec-path)/$file" "$T/bin/" || skip "no $file here"
done
build()
{
	newer_run env PATH="$T/bin:/usr/bin:/bin" GIT_EXEC_PATH="$T/bin" HOME="$T/home" \
		GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*' \
		kustomize build "$1"
}
newer_run env PATH="$T/bin:/usr/bin:/bin" git --version >"$T/git.log" 2>&1 ||
	skip "this machine's git does not run in the newer root"

# A version, and one behind it in which something is wrong.
mkdir "$T/cdr"
cp -R "$TOP/k8s" "$TOP/nginx" "$T/cdr/"
in_cdr()
{
	git -C "$T/cdr" -c user.name=x -c user.email=x@x -c commit.gpgsign=false "$@" \
		>>"$T/git.log" 2>&1 || fail "git $*"
}
in_cdr init -b main
in_cdr add .
in_cdr commit -m 1
in_cdr tag v1
echo 'resources: [nothing.yaml]' >"$T/cdr/k8s/base/kustomization.yaml"
in_cdr commit -a -m 2

k8s_render edge
url=file://$T/cdr//k8s/overlays/edge
build "$url?ref=v1" >"$T/remote.yaml" 2>"$T/kustomize.log" || fail "no remote build"
check "a remote build is that of the checkout" cmp "$T/edge.yaml" "$T/remote.yaml"
rc=0
build "$url?ref=main" >"$T/main.yaml" 2>"$T/kustomize.log" || rc=1
expect_eq "another version is another one" 1 $rc

# The page's own example, with the address of the repository here.
mkdir "$T/site"
sed -n '/^### A remote base/,/^There is/s/^    //p' "$TOP/k8s/README.md" |
	sed "s,https://[^ ]*//k8s/overlays/edge?ref=[^ ]*,$url?ref=v1," >"$T/site/kustomization.yaml"
grep -qF "$url" "$T/site/kustomization.yaml" || fail "k8s/README.md has no remote base"
echo 'alpine:3.20' >"$T/site/images.list"
build "$T/site" >"$T/site.yaml" 2>"$T/kustomize.log" || fail "the example does not build"
expect_eq "it has its own list" 1 "$(grep -cx '    alpine:3.20' "$T/site.yaml")"
expect_eq "the image of a registry of its own" 0 "$(grep -c 'image: localhost/cdr' "$T/site.yaml" || :)"
expect_eq "and all else" "$(grep -c '^kind: ' "$T/edge.yaml")" "$(grep -c '^kind: ' "$T/site.yaml")"

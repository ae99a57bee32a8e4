#!/bin/sh
# Who keeps a cluster's manifests in a repository of their own takes CDR's from its: what
# k8s/gitops/site has, a kustomization with a remote base at a version, builds the same as
# a checkout of that version with the same components, with an own list in place of CDR's.
# So does what Flux is told without one. Neither Flux nor Argo CD takes the images away.
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/k8s/render.sh
. "$TOP/tests/k8s/render.sh"

need git python3 python3-yaml newer/kustomize
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

# objects FILE: all but the list and what keeps the images, to be compared
objects()
{
	python3 -c '
import json, sys
sys.path.insert(0, sys.argv[2])
import objects
for obj in sorted(objects.load(sys.argv[1]), key=objects.name_of):
    obj["metadata"].pop("annotations", None)
    obj.get("data", {}).pop("images.list", None)
    print(json.dumps(obj, sort_keys=True))
' "$1" "$TOP/tests/k8s"
}
# judged FILE: what a site gets of it
judged()
{
	expect_eq "it has its own list" 1 "$(grep -cx '    alpine:3.20' "$1")"
	expect_eq "the image of a registry of its own" 0 "$(grep -c 'image: localhost/cdr' "$1" || :)"
	sed 's,image: reg.example/cdr:,image: localhost/cdr:,' "$1" >"$T/like"
	expect_eq "and all else" "$(objects "$T/same.yaml")" "$(objects "$T/like")"
	check "by the rules of the others" python3 "$TOP/tests/k8s/rules.py" "$1"
}
# keeps FILE OBJECT: annotations
keeps()
{
	python3 -c '
import sys
sys.path.insert(0, sys.argv[3])
import objects
meta = objects.find(objects.load(sys.argv[1]), *sys.argv[2].split("/"))["metadata"]
print("\n".join("%s: %s" % each for each in meta["annotations"].items()))
' "$1" "$2" "$TOP/tests/k8s"
}
k8s_with same gc verify
k8s_render same

# The example, with the address of the repository here.
cp -R "$TOP/k8s/gitops/site" "$T/site"
sed -i "s,https://git.example/cdr//\\([^?]*\\)?ref=v.*,file://$T/cdr//\\1?ref=v1," "$T/site/kustomization.yaml"
expect_eq "it takes all from there" 3 "$(grep -c "file://$T/cdr//" "$T/site/kustomization.yaml")"
echo 'alpine:3.20' >"$T/site/images.list"
build "$T/site" >"$T/site.yaml" 2>"$T/kustomize.log" || fail "the example does not build"
judged "$T/site.yaml"

# Flux puts what its Kustomization says into the kustomization of the folder.
cp -R "$T/repo/k8s/overlays/edge" "$T/repo/k8s/overlays/flux"
python3 -c '
import sys, yaml
with open(sys.argv[1], encoding="utf-8") as file:
    spec = list(yaml.safe_load_all(file))[1]["spec"]
assert spec["path"] == "./k8s/overlays/edge", spec["path"]
with open(sys.argv[2], encoding="utf-8") as file:
    there = yaml.safe_load(file)
for name in ("components", "images", "patches"):
    there.setdefault(name, []).extend(spec[name])
with open(sys.argv[2], "w", encoding="utf-8") as file:
    yaml.safe_dump(there, file)
' "$TOP/k8s/gitops/flux.yaml" "$T/repo/k8s/overlays/flux/kustomization.yaml"
sed -i 's/nginx:1.27/alpine:3.20/' "$T/repo/k8s/overlays/flux/kustomization.yaml"
k8s_render flux
judged "$T/flux.yaml"

for object in Namespace/cdr PersistentVolumeClaim/cdr; do
	expect_eq "Argo CD leaves $object" "argocd.argoproj.io/sync-options: Prune=false,Delete=false" \
		"$(keeps "$T/site.yaml" "$object")"
	expect_eq "so does Flux" "kustomize.toolkit.fluxcd.io/prune: disabled" \
		"$(keeps "$T/flux.yaml" "$object")"
done

#!/bin/sh
# The documents for Flux and Argo CD: YAML, with the members that their versions of the API
# have and those that they must have, which lead to each other, and to what is there: an
# overlay of this version, and the folder that README.md says. 316 builds both.
. "$(dirname "$0")/../lib.sh"

need python3 python3-yaml
judge()
{
	python3 "$TOP/tests/k8s/gitops.py" "$@"
}
cd "$TOP/k8s/gitops"
version=$(sed -n 's/^VERSION *= *//p' "$TOP/Makefile")
check "the documents are right" judge flux.yaml argocd.yaml
expect_eq "they apply what there is" "https://git.example/cdr v$version ./k8s/overlays/edge
https://git.example/fleet main cdr" "$(cat "$T/stdout")"
[ -f "$TOP/k8s/overlays/edge/kustomization.yaml" ] || fail "there is no such overlay"
# shellcheck disable=SC2016 # no command: Markdown
grep -qF '`cdr/`' README.md || fail "README.md has another folder"

# wrong "what" FILE SED: that is seen
wrong()
{
	sed "$3" "$2" >"$T/wrong.yaml"
	! cmp -s "$2" "$T/wrong.yaml" || fail "$1: nothing has changed"
	expect_rc "$1" 1 judge "$T/wrong.yaml"
}
wrong "a member that there is not" flux.yaml 's/^  prune:/  prunes:/'
wrong "one that is missing" flux.yaml '/^  interval: 1h/d'
wrong "another source" flux.yaml '/^    kind: GitRepository/{n; s/cdr/other/}'
wrong "another version of the API" flux.yaml 's,kustomize.toolkit.fluxcd.io/v1$,&beta2,'
wrong "a time that is none" flux.yaml 's/5m/5 minutes/'
wrong "a number for a text" argocd.yaml 's/targetRevision: main/targetRevision: 1.0/'
wrong "no destination" argocd.yaml '/destination/,/namespace: cdr/d'
wrong "an option that there is not" argocd.yaml 's/ServerSideApply/ServerSide/'
wrong "no YAML" argocd.yaml 's/spec:/spec:	x: [/'

# The manifests as kustomize prints them, for the scenarios about Kubernetes.
# Sourced after lib.sh; POSIX sh.
#
#   k8s_overlays           prints the names of all
#   k8s_own NAME README    makes the overlay NAME of what README, of k8s/, shows
#   k8s_with NAME COMPONENT...  makes the overlay NAME: edge with these components
#   k8s_render OVERLAY...  $T/OVERLAY.yaml of each, or the scenario fails. Needs
#                          newer/kustomize
# shellcheck shell=sh

# shellcheck source=tests/newer.sh
. "$TOP/tests/newer.sh"

k8s_overlays()
{
	for _overlay in "$TOP"/k8s/overlays/*/; do
		basename "$_overlay"
	done
}

# kustomize sees $T only.
_k8s_copy()
{
	[ ! -d "$T/repo" ] || return 0
	mkdir "$T/repo"
	cp -R "$TOP/k8s" "$TOP/nginx" "$T/repo/"
}

k8s_own()
{
	_k8s_copy
	mkdir -p "$T/repo/k8s/overlays/$1"
	# shellcheck disable=SC2016 # no commands: fences
	sed -n '/^```yaml$/,/^```$/{/^```/!p}' "$TOP/k8s/$2" \
		>"$T/repo/k8s/overlays/$1/kustomization.yaml"
	echo 'alpine:3.20' >"$T/repo/k8s/overlays/$1/images.list"
}

k8s_with()
{
	_k8s_copy
	_with=$T/repo/k8s/overlays/$1
	shift
	mkdir -p "$_with"
	{
		printf 'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n'
		printf 'namespace: cdr\nresources: [../edge]\ncomponents:\n'
		printf -- '  - ../../components/%s\n' "$@"
	} >"$_with/kustomization.yaml"
}

k8s_render()
{
	uses newer/kustomize
	_k8s_copy
	for _overlay; do
		newer_run kustomize build "$T/repo/k8s/overlays/$_overlay" \
			>"$T/$_overlay.yaml" 2>"$T/kustomize.log" ||
			fail "kustomize does not build $_overlay"
		ok "kustomize builds $_overlay"
	done
}

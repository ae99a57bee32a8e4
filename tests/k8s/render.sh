# The manifests as kustomize prints them, for the scenarios about Kubernetes.
# Sourced after lib.sh; POSIX sh.
#
#   k8s_overlays           prints the names of all
#   k8s_render OVERLAY...  $T/OVERLAY.yaml of each, or the scenario fails; without
#                          kustomize (of tests/newer.sh) it is skipped by name
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
k8s_render()
{
	newer_need kustomize
	if [ ! -d "$T/repo" ]; then
		mkdir "$T/repo"
		cp -R "$TOP/k8s" "$TOP/nginx" "$T/repo/"
	fi
	for _overlay; do
		newer_run kustomize build "$T/repo/k8s/overlays/$_overlay" \
			>"$T/$_overlay.yaml" 2>"$T/kustomize.log" ||
			fail "kustomize does not build $_overlay"
		ok "kustomize builds $_overlay"
	done
}

#!/bin/sh
# The checker of the manifests: each of its rules is broken by a change of one
# thing in what is right.
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/k8s/render.sh
. "$TOP/tests/k8s/render.sh"

need python3 python3-yaml newer/kustomize
k8s_with watch watch gc
k8s_render edge airgap nodes watch

check "each rule sees what breaks it" python3 "$TOP/tests/k8s/mutate.py" \
	"$T/edge.yaml" "$T/airgap.yaml" "$T/nodes.yaml" "$T/watch.yaml"
[ "$(grep -c '^ok ' "$T/stdout")" -ge 50 ] || fail "fewer than fifty changes"
ok "fifty changes and more"

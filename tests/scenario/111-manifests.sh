#!/bin/sh
# k8s/: kustomize builds every overlay; all objects are what Kubernetes' own types
# say, field by field; and they keep the rules of tests/k8s/rules.py. nginx's
# files are all in its ConfigMap, as they are. Each overlay says what it is for.
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/k8s/render.sh
. "$TOP/tests/k8s/render.sh"
# shellcheck source=tests/k8s/models.sh
. "$TOP/tests/k8s/models.sh"

need python3 yamllint
python3 -c 'import yaml' 2>/dev/null || skip "no yaml for python3 here"

check "yamllint is content" yamllint -s -c "$TOP/k8s/.yamllint" "$TOP/k8s" \
	"$TOP/nginx/kustomization.yaml"
for overlay in $(k8s_overlays); do
	[ -s "$TOP/k8s/overlays/$overlay/README.md" ] ||
		fail "the overlay $overlay has no README.md"
done
ok "each overlay has a README.md"

# What k8s/README.md shows is one, too.
k8s_own
overlays="$(k8s_overlays) own"
# shellcheck disable=SC2086 # words
k8s_render $overlays
expect_eq "an overlay's own list takes the place of the base's" alpine:3.20 \
	"$(sed -n 's/^ *\(alpine:.*\)/\1/p' "$T/own.yaml")"

# One ConfigMap has the files, byte for byte.
check "the ConfigMap of nginx's files" python3 - "$T/edge.yaml" "$TOP/nginx" <<'END'
import os, sys, yaml
objects = [o for o in yaml.safe_load_all(open(sys.argv[1]))]
maps = [o for o in objects if o["kind"] == "ConfigMap" and
        o["metadata"]["name"].startswith("cdr-nginx-")]
assert len(maps) == 1, "not one ConfigMap"
for name in os.listdir(sys.argv[2]):
    path = os.path.join(sys.argv[2], name)
    if name == "kustomization.yaml" or not os.path.isfile(path):
        continue
    assert name in maps[0]["data"], "%s is not in nginx/kustomization.yaml" % name
    assert maps[0]["data"][name] == open(path).read(), "%s differs" % name
    del maps[0]["data"][name]
assert not maps[0]["data"], "more than nginx/ has"
END

set --
for overlay in $overlays; do
	check "$overlay keeps our rules" python3 "$TOP/tests/k8s/rules.py" \
		"$T/$overlay.yaml"
	set -- "$@" "$overlay=$T/$overlay.yaml"
done

models_need
mkdir "$T/types"
python3 "$TOP/tests/k8s/types.py" "$@" >"$T/types/manifests.mts"
check "all objects are of Kubernetes' types" models_check "$T/types/manifests.mts"

# That this can fail.
sed 's/"progressDeadlineSeconds"/"progressDeadline"/; s/"Forbid"/"Never"/' \
	"$T/types/manifests.mts" >"$T/types/wrong.mts"
expect_rc "an unknown field and a wrong value are errors" 2 \
	models_check "$T/types/wrong.mts"
expect_said "the compiler names the field" progressDeadline
expect_said "and the value" '"Never"'

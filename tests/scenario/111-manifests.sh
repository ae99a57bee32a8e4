#!/bin/sh
# k8s/: kustomize builds every overlay; all objects are what Kubernetes' own types
# say, field by field; and they keep the rules of tests/k8s/rules.py. nginx's
# files are all in its ConfigMap, as they are. Each overlay says what it is for.
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/k8s/render.sh
. "$TOP/tests/k8s/render.sh"
# shellcheck source=tests/k8s/models.sh
. "$TOP/tests/k8s/models.sh"

need python3 python3-yaml yamllint node newer/kustomize
check "yamllint is content" yamllint -s -c "$TOP/k8s/.yamllint" "$TOP/k8s" \
	"$TOP/nginx/kustomization.yaml"
for overlay in $(k8s_overlays); do
	[ -s "$TOP/k8s/overlays/$overlay/README.md" ] ||
		fail "the overlay $overlay has no README.md"
done
ok "each overlay has a README.md"

# What k8s/README.md shows is one, too.
k8s_own own README.md
k8s_own fast README.md
sed -i 's,components/monitoring,components/fast-disk,' \
    "$T/repo/k8s/overlays/fast/kustomization.yaml"
overlays="$(k8s_overlays) own fast"
# shellcheck disable=SC2086 # words
k8s_render $overlays
expect_eq "an overlay's own list takes the place of the base's" alpine:3.20 \
	"$(sed -n 's/^ *\(alpine:.*\)/\1/p' "$T/own.yaml")"

expect_eq "fast-disk: blobs without threads" 0 "$(grep -c 'aio threads;' "$T/fast.yaml")"
expect_eq "otherwise with them" 1 "$(grep -c 'aio threads;' "$T/own.yaml")"

# What nginx's pod sees as /etc/cdr, and the page's folder, is nginx/, of whatever
# ConfigMaps.
check "nginx's pod has the files of nginx/" python3 - "$T/edge.yaml" "$TOP/nginx" \
	<<'END'
import os, sys, yaml
objects = [o for o in yaml.safe_load_all(open(sys.argv[1]))]
maps = {o["metadata"]["name"]: o["data"] for o in objects
        if o["kind"] == "ConfigMap"}
pod = next(o for o in objects if o["kind"] == "Deployment")["spec"]["template"]
volume = next(v for v in pod["spec"]["volumes"] if v["name"] == "config")
seen = {}
for source in volume["projected"]["sources"]:
    data = maps[source["configMap"]["name"]]
    items = source["configMap"].get("items") or [
        {"key": key, "path": key} for key in data]
    seen.update((item["path"], data[item["key"]]) for item in items)
page = next(v for v in pod["spec"]["volumes"] if v["name"] == "page")
seen.update(("page/" + key, value)
            for key, value in maps[page["configMap"]["name"]].items())
for folder, _, names in os.walk(sys.argv[2]):
    for name in names:
        path = os.path.relpath(os.path.join(folder, name), sys.argv[2])
        # What a person reads, and what kustomize does.
        if path in ("README.md", "kustomization.yaml"):
            continue
        assert path in seen, "%s is not in its ConfigMaps" % path
        assert seen.pop(path) == open(os.path.join(sys.argv[2], path)).read(), path
assert not seen, "more than nginx/ has: %s" % sorted(seen)
END

set --
for overlay in $overlays; do
	check "$overlay keeps our rules" python3 "$TOP/tests/k8s/rules.py" \
		"$T/$overlay.yaml"
	set -- "$@" "$overlay=$T/$overlay.yaml"
done

models_need
mkdir "$T/types"
python3 "$TOP/tests/k8s/manifest_types.py" "$@" >"$T/types/manifests.mts"
check "all objects are of Kubernetes' types" models_check "$T/types/manifests.mts"

# That this can fail.
sed 's/"progressDeadlineSeconds"/"progressDeadline"/; s/"Forbid"/"Never"/' \
	"$T/types/manifests.mts" >"$T/types/wrong.mts"
expect_rc "an unknown field and a wrong value are errors" 2 \
	models_check "$T/types/wrong.mts"
expect_said "the compiler names the field" progressDeadline
expect_said "and the value" '"Never"'

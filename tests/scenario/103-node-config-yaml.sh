#!/bin/sh
# What cdr node-config writes for k3s and RKE2, and prints for Talos, old and new, is
# YAML of the shape that they document.
. "$(dirname "$0")/../lib.sh"

need cdr python3 python3-yaml
R=$T/node
mirror=http://10.0.0.5:5000
mkdir "$R"

config()
{
	"$CDR" node-config "$@" --mirror $mirror
}
check "k3s" config k3s --registry docker.io --registry ghcr.io --only \
	--prefix "$R" --install
check "rke2" config rke2 --prefix "$R" --install
config talos --only >"$T/talos.yaml"
config talos --client-version 1.12.0 >"$T/talos-new.yaml"
check "the YAML is what they read" python3 - $mirror "$R/etc/rancher" \
	"$T/talos.yaml" "$T/talos-new.yaml" <<'END'
import sys
import yaml
url, rancher, talos, talos_new = sys.argv[1:]

def load(path):
	with open(path, encoding="utf-8") as file:
		return yaml.safe_load(file)

want = {"endpoint": [url]}
assert load(rancher + "/k3s/registries.yaml") == {
	"mirrors": {"docker.io": want, "ghcr.io": want}}
assert load(rancher + "/rke2/registries.yaml") == {"mirrors": {"*": want}}
assert load(rancher + "/k3s/config.yaml.d/cdr.yaml") == {
	"disable-default-registry-endpoint": True}
assert load(talos) == {"machine": {"registries": {"mirrors": {
	"*": {"endpoints": [url], "skipFallback": True}}}}}
with open(talos_new, encoding="utf-8") as file:
	documents = [d for d in yaml.safe_load_all(file) if d is not None]
assert documents == [{"apiVersion": "v1alpha1", "kind": "RegistryMirrorConfig",
	"name": "*", "endpoints": [{"url": url}]}]
END

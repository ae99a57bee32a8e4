#!/bin/sh
# The Job of the overlay airgap, run by runc as the manifest says: it takes over what the
# owner of the key has signed, also part by part, and asks no network for anything. What
# is missing is in the log, in bundles.json and in the metrics. Without a key, or with
# another one, it refuses; what is older it does not take. The CronJob prints what the
# sender needs, and then nothing is sent twice. README.md's overlay has the bundles in
# the mirror's own claim.
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/mirror.sh
. "$TOP/tests/mirror.sh"
# shellcheck source=tests/k8s/render.sh
. "$TOP/tests/k8s/render.sh"
# shellcheck source=tests/k8s/pods.sh
. "$TOP/tests/k8s/pods.sh"

need cdr root docker-registry nginx runc skopeo openssl jq python3 \
	python3-yaml busybox newer/kustomize
mirror_samples
pods_need
k8s_own claim overlays/airgap/README.md
k8s_render airgap claim
check "the overlay of its README keeps our rules" python3 "$TOP/tests/k8s/rules.py" \
	"$T/claim.yaml"
expect_eq "and has one claim" cdr "$(python3 - "$T/claim.yaml" <<'END'
import sys, yaml
for o in yaml.safe_load_all(open(sys.argv[1])):
    if o["kind"] in ("PersistentVolumeClaim", "PersistentVolume"):
        print(o["metadata"]["name"])
END
)"

for key in one two; do
	openssl genpkey -algorithm ed25519 -out "$T/$key.pem" 2>"$T/openssl.log"
	chmod 600 "$T/$key.pem"
	openssl pkey -in "$T/$key.pem" -pubout -out "$T/$key.pub"
done
bundle()
{
	"$CDR" export -q -r "$ROOT" --site centre --sign "$T/one.pem" "$@"
}
check "a bundle" bundle --split 1M --to "$T/all" busybox:1.35
parts=$(find "$T/all" -name '*.cdr.[0-9]*' | wc -l)
[ "$parts" -ge 3 ] || fail "it has $parts parts"

pod_rootfs_cdr "$T/cdr.rootfs"
# import NAME CODE "what" BUNDLES KEY [YAML]: on the volume $T/NAME.
import()
{
	mkdir -p "$T/$1" && chmod 777 "$T/$1"
	rm -rf "$T/pods/import"
	pod_make import "$T/cdr.rootfs" "$T/${6-airgap}.yaml" Job/cdr-import "$T/cdr.json" \
		"claim:cdr=$T/$1" "claim:cdr-bundle=$4" "key:cdr-bundle-keys/sender.pub=$5"
	case $CDR in */asan/*) pod_unlimited import ;; esac
	expect_rc "$3" "$2" pod_run import
}
metric()
{
	sed -n "s/^cdr_bundle_$2 //p" "$T/$1/cdr/status/metrics"
}

# --- whose it is --------------------------------------------------------------------------

import site 2 "without a key nothing is taken" "$T/all" "$TOP/k8s/overlays/airgap/sender.pub"
import site 2 "nor with another one" "$T/all" "$T/two.pub"
[ ! -e "$T/site/cdr/repos" ] || fail "something has been published"

# --- part by part -------------------------------------------------------------------------

mkdir "$T/some"
cp "$T/all/"*.cdr "$T/all/"*.cdr.001 "$T/some/"
import site 1 "a first part" "$T/some" "$T/one.pub"
expect_said "the log names one that is missing" 'centre-all-1\.cdr\.002'
expect_eq "bundles.json counts them" $((parts - 1)) \
	"$(jq .waiting[0].missing_parts "$T/site/cdr/status/bundles.json")"
expect_eq "and says which image waits" docker.io/library/busybox:1.35 \
	"$(jq -r '.waiting[0].waiting_images[0]' "$T/site/cdr/status/bundles.json")"
expect_eq "the metrics as well" $((parts - 1)) \
	"$(metric site 'missing_parts{from="centre",to="\*"}')"
import site 0 "the others" "$T/all" "$T/one.pub"
check "it is a tree of it" "$CDR" ls -r "$T/site/cdr"
expect_said "with the same image" "busybox:1\.35 *$(echo "$BUSYBOX" | cut -c 1-19)"
expect_eq "nothing is missing" "1 0" "$(metric site 'seq{from="centre",to="\*"}') $(
	metric site 'missing_parts{from="centre",to="\*"}')"
import site 0 "again" "$T/all" "$T/one.pub"
expect_eq "and it counts as that" 1 "$(metric site 'imports_total{result="repeated"}')"

# --- back to the sender -------------------------------------------------------------------

pod_make inventory "$T/cdr.rootfs" "$T/airgap.yaml" CronJob/cdr-inventory "$T/cdr.json" \
	"claim:cdr=$T/site"
case $CDR in */asan/*) pod_unlimited inventory ;; esac
pod_run inventory >"$T/inventory" || fail "there is no inventory"
check "of what it says nothing is sent again" bundle --for "$T/inventory" --to "$T/next" \
	busybox:1.35 example/models:1.0
import site 0 "the tags move" "$T/next" "$T/one.pub"
if tar -tf "$(find "$T/next" -name '*.001')" | grep -qF "${BUSYBOX#*:}"; then
	fail "what the site has was sent again"
fi
ok "only what was missing has come"
check "one that is late" bundle --to "$T/late" busybox:1.35
check "and the one behind it" bundle --to "$T/last" busybox:1.35
import site 0 "which comes first" "$T/last" "$T/one.pub"
import site 5 "the older one is refused" "$T/late" "$T/one.pub"
expect_eq "is counted" 1 "$(metric site 'imports_total{result="older"}')"

# --- in the mirror's own claim --------------------------------------------------------------

mkdir -m 777 "$T/own"
cp -R "$T/all" "$T/own/bundles"
import own 0 "bundles in the claim" "$T/none" "$T/one.pub" claim
check "fill it" "$CDR" ls -r "$T/own/cdr"
expect_said "with the image" 'busybox:1\.35'

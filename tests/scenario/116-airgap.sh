#!/bin/sh
# The Job of the overlay airgap, run by runc as the manifest says: it copies what the
# list names from a tree that came by disk, and asks no network for anything.
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/mirror.sh
. "$TOP/tests/mirror.sh"
# shellcheck source=tests/k8s/render.sh
. "$TOP/tests/k8s/render.sh"
# shellcheck source=tests/k8s/pods.sh
. "$TOP/tests/k8s/pods.sh"

need cdr root docker-registry nginx runc skopeo openssl jq python3 \
	python3-yaml busybox newer/kustomize
"$CDR" sync --help | grep -q 'oci:' || skip "cdr sync takes no --from oci:"
mirror_samples
pods_need
k8s_render airgap

pod_rootfs_cdr "$T/cdr.rootfs"
mkdir -m 777 "$T/volume"
printf 'busybox:1.35\n' >"$T/images.list"
pod_make import "$T/cdr.rootfs" "$T/airgap.yaml" Job/cdr-import "$T/cdr.json" \
	"claim:cdr=$T/volume" "claim:cdr-bundle=$ROOT" \
	"key:cdr-sync/images.list=$T/images.list"
case $CDR in */asan/*) pod_unlimited import ;; esac
check "the import fills an empty volume" pod_run import
expect_said "with what the list names" '"updated":1,"held":0,"failed":0'
check "it is a tree of it" "$CDR" ls -r "$T/volume/cdr"
expect_said "with the same image" "busybox:1\.35 *$(echo "$BUSYBOX" | cut -c 1-19)"
check "again" pod_run import
expect_said "and nothing is copied" '"unchanged":1,.*"objects":0'

# What registries.json requires holds here as well.
mkdir -m 777 "$T/other"
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 2>/dev/null |
	openssl pkey -pubout -out "$T/other/key.pem"
chmod 644 "$T/other/key.pem"
echo '{"docker.io": {"require_signed": "/srv/key.pem"}}' >"$T/registries.json"
pod_make signed "$T/cdr.rootfs" "$T/airgap.yaml" Job/cdr-import "$T/cdr.json" \
	"claim:cdr=$T/other" "claim:cdr-bundle=$ROOT" \
	"key:cdr-sync/images.list=$T/images.list" \
	"key:cdr-sync/registries.json=$T/registries.json"
case $CDR in */asan/*) pod_unlimited signed ;; esac
expect_rc "an image that is not signed, where it has to be" 1 pod_run signed
expect_said "is refused" '"reason":"signature"'

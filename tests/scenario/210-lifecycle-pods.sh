#!/bin/sh
# The components gc and verify: kustomize adds both CronJobs to an overlay, also to one
# without a sync; a sync then waits for gc. Their pods, run by runc as the manifests
# say, do their work on the volume that a sync has filled: verify reads it, and takes a
# blob that is bad out of service; gc condemns what nothing leads to.
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/mirror.sh
. "$TOP/tests/mirror.sh"
# shellcheck source=tests/k8s/render.sh
. "$TOP/tests/k8s/render.sh"
# shellcheck source=tests/k8s/pods.sh
. "$TOP/tests/k8s/pods.sh"

need cdr root docker-registry nginx runc skopeo openssl jq curl cc python3 python3-yaml busybox \
	newer/kustomize
mirror_upstream
pods_need
k8s_own own README.md
k8s_own apart README.md
cat >"$T/repo/k8s/overlays/apart/kustomization.yaml" <<'END'
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
namespace: cdr
resources: [../airgap]
components: [../../components/gc, ../../components/verify]
END
k8s_render own apart edge
check "both keep our rules" python3 "$TOP/tests/k8s/rules.py" "$T/own.yaml" "$T/apart.yaml"

# args FILE NAME: what a CronJob runs
args()
{
	python3 - "$1" "$2" <<'END'
import sys, yaml
for o in yaml.safe_load_all(open(sys.argv[1])):
    if o["kind"] == "CronJob" and o["metadata"]["name"] == sys.argv[2]:
        box = o["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]
        print(box["image"].split(":")[0], *box["args"])
END
}
expect_eq "a sync waits for gc" "sync --wait 30m" \
	"$(args "$T/own.yaml" cdr-sync | sed 's/.* sync .* --wait/sync --wait/')"
expect_eq "without that component not so long" "sync --wait 10m" \
	"$(args "$T/edge.yaml" cdr-sync | sed 's/.* sync .* --wait/sync --wait/')"
for job in gc verify; do
	for overlay in own apart; do
		case $(args "$T/$overlay.yaml" cdr-$job) in
		"localhost/cdr $job "*) ok "$overlay has $job" ;;
		*) fail "$overlay has no $job" ;;
		esac
	done
done

pod_rootfs_cdr "$T/cdr.rootfs"
mkdir -m 777 "$T/volume"
root=$T/volume/cdr
echo 'busybox:1.35' >"$T/images.list"
printf '{"docker.io": {"endpoint": "http://%s"}}\n' "$UPSTREAM" >"$T/registries.json"
pod_make sync "$T/cdr.rootfs" "$T/own.yaml" CronJob/cdr-sync "$T/cdr.json" \
	"claim:cdr=$T/volume" "key:cdr-sync/images.list=$T/images.list" \
	"key:cdr-sync/registries.json=$T/registries.json"
for job in gc verify; do
	pod_make $job "$T/cdr.rootfs" "$T/own.yaml" CronJob/cdr-$job "$T/cdr.json" \
		"claim:cdr=$T/volume"
done
# A sanitizer's shadow is larger than any limit.
case $CDR in */asan/*) for job in sync gc verify; do pod_unlimited $job; done ;; esac

check "a sync fills the volume" pod_run sync
check "verify" pod_run verify
expect_eq "it has read all of it" "ok true $(find "$root/blobs" -type f | wc -l)" \
	"$(pick 'words(v.result, v["pass"].whole, v.files)' "$root/status/verify.json")"
check "gc" pod_run gc
expect_eq "nothing is to go" "ok 0 0" \
	"$(pick 'words(v.result, v.removed.bytes, v.condemned)' "$root/status/gc.json")"
grep -q '^cdr_gc_last_end_timestamp_seconds [1-9]' "$root/status/metrics" ||
	fail "the metrics do not tell of gc"
grep -q '^cdr_verify_last_end_timestamp_seconds [1-9]' "$root/status/metrics" ||
	fail "the metrics do not tell of verify"

# A bit flips, and something that nothing leads to lies there.
blob=$(find "$root/blobs" -type f -size +1k | head -n 1)
chmod 644 "$blob"
printf x | dd of="$blob" bs=1 seek=100 conv=notrunc 2>/dev/null
rubbish=$(echo rubbish | sha256sum | cut -d ' ' -f 1)
echo rubbish >"$root/blobs/sha256/$rubbish"
chown 65532:65532 "$root/blobs/sha256/$rubbish"
expect_rc "verify finds it" 1 pod_run verify
! [ -e "$blob" ] || fail "it is still served"
grep -q "${blob##*/}" "$root/status/bad" || fail "it is not noted"
check "gc again" pod_run gc
expect_eq "it stays for a day" 1 "$(pick v.condemned "$root/status/gc.json")"
[ -e "$root/blobs/sha256/$rubbish" ] || fail "it is gone at once"
grep -qx 'cdr_bad_objects 1' "$root/status/metrics" || fail "the metrics tell of nothing bad"
check "the next sync fetches it again" pod_run sync
[ -e "$blob" ] || fail "it has not come"
grep -qx 'cdr_bad_objects 0' "$root/status/metrics" || fail "it still counts as bad"

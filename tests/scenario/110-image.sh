#!/bin/sh
# k8s/image/build makes the image of cdr in a Debian that is given as a tar file,
# with no network: small, without a shell, for nobody, with CA certificates; the
# licences of what is in it, and what scanners read. The CronJob's pod runs it, with
# nothing of this machine; containerd takes its file.
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/mirror.sh
. "$TOP/tests/mirror.sh"
# shellcheck source=tests/containerd.sh
. "$TOP/tests/containerd.sh"
# shellcheck source=tests/k8s/render.sh
. "$TOP/tests/k8s/render.sh"
# shellcheck source=tests/k8s/pods.sh
. "$TOP/tests/k8s/pods.sh"
# shellcheck source=tests/k8s/base.sh
. "$TOP/tests/k8s/base.sh"

need cdr root root-mount docker-registry nginx buildah containerd ctr runc \
	skopeo openssl jq python3 python3-yaml busybox newer/kustomize
[ -f "$BASE_TAR" ] ||
	skip "no Debian to compile in: scripts/install-deps test makes it"
mirror_upstream
pods_need
k8s_render edge

echo '{"default": [{"type": "insecureAcceptAnything"}]}' >"$T/policy.json"
export BUILDER=buildah
export BUILDER_OPTIONS="--root $T/buildah --runroot $T/buildah.run --storage-driver vfs"
export BUILD_OPTIONS="--isolation chroot --signature-policy $T/policy.json"
# The buildah that tests/newer.sh or a registry would be asked is not: no network.
defer "mirror_unmount '$T'"
# shellcheck disable=SC2086 # words
buildah $BUILDER_OPTIONS images >"$T/images" 2>&1 ||
	skip "buildah does not work here: $(tail -n 1 "$T/images")"
build()
{
	unshare -n sh "$TOP/k8s/image/build" "$@" >"$T/build.log" 2>&1
}
check "it is built without a network" build -b "$BASE_TAR" -o "$T/cdr.tar"
rm -rf "$T/buildah"

# --- what is in it --------------------------------------------------------------------

mkdir "$T/file" "$T/image.rootfs"
tar -xf "$T/cdr.tar" -C "$T/file"
file_of()
{
	jq -r ".[0].$1" "$T/file/manifest.json"
}
expect_eq "its name is what the manifests say" \
	"$(pod_words "$T/edge.yaml" CronJob/cdr-sync '.containers[0].image')" \
	"$(file_of 'RepoTags[0]')"
expect_eq "it has one layer" 1 "$(file_of 'Layers | length')"
layer=$T/file/$(file_of 'Layers[0]')
config=$T/file/$(file_of Config)
expect_eq "it is for nobody, and for this machine" '65532:65532 linux' \
	"$(jq -r '.config.User + " " + .os' "$config")"
[ "$(stat -c %s "$layer")" -lt 23000000 ] ||
	fail "it is $(stat -c %s "$layer") bytes"
[ "$(gzip -c "$layer" | wc -c)" -lt 10000000 ] ||
	fail "it is $(gzip -c "$layer" | wc -c) bytes when compressed"
ok "it is small"
tar -xf "$layer" -C "$T/image.rootfs"
# Programs, certificates, libraries and their papers; no shell, no package manager.
expect_eq "it has two programs" 'cdr pause' \
	"$(cd "$T/image.rootfs/usr/bin" && echo *)"
expect_eq "and nothing else" "" "$(cd "$T/image.rootfs" && find . ! -type d |
	grep -vE '^\./(usr/bin/(cdr|pause)|lib(64)?/.*\.so(\.[0-9]+)*|etc/(passwd|group|nsswitch\.conf|ssl/certs/ca-certificates\.crt)|usr/share/doc/[^/]+/copyright|usr/share/common-licenses/[^/]+|var/lib/dpkg/status\.d/[^/]+)$' || :)"
expect_eq "nothing is anybody's to run as root" "" \
	"$(find "$T/image.rootfs" -perm /6000)"
check "the certificates are some" openssl crl2pkcs7 -nocrl \
	-certfile "$T/image.rootfs/etc/ssl/certs/ca-certificates.crt"
for package in libc6 libcurl4 ca-certificates; do
	grep -q "^Version: " "$T/image.rootfs/var/lib/dpkg/status.d/$package" ||
		fail "scanners do not find $package"
done
ok "scanners find whose libraries these are"

# --- it runs ----------------------------------------------------------------------------

mkdir -m 777 "$T/volume"
printf 'busybox:1.35\n' >"$T/images.list"
printf '{"docker.io": {"endpoint": "http://%s"}}\n' "$UPSTREAM" \
	>"$T/registries.json"
pod_make sync "$T/image.rootfs" "$T/edge.yaml" CronJob/cdr-sync "$config" \
	"claim:cdr=$T/volume" "key:cdr-sync/images.list=$T/images.list" \
	"key:cdr-sync/registries.json=$T/registries.json"
check "its sync fills an empty volume" pod_run sync
expect_said "with the image" '"updated":1,"held":0,"failed":0'
check "again" pod_run sync
expect_said "and nothing is fetched" '"unchanged":1,.*"objects":0'
pod_args sync pause
pod_start sync
wait_for 5 pod_kill sync TERM || fail "pause does not run"
wait_for 5 process_over $POD_PID || fail "pause does not end"
ok "pause waits, and ends when it is told to"

start_containerd
check "containerd takes the file" ctr_at images import \
	--snapshotter native "$T/cdr.tar"
check "and runs it" ctr_at run --rm --snapshotter native \
	"$(file_of 'RepoTags[0]')" one
expect_said "which says what it is" '^usage: cdr '

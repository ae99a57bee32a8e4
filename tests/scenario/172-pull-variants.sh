#!/bin/sh
# Real clients choose among several entries for their platform, each in its way, and
# find what they choose: today's skopeo and podman take the zstd one, though it comes
# second, and older ones the first; ctr fetches all that fit, and unpacks the first. With
# platform= naming that platform alone all of them get a whole image from the mirror.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
# shellcheck source=tests/newer.sh
. "$TOP/tests/newer.sh"
. "$TOP/tests/mirror.sh"
. "$TOP/tests/containerd.sh"

need cdr root nginx python3 curl skopeo newer/skopeo newer/podman containerd? ctr? runc?
upstream
arch=$(dpkg --print-architecture)
craft variants library/app:1 --attestations --platforms "linux/$arch,linux/s390x" \
	--variants gzip,zstd,nydus --json >"$T/objects"
curl -s -H 'Accept: application/vnd.oci.image.index.v1+json' \
	"http://$UPSTREAM/v2/library/app/manifests/1" >"$T/index"
child()
{
	pick "v.manifests[$1].digest" "$T/index"
}
gzip=$(child 0) zstd=$(child 1)
sync "the platform of this machine alone" app:1 "platform=linux/$arch"
start_nginx "$ROOT"

# Nobody listens on port 1: what comes, comes from the mirror.
cat >"$T/registries.conf" <<END
[[registry]]
prefix = "docker.io"
location = "127.0.0.1:1"
insecure = true
[[registry.mirror]]
location = "$MIRROR/docker.io"
insecure = true
END
echo '{"default": [{"type": "insecureAcceptAnything"}]}' >"$T/policy.json"
copies() # "who" DIGEST COMMAND...: skopeo, which has chosen this one
{
	_who=$1 _want=$2
	shift 2
	rm -rf "$T/copy"
	check "$_who copies it" "$@" --registries-conf "$T/registries.conf" \
		--policy "$T/policy.json" copy -q --preserve-digests \
		docker://docker.io/library/app:1 "oci:$T/copy:x"
	expect_eq "$_who has chosen" "$_want" \
		"$(pick 'v.manifests[0].digest' "$T/copy/index.json")"
	expect_eq "$_who has all of it" \
		"$(pick 'len({l.digest for l in [v.config, *v.layers]}) + 1' "$ROOT/blobs/sha256/${_want#*:}")" \
		"$(find "$T/copy/blobs" -type f | wc -l)"
}
copies "Debian's skopeo" "$gzip" skopeo
copies "today's skopeo" "$zstd" newer_run skopeo

podman_at()
{
	newer_run env CONTAINERS_REGISTRIES_CONF="$T/registries.conf" podman \
		--root "$T/podman" --runroot "$T/podman.run" \
		--tmpdir "$T/podman.tmp" --storage-driver vfs \
		--events-backend none --cgroup-manager cgroupfs "$@"
}
if root_is_mount; then
	check "today's podman pulls it" podman_at pull -q \
		--signature-policy "$T/policy.json" docker.io/library/app:1
	podman_at image inspect docker.io/library/app:1 >"$T/image.json"
	expect_eq "and has chosen" 1 "$(grep -c "app@$zstd" "$T/image.json")"
else
	left_out "podman, which unpacks a layer" "/ is no mount (a plain chroot)"
fi

if part "containerd" containerd ctr runc && mkdir "$T/try" &&
	mount --bind "$T/try" "$T/try" 2>/dev/null; then
	umount "$T/try"
	start_containerd
	mkdir -p "$T/hosts/docker.io"
	cat >"$T/hosts/docker.io/hosts.toml" <<END
server = "http://127.0.0.1:1"
[host."http://$MIRROR"]
capabilities = ["pull", "resolve"]
END
	check "containerd pulls it" ctr_pull "$T/hosts" docker.io/library/app:1
	ctr_at content ls -q >"$T/content"
	for id in "$gzip" "$zstd" "$(child 2)"; do
		grep -qx "$id" "$T/content" || fail "containerd has not got $id"
	done
	ok "and has all that fit"
fi

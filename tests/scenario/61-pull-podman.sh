#!/bin/sh
# podman, told by registries.conf that docker.io has a mirror, pulls by tag and by
# digest from it and asks nobody else; a name that is nowhere is "manifest
# unknown". Its storage is private.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/mirror.sh"

need cdr root-mount docker-registry nginx podman skopeo openssl jq busybox
mirror_samples

# Nobody listens on port 1: what comes, comes from the mirror.
cat >"$T/mirror.conf" <<END
[[registry]]
prefix = "docker.io"
location = "127.0.0.1:1"
insecure = true
[[registry.mirror]]
location = "$MIRROR/docker.io"
insecure = true
END
# All of docker.io is here, and nowhere else.
cat >"$T/only.conf" <<END
[[registry]]
prefix = "docker.io"
location = "$MIRROR/docker.io"
insecure = true
END
echo '{"default": [{"type": "insecureAcceptAnything"}]}' >"$T/policy.json"

# with CONF COMMAND...
with()
{
	_conf=$1
	shift
	CONTAINERS_REGISTRIES_CONF=$T/$_conf podman --root "$T/podman" \
		--runroot "$T/podman.run" --tmpdir "$T/podman.tmp" \
		--storage-driver vfs --events-backend none \
		--cgroup-manager cgroupfs "$@"
}
pull()
{
	with "$1" pull --quiet --signature-policy "$T/policy.json" "$2"
}
defer "mirror_unmount '$T'"

with mirror.conf info >"$T/info" 2>&1 ||
	skip "podman does not work here: $(tail -n 1 "$T/info")"

name=docker.io/library/busybox
check "pull a tag" pull mirror.conf $name:1.35
id=$(cat "$T/stdout")
with mirror.conf image inspect $name:1.35 >"$T/image.json"
expect_eq "its digest" "$name@$BUSYBOX" \
	"$(jq -r '.[0].RepoDigests[]' "$T/image.json" | grep -F "$BUSYBOX")"
expect_eq "its command" '["sh"]' "$(jq -c '.[0].Config.Cmd' "$T/image.json")"
mirror_saw "the mirror was asked for the tag" 1 \
	'^GET /v2/docker.io/library/busybox/manifests/1.35 200$'

check "its name without the registry" with mirror.conf rmi --force "$id"
mirror_start_over
check "pull a digest" pull mirror.conf $name@"$BUSYBOX"
expect_eq "the same image" "$id" "$(cat "$T/stdout")"
mirror_saw "the mirror was asked for the digest" 1 \
	"/manifests/$BUSYBOX 200\$"
check "pull a large one" pull mirror.conf docker.io/example/models:1.0

# It is for this machine's platform, and its program is the one that went in.
check "the program in it" cmp "$BUSYBOX_HERE" \
	"$(find "$T/podman/vfs" -path '*/bin/busybox' -type f)"

none=sha256:$(printf %064d 0)
for ref in $name:none $name@"$none" docker.io/library/none:1; do
	mirror_start_over
	began=$(seconds)
	expect_rc "$ref is not there" 125 pull only.conf "$ref"
	expect_said "podman knows that it is not" 'manifest unknown|name unknown'
	[ $(($(seconds) - began)) -lt 10 ] || fail "it took too long"
	mirror_saw "it asked" some 'manifests/.* 404$'
done
mirror_never_failed

# A registry with a port, as node-config writes it.
mkdir -p "$ROOT/repos/reg.example:5000/org"
cp -a "$ROOT/repos/docker.io/library/busybox" "$ROOT/repos/reg.example:5000/org/app"
mkdir -p "$T/node/etc/containers"
check "node-config for it" "$CDR" node-config podman --mirror "http://$MIRROR" \
	--registry reg.example:5000 --only --client-version 4.3.1 --prefix "$T/node" --install
cp "$T/node/etc/containers/registries.conf.d/"*.conf "$T/port.conf"
mirror_start_over
check "a registry with a port" pull port.conf reg.example:5000/org/app:1.35
mirror_saw "the mirror was asked" 1 \
	'^GET /v2/reg.example_5000/org/app/manifests/1.35 200$'

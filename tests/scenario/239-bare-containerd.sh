#!/bin/sh
# A machine with containerd, and nothing else of what a mirror needs, comes up from a
# stick without any network: what START.md says for it, to the letter, in five commands.
# nginx runs from its image on the tree that the bundle brought, and containerd pulls
# through it by the configuration that the last command wrote.
# Tier: all
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/mirror.sh
. "$TOP/tests/mirror.sh"
# shellcheck source=tests/k8s/pods.sh
. "$TOP/tests/k8s/pods.sh"
# shellcheck source=tests/containerd.sh
. "$TOP/tests/containerd.sh"
# shellcheck source=tests/boot.sh
. "$TOP/tests/boot.sh"

need cdr boot root root-mount docker-registry nginx containerd ctr runc skopeo openssl \
	jq busybox python3 python3-yaml ssh-keygen ip cc
pods_need
boot_images
boot_stick
boot_commands containerd "$T/commands"
expect_eq "five commands" 5 "$(wc -l <"$T/commands")"

# Where the commands write, each with a folder of the test's own in its place.
for folder in media root srv usr/local etc/containerd etc/cdr run/containerd \
    var/lib/containerd opt; do
	[ -d "/$folder" ] || [ "$folder" = etc/cdr ] || [ "$folder" = run/containerd ] ||
		[ "$folder" = etc/containerd ] || [ "$folder" = var/lib/containerd ] ||
		skip "there is no /$folder here"
	mkdir -p "$T/site/$folder"
done
cp -R "$T/stick" "$T/site/media/stick"
cp "$T/site.pub" "$T/site/root/site.pub"
# What does not start in a container, or reaches out of it: see tests/containerd.sh.
cat >"$T/site/etc/containerd/config.toml" <<'END'
version = 2
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]
END
cat >"$T/site.sh" <<'END'
set -e
mount --make-rprivate /
for folder in media root srv usr/local etc/containerd run/containerd \
    var/lib/containerd opt; do
	mkdir -p "/$folder"
	mount --bind "$1/site/$folder" "/$folder"
done
mount -t proc proc /proc
ip link set lo up
PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH HOME=/root CONTAINERD_SNAPSHOTTER=native
unset TMPDIR CDR_BOOT
! command -v cdr
containerd --log-level warn >"$1/containerd.log" 2>&1 &
tries=100
until ctr version >/dev/null 2>&1; do
	[ $tries -gt 0 ] || exit 77
	tries=$((tries - 1))
	sleep 0.1
done
while read -r command <&3; do
	echo "+ $command"
	sh -ec "$command" 3<&-
done 3<"$1/commands"
ctr images ls -q >"$1/before"
tries=100
until ctr images pull --hosts-dir /etc/containerd/certs.d \
    docker.io/library/busybox:1.35 >"$1/pull" 2>&1; do
	[ $tries -gt 0 ] || { cat "$1/pull"; exit 1; }
	tries=$((tries - 1))
	sleep 0.1
done
ctr run --rm docker.io/library/busybox:1.35 one echo it runs
ctr images ls >"$1/after"
ctr task kill -s KILL cdr-nginx
END
check "they bring it up, and containerd pulls" timeout 60 unshare -n -m -p -f --kill-child \
	sh "$T/site.sh" "$T"
expect_said "what it pulled runs" '^it runs$'
expect_eq "the images of the stick were there before" "docker.io/library/nginx:1.28
localhost/cdr:0.1.0
registry.k8s.io/pause:3.10" "$(grep -v '@' "$T/before" | sort)"
expect_eq "it is the index that was sent" "$BUSYBOX" \
	"$(awk '$1 == "docker.io/library/busybox:1.35" { print $3 }' "$T/after")"

#!/bin/sh
# A machine with containerd, or with Docker, and nothing else of what a mirror needs,
# comes up from a stick without any network: what START.md says for it, to the letter, in
# five commands. nginx runs from its image on the tree that the bundle brought, and the
# machine pulls through it by the configuration that the last command wrote.
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
	jq busybox python3 python3-yaml ssh-keygen ip cc \
	dockerd? docker? podman?
pods_need
boot_images
boot_stick

# Where the commands write, each with a folder of the test's own in its place.
FOLDERS='media root srv usr/local etc/containerd etc/docker run var/lib/containerd
	var/lib/docker etc/containers var/lib/containers opt'
export FOLDERS
cat >"$T/site.sh" <<'END'
set -e
mount --make-rprivate /
for folder in $FOLDERS; do
	mkdir -p "/$folder"
	mount --bind "$2/$folder" "/$folder"
done
mount -t proc proc /proc
ip link set lo up
PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH HOME=/root CONTAINERD_SNAPSHOTTER=native
unset TMPDIR CDR_BOOT
! command -v cdr
# within TENTHS COMMAND...
within()
{
	tries=$1
	shift
	until "$@" >"$T/within" 2>&1; do
		[ "$tries" -gt 0 ] || { cat "$T/within"; return 1; }
		tries=$((tries - 1))
		sleep 0.1
	done
}
T=$1
. "$T/way.sh"
start
while read -r command <&3; do
	echo "+ $command"
	sh -ec "$command" 3<&-
done 3<"$T/commands"
pull
END

# site WAY [LIKE]: the commands of START.md, on a machine with $T/way.sh; those for
# another way with this one's name.
site()
{
	boot_commands "${2-$1}" "$T/commands"
	[ -z "${2-}" ] ||
		sed -i "s/^$2 /$1 /; s/node-config ${2}d /node-config $1 /" "$T/commands"
	expect_eq "five commands" 5 "$(wc -l <"$T/commands")"
	for folder in $FOLDERS; do
		mkdir -p "$T/$1/$folder"
	done
	cp -R "$T/stick" "$T/$1/media/stick"
	cp "$T/sender.pub" "$T/$1/root/sender.pub"
	check "they bring it up, and $1 pulls" timeout 90 unshare -n -m -p -f \
		--kill-child sh "$T/site.sh" "$T" "$T/$1"
	expect_said "what it pulled runs" '^it runs$'
}

# --- containerd ---------------------------------------------------------------------------

# What does not start in a container, or reaches out of it: see tests/containerd.sh.
cat >"$T/way.sh" <<'END'
start()
{
	cat >/etc/containerd/config.toml <<'TOML'
version = 2
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]
TOML
	containerd --log-level warn >"$T/containerd.log" 2>&1 &
	within 100 ctr version
}
pull()
{
	ctr images ls -q >"$T/before"
	within 100 ctr images pull --hosts-dir /etc/containerd/certs.d \
		docker.io/library/busybox:1.35
	ctr run --rm docker.io/library/busybox:1.35 one echo it runs
	ctr images ls >"$T/after"
	ctr task kill -s KILL cdr-nginx
}
END
site containerd
expect_eq "the images of the stick were there before" "docker.io/library/nginx:1.28
localhost/cdr:0.1.0
registry.k8s.io/pause:3.10" "$(grep -v '@' "$T/before" | sort)"
expect_eq "it is the index that was sent" "$BUSYBOX" \
	"$(awk '$1 == "docker.io/library/busybox:1.35" { print $3 }' "$T/after")"

# --- Docker -------------------------------------------------------------------------------

if part "Docker" dockerd docker; then
cat >"$T/way.sh" <<'END'
start()
{
	echo '{"storage-driver": "vfs", "iptables": false, "ip6tables": false,
	    "bridge": "none"}' >/etc/docker/daemon.json
	dockerd --log-level warn >"$T/dockerd.log" 2>&1 &
	dockerd=$!
	within 300 docker version
}
pull()
{
	kill -HUP $dockerd
	within 100 docker pull busybox:1.35
	docker run --rm --network none busybox:1.35 echo it runs
	docker kill cdr-nginx
}
END
site docker
fi

# --- podman -------------------------------------------------------------------------------

part "podman" podman || exit 0
cat >"$T/way.sh" <<'END'
start()
{
	export STORAGE_DRIVER=vfs CONTAINERS_CONF=$T/containers.conf
	printf '[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n' \
		>"$CONTAINERS_CONF"
	echo '{"default": [{"type": "insecureAcceptAnything"}]}' \
		>/etc/containers/policy.json
}
pull()
{
	within 100 podman pull -q docker.io/library/busybox:1.35
	podman run --rm --network none docker.io/library/busybox:1.35 echo it runs
	podman kill cdr-nginx
}
END
site podman docker

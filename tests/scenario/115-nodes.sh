#!/bin/sh
# The DaemonSet of the overlays nodes and nodes-k3s, run by runc as the manifests say,
# on a node that is a folder: its first container has the node ask the mirror at the
# node's own address, its other one waits, and what is run when that is to stop takes
# it back: every file is what it was.
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/mirror.sh
. "$TOP/tests/mirror.sh"
# shellcheck source=tests/k8s/render.sh
. "$TOP/tests/k8s/render.sh"
# shellcheck source=tests/k8s/pods.sh
. "$TOP/tests/k8s/pods.sh"

need cdr root runc openssl jq cc python3 python3-yaml busybox newer/kustomize
"$CDR" node-config --help >/dev/null 2>&1 || skip "cdr has no node-config"
pods_need
# In a plain chroot runc puts a process into the machine's root: that is no container, also
# where the machine has a busybox of its own.
mkdir -p "$T/plain" "$T/machine/bin"
cp "$BUSYBOX_HERE" "$T/machine/bin/busybox"
cat >"$T/plain/runc" <<END
#!/bin/sh
case \$3 in
exec) shift 4; exec chroot '$T/machine' "\$@" ;;
esac
exec $(command -v runc) "\$@"
END
chmod 755 "$T/plain/runc"
rc=0
(
	trap - EXIT
	PATH=$T/plain:$PATH
	pods_need_exec
) >"$T/plain.said" || rc=$?
expect_eq "a machine's own busybox does not stand in for the container's" 77 $rc
pods_need_exec
k8s_own own overlays/nodes/README.md
k8s_render nodes nodes-k3s own

pod_rootfs_cdr "$T/cdr.rootfs"
cc -o "$T/cdr.rootfs/usr/bin/pause" "$TOP/k8s/image/pause.c"

state()
{
	(cd "$T/node" && find . -type f -exec stat -c '%n %a %u %g %Y' {} + \
		-exec sha256sum {} + | sort)
}

# one OVERLAY FOLDER FILE: FILE of the node's FOLDER names the mirror.
one()
{
	rm -rf "$T/node"
	mkdir -p "$T/node$2" "$T/node/etc/cdr"
	echo "# the owner's" >"$T/node$2/theirs"
	[ "$1" != nodes ] ||
		printf 'version = 2\n' >"$T/node/etc/containerd/config.toml"
	before=$(state)
	for container in install stay; do
		pod_make "$1-$container" "$T/cdr.rootfs" "$T/$1.yaml" \
			"DaemonSet/cdr-nodes/$container" "$T/cdr.json" \
			"host:$2=$T/node$2" "host:/etc/cdr=$T/node/etc/cdr" \
			field:status.hostIP=127.0.0.7
		case $CDR in */asan/*) pod_unlimited "$1-$container" ;; esac
	done
	check "$1: the node is configured" pod_run "$1-install"
	check "the mirror is the node's own address" \
		grep -F 'http://127.0.0.7:30500' "$T/node$3"
	pod_start "$1-stay"
	wait_for 20 pod_exec "$1-stay" cdr --version || fail "it does not stay"
	# One word a line.
	set -- "$1"
	while read -r word; do
		set -- "$@" "$word"
	done <<-END
	$(pod_words "$T/$1.yaml" DaemonSet/cdr-nodes \
	    '.containers[0].lifecycle.preStop.exec.command[]')
	END
	overlay=$1
	shift
	check "$overlay: its hook takes it back" pod_exec "$overlay-stay" "$@"
	expect_eq "the node's files are what they were" "$before" "$(state)"
	pod_kill "$overlay-stay" TERM
	wait_for 5 process_over "$POD_PID" || fail "it does not end"
}
one nodes /etc/containerd /etc/containerd/certs.d/_default/hosts.toml
one nodes-k3s /etc/rancher/k3s /etc/rancher/k3s/registries.yaml

# What the README shows for a mirror with TLS.
mkdir -p "$T/node/etc/containerd"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
	-subj /CN=mirror.example -keyout "$T/ca.key" \
	-out "$T/node/etc/containerd/cdr-ca.crt" >"$T/openssl.log" 2>&1
pod_make own "$T/cdr.rootfs" "$T/own.yaml" DaemonSet/cdr-nodes/install \
	"$T/cdr.json" "host:/etc/containerd=$T/node/etc/containerd" \
	"host:/etc/cdr=$T/node/etc/cdr" field:status.hostIP=127.0.0.7
case $CDR in */asan/*) pod_unlimited own ;; esac
check "a mirror with TLS" pod_run own
check "is asked by its name" grep -Fx '[host."https://mirror.example:30500"]' \
	"$T/node/etc/containerd/certs.d/_default/hosts.toml"
check "and known by its authority" grep -Fx '  ca = "/etc/containerd/cdr-ca.crt"' \
	"$T/node/etc/containerd/certs.d/_default/hosts.toml"

# A containerd of the test's own, below $T. Sourced; POSIX sh.
#
#   start_containerd     sets $CONTAINERD_PID; skips by name where it cannot work
#   ctr_pull HOSTS REF   through HOSTS, a folder with docker.io/hosts.toml
#   ctr_at ARGUMENT...   ctr, with that containerd
#
# With CLIENTS=newer they are those of tests/newer.sh, which has been sourced. With
# CONTAINERD_CONFIG, a file, that is more of its configuration, of version 3.
# shellcheck shell=sh

if [ "${CLIENTS-}" = newer ]; then
	_containerd_uses() { uses root newer/containerd newer/ctr newer/runc; }
	_containerd_exec() { newer_exec "$@"; }
	_containerd_run() { newer_run "$@"; }
else
	_containerd_uses() { uses root containerd ctr runc; }
	_containerd_exec() { exec "$@"; }
	_containerd_run() { "$@"; }
fi

# What keeps a containerd from starting as an ordinary daemon's child, or reaches
# out of $T, is left out: CRI wants to set OOM scores, opt makes /opt/containerd.
_containerd_config()
{
	_version=2
	_left_out='"io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"'
	[ -z "${CONTAINERD_CONFIG-}" ] || {
		_version=3
		_left_out='"io.containerd.internal.v1.opt"'
	}
	cat <<END
version = $_version
root = "$T/containerd/root"
state = "$T/containerd/state"
disabled_plugins = [$_left_out]
[grpc]
address = "$T/containerd/socket"
END
	[ -z "${CONTAINERD_CONFIG-}" ] || cat "$CONTAINERD_CONFIG"
}

start_containerd()
{
	_containerd_uses
	mkdir -p "$T/containerd/mount"
	# It unpacks a layer below a mount.
	mount --bind "$T/containerd/mount" "$T/containerd/mount" 2>"$T/mount" ||
		skip "containerd cannot mount here: $(tail -n 1 "$T/mount")"
	umount "$T/containerd/mount"
	_containerd_config >"$T/containerd/config.toml"
	_containerd_exec containerd --config "$T/containerd/config.toml" \
		--log-level warn \
		>"$T/containerd.log" 2>&1 &
	CONTAINERD_PID=$!
	defer "mirror_unmount '$T'"
	defer "process_end $CONTAINERD_PID"
	defer mirror_end_shims
	wait_for 20 ctr_at version || {
		process_over "$CONTAINERD_PID" || fail "containerd does not answer"
		skip "containerd does not start: $(tail -n 1 "$T/containerd.log")"
	}
	_snapshotter=$(ctr_at plugins ls | awk '$1 ~ /snapshotter/ && $2 == "native"')
	case $_snapshotter in
	*' ok'*) ;;
	*) skip "containerd has no snapshotter here: $(ctr_at plugins ls -d \
	    id==native | sed -n 's/^ *Message: *//p' | head -n 1)" ;;
	esac
}

ctr_at()
{
	_containerd_run ctr --address "$T/containerd/socket" "$@"
}

ctr_pull()
{
	ctr_at images pull --snapshotter native --hosts-dir "$1" "$2"
}

# A dockerd of the test's own, below $T. Sourced after mirror.sh; POSIX sh.
#
#   start_dockerd [--OPTION...]   sets $DOCKERD_PID; skips by name where it cannot
#                                 work. docker itself then talks to it, and it has
#                                 an image control:1 with /bin/busybox
#
# Its files are in $DOCKERD_AT, which is $T until it is set: there can be several.
# $DOCKERD_IN is a command that comes before dockerd, and has it run somewhere else.
#
# With CLIENTS=newer they are those of tests/newer.sh, which has been sourced; what
# is in $T/certs.d is its /etc/docker/certs.d.
# shellcheck shell=sh

if [ "${CLIENTS-}" = newer ]; then
	_dockerd_uses() { uses root newer/dockerd newer/docker newer/containerd newer/runc; }
	docker() { newer_run docker "$@"; }
	# Its namespace is its own, and so is this mount.
	_dockerd_exec()
	{
		if [ ! -e "$T/etc" ]; then
			cp -a "$NEWER/root/etc" "$T/etc"
			mkdir -p "$T/etc/docker" "$T/certs.d"
			ln -s "$T/certs.d" "$T/etc/docker/certs.d"
		fi
		# shellcheck disable=SC2016 # for the inner shell
		newer_exec sh -euc 'mount --bind "$1" /etc && shift && exec "$@"' \
			sh "$T/etc" "$@"
	}
else
	_dockerd_uses() { uses root dockerd docker containerd runc; }
	_dockerd_exec() { exec "$@"; }
fi
DOCKERD_AT=$T
DOCKERD_IN=

# What it asks of others than the mirror goes to a proxy that is not there, and
# fails at once, with or without an Internet.
_dockerd()
{
	_driver=$1
	shift
	# shellcheck disable=SC2086 # words
	_dockerd_exec $DOCKERD_IN \
		env HTTP_PROXY=http://127.0.0.1:1 HTTPS_PROXY=http://127.0.0.1:1 \
		NO_PROXY="127.0.0.1${MIRROR_ADDRESS:+,$MIRROR_ADDRESS}" dockerd --config-file "$DOCKERD_AT/dockerd.json" \
		--data-root "$DOCKERD_AT/docker" --exec-root "$DOCKERD_AT/docker.run" \
		--pidfile "$DOCKERD_AT/docker.pid" --host "unix://$DOCKERD_AT/docker.socket" \
		--iptables=false --ip6tables=false --bridge=none \
		--userland-proxy=false --storage-driver "$_driver" \
		--log-level warn "$@" >"$DOCKERD_AT/dockerd.log" 2>&1 &
	DOCKERD_PID=$!
	echo $DOCKERD_PID >"$DOCKERD_AT/dockerd.pid"
	wait_for 30 _dockerd_settled
	! process_over "$DOCKERD_PID"
}

_dockerd_settled()
{
	docker version || process_over "$DOCKERD_PID"
}

# _dockerd_end [FOLDER]: its containerd ends with it, unless it had to be killed.
_dockerd_end()
{
	_at=${1-$DOCKERD_AT}
	! _pid=$(cat "$_at/dockerd.pid" 2>/dev/null) || process_end "$_pid"
	rm -f "$_at/dockerd.pid"
	_pid=$(cat "$_at/docker.run/containerd/containerd.pid" 2>/dev/null) || return 0
	! grep -q "$_at/docker.run" "/proc/$_pid/cmdline" 2>/dev/null ||
		process_end "$_pid"
}

# The image control:1, which never saw a mirror: the program in it is $BUSYBOX_HERE.
# It is stored as pulled ones are.
_dockerd_control()
{
	mkdir -p "$T/control/bin"
	cp "$BUSYBOX_HERE" "$T/control/bin/busybox"
	tar -C "$T/control" -cf "$T/control.tar" bin
	docker import "$T/control.tar" control:1 >"$DOCKERD_AT/import" 2>&1 ||
		skip "dockerd stores no image here: $(tail -n 1 "$DOCKERD_AT/import")"
}

start_dockerd()
{
	_dockerd_uses
	[ -e "$DOCKERD_AT/dockerd.json" ] || echo '{}' >"$DOCKERD_AT/dockerd.json"
	export DOCKER_HOST="unix://$DOCKERD_AT/docker.socket"
	defer "mirror_unmount '$T'"
	defer "_dockerd_end '$DOCKERD_AT'"
	defer mirror_end_shims
	_drivers='overlay2 vfs'
	case $* in *containerd-snapshotter=true*) _drivers='overlayfs native' ;; esac
	for _try in $_drivers; do
		if _dockerd "$_try" "$@"; then
			ok "dockerd runs, with $_try"
			_dockerd_control
			return 0
		fi
		wait "$DOCKERD_PID" || :
		rm -f "$DOCKERD_AT/dockerd.pid"
	done
	skip "dockerd does not start: $(grep -E 'level=(fatal|error)|^failed' \
		"$DOCKERD_AT/dockerd.log" | tail -n 1)"
}

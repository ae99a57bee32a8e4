# A machine of its own for packages and units: Debian 12 with systemd as its first process,
# in namespaces, with the network of this one. Its root is a tar file below build/cache.
# Sourced; POSIX sh.
#
#   machine_fetch        makes that tar file where it is missing. scripts/install-deps all
#                        does this: needs the network, root, debootstrap
#   machine_ready        is it there?
#   machine_new          a fresh one, in $T/machine
#   machine_boot         starts its systemd; the machine ends with the scenario
#   machine COMMAND...   in the machine, as root
#
# Kernels count processes in different ways: it takes version 2 of cgroups, by itself or
# beside version 1.
# shellcheck shell=sh

# Where packages come from and how is told there.
# shellcheck source=tests/newer.sh
. "$TOP/tests/newer.sh"

MACHINE=$TOP/build/cache/machine
MACHINE_PACKAGES='systemd dbus nginx-light libnginx-mod-http-js ca-certificates curl libcurl4
	libjansson4 libyaml-0-2 libssl3 libarchive13'

machine_ready()
{
	[ -f "$MACHINE/root.tar" ] && [ -f "$MACHINE/packages" ] &&
		[ "$(cat "$MACHINE/packages")" = "$MACHINE_PACKAGES" ]
}

_machine_make()
{
	_mirror=$(_newer_mirror)
	if [ -z "$_mirror" ]; then
		echo "E: apt's sources name no Debian mirror"
		return 1
	fi
	_newer_proxy
	debootstrap --variant=minbase --force-check-gpg \
		"--include=$(echo "$MACHINE_PACKAGES" | tr -s ' \t\n' ',')" \
		bookworm "$MACHINE/root" "$_mirror" || return 1
	rm -rf "$MACHINE"/root/var/cache/apt/* "$MACHINE"/root/var/lib/apt/lists/* \
		"$MACHINE/root/usr/share/man" "$MACHINE/root/usr/share/locale" \
		"$MACHINE/root/usr/share/doc" "$MACHINE/root/usr/share/zoneinfo"
	tar -C "$MACHINE/root" --one-file-system --numeric-owner --sort=name \
		-cf "$MACHINE/root.tar.new" . &&
		mv "$MACHINE/root.tar.new" "$MACHINE/root.tar" &&
		echo "$MACHINE_PACKAGES" >"$MACHINE/packages"
}

# In a mount namespace of its own, as in tests/newer.sh.
machine_fetch()
{
	! machine_ready || return 0
	mkdir -p "$MACHINE"
	export TOP
	(
		flock 8
		# shellcheck disable=SC2031 # for this subshell
		PATH=$PATH:/usr/sbin:/sbin
		! machine_ready || exit 0
		rm -rf "$MACHINE/root"
		rc=0
		# shellcheck disable=SC2016 # for the inner shell
		unshare -m sh -euc '. "$TOP/tests/machine.sh"; _machine_make' \
			>"$MACHINE/log" 2>&1 </dev/null || rc=1
		rm -rf "$MACHINE/root"
		exit $rc
	) 8>"$MACHINE/lock"
}

machine_new()
{
	mkdir "$T/machine"
	tar -xf "$MACHINE/root.tar" -C "$T/machine"
	# Not its first start, at which systemd would enable what came with it.
	tr -d - </proc/sys/kernel/random/uuid >"$T/machine/etc/machine-id"
	# Nothing that is about a machine of its own, and nobody's nginx.
	for _unit in nginx.service apt-daily.timer apt-daily-upgrade.timer getty.target \
	    e2scrub_all.timer systemd-logind.service systemd-sysctl.service \
	    systemd-udevd.service systemd-networkd.service systemd-networkd.socket \
	    systemd-modules-load.service systemd-timesyncd.service modprobe@.service \
	    dev-hugepages.mount dev-mqueue.mount sys-fs-fuse-connections.mount \
	    sys-kernel-debug.mount sys-kernel-tracing.mount sys-kernel-config.mount; do
		ln -sf /dev/null "$T/machine/etc/systemd/system/$_unit"
	done
	rm -rf "$T"/machine/etc/systemd/system/*.wants/systemd-networkd*
}

# Where this machine has hierarchies of groups; systemd takes all that there are, but cannot
# do without one of its own or version 2.
_machine_hierarchies()
{
	awk '$(NF - 2) == "cgroup2" || $(NF - 2) == "cgroup" && !/cpuset/ { print $5 }' \
		/proc/self/mountinfo
}

# Its groups of processes are below one of their own, and go with it.
# shellcheck disable=SC2317 # deferred
_machine_end()
{
	kill -KILL "$MACHINE_PID" 2>/dev/null || :
	wait "$_machine_job" 2>/dev/null || :
	for _at in $(_machine_hierarchies); do
		_group=$_at/cdr-test-$$
		[ ! -d "$_group" ] || wait_for 60 _machine_empty "$_group"
	done
}

# shellcheck disable=SC2317
_machine_empty()
{
	find "$1" -depth -type d -exec rmdir {} \; 2>/dev/null
	[ ! -d "$1" ]
}

machine_boot()
{
	uses root root-mount unshare nsenter
	[ -n "$(_machine_hierarchies)" ] || skip "no cgroups here that a systemd could have"
	for _at in $(_machine_hierarchies); do
		mkdir "$_at/cdr-test-$$" 2>/dev/null ||
			skip "no groups of processes can be made here"
	done
	: >"$T/machine.log"
	# shellcheck disable=SC2016,SC2046 # for the inner shells; words
	sh -euc '
	root=$1 log=$2
	shift 2
	for at; do
		echo $$ >"$at/cgroup.procs"
	done
	exec unshare -m -p -f -C -u -i sh -euc '\''
	root=$1 log=$2
	mount --make-rprivate /
	mount --bind "$root" "$root"
	cd "$root"
	mount -t proc proc proc
	mount --bind proc/sys proc/sys
	mount -o remount,bind,ro proc/sys
	mount -t sysfs -o ro sysfs sys
	if grep -q "name=systemd" /proc/self/cgroup; then
		mount -t tmpfs -o mode=755 tmpfs sys/fs/cgroup
		mkdir sys/fs/cgroup/unified sys/fs/cgroup/systemd
		mount -t cgroup2 cgroup2 sys/fs/cgroup/unified
		mount -t cgroup -o none,name=systemd cgroup sys/fs/cgroup/systemd
	else
		mount -t cgroup2 cgroup2 sys/fs/cgroup
	fi
	mount -t tmpfs -o mode=755 tmpfs run
	mount -t tmpfs -o mode=755 tmpfs dev
	for node in null zero full random urandom tty; do
		: >dev/$node
		mount --bind /dev/$node dev/$node
	done
	: >dev/console
	mount --bind "$log" dev/console
	ln -s pts/ptmx dev/ptmx
	mkdir dev/shm dev/pts mnt/before
	pivot_root . mnt/before
	umount -l /mnt/before
	rmdir /mnt/before
	exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin container=cdr-test \
		/lib/systemd/systemd --system --unit=multi-user.target \
		--log-target=console --show-status=no
	'\'' init "$root" "$log"
	' machine "$T/machine" "$T/machine.log" $(_machine_hierarchies |
		sed "s,$,/cdr-test-$$,") </dev/null >"$T/machine.start.log" 2>&1 &
	_machine_job=$!
	MACHINE_PID=$_machine_job
	defer _machine_end
	wait_for 60 _machine_pid || fail "the machine does not begin"
	wait_for 120 _machine_up || fail "its systemd does not come up"
}

_machine_pid()
{
	MACHINE_PID=$(cat "/proc/$_machine_job/task/$_machine_job/children" 2>/dev/null)
	MACHINE_PID=${MACHINE_PID% }
	case $MACHINE_PID in
	'' | *' '*) return 1 ;;
	esac
	[ "$(cat "/proc/$MACHINE_PID/comm")" = systemd ]
}

_machine_up()
{
	case $(machine systemctl is-system-running 2>/dev/null) in
	running | degraded) return 0 ;;
	esac
	return 1
}

machine()
{
	nsenter -t "$MACHINE_PID" -m -p -u -i -C -w/ \
		env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 "$@"
}

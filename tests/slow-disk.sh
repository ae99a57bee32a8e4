# A disk that is slow for some processes, by a control group. Sourced; POSIX sh.
#
#   slow_disk FOLDER BYTES_S   what is on FOLDER's disk comes at so many bytes a
#                              second for the processes in the group: sets SLOW_GROUP,
#                              or returns 1 where that cannot be had
#   slow_disk_add PID          a process of one thread group into it
#   slow_disk_end              all of them out of it, and the group is gone
#   forget FILE                of it nothing is in memory, once it has been written
#
# It takes root, and blkio of version 1 mounted where the machine has it.
# shellcheck shell=sh

SLOW_GROUP=

slow_disk()
{
	[ "$(id -u)" -eq 0 ] || return 1
	_blkio=$(awk '$3 == "cgroup" && $4 ~ /(^|,)blkio(,|$)/ { print $2; exit }' /proc/mounts)
	[ -n "$_blkio" ] || return 1
	# Of a partition the disk counts.
	_device=$(stat -c %Hd:%Ld "$1")
	if [ -e "/sys/dev/block/$_device/partition" ]; then
		_device=$(cat "/sys/dev/block/$_device/../dev")
	fi
	SLOW_GROUP=$_blkio/cdr-slow-$$
	mkdir "$SLOW_GROUP" 2>/dev/null || {
		SLOW_GROUP=
		return 1
	}
	echo "$_device $2" 2>/dev/null >"$SLOW_GROUP/blkio.throttle.read_bps_device" || {
		slow_disk_end
		return 1
	}
}

slow_disk_add()
{
	echo "$1" >"$SLOW_GROUP/cgroup.procs"
}

slow_disk_end()
{
	[ -n "$SLOW_GROUP" ] || return 0
	while read -r _pid; do
		echo "$_pid" >"${SLOW_GROUP%/*}/cgroup.procs" || :
	done <"$SLOW_GROUP/cgroup.procs"
	rmdir "$SLOW_GROUP"
	SLOW_GROUP=
}

forget()
{
	dd if="$1" iflag=nocache count=0 2>/dev/null
}

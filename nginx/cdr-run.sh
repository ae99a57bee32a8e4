#!/bin/sh
# nginx as a container runs it: its first process, which has it end in such a way that
# no pull is cut in silence.
#
#	sh cdr-run.sh [-l SECONDS] [-g SECONDS] [-w FILE]... PORT... -- NGINX [ARGUMENT]...
#
# On SIGTERM it waits for -l seconds (0), until nobody sends new pulls here. Then nginx
# takes no more, and finishes those that it has. nginx is done when the last bytes are
# in the sockets' buffers; the container's network may go with its last process, and
# these bytes with it. So this waits until they are with the clients: PORT is where
# nginx listens. After -g seconds (270) from the signal on it has to be over: some time
# before, the answers that still run are ended, which clients notice at once, and ask
# again elsewhere for the rest. SIGQUIT is the same without -l; SIGHUP is for nginx. When
# a FILE changes, nginx reads its files again (cdr-watch.sh).
#
# It needs a shell and sleep, and Linux's /proc.
set -eu

case $0 in
*/*) here=${0%/*} ;;
*) here=. ;;
esac
leave=0 grace=270 files='' ports=''
while getopts l:g:w: option; do
	case $option in
	l) leave=$OPTARG ;;
	g) grace=$OPTARG ;;
	w) files="$files $OPTARG" ;;
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))
while [ $# -gt 0 ] && [ "$1" != -- ]; do
	ports="$ports:$(printf %04X "$1") "
	shift
done
[ $# -gt 1 ] || {
	echo "usage: cdr-run.sh [-l SECONDS] [-g SECONDS] [-w FILE]... PORT... -- NGINX..." >&2
	exit 2
}
shift

# Has any client still to get bytes?  The sizes of a socket's queues are in one word,
# those to be sent first; that a port is listened at counts for nothing.
unsent()
{
	for _table in /proc/net/tcp /proc/net/tcp6; do
		[ -r $_table ] || continue
		while read -r _ _local _ _state _queues _; do
			case $_state:$_queues in
			0A:* | *:00000000:*) continue ;;
			esac
			case $ports in
			*":${_local##*:} "*) return 0 ;;
			esac
		done <$_table
	done
	return 1
}

# A signal ends `wait`, not what it waits for.
rest()
{
	sleep "$1" &
	_nap=$!
	wait $_nap || :
	kill $_nap 2>/dev/null || :
}

runs()
{
	kill -0 "$nginx" 2>/dev/null
}

asked=
trap '[ -n "$asked" ] || asked=leave' TERM INT
trap 'asked=now' QUIT
trap 'kill -HUP "$nginx"' HUP

"$@" &
nginx=$!
watch=
if [ -n "$files" ]; then
	# shellcheck disable=SC2086 # words
	sh "$here/cdr-watch.sh" $nginx $files &
	watch=$!
fi

code=0
while [ -z "$asked" ] && runs; do
	code=0
	wait $nginx || code=$?
done
[ -z "$watch" ] || kill "$watch" 2>/dev/null || :
[ -n "$asked" ] || exit $code

# Seconds are counted by naps: a clock may jump, and a shell has no other.
left=$((grace * 2))
pass()
{
	rest 0.5
	left=$((left - 1))
}

if [ "$asked" = leave ]; then
	trap 'asked=now' TERM INT
	until [ "$asked" = now ] || [ $left -le $((grace * 2 - leave * 2)) ] || ! runs; do
		pass
	done
fi
kill -QUIT "$nginx" 2>/dev/null || :
# A quarter of the time, and a minute at most, is for what is in the buffers then, some
# megabytes for each client: the end of an answer comes behind it.
ends=$((grace * 2 / 4))
[ $ends -le 120 ] || ends=120
while runs && [ $left -gt $ends ]; do
	pass
done
kill -TERM "$nginx" 2>/dev/null || :
while { runs || unsent; } && [ $left -gt 0 ]; do
	pass
done
exit 0

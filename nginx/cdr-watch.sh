#!/bin/sh
# Tells nginx to read its files anew when one of them changes:
#
#	sh cdr-watch.sh PID FILE...
#
# PID is nginx's master process; ends with it. Files are looked at every three
# seconds, and by content: a Kubernetes Secret, certbot and cp all count. A
# certificate without its key yet is refused by nginx, which goes on with the old
# pair; the key is the next change.
set -eu

pid=$1
shift

content()
{
	cat -- "$@" 2>/dev/null | sha256sum
}

nap=
trap '[ -z "$nap" ] || kill "$nap" 2>/dev/null; exit 0' HUP INT TERM
before=$(content "$@")
while kill -0 "$pid" 2>/dev/null; do
	sleep 3 &
	nap=$!
	wait "$nap"
	now=$(content "$@")
	[ "$now" != "$before" ] || continue
	before=$now
	kill -HUP "$pid" || exit 0
done

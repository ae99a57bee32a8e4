#!/bin/sh
# Tells nginx to read its files again when one of them changes:
#
#	sh cdr-watch.sh PID FILE...
#
# PID is nginx's master process; this ends with it. It looks at the files every three
# seconds, by content, so that a Kubernetes Secret, certbot and cp all work. nginx
# refuses a certificate that lacks its key yet, and goes on with the old pair; the key
# is the next change.
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

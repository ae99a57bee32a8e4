#!/bin/sh
# Prints how the nginx on PATH is told to listen with TLS, for HTTP/1.1 and HTTP/2, in
# a server block. Since 1.25.1 HTTP/2 has a directive of its own, which older ones do not
# know, and the old word is deprecated.
#
#	sh cdr-listen.sh ADDR:PORT [PARAMETER]...
set -eu

how=$*
version=$(nginx -v 2>&1)
version=${version##*/}
IFS=.
# shellcheck disable=SC2086 # words
set -- ${version%%[!0-9.]*}
if [ $((${1:-0} * 1000000 + ${2:-0} * 1000 + ${3:-0})) -ge 1025001 ]; then
	printf 'listen %s ssl;\nhttp2 on;\n' "$how"
else
	printf 'listen %s ssl http2;\n' "$how"
fi

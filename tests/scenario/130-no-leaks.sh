#!/bin/sh
# A proxy of the environment that cannot be used, since its password is not encoded or
# for another reason, ends sync and doctor with 2 before anything is touched: the
# message names the variable and what to encode, and nothing of the value. While there
# are credentials in memory, no core dump can be made, nor can others of the same user
# read the memory: the process is not dumpable, whatever the limits said.
# Waits: for programs that end slowly.
. "$(dirname "$0")/../lib.sh"

need cdr python3
# refused VARIABLE VALUE
refused()
{
	expect_rc "$1=$2" 2 env "$1=$2" "$CDR" sync -r "$T/root" 127.0.0.1:1/app:1
	[ ! -e "$T/root" ] || fail "the tree was touched"
	expect_said "sync names it" "^error: the environment's $1: cannot be used as a proxy"
	expect_said "and what to do" 'write %23 for #'
	! grep -qi 's3cret\|sup3r' "$T/stdout" "$T/stderr" || fail "it shows the value"
	expect_rc "doctor" 2 env "$1=$2" "$CDR" doctor --mirror http://127.0.0.1:1
	expect_said "doctor names it, too" "the environment's $1: cannot be used"
	! grep -qi 's3cret\|sup3r' "$T/stdout" "$T/stderr" || fail "it shows the value"
}
for name in http_proxy https_proxy HTTPS_PROXY all_proxy ALL_PROXY; do
	refused $name 'http://user:Sup3r#S3cret@proxy.example:3128'
done
refused https_proxy 'http://user:1#S3cret@proxy.example:3128'
refused https_proxy 'http://user:Sup3r/S3cret@proxy.example:3128'
refused https_proxy 'http://user:1?S3cret@proxy.example:3128'
refused all_proxy 'ftp://user:S3cret@proxy.example:3128'
refused all_proxy 'http://user:S3cret@proxy.example:99999'
refused all_proxy 'http://user:S3cret@'
# This one is none of libcurl's: a web server sets it from a header.
expect_rc "HTTP_PROXY is not looked at" 1 env 'HTTP_PROXY=http://u:1#x@p' \
	http_proxy= "$CDR" sync -r "$T/root" 127.0.0.1:1/app:1
expect_rc "a good one is asked" 1 env http_proxy='http://u:Sup3r%23S3cret@127.0.0.1:1' \
	no_proxy= "$CDR" sync -r "$T/root" 127.0.0.1:1/app:1
! grep -qi 's3cret' "$T/stdout" "$T/stderr" || fail "it shows the password"

# --- no dumps ---------------------------------------------------------------------

case $CDR in
*/asan/*) left_out "core dumps" "a sanitizer has to look at the process"; exit 0 ;;
esac
# Root sees root's processes as such in any case.
as=
if [ "$(id -u)" -eq 0 ]; then
	as='setpriv --reuid 65534 --regid 65534 --clear-groups'
	chmod 777 "$T"
	mkdir "$T/config"
	chmod 755 "$T/config"
fi
mkdir -p "$T/config"
echo '{"auths": {"127.0.0.1:1": {"auth": "dTpTdXAzclMzY3JldA=="}}}' >"$T/config/config.json"
chmod 644 "$T/config/config.json"
cat >"$T/silent.py" <<'PY'
import socket, sys, time
s = socket.socket()
s.bind(("127.0.0.1", 0))
s.listen(64)
with open(sys.argv[1], "w") as f:
	f.write(str(s.getsockname()[1]))
while True:
	time.sleep(60)
PY
python3 "$T/silent.py" "$T/port" &
silent=$!
defer "process_end $silent"
wait_for 10 test -s "$T/port"
mkdir -m 777 "$T/cores" "$T/tree"
start()
{
	(
		# shellcheck disable=SC3045	# it has, where it has not: all the same
		ulimit -c unlimited 2>/dev/null || :
		cd "$T/cores" || exit 1
		exec $as env DOCKER_CONFIG="$T/config" HOME="$T" "$CDR" sync -r "$T/tree/root" \
			"127.0.0.1:$(cat "$T/port")/app:1"
	) >"$T/sync.log" 2>&1 &
	pid=$!
	wait_for 10 test -e "$T/tree/root/_state"
}
for signal in SEGV ABRT; do
	start
	expect_eq "its memory is nobody's" 0 "$(stat -c %u "/proc/$pid/stat")"
	expect_eq "no core is wanted" "0 0" \
		"$(awk '/^Max core file size/ { print $5, $6 }' "/proc/$pid/limits")"
	[ -z "$as" ] || ! $as cat "/proc/$pid/environ" >/dev/null 2>&1 ||
		fail "its own user can read it"
	kill -$signal $pid
	! wait $pid 2>/dev/null || fail "it did not die"
	expect_eq "no core of SIG$signal" "" "$(ls "$T/cores")"
	rm -rf "$T/tree/root"
done

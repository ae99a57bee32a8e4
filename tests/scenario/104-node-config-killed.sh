#!/bin/sh
# cdr node-config is killed before each system call that changes a name: every file
# is then whole, the old one or the new one, and --remove brings all back as it was;
# so it does after an --install that is run again, and after a --remove that was
# killed itself.
. "$(dirname "$0")/../lib.sh"

need cdr strace
R=$T/node
strace -o "$T/strace.try" true 2>/dev/null || skip "strace cannot trace here"

config()
{
	"$CDR" node-config dockerd --client-version 28.5.2 --prefix "$R" "$@"
}
# killed CALL N ARGUMENTS: was it killed at the N-th such call?  LeakSanitizer does
# not work under strace.
killed()
{
	# shellcheck disable=SC2086 # words
	ASAN_OPTIONS=detect_leaks=0 strace -f -o "$T/strace.out" \
		-e "trace=$1" -e "inject=$1:signal=KILL:when=$2" \
		"$CDR" node-config dockerd --client-version 28.5.2 --prefix "$R" \
		$3 >/dev/null 2>&1 && return 1
	return 0
}
prepare()
{
	rm -rf "$R"
	mkdir -p "$R/etc/docker" "$R/etc/cdr"
	echo '{ "debug": true }' >"$R/etc/docker/daemon.json"
	chmod 640 "$R/etc/docker/daemon.json"
	touch -d 2001-02-03T04:05:06 "$R/etc/docker/daemon.json"
}
state()
{
	(cd "$R" && find . -type d -exec stat -c '%n %a' {} + | LC_ALL=C sort &&
		find . -type f -exec stat -c '%n %a %Y' {} + | LC_ALL=C sort &&
		find . -type f -exec sha256sum {} + | LC_ALL=C sort -k 2)
}
same()
{
	state >"$T/after"
	cmp -s "$T/before" "$T/after" || {
		diff "$T/before" "$T/after" || :
		fail "$1: not all is as it was"
	}
}

prepare
state >"$T/before"
install="--mirror http://10.0.0.5:5000 --install"
kills=0
for call in mkdirat linkat renameat; do
	n=1
	while prepare; killed $call $n "$install"; do
		python3 -c 'import json, sys; json.load(open(sys.argv[1]))' \
			"$R/etc/docker/daemon.json" || fail "daemon.json is not whole"
		config --remove >/dev/null || fail "$call $n: --remove"
		same "--install killed at $call $n, --remove"
		prepare
		killed $call $n "$install" || fail "it was not killed again"
		# shellcheck disable=SC2086 # words
		config $install >/dev/null || fail "$call $n: --install"
		config --remove >/dev/null || fail "$call $n: --remove"
		same "--install killed at $call $n, --install, --remove"
		n=$((n + 1)) kills=$((kills + 1))
	done
done
for call in renameat unlinkat; do
	n=1
	while prepare
		# shellcheck disable=SC2086 # words
		config $install >/dev/null || fail "--install"
		killed $call $n --remove
	do
		config --remove >/dev/null || fail "$call $n: --remove again"
		same "--remove killed at $call $n, --remove"
		n=$((n + 1)) kills=$((kills + 1))
	done
done
[ $kills -ge 12 ] || fail "only $kills kills"
ok "killed $kills times, and never anything was lost"

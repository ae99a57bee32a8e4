#!/bin/sh
# cdr node-config peers prints a peer's files, --install writes them and says so, a
# second time changes nothing, and --remove takes them away. nginx accepts them for
# lists of any kind. All peers make the same ring of one list, however each of them
# spells it. What is wrong in a list or among the options is named, and nothing is
# touched; nothing in there can end a line of nginx.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/ring.sh"

need cdr nginx
N=$T/node
mkdir -p "$N/cache"

# peers OPTION...: on the node below $N; nobody answers at its mirror.
peers()
{
	"$CDR" node-config peers --mirror http://127.0.0.1:9 --prefix "$N" \
		--cache "$N/cache" --run "$N" "$@"
}

printf '10.0.0.2\n127.0.0.1:5002  # here\n[fd00::0:1]:5002\n' >"$T/nodes"
check "it prints" peers --nodes "$T/nodes"
expect_said "... the ring" 'server \[fd00::1\]:5002 max_fails=1'
expect_said "... and that this machine is the one whose address it has" \
	'listen 127\.0\.0\.1:5002;'
[ ! -e "$N/etc" ] || fail "something was written"
check "--install writes" peers --nodes "$T/nodes" --install
expect_said "... and says what" '^wrote /etc/cdr/peer/peer\.conf$'
check "a second time" peers --nodes "$T/nodes" --install
expect_eq "... changes nothing" 'Nothing to change.' "$(cat "$T/stdout")"

ring_of()
{
	sed -n '/^upstream cdr_ring/,/^}/p' "$N/etc/cdr/peer/peer.conf" | grep server
}
ring_of >"$T/ring"
printf '# all\n[FD00::1]\r\n\n127.0.0.1\n10.0.0.2:5002\n10.0.0.2' >"$T/nodes"
check "the same list in other words" peers --nodes "$T/nodes" --install
ring_of | cmp - "$T/ring" || fail "it is another ring"
ok "... is the same ring"

# accepted OPTION...: does nginx take what was written?
accepted()
{
	rm -rf "${N:?}/etc"
	check "written: $*" peers "$@" --install
	for file in "$TOP"/nginx/peer.conf "$TOP"/nginx/cdr-*.conf; do
		ln -sf "$file" "$N/${file##*/}"
	done
	ln -sfn etc/cdr/peer "$N/peer"
	mkdir -p "$N/temp"
	check "... and nginx takes it" nginx -e stderr -t -q -p "$N" -c "$N/peer.conf"
	! grep -q 'warn' "$T/stderr" || fail "nginx has something to say"
}
ring_port 3
# shellcheck disable=SC2086 # words
set -- $RING_PORTS
here="--self 127.0.0.1:$1 --listen 127.0.0.1:$2"
echo "127.0.0.1:$1" >"$T/one"
# shellcheck disable=SC2086 # words
accepted --nodes "$T/one" $here --uplink 20K
awk 'BEGIN { for (i = 0; i < 999; i++)
	printf "10.%d.%d.1:5002\n", i / 250, i % 250 }' >"$T/many"
echo "127.0.0.1:$1" >>"$T/many"
# shellcheck disable=SC2086 # words
accepted --nodes "$T/many" $here --max-size 5G --min-free 1.5G
# shellcheck disable=SC2086 # words
accepted --nodes DNS:localhost:"$1" $here
# A thousand objects that were bad.
awk 'BEGIN { for (i = 0; i < 10000; i++)
	printf "sha256:%064d \"2026-11-20T10:53:07Z\";\n", i }' >"$T/was-bad"
(head -n 1 "$N/etc/cdr/peer/bad.conf"; cat "$T/was-bad") >"$T/bad.conf"
cp "$T/bad.conf" "$N/etc/cdr/peer/bad.conf"
check "nginx takes ten thousand objects that were bad" \
	nginx -e stderr -t -q -p "$N" -c "$N/peer.conf"

# --- what is wrong ------------------------------------------------------------------

rm -rf "${N:?}/etc"
# refused REGEX OPTION...
refused()
{
	_why=$1
	shift
	expect_rc "refused: $*" 2 peers "$@" --install
	expect_said "... and it says why" "$_why"
	[ ! -e "$N/etc" ] || fail "something was written"
}
echo '10.0.0.1 10.0.0.2' >"$T/bad-list"
refused 'bad-list:1: "10\.0\.0\.1 10\.0\.0\.2" is not HOST' --nodes "$T/bad-list"
printf '10.0.0.1\n10.0.0.3; include /etc/passwd\n' >"$T/bad-list"
refused 'bad-list:2: ' --nodes "$T/bad-list"
echo '10.0.0.1:70000' >"$T/bad-list"
refused 'bad-list:1: ' --nodes "$T/bad-list"
echo '# nobody' >"$T/bad-list"
refused 'there is no peer in it' --nodes "$T/bad-list"
echo '192.0.2.1' >"$T/bad-list"
refused 'give --self' --nodes "$T/bad-list"
echo 'no-such-name.invalid' >"$T/bad-list"
refused 'bad-list:1: no-such-name\.invalid' --nodes "$T/bad-list"
refused 'no such file' --nodes "$T/nosuch"
refused 'give --nodes|Give --nodes'
refused '^error: --listen: ' --nodes "$T/nodes" --listen 5000
refused '^error: --listen: ' --nodes "$T/nodes" --listen 'name:5000'
refused '^error: --self: ' --nodes "$T/nodes" --self 'here'
refused '^error: --cache: ' --nodes "$T/nodes" --cache '/a b'
refused '^error: --cache: ' --nodes "$T/nodes" --cache 'relative'
refused '^error: --run: ' --nodes "$T/nodes" --run '/a;b'
refused '^error: --run: ' --nodes "$T/nodes" --run "/$(printf %0100d 0)"
refused '^error: --uplink: ' --nodes "$T/nodes" --uplink 0
refused '^error: --uplink: ' --nodes "$T/nodes" --uplink fast
refused '^error: --mirror-name: ' --nodes "$T/nodes" --mirror-name 'a;b'
refused '^error: --peer-name: ' --nodes "$T/nodes" --peer-name '10.0.0.1'
refused 'belong together' --nodes "$T/nodes" --peer-key /k
refused 'plain http' --nodes "$T/nodes" --ca /ca
refused 'unexpected "word"' --nodes "$T/nodes" word
expect_rc "--follow wants --install" 2 peers --nodes "$T/nodes" --follow 30s
echo '192.0.2.1' >"$T/other"
check "who is not on the list has a ring of its own" \
	peers --nodes "$T/other" --self 127.0.0.1 --install
expect_eq "... of one" "	server 127.0.0.1:5002 max_fails=1 fail_timeout=60s;" "$(ring_of)"
check "--remove takes all away" "$CDR" node-config peers --remove --prefix "$N"
[ ! -e "$N/etc" ] || fail "something is left"
ok "... and its folders"

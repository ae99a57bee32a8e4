#!/bin/sh
# scripts/hooks: says what it needs, takes hooks on any address as any user, with TLS,
# whatever the socket's name is and whether it is there or not; leaves nothing behind,
# and ends on a signal.  Installed, it finds its files.
. "$(dirname "$0")/../lib.sh"

need nginx python3 curl openssl pgrep root?
hooks=$TOP/scripts/hooks

# said TEXT: it is in what the last command wrote to standard error.
said()
{
	grep -qF -- "$1" "$T/stderr" || fail "it does not say: $1"
	ok "it says: $1"
}

expect_rc "--help" 0 sh "$hooks" --help
grep -q '^usage: hooks .*SOCK' "$T/stdout" || fail "--help has no usage"
expect_rc "no argument" 2 sh "$hooks"
expect_rc "no such option" 2 sh "$hooks" --fast "$T/s"
expect_rc "--client-ca alone" 2 sh "$hooks" --client-ca "$T/ca.crt" "$T/s"
expect_rc "no such folder" 1 sh "$hooks" "$T/none/s"
said "no such folder"
: >"$T/file"
expect_rc "a file" 1 sh "$hooks" "$T/file"
said "is no socket"
expect_rc "no such certificate" 1 sh "$hooks" --tls none.crt none.key "$T/s"
said "none.crt: cannot be read"
# shellcheck disable=SC2016 # meant as it is
for address in 5001 127.0.0.1:x 127.0.0.1:0 127.0.0.1:99999 ::1:5001 \
    '127.0.0.1:5001;include x' ''; do
	expect_rc "address '$address'" 1 sh "$hooks" "$T/s" "$address"
	said "hooks: $address: "
done

# begin [OPTION...] SOCK: sets $pid and $address when it is ready.
begin()
{
	address=127.0.0.1:$(free_port)
	: >"$T/hooks.out"
	sh "$hooks" "$@" "$address" </dev/null >"$T/hooks.out" 2>&1 &
	pid=$!
	wait_for 20 grep -q '^taking hooks ' "$T/hooks.out" ||
		fail "it did not begin: $(cat "$T/hooks.out")"
}
# shellcheck disable=SC2016 # then, not now
defer '[ -z "${pid-}" ] || process_end "$pid"'

# answer [OPTION...] PATH: the status of a POST.
answer()
{
	curl -sS -m 60 -o "$T/body" -w '%{http_code}' -d '{}' "$@"
}

odd="$T/a folder; of \$any name/with a name that is longer than what a socket's address has room for, which is 107 characters"
mkdir -p "$odd"
begin "$odd/s"
expect_eq "nobody listens there" 503 "$(answer "http://$address/hook/x")"
expect_eq "in JSON" UNAVAILABLE "$(pick 'v.errors[0].code' "$T/body")"

# One that says 202 to whatever comes.
cat >"$T/listen.py" <<'END'
import os, socket, sys

os.chdir(sys.argv[1])
s = socket.socket(socket.AF_UNIX)
s.bind("s")
os.chmod("s", 0o666)
s.listen()
while True:
    c, _ = s.accept()
    c.recv(65536)
    c.sendall(b"Status: 202 Accepted\r\nContent-Length: 0\r\n\r\n")
    c.close()
END
python3 "$T/listen.py" "$odd" &
listener=$!
defer "process_end $listener"
chmod 755 "$odd" "$T/a folder; of \$any name"
check "it listens" wait_for 20 test -S "$odd/s"
expect_eq "now somebody does" 202 "$(answer "http://$address/hook/x")"
expect_eq "only hooks are there" 404 "$(answer "http://$address/v2/")"
expect_eq "by POST" 405 "$(curl -sS -o /dev/null -w '%{http_code}' "http://$address/hook/x")"
expect_rc "the port is taken" 1 sh "$hooks" "$odd/s" "$address"
said "is $address taken?"
nginx=$(pgrep -P "$pid" -x nginx)
# Others may run beside this one, with folders of that name.
folder=$(grep -lsx "$nginx" "$TMPDIR"/cdr-hooks.*/hooks.pid /tmp/cdr-hooks.*/hooks.pid || :)
[ -n "$folder" ] || fail "it has no folder"
process_end "$pid"
check "its nginx has ended" process_over "$nginx"
[ ! -e "${folder%/*}" ] || fail "its folder is left: ${folder%/*}"
ok "nothing is left"

# --- TLS ------------------------------------------------------------------------------

cd "$T"
{
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key \
	    -out ca.crt -days 2 -subj /CN=ca -addext subjectAltName=IP:127.0.0.1
} >"$T/openssl.log" 2>&1 || fail "openssl makes no certificate"
begin --tls ca.crt ca.key "$odd/s"
expect_eq "https" 202 "$(answer --cacert ca.crt "https://$address/hook/x")"
expect_eq "plain http is refused" 400 "$(answer "http://$address/hook/x")"
process_end "$pid"
begin --tls ca.crt ca.key --client-ca ca.crt "$odd/s"
# curl learns it while it sends (55), or when it waits for the answer (56).
# shellcheck disable=SC2016 # for the inner shell
check "a sender without a certificate is refused" sh -c '
	rc=0
	curl -sS -m 60 -d "{}" --cacert ca.crt "$1" || rc=$?
	[ $rc -eq 55 ] || [ $rc -eq 56 ]' sh "https://$address/hook/x"
expect_eq "one with a certificate" 202 "$(answer --cacert ca.crt --cert ca.crt \
	--key ca.key "https://$address/hook/x")"
process_end "$pid"

# --- installed, and as another user ---------------------------------------------------

mkdir -p "$T/prefix/bin" "$T/prefix/share/cdr"
cp "$hooks" "$T/prefix/bin/cdr-hooks"
cp -R "$TOP/nginx" "$T/prefix/share/cdr/nginx"
hooks=$T/prefix/bin/cdr-hooks
begin "$odd/s"
expect_eq "installed" 202 "$(answer "http://$address/hook/x")"
process_end "$pid"
pid=
if part "as an ordinary user" root; then
	mkdir -m 755 "$T/user"
	chown nobody "$T/user"
	address=127.0.0.1:$(free_port)
	setpriv --reuid nobody --regid nogroup --clear-groups env TMPDIR="$T/user" HOME="$T/user" \
	    sh "$hooks" "$odd/s" "$address" </dev/null >"$T/hooks.out" 2>&1 &
	pid=$!
	check "it begins" wait_for 20 grep -q '^taking hooks ' "$T/hooks.out"
	expect_eq "as an ordinary user" 202 "$(answer "http://$address/hook/x")"
	chmod 660 "$odd/s"
	expect_eq "without access to the socket" 503 "$(answer "http://$address/hook/x")"
	expect_rc "root is told so" 1 sh "$hooks" "$odd/s" "$address"
	said "it has to be in the socket's group"
fi

#!/bin/sh
# scripts/serve: says what it needs, serves any ROOT on any address as any user,
# leaves nothing behind, and ends cleanly on a signal.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/tree.sh"

need nginx python3 curl pgrep ss root?
serve=$TOP/scripts/serve
tree_new "$T/root"
image=$(tree_image docker.io/library/alpine 3.20 1)
tree_lists

# said TEXT: it is in what the last command wrote to standard error.
said()
{
	grep -qF -- "$1" "$T/stderr" || fail "it does not say: $1"
	ok "it says: $1"
}

expect_rc "--help" 0 sh "$serve" --help
grep -q '^usage: serve .*ROOT' "$T/stdout" || fail "--help has no usage"
expect_rc "no argument" 2 sh "$serve"
said "serve: ROOT is missing"
expect_rc "no such folder" 1 sh "$serve" "$T/none"
said "no such folder"
mkdir "$T/other"
expect_rc "no tree" 1 sh "$serve" "$T/other"
said "not a CDR tree"
# shellcheck disable=SC2016 # meant as it is
for address in 5000 127.0.0.1 127.0.0.1:x 127.0.0.1:0 127.0.0.1:99999 ::1:5000 \
    '127.0.0.1:5000;include x' '$x:5000' '' :5000; do
	expect_rc "address '$address'" 1 sh "$serve" "$T/root" "$address"
	said "$address"
done
echo 3 >"$T/root/cdr-layout"
expect_rc "a tree of another version" 1 sh "$serve" "$T/root"
said "a tree of layout version 3; this program serves versions 1 and 2"
echo 1 >"$T/root/cdr-layout"
mkdir "$T/bin"
for program in sh dirname id readlink grep cat; do
	ln -s "$(command -v $program)" "$T/bin/$program"
done
# Folders that serve adds to PATH cannot be taken away from it, so this is the
# file with those names changed.
# shellcheck disable=SC2016
sed 's,^PATH=.*,PATH=$PATH:/nonexistent,' "$serve" >"$T/serve"
expect_rc "no nginx" 1 env PATH="$T/bin" sh "$T/serve" "$T/root"
said "scripts/install-deps"

# answers ADDR:PORT: it serves the image.
answers()
{
	curl -sS --globoff --head "http://$1/v2/library/alpine/manifests/3.20" |
	    grep -qi "^docker-content-digest: $image"
}

# begin [OPTION...] ROOT ADDR:PORT: sets $pid when it is ready.
begin()
{
	: >"$T/serve.out"
	sh "$serve" "$@" >"$T/serve.out" 2>"$T/serve.log" &
	pid=$!
	defer "process_end $pid"
	wait_for 10 grep -q '^serving ' "$T/serve.out" ||
		fail "serve is not ready: $*"
}

leftovers()
{
	find "$TMPDIR" /tmp -maxdepth 1 -name 'cdr-serve.*' -newer "$T/before" \
	    2>/dev/null | while read -r _folder; do
		[ "$(readlink "$_folder/tree")" != "$(cd "$1" && pwd -P)" ] ||
			echo "$_folder"
	done
}

touch "$T/before"
address=127.0.0.1:$(free_port)
begin "$T/root" "$address"
expect_eq "one line when it is ready" "serving $T/root on http://$address" \
    "$(cat "$T/serve.out")"
check "it serves" answers "$address"
nginx=$(pgrep -P "$pid" -x nginx)
queue_each()
{
	[ "$(pgrep -c -P "$nginx" -x nginx)" = "$(ss -Hltn "src $address" | grep -c .)" ]
}
check "each worker has a queue of its own for new connections" wait_for 10 queue_each
expect_rc "the port is taken" 1 sh "$serve" "$T/root" "$address"
said "is $address taken?"
check "the first one is not disturbed" answers "$address"
expect_rc "also for all addresses" 1 sh "$serve" "$T/root" "0.0.0.0:${address##*:}"
said "is 0.0.0.0:${address##*:} taken?"
kill -TERM "$pid"
rc=0
wait "$pid" || rc=$?
expect_eq "SIGTERM: ends with 0" 0 "$rc"
check "SIGTERM: nginx is gone" process_over "$nginx"
expect_eq "SIGTERM: nothing is left" '' "$(leftovers "$T/root")"
expect_eq "SIGTERM: nothing was said" '' "$(cat "$T/serve.log")"

# threads_of PID: of nginx's first worker
threads_of()
{
	_nginx=$(pgrep -P "$1" -x nginx)
	worker=$(pgrep -P "$_nginx" -x nginx | head -n 1)
	find "/proc/$worker/task" -mindepth 1 -maxdepth 1 | grep -c .
}

begin "$T/root" "$address"
check "a worker has threads that wait for the disk" [ "$(threads_of "$pid")" -gt 1 ]
process_end "$pid"
begin --fast-disk "$T/root" "$address"
expect_eq "--fast-disk: it has none" 1 "$(threads_of "$pid")"
check "--fast-disk: it serves" answers "$address"
process_end "$pid"

# A shell gives a background job no SIGINT, so python3 starts this one.
if part "SIGINT" python3; then
	check "SIGINT ends it like Ctrl-C" python3 - "$serve" "$T/root" \
	    "127.0.0.1:$(free_port)" <<'END'
import os, signal, subprocess, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)    # it may be ignored from above
p = subprocess.Popen(["sh", *sys.argv[1:]], stdout=subprocess.PIPE,
                     start_new_session=True)
assert p.stdout.readline().startswith(b"serving ")
os.killpg(p.pid, signal.SIGINT)
sys.exit(p.wait(10))
END
	expect_eq "SIGINT: nothing is left" '' "$(leftovers "$T/root")"
fi

begin "$T/root" "$address"
check "the same port again, at once" answers "$address"
kill -TERM "$(pgrep -P "$pid" -x nginx)"
rc=0
wait "$pid" || rc=$?
expect_eq "nginx that ends by itself is an error" 1 "$rc"
grep -q 'ended by itself' "$T/serve.log" || fail "and it is not said"

# Roots
mkdir "$T/a folder"
# shellcheck disable=SC2016 # meant as it is
odd="$T/a folder/"'{x} $y;"q"'"'z' \\ #?%20*é"
mv "$T/root" "$odd"
ln -s "$odd" "$T/link"
for root in "$odd" "$T/link"; do
	address=127.0.0.1:$(free_port)
	begin "$root" "$address"
	check "ROOT $root" answers "$address"
	check "ROOT $root: a blob" curl -sSf -o /dev/null \
	    "http://$address/v2/library/alpine/blobs/$(
	    basename "$(find "$odd/blobs" -type f | head -n 1)" |
	    sed 's/^/sha256:/')"
	process_end "$pid"
done
begin "$odd/../../link" 127.0.0.1:"$(free_port)"
process_end "$pid"
mv "$odd" "$T/root"
cd "$T/root" || exit
address=127.0.0.1:$(free_port)
begin . "$address"
check "ROOT ." answers "$address"
process_end "$pid"
cd /

# Addresses
port=$(free_port)
begin "$T/root" "0.0.0.0:$port"
check "0.0.0.0" answers "127.0.0.1:$port"
process_end "$pid"
port=$(free_port)
begin "$T/root" "localhost:$port"
check "a name" answers "localhost:$port"
process_end "$pid"
if [ -s /proc/net/if_inet6 ]; then
	port=$(free_port)
	begin "$T/root" "[::1]:$port"
	check "[::1]" answers "[::1]:$port"
	process_end "$pid"
fi

# Installed: PREFIX/bin/cdr-serve and PREFIX/share/cdr/nginx
mkdir -p "$T/prefix/bin" "$T/prefix/share/cdr/nginx"
cp "$serve" "$T/prefix/bin/cdr-serve"
cp "$TOP"/nginx/*.conf "$T/prefix/share/cdr/nginx/"
serve=$T/prefix/bin/cdr-serve
address=127.0.0.1:$(free_port)
begin "$T/root" "$address"
check "installed elsewhere" answers "$address"
process_end "$pid"
serve=$TOP/scripts/serve

# Users
if part "users" root; then
	chmod 700 "$T/root"
	expect_rc "a ROOT that workers cannot read" 1 sh "$serve" "$T/root" "$address"
	said "which nginx runs as, cannot read it"
	chmod 755 "$T/root"
	begin "$T/root" "$address"
	nginx=$(pgrep -P "$pid" -x nginx)
	[ -n "$(pgrep -P "$nginx")" ] || fail "the workers are not found"
	expect_eq "no worker is root" '' "$(pgrep -P "$nginx" -u 0 || :)"
	process_end "$pid"

	mkdir -m 777 "$T/home/any"
	chmod 711 "$T/home"
	: >"$T/serve.out"
	# The checkout may be closed to others: what is installed is not.
	TMPDIR=$T/home/any setpriv --reuid 65534 --regid 65534 --clear-groups \
	    sh "$T/prefix/bin/cdr-serve" "$T/root" "$address" \
	    >"$T/serve.out" 2>"$T/serve.log" &
	pid=$!
	defer "process_end $pid"
	wait_for 10 grep -q '^serving ' "$T/serve.out" ||
		fail "an ordinary user cannot serve"
	check "an ordinary user serves" answers "$address"
	process_end "$pid"
	expect_eq "nothing was said" '' "$(cat "$T/serve.log")"
	expect_eq "an ordinary user leaves nothing" '' "$(ls "$T/home/any")"
fi

# The configuration as an operator installs it
mkdir -p "$T/etc/conf.d" "$T/run"
cp "$TOP"/nginx/cdr-*.conf "$T/etc/"
port=$(free_port)
sed "s,/srv/cdr;,$T/root;,; s,listen 5000 ,listen 127.0.0.1:$port ," \
    "$TOP/nginx/cdr.conf" >"$T/etc/conf.d/cdr.conf"
cat >"$T/etc/nginx.conf" <<END
pid $T/run/nginx.pid;
events { }
http {
	gzip on;
	gzip_types *;
	charset utf-8;
	client_body_temp_path $T/run/1;
	proxy_temp_path $T/run/2;
	fastcgi_temp_path $T/run/3;
	uwsgi_temp_path $T/run/4;
	scgi_temp_path $T/run/5;
	access_log off;
	include conf.d/*.conf;
}
END
nginx -e stderr -c "$T/etc/nginx.conf" -g 'daemon off;' 2>"$T/operator.log" &
pid=$!
defer "process_end $pid"
wait_for 10 test -s "$T/run/nginx.pid" || fail "the drop-in does not start"
check "the drop-in serves beside other things" answers "127.0.0.1:$port"
curl -sS -H 'Accept-Encoding: gzip' -D "$T/head" -o /dev/null \
    "http://127.0.0.1:$port/v2/library/alpine/tags/list"
expect_eq "neither compressed nor with a charset" "Content-Type: application/json" \
    "$(tr -d '\r' <"$T/head" | grep -iE '^content-(type|encoding):')"
process_end "$pid"

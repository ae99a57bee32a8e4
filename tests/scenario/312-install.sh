#!/bin/sh
# make install puts everything where PREFIX, DESTDIR and the other variables say, and what
# it puts there finds the rest there: programs, units, nginx's configuration with its page.
# All of it says one version. A newer version takes away what it has no more, and make
# uninstall exactly what make install brought: settings that were changed and files of
# others stay.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/tree.sh"

need cdr nginx curl make
version=$(sed -n 's/^VERSION *= *//p' "$TOP/Makefile")
make_it()
{
	make -s -C "$TOP" "$@" >"$T/make.log" 2>&1 || fail "make $*"
}
# Also without make, which has nothing else to say.
put_it()
{
	env "$@" sh "$TOP/scripts/install" >"$T/make.log" 2>&1 || fail "scripts/install with $*"
}

# --- in a folder for a package ---------------------------------------------------------

# all_is_there DESTDIR BINDIR DATADIR MANDIR UNITDIR SYSCONFDIR
all_is_there()
{
	for file in "$2/cdr" "$2/cdr-serve" "$2/cdr-hooks" "$2/cdr-peer" "$3/cdr/nginx/cdr.conf" \
	    "$3/cdr/nginx/njs/cdr.js" "$3/cdr/nginx/page/index.html" "$4/man1/cdr.1" \
	    "$4/man1/cdr-serve.1" "$4/man5/cdr-layout.5" "$5/cdr-sync.service" \
	    "$5/cdr-sync.timer" "$5/cdr-watch.service" "$5/cdr-serve.service" \
	    "$5/cdr-gc.service" "$5/cdr-gc.timer" "$5/cdr-verify.service" \
	    "$5/cdr-verify.timer" "$6/cdr/cdr.env"; do
		[ -f "$1$file" ] || fail "there is no $file"
	done
	expect_eq "$2: the page is where nginx looks" "$3/cdr/nginx/page" \
		"$(sed -n 's/^	default \(.*page\);$/\1/p' "$1$3/cdr/nginx/cdr.conf")"
	expect_eq "$2: the units run what is there" \
		"$(printf '%s\n' "$2/cdr gc" "$2/cdr sync" "$2/cdr verify" "$2/cdr watch" "$2/cdr-serve" |
			sort)" \
		"$(sed -n 's/^ExecStart=\([^ ]*\)\( [a-z]*\|\).*/\1\2/; s/ *$//; s/^\//&/p' "$1$5"/*.service |
			sort)"
	expect_eq "$2: and look for the list in its place" 2 \
		"$(grep -c "^ConditionPathExists=$6/cdr/images.list" "$1$5"/*.service |
		grep -c ':1$')"
	for page in "$1$4"/man?/*; do
		grep -qx ".Os CDR $version" "$page" || fail "$page does not say its version"
	done
	for program in cdr cdr-serve cdr-hooks cdr-peer; do
		expect_eq "$2/$program says its version" "$program $version" \
			"$("$1$2/$program" --version)"
	done
}

make_it install DESTDIR="$T/a dest's"
all_is_there "$T/a dest's" /usr/local/bin /usr/local/share /usr/local/share/man \
	/usr/local/lib/systemd/system /etc
make_it uninstall DESTDIR="$T/a dest's"
expect_eq "nothing is left" "" "$(find "$T/a dest's" -type f)"
put_it DESTDIR="$T/usr" PREFIX=/usr MANDIR=/usr/share/man UNITDIR=/lib/systemd/system
all_is_there "$T/usr" /usr/bin /usr/share /usr/share/man /lib/systemd/system /etc
# But for a site that comes up from a stick: there it is the stick's own place.
expect_eq "nobody is sent to /usr/local" "" \
	"$(grep -rl --exclude-dir=boot /usr/local/ "$T/usr/lib" "$T/usr/etc" "$T/usr/usr/share/cdr" || :)"
for prefix in usr '/opt/a b' '/opt/a|b' '/opt/a"b' '/opt/a%b'; do
	expect_rc "PREFIX=$prefix" 1 env DESTDIR="$T/none" PREFIX="$prefix" sh "$TOP/scripts/install"
	expect_said "it says why" "^scripts/install: $(printf '%s' "$prefix" | tr -c 'a-z/' .): "
done
[ ! -e "$T/none" ] || fail "and yet there is something"

# --- everything in a place of its own ---------------------------------------------------

at="PREFIX=$T/p BINDIR=$T/b DATADIR=$T/d MANDIR=$T/m SYSCONFDIR=$T/e UNITDIR=$T/u"
# shellcheck disable=SC2086 # words
make_it install $at
all_is_there "" "$T/b" "$T/d" "$T/m" "$T/u" "$T/e"
tree_new "$T/root"
tree_image docker.io/library/alpine 3.20 1 >/dev/null
tree_lists
got()
{
	curl -sS -o /dev/null -w '%{http_code}' "http://$address$1"
}
# A copy in another folder, so that what is beside it is of no use.
mkdir "$T/elsewhere"
cp "$T/b/cdr-serve" "$T/elsewhere/cdr-serve"
address=127.0.0.1:$(free_port)
sh "$T/elsewhere/cdr-serve" "$T/root" "$address" </dev/null >"$T/serve.log" 2>&1 &
pid=$!
defer "process_end $pid"
check "cdr-serve finds its files" wait_for 60 grep -q '^serving ' "$T/serve.log"
expect_eq "and serves" "200 200" "$(got /v2/library/alpine/manifests/3.20) $(got /)"
process_end "$pid"
for program in hooks peer; do
	cp "$T/b/cdr-$program" "$T/elsewhere/"
done
expect_rc "cdr-hooks finds its files" 1 sh "$T/elsewhere/cdr-hooks" "$T/sock" 127.0.0.1:1x
expect_said "it is the address" "127.0.0.1:1x: not ADDR:PORT"

# As nginx/README.md tells for a machine with an nginx of its own.
mkdir -p "$T/etc/conf.d" "$T/run"
cp "$T/d/cdr/nginx"/cdr-*.conf "$T/etc/"
address=127.0.0.1:$(free_port)
sed "s,/srv/cdr;,$T/root;,; s,listen 5000 ,listen $address ," "$T/d/cdr/nginx/cdr.conf" \
	>"$T/etc/conf.d/cdr.conf"
cat >"$T/etc/nginx.conf" <<END
pid $T/run/nginx.pid;
events { }
http {
	client_body_temp_path $T/run/1;
	proxy_temp_path $T/run/2;
	fastcgi_temp_path $T/run/3;
	uwsgi_temp_path $T/run/4;
	scgi_temp_path $T/run/5;
	access_log off;
	include conf.d/*.conf;
}
END
# nginx's workers read the page and the tree as another user.
chmod 755 "$T/d" "$T/root"
nginx -e stderr -c "$T/etc/nginx.conf" -g 'daemon off;' >"$T/nginx.log" 2>&1 &
pid=$!
defer "process_end $pid"
check "the installed cdr.conf is taken" wait_for 60 test -s "$T/run/nginx.pid"
expect_eq "it has the page" "200 200" "$(got /v2/library/alpine/manifests/3.20) $(got /)"
process_end "$pid"

# --- another version, and none ----------------------------------------------------------

# What that version had: a file that this one has not.
: >"$T/d/cdr/nginx/cdr-old.conf"
echo "$T/d/cdr/nginx/cdr-old.conf" >>"$T/d/cdr/installed"
: >"$T/d/cdr/nginx/mine.conf"
echo 'CDR_SERVE_ADDRESS=0.0.0.0:5000' >"$T/e/cdr/cdr.env"
# shellcheck disable=SC2086 # words
put_it $at
expect_eq "what is no more is gone" "" "$(find "$T/d" -name cdr-old.conf)"
expect_eq "settings stay" CDR_SERVE_ADDRESS=0.0.0.0:5000 "$(cat "$T/e/cdr/cdr.env")"
# shellcheck disable=SC2086 # words
make_it uninstall $at
expect_eq "what is left is somebody's" "$(printf '%s\n' "$T/d/cdr/nginx/mine.conf" \
	"$T/e/cdr/cdr.env")" "$(find "$T/p" "$T/b" "$T/d" "$T/m" "$T/e" "$T/u" ! -type d 2>/dev/null)"
expect_rc "once more" 1 env DATADIR="$T/d" sh "$TOP/scripts/install" --remove
expect_said "it says why" "nothing has been installed there"

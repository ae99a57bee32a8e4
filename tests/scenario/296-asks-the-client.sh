#!/bin/sh
# node-config --install asks the node's own containerd or dockerd whether it starts with
# the new file, before that has its place; one that is imported, when it has. What it
# refuses is told with its words, and every file is as it was, with its times. A program
# that is not there, is too old, hangs or prints without end is told, and does not keep
# the files from being written. Killed while it asks, it leaves what --remove takes away.
# Below another root, and with --unasked, nobody is asked.
# Waits: for a program that hangs
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/newer.sh"

need cdr root containerd dockerd newer/containerd? newer/dockerd?
url=http://10.0.0.5:5000
mkdir -p "$T/bin"
cp -a /etc "$T/etc"
rm -rf "$T/etc/containerd" "$T/etc/docker" "$T/etc/cdr" "$T/etc/systemd/system"
mkdir -p "$T/etc/systemd/system"
# Not those that the machine's own units start: what is in $PATH.
units()
{
	printf '[Service]\nExecStart=containerd\n' >"$T/etc/systemd/system/containerd.service"
	printf '[Service]\nExecStart=dockerd\n' >"$T/etc/systemd/system/docker.service"
}
units
E=$T/etc/containerd
ORIGINAL_PATH=$PATH

# config CLIENT ARG...: on this very node, whose /etc is $T/etc.
config()
{
	# shellcheck disable=SC2016 # for the inner shell
	unshare -m sh -euc '
	mount --make-rprivate /
	mount --bind "$1/etc" /etc
	shift
	exec "$@"' sh "$T" env PATH="$T/bin:$ORIGINAL_PATH" "$CDR" node-config "$@"
}

state()
{
	(
		cd "$T/etc" || exit
		find containerd docker cdr systemd ! -type d \
			-exec stat -c '%n %F %a %u %g %i %Y' {} + 2>/dev/null |
			LC_ALL=C sort
		find . -type d | LC_ALL=C sort
	)
}

# begin [FOLDER]: a node with these files, or with none.
begin()
{
	rm -rf "$E" "$T/etc/docker" "$T/etc/cdr"
	[ $# -eq 0 ] || cp -R "$1/etc/." "$T/etc/"
	state >"$T/before"
}

daemon()
{
	begin
	mkdir "$T/etc/docker"
	echo "$1" >"$T/etc/docker/daemon.json"
	state >"$T/before"
}

# as_it_was "what"
as_it_was()
{
	state >"$T/after"
	check "$1" cmp "$T/before" "$T/after"
}

# fake NAME: a program of that name; its text is on standard input.
fake()
{
	{ printf '#!/bin/sh\necho "$@" >>"%s"\n' "$T/asked"; cat; } >"$T/bin/$1"
	chmod 755 "$T/bin/$1"
	rm -f "$T/asked"
}

# refused "what" REGEX CLIENT ARG...
refused()
{
	_what=$1 _regex=$2
	shift 2
	expect_rc "$_what" 2 config "$@" --mirror $url --install
	expect_said "... is told" "$_regex"
	as_it_was "... and nothing was changed"
}

# accepted "what" CLIENT ARG...: and back.
accepted()
{
	_what=$1
	shift
	check "$_what" config "$@" --mirror $url --install
	cp "$T/stdout" "$T/said"
	check "... a second time" config "$@" --mirror $url --install
	expect_said "... changes nothing" '^Nothing to change'
	[ -z "$(find "$T/etc" -name '*.cdr-*')" ] || fail "something is left"
	check "... and back" config "$1" --remove
	as_it_was "... as it was"
}

asked_nobody()
{
	[ ! -e "$T/asked" ] || fail "$1: somebody was asked: $(cat "$T/asked")"
	ok "$1: nobody was asked"
}

# --- the real ones ----------------------------------------------------------------

two="$TOP/tests/nodes/containerd"
begin
accepted "containerd itself, and no file" containerd
! grep 'could not be asked' "$T/said" || fail "it was not asked"
for name in default-16 nvidia-drop-in; do
	begin "$two/$name"
	accepted "containerd itself: $name" containerd
	! grep 'could not be asked' "$T/said" || fail "it was not asked"
done
begin "$two/default-16"
sed -i 's/^oom_score = .*/oom_score = "high"/' "$E/config.toml"
state >"$T/before"
refused "a file that containerd does not take" \
	'^E?.*/etc/containerd/config\.toml: containerd does not start with it, as it is: it ended with 1: .*Mend it first' containerd
begin "$two/import-decides"
refused "an import for another version" \
	"would not go by it: its config_path is then" containerd
begin
refused "what is for another version" \
	'config\.toml: containerd says that it would not go by it: .*Nothing was changed' \
	containerd --client-version 2.1.0
accepted "the same with --unasked" containerd --client-version 2.1.0 --unasked
begin
accepted "dockerd, which is too old" dockerd
grep -q '^# Note: dockerd could not be asked whether it starts with this: it is too old' \
	"$T/said" || fail "that is not told"

# What is in $T/etc is that of the newer one as well.
for name in containerd dockerd; do
	cat >"$T/bin/newer-$name" <<-END
	#!/bin/sh
	TOP='$TOP' T='$T'
	. "\$TOP/tests/newer.sh"
	newer_exec sh -euc 'mount --bind "\$1" /etc; shift; exec "\$@"' sh "\$T/etc" $name "\$@"
	END
	chmod 755 "$T/bin/newer-$name"
done
if newer_has containerd; then
	ln -s newer-containerd "$T/bin/containerd"
	for name in default-16 import-decides eks-3 mirrors-not-imported; do
		begin "$two/$name"
		# 2.x takes all of conf.d for itself where nothing imports.
		case $name in mirrors-not-imported) rm "$E"/conf.d/* ;; esac
		state >"$T/before"
		accepted "containerd 2: $name" containerd --client-version 2.1.0
		! grep 'could not be asked' "$T/said" || fail "it was not asked"
	done
	begin "$two/default-16"
	sed -i 's/^oom_score = .*/oom_score = "high"/' "$E/config.toml"
	state >"$T/before"
	refused "a file that containerd 2 does not take" \
		'does not start with it, as it is' containerd --client-version 2.1.0
	rm "$T/bin/containerd"
fi
if newer_has dockerd; then
	ln -s newer-dockerd "$T/bin/dockerd"
	daemon '{"log-driver": "journald"}'
	accepted "dockerd itself" dockerd --client-version 26.1.0
	! grep 'could not be asked' "$T/said" || fail "it was not asked"
	daemon '{"log-driver": "journald", "nonsense": 1}'
	refused "an option that dockerd does not know" \
		'docker/daemon\.json: dockerd does not start with it, as it is: .*nonsense' \
		dockerd --client-version 26.1.0
	rm "$T/bin/dockerd"
fi

# --- those that are not right -----------------------------------------------------

# told "what" REGEX: it is written all the same.
told()
{
	begin "$two/default-16"
	accepted "$1" containerd --client-version 1.7.24
	grep -q "^# Note: containerd could not be asked whether .*: $2" "$T/said" || {
		cat "$T/said"
		fail "$1: not told"
	}
	ok "... is told"
}
fake containerd <<'END'
exec yes
END
told "one that prints without end" 'it printed more than'
fake containerd <<'END'
sleep 600
END
told "one that hangs" 'it has not answered in'
fake containerd <<'END'
echo "No help topic for 'dump'" >&2
exit 3
END
told "one that is too old" 'it is too old'
fake containerd <<'END'
echo 'Usage: containerd [OPTION]'
END
told "one that prints something else" 'what it printed is no'
fake containerd <<'END'
exec /nowhere/containerd
END
told "a wrapper of nothing" 'it ended with 12[67]'
PATH=$T/bin:/usr/bin:/bin
rm "$T/bin/containerd"
mkdir "$T/few"
ln -s "$(command -v env)" "$T/few/"
ORIGINAL_PATH=$T/few
told "one that is not there" 'there is no such program'
ORIGINAL_PATH=$PATH

fake containerd <<'END'
kill -SEGV $$
END
begin "$two/default-16"
refused "one that crashes" 'it ended by signal 11' containerd --client-version 1.7.24

fake containerd <<'END'
! grep -q 'cdr node-config' "$2" || {
	echo "containerd: $2: not with this" >&2
	exit 1
}
END
begin "$two/default-16"
refused "one that minds what is new" \
	'config\.toml: with cdr.s lines in it containerd would not start: it ended with 1: containerd: /etc/containerd/config\.toml: not with this\. Nothing' \
	containerd --client-version 1.7.24

# What it complains of comes last, however many warnings come first.
fake containerd <<'END'
seq 200 | sed 's/.*/level=warning msg="something deprecated, number &"/' >&2
printf 'containerd: that is why\n  \n\n' >&2
exit 1
END
refused "many warnings" 'it ended with 1: containerd: that is why[.] ' \
	containerd --client-version 1.7.24

# Words of others are not for a terminal to obey.
fake containerd <<'END'
printf 'level=warning\n\033[31m%s\n' "$(seq -s ' ' 300)" >&2
exit 1
END
refused "long words with colours" 'it ended with 1: ..?.?.?.?.?31m1 2 3' \
	containerd --client-version 1.7.24
! grep "$(printf '\033')" "$T/stdout" "$T/stderr" || fail "an escape is shown"

# It takes the files, and goes by another folder.
fake containerd <<'END'
cat <<'X'
version = 2
[plugins."io.containerd.grpc.v1.cri".registry]
config_path = "/opt/certs"
X
END
refused "a containerd that goes by another folder" \
	'would not go by it: its config_path is then "/opt/certs"' \
	containerd --client-version 1.7.24

# Of an imported file: when it is in place.
fake containerd <<'END'
! grep -q 'cdr node-config' /etc/containerd/conf.d/b.toml || {
	echo 'containerd: not with this' >&2
	exit 1
}
END
begin "$two/import-decides"
refused "an import that containerd refuses" \
	'conf\.d/b\.toml: with cdr.s lines in it containerd would not start: it ended with 1: containerd: not with this\. Nothing' \
	containerd --client-version 1.7.24
expect_eq "... asked once it was in place" '--config /etc/containerd/config.toml config dump' \
	"$(cat "$T/asked")"

# Killed while it asks of that: the next run asks again.
fake containerd <<END
grep -q 'cdr node-config' /etc/containerd/conf.d/b.toml || exit 0
if [ -e "$T/slow" ]; then
	echo \$\$ >"$T/fake.pid"
	echo \$PPID >"$T/cdr.pid"
	exec sleep 600
fi
echo 'containerd: not with this' >&2
exit 1
END
: >"$T/slow"
config containerd --mirror $url --install --client-version 1.7.24 \
	>"$T/stdout" 2>"$T/stderr" &
pid=$!
wait_for 60 test -s "$T/cdr.pid" || fail "it does not ask"
kill -9 "$(cat "$T/cdr.pid")"
wait $pid || :
process_end "$(cat "$T/fake.pid")"
rm "$T/slow" "$T/cdr.pid"
grep -q 'cdr node-config' "$E/conf.d/b.toml" || fail "it was not in place"
refused "after a kill: what containerd refuses" 'it ended with 1: containerd: not with this' \
	containerd --client-version 1.7.24

# A second mirror that dockerd does not take: the first one stays.
fake dockerd <<'END'
! grep -q '10\.0\.0\.6' "$2" || { echo 'not that one' >&2; exit 1; }
END
daemon '{"log-driver": "journald"}'
check "a mirror" config dockerd --mirror $url --install --client-version 26.1.0
cp "$T/etc/docker/daemon.json" "$T/first"
cp "$T/etc/cdr/node-config.json" "$T/first.record"
expect_rc "another one that is refused" 2 config dockerd \
	--mirror http://10.0.0.6:5000 --install --client-version 26.1.0
check "the first one stays" cmp "$T/first" "$T/etc/docker/daemon.json"
check "... and what is known of it" cmp "$T/first.record" "$T/etc/cdr/node-config.json"
check "and back" config dockerd --remove
as_it_was "as it was"
rm "$T/bin/dockerd"

# --- who is asked -----------------------------------------------------------------

mkdir "$T/own"
fake containerd </dev/null
mv "$T/bin/containerd" "$T/own/containerd"
printf '[Service]\nExecStart=-%s --config /etc/containerd/config.toml\n' \
	"$T/own/containerd" >"$T/etc/systemd/system/containerd.service"
begin "$two/default-16"
accepted "the one that systemd starts" containerd --client-version 1.7.24
grep -q 'config dump' "$T/asked" || fail "it was not asked"
rm "$T/asked"
accepted "--unasked" containerd --client-version 1.7.24 --unasked
asked_nobody "--unasked"
mkdir -p "$T/other/usr/bin"
cp -R "$T/etc" "$T/other/etc"
cp "$T/own/containerd" "$T/other/usr/bin/containerd"
cp "$T/own/containerd" "$T/bin/containerd"
check "another root" "$CDR" node-config containerd --mirror $url --install \
	--prefix "$T/other"
asked_nobody "another root"
check "without --install" config containerd --mirror $url --client-version 1.7.24
asked_nobody "without --install"
# With sudo the first one in $PATH may be another one: its version is not what counts.
for name in own-2.1.4 bin-1.7.24; do
	fake containerd <<-END
	[ "\$1" != --version ] || echo containerd example.com/containerd v${name#*-}
	END
	[ "$name" = bin-1.7.24 ] || mv "$T/bin/containerd" "$T/own/containerd"
done
begin "$two/default-16"
check "a version" config containerd --mirror $url --install
check "... is that of the one that systemd starts" \
	grep dial_timeout "$E/certs.d/_default/hosts.toml"
rm "$T/bin/containerd"
units

# --- killed while it asks -----------------------------------------------------------

killed()
{
	rm -f "$T/cdr.pid"
	fake containerd <<-END
	echo \$\$ >"$T/fake.pid"
	echo \$PPID >"$T/cdr.pid"
	exec sleep 600
	END
	begin "$two/default-16"
	config containerd --mirror $url --install --client-version 1.7.24 \
		>"$T/stdout" 2>"$T/stderr" &
	pid=$!
	wait_for 60 test -s "$T/cdr.pid" || fail "it does not ask"
	kill -9 "$(cat "$T/cdr.pid")"
	wait $pid || :
	process_end "$(cat "$T/fake.pid")"
	[ -e "$E/config.toml.cdr-asked" ] || fail "it does not ask of a copy"
}
killed
check "after a kill" config containerd --remove
as_it_was "all is as it was"
killed
fake containerd <<'END'
exit 1
END
refused "after a kill, refused" 'containerd does not start with it, as it is' \
	containerd --client-version 1.7.24

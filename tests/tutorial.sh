# Documents whose commands are run as they stand there: on a machine of the test's own.
# Sourced after lib.sh; POSIX sh. Needs root and docker-registry.
#
#   tutorial_upstream REF...  docker.io for the machines: the sample busybox, by these
#                         names. After mirror.sh
#   tutorial_blocks FILE [FROM]  prints the blocks "```sh" of FILE, from the heading FROM
#                         to the next one of its kind
#   tutorial_machine DIR  a machine: this one's programs, read-only, and folders of its
#                         own for all that is written. The repository is in /root/cdr
#   tutorial_run DIR FILE   runs the commands in FILE there, in one shell that ends with
#                         the first that fails; each is printed before. In namespaces
#                         of its own: no network, no process of it is left. The
#                         folder $TUTORIAL_STICK, if it is set, is its /media/stick
#
# What cannot run there is played by tests/tutorial/: systemctl reads the real units and
# starts what they say, without what systemd would guard; each of the others says what it
# plays. The machines know docker.io by $CDR_REGISTRIES.
# shellcheck shell=sh

# shellcheck source=tests/newer.sh
. "$TOP/tests/newer.sh"

tutorial_upstream()
{
	uses skopeo
	mirror_upstream
	for _ref; do
		skopeo copy -q --all --dest-tls-verify=false "oci:$T/samples/busybox:1.35" \
			"docker://$UPSTREAM/$_ref" >>"$T/samples.log" 2>&1 ||
			fail "$_ref is not in the registry"
	done
	process_end "$UPSTREAM_PID"
	mv "$T/registry-1/registry.data" "$T/docker.io"
}

tutorial_blocks()
{
	awk -v from="${2-}" '
	BEGIN { on = from == "" }
	from != "" && /^#+ / {
		if ($0 == from) {
			on = 1
			depth = length($1)
		} else if (on && length($1) <= depth)
			exit
	}
	/^```/ { block = !block && $0 == "```sh"; next }
	on && block' "$1"
}

tutorial_machine()
{
	uses root
	mkdir -p "$1" "$1/usr" "$1/proc" "$1/dev" "$1/sys" "$1/srv" "$1/root/cdr" "$1/home" \
		"$1/var/lib/dpkg" "$1/var/lib/nginx" "$1/var/log/nginx" "$1/var/cache" "$1/local/bin" \
		"$1/upstream" "$1/build/cache"
	mkdir -m 1777 "$1/tmp" "$1/var/tmp"
	mkdir -m 755 "$1/run"
	chmod 755 "$1"
	for _link in bin sbin lib lib64; do
		[ ! -L "/$_link" ] || ln -s "$(readlink "/$_link")" "$1/$_link"
	done
	cp -a /etc "$1/etc"
	rm -rf "$1/etc/cdr"
	# As an account's that nobody else may look into.
	chmod 700 "$1/root"
	for _built in cdr obj liblayout.a cache/busybox; do
		[ ! -e "$TOP/build/$_built" ] ||
			cp -a -L "$TOP/build/$_built" "$1/build/$_built"
	done
	for _player in "$TOP"/tests/tutorial/*; do
		install -m 755 "$_player" "$1/local/bin/${_player##*/}"
	done
}

# What a daemon there has made of groups of processes does not end with its namespaces.
# shellcheck disable=SC2317 # deferred
_tutorial_no_groups()
{
	find /sys/fs/cgroup -depth -type d -path "*/cdr-test-$$*" -exec rmdir {} \; 2>/dev/null
	[ -z "$(find /sys/fs/cgroup -type d -name "cdr-test-$$")" ]
}

tutorial_run()
{
	[ -s "$2" ] || fail "it has no commands"
	cp "$2" "$1/commands"
	echo "cdr-test-$$" >"$1/group"
	defer "wait_for 60 _tutorial_no_groups"
	# Blank lines and comments alone are no commands; what they print comes behind.
	cat >"$1/begin" <<'END'
ip link set lo up
cat >/upstream/registry.yml <<'CONF'
version: 0.1
log: { level: error, accesslog: { disabled: true } }
storage: { filesystem: { rootdirectory: "/upstream/data" } }
http: { addr: "127.0.0.1:5999", secret: "of no use elsewhere" }
CONF
env -i PATH="$PATH" OTEL_TRACES_EXPORTER=none docker-registry serve /upstream/registry.yml \
	>/upstream/log 2>&1 &
until curl -fsS http://127.0.0.1:5999/v2/ >/dev/null 2>&1; do sleep 0.1; done
echo '{"docker.io": {"endpoint": "http://127.0.0.1:5999"}}' >/upstream/registries.json
chmod 644 /upstream/registries.json
export CDR_REGISTRIES=/upstream/registries.json
cd /root/cdr
exec sh -evc ". /commands" 2>&1
END
	# shellcheck disable=SC2016 # for the inner shells
	( _newer_apart "$1" sh -euc '
	mount --rbind /usr usr
	mount -o remount,bind,ro usr
	mount --bind local usr/local
	mount --bind /var/lib/dpkg var/lib/dpkg
	mount --rbind /dev dev
	mount --rbind /sys sys
	mount --bind "$1" root/cdr
	mount --bind build root/cdr/build
	mkdir -p upstream/data media/stick
	[ ! -d "$2" ] || mount --bind "$2" upstream/data
	[ -z "$3" ] || mount --bind "$3" media/stick
	exec unshare -n -p -f --kill-child sh -euc "mount -t proc proc proc && exec chroot . \
	    env -i HOME=/root TERM=dumb LC_ALL=C.UTF-8 \
	    PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin sh -eu /begin"
	' tutorial "$TOP" "$T/docker.io" "${TUTORIAL_STICK-}" )
}

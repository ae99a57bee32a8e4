# Programs of a newer Debian release than the machine's own, in a small root of
# their own below build/cache/newer: for what the machine's release does not have,
# or has only an older version of. Sourced; POSIX sh.
#
#   newer_fetch            makes the root, or makes it anew when the list below has
#                          changed. scripts/install-deps test does this: needs the
#                          network, root, debootstrap
#   newer_has PROGRAM      is it there, and can it be used? If not, $_why says so.
#                          A scenario says "need newer/PROGRAM", which asks this
#   newer_run PROGRAM ARG...   as a command
#   newer_exec PROGRAM ARG...  instead of this shell: "newer_exec dockerd ... &",
#                          and $! is dockerd
#   newer_nginx            from here on "nginx" is the newer Debian's, with its njs,
#                          as any user and in this machine's own root. lib.sh calls
#                          it where WITH_NGINX=newer
#   newer_nginx_rootfs DIR  it, and what it needs, as a file system of their own
#
# A program sees the network, /proc, /dev and /sys of this machine, and $T at the
# same path. The root itself is read-only to it, /tmp and /run are empty and gone
# with it: what is to be kept, or shared with another program, goes to $T.
# shellcheck shell=sh

NEWER_SUITE=sid
NEWER_PACKAGES='containerd cosign crane docker-cli docker-compose docker.io kustomize libnginx-mod-http-js nginx oras podman promtool runc skopeo'

NEWER=$TOP/build/cache/newer

_newer_stamp()
{
	# shellcheck disable=SC2086 # words
	echo "$NEWER_SUITE" $NEWER_PACKAGES
}

# newer_ready: is all of it there? Reads one file, starts nothing.
newer_ready()
{
	{ read -r _newer_has <"$NEWER/root/stamp"; } 2>/dev/null &&
		[ "$_newer_has" = "$(_newer_stamp)" ]
}

# _newer_apart FOLDER COMMAND ARG...: in place of this shell, in a mount namespace
# of its own, with the folder bound to $NEWER_AT and as the working directory:
# however the command ends, nothing stays mounted. In a plain chroot "/" is no
# mount, so whether what it lies on is shared with others can be neither seen nor
# changed: of /proc it can.
NEWER_AT=/proc/fs
_newer_apart()
{
	# shellcheck disable=SC2016 # for the inner shell
	exec unshare -m --propagation unchanged sh -euc '
	mount --make-rprivate /proc
	mount --bind "$2" "$1"
	cd "$1"
	shift 2
	exec "$@"
	' newer "$NEWER_AT" "$@"
}

# --- making it --------------------------------------------------------------------

# Where this machine's own packages come from has the newer ones too.
_newer_mirror()
{
	_codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release | tr -d '"')
	# shellcheck disable=SC2016 # for apt
	apt-get indextargets \
	    --format '$(CREATED_BY) $(COMPONENT) $(RELEASE) $(REPO_URI)' |
	awk -v codename="${_codename:-stable}" '
	$1 == "Packages" && $2 == "main" &&
	    ($3 == codename || $3 ~ /^(sid|unstable|testing|stable)$/) {
		print $4
		exit
	}'
}

# What apt is told about proxies holds for debootstrap's wget as well.
_newer_proxy()
{
	for _scheme in http https; do
		_proxy=
		eval "$(apt-config shell _proxy "Acquire::$_scheme::Proxy")"
		case $_proxy in
		'' | DIRECT) ;;
		*) eval "export ${_scheme}_proxy=\$_proxy" ;;
		esac
	done
}

# What nothing here reads is most of what a package brings.
_newer_lean()
{
	mkdir -p "$1/etc/dpkg/dpkg.cfg.d" "$1/etc/apt/apt.conf.d"
	for _path in doc man info locale lintian bash-completion; do
		echo "path-exclude=/usr/share/$_path/*"
	done >"$1/etc/dpkg/dpkg.cfg.d/cdr"
	# It is made anew when it did not get whole.
	echo force-unsafe-io >>"$1/etc/dpkg/dpkg.cfg.d/cdr"
	cat >"$1/etc/apt/apt.conf.d/cdr" <<-'END'
	APT::Install-Recommends "false";
	APT::Sandbox::User "";
	Acquire::Languages "none";
	Acquire::Retries "3";
	Acquire::http::Timeout "30";
	END
	printf '#!/bin/sh\nexit 101\n' >"$1/usr/sbin/policy-rc.d"
	chmod 755 "$1/usr/sbin/policy-rc.d"
}

_newer_trim()
{
	rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/* \
		"$1"/var/cache/debconf/* "$1"/var/log/*
	for _path in doc man info locale lintian; do
		rm -rf "${1:?}/usr/share/$_path"
	done
}

_newer_make()
{
	_mirror=$(_newer_mirror)
	if [ -z "$_mirror" ]; then
		echo "E: apt's sources name no Debian mirror"
		return 1
	fi
	_newer_proxy
	printf 'timeout = 30\ntries = 3\n' >"$NEWER/wgetrc"
	WGETRC=$NEWER/wgetrc debootstrap --variant=minbase --force-check-gpg \
	    "$NEWER_SUITE" "$1" "$_mirror" || return 1
	_newer_lean "$1"
	mount -t proc proc "$1/proc" || return 1
	# shellcheck disable=SC2086 # words
	DEBIAN_FRONTEND=noninteractive chroot "$1" \
	    apt-get -q -y install $NEWER_PACKAGES || return 1
	_newer_trim "$1"
	_newer_stamp >"$1/stamp"
}

_newer_locked()
{
	! newer_ready || return 0
	rm -rf "$NEWER/new"
	mkdir "$NEWER/new"
	# shellcheck disable=SC2016 # for the inner shell
	if (_newer_apart "$NEWER/new" sh -euc '. "$0"; _newer_make "$1"' \
	    "$TOP/tests/newer.sh" "$NEWER_AT") >"$NEWER/log" 2>&1 </dev/null &&
	    [ -s "$NEWER/new/stamp" ]; then
		# What an older list made has served until here.
		rm -rf "$NEWER/old"
		[ ! -e "$NEWER/root" ] || mv "$NEWER/root" "$NEWER/old"
		mv "$NEWER/new" "$NEWER/root"
		rm -rf "$NEWER/old"
	else
		rm -rf "$NEWER/new"
		return 1
	fi
}

# newer_fetch: all or nothing. Returns 1, with $NEWER/log to say why, when it
# could not; what was there before is there still.
newer_fetch()
{
	! newer_ready || return 0
	mkdir -p "$NEWER"
	export TOP NEWER
	(
		flock 8
		# shellcheck disable=SC2030 # it is meant for here alone
		PATH=$PATH:/usr/sbin:/sbin
		_newer_locked
	) 8>"$NEWER/lock"
}

# --- using it ---------------------------------------------------------------------

newer_has()
{
	_why="no $1 of a newer Debian: scripts/install-deps test fetches it"
	[ -x "$NEWER/root/usr/bin/$1" ] || [ -x "$NEWER/root/usr/sbin/$1" ] || return 1
	_why="only root can use the newer Debian"
	[ "$(id -u)" -eq 0 ] || return 1
	_why="no mount namespace here"
	(_newer_apart "$NEWER/root" true) 2>/dev/null
}

newer_exec()
{
	mkdir -p "$NEWER/root$T"
	# shellcheck disable=SC2016 # for the inner shell
	_newer_apart "$NEWER/root" sh -euc '
	shared=$1
	shift
	mount -o remount,bind,ro .
	mount -t tmpfs -o mode=1777 tmpfs tmp
	mount -t tmpfs -o mode=755 tmpfs run
	mount --bind /proc proc
	for dir in dev sys; do
		mount --rbind "/$dir" "$dir"
	done
	case $shared in /tmp/* | /run/*) mkdir -p "./$shared" ;; esac
	mount --rbind "$shared" "./$shared"
	exec chroot . env PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
	' newer "$T" "$@"
}

newer_run()
{
	( newer_exec "$@" )
}

# By its own loader and libraries, as boot/nginx-from-image does: so it reads what
# this machine's nginx reads, the sources too, and scripts/serve starts it unchanged.
newer_nginx()
{
	_root=$NEWER/root
	mkdir -p "$T/newer-nginx/is"
	for _loader in "$_root"/lib/ld-linux-*.so.* "$_root"/lib64/ld-linux-*.so.*; do
		[ -f "$_loader" ] && [ -x "$_root/usr/sbin/nginx" ] || continue
		# A process has the name of what was started.
		ln -s "$_loader" "$T/newer-nginx/is/nginx"
		_libraries=$(echo "$_root"/usr/lib/*-linux-gnu)
		cat >"$T/newer-nginx/nginx" <<-END
		#!/bin/sh
		[ "\$*" != -V ] || {
			sh "\$0" -V -v 2>&1 |
				sed 's,--modules-path=,--modules-path=$_root,' >&2
			exit
		}
		exec '$T/newer-nginx/is/nginx' --library-path '$_libraries' \\
		    '$_root/usr/sbin/nginx' "\$@"
		END
		chmod 755 "$T/newer-nginx/nginx"
		break
	done
	# shellcheck disable=SC2031 # not in there
	PATH=$T/newer-nginx:$PATH
	# Where there is none, this machine's own does not stand in for it.
	# shellcheck disable=SC2317 # by need
	newer_nginx_here()
	{
		_why="no nginx of a newer Debian: scripts/install-deps test fetches it"
		[ -x "$T/newer-nginx/nginx" ]
	}
}

newer_nginx_rootfs()
{
	_gnu=${_libraries##*/}
	mkdir -p "$1/lib/$_gnu" "$1/etc" "$1/srv"
	for _file in "$_root"/usr/lib/nginx/modules/*.so "$_root/usr/sbin/nginx"; do
		install -D "$_file" "$1${_file#"$_root"}" || return 1
		"$_loader" --library-path "$_libraries" --list "$_file" |
			sed -n 's/.* => \([^ ]*\) .*/\1/p' |
		while read -r _library; do
			cp -L "$_library" "$1/lib/$_gnu/" || exit 1
		done || return 1
	done
	# What glibc loads when a thread is told to end.
	cp -L "$_libraries/libgcc_s.so.1" "$1/lib/$_gnu/"
	install -D "$_loader" "$1${_loader#"$_root"}"
}

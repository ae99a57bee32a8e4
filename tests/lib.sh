# What a scenario has at hand. A scenario is tests/scenario/NN-name.sh; it says
# first what must happen, then sources this file, says what it needs, and ends with
# 0 (passed), 77 (skipped) or anything else (failed).
#
#   need NAME...             what it uses beyond a bare Debian, all of it, once, before
#                            anything else: see below. tests/run reads this line, too
#   $TOP $T $CDR             the repository, a fresh folder, the program under test
#   in_all                   is this the long run, of "scripts/test --all"?
#   start_registry           an upstream: $UPSTREAM (127.0.0.1:PORT), $UPSTREAM_PID.
#                            A docker-registry, or tests/hub/shelf.py where there is
#                            none: who asks for more than that has says need
#                            docker-registry. SHELF=1 has the other one anywhere
#   start_nginx ROOT [OPTION...]  a mirror: $MIRROR, $MIRROR_PID, log $T/nginx.log;
#                            options as those of scripts/serve; at 127.0.0.1, or
#                            at $MIRROR_ADDRESS. WITH_NGINX=newer has all that start
#                            nginx start that of tests/newer.sh
#   plain_build              from here on $CDR is the program without sanitizers: for
#                            what measures it, or loads a library before it
#   pick EXPRESSION [FILE] [NAME=TEXT]...   asks a JSON value: see tests/pick.py
#   as_json                  standard input as a string of JSON
#   defer 'command'          at the end, last one first
#   check "what" command...              it must succeed
#   expect_rc "what" N command...        it must end with N
#   expect_said "what" REGEX             the command checked last printed a line
#   expect_eq "what" WANT GOT
#   ok "what", fail "what", skip "why", wait_for SECONDS command...
#
# check and expect_rc leave the command's output in $T/stdout and $T/stderr.
# Run one by hand with KEEP=1 to keep $T when it fails.
# shellcheck shell=sh

set -eu
umask 022

TOP=$(cd "$(dirname "$0")/../.." && pwd)
CDR=${CDR:-$TOP/build/cdr}
case $CDR in /*) ;; *) CDR=$PWD/$CDR ;; esac
export TOP CDR

# shellcheck source=scripts/functions.sh
. "$TOP/scripts/functions.sh"

# nginx's workers run as another user when root runs the tests: $T is open to
# read. Not so the private folders below it.
T=$(mktemp -d "${TMPDIR:-/tmp}/cdr-${0##*/}.XXXXXX")
chmod 755 "$T"
export T

# Nothing of the user's, least of all credentials, and no proxy.
mkdir -m 700 "$T/home" "$T/home/run" "$T/home/tmp"
export HOME="$T/home" TMPDIR="$T/home/tmp" LC_ALL=C.UTF-8 TZ=UTC
export XDG_CONFIG_HOME="$HOME/.config" XDG_CACHE_HOME="$HOME/.cache" \
	XDG_DATA_HOME="$HOME/.local/share" XDG_STATE_HOME="$HOME/.local/state" \
	XDG_RUNTIME_DIR="$HOME/run"
# Nothing is written beside the sources.
export PYTHONDONTWRITEBYTECODE=1
unset http_proxy https_proxy all_proxy no_proxy \
	HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY \
	DOCKER_CONFIG DOCKER_HOST CONTAINER_HOST REGISTRY_AUTH_FILE \
	CONTAINERS_CONF CURL_HOME SSL_CERT_FILE SSL_CERT_DIR \
	CDR_ROOT CDR_REGISTRIES CDPATH ENV

# What a sanitizer finds goes to files, and any such file fails the scenario:
# an exit code of 1 that the scenario expects cannot hide it. GCC's UBSan writes
# to standard error whatever it is told, so what it says is looked for there.
_sanitizer=log_path=$T/sanitizer:exitcode=99
export ASAN_OPTIONS="$_sanitizer:detect_leaks=1:detect_stack_use_after_return=1"
export UBSAN_OPTIONS="$_sanitizer:halt_on_error=1:print_stacktrace=1"
export TSAN_OPTIONS="$_sanitizer:halt_on_error=0:second_deadlock_stack=1"

# --- the end ----------------------------------------------------------------------

_defers=0
_stage=running

defer()
{
	_defers=$((_defers + 1))
	eval "_defer_$_defers=\$1"
}

_sanitizer_said()
{
	grep -h 'runtime error: ' "$@" >>"$T/sanitizer.stderr" 2>/dev/null || :
}

_logs()
{
	for _log in "$T"/sanitizer.*; do
		[ ! -s "$_log" ] || head -n 40 "$_log"
	done
	for _log in "$T/stdout" "$T/stderr" "$T"/*.log; do
		[ -s "$_log" ] || continue
		printf -- '--- %s\n' "${_log#"$T/"}"
		tail -n 40 "$_log"
	done
}

_end()
{
	_status=$?
	trap - EXIT
	trap '' HUP INT TERM
	set +e
	cd /
	while [ $_defers -gt 0 ]; do
		eval "eval \"\$_defer_$_defers\""
		_defers=$((_defers - 1))
	done
	_sanitizer_said "$T"/*.log
	for _log in "$T"/sanitizer.*; do
		[ -s "$_log" ] || continue
		[ "$_status" -ne 0 ] && [ "$_status" -ne 77 ] || _status=99
		_stage=sanitizer
	done
	case $_status/$_stage in
	0/* | 77/skipped)
		rm -rf "$T"
		exit "$_status" ;;
	*/failed) ;;
	*/sanitizer) echo "FAIL a sanitizer found an error" ;;
	*) echo "FAIL the scenario ended with $_status in a command outside check" ;;
	esac
	_logs
	if [ "${KEEP-}" = 1 ]; then
		echo "kept: $T"
	else
		rm -rf "$T"
	fi
	[ "$_status" -ne 77 ] || _status=1
	exit "$_status"
}

trap _end EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# --- saying what is so ------------------------------------------------------------

ok()
{
	printf 'ok %s\n' "$1"
}

fail()
{
	printf 'FAIL %s\n' "$1"
	_stage=failed
	exit 1
}

skip()
{
	printf 'skip %s\n' "$1"
	_stage=skipped
	exit 77
}

# need NAME...: the scenario is skipped, by name, without one of them. A bare Debian
# has sh, the C library, coreutils, findutils, diffutils, util-linux, mount, awk,
# grep, sed, tar, gzip and dpkg; all else is told, also what only a file that it
# sources uses: a program, or
#
#   cdr           the program under test
#   root          to be root
#   root-mount    "/" is a mount of its own
#   nginx-njs     nginx's JavaScript module, where scripts/serve looks for it
#   chromium      that, by any of its names
#   python3-yaml  that module of python3
#   selenium      Debian's python3-selenium and chromium-driver: sets $SELENIUM, the
#                 Python that has it
#   busybox       the one that scripts/install-deps fetches: sets $BUSYBOX_HERE
#   static, boot  build/static/cdr, build/boot, which "make boot" makes
#   newer/NAME    a program of tests/newer.sh, which has been sourced
#
# NAME? is for a part of it, which is asked for by
#
#   part "what" NAME...     are all of them here? If not, it says that this is left
#                           out, and tests/run says it again at the end
#   left_out "what" "why"   says the same
need()
{
	NEEDS="$* "
	for _need; do
		case $_need in
		*\?) ;;
		cdr) [ -x "$CDR" ] || fail "there is no $CDR" ;;
		*) _here "$_need" || skip "$_why" ;;
		esac
	done
}

# _here NAME: is it? If not, $_why says so.
_here()
{
	_why="no $1 here"
	case $1 in
	root)
		_why="only root can do this"
		[ "$(id -u)" -eq 0 ] ;;
	nginx)
		_why="no nginx here"
		command -v nginx && { [ "${WITH_NGINX-}" != newer ] || newer_nginx_here; } ;;
	root-mount)
		_why="no layer is unpacked here: / is no mount (a plain chroot)"
		root_is_mount ;;
	nginx-njs)
		_why="nginx has no njs module here"
		have_njs ;;
	chromium)
		command -v chromium || command -v chromium-browser ||
			command -v google-chrome ;;
	python3-yaml)
		_why="no yaml for python3 here"
		python3 -c 'import yaml' 2>/dev/null ;;
	selenium) _has_selenium ;;
	busybox) _has_busybox ;;
	static)
		_why="no build/static/cdr: make boot"
		[ -x "$TOP/build/static/cdr" ] ;;
	boot)
		_why="no build/boot: make boot"
		[ -f "$TOP/build/boot/START.md" ] ;;
	newer/*) newer_has "${1#newer/}" ;;
	*) command -v "$1" ;;
	esac >/dev/null
}

# The first Python may be another one than Debian's.
_has_selenium()
{
	_why="no chromedriver with selenium for Python here: scripts/install-deps test"
	command -v chromedriver || return 1
	for SELENIUM in python3 /usr/bin/python3; do
		! "$SELENIUM" -c 'import selenium' 2>/dev/null || return 0
	done
	return 1
}

_has_busybox()
{
	_arch=$(dpkg --print-architecture)
	_why="no busybox for $_arch: scripts/install-deps demo fetches it"
	BUSYBOX_HERE=$TOP/build/cache/busybox/$_arch
	export BUSYBOX_HERE
	[ -f "$BUSYBOX_HERE" ]
}

# uses NAME...: for what scenarios source: the scenario has told of these.
uses()
{
	for _need; do
		case " ${NEEDS-}" in
		*" $_need "* | *" $_need? "*) ;;
		*) fail "it uses $_need, and does not say need $_need" >&2 ;;
		esac
	done
}

part()
{
	_part=$1
	shift
	uses "$@"
	for _need; do
		_here "$_need" || {
			left_out "$_part" "$_why"
			return 1
		}
	done
}

left_out()
{
	printf 'left out %s: %s\n' "$1" "$2"
}

# Is "/" a mount of its own?  In a plain chroot it is not, and then podman and
# buildah cannot unpack a layer: they remount it.
root_is_mount()
{
	awk '$5 == "/" { found = 1 } END { exit !found }' /proc/self/mountinfo
}

# Does nginx have the JavaScript module where scripts/serve looks for it, which is
# $NGINX_MODULES?
have_njs()
{
	NGINX_MODULES=$(nginx -V 2>&1 | sed -n 's/.*--modules-path=\([^ ]*\).*/\1/p')
	NGINX_MODULES=${NGINX_MODULES:-/usr/lib/nginx/modules}
	[ -f "$NGINX_MODULES/ngx_http_js_module.so" ]
}

plain_build()
{
	case $CDR in
	"$TOP"/build/?san/cdr) CDR=$TOP/build/cdr ;;
	esac
}

in_all()
{
	[ "${TIER-}" = all ]
}

# Without site-packages: they are of no use, and cost half of the time.
pick()
{
	uses python3
	python3 -S "$TOP/tests/pick.py" "$@"
}

as_json()
{
	pick -t v
}

# _run COMMAND...: sets _rc. Not under "set -e", which a shell turns off in the
# functions that it calls from a condition, anyway.
_run()
{
	_rc=0
	"$@" >"$T/stdout" 2>"$T/stderr" || _rc=$?
	_sanitizer_said "$T/stderr"
}

expect_rc()
{
	_what=$1 _want=$2
	shift 2
	_run "$@"
	[ $_rc -eq "$_want" ] || fail "$_what: ended with $_rc, not $_want: $*"
	ok "$_what"
}

check()
{
	_what=$1
	shift
	_run "$@"
	[ $_rc -eq 0 ] || fail "$_what: ended with $_rc: $*"
	ok "$_what"
}

expect_said()
{
	grep -qE -e "$2" "$T/stdout" "$T/stderr" || fail "$1: no line matches: $2"
	ok "$1"
}

expect_eq()
{
	if [ "$2" != "$3" ]; then
		printf 'want: %s\ngot:  %s\n' "$2" "$3"
		fail "$1"
	fi
	ok "$1"
}

# --- servers ----------------------------------------------------------------------

if [ "${WITH_NGINX-}" = newer ]; then
	# shellcheck source=tests/newer.sh
	. "$TOP/tests/newer.sh"
	newer_nginx
fi

start_registry()
{
	_servers=$((${_servers:-0} + 1))
	mkdir -m 700 "$T/registry-$_servers"
	ln -s "registry-$_servers/registry.log" "$T/registry-$_servers.log"
	if [ "${SHELF-}" != 1 ] && command -v docker-registry >/dev/null; then
		registry_start "$T/registry-$_servers" ||
			fail "docker-registry does not start"
		UPSTREAM=$REGISTRY UPSTREAM_PID=$REGISTRY_PID
	else
		_start_shelf "$T/registry-$_servers"
	fi
	export UPSTREAM
	defer "process_end $UPSTREAM_PID"
}

# _start_shelf DIR
_start_shelf()
{
	uses python3
	python3 -S "$TOP/tests/hub/shelf.py" --dir "$1" --ready "$1/ready" \
		</dev/null >"$1/registry.log" 2>&1 &
	UPSTREAM_PID=$!
	wait_for 20 test -s "$1/ready" || fail "tests/hub/shelf.py does not start"
	UPSTREAM=$(cat "$1/ready")
}

start_nginx()
{
	uses nginx
	_tree=$1
	shift
	for _try in 1 2 3 4 5; do
		MIRROR=${MIRROR_ADDRESS-127.0.0.1}:$(free_port)
		if mirror_start "$_tree" "$MIRROR" "$T/nginx.log" "$@"; then
			export MIRROR
			defer "process_end $MIRROR_PID"
			return 0
		fi
		port_taken "${MIRROR##*:}" || break
	done
	fail "scripts/serve does not start${1:+ with $*}"
}

# shellcheck source=/dev/null
[ ! -f "$TOP/tests/hub/hub.sh" ] || . "$TOP/tests/hub/hub.sh"

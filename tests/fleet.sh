# Sites that follow one another, each a network namespace of its own: a mirror there is
# "cdr watch" behind nginx for its hooks, and nginx on its tree. Sourced after lib.sh, or
# after scripts/functions.sh by a benchmark; POSIX sh. It needs root, ip, nsenter, nginx
# and python3. The caller is in a network namespace of its own, which is headquarters,
# site 0, as "fleet_alone" makes it. Nothing of this is outside of the namespaces, and
# these end with their processes.
#
#   fleet_alone "$0" ARG...   run that once more, in such a namespace, and end with it;
#                             returns at once when this is there
#   fleet_begin DIR           a switch; headquarters is 10.78.0.1. Files go to DIR
#   fleet_site N              one more site: 10.78.0.(10+N), 1 to 200
#   fleet_address N           prints it
#   at N COMMAND...           at site N; 0 is headquarters
#   fleet_serve N             nginx serves DIR/N/root at port 5000, with a log; that has
#                             to be a tree, or to become one soon
#   fleet_hooks N NAME...     secrets of the hooks of site N, one a NAME, and nginx
#                             for them at port 5001
#   fleet_tls N               its hooks are for https alone, with client certificates;
#                             before fleet_hooks, and fleet_tells of its parent
#   fleet_tells N M...        site N tells the sites M what it publishes: their hooks
#                             are called "parent". Writes DIR/N/notify.json
#   fleet_watch N ARG...      cdr watch there, into DIR/N/root, with its hooks, if it has
#                             some, and --notify, if it has children; returns when
#                             it hears
#   fleet_stop N WHAT         ends its serve, hooks or watch, as by SIGTERM
#   fleet_kill N WHAT         as by SIGKILL
#   fleet_cable N up | down
#   fleet_has N REPO:TAG      the digest that the tree there has, below docker.io/library
#   fleet_end                 all of it
# shellcheck shell=sh

FLEET_PIDS=

fleet_alone()
{
	[ -z "${FLEET_ALONE-}" ] || return 0
	_rc=0
	FLEET_ALONE=1 TMPDIR=/tmp unshare -n sh "$@" || _rc=$?
	exit $_rc
}

_fleet_pid()
{
	eval "echo \"\${_fleet_pid_$1-}\""
}

fleet_address()
{
	if [ "$1" = 0 ]; then
		echo 10.78.0.1
	else
		echo "10.78.0.$((10 + $1))"
	fi
}

at()
{
	_site=$1
	shift
	if [ "$_site" = 0 ]; then
		"$@"
	else
		nsenter -t "$(_fleet_pid "$_site")" -n -- "$@"
	fi
}

fleet_begin()
{
	FLEET=$1
	mkdir -p "$FLEET/0"
	ip link set lo up
	ip link add fleet type bridge
	ip link set fleet up
	ip addr add 10.78.0.1/24 dev fleet
}

# unshare is still itself for a moment.
_fleet_is_there()
{
	[ "$(cat "/proc/$1/comm")" = sleep ]
}

fleet_site()
{
	unshare -n sleep 1000000 </dev/null >/dev/null 2>&1 &
	eval "_fleet_pid_$1=$!"
	FLEET_PIDS="$FLEET_PIDS $!"
	wait_for 20 _fleet_is_there "$!"
	mkdir -p "$FLEET/$1"
	ip link add "site$1" type veth peer name eth0 netns "$(_fleet_pid "$1")"
	ip link set "site$1" master fleet up
	at "$1" ip addr add "$(fleet_address "$1")/24" dev eth0
	at "$1" ip link set eth0 up
	at "$1" ip link set lo up
}

fleet_cable()
{
	ip link set "site$1" "$2"
}

# _fleet_start N WHAT COMMAND...: its process is known by that.
_fleet_start()
{
	_n=$1 _what=$2
	shift 2
	# Not by way of at: a function in the background is a shell of its own.
	[ "$_n" = 0 ] || set -- nsenter -t "$(_fleet_pid "$_n")" -n -- "$@"
	"$@" </dev/null >>"$FLEET/$_n/$_what.log" 2>&1 &
	eval "_fleet_${_what}_$_n=$!"
	FLEET_PIDS="$! $FLEET_PIDS"
}

fleet_stop()
{
	eval "_pid=\${_fleet_${2}_$1-}"
	[ -z "$_pid" ] || process_end "$_pid"
	eval "_fleet_${2}_$1="
}

fleet_kill()
{
	eval "_pid=\$_fleet_${2}_$1"
	kill -KILL "$_pid" 2>/dev/null || :
	wait "$_pid" 2>/dev/null || :
}

_fleet_listens()
{
	at "$1" cat /proc/net/tcp | awk -v port="$(printf ':%04X' "$2")" '
		index($2, port) && $4 == "0A" { found = 1 } END { exit !found }'
}

fleet_serve()
{
	wait_for 60 test -e "$FLEET/$1/root/oci-layout"
	_fleet_start "$1" serve sh "$TOP/scripts/serve" --no-njs \
		--log "$FLEET/$1/access.jsonl" "$FLEET/$1/root" "$(fleet_address "$1"):5000"
	wait_for 60 _fleet_listens "$1" 5000
}

_fleet_secret()
{
	echo "the-hook-$2-of-site-$1-has-this"
}

fleet_tls()
{
	for _name in tls client; do
		openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
			-keyout "$FLEET/$1/$_name.key" -out "$FLEET/$1/$_name.crt" -days 2 \
			-subj "/CN=$_name-$1" -addext "subjectAltName=IP:$(fleet_address "$1")" \
			>"$FLEET/$1/openssl.log" 2>&1
	done
}

fleet_hooks()
{
	_n=$1 _config=
	shift
	for _name; do
		_fleet_secret "$_n" "$_name" >"$FLEET/$_n/$_name.token"
		_config="$_config${_config:+, }\"$_name\": {\"bearer_file\": \"$_name.token\"}"
	done
	echo "{$_config}" >"$FLEET/$_n/hooks.json"
	chmod 600 "$FLEET/$_n"/*.token
	# What is made there belongs to the group that nginx's workers are of.
	mkdir -p "$FLEET/$_n/run"
	for _name in www-data nginx nobody; do
		! id -u "$_name" >/dev/null 2>&1 || break
	done
	chgrp "$(id -gn "$_name")" "$FLEET/$_n/run"
	chmod 2755 "$FLEET/$_n/run"
	set --
	[ ! -f "$FLEET/$_n/tls.crt" ] || set -- --tls "$FLEET/$_n/tls.crt" \
		"$FLEET/$_n/tls.key" --client-ca "$FLEET/$_n/client.crt"
	_fleet_start "$_n" hooks sh "$TOP/scripts/hooks" "$@" "$FLEET/$_n/run/hooks.sock" \
		"$(fleet_address "$_n"):5001"
	wait_for 60 _fleet_listens "$_n" 5001
}

fleet_tells()
{
	_n=$1 _config=
	shift
	for _child; do
		_fleet_secret "$_child" parent >"$FLEET/$_n/site-$_child.token"
		_scheme=http _tls=
		if [ -f "$FLEET/$_child/tls.crt" ]; then
			_scheme=https
			_tls=", \"ca_file\": \"$FLEET/$_child/tls.crt\",
				\"client_cert\": \"$FLEET/$_child/client.crt\",
				\"client_key\": \"$FLEET/$_child/client.key\""
		fi
		_config="$_config${_config:+, }\"site-$_child\": {
			\"url\": \"$_scheme://$(fleet_address "$_child"):5001/hook/parent\",
			\"bearer_file\": \"site-$_child.token\"$_tls}"
	done
	echo "{$_config}" >"$FLEET/$_n/notify.json"
}

_fleet_hears()
{
	at "$1" grep -qF "$FLEET/$1/run/hooks.sock" /proc/net/unix
}

fleet_watch()
{
	_n=$1
	shift
	[ ! -f "$FLEET/$_n/hooks.json" ] ||
		set -- --listen-hooks "$FLEET/$_n/run/hooks.sock" \
			--hook-config "$FLEET/$_n/hooks.json" "$@"
	[ ! -f "$FLEET/$_n/notify.json" ] ||
		set -- --notify "$FLEET/$_n/notify.json" "$@"
	_fleet_start "$_n" watch "$CDR" watch -r "$FLEET/$_n/root" "$@"
	[ ! -f "$FLEET/$_n/hooks.json" ] || wait_for 60 _fleet_hears "$_n"
}

fleet_has()
{
	_at=$(readlink "$FLEET/$1/root/repos/docker.io/library/${2%:*}/_manifests/${2##*:}") || {
		echo nothing
		return 0
	}
	echo "$(basename "${_at%/*}"):${_at##*/}"
}

fleet_end()
{
	for _pid in $FLEET_PIDS; do
		process_end "$_pid"
	done
	FLEET_PIDS=
}

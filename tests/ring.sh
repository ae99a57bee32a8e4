# A ring of peers on this machine, each at ports of its own of 127.0.0.1, in front of
# $MIRROR. Sourced; POSIX sh. Needs cdr and nginx.
#
#   ring_new N             chooses ports, writes $T/nodes: peers 1 to N
#   ring_start I [OPTION...]   scripts/peer; below $T/peer-I. Sets $RING_PID_I
#   ring_peer I            starts it, and it is well
#   ring_client I          prints where its clients ask: 127.0.0.1:PORT
#   ring_at I              prints where other peers ask
#   ring_end I             ends it
#   ring_cached I DIGEST   in how many pieces it has that blob
#   ring_port N            N ports that nobody has; none is told twice
# shellcheck shell=sh

RING_TOLD=" "
RING_PORTS=

ring_port()
{
	_n=$1 RING_PORTS=
	while [ "$_n" -gt 0 ]; do
		_ring_port=$(free_port)
		case $RING_TOLD in *" $_ring_port "*) continue ;; esac
		RING_TOLD="$RING_TOLD$_ring_port "
		RING_PORTS="$RING_PORTS $_ring_port"
		_n=$((_n - 1))
	done
}

ring_new()
{
	: >"$T/nodes"
	: >"$T/clients"
	ring_port $(($1 * 2))
	# shellcheck disable=SC2086 # words
	set -- $RING_PORTS
	while [ $# -ge 2 ]; do
		echo "127.0.0.1:$1" >>"$T/nodes"
		echo "127.0.0.1:$2" >>"$T/clients"
		shift 2
	done
	cp "$T/nodes" "$T/all-nodes"
}

ring_at()
{
	sed -n "$1p" "$T/all-nodes"
}

ring_client()
{
	sed -n "$1p" "$T/clients"
}

ring_start()
{
	uses cdr nginx
	_i=$1
	shift
	mkdir -p "$T/peer-$_i/cache"
	CDR=$CDR sh "$TOP/scripts/peer" --run "$T/peer-$_i" --follow "${RING_FOLLOW-1s}" \
		--mirror "${RING_MIRROR-http://$MIRROR}" --nodes "$T/nodes" \
		--self "$(ring_at "$_i")" --listen "$(ring_client "$_i")" \
		--cache "$T/peer-$_i/cache" --min-free 0 "$@" \
		</dev/null >>"$T/peer-$_i.log" 2>&1 &
	eval "RING_PID_$_i=$!"
	defer "ring_end $_i"
}

_ring_well()
{
	curl -sf -o /dev/null "http://$(ring_client "$1")/healthz"
}

ring_peer()
{
	ring_start "$@"
	wait_for 60 _ring_well "$1" || fail "peer $1 does not start"
}

ring_end()
{
	eval "_pid=\${RING_PID_$1-}"
	[ -n "$_pid" ] || return 0
	# Longer than process_end waits: what it has started would go on alone.
	kill -TERM "$_pid" 2>/dev/null || :
	wait_for 60 process_over "$_pid" || :
	process_end "$_pid"
	eval "RING_PID_$1="
}

ring_cached()
{
	grep -rlaF "KEY: 1 blob  $2 " "$T/peer-$1/cache/owned" 2>/dev/null | wc -l |
		tr -d ' '
}

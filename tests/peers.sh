# Nodes that share one thin link to a mirror, each a network namespace of its own, with
# the peers' nginx of scripts/peer. Sourced, after lib.sh and
# tree.sh in a scenario; POSIX sh. It needs root, ip, tc, nginx, nsenter and python3, and
# sets what scripts/functions.sh is asked for. Nothing of this is outside of the
# namespaces, which end with their processes.
#
#   peers_begin DIR COUNT      a switch, the mirror and COUNT nodes, 1 Gbit/s each; files
#                              go to DIR. Node N is 10.77.0.(10+N), the mirror 10.77.0.1
#   peers_end                  all that peers_begin and the others have started
#   on N COMMAND...            on node N; 0 is the mirror. Not in the folder of the caller
#   peers_uplink RATE          what the mirror may send: 100mbit; 1gbit at the start
#   peers_image REPO TAG KIB...  an image of such layers in $TREE; its bytes do not
#                              compress, and are the same every time
#   peers_mirror               serves $TREE at $PEERS_MIRROR, with a log
#   peers_mirror_stop
#   peers_ring N...            writes the list of nodes, $PEERS_NODES
#   peers_node N [OPTION...]   scripts/peer on node N, by that list, which it follows;
#                              OPTIONs are those of cdr node-config peers;
#                              PEERS_ENV="NAME=VALUE..." is in its environment
#   peers_empty N              its caches, while it does not run
#   peers_liar N MODE...       tests/peers/liar.py in its place, log node-N/liar.log
#   peers_honest N             ends that
#   peers_kill N, peers_freeze N, peers_thaw N    its nginx, all at once
#   peers_unplug N, peers_plug N                  its cable
#   peers_pull "N..." REPO REFERENCE [OPTION...]  all of them at once, each by its own
#                              node's nginx, hashed: $PEERS_OUT/N.json
#   peers_direct ...           the same, from the mirror itself
#   peers_sent                 prints the bytes of blobs that the mirror has sent since
#                              peers_count
#   peers_count                begins to count
#   peers_memory N             prints the KiB of its nginx, what is shared counted once
# shellcheck shell=sh

PEERS_PIDS=
PEERS_MIRROR=http://10.77.0.1:5000
export PEERS_MIRROR

_peers_pid()
{
	eval "echo \"\${_peers_pid_$1-}\""
}

# _peers_space NAME: a process that keeps a network and a mount namespace.
_peers_space()
{
	unshare -n -m sleep 1000000 </dev/null >/dev/null 2>&1 &
	eval "_peers_pid_$1=$!"
	PEERS_PIDS="$PEERS_PIDS $!"
	# unshare is still itself for a moment.
	wait_for 20 grep -qx sleep "/proc/$!/comm"
}

on()
{
	_at=$(_peers_pid "$1")
	shift
	nsenter -t "$_at" -n -m -r -- "$@"
}

# _peers_cable NAME ADDRESS: to the switch, and what either end may send.
_peers_cable()
{
	ip link add "p$1" netns "$(_peers_pid switch)" type veth \
	    peer name eth0 netns "$(_peers_pid "$1")"
	on switch ip link set "p$1" master switch up
	on "$1" ip addr add "$2/24" dev eth0
	on "$1" ip link set eth0 up
	on "$1" ip link set lo up
	on "$1" tc qdisc add dev eth0 root tbf rate 1gbit burst 1m latency 50ms
	on switch tc qdisc add dev "p$1" root tbf rate 1gbit burst 1m latency 50ms
}

peers_begin()
{
	PEERS_DIR=$1 PEERS_COUNT=$2
	PEERS_OUT=$PEERS_DIR/out PEERS_NODES=$PEERS_DIR/nodes
	mkdir -p "$PEERS_OUT"
	chmod 755 "$PEERS_DIR"
	_peers_space switch
	on switch ip link add switch type bridge
	on switch ip link set switch up
	_peers_space 0
	_peers_cable 0 10.77.0.1
	_n=1
	while [ $_n -le "$PEERS_COUNT" ]; do
		_peers_space $_n
		_peers_cable $_n "10.77.0.$((10 + _n))"
		_n=$((_n + 1))
	done
}

peers_end()
{
	peers_mirror_stop
	_n=1
	while [ $_n -le "${PEERS_COUNT:-0}" ]; do
		peers_kill $_n
		_n=$((_n + 1))
	done
	for _pid in $PEERS_PIDS; do
		process_end "$_pid"
	done
	PEERS_PIDS=""
	PEERS_COUNT=0
}

peers_uplink()
{
	on 0 tc qdisc replace dev eth0 root tbf rate "$1" burst 512k latency 50ms
}

# --- the mirror -------------------------------------------------------------------

peers_image()
{
	_repo=$1 _tag=$2 _layers=
	shift 2
	for _kib; do
		python3 -S -c '
import random, sys
draw = random.Random(sys.argv[1])
for _ in range(int(sys.argv[2])):
    sys.stdout.buffer.write(draw.randbytes(1024))' "$_repo:$_tag $_kib" "$_kib" >"$PEERS_DIR/layer"
		_layers="$_layers${_layers:+,}$(printf '{"mediaType":"%s","digest":"%s","size":%d}' \
		    "$OCI_LAYER" "$(tree_blob "$PEERS_DIR/layer")" "$((_kib * 1024))")"
	done
	rm -f "$PEERS_DIR/layer"
	printf '{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[]}}' \
	    >"$PEERS_DIR/config"
	printf '{"schemaVersion":2,"mediaType":"%s","config":{"mediaType":"%s","digest":"%s","size":%d},"layers":[%s]}' \
	    "$OCI_MANIFEST" "$OCI_CONFIG" "$(tree_blob "$PEERS_DIR/config")" \
	    "$(wc -c <"$PEERS_DIR/config")" "$_layers" >"$PEERS_DIR/manifest"
	tree_tag "docker.io/$_repo" "$_tag" \
	    "$(tree_manifest "docker.io/$_repo" "$OCI_MANIFEST" "$PEERS_DIR/manifest")"
	tree_lists
}

peers_mirror()
{
	: >"$PEERS_DIR/mirror.log"
	: >>"$PEERS_DIR/mirror.access"
	chmod 666 "$PEERS_DIR/mirror.access"
	nsenter -t "$(_peers_pid 0)" -n -m -r -- \
	    sh "$TOP/scripts/serve" --no-limits --log "$PEERS_DIR/mirror.access" \
	    "$TREE" "${PEERS_MIRROR#http://}" </dev/null >>"$PEERS_DIR/mirror.log" 2>&1 &
	PEERS_MIRROR_PID=$!
	wait_for 20 grep -q '^serving ' "$PEERS_DIR/mirror.log" || {
		cat "$PEERS_DIR/mirror.log" >&2
		return 1
	}
}

peers_mirror_stop()
{
	[ -z "${PEERS_MIRROR_PID-}" ] || process_end "$PEERS_MIRROR_PID"
	PEERS_MIRROR_PID=
}

peers_count()
{
	_peers_from=$(wc -l <"$PEERS_DIR/mirror.access")
}

# An answer is written down when it is over: a moment after its last byte was read.
peers_sent()
{
	sleep 0.2
	tail -n "+$((_peers_from + 1))" "$PEERS_DIR/mirror.access" |
	    python3 -S -c '
import json, sys
print(sum(one["bytes"] for one in map(json.loads, sys.stdin) if one["kind"] == "blob"))'
}

# --- the nodes --------------------------------------------------------------------

peers_ring()
{
	{
		echo "# the nodes"
		for _n; do
			echo "10.77.0.$((10 + _n))"
		done
	} >"$PEERS_NODES.new"
	mv "$PEERS_NODES.new" "$PEERS_NODES"
}

peers_node()
{
	_node=$1
	shift
	peers_honest "$_node"
	_home=$PEERS_DIR/node-$_node
	mkdir -p "$_home"
	chmod 755 "$PEERS_DIR" "$_home"
	: >"$_home/said"
	# shellcheck disable=SC2086 # words
	nsenter -t "$(_peers_pid "$_node")" -n -m -r -- env CDR="$CDR" ${PEERS_ENV-} \
	    sh "$TOP/scripts/peer" --run "$_home/run" --follow 1s \
	    --mirror "$PEERS_MIRROR" --nodes "$PEERS_NODES" \
	    --self "10.77.0.$((10 + _node))" --cache "$_home/cache" --min-free 64M \
	    --uplink 12M "$@" </dev/null >"$_home/said" 2>>"$_home/peer.log" &
	eval "_peers_script_$_node=$!"
	wait_for 20 grep -q '^peer runs' "$_home/said" || {
		cat "$_home/peer.log" >&2
		return 1
	}
}

# _peers_processes N: of its nginx, the master first.
_peers_processes()
{
	_master=$(cat "$PEERS_DIR/node-$1/run/nginx.pid" 2>/dev/null) || return 0
	echo "$_master"
	cat "/proc/$_master/task/$_master/children" 2>/dev/null || :
}

peers_empty()
{
	rm -rf "$PEERS_DIR/node-$1/cache/owned" "$PEERS_DIR/node-$1/cache/near"
}

# At once: the master would first ask the workers. The script ends with it.
peers_kill()
{
	_killed=$(_peers_processes "$1")
	for _pid in $_killed; do
		kill -KILL "$_pid" 2>/dev/null || :
	done
	for _pid in $_killed; do
		wait_for 20 process_over "$_pid"
	done
	eval "_pid=\${_peers_script_$1-}"
	[ -z "$_pid" ] || process_end "$_pid"
	eval "_peers_script_$1="
	rm -f "$PEERS_DIR/node-$1/run/nginx.pid"
}

peers_freeze()
{
	for _pid in $(_peers_processes "$1"); do
		kill -STOP "$_pid"
	done
}

peers_thaw()
{
	for _pid in $(_peers_processes "$1"); do
		kill -CONT "$_pid" 2>/dev/null || :
	done
}

peers_unplug()
{
	on switch ip link set "p$1" down
}

peers_plug()
{
	on switch ip link set "p$1" up
}

# _peers_pull BASE "N..." ARG...: ends with 0 if all have all.
_peers_pull()
{
	_base=$1 _who=$2 _pulls=
	shift 2
	for _n in $_who; do
		rm -f "$PEERS_OUT/$_n.json"
		on "$_n" python3 -S "$TOP/tests/peers/pull.py" "$_base" "$@" \
		    >"$PEERS_OUT/$_n.json" 2>"$PEERS_OUT/$_n.err" &
		_pulls="$_pulls $!"
	done
	_pulled=0
	for _pid in $_pulls; do
		wait "$_pid" || _pulled=1
	done
	return $_pulled
}

peers_pull()
{
	_peers_pull http://127.0.0.1:5000 "$@"
}

peers_direct()
{
	_peers_pull "$PEERS_MIRROR" "$@"
}

peers_memory()
{
	for _process in $(_peers_processes "$1"); do
		cat "/proc/$_process/smaps_rollup"
	done | awk '/^Pss:/ { kib += $2 } END { print kib + 0 }'
}

peers_liar()
{
	_liar=$1
	shift
	peers_kill "$_liar"
	peers_honest "$_liar"
	mkdir -p "$PEERS_DIR/node-$_liar"
	: >"$PEERS_DIR/node-$_liar/liar.log"
	nsenter -t "$(_peers_pid "$_liar")" -n -m -r -- python3 -S "$TOP/tests/peers/liar.py" --mirror "$PEERS_MIRROR" \
	    --listen "10.77.0.$((10 + _liar)):5002" \
	    --log "$PEERS_DIR/node-$_liar/liar.log" "$@" </dev/null >/dev/null 2>&1 &
	eval "_peers_liar_$_liar=$!"
	PEERS_PIDS="$! $PEERS_PIDS"
	wait_for 20 grep -q '^ready' "$PEERS_DIR/node-$_liar/liar.log"
}

peers_honest()
{
	eval "_pid=\${_peers_liar_$1-}"
	[ -z "$_pid" ] || process_end "$_pid"
	eval "_peers_liar_$1="
}

# Shell functions for scripts/demo and tests/lib.sh: ports, processes, and
# Debian's docker-registry as an upstream. Sourced; POSIX sh.
# shellcheck shell=sh

# Debian keeps nginx and some others where an ordinary user's PATH does not look.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

# port_taken PORT: is a socket of this machine bound to it? Reads the kernel's
# own table: no tool is needed, and no connection is made. A connection that
# only waits out its time (06, TIME_WAIT) does not count.
port_taken()
{
	cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
	awk -v want="$(printf '%04X' "$1")" '
	{ n = split($2, at, ":") }
	at[n] == want && $4 != "06" { taken = 1 }
	END { exit !taken }'
}

# free_port: prints one. From below the range that Linux hands out by itself,
# so that no outgoing connection takes it in between.
free_port()
{
	while :; do
		_port=$((20000 + $(od -An -N2 -tu2 /dev/urandom) % 12000))
		port_taken $_port || break
	done
	echo "$_port"
}

# wait_for SECONDS COMMAND...: until it succeeds; 1 when it never did.
wait_for()
{
	_until=$(($(date +%s) + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -lt $_until ] || return 1
		sleep 0.05
	done
}

# process_over PID: is it gone, or dead and only not yet waited for?
process_over()
{
	! kill -0 "$1" 2>/dev/null ||
		grep -q '^State:[[:space:]]*Z' "/proc/$1/status" 2>/dev/null
}

# process_end PID: SIGTERM, and SIGKILL after five seconds. Returns when it is
# gone, so that its port and its files are free again.
process_end()
{
	kill -TERM "$1" 2>/dev/null || :
	wait_for 5 process_over "$1" || kill -KILL "$1" 2>/dev/null || :
	wait "$1" 2>/dev/null || :
}

# _server_up PID LOG TEXT: TEXT is in the log, or there is nothing to wait for.
_server_up()
{
	grep -qF "$3" "$2" || process_over "$1"
}

# registry_start DIR: docker-registry on a free port of 127.0.0.1, with deletes
# enabled; its files are DIR/registry.*. $REGISTRY_MORE is for the end of its
# configuration. Sets REGISTRY (127.0.0.1:PORT) and REGISTRY_PID. A port lost to
# somebody else is tried again.
registry_start()
{
	for _try in 1 2 3 4 5; do
		REGISTRY=127.0.0.1:$(free_port)
		cat >"$1/registry.yml" <<EOF
version: 0.1
log: { level: info, formatter: text }
storage:
  filesystem: { rootdirectory: "$1/registry.data" }
  delete: { enabled: true }
  maintenance: { uploadpurging: { enabled: false } }
http: { addr: "$REGISTRY", secret: "of no use elsewhere" }
${REGISTRY_MORE-}
EOF
		# An empty environment: REGISTRY_* would override the file.
		: >"$1/registry.log"
		env -i PATH="$PATH" OTEL_TRACES_EXPORTER=none \
		    docker-registry serve "$1/registry.yml" \
		    </dev/null >>"$1/registry.log" 2>&1 &
		REGISTRY_PID=$!
		wait_for 20 _server_up $REGISTRY_PID "$1/registry.log" \
		    "listening on $REGISTRY" || :
		process_over $REGISTRY_PID || return 0
		wait $REGISTRY_PID 2>/dev/null || :
		grep -q 'address already in use' "$1/registry.log" || break
	done
	cat "$1/registry.log" >&2
	return 1
}

# mirror_start ROOT ADDR:PORT LOG [OPTION...]: scripts/serve. Sets MIRROR_PID.
# Returns 1 when it did not come up; LOG says why.
mirror_start()
{
	_root=$1 _at=$2 _said=$3
	shift 3
	sh "$TOP/scripts/serve" "$@" "$_root" "$_at" </dev/null >>"$_said" 2>&1 &
	MIRROR_PID=$!
	wait_for 20 _server_up $MIRROR_PID "$_said" "://$_at" || :
	process_over $MIRROR_PID || return 0
	wait $MIRROR_PID 2>/dev/null || :
	return 1
}

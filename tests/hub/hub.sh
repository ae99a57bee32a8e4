# The faulty Docker Hub (hub.py) for scenarios; sourced by tests/lib.sh.
# shellcheck shell=sh
#
#	start_registry; start_hub [options of hub.py]
#	craft image library/busybox:1.36 --layers 2	# into the registry behind it
#	layer=$(made layer)			# of "craft ... --json >"$T/objects"
#	overlay sha512 library/odd:1			# into the overlay before it
#	fault '{"listener": "cdn", "truncate": 1000, "times": 1}'
#	... run something ...
#	hub_count registry GET '/manifests/' 200
#
# The rules that `fault` takes and the fields of the log: see hub.py.

# start_hub [options]: sets HUB, HUB_AUTH, HUB_CDN, HUB_PID, and points
# $CDR_REGISTRIES at it.  Called once more, it takes the place of the first one;
# the overlay stays, the log goes on.
start_hub()
{
	uses python3 curl
	[ -n "${UPSTREAM:-}" ] || fail "start_hub: start_registry first"
	stop_hub
	mkdir -p "$T/overlay"
	no_faults
	: >>"$T/hub.log"
	: "${HUB_MARK:=0}"
	rm -f "$T/hub.ready"
	python3 -S "$TOP/tests/hub/hub.py" --backend "http://$UPSTREAM" \
		--overlay "$T/overlay" --faults "$T/faults.json" \
		--log "$T/hub.log" --ready "$T/hub.ready" "$@" 2>>"$T/hub-stderr.log" &
	HUB_PID=$!
	defer stop_hub
	hub_tries=0
	until [ -f "$T/hub.ready" ]; do
		hub_tries=$((hub_tries + 1))
		if [ "$hub_tries" -gt 200 ] || ! kill -0 "$HUB_PID" 2>/dev/null; then
			cat "$T/hub-stderr.log" >&2
			fail "the hub did not start"
		fi
		sleep 0.05
	done
	# shellcheck disable=SC1091
	. "$T/hub.ready"
	export HUB HUB_AUTH HUB_CDN
	printf '{"docker.io": {"endpoint": "http://%s", "retry_delay_ms": 20}}\n' \
		"$HUB" >"$T/registries.json"
	CDR_REGISTRIES=$T/registries.json
	export CDR_REGISTRIES
}

# Ends the hub, if one runs.
stop_hub()
{
	[ -n "${HUB_PID:-}" ] || return 0
	kill "$HUB_PID" 2>/dev/null || :
	wait "$HUB_PID" 2>/dev/null || :
	HUB_PID=
}

# fault RULE...: these rules, and no others, from the next request on.
fault()
{
	hub_rules=
	for hub_rule; do
		hub_rules="$hub_rules${hub_rules:+,
}$hub_rule"
	done
	printf '[%s]\n' "$hub_rules" >"$T/faults.json.new"
	python3 -S "$TOP/tests/hub/hub.py" --check "$T/faults.json.new" ||
		fail "fault: a rule that the hub does not understand"
	mv "$T/faults.json.new" "$T/faults.json"
}

no_faults()
{
	echo '[]' >"$T/faults.json.new"
	mv "$T/faults.json.new" "$T/faults.json"
}

# What is counted from now on; at first everything is.
hub_mark()
{
	wait_for 10 hub_idle
	hub_note
}

# The same while requests are under way.
hub_note()
{
	HUB_MARK=$(wc -l <"$T/hub.log")
}

# Has every request ended and been logged?  Of a client that was killed, the hub
# hears when it writes to it next.
hub_idle()
{
	[ "$(curl -sS --noproxy '*' "http://$HUB/_hub/active")" = 0 ]
}

# The requests since the mark, one log line each.
hub_since()
{
	tail -n "+$((HUB_MARK + 1))" "$T/hub.log"
}

# hub_count LISTENER METHOD REGEX [STATUS]: how many requests since the mark.
# "-" as listener, method or status: any.  The extended regular expression is
# searched in path?query.
hub_count()
{
	hub_since | HUB_RE=$3 awk -F '\t' -v listener="$1" -v method="$2" -v status="${4:--}" '
		(listener == "-" || $2 == listener) && (method == "-" || $3 == method) &&
		(status == "-" || $5 == status) && $4 ~ ENVIRON["HUB_RE"] { n++ }
		END { print n + 0 }'
}

# hub_fired [NAME]: how many requests since the mark met a fault (of that name
# or number); 0 means that a test did not test what it meant to.
hub_fired()
{
	hub_since | awk -F '\t' -v name="${1:--}" '
		$10 != "-" && (name == "-" || $10 == name) { n++ }
		END { print n + 0 }'
}

# craft KIND NAME:TAG ...: make content and push it to the registry.
craft()
{
	uses python3
	python3 -S "$TOP/tests/hub/craft.py" --registry "$UPSTREAM" "$@"
}

# made KIND: the digests of these among the objects in $T/objects, a line each.
made()
{
	pick 'o.digest for o in v if o.kind == kind' "$T/objects" kind="$1"
}

# overlay KIND NAME:TAG ...: the same, for what a docker-registry refuses.
overlay()
{
	uses python3
	python3 -S "$TOP/tests/hub/craft.py" --overlay "$T/overlay" "$@"
}

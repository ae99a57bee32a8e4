# Cases of the benchmark: nginx on the tree beside docker-registry and a bare nginx.
# Sourced by run; its functions are called when that has made images, $lists and nginx
# on $port.
# shellcheck shell=sh
# shellcheck disable=SC2154 # those are run's

# shellcheck source=tests/slow-disk.sh
. "$TOP/tests/slow-disk.sh"

# serve_one TITLE METHOD: by 32 connections; the paths are in $lists/paths
serve_one()
{
	load --title "$1" --method "$2" --connections 32 -- \
	    "nginx on the tree" "http://127.0.0.1:$port" "$MIRROR_PID" "$lists/paths" \
	    docker-registry "http://$REGISTRY" "$REGISTRY_PID" "$lists/paths"
}

# paths_of FILE REGEX: of the URLs in a list for curl
paths_of()
{
	sed -n 's,^url = "@BASE@\(.*\)",\1,p' "$lists/$1" | grep -E "$2" \
	    >"$lists/paths"
}

case_serve()
{
	paths_of small.heads .
	serve_one "Serving manifests by tag: GET of 500 tags, 32 connections" GET
	paths_of small.gets /manifests/sha256:
	serve_one "Manifests by digest: GET, 32 connections" GET
	paths_of small.heads .
	serve_one "A manifest by tag: HEAD, 32 connections" HEAD
	paths_of small.gets /blobs/
	serve_one "Small blobs: GET of 2000, 32 connections" GET
	serve_one "A blob: HEAD, 32 connections" HEAD
}

# blobs_from TITLE READ HOST [OPTION...]: from what listens on HOST's ports $tree_at,
# $fast_at, $registry_at, and from the bare nginx
blobs_from()
{
	_title=$1 _read=$2 _host=http://$3
	shift 3
	load --title "Large blobs: GET, 185 to 305 MB, 32 connections, $_title" \
	    --connections 32 --bulk "$_read" "$@" -- \
	    "nginx on the tree" "$_host:$tree_at" "$TREE_PID" "$lists/paths" \
	    "the same, --fast-disk" "$_host:$fast_at" "$FAST_PID" "$lists/paths" \
	    docker-registry "$_host:$registry_at" "$STORE_PID" "$lists/paths" \
	    "nginx, one location, sendfile off" "$_host:$bare_at" "$BARE_PID" "$lists/bare" \
	    "sendfile on, as in nginx's own file" "$_host:$sendfile_at" "$BARE_PID" "$lists/bare" \
	    "and tcp_nopush on, as in Debian's" "$_host:$nopush_at" "$BARE_PID" "$lists/bare"
}

case_blobs()
{
	paths_of big.gets /blobs/
	tree_at=$port TREE_PID=$MIRROR_PID
	registry_at=${REGISTRY##*:} STORE_PID=$REGISTRY_PID
	fast_at=$(free_port)
	start_like fast "127.0.0.1:$fast_at" --fast-disk
	FAST_PID=${LIKE_PIDS##* }
	start_bare 127.0.0.1
	blobs_from "read by 1 MiB" 1048576 127.0.0.1
	blobs_from "read by 32 KiB" 32768 127.0.0.1
	process_end "$BARE_PID"
	BARE_PID=
}

# start_inside NAME PROGRAM ARG...: in the namespace of the servers. Sets INSIDE_PID.
start_inside()
{
	_name=$1
	shift
	: >"$work/home/$_name.log"
	# shellcheck disable=SC2086 # words
	$inside "$@" </dev/null >"$work/home/$_name.log" 2>&1 &
	INSIDE_PID=$!
	LIKE_PIDS="$LIKE_PIDS $INSIDE_PID"
	wait_for 20 grep -qE '^serving |listening on ' "$work/home/$_name.log" || {
		cat "$work/home/$_name.log" >&2
		exit 1
	}
}

# wire_begin SERVER CLIENT: two network namespaces with those addresses
wire_begin()
{
	[ "$(id -u)" -eq 0 ] && command -v ip >/dev/null || return 1
	NETNS=cdr-bench-$$
	ip netns add "$NETNS-s" &&
	    ip netns add "$NETNS-c" &&
	    ip link add cdr0 netns "$NETNS-s" type veth peer name cdr0 netns "$NETNS-c" &&
	    ip -n "$NETNS-s" addr add "$1/30" dev cdr0 &&
	    ip -n "$NETNS-c" addr add "$2/30" dev cdr0 &&
	    ip -n "$NETNS-s" link set cdr0 up &&
	    ip -n "$NETNS-c" link set cdr0 up &&
	    tc -n "$NETNS-s" qdisc add dev cdr0 root tbf rate 2500mbit burst 1m latency 20ms
}

wire_end()
{
	[ -n "$NETNS" ] || return 0
	ip netns del "$NETNS-s" 2>/dev/null || :
	ip netns del "$NETNS-c" 2>/dev/null || :
	NETNS=
}

# A server's CPU is the server's here: over loopback who sends also does what the
# receiver's half of TCP does with it.
case_wire()
{
	server=198.18.0.1
	wire_begin $server 198.18.0.2 || {
		say "wire: left out, it takes root, ip and network namespaces"
		wire_end
		return
	}
	paths_of big.gets /blobs/
	others=$LIKE_PIDS
	inside="ip netns exec $NETNS-s"
	tree_at=5000 fast_at=5001 registry_at=5002
	start_inside wire sh "$TOP/scripts/serve" --no-limits "$work/tree" $server:$tree_at
	TREE_PID=$INSIDE_PID
	start_inside wire-fast sh "$TOP/scripts/serve" --no-limits --fast-disk \
	    "$work/tree" $server:$fast_at
	FAST_PID=$INSIDE_PID
	sed "s/addr: \"[^\"]*\"/addr: \"$server:$registry_at\"/" \
	    "$work/upstream/registry.yml" >"$work/home/wire.yml"
	start_inside wire-registry env -i PATH="$PATH" OTEL_TRACES_EXPORTER=none \
	    docker-registry serve "$work/home/wire.yml"
	STORE_PID=$INSIDE_PID
	start_bare $server
	inside=
	blobs_from "over 2.5 Gbit/s, read by 32 KiB" 32768 $server --inside "$NETNS-c"
	for pid in $TREE_PID $FAST_PID $STORE_PID $BARE_PID; do
		process_end "$pid"
	done
	LIKE_PIDS=$others
	BARE_PID=
	wire_end
}

# What nginx does with the same files when they are only files. start_bare HOST
start_bare()
{
	mkdir -p "$work/bare/temp"
	rm -f "$work/bare/nginx.pid"
	bare_at=$(free_port)
	sendfile_at=$(free_port)
	nopush_at=$(free_port)
	sed 's,.*/sha256:,/,' "$lists/paths" >"$lists/bare"
	cat >"$work/bare/nginx.conf" <<END
worker_processes auto;
pid $work/bare/nginx.pid;
events { }
http {
	access_log off;
	client_body_temp_path temp/body;
	proxy_temp_path temp/proxy;
	fastcgi_temp_path temp/fastcgi;
	uwsgi_temp_path temp/uwsgi;
	scgi_temp_path temp/scgi;
	root $work/tree/blobs/sha256;
	server { listen $1:$bare_at; }
	server { listen $1:$sendfile_at; sendfile on; }
	server { listen $1:$nopush_at; sendfile on; tcp_nopush on; }
}
END
	$inside nginx -e stderr -p "$work/bare" -c "$work/bare/nginx.conf" -g 'daemon off;' \
	    </dev/null >>"$work/home/bare.log" 2>&1 &
	BARE_PID=$!
	wait_for 20 test -s "$work/bare/nginx.pid"
}

# Each connection asks for one thing after the other, but what belongs to one pull
# comes by several: rates are those of a server that many nodes pull from.
case_pulls()
{
	load --title "Pulls of 500 small images (tag, manifest, config, a layer of 12 KB), 32 connections" \
	    --connections 32 --unit pull --each 4 -- \
	    "nginx on the tree" "http://127.0.0.1:$port" "$MIRROR_PID" \
	    "$lists/small.pulls" docker-registry "http://$REGISTRY" \
	    "$REGISTRY_PID" "$lists/small.pulls"
}

# start_with NAME EDIT: nginx with its files, and scripts/serve, edited by sed. Adds to
# $variants.
start_with()
{
	rm -rf "${work:?}/settings/$1"
	mkdir -p "$work/settings/$1"
	cp -r "$TOP/nginx" "$TOP/scripts" "$work/settings/$1/"
	sed -i "$2" "$work/settings/$1/scripts/serve" "$work/settings/$1/nginx"/cdr-*.conf
	! diff -rq "$TOP/nginx" "$work/settings/$1/nginx" >/dev/null ||
	    ! cmp -s "$TOP/scripts/serve" "$work/settings/$1/scripts/serve" || {
		echo "bench: nothing to edit for \"$1\": $2" >&2
		exit 1
	}
	_port=$(free_port)
	: >"$work/home/with.log"
	sh "$work/settings/$1/scripts/serve" --no-limits "$work/tree" "127.0.0.1:$_port" \
	    </dev/null >"$work/home/with.log" 2>&1 &
	LIKE_PIDS="$LIKE_PIDS $!"
	variants="$variants|$1|http://127.0.0.1:$_port|$!"
	wait_for 20 grep -q '^serving ' "$work/home/with.log" || {
		cat "$work/home/with.log" >&2
		exit 1
	}
}

# load_variants TITLE [OPTION...]
load_variants()
{
	_title=$1
	shift
	_ifs=$IFS
	IFS='|'
	# shellcheck disable=SC2086 # a word between two bars
	set -- $variants -- "$@"
	IFS=$_ifs
	while [ "$1" != -- ]; do
		set -- "$@" "$1" "$2" "$3" "$lists/paths"
		shift 3
	done
	shift
	load --title "$_title" "$@"
}

case_settings()
{
	variants="as it is|http://127.0.0.1:$port|$MIRROR_PID"
	start_with "without reuseport" "s/ reuseport//"
	start_with "without open_file_cache" "/open_file_cache/d"
	start_with "open_file_cache_valid 10s" "s/open_file_cache_valid 1s/open_file_cache_valid 10s/"
	start_with "without aio threads" "/include cdr-disk/d"
	start_with "aio threads for manifests, too" "s/^sendfile on;/& aio threads;/"
	start_with "tcp_nopush off for all" "s/tcp_nopush on/tcp_nopush off/"
	start_with "tcp_nopush on for all" "/tcp_nopush off/d"
	start_with "sendfile off" "s/sendfile on/sendfile off/"
	start_with "sendfile_max_chunk 512k" "s/sendfile on;/& sendfile_max_chunk 512k;/"
	start_with "sendfile_max_chunk 16m" "s/sendfile on;/& sendfile_max_chunk 16m;/"
	paths_of small.gets /manifests/sha256:
	load_variants "Settings: manifests by digest, 32 connections"
	paths_of small.gets /blobs/
	load_variants "Settings: small blobs, 32 connections"
	paths_of big.gets /blobs/
	load_variants "Settings: large blobs, 32 connections, read by 32 KiB" --bulk 32768
	slow_disk_case
}

# All is in memory, but nothing of large blobs at the start.
slow_disk_case()
{
	slow_disk "$work" 20000000 || {
		say "a slow disk: left out, it takes root, a blkio control group and a disk"
		return
	}
	# What is not written yet cannot be forgotten.
	sync
	variants="as it is|http://127.0.0.1:$port|$MIRROR_PID"
	others=$LIKE_PIDS
	start_with "without aio threads" "/include cdr-disk/d"
	start_with "aio threads for manifests, too" "s/^sendfile on;/& aio threads;/"
	for serve in $MIRROR_PID ${LIKE_PIDS#"$others"}; do
		for pid in $(pgrep -P "$(pgrep -P "$serve" -x nginx)" -x nginx); do
			slow_disk_add "$pid"
		done
	done
	paths_of big.gets /blobs/
	mv "$lists/paths" "$lists/slow"
	paths_of small.gets /manifests/sha256:
	load_variants "Settings: manifests by digest, 32 connections, while 4 others read large blobs from a disk of 20 MB/s (and CPU with theirs)" \
	    --during "find $work/tree/manifests -type f -exec cat '{}' + >/dev/null
	        find $work/tree/blobs -size +64M -exec dd if='{}' iflag=nocache count=0 ';' 2>/dev/null
	        python3 $TOP/tests/bench/bulk.py \$URL $lists/slow 4 60 32768"
	slow_disk_end
}

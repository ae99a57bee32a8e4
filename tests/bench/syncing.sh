# Cases of the benchmark: cdr sync beside skopeo, and beside curl with openssl. Sourced by
# run; its functions are called when that has made images, $lists and nginx on $port.
# shellcheck shell=sh
# shellcheck disable=SC2154 # those are run's

copy="skopeo copy -q --insecure-policy --all --src-tls-verify=false"
# As many connections as cdr opens.
curl="curl -sSf --parallel --parallel-max 8"
# For the shell that measure.py starts.
# shellcheck disable=SC2016
{
gets='--output-dir "$OUT" -K'
hash='find "$OUT" -type f -print0 | xargs -0 openssl dgst -sha256'
durable='find "$OUT" -type f -print0 | xargs -0 sync'
}

# big_from NAME ADDR:PORT TITLE ROUNDS
big_from()
{
	measure "One image of 1.2 GB in five layers, from $3" "$4" <<END
cdr sync, durable | 1 | $CDR sync -q -r "\$OUT" --registries $lists/$1.json -i $lists/big.list
skopeo copy to oci: | 1 | $copy docker://$2/bench/big:1 oci:"\$OUT":big
+ fsync: durable | 1 | $durable
curl --parallel to files | 1 | $curl $gets $lists/$1.big.gets
+ openssl dgst: the floor | 1 | $hash
+ fsync: durable | 1 | $durable
END
}

# A target in which all is there already.
make_synced()
{
	[ -d "$work/synced" ] || cp -al "$work/tree" "$work/synced"
}

case_big()
{
	big_from nginx "127.0.0.1:$port" nginx "$rounds"
	big_from registry "$REGISTRY" docker-registry 3
}

# It begins each answer with what it gives in a second, all at once: ranges of less
# than that are faster here than on a real link.
start_thin()
{
	thin=127.0.0.1:$(free_port)
	start_like thin "$thin" --limit-rate 20m
	endpoint thin "$thin"
	printf '{"docker.io": {"endpoint": "http://%s", "max_connections": 48}}\n' \
	    "$thin" >"$lists/thin.json"
}

case_thin()
{
	start_thin
	measure "One image of 670 MB in three layers, 20 MB a second for each connection" 3 <<END
cdr sync, durable | 1 | $CDR sync -q -r "\$OUT" --registries $lists/thin.json -i $lists/thin.list
skopeo copy to oci: | 1 | $copy docker://$thin/bench/thin:1 oci:"\$OUT":thin
curl --parallel to files | 1 | $curl $gets $lists/thin.thin.gets
+ openssl dgst | 1 | $hash
END
}

# start_relay SERVER RTT_MS BYTES_S TOTAL_BYTES_S: see relay.c. Sets RELAY.
start_relay()
{
	RELAY=127.0.0.1:$(free_port)
	: >"$work/home/relay.log"
	"$relay" "$RELAY" "$@" </dev/null >"$work/home/relay.log" 2>&1 &
	RELAY_PIDS="$RELAY_PIDS $!"
	wait_for 5 grep -q '^relay: on' "$work/home/relay.log"
}

# thin_over NAME TITLE BOUND: the image over the relay that was started last
thin_over()
{
	endpoint "$1" "$RELAY"
	printf '{"docker.io": {"endpoint": "http://%s", "max_connections": 16}}\n' \
	    "$RELAY" >"$lists/$1.json"
	measure "One image of 670 MB in three layers, 20 MB a second for each connection, 160 MB for all$2" 3 <<END
cdr sync, durable, up to 16 connections | 1 | $CDR sync -q -r "\$OUT" --registries $lists/$1.json -i $lists/thin.list
skopeo copy to oci: | 1 | $copy docker://$RELAY/bench/thin:1 oci:"\$OUT":thin
curl --parallel to files | 1 | $curl $gets $lists/$1.thin.gets
$3
END
}

case_link()
{
	start_relay "127.0.0.1:$port" 0 20000000 160000000
	thin_over link "" "the bound: 670 MB at 160 MB/s | =4.19 |"
}

# An nginx with a certificate of its own, which speaks HTTP/2.
start_tls()
{
	mkdir -p "$work/tls"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
	    -keyout "$work/tls/key.pem" -out "$work/tls/cert.pem" -days 2 \
	    -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 2>/dev/null
	tls=127.0.0.1:$(free_port)
	start_like tls "$tls" --tls "$work/tls/cert.pem" "$work/tls/key.pem"
	start_relay "$tls" 100 0 0
	printf '{"docker.io": {"endpoint": "https://%s", "ca_file": "%s"}}\n' \
	    "$RELAY" "$work/tls/cert.pem" >"$lists/tls.json"
	sed "s,@BASE@,https://$RELAY," "$lists/small.heads" >"$lists/tls.heads"
}

# five COMMAND...: for the first five small images; "@" is the number.
five()
{
	for number in 000 001 002 003 004; do
		echo "$*;" | sed "s/@/$number/g"
	done | tr '\n' ' '
}

# The bounds count how many may be asked at once: 8 connections, or with HTTP/2 as
# many requests as share.c lets share one.
case_latency()
{
	start_relay "127.0.0.1:$port" 100 20000000 160000000
	thin_over far ", round trips of 100 ms" \
	    "the bound: 670 MB at 160 MB/s; round trips: 2 connects, HEAD, manifest, layer | =4.69 |"

	start_relay "127.0.0.1:$port" 100 0 0
	plain=$RELAY
	endpoint plain "$plain"
	start_tls
	make_synced
	measure "500 images, unchanged, round trips of 100 ms, http" 3 <<END
cdr sync, 8 connections | 1 | $CDR sync -q -r $work/synced --registries $lists/plain.json -i $lists/small.list
skopeo inspect, 5 of them, times 100 | 100 | set -e; $(five skopeo inspect --raw --tls-verify=false "docker://$plain/bench/small-@:1")
curl --parallel: 500 HEAD | 1 | $curl -I -K $lists/plain.small.heads
the bound: round trips: connect, 500/8 HEAD | =6.40 |
END
	measure "The same, https with HTTP/2" 3 <<END
cdr sync | 1 | $CDR sync -q -r $work/synced --registries $lists/tls.json -i $lists/small.list
skopeo inspect, 5 of them, times 100 | 100 | set -e; $(five skopeo inspect --raw --tls-verify=false "docker://$RELAY/bench/small-@:1")
curl --parallel: 500 HEAD | 1 | $curl --cacert $work/tls/cert.pem -I -K $lists/tls.heads
the bound: round trips: connect, TLS, 500/96 HEAD | =0.80 |
END
	measure "500 images for two platforms, 3500 objects, cold, round trips of 100 ms, https with HTTP/2" 3 <<END
cdr sync, durable | 1 | $CDR sync -q -r "\$OUT" --registries $lists/tls.json -i $lists/small.list
skopeo copy --all, 5 of them, times 100 | 100 | set -e; $(five "$copy docker://$RELAY/bench/small-@:1 oci:\"\$OUT\":small-@")
the bound: round trips: connect, TLS, 500 HEAD and 3500 GET by 96 | =4.40 |
END
	head -n 101 "$lists/small.list" >"$lists/some.list"
	measure "100 of them, http" 3 <<END
cdr sync, durable, 8 connections | 1 | $CDR sync -q -r "\$OUT" --registries $lists/plain.json -i $lists/some.list
skopeo copy --all, 5 of them, times 20 | 20 | set -e; $(five "$copy docker://$plain/bench/small-@:1 oci:\"\$OUT\":small-@")
the bound: round trips: connect, 100 HEAD and 700 GET by 8 | =10.1 |
END
}

# Nothing is set: what a newcomer has. With settings, for comparison, too.
case_default()
{
	start_relay "127.0.0.1:$port" 0 20000000 0
	endpoint default "$RELAY"
	printf '{"docker.io": {"endpoint": "http://%s", "max_connections": 48}}\n' \
	    "$RELAY" >"$lists/many.json"
	measure "One image of 400 MB in five layers, 20 MB a second for each connection" 3 <<END
cdr sync, durable, no setting | 1 | $CDR sync -q -r "\$OUT" --registries $lists/default.json -i $lists/five.list
the same, up to 48 connections | 1 | $CDR sync -q -r "\$OUT" --registries $lists/many.json -i $lists/five.list
skopeo copy to oci: | 1 | $copy docker://$RELAY/bench/five:1 oci:"\$OUT":five
the bound: 400 MB by 32 connections | =0.63 |
END
}

# large_over NAME TITLE BOUND
large_over()
{
	measure "$2, 11 MB a second for each connection, 72 MB for all" 3 <<END
cdr sync, durable, no setting | 1 | $CDR sync -q -r "\$OUT" --registries $lists/large.json -i $lists/$1.list
the same, up to 32 connections | 1 | $CDR sync -q -r "\$OUT" --registries $lists/large-32.json -i $lists/$1.list
$3
END
}

# Small layers, and one that is most of it and is left alone when they have ended.
case_large()
{
	start_relay "127.0.0.1:$port" 0 11000000 72000000
	endpoint large "$RELAY"
	printf '{"docker.io": {"endpoint": "http://%s", "max_connections": 32}}\n' \
	    "$RELAY" >"$lists/large-32.json"
	large_over large "One image of 670 MB, one layer of 537" \
	    "the bound: 670 MB at 72 MB/s | =9.31 |"
	large_over larger "One image of 2230 MB, one layer of 1790" \
	    "the bound: 2230 MB at 72 MB/s | =30.97 |"
}

# 429 without Retry-After, from a hub that counts all that shows a token.
case_limited()
{
	echo '[{"listener": "registry", "rate": 1, "burst": 10, "status": 429}]' \
	    >"$work/home/faults.json"
	rm -f "$work/home/hub.ready"
	python3 "$TOP/tests/hub/hub.py" --backend "http://$REGISTRY" \
	    --faults "$work/home/faults.json" --log "$work/home/hub.log" \
	    --ready "$work/home/hub.ready" 2>>"$work/home/hub-stderr.log" &
	# shellcheck disable=SC2034 # for run
	HUB_PID=$!
	wait_for 10 test -f "$work/home/hub.ready"
	# shellcheck disable=SC1091
	. "$work/home/hub.ready"
	printf '{"docker.io": {"endpoint": "http://%s"}}\n' "$HUB" \
	    >"$lists/limited.json"
	measure "40 images, 160 requests, from a registry that takes one a second in bursts of ten" 1 <<END
cdr sync, durable | 1 | $CDR sync -q -r "\$OUT" --registries $lists/limited.json -i $lists/forty.list
the bound: 150 requests beyond the first ten | =150.0 |
END
}

# What comes in bursts: a second's worth, then nothing for about as long.
case_rate()
{
	burst=127.0.0.1:$(free_port)
	start_like burst "$burst" --limit-rate 8m
	endpoint burst "$burst"
	python3 "$TOP/tests/bench/rate.py" --dir "$work/scratch" \
	    --cdr "$CDR" <<END >>"$work/results.md"
one large image | 500K | --registries $lists/nginx.json -i $lists/thin.list
one large image | 5M | --registries $lists/nginx.json -i $lists/thin.list
from a server that brings bursts | 5M | --registries $lists/burst.json -i $lists/thin.list
500 small images | 2M | --registries $lists/nginx.json -i $lists/small.list
END
}

case_small()
{
	skopeo_some=
	for number in 000 001 002 003 004 005 006 007 008 009 010 011 012 013 \
	    014 015 016 017 018 019 020 021 022 023 024; do
		skopeo_some="$skopeo_some $copy docker://127.0.0.1:$port/bench/small-$number:1 oci:\"\$OUT\":small-$number;"
	done
	measure "500 images for two platforms, 3500 objects, cold, from nginx" <<END
cdr sync, durable | 1 | $CDR sync -q -r "\$OUT" --registries $lists/nginx.json -i $lists/small.list
skopeo copy --all, 25 of them, times 20 | 20 | set -e; $skopeo_some
curl: 500 HEAD, 3500 GET to files | 1 | $curl -I -K $lists/nginx.small.heads && $curl $gets $lists/nginx.small.gets
+ openssl dgst: the floor | 1 | $hash
+ fsync: durable | 1 | $durable
END
	make_synced
	measure "500 images, unchanged" <<END
cdr sync | 1 | $CDR sync -q -r $work/synced --registries $lists/nginx.json -i $lists/small.list
curl: 500 HEAD, the floor | 1 | $curl -I -K $lists/nginx.small.heads
END
}

# 20 tags more for each of the 500: only links.  Makes $lists/many.list.
make_many()
{
	[ ! -f "$lists/many.list" ] || return 0
	make_synced
	for tag in 00 01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18 19; do
		for tree in tree synced; do
			for repo in "$work/$tree/repos/docker.io/bench"/small-*; do
				echo "$repo/_manifests"
			done
		done | xargs -I '{}' cp -P '{}/1' "{}/t$tag"
		sed -n "s,:1\$,:t$tag,p" "$lists/small.list"
	done >"$lists/many.tags"
	{ echo "default platform=all"; cat "$lists/many.tags"; } >"$lists/many.list"
	sed "s,^docker.io/\(.*\):\(.*\),url = \"http://127.0.0.1:$port/v2/\1/manifests/\2\"," \
	    "$lists/many.tags" >"$lists/many.heads"
}

case_memory()
{
	make_many
	measure "A list of 10,000 lines, unchanged" 3 <<END
cdr sync | 1 | $CDR sync -q -r $work/synced --registries $lists/nginx.json -i $lists/many.list
curl: 10,000 HEAD, the floor | 1 | $curl -I -K $lists/many.heads
END
}

# than_older TITLE OPTION...: this program, and $OLDER. SYNCED in the options is a
# tree that each has made itself: the older one may not know the other's layout.
than_older()
{
	_title=$1
	shift
	measure "$_title" <<END
this one | 1 | $CDR sync -q $(echo "$*" | sed "s,SYNCED,$work/synced-by-this,")
the older one | 1 | $OLDER sync -q $(echo "$*" | sed "s,SYNCED,$work/synced-by-older,")
END
}

# What a change costs, or brings: the same work by two builds, in turn.
case_older()
{
	[ -x "${OLDER-}" ] || {
		echo "bench: older: OLDER=PROGRAM has to name one" >&2
		return 1
	}
	make_many
	start_relay "127.0.0.1:$port" 0 20000000 160000000
	endpoint link "$RELAY"
	printf '{"docker.io": {"endpoint": "http://%s", "max_connections": 16}}\n' \
	    "$RELAY" >"$lists/link.json"
	for list in small many; do
		"$CDR" sync -q -r "$work/synced-by-this" \
		    --registries "$lists/nginx.json" -i "$lists/$list.list"
		"$OLDER" sync -q -r "$work/synced-by-older" \
		    --registries "$lists/nginx.json" -i "$lists/$list.list"
	done
	than_older "One image of 1.2 GB in five layers, from nginx" \
	    "-r \"\$OUT\" --registries $lists/nginx.json -i $lists/big.list"
	than_older "500 images for two platforms, 3500 objects, cold" \
	    "-r \"\$OUT\" --registries $lists/nginx.json -i $lists/small.list"
	than_older "500 images, unchanged" \
	    "-r SYNCED --registries $lists/nginx.json -i $lists/small.list"
	than_older "10,000 lines, unchanged" \
	    "-r SYNCED --registries $lists/nginx.json -i $lists/many.list"
	than_older "670 MB, 20 MB a second for each connection, 160 MB for all" \
	    "-r \"\$OUT\" --registries $lists/link.json -i $lists/thin.list"
}

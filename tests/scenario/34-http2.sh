#!/bin/sh
# A registry that speaks HTTP/2: what is small shares one connection, more of it at
# once than there may be connections; a large blob has connections of its own, and
# with --limit-rate every blob. A server that speaks HTTP/1.1 alone never sees more
# requests at once than max_connections; nor, for long, does one that says HTTP/2
# and takes few requests on a connection. One that ends its connections after some
# requests loses nothing.
# shellcheck disable=SC2016 # programs for awk
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr nginx openssl python3 curl
start_registry
ROOT=$T/root
craft many library/many:1 --count 30 --layers 1 --size 9000 >/dev/null
craft image library/large:1 --layers 1 --size 1000000 >/dev/null
seq 30 | sed 's/.*/000&/; s/.*\(....\)$/many-\1:1/' >"$T/list"
blobs=60 manifests=30	# a configuration and a layer each

mkdir "$T/tls"
cd "$T/tls"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
	-keyout key -out crt -days 2 -subj /CN=localhost \
	-addext subjectAltName=IP:127.0.0.1 >"$T/openssl.log" 2>&1 ||
	fail "openssl makes no certificate"

# server NAME OPTION [LINES]: sets $NAME to its address. NAME.log has a line for
# each request: protocol, number of the connection, whether it is one of more than
# four at once, method, path.
server()
{
	_port=$(free_port)
	eval "$1=127.0.0.1:$_port"
	cat >>servers.conf <<END
limit_conn_zone \$server_port zone=$1:1m;
server {
	listen 127.0.0.1:$_port ssl $2;
	ssl_certificate crt;
	ssl_certificate_key key;
	access_log $T/tls/$1.log seen;
	limit_conn $1 4;
	limit_conn_dry_run on;
	${3-}
	location / { proxy_pass http://$UPSTREAM; }
}
END
}
server two http2
server one ''
server few http2 'http2_max_concurrent_streams 1;'
server short http2 'keepalive_requests 40;'
cat >nginx.conf <<END
worker_processes 1;
daemon off;
pid nginx.pid;
error_log stderr crit;
events { worker_connections 1024; }
http {
	log_format seen '\$server_protocol \$connection \$limit_conn_status \$request_method \$uri';
	proxy_max_temp_file_size 0;
	proxy_buffering off;
	proxy_http_version 1.1;
	client_body_temp_path temp;
	proxy_temp_path temp;
	fastcgi_temp_path temp;
	uwsgi_temp_path temp;
	scgi_temp_path temp;
	include servers.conf;
}
END
nginx -e stderr -p "$T/tls" -c "$T/tls/nginx.conf" >"$T/tls-nginx.log" 2>&1 &
nginx=$!
defer "process_end $nginx"
wait_for 10 test -s nginx.pid || fail "nginx does not start"

# from NAME: docker.io is there, and four connections may be open.
from()
{
	eval "_at=\$$1"
	log=$T/tls/$1.log
	: >"$log"
	cat >"$T/registries.json" <<END
{"docker.io": {"endpoint": "https://$_at", "ca_file": "$T/tls/crt",
	"max_connections": 4, "retry_delay_ms": 20}}
END
	export CDR_REGISTRIES="$T/registries.json"
}

# seen FILTER: how many requests; a program for awk. nginx writes its log late.
seen()
{
	sleep 0.2
	awk "$1 { n++ } END { print n + 0 }" "$log"
}

connections()
{
	awk '{ print $2 }' "$log" | sort -u | wc -l
}

# cold "what" NAME ARG...: from an empty tree; each object is asked for once.
cold()
{
	_what=$1
	rm -rf "$ROOT"
	from "$2"
	shift 2
	within 30 sync "$_what" -i "$T/list" "$@"
	tree_check "$ROOT"
	expect_eq "$_what: a HEAD for each tag" $manifests "$(seen '$4 == "HEAD"')"
	expect_eq "$_what: a GET for each object" $((blobs + manifests)) \
		"$(seen '$4 == "GET"')"
}

# at_most "what" N HAVE
at_most()
{
	[ "$3" -le "$2" ] || fail "$1: $3, more than $2"
	ok "$1"
}

cold "HTTP/2" two
expect_eq "all of it over HTTP/2" 0 "$(seen '$1 != "HTTP/2.0"')"
at_most "few connections" 4 "$(connections)"
[ "$(seen '$3 != "PASSED"')" -gt 0 ] || fail "never more than four at once"
ok "more at once than there may be connections"

from two
sync "unchanged" -i "$T/list"
expect_eq "a HEAD for each tag" $manifests "$(seen 1)"
expect_eq "over one connection" 1 "$(connections)"

from two
sync "a large blob" large:1
expect_eq "not over HTTP/2" 1 "$(seen '$1 == "HTTP/1.1" && $5 ~ /blobs/')"

cold "with a rate" two --limit-rate 100M
expect_eq "blobs come over HTTP/1.1" $blobs "$(seen '$1 == "HTTP/1.1" && $5 ~ /blobs/')"

cold "HTTP/1.1" one
expect_eq "never more than four at once" 0 "$(seen '$3 != "PASSED"')"

cold "one request on a connection" few
at_most "that is noticed" 60 "$(connections)"
_half=$(($(wc -l <"$log") / 2))
expect_eq "in the end, not more than four at once" 0 \
	"$(seen "NR > $_half && \$3 != \"PASSED\"")"

# libcurl sends again, each over a connection of its own, what was on its way when
# one ended: two times four dozen at the most.
cold "connections that end" short
at_most "each is used" 60 "$(connections)"

#!/bin/sh
# What is set wrong, here or there, is told at the first try: host, URL after redirects,
# what came and what to do, and not asked five times. Plain http asked by https, and the
# other way round; a certificate that is unknown, over, of another name; TLS that is too
# old; a login page in a registry's, a list's, a token server's and a blob's place, also
# behind a redirect; a proxy that wants a password or refuses. What may pass by itself is
# tried again: a proxy's 502, a name that does not resolve now.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr nginx openssl python3 curl
upstream
app=$(craft image library/app:1)
mkdir "$T/tls"
cd "$T/tls"
# certificate NAME NAMES DAYS: self-signed
certificate()
{
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
		-keyout "$1.key" -out "$1.csr" -subj "/CN=$1"
	echo "subjectAltName=$2" >"$1.ext"
	openssl x509 -req -in "$1.csr" -signkey "$1.key" -out "$1.crt" -days "$3" \
		-extfile "$1.ext"
}
{
	certificate good IP:127.0.0.1 2
	certificate old IP:127.0.0.1 -1
	certificate named DNS:reg.example 2
} >"$T/openssl.log" 2>&1 || fail "openssl makes no certificates"

good='' old='' named='' ancient='' portal=''
# server NAME CERTIFICATE [LINES]: sets $NAME to its address
server()
{
	_port=$(free_port)
	eval "$1=127.0.0.1:$_port"
	cat >>servers.conf <<END
server {
	listen 127.0.0.1:$_port ssl;
	ssl_certificate $2.crt;
	ssl_certificate_key $2.key;
	access_log $T/tls/$1.log;
	${3-}
	location / { ${4:-proxy_pass http://$UPSTREAM;} }
}
END
}
server good good
server old old
server named named
server ancient good 'ssl_protocols TLSv1.1; ssl_ciphers ALL@SECLEVEL=0;'
server portal good '' 'default_type text/html; return 200 "<html>Please log in</html>";'
cat >nginx.conf <<END
worker_processes 1;
daemon off;
pid nginx.pid;
error_log stderr warn;
events { worker_connections 64; }
http {
	proxy_max_temp_file_size 0;
	client_body_temp_path temp;
	proxy_temp_path temp;
	fastcgi_temp_path temp;
	uwsgi_temp_path temp;
	scgi_temp_path temp;
	include servers.conf;
}
END
nginx -e stderr -p "$T/tls" -c "$T/tls/nginx.conf" >"$T/tls-nginx.log" 2>&1 &
defer "process_end $!"
wait_for 10 test -s nginx.pid || fail "nginx does not start"

# at ENDPOINT [SETTINGS]: five tries, a second apart
at()
{
	printf '{"docker.io": {"endpoint": "%s"%s}}\n' "$1" "${2-}" >"$CDR_REGISTRIES"
}
# told "what" REGEX [VARIABLE=VALUE...]: at once, once for two images
told()
{
	_say=$1 _regex=$2
	shift 2
	_began=$(date +%s)
	expect_rc "$_say" 1 env A= "$@" "$CDR" sync -r "$T/root" app:1 app:2
	[ $(($(date +%s) - _began)) -le 3 ] || fail "$_say: it was tried again"
	expect_said "$_say: what it says" "error: docker.io/library/app:1: .*$_regex"
	grep -qE ', ([12]|0) requests?, ' "$T/stdout" "$T/stderr" ||
		fail "$_say: there was more than one try"
}
trust=", \"ca_file\": \"$T/tls/good.crt\""

# --- TLS ------------------------------------------------------------------------------

at "https://$UPSTREAM"
told "plain http, asked by https" "https://$UPSTREAM: .*write http:// in its \"endpoint\""
at "http://$good"
expect_rc "https, asked by http" 1 "$CDR" sync -r "$T/root" app:1
expect_said "it says so" \
	"app:1: .*answers 400 to http://$good/v2/library/app/manifests/1; .*https:// in its \"endpoint\""
at "https://$good"
told "self-signed" "https://$good: .*self.signed.*\"ca_file\".*SSL_CERT_FILE"
at "https://$old" ", \"ca_file\": \"$T/tls/old.crt\""
told "over" "https://$old: .*expired; it has to be renewed"
at "https://$named" ", \"ca_file\": \"$T/tls/named.crt\""
told "another name" "https://$named: .*another name.*\"endpoint\""
at "https://$ancient" "$trust"
told "too old" "https://$ancient: .*(too old|protocol version)"

# --- login pages ------------------------------------------------------------------------

at "https://$portal" "$trust"
page='answers with text/html: a proxy or login page\?'
expect_rc "a login page" 1 "$CDR" sync -r "$T/root" app:1
expect_said "it is told" "app:1: .*https://$portal/v2/library/app/manifests/1 $page"
expect_rc "in the place of a list" 1 "$CDR" sync -r "$T/root" app 'tags=glob:*'
expect_said "it is told" "app: .*https://$portal/v2/library/app/tags/list $page"
expect_eq "each was asked once" 3 "$(grep -c . portal.log)"
at "http://$HUB" ', "retry_delay_ms": 20'
html='"headers": {"Content-Type": "text/html; charset=utf-8"}, "body": "<!DOCTYPE html><p>Log in</p>"'
fault "{\"listener\": \"auth\", \"status\": 200, $html}"
expect_rc "for a token" 1 "$CDR" sync -r "$T/root" app:1
expect_said "it is told" "app:1: .*token for library/app: http://$HUB_AUTH/token $page"
fault "{\"listener\": \"registry\", \"path\": \"manifests/1\", \"redirect\": \"http://$HUB_CDN/login?next=secret\"}" \
	"{\"listener\": \"cdn\", \"path\": \"/login\", \"before_auth\": true, \"status\": 200, $html}"
expect_rc "behind a redirect" 1 "$CDR" sync -r "$T/root" app:1
expect_said "the last URL is told" "app:1: .*http://$HUB_CDN/login $page"
! grep -q 'next=secret' "$T/stderr" || fail "without its query"
fault "{\"listener\": \"cdn\", \"status\": 200, $html}"
expect_rc "in the place of blobs" 1 "$CDR" sync -r "$T/root" app:1
expect_said "it is told" "app:1: .*http://$HUB_CDN/.* $page"
fault "{\"listener\": \"cdn\", \"status\": 410, $html}"
expect_rc "a refusal behind a redirect" 1 "$CDR" sync -r "$T/root" app:1
expect_said "who refuses is told" "app:1: .*http://$HUB_CDN/.* answers 410"
fault '{"listener": "registry", "path": "manifests/1", "status": 511, "body": "x"}'
expect_rc "a network that wants a login" 1 "$CDR" sync -r "$T/root" app:1
expect_said "it is told" "app:1: .*answers 511.*http://$HUB/v2/library/app/manifests/1; the network wants"
# A manifest that is right is taken, whatever it is called.
fault '{"listener": "registry", "path": "manifests/", "headers": {"Content-Type": "text/html"}}'
check "a wrong type" "$CDR" sync -r "$T/root" app:1
no_faults
expect_eq "it is there" "$app" "$(ROOT=$T/root published app:1)"
rm -rf "$T/root"

# --- proxies --------------------------------------------------------------------------

# proxy STATUS: sets $proxy
proxy()
{
	python3 "$TOP/tests/hub/connect.py" "$T/tls/$1.port" "$T/tls/$1.asked" \
		--answer "$1" 2>"$T/$1-proxy.log" &
	defer "process_end $!"
	wait_for 10 test -s "$1.port" || fail "the proxy does not start"
	proxy=http://127.0.0.1:$(cat "$1.port")
}
at "https://$good" "$trust"
proxy 407
told "a proxy that wants a password" \
	"https://$good: the proxy that https_proxy names answers 407.*user name and a password" \
	https_proxy="$proxy"
proxy 403
told "a proxy that refuses" "https://$good: the proxy that HTTPS_PROXY names answers 403.*no_proxy" \
	HTTPS_PROXY="$proxy"
expect_eq "it was asked once" 1 "$(grep -c . 403.asked)"
at "https://$good" "$trust, \"max_tries\": 3, \"retry_delay_ms\": 20"
proxy 502
expect_rc "a proxy that cannot now" 1 env https_proxy="$proxy" "$CDR" sync -r "$T/root" app:1
expect_eq "it was asked again" 3 "$(grep -c . 502.asked)"
expect_rc "no proxy there" 1 env "https_proxy=http://127.0.0.1:$(free_port)" \
	"$CDR" sync -r "$T/root" app:1
expect_said "it is told" "app:1: .*by way of the proxy that https_proxy names"
at "https://no-such-host.invalid" ', "max_tries": 2, "retry_delay_ms": 20'
expect_rc "a name that does not resolve" 1 "$CDR" sync -r "$T/root" app:1
expect_said "it is told" 'app:1: .*https://no-such-host.invalid: .*check the name'

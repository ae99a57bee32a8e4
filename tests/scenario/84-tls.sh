#!/bin/sh
# A registry behind TLS. With ca_file a private CA is trusted; without it, and for a
# certificate that is of another name, too old, or not the registry's, nothing is
# fetched and the message speaks of the certificate. client_cert and client_key open
# a registry that wants them, and are shown to nobody else, least of all to the mirror
# that --from asks in its place, which may have settings of its own. No way leads from
# https to http.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr nginx openssl python3 curl
start_registry
ROOT=$T/root
app=$(craft image library/app:1)
mkdir "$T/tls"
cd "$T/tls"

# --- certificates -----------------------------------------------------------------

# authority NAME: NAME.crt and NAME.key.
authority()
{
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
		-keyout "$1.key" -out "$1.crt" -days 2 -subj "/CN=$1" \
		-addext basicConstraints=critical,CA:TRUE
}
# certificate NAME CA SUBJECT-ALTERNATIVE-NAME DAYS USE
certificate()
{
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
		-keyout "$1.key" -out "$1.csr" -subj "/CN=$1"
	printf 'subjectAltName=%s\nextendedKeyUsage=%s\n' "$3" "$5" >"$1.ext"
	openssl x509 -req -in "$1.csr" -CA "$2.crt" -CAkey "$2.key" -CAcreateserial \
		-out "$1.crt" -days "$4" -extfile "$1.ext"
}
{
	authority ca
	authority other-ca
	certificate server ca IP:127.0.0.1,DNS:localhost 2 serverAuth
	certificate named ca DNS:registry.example 2 serverAuth
	certificate stranger other-ca IP:127.0.0.1 2 serverAuth
	# Over before it began: -days takes no time of day.
	certificate old ca IP:127.0.0.1 -1 serverAuth
	certificate client ca DNS:client.example 2 clientAuth
	certificate unknown other-ca DNS:client.example 2 clientAuth
	cat client.crt client.key >both.pem
} >"$T/openssl.log" 2>&1 || fail "openssl makes no certificates"

# --- servers ----------------------------------------------------------------------

# server NAME CERTIFICATE [LINES [ALL]]: sets $NAME to its address. ALL is what it
# does with each request, unless LINES know better; by itself it is the registry.
# What it was asked is in NAME.log.
server()
{
	_port=$(free_port)
	eval "$1=127.0.0.1:$_port"
	cat >>servers.conf <<END
server {
	listen 127.0.0.1:$_port ${2:+ssl};
	${2:+ssl_certificate $2.crt; ssl_certificate_key $2.key;}
	access_log $T/tls/$1.log seen;
	${3-}
	location / { ${4:-proxy_pass http://$UPSTREAM;} }
}
END
}
# What --from asks: registries are paths of it.
mirror="rewrite ^/docker.io(/.*) \$1 break; proxy_pass http://$UPSTREAM;"
good='' named='' strange='' old='' asking='' curious='' plain='' down='' realm=''
second='' closed=''
server good server
server named named
server strange stranger
server old old
server plain ''
server curious server 'ssl_client_certificate ca.crt; ssl_verify_client optional;'
server asking server "ssl_client_certificate ca.crt; ssl_verify_client on;
	location ~ /blobs/ { return 307 https://$curious\$request_uri; }"
server second server 'ssl_client_certificate ca.crt; ssl_verify_client optional;' "$mirror"
server closed server 'ssl_client_certificate ca.crt; ssl_verify_client on;' "$mirror"
server down server \
	"location ~ /manifests/1\$ { return 307 http://$plain\$request_uri; }"
server realm server '' "add_header WWW-Authenticate
	'Bearer realm=\"http://$plain/token\"' always; return 401;"
cat >nginx.conf <<END
worker_processes 1;
daemon off;
pid nginx.pid;
error_log stderr warn;
events { worker_connections 256; }
http {
	log_format seen '\$request_method \$request_uri \$status \$ssl_client_verify';
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
tls=$!
defer "process_end $tls"
wait_for 10 test -s nginx.pid || fail "nginx does not start"

# --- what must happen -------------------------------------------------------------

# reach ADDRESS SETTINGS: docker.io is there, by https.
reach()
{
	pick -n '{"docker.io": {"endpoint": at, "retry_delay_ms": 20, "max_tries": 3, **more}}' \
		at="https://$1" more:="$2" >"$T/registries.json"
	export CDR_REGISTRIES="$T/registries.json"
}
trust="{\"ca_file\": \"$T/tls/ca.crt\"}"

reach "$good" "$trust"
sync "a private CA" app:1
expect_published "it is there" app:1 "$app"
tree_check "$ROOT"
rm -rf "$ROOT"

# refused "what" ADDRESS SETTINGS REGEX
refused()
{
	reach "$2" "$3"
	within 5 sync_rc "$1" 1 app:1
	expect_said "$1: the message" "error: .*app:1: .*$4"
	expect_published "$1: nothing is there" app:1 nothing
}
refused "no ca_file" "$good" '{}' '[Cc]ertificate'
refused "another ca_file" "$good" "{\"ca_file\": \"$T/tls/other-ca.crt\"}" '[Cc]ertificate'
refused "a certificate of another CA" "$strange" "$trust" '[Cc]ertificate'
refused "one with another name" "$named" "$trust" '[Cc]ertificate|127\.0\.0\.1'
refused "one that is over" "$old" "$trust" '[Cc]ertificate.*expired'
for name in strange named old; do
	expect_eq "$name got no request" "" "$(cat $name.log)"
done
: >empty.crt
for file in "$T/tls/absent.crt" "$T/tls/empty.crt" "$T/tls/servers.conf"; do
	reach "$good" "{\"ca_file\": \"$file\"}"
	_rc=0
	"$CDR" sync -r "$ROOT" app:1 >"$T/stdout" 2>"$T/stderr" || _rc=$?
	case $_rc in
	1 | 2) ;;
	*) fail "ca_file ${file##*/}: ended with $_rc" ;;
	esac
	expect_said "ca_file ${file##*/} is named" "${file##*/}"
done
refused "TLS where there is none" "$plain" "$trust" '(TLS|SSL)'

# Who the client is.
refused "no client_cert" "$asking" "$trust" 'answers 400'
# client CERTIFICATE [KEY]: settings with them
client()
{
	printf '{"ca_file": "%s/ca.crt", "client_cert": "%s/%s"' "$T/tls" "$T/tls" "$1"
	[ $# -lt 2 ] || printf ', "client_key": "%s/%s"' "$T/tls" "$2"
	echo '}'
}
refused "a client_cert of another CA" "$asking" "$(client unknown.crt unknown.key)" \
	'answers 400'
refused "a client_key that is not its own" "$asking" "$(client client.crt unknown.key)" \
	'(key|certificate)'
expect_eq "the curious one was not asked" "" "$(cat curious.log)"
for keys in 'client.crt client.key' both.pem; do
	# shellcheck disable=SC2086 # words
	reach "$asking" "$(client $keys)"
	rm -rf "$ROOT"
	sync "a client certificate: $keys" app:1
	expect_published "it is there" app:1 "$app"
	tree_check "$ROOT"
done
expect_eq "it was asked for, and right" SUCCESS \
	"$(sed -n '/ 200 /s/.* //p' asking.log | sort -u)"
expect_eq "nobody else has seen it" NONE \
	"$(sed 's/.* //' curious.log | sort -u)"
rm -rf "$ROOT"

# Another CDR is not the registry: what is said of that does not hold for it.
both="{\"ca_file\": \"$T/tls/ca.crt\", \"client_cert\": \"$T/tls/both.pem\"}"
reach "$good" "$both"
sync_rc "a mirror of a private CA that is not the registry's" 1 --from "https://$second" app:1
expect_said "the certificate is not known" 'app:1: .*[Cc]ertificate'
expect_eq "it got no request" "" "$(cat second.log)"

# about ADDRESS SETTINGS: and what holds for the mirror there
about()
{
	reach "$good" "$both"
	pick '{**v, name: more}' "$T/registries.json" name="$1" more:="$2" \
		>"$T/registries.new"
	mv "$T/registries.new" "$T/registries.json"
}
about "$second" "$trust"
sync "a mirror that curiously asks who comes" --from "https://$second" app:1
expect_published "it is there" app:1 "$app"
expect_eq "it is told nothing" NONE "$(sed 's/.* //' second.log | sort -u)"
rm -rf "$ROOT"
about "$closed" "$trust"
sync_rc "a mirror that has to know who comes" 1 --from "https://$closed" app:1
expect_said "it says so" 'app:1: .*answers 400'
about "$closed" "$both"
sync "the same with a certificate for it" --from "https://$closed/" app:1
expect_published "it is there" app:1 "$app"
tree_check "$ROOT"
rm -rf "$ROOT"

refused "a redirect to http" "$down" "$trust" 'https to plain http.*refused'
refused "a token realm by http" "$realm" "$trust" 'https to plain http.*refused'
expect_eq "http was not asked" "" "$(grep '^[A-Z]' plain.log || :)"

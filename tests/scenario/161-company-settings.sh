#!/bin/sh
# What a company sets once for all programs: an authority of its own, by "*" in the
# registries file, by SSL_CERT_FILE, or by SSL_CERT_DIR with one or several folders,
# whose files have any names; what cannot be read is told, and no error. A ca_file of
# a registry's own goes before "*". A proxy by https:// is trusted by the same
# authorities, and no_proxy is taken in the forms that Go programs take.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr nginx openssl python3 curl
start_registry
ROOT=$T/root
app=$(craft image library/app:1)
mkdir "$T/tls"
cd "$T/tls"
# authority NAME, certificate NAME CA NAMES
authority()
{
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
		-keyout "$1.key" -out "$1.crt" -days 2 -subj "/CN=$1" \
		-addext basicConstraints=critical,CA:TRUE
}
certificate()
{
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
		-keyout "$1.key" -out "$1.csr" -subj "/CN=$1"
	echo "subjectAltName=$3" >"$1.ext"
	openssl x509 -req -in "$1.csr" -CA "$2.crt" -CAkey "$2.key" -CAcreateserial \
		-out "$1.crt" -days 2 -extfile "$1.ext"
}
{
	authority company
	authority other
	certificate server company DNS:reg.corp.example,IP:127.0.0.1
	certificate proxy company IP:127.0.0.1
} >"$T/openssl.log" 2>&1 || fail "openssl makes no certificates"
port=$(free_port)
cat >nginx.conf <<END
worker_processes 1;
daemon off;
pid nginx.pid;
error_log stderr warn;
events { worker_connections 64; }
http {
	access_log $T/tls/seen.log;
	proxy_max_temp_file_size 0;
	client_body_temp_path temp;
	proxy_temp_path temp;
	fastcgi_temp_path temp;
	uwsgi_temp_path temp;
	scgi_temp_path temp;
	server {
		listen 127.0.0.1:$port ssl;
		ssl_certificate server.crt;
		ssl_certificate_key server.key;
		location / { proxy_pass http://$UPSTREAM; }
	}
}
END
nginx -e stderr -p "$T/tls" -c "$T/tls/nginx.conf" >"$T/tls-nginx.log" 2>&1 &
defer "process_end $!"
wait_for 10 test -s nginx.pid || fail "nginx does not start"

# registries JSON: docker.io is there, and what else
export CDR_REGISTRIES="$T/registries.json"
registries()
{
	printf '{"docker.io": {"endpoint": "https://127.0.0.1:%s", "max_tries": 1%s}%s}\n' \
		"$port" "${2-}" "$1" >"$CDR_REGISTRIES"
	rm -rf "$ROOT"
}
# with "what" SETTING...: the image comes
with()
{
	_say=$1
	shift
	rm -rf "$ROOT"
	check "$_say" env "$@" "$CDR" sync -r "$ROOT" app:1
	expect_published "$_say: it is there" app:1 "$app"
}
# without "what" SETTING...: it does not
without()
{
	_say=$1
	shift
	rm -rf "$ROOT"
	expect_rc "$_say" 1 env "$@" "$CDR" sync -r "$ROOT" app:1
	expect_said "$_say: the certificate" 'app:1: .*[Cc]ertificate'
}

# --- authorities ----------------------------------------------------------------------

registries ''
without "nobody knows it" A=
registries ", \"*\": {\"ca_file\": \"$T/tls/company.crt\"}"
with "\"*\"" A=
registries ", \"*\": {\"ca_file\": \"$T/tls/company.crt\"}" ", \"ca_file\": \"$T/tls/other.crt\""
without "its own goes before it" A=
registries ", \"*\": {\"ca_file\": \"$T/tls/absent.crt\"}"
expect_rc "an absent one" 2 "$CDR" sync -r "$ROOT" app:1
expect_said "it is named" '\*: ca_file: cannot read .*absent.crt'

registries ''
with SSL_CERT_FILE SSL_CERT_FILE="$T/tls/company.crt"
mkdir hashed plain mounted mounted/..data
cp company.crt "hashed/$(openssl x509 -hash -noout -in company.crt).0"
{
	echo "# the company's, and a broken one"
	printf -- '-----BEGIN CERTIFICATE-----\nbroken!\n-----END CERTIFICATE-----\n'
	cat company.crt
} >"plain/any name.txt"
cp other.crt nginx.conf plain
cp company.crt mounted/..data/ca.crt
ln -s ..data/ca.crt mounted/ca.crt
for folder in hashed plain mounted; do
	with "SSL_CERT_DIR: $folder" SSL_CERT_DIR="$T/tls/$folder"
done
with "several, one of which is absent" SSL_CERT_DIR="$T/tls/absent::$T/tls/plain"
expect_said "that is told" "warning: the environment's SSL_CERT_DIR: $T/tls/absent: "
with "both" SSL_CERT_FILE="$T/tls/other.crt" SSL_CERT_DIR="$T/tls/hashed"
without "another one" SSL_CERT_FILE="$T/tls/other.crt"
for file in absent.crt nginx.conf; do
	without "$file" SSL_CERT_FILE="$T/tls/$file"
	expect_said "that is told" "warning: the environment's SSL_CERT_FILE: $T/tls/$file: "
done
registries '' ", \"ca_file\": \"$T/tls/company.crt\""
with "a ca_file beside it" SSL_CERT_FILE="$T/tls/other.crt"

# --- proxies --------------------------------------------------------------------------

# run_proxy NAME OPTION...: sets $at to its address
run_proxy()
{
	_name=$1
	shift
	python3 "$TOP/tests/hub/connect.py" "$T/tls/$_name.port" "$T/tls/$_name.log" \
		--to "reg.corp.example=$port" "$@" 2>"$T/$_name-proxy.log" &
	defer "process_end $!"
	wait_for 10 test -s "$_name.port" || fail "the proxy does not start"
	at=127.0.0.1:$(cat "$_name.port")
	: >"$_name.log"
}
run_proxy plainly
plainly=$at
run_proxy secretly --tls proxy.crt proxy.key
secretly=$at
registries '' ', "ca_file": "'"$T/tls/company.crt"'"'
sed -i "s,127.0.0.1:$port,reg.corp.example," "$CDR_REGISTRIES"
with "http://" HTTPS_PROXY="http://$plainly"
expect_eq "the proxy was asked" reg.corp.example:443 "$(sort -u plainly.log)"
with "https://" HTTPS_PROXY="https://$secretly"
expect_eq "the other proxy was asked" reg.corp.example:443 "$(sort -u secretly.log)"
registries ''
sed -i "s,127.0.0.1:$port,reg.corp.example," "$CDR_REGISTRIES"
with "https://, and SSL_CERT_FILE" HTTPS_PROXY="https://$secretly" SSL_CERT_FILE="$T/tls/company.crt"
without "https://, and nothing" HTTPS_PROXY="https://$secretly"

registries '' ', "ca_file": "'"$T/tls/company.crt"'"'
for except in 127.0.0.1 127.0.0.1:$port 127.0.0.0/8 '*' 'x.example,127.0.0.1' "10.0.0.0/8, 127.0.0.0/8"; do
	: >plainly.log
	with "no_proxy=$except" HTTPS_PROXY="http://$plainly" no_proxy="$except"
	expect_eq "the proxy was not asked" "" "$(cat plainly.log)"
done
for except in 127.0.0.1:1 10.0.0.0/8 '*.0.0.1' 27.0.0.1; do
	: >plainly.log
	with "NO_PROXY=$except" HTTPS_PROXY="http://$plainly" NO_PROXY="$except"
	expect_eq "the proxy was asked" "127.0.0.1:$port" "$(sort -u plainly.log)"
done
registries '' ', "ca_file": "'"$T/tls/company.crt"'"'
sed -i "s,127.0.0.1:$port,reg.corp.example," "$CDR_REGISTRIES"
for except in '*.corp.example' .corp.example corp.example reg.corp.example:443; do
	: >plainly.log
	expect_rc "NO_PROXY=$except" 1 env HTTPS_PROXY="http://$plainly" NO_PROXY="$except" \
		"$CDR" sync -r "$ROOT" app:1
	expect_eq "the proxy was not asked" "" "$(cat plainly.log)"
done

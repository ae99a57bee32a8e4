#!/bin/sh
# Proxies, as the environment names them. For https the proxy sees CONNECT and a
# name, and no credentials but its own; for http it sees the registry's only in the
# requests to the registry, and none in what follows a redirect. The proxy's own
# never reach a registry or the output. NO_PROXY goes around it, by name and by
# network. Without the proxy there is no other way: a dead one, or one that refuses,
# fails the image.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr nginx openssl python3 curl
start_registry
ROOT=$T/root
app=$(craft image library/app:1)
mkdir "$T/docker" "$T/tls"
cd "$T/tls"
export DOCKER_CONFIG="$T/docker"
printf '{"auths": {"docker.io": {"auth": "%s"}}}\n' \
	"$(printf mary:registry-secret | base64)" >"$T/docker/config.json"

{
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
		-keyout server.key -out server.crt -days 2 -subj /CN=registry.example \
		-addext subjectAltName=DNS:registry.example,IP:127.0.0.1
} >"$T/openssl.log" 2>&1 || fail "openssl makes no certificate"

# --- a registry with Basic, by https and by http, and a CDN -------------------------

https=$(free_port) http=$(free_port) cdn=$(free_port)
printf 'mary:{PLAIN}registry-secret\n' >users
cat >nginx.conf <<END
worker_processes 1;
daemon off;
pid nginx.pid;
error_log stderr warn;
events { worker_connections 256; }
http {
	log_format seen '\$server_port \$status auth=\$http_authorization proxy=\$http_proxy_authorization';
	access_log $T/tls/seen.log seen;
	proxy_max_temp_file_size 0;
	proxy_buffering off;
	proxy_http_version 1.1;
	proxy_set_header Authorization "";
	client_body_temp_path temp;
	proxy_temp_path temp;
	fastcgi_temp_path temp;
	uwsgi_temp_path temp;
	scgi_temp_path temp;
	server {
		listen 127.0.0.1:$https ssl;
		ssl_certificate server.crt;
		ssl_certificate_key server.key;
		auth_basic registry;
		auth_basic_user_file $T/tls/users;
		location / { proxy_pass http://$UPSTREAM; }
	}
	server {
		listen 127.0.0.1:$http;
		auth_basic registry;
		auth_basic_user_file $T/tls/users;
		location / { proxy_pass http://$UPSTREAM; }
		location ~ /blobs/ { return 307 http://cdn.example\$request_uri; }
	}
	server {
		listen 127.0.0.1:$cdn;
		location / { proxy_pass http://$UPSTREAM; }
	}
}
END
chmod 644 users
nginx -e stderr -p "$T/tls" -c "$T/tls/nginx.conf" >"$T/tls-nginx.log" 2>&1 &
nginx=$!
defer "process_end $nginx"
wait_for 10 test -s nginx.pid || fail "nginx does not start"

# --- a proxy that knows where these names are ---------------------------------------

cat >proxy.py <<'END'
import base64, http.client, http.server, json, select, socket, sys, urllib.parse

ports, user, log, ready = json.loads(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
OWN = ("proxy-authorization", "proxy-connection", "connection")


class Proxy(http.server.BaseHTTPRequestHandler):
	protocol_version = "HTTP/1.1"

	def log_message(self, *args):
		pass

	def allowed(self, target):
		own = "Basic " + base64.b64encode(user.encode()).decode()
		given = self.headers["Proxy-Authorization"]
		with open(log, "a") as file:
			print(self.command, target, "auth=" + ("yes" if self.headers["Authorization"] else "no"),
			      "proxy=" + ("yes" if given else "no"), file=file)
		if given == own:
			return True
		self.send_response(407)
		self.send_header("Proxy-Authenticate", 'Basic realm="proxy"')
		self.send_header("Content-Length", "0")
		self.end_headers()
		return False

	def do_CONNECT(self):
		if not self.allowed(self.path):
			return
		there = socket.create_connection(("127.0.0.1", ports[self.path]))
		self.send_response(200)
		self.end_headers()
		pair = [self.connection, there]
		while True:
			for one in select.select(pair, [], [])[0]:
				data = one.recv(65536)
				if not data:
					there.close()
					self.close_connection = True
					return
				pair[one is self.connection].sendall(data)

	def do_GET(self):
		url = urllib.parse.urlsplit(self.path)
		if not self.allowed(url.netloc + url.path):
			return
		there = http.client.HTTPConnection("127.0.0.1", ports[url.netloc])
		there.request(self.command, url.path, headers={
			name: value for name, value in self.headers.items() if name.lower() not in OWN})
		answer = there.getresponse()
		body = answer.read()
		self.send_response(answer.status)
		for name, value in answer.getheaders():
			if name.lower() not in ("connection", "transfer-encoding", "content-length"):
				self.send_header(name, value)
		self.send_header("Content-Length", answer.getheader("Content-Length") or str(len(body)))
		self.end_headers()
		self.wfile.write(body)

	do_HEAD = do_GET


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
server.daemon_threads = True
with open(ready + ".new", "w") as file:
	print(server.server_address[1], file=file)
import os
os.rename(ready + ".new", ready)
server.serve_forever()
END
python3 proxy.py "{\"registry.example:443\": $https, \"registry.example\": $http, \"cdn.example\": $cdn}" \
	petra:proxy-secret "$T/proxy.log" "$T/tls/port" 2>"$T/proxy-stderr.log" &
proxy=$!
defer "process_end $proxy"
wait_for 10 test -s port || fail "the proxy does not start"
address=127.0.0.1:$(cat port)

# --- what must happen ---------------------------------------------------------------

# endpoint URL: docker.io is there
endpoint()
{
	printf '{"docker.io": {"endpoint": "%s", "ca_file": "%s", "max_tries": 2, "retry_delay_ms": 20}}\n' \
		"$1" "$T/tls/server.crt" >"$T/registries.json"
	export CDR_REGISTRIES="$T/registries.json"
	rm -rf "$ROOT"
	: >"$T/proxy.log"
	: >seen.log
}

# quiet "what": no secret in what was printed, the proxy's in no request that arrived
quiet()
{
	! grep -qE 'registry-secret|proxy-secret' "$T/stdout" "$T/stderr" ||
		fail "$1: a secret is in the output"
	! grep -v 'proxy=-$' seen.log || fail "$1: a registry saw the proxy's password"
	ok "$1: nothing is told"
}

endpoint https://registry.example
sync_rc "no proxy, no such host" 1 app:1
expect_eq "the proxy was not asked" "" "$(cat "$T/proxy.log")"

for name in https_proxy HTTPS_PROXY; do
	endpoint https://registry.example
	check "$name" env "$name=http://petra:proxy-secret@$address" "$CDR" sync -r "$ROOT" -v app:1
	expect_published "it is there" app:1 "$app"
	expect_eq "CONNECT is all it saw" "CONNECT registry.example:443 auth=no proxy=yes" \
		"$(sort -u "$T/proxy.log")"
	grep -q "^$https 200 auth=Basic" seen.log || fail "the registry saw no password"
	quiet "$name"
done
tree_check "$ROOT"

endpoint http://registry.example
check http_proxy env "http_proxy=http://petra:proxy-secret@$address" "$CDR" sync -r "$ROOT" -v app:1
expect_published "it is there" app:1 "$app"
expect_eq "the first request has no password" "HEAD registry.example/v2/library/app/manifests/1 auth=no" \
	"$(sed -n '1s/ proxy=.*//p' "$T/proxy.log")"
grep -q 'GET cdn.example/.* auth=no' "$T/proxy.log" || fail "the redirect did not go through the proxy"
expect_eq "none goes to the CDN" "" "$(grep 'cdn.example.*auth=yes' "$T/proxy.log" || :)"
expect_eq "none at the CDN" "" "$(grep "^$cdn .*auth=Basic" seen.log || :)"
quiet http_proxy
tree_check "$ROOT"

for except in 127.0.0.1 127.0.0.0/8 'example.org, 127.0.0.1' '*'; do
	endpoint "https://127.0.0.1:$https"
	check "NO_PROXY=$except" env "HTTPS_PROXY=http://$address" "NO_PROXY=$except" \
		"$CDR" sync -r "$ROOT" app:1
	expect_published "it is there" app:1 "$app"
	expect_eq "the proxy was not asked" "" "$(cat "$T/proxy.log")"
done

# refused "what" REGEX PROXY
refused()
{
	endpoint https://registry.example
	within 5 expect_rc "$1" 1 env "https_proxy=$3" "NO_PROXY=example.org" \
		"$CDR" sync -r "$ROOT" -v app:1
	expect_said "$1: the message" "error: .*app:1: .*$2"
	expect_eq "$1: nobody else was asked" "" "$(cat seen.log)"
	quiet "$1"
}
refused "the proxy wants a password" '407' "http://$address"
refused "the proxy wants another one" '407' "http://petra:wrong@$address"
refused "no proxy there" '[Cc]onnect' "http://petra:proxy-secret@127.0.0.1:$(free_port)"

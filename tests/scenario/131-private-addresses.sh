#!/bin/sh
# Where a registry or its token server may lead is judged by the address that is
# connected to, for each request and each hop: a name like any other that resolves to
# this machine, its network or the cloud's metadata is not asked, also not over a
# connection that another registry's requests have left. The setting "private" of a
# registry names hosts and networks that its redirects may lead to; an internal
# registry may lead to its own network, but not to link-local addresses. Behind a proxy
# names alone can be judged, and -v says so.
. "$(dirname "$0")/../lib.sh"

need cdr python3 root ip
if [ -z "${CDR_PRIVATE-}" ]; then
	CDR_PRIVATE=1 TMPDIR=/tmp unshare -mn --propagation private sh "$0"
	exit
fi
ip link set lo up
# All of them are this machine's; who judges them does not know.
for a in 203.0.113.1/32 203.0.113.2/32 10.1.2.3/32 10.1.2.4/32 100.64.0.1/32 \
	169.254.169.254/32 fd00::1/128; do
	ip addr add $a dev lo
done
cat >"$T/hosts" <<'EOF2'
127.0.0.1 localhost
203.0.113.1 public.example
203.0.113.2 cdn.example
10.1.2.3 inner.example internal.example
10.1.2.4 minio.corp.example
127.0.0.1 loop.example
100.64.0.1 carrier.example
169.254.169.254 meta.example
fd00::1 six.example
EOF2
mount --bind "$T/hosts" /etc/hosts
cat >"$T/server.py" <<'EOF2'
import http.server, socket, sys, threading, time
class Server(http.server.ThreadingHTTPServer):
	address_family = socket.AF_INET6
class Handler(http.server.BaseHTTPRequestHandler):
	protocol_version = "HTTP/1.1"
	def log_message(self, *args):
		pass
	def setup(self):
		super().setup()
		with open(sys.argv[1] + "/accepted.log", "a") as f:
			f.write(self.connection.getsockname()[0] + "\n")
	def answer(self, status, body=b"{}", **headers):
		self.send_response(status)
		for name, value in headers.items():
			self.send_header(name.replace("_", "-"), value)
		self.send_header("Content-Length", str(len(body)))
		self.end_headers()
		self.wfile.write(body if self.command != "HEAD" else b"")
	def do_GET(self):
		path = self.path
		if path.startswith("http://"):
			path = "/" + path.split("/", 3)[3]
		with open(sys.argv[1] + "/asked.log", "a") as f:
			f.write(f"{self.headers['Host']} {path}\n")
		how, where = open(sys.argv[1] + "/mode").read().split()
		if path.startswith("/hidden"):
			self.answer(403, b"words-from-inside")
		elif self.headers["Host"].startswith("inner") or how == "plain":
			self.answer(404)
		elif how == "late":
			time.sleep(1)
			self.answer(307, Location=where)
		elif how == "realm":
			self.answer(401, WWW_Authenticate=f'Bearer realm="{where}"')
		else:
			self.answer(307, Location=where)
	do_HEAD = do_GET
for port in (80, 3128):
	server = Server(("::", port), Handler)
	threading.Thread(target=server.serve_forever).start()
open(sys.argv[1] + "/ready", "w").close()
EOF2
echo "plain -" >"$T/mode"
python3 "$T/server.py" "$T" >"$T/server.log" 2>&1 &
server=$!
defer "process_end $server"
wait_for 10 test -e "$T/ready"

# registries PRIVATE: what public.example may reach
registries()
{
	cat >"$T/registries.json" <<EOF2
{ "public.example": { "endpoint": "http://public.example", "max_tries": 1$1 },
  "internal.example": { "endpoint": "http://internal.example", "max_tries": 1 },
  "inner.example": { "endpoint": "http://inner.example", "max_tries": 1 } }
EOF2
}
export CDR_REGISTRIES="$T/registries.json"
# run HOW WHERE REF...
run()
{
	echo "$1 $2" >"$T/mode"
	shift 2
	: >"$T/asked.log"
	rm -rf "$T/root"
	expect_rc "${_say-sync}" 1 "$CDR" sync -v -r "$T/root" "$@"
}
# refused "what" HOW WHERE REF...
refused()
{
	_say=$1
	shift
	run "$@"
	! grep -q /hidden "$T/asked.log" || fail "$_say: it was asked"
	! grep -q words-from-inside "$T/root/status/status.json" "$T/stderr" ||
		fail "$_say: its words are here"
	expect_said "$_say: it says so" 'which is on this machine or its network: refused .the setting "private" of the registry allows it'
}
# asked "what" HOW WHERE REF...
asked()
{
	_say=$1
	shift
	run "$@"
	grep -q /hidden "$T/asked.log" || fail "$_say: it was not asked"
	! grep -q refused "$T/stderr" || fail "$_say: it was refused"
}

registries ""
asked "another public host" redirect http://cdn.example/hidden public.example/app:1
asked "its own" redirect http://public.example/hidden public.example/app:1
for name in inner loop carrier meta six; do
	refused "$name: a redirect" redirect http://$name.example/hidden public.example/app:1
	refused "$name: a realm" realm http://$name.example/hidden public.example/app:1
done
refused "the network's address" redirect http://10.1.2.3/hidden public.example/app:1
refused "it in hexadecimal" redirect http://0x0a010203/hidden public.example/app:1
refused "it in IPv6" redirect 'http://[::ffff:10.1.2.3]/hidden' public.example/app:1

# --- connections of others --------------------------------------------------------

: >"$T/accepted.log"
refused "after a registry that is there itself" late http://inner.example/hidden \
	inner.example/app:1 public.example/app:1
expect_eq "that one was asked" 2 "$(grep -c '^inner.example /v2/' "$T/asked.log")"
expect_eq "over the connection that was used again" 1 \
	"$(grep -c '10.1.2.3' "$T/accepted.log")"
asked "an internal registry may" redirect http://minio.corp.example/hidden \
	internal.example/app:1
asked "and its token server" realm http://minio.corp.example/hidden internal.example/app:1
refused "but not to the metadata" redirect http://meta.example/hidden internal.example/app:1
refused "the other one may not, after that" redirect http://minio.corp.example/hidden \
	inner.example/app:1 public.example/app:1

# --- the setting ------------------------------------------------------------------

for place in 10.1.2.0/24 10.1.2.3 inner.example; do
	registries ", \"private\": [\"192.168.0.0/16\", \"$place\"]"
	asked "$place: a redirect" redirect http://inner.example/hidden public.example/app:1
	asked "$place: a realm" realm http://inner.example/hidden public.example/app:1
done
registries ', "private": ["10.1.2.0/24", "minio.corp.example"]'
asked "its address in the URL" redirect http://10.1.2.3/hidden public.example/app:1
refused "another network" redirect http://loop.example/hidden public.example/app:1
registries ', "private": ["10.1.3.0/24", "minio.corp.example"]'
refused "a network beside it" redirect http://inner.example/hidden public.example/app:1
for bad in '"10.0.0.0/8"' '[]' '[7]' '["10.0.0.0/33"]' '["UPPER.example"]' '["a b"]' '["10.0.0"]' \
	'["fd00::/129"]' '["http://x.example"]' '["10.0.0.0/"]'; do
	registries ", \"private\": $bad"
	expect_rc "$bad" 2 "$CDR" sync -r "$T/root" public.example/app:1
	expect_said "it is named" 'public.example: private: '
done

# --- proxies ----------------------------------------------------------------------

registries ""
export http_proxy=http://127.0.0.1:3128
asked "behind a proxy only names are judged" redirect http://inner.example/hidden \
	public.example/app:1
expect_said "and -v says so" 'a proxy is set: where it connects to cannot be seen'
refused "and addresses in URLs" redirect http://10.1.2.3/hidden public.example/app:1
export no_proxy=inner.example
refused "where there is none, addresses" redirect http://inner.example/hidden \
	public.example/app:1

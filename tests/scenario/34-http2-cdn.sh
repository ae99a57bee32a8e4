#!/bin/sh
# A CDN that speaks HTTP/2 is asked for large and for small blobs, and takes a while to
# answer: each gets what it asked for, at the first try. What shares an HTTP/2 connection
# is never sent over one of HTTP/1.1 on which a large blob is under way. What comes by TLS
# and is no HTTP is asked for again.
# Waits: for answers that are late
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr nginx openssl python3 curl
start_registry
ROOT=$T/root
python3 -S - "$T" "$UPSTREAM" "$TOP/tests/hub" >"$T/layers" <<'END'
# Two layers that are large beside three that are small.
import sys, types
sys.path.insert(0, sys.argv[3])
import craft
class Mixed(craft.Craft):
    def layers(self, platform, alg="sha256"):
        return [craft.make_layer(self.seed, number, size, alg)
                for number, size in enumerate((3000000, 9000, 2900000, 8000, 7000))]
options = types.SimpleNamespace(
    name="library/mixed:1", seed="mixed", size=0, layers=1, shared=0, docker=False,
    no_media_type=False, attestations=None, created=craft.EPOCH, annotated=None,
    platform="linux/amd64", platforms="linux/amd64")
made = Mixed(craft.Registry(sys.argv[2]), options)
craft.make_image(made, options)
print(*(one["digest"] for one in made.objects if one["kind"] == "layer"))
END
# shellcheck disable=SC2046 # digests
set -- $(cat "$T/layers")
start_hub --mode open
# The large ones are asked for first, and answered last. Small ones bring HTTP/2
# meanwhile, and one comes later.
fault "{\"listener\": \"cdn\", \"path\": \"${1#*:}|${3#*:}\", \"delay_ms\": 2500}" \
	"{\"listener\": \"registry\", \"path\": \"$5\", \"delay_ms\": 1400}" \
	"{\"listener\": \"registry\", \"path\": \"$1|$3\", \"delay_ms\": 1}" \
	'{"listener": "registry", "path": "/blobs/", "delay_ms": 700}'

mkdir "$T/tls"
cd "$T/tls"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
	-keyout key -out crt -days 2 -subj /CN=localhost \
	-addext subjectAltName=IP:127.0.0.1 >"$T/openssl.log" 2>&1 ||
	fail "openssl makes no certificate"
registry=127.0.0.1:$(free_port)
cdn=127.0.0.1:$(free_port)
odd=127.0.0.1:$(free_port)
odd_cdn=127.0.0.1:$(free_port)
cat >nginx.conf <<END
worker_processes 2;
daemon off;
pid nginx.pid;
error_log stderr crit;
events { worker_connections 1024; }
http {
	log_format seen '\$connection \$server_protocol \$uri';
	access_log off;
	ssl_certificate crt;
	ssl_certificate_key key;
	proxy_max_temp_file_size 0;
	proxy_http_version 1.1;
	client_body_temp_path temp;
	proxy_temp_path temp;
	fastcgi_temp_path temp;
	uwsgi_temp_path temp;
	scgi_temp_path temp;
	server {
		listen $registry ssl http2;
		location / {
			proxy_pass http://$HUB;
			proxy_redirect http://$HUB_CDN/ https://$cdn/;
		}
	}
	server {
		listen $odd ssl http2;
		location / { proxy_pass http://$UPSTREAM; }
		location ~ /blobs/ { return 307 https://$odd_cdn\$request_uri; }
	}
	server {
		listen $cdn ssl http2;
		access_log $T/tls/cdn.log seen;
		location / { proxy_pass http://$HUB_CDN; }
	}
}
END
nginx -e stderr -p "$T/tls" -c "$T/tls/nginx.conf" >"$T/tls-nginx.log" 2>&1 &
nginx=$!
defer "process_end $nginx"
wait_for 60 test -s nginx.pid || fail "nginx does not start"
cat >"$T/registries.json" <<END
{"docker.io": {"endpoint": "https://$registry", "ca_file": "$T/tls/crt",
	"stall_timeout_s": 5, "retry_delay_ms": 20}}
END
export CDR_REGISTRIES="$T/registries.json"

check "it comes" "$CDR" sync -r "$ROOT" mixed:1
! grep 'trying again' "$T/stderr" || fail "not at the first try"
tree_check "$ROOT"
expect_eq "both ways were taken" 2 "$(awk '{ print $2 }' cdn.log | sort -u | wc -l)"
expect_eq "nothing small is sent over the way of what is large" "" \
	"$(awk -v small="${2#*:}|${4#*:}|${5#*:}" '$2 == "HTTP/1.1" && $3 ~ small' cdn.log)"

# --- no HTTP at all ----------------------------------------------------------------

cat >"$T/odd.py" <<'END'
"""odd.py HOST PORT BACKEND: to the first that asks it sends what begins an HTTP/2
connection; the others get what they ask for."""
import http.server, ssl, sys, urllib.request

class Odd(http.server.BaseHTTPRequestHandler):
    asked = 0

    def do_GET(self):
        Odd.asked += 1
        if Odd.asked == 1:
            self.wfile.write(b"\0\0\x12\4\0\0\0\0\0\0\3\0\0\0\x80\0\4\0\1\0\0\0\5\0\xff\xff\xff")
            self.close_connection = True
            return
        with urllib.request.urlopen(f"http://{sys.argv[3]}{self.path}") as answer:
            body = answer.read()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        pass

server = http.server.ThreadingHTTPServer((sys.argv[1], int(sys.argv[2])), Odd)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("crt", "key")
server.socket = context.wrap_socket(server.socket, server_side=True)
print("ready", flush=True)
server.serve_forever()
END
python3 -S "$T/odd.py" 127.0.0.1 "${odd_cdn##*:}" "$UPSTREAM" >"$T/odd.log" 2>&1 &
defer "process_end $!"
wait_for 60 grep -q ready "$T/odd.log" || fail "the odd server does not start"
sed -i "s/$registry/$odd/" "$T/registries.json"
rm -rf "$ROOT"
check "what is no HTTP is asked for again" "$CDR" sync -r "$ROOT" mixed:1
expect_said "once more than there are objects" ' 9 requests,'
tree_check "$ROOT"

#!/bin/sh
# What servers send does not decide how much memory a run takes. 48 manifests of 4 MiB
# (128 in the long run) over HTTP/2 whose last byte comes late, and 400,000 tags of 115
# characters: the peak stays below 64 MiB, small images beside them come meanwhile, and
# what is too much is refused. Descriptors that tell too small a size change nothing.
. "$(dirname "$0")/../lib.sh"
plain_build
. "$TOP/tests/sync.sh"

need cdr nginx openssl python3 curl /usr/bin/time
upstream

# peak "what" CODE LIMIT(KiB) ARG...
peak()
{
	_what=$1 _code=$2 _most=$3
	shift 3
	expect_rc "$_what" "$_code" /usr/bin/time -o "$T/peak" -f %M \
		"$CDR" sync -r "$ROOT" "$@"
	_peak=$(tail -n 1 "$T/peak")
	[ "$_peak" -le "$_most" ] || fail "$_what: $_peak KiB, more than $_most"
	ok "$_what: $_peak KiB"
}

count=48
! in_all || count=128

# An index of so many images whose manifests have 4 MiB each, with the right sizes or with
# wrong ones; and roots of that size.
cat >"$T/huge.py" <<'END2'
import hashlib, json, os, sys

top, count = sys.argv[1], int(sys.argv[2])
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
SIZE = 4 << 20

def put(where, name, body, kind):
    digest = "sha256:" + hashlib.sha256(body).hexdigest()
    os.makedirs(where, exist_ok=True)
    for one in {name, digest}:
        with open(f"{where}/{one}", "wb") as file:
            file.write(body)
        with open(f"{where}/{one}.type", "w") as file:
            file.write(kind)
    return digest

where = f"{top}/library/huge/manifests"
blobs = f"{top}/library/huge/blobs"
os.makedirs(blobs)
config = b"{}"
digest = "sha256:" + hashlib.sha256(config).hexdigest()
open(f"{blobs}/{digest}", "wb").write(config)
entries = []
for n in range(count):
    value = {"schemaVersion": 2, "mediaType": MANIFEST, "config": {
        "mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest,
        "size": len(config)}, "layers": [], "annotations": {"n": str(n), "pad": ""}}
    empty = len(json.dumps(value).encode())
    value["annotations"]["pad"] = "x" * (SIZE - empty)
    body = json.dumps(value).encode()
    child = put(where, f"huge-{n}", body, MANIFEST)
    entries.append({"mediaType": MANIFEST, "digest": child, "size": len(body),
                    "platform": {"os": "linux", "architecture": f"a{n}"}})
for tag, size in ("right", SIZE), ("wrong", 500):
    for entry in entries:
        entry["size"] = size
    put(where, tag, json.dumps({"schemaVersion": 2, "mediaType": INDEX,
                                "manifests": entries}).encode(), INDEX)
END2
python3 "$T/huge.py" "$T/overlay" $count
small=$(craft image library/small:1 --layers 1 --size 500)

# nginx speaks HTTP/2; the last byte of a large one is a second late.
mkdir "$T/tls"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
	-keyout "$T/tls/key" -out "$T/tls/crt" -days 2 -subj /CN=localhost \
	-addext subjectAltName=IP:127.0.0.1 >"$T/openssl.log" 2>&1 ||
	fail "openssl makes no certificate"
start_hub --mode open --no-redirect
port=$(free_port)
cat >"$T/tls/nginx.conf" <<END
worker_processes 1;
daemon off;
pid nginx.pid;
error_log stderr crit;
events { worker_connections 1024; }
http {
	access_log off;
	client_body_temp_path body;
	proxy_temp_path proxy;
	server {
		listen 127.0.0.1:$port ssl http2;
		ssl_certificate crt;
		ssl_certificate_key key;
		http2_max_concurrent_streams 256;
		location / {
			proxy_pass http://$HUB;
			proxy_buffering off;
		}
	}
}
END
(cd "$T/tls" && exec nginx -p "$T/tls" -c "$T/tls/nginx.conf") \
	</dev/null >"$T/nginx-tls.log" 2>&1 &
defer "process_end $!"
wait_for 10 curl -skf -o "$T/up" "https://127.0.0.1:$port/v2/"
settings "{\"endpoint\": \"https://127.0.0.1:$port\", \"ca_file\": \"$T/tls/crt\",
	\"max_connections\": 8}"
fault '{"name": "late", "path": "/huge/manifests/sha256", "late_ms": 500}'
printf 'huge:right platform=all\nsmall:1\n' >"$T/list"
within 90 peak "$count manifests of 4 MiB" 0 65536 -i "$T/list"
expect_published "a small image beside them" small:1 "$small"
tree_check "$ROOT"
ROOT=$T/wrong
printf 'huge:wrong platform=all\nsmall:1\n' >"$T/list"
within 90 peak "the same, and none is as small as it was said to be" 1 65536 -i "$T/list"
expect_said "that is told" 'says that it has 500 bytes, but it has 4194304'
expect_published "a small image beside these" small:1 "$small"

# --- tags -------------------------------------------------------------------------

start_hub --mode open --no-redirect
mkdir -p "$T/overlay/library/many"
python3 -c '
import sys
tags = ["%0115d" % n for n in range(400000)]
sys.stdout.write("{\"name\": \"library/many\", \"tags\": [\"%s\"]}" % "\",\"".join(tags))
' >"$T/overlay/library/many/tags.json"
printf 'many tags=glob:*\nsmall:1\n' >"$T/list"
ROOT=$T/tags
peak "400,000 tags of 115 characters" 1 65536 -i "$T/list"
expect_said "they are refused" 'more than 16777216 bytes in all'
expect_published "another image comes" small:1 "$small"
printf 'many tags=glob:*399999\n' >"$T/list"
peak "one of them" 1 24576 -i "$T/list"

#!/bin/sh
# Nobody asks for a transfer coding but chunked. An answer that is compressed by another
# one is refused, and never inflated: that image fails and says why, for a manifest, a
# blob, an error and a token alike, in whatever spelling; the image beside it is here.
. "$(dirname "$0")/../lib.sh"

need cdr python3
cat >"$T/server.py" <<'EOF2'
import gzip, hashlib, http.server, json, os, sys
def sha(data):
	return "sha256:" + hashlib.sha256(data).hexdigest()
kind = "application/vnd.oci.image."
blob = b"x" * 1000000
config = json.dumps({"os": "linux", "architecture": "amd64",
		     "rootfs": {"type": "layers", "diff_ids": []}}).encode()
def manifest(layer):
	return json.dumps({"schemaVersion": 2, "mediaType": kind + "manifest.v1+json",
		"config": {"mediaType": kind + "config.v1+json", "digest": sha(config),
			   "size": len(config)},
		"layers": [{"mediaType": kind + "layer.v1.tar", "digest": sha(layer),
			    "size": len(layer)}]}).encode()
good = manifest(b"good")
bad = manifest(blob)
class Handler(http.server.BaseHTTPRequestHandler):
	protocol_version = "HTTP/1.1"
	def log_message(self, *args):
		pass
	def do_GET(self):
		coding, where = open(sys.argv[1] + "/mode").read().strip().split(";")
		body, status = b"{}", 404
		for data in (config, b"good", blob, good, bad):
			if self.path.endswith(sha(data)):
				body, status = data, 200
		if self.path.endswith("/good"):
			body, status = good, 200
		if self.path.endswith("/bad"):
			body, status = bad, 200
		odd = where in self.path and (sha(blob) in self.path or "bad" in self.path
			or sha(bad) in self.path)
		if odd and where == "bad":
			status = 403
		if odd and where == "v2" and not self.path.endswith("bad"):
			odd = False
		self.send_response(status)
		self.send_header("Content-Type", kind + "manifest.v1+json")
		if odd:
			body = gzip.compress(body)
			self.send_header("Transfer-Encoding", coding)
			self.end_headers()
			if self.command != "HEAD":
				if "chunked" in coding:
					body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
				self.wfile.write(body)
			self.close_connection = True
			return
		self.send_header("Content-Length", str(len(body)))
		self.end_headers()
		if self.command != "HEAD":
			self.wfile.write(body)
	do_HEAD = do_GET
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
with open(sys.argv[1] + "/port.new", "w") as f:
	f.write(str(server.server_address[1]))
os.rename(sys.argv[1] + "/port.new", sys.argv[1] + "/port")
server.serve_forever()
EOF2
echo "gzip;blobs" >"$T/mode"
python3 "$T/server.py" "$T" >"$T/server.log" 2>&1 &
server=$!
defer "process_end $server"
wait_for 10 test -s "$T/port"
reg=127.0.0.1:$(cat "$T/port")
echo '{"'"$reg"'": {"max_tries": 2, "retry_delay_ms": 1}}' >"$T/registries.json"
export CDR_REGISTRIES="$T/registries.json"

for mode in "gzip;blobs" "gzip, chunked;blobs" "GZip;blobs" "deflate;blobs" "x-gzip;manifests" \
	"chunked, gzip;manifests" "br;bad" "chunked,gzip,chunked;v2"; do
	echo "$mode" >"$T/mode"
	rm -rf "$T/root"
	expect_rc "$mode" 1 "$CDR" sync -r "$T/root" "$reg/app:bad" "$reg/app:good"
	expect_said "it says why" "app:bad: .*another Transfer-Encoding than chunked"
	expect_said "the other one is here" '1 updated, 1 failed'
done
echo "chunked;nowhere" >"$T/mode"
check "without" "$CDR" sync -r "$T/root" "$reg/app:bad" "$reg/app:good"

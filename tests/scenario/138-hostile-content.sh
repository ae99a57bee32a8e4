#!/bin/sh
# What strangers pushed, opened in a real Chromium, runs nothing: manifests and blobs
# that are HTML, SVG, XHTML or JavaScript, some planted in the tree under such types,
# opened by their URL, in a frame, as a script, a style or a worker. The same bytes do
# run on a careless server, and the mirror's own page works.
# Waits: for the time limits of what never answers.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
. "$TOP/tests/page/page.sh"

need cdr nginx python3 curl jq chromium selenium

upstream
craft image library/app:1 --layers 1 >/dev/null
sync "an image" app:1
chmod -R u+w "$ROOT"

# Planted: what no cdr writes. And as an index' own entry, whose type is harmless.
python3 - "$ROOT" "$T/loose" >"$T/paths" <<'END'
import hashlib, json, os, sys

root, loose = sys.argv[1:]
whole = os.environ.get("TIER") == "all"
repo = f"{root}/repos/docker.io/library/app/_manifests"
run = "globalThis.ran = 1; try { fetch('/hit?%s') } catch (e) {}; try { parent.postMessage('hit %s', '*') } catch (e) {}; try { alert('%s') } catch (e) {}; try { postMessage(1) } catch (e) {}"
bodies = {
    "html": "<!DOCTYPE html><script>" + run + "</script><img src='/hit?img' onerror=\"fetch('/hit?onerror')\"><style>@import '/hit?css';</style>"
            "<meta http-equiv=refresh content='0;url=/hit?refresh'><iframe src='/hit?frame'></iframe>",
    "svg": "<svg xmlns='http://www.w3.org/2000/svg'><script>" + run + "</script></svg>",
    "xhtml": "<html xmlns='http://www.w3.org/1999/xhtml'><head><title/></head><body><script>" + run + "</script></body></html>",
    "script": run,
    "json": '{"x": "<script>' + run + '</script>"}',
    "css": "@import '/hit?css-%s'; body { background: url('/hit?%s') }",
}
natural = {"html": "text/html", "svg": "image/svg+xml", "xhtml": "application/xhtml+xml", "script": "text/javascript"}
# The first ones are not served, whatever is in them.
types = ["text/html", "image/svg+xml", "text/javascript", "application/javascript", "text/css", "application/xhtml+xml", "application/xml",
         "application/json", "application/pdf", "application/octet-stream", "application/vnd.oci.image.manifest.v1+json"]
paths = []
os.makedirs(loose)
open(f"{loose}/blank.html", "w").write("<!DOCTYPE html><title>x</title><body>")
for name, body in bodies.items():
    for i, kind in enumerate(types):
        if i < 5 and natural.get(name, kind) != kind and (name, kind) != ("script", "application/javascript"):
            continue
        if not whole and kind in ("application/xhtml+xml", "application/xml", "application/pdf") and natural.get(name) != kind:
            continue
        mark = f"{name}-{i}"
        data = body.replace("%s", mark).encode()
        hex_ = hashlib.sha256(data).hexdigest()
        at = f"manifests/{kind}/sha256/{hex_}"
        os.makedirs(f"{root}/{os.path.dirname(at)}", exist_ok=True)
        open(f"{root}/{at}", "wb").write(data)
        os.symlink("../" * 5 + at, f"{repo}/{mark}")
        paths.append({"path": f"/v2/library/app/manifests/{mark}"})
        if kind == "application/json":
            open(f"{root}/blobs/sha256/{hex_}", "wb").write(data)
            paths.append({"path": f"/v2/library/app/blobs/sha256:{hex_}"})
            paths.append({"path": f"/docker.io/v2/library/app/manifests/{mark}"})
        if natural.get(name) == kind:
            open(f"{loose}/{mark}", "wb").write(data)
            open(f"{loose}/{mark}.type", "w").write(kind)
            paths.append({"path": f"/{mark}", "bait": True, "kind": name})
json.dump(paths, sys.stdout)
END

# A server that says what is asked of it, and no more.
cat >"$T/loose.py" <<'END'
import http.server, os, sys

class Loose(http.server.SimpleHTTPRequestHandler):
    def guess_type(self, path):
        return open(path + ".type").read() if os.path.exists(path + ".type") else "text/html"
    def log_message(self, *args):
        with open(sys.argv[3], "a") as log:
            log.write(f"{self.path}\n")

os.chdir(sys.argv[1])
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Loose)
with open(sys.argv[2], "w") as f:
    f.write(f"{server.server_port}")
server.serve_forever()
END
python3 "$T/loose.py" "$T/loose" "$T/loose.port" "$T/loose.asked" >"$T/loose.log" 2>&1 &
loose=$!
defer "process_end $loose"
wait_for 60 test -s "$T/loose.port" || fail "the careless server does not start"
start_nginx "$ROOT" --log "$T/asked"
: >>"$T/loose.asked"

# Of the same origin as all of it: a page that lets all in.
port=$(free_port)
mkdir "$T/same"
cat >"$T/same.conf" <<END
daemon off; pid $T/same/pid; error_log $T/same/log;
events { }
http {
	access_log off; client_body_temp_path $T/same/1; proxy_temp_path $T/same/2;
	fastcgi_temp_path $T/same/3; uwsgi_temp_path $T/same/4; scgi_temp_path $T/same/5;
	server {
		listen 127.0.0.1:$port;
		location = /blank.html {
			default_type text/html;
			return 200 '<!DOCTYPE html><title>x</title><body>';
		}
		location / { proxy_pass http://$MIRROR; }
	}
}
END
nginx -c "$T/same.conf" 2>"$T/same.err" &
defer "process_end $!"
wait_for 60 curl -sf -o "$T/none" "http://127.0.0.1:$port/blank.html"

ORIGIN=$(jq --arg mirror "http://$MIRROR" --arg loose "http://127.0.0.1:$(cat "$T/loose.port")" \
	--arg same "http://127.0.0.1:$port" --arg asked "$T/asked" --arg told "$T/loose.asked" \
	'{mirror: $mirror, loose: $loose, same: $same, logs: [$asked, $told], paths: .}' "$T/paths")
export ORIGIN
page_tests origin 7

#!/bin/sh
# What strangers pushed, opened in a real Chromium, runs nothing: manifests and blobs
# that are HTML, SVG, XHTML or JavaScript, some planted in the tree under such types,
# opened by their URL, in a frame, as a script, a style or a worker. The same bytes do
# run on a careless server, and the mirror's own page works.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr nginx python3 curl jq node chromium
CHROMIUM=$(command -v chromium || command -v chromium-browser || command -v google-chrome)
PAGE_MODULES=$TOP/build/cache/page
[ -f "$PAGE_MODULES/node_modules/playwright-core/package.json" ] ||
	skip "no playwright-core here: scripts/install-deps test fetches it with npm"
export CHROMIUM PAGE_MODULES

upstream
craft image library/app:1 --layers 1 >/dev/null
sync "an image" app:1
chmod -R u+w "$ROOT"

# Planted: what no cdr writes. And as an index' own entry, whose type is harmless.
python3 - "$ROOT" "$T/loose" >"$T/paths" <<'END'
import hashlib, json, os, sys

root, loose = sys.argv[1:]
repo = f"{root}/repos/docker.io/library/app/_manifests"
run = "globalThis.ran = 1; try { fetch('/hit?%s') } catch (e) {}; try { alert('%s') } catch (e) {}; try { postMessage(1) } catch (e) {}"
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
        pass

os.chdir(sys.argv[1])
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Loose)
with open(sys.argv[2], "w") as f:
    f.write(f"{server.server_port}")
server.serve_forever()
END
python3 "$T/loose.py" "$T/loose" "$T/loose.port" >"$T/loose.log" 2>&1 &
loose=$!
defer "process_end $loose"
wait_for 10 test -s "$T/loose.port" || fail "the careless server does not start"
start_nginx "$ROOT"
ORIGIN=$(jq --arg mirror "http://$MIRROR" --arg loose "http://127.0.0.1:$(cat "$T/loose.port")" \
	'{mirror: $mirror, loose: $loose, elsewhere: $loose, paths: .}' "$T/paths")
export ORIGIN
rc=0
node --test --test-reporter=tap "$TOP/tests/page/origin.mjs" >"$T/page.log" 2>&1 || rc=$?
sed -nE 's/^ *not ok [0-9]+ - /FAIL /p; s/^ *ok [0-9]+ - /ok /p' "$T/page.log"
[ $rc -eq 0 ] || fail "something ran in the browser"
[ "$(grep -cE '^ *ok [0-9]' "$T/page.log")" -ge 19 ] || fail "tests were left out"

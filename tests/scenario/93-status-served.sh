#!/bin/sh
# nginx serves /status.json and /metrics: what the tree has now, with the types that
# their readers want, never cached, 404 with JSON where there is none; and metrics
# are in the text format of Prometheus, by its grammar.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr nginx python3 curl
upstream
craft image library/app:1 --layers 1 >/dev/null
sync "an image" app:1
mv "$ROOT/status" "$T/away"
mkdir "$ROOT/status"
start_nginx "$ROOT"

# get PATH [CURL OPTION...]: $T/head, $T/body, $status
get()
{
	_path=$1
	shift
	status=$(curl -sS --path-as-is -D "$T/head.raw" -o "$T/body" \
		-w '%{http_code}' "$@" "http://$MIRROR$_path") || fail "curl $_path"
	tr -d '\r' <"$T/head.raw" >"$T/head"
}
header()
{
	sed -n "s/^$1: //Ip" "$T/head"
}

for path in /status.json /metrics; do
	get $path
	expect_eq "$path before the first run" "404 application/json" \
		"$status $(header Content-Type)"
	check "$path: an error in JSON" pick -q 'v.errors[0].code' "$T/body"
done

rmdir "$ROOT/status"
mv "$T/away" "$ROOT/status"
get /status.json
expect_eq "status.json" "200 application/json no-cache" \
	"$status $(header Content-Type) $(header Cache-Control)"
check "status.json: the bytes" cmp "$T/body" "$ROOT/status/status.json"
get /metrics
expect_eq "metrics" "200 text/plain; version=0.0.4 no-cache" \
	"$status $(header Content-Type) $(header Cache-Control)"
check "metrics: the bytes" cmp "$T/body" "$ROOT/status/metrics"
expect_eq "no time or size stands for the content" "" \
	"$(header ETag)$(header Last-Modified)"
get /metrics -X POST
expect_eq "read-only" 405 "$status"
for path in /status /status/ /status/status.json /status/metrics /metrics/ \
	/v2/../metrics /./status.json; do
	get $path
	expect_eq "$path is nothing" 404 "$status"
done

# A link in its place is not followed.
echo secret >"$T/secret"
mv "$ROOT/status/metrics" "$T/metrics"
ln -s "$T/secret" "$ROOT/status/metrics"
get /metrics
expect_eq "a link that leads out" 404 "$status"
rm "$ROOT/status/metrics"
mv "$T/metrics" "$ROOT/status/metrics"

# The next run is seen at once.
sync_rc "one fails" 1 app:1 none:1
get /status.json
expect_eq "the next run" failed "$(pick v.result "$T/body")"
get /metrics
cat >"$T/grammar.py" <<'END'
"""Each family has HELP and TYPE once, before its samples, which stand together;
no sample is there twice; counters, and no others, end in _total."""
import re, sys

bad = []
sample = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)'
    r'(\{[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"\})? (-?[0-9]+(?:\.[0-9]+)?)')
types, helps, seen, family = {}, set(), set(), None
text = open(sys.argv[1], encoding="utf-8").read()
if not text.endswith("\n"):
    bad.append("no line feed at the end")
for line in text.splitlines():
    if line.startswith("# HELP "):
        family = line.split(" ")[2]
        if family in helps or len(line.split(" ", 3)) < 4:
            bad.append(line)
        helps.add(family)
    elif line.startswith("# TYPE "):
        name, kind = line.split(" ")[2:]
        if name != family or name in types or kind not in ("counter", "gauge"):
            bad.append(line)
        if (kind == "counter") != name.endswith("_total"):
            bad.append(f"{name} is a {kind}")
        types[name] = kind
    else:
        found = sample.fullmatch(line)
        if not found or found[1] != family or family not in types:
            bad.append(line)
        elif line.rsplit(" ", 1)[0] in seen:
            bad.append("twice: " + line)
        seen.add(line.rsplit(" ", 1)[0])
for name in types:
    if not name.startswith("cdr_") or not any(s.split("{")[0] == name for s in seen):
        bad.append(name)
print("\n".join(bad))
print(len(types), "families,", len(seen), "samples")
sys.exit(bool(bad) or len(types) < 20)
END
check "the grammar of metrics" python3 "$T/grammar.py" "$T/body"
expect_eq "nothing in the error log is grave" '' \
	"$(grep -E '\[(crit|alert|emerg)\]' "$T/nginx.log" || :)"

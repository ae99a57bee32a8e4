#!/bin/sh
# Beside a stream of runs that move tags, and of cdr gc, which takes away what they were
# and what left the list, thousands of pulls find each published tag whole: manifests,
# children, configuration and layers, each with the bytes of its digest. Time passes
# quickly for gc: each of its runs is half a day after the one before.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
. "$TOP/tests/unlist.sh"

need cdr nginx python3 curl
upstream
for version in 1 2 3 4 5; do
	craft index library/app:$version --platforms linux/amd64,linux/arm64 --layers 2 \
		--size 3000 --seed $version
done >"$T/versions"
craft many library/new --count 40 --layers 2 --size 2000 --seed 6 >/dev/null
sync "a first version" "app:1@$(head -n 1 "$T/versions")" platform=all
start_nginx "$ROOT"

cat >"$T/pull.py" <<'END'
import concurrent.futures, hashlib, http.client, json, os, sys

address, over = sys.argv[1:]


class Missing(Exception):
    pass


def get(link, path, digest=None):
    link.request("GET", path, headers={"Accept": "*/*"})
    answer = link.getresponse()
    body = answer.read()
    have = "sha256:" + hashlib.sha256(body).hexdigest()
    if answer.status != 200 or (digest and digest != have):
        raise Missing(f"{path}: {answer.status} {have}")
    return body


def image(link, name, reference):
    value = json.loads(get(link, f"/v2/{name}/manifests/{reference}",
                           reference if ":" in reference else None))
    for child in value.get("manifests", []):
        image(link, name, child["digest"])
    for one in value.get("layers", []) + [value[k] for k in ("config",) if k in value]:
        get(link, f"/v2/{name}/blobs/{one['digest']}", one["digest"])


def client(_):
    link, pulls = http.client.HTTPConnection(address), 0
    while not os.path.exists(over):
        image(link, "library/app", "1")
        pulls += 1
    return pulls


with concurrent.futures.ThreadPoolExecutor(16) as pool:
    try:
        print(sum(pool.map(client, range(16))))
    except Missing as problem:
        open(over, "w").close()
        sys.exit(str(problem))
END
python3 -S "$T/pull.py" "$MIRROR" "$T/over" >"$T/pull.log" 2>&1 &
PULLS=$!
defer "process_end $PULLS"

gone=0 moves=0
until=$(($(date +%s) + 8))
while [ "$(date +%s)" -lt $until ] && [ ! -e "$T/over" ]; do
	moves=$((moves + 1))
	digest=$(sed -n "$((moves % 5 + 1))p" "$T/versions")
	"$CDR" sync -q -r "$ROOT" "app:1@$digest" platform=all \
		"new-$(printf %04d $((moves % 40 + 1))):latest" \
		>"$T/stdout" 2>"$T/stderr" || fail "sync number $moves"
	if [ -e "$ROOT/_state/condemned" ]; then
		sed "1s/.*/condemned 1 $(($(date +%s) - 43200))/" "$ROOT/_state/condemned" \
			>"$T/condemned"
		cat "$T/condemned" >"$ROOT/_state/condemned"
	fi
	echo app:1 >"$T/list"
	"$CDR" gc -r "$ROOT" -i "$T/list" --keep-unlisted 0 --max-delete 100% --json \
		>"$T/stdout" 2>"$T/stderr" || fail "gc number $moves: $(tail -n 1 "$T/stderr")"
	gone=$((gone + $(pick v.totals.blobs_removed <"$T/stdout")))
done
: >"$T/over"
wait $PULLS || fail "a pull failed: $(tail -n 1 "$T/pull.log")"
ok "$moves moves, $gone blobs went, $(tail -n 1 "$T/pull.log") pulls"
[ "$(tail -n 1 "$T/pull.log")" -ge 1000 ] || fail "few pulls"
[ $moves -ge 6 ] || fail "few moves"
[ $gone -ge 20 ] || fail "little has gone"
tree_check "$ROOT"

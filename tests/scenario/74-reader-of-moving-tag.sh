#!/bin/sh
# A tag moves back and forth with every `cdr sync` while a client pulls it through
# nginx: type, digest, length and bytes of each answer belong together, and all that
# the answer lists is there at that moment. Never a 404.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr nginx python3 curl
moves=120
upstream
one=$(craft index library/app:1 --platforms linux/amd64,linux/arm64 --layers 1)
two=$(craft image library/app:1 --layers 2 --seed 2 --docker)
three=$(craft image library/app:1 --layers 1 --seed 3)
sync "a first version" -q "app:1@$one" platform=all
start_nginx "$ROOT"

cat >"$T/reader.py" <<'END'
import hashlib, http.client, json, os, re, sys

address, over = sys.argv[1:3]
connection = http.client.HTTPConnection(address, timeout=10)
seen, pulls, bad, hashed = {}, 0, [], {}


def get(method, path):
    connection.request(method, f"/v2/library/app/{path}")
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        bad.append(f"{method} {path}: {answer.status}")
        return None, b""
    return answer, body


def manifest(reference):
    answer, body = get("GET", f"manifests/{reference}")
    if not answer:
        return
    digest = "sha256:" + hashlib.sha256(body).hexdigest()
    value = json.loads(body)
    if answer.getheader("Docker-Content-Digest") != digest or \
            int(answer.getheader("Content-Length")) != len(body) or \
            answer.getheader("Content-Type") != value["mediaType"] or \
            ":" in reference and reference != digest:
        bad.append(f"{reference}: headers of another one: {digest}")
    if ":" not in reference:
        seen[digest] = seen.get(digest, 0) + 1
    for child in value.get("manifests", []):
        manifest(child["digest"])
    for blob in value.get("layers", []) + [value[k] for k in ["config"] if k in value]:
        # The first time its bytes, then that it is there.
        method = "HEAD" if blob["digest"] in hashed else "GET"
        answer, body = get(method, f"blobs/{blob['digest']}")
        if not answer:
            continue
        hashed[blob["digest"]] = True
        if int(answer.getheader("Content-Length")) != blob["size"] or \
                answer.getheader("Docker-Content-Digest") != blob["digest"] or \
                method == "GET" and blob["digest"] != \
                "sha256:" + hashlib.sha256(body).hexdigest():
            bad.append(f"{blob['digest']}: is not that")


while not os.path.exists(over) and len(bad) < 20:
    manifest("1")
    pulls += 1
print(f"{pulls} pulls: {sorted(seen.values())}")
print("\n".join(bad))
sys.exit(1 if bad or pulls < 100 or set(seen) != set(sys.argv[3:]) else 0)
END
python3 "$T/reader.py" "$MIRROR" "$T/over" "$one" "$two" "$three" \
	>"$T/reader.log" 2>&1 &
READER=$!
defer "process_end $READER"
for n in $(seq $((moves / 3))); do
	for digest in "$two" "$three" "$one"; do
		"$CDR" sync -q -r "$ROOT" "app:1@$digest" platform=all \
			>"$T/stdout" 2>"$T/stderr" || fail "sync number $n"
	done
done
: >"$T/over"
wait $READER || fail "what a client saw"
ok "$moves moves, $(head -n 1 "$T/reader.log")"
tree_check "$ROOT"
expect_eq "each move is in the history" $((moves + 1)) \
	"$(wc -l <"$ROOT/repos/docker.io/library/app/_history/1")"

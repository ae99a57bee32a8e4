#!/bin/sh
# A tag moves thousands of times while readers ask for it: each answer is one
# manifest as a whole (type, digest, length, bytes), and never a 404.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/tree.sh"

need nginx python3
tree_new "$T/root"
repo=docker.io/library/moving
# Three manifests: two of one size, and two of one type.
printf '{"schemaVersion":2,"a":"oci-1"}' >"$T/1"
printf '{"schemaVersion":2,"a":"oci-2"}' >"$T/2"
printf '{"schemaVersion":2,"mediaType":"%s"}' "$DOCKER_MANIFEST" >"$T/3"
one=$(tree_manifest $repo "$OCI_MANIFEST" "$T/1")
two=$(tree_manifest $repo "$OCI_INDEX" "$T/2")
three=$(tree_manifest $repo "$DOCKER_MANIFEST" "$T/3")
tree_tag $repo tag "$one"
tree_lists
start_nginx "$TREE"

cat >"$T/moving.py" <<'END'
import hashlib, http.client, os, sys, threading, time

addr, tree, repo, moves = *sys.argv[1:4], int(sys.argv[4])
types = dict(a.split("=", 1) for a in sys.argv[5:])
links = f"{tree}/repos/{repo}/_manifests"
over = threading.Event()
bad, seen, lock = [], {}, threading.Lock()
count = 0


def move():
    try:
        targets = [os.readlink(f"{links}/{d}") for d in types]
        for i in range(moves):
            new = f"{tree}/_state/tmp/move"
            os.symlink(targets[i % len(targets)], new)
            os.rename(new, f"{links}/tag")
            time.sleep(0.0005)
    finally:
        over.set()


def read(n):
    global count
    c = http.client.HTTPConnection(addr, timeout=10)
    etag = None
    while not over.is_set():
        method = "HEAD" if n % 3 == 2 else "GET"
        conditional = etag and n % 5 == 4
        c.request(method, "/v2/library/moving/manifests/tag",
                  headers={"If-None-Match": etag} if conditional else {})
        r = c.getresponse()
        body = r.read()
        n += 1
        digest = r.getheader("Docker-Content-Digest")
        wrong = None
        if conditional and r.status == 304:
            if etag != f'"{digest}"':
                wrong = f"304 to {etag} for {digest}"
        elif r.status != 200:
            wrong = f"status {r.status}"
        elif types.get(digest) != r.getheader("Content-Type"):
            wrong = f"{digest} as {r.getheader('Content-Type')}"
        elif method == "GET" and \
                digest != "sha256:" + hashlib.sha256(body).hexdigest():
            wrong = f"{digest} with other bytes"
        elif int(r.getheader("Content-Length")) != \
                os.path.getsize(f"{links}/{digest}"):
            wrong = f"{digest} with another length"
        elif conditional and etag == f'"{digest}"':
            wrong = f"200 to its own {etag}"
        etag = r.getheader("ETag")
        with lock:
            count += 1
            seen[digest] = seen.get(digest, 0) + 1
            if wrong:
                bad.append(f"{method}: {wrong}")


threads = [threading.Thread(target=read, args=(n,)) for n in range(3)]
for t in threads:
    t.start()
move()
for t in threads:
    t.join()
print(f"{moves} moves, {count} answers: {sorted(seen.values())}")
print("\n".join(bad[:20]))
# A reader that died, or saw one manifest only, has proved nothing.
sys.exit(1 if bad or count < 500 or set(seen) != set(types) else 0)
END
check "no answer is mixed or missing" python3 "$T/moving.py" "$MIRROR" "$TREE" \
    $repo 3000 "$one=$OCI_MANIFEST" "$two=$OCI_INDEX" "$three=$DOCKER_MANIFEST"
head -n 1 "$T/stdout"
expect_eq "nothing in the error log is grave" '' \
    "$(grep -E '\[(error|crit|alert|emerg)\]' "$T/nginx.log" || :)"

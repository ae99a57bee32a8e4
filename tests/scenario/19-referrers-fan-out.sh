#!/bin/sh
# Each manifest may have a thousand referrers, and each of these as many again: what
# one image can draw in is bounded all the same.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
settings '{"max_tries": 2}'
craft image library/other:1 --layers 1 --size 500 --seed o >/dev/null
overlay image library/app:1 --layers 1 --size 500 --seed 1 >/dev/null

# Five referrers of a referrer of app:1 have a thousand each.
python3 - "$T/overlay/library/app" <<'EOF'
import hashlib, json, os, sys

TYPE = "application/vnd.oci.image.manifest.v1+json"
EMPTY = {"mediaType": "application/vnd.oci.empty.v1+json", "size": 2,
	 "digest": "sha256:" + hashlib.sha256(b"{}").hexdigest()}
folder = sys.argv[1]

def write(path, text):
	os.makedirs(os.path.dirname(f"{folder}/{path}"), exist_ok=True)
	with open(f"{folder}/{path}", "w") as out:
		out.write(text)

def refer(subject, count):
	entries = []
	for number in range(count):
		text = json.dumps({"schemaVersion": 2, "mediaType": TYPE, "config": EMPTY, "layers": [],
				   "artifactType": "a/b", "subject": subject,
				   "annotations": {"number": str(number)}})
		digest = "sha256:" + hashlib.sha256(text.encode()).hexdigest()
		write(f"manifests/{digest}", text)
		write(f"manifests/{digest}.type", TYPE)
		entries.append({"mediaType": TYPE, "digest": digest, "size": len(text),
				"artifactType": "a/b"})
	write(f"referrers/{subject['digest']}",
	      json.dumps({"schemaVersion": 2, "manifests": entries}))
	return entries

write("blobs/" + EMPTY["digest"], "{}")
with open(f"{folder}/manifests/1") as image:
	digest = "sha256:" + hashlib.sha256(image.read().encode()).hexdigest()
one, = refer({"mediaType": TYPE, "digest": digest, "size": 7}, 1)
for entry in refer(one, 5):
	refer(entry, 1000)
EOF

hub_mark
within 120 sync_rc "five thousand in three steps" 1 other:1 app:1 referrers=yes
expect_said "it says so" 'app:1: .*more than 4096 manifests refer to it'
expect_published "it is not published" app:1 nothing
[ "$(published other:1)" != nothing ] || fail "another image is"
check "no more than these are asked for" \
	test "$(hub_count registry GET /manifests/sha256: 200)" -lt 4110
tree_check "$ROOT"

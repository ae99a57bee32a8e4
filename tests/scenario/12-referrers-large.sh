#!/bin/sh
# Who may push a referrer may write what they like into its annotations. The list of
# an image's referrers can be read all the same: by runs to come, for signatures, for
# the page.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl openssl
upstream
openssl genpkey -algorithm ED25519 -out "$T/key" 2>/dev/null
openssl pkey -in "$T/key" -pubout -out "$T/key.pem"
app=$(overlay image library/app:1 --layers 1 --size 500 --seed 1)
blobs=$T/overlay/library/app/blobs
printf '{}' >"$blobs/sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"

# large NUMBER: a referrer with 2.4 MB of annotations; prints its digest
large()
{
	python3 - "$T/overlay/library/app" "$app" "$1" <<'EOF'
import hashlib, json, os, sys
folder, app, number = sys.argv[1:]
TYPE = "application/vnd.oci.image.manifest.v1+json"
text = json.dumps({"schemaVersion": 2, "mediaType": TYPE, "artifactType": "a/b", "layers": [],
	"config": {"mediaType": "application/vnd.oci.empty.v1+json", "size": 2,
		"digest": "sha256:" + hashlib.sha256(b"{}").hexdigest()},
	"subject": {"mediaType": TYPE, "digest": app, "size": 7},
	"annotations": {"number": number, "large": "x" * 2400000}})
digest = "sha256:" + hashlib.sha256(text.encode()).hexdigest()
with open(f"{folder}/manifests/{digest}", "w") as out:
	out.write(text)
with open(f"{folder}/manifests/{digest}.type", "w") as out:
	out.write(TYPE)
path = f"{folder}/referrers/{app}"
os.makedirs(os.path.dirname(path), exist_ok=True)
index = {"schemaVersion": 2, "manifests": []}
if os.path.exists(path):
	with open(path) as old:
		index = json.load(old)
index["manifests"].append({"mediaType": TYPE, "digest": digest, "size": len(text),
	"artifactType": "a/b"})
with open(path, "w") as out:
	json.dump(index, out)
print(digest)
EOF
}

for number in 1 2 3; do
	id=$(large $number)
	sync "large referrer $number" app:1 referrers=yes
	expect_eq "large referrer $number: the page knows" $number "$(pick \
		'[i.referrers for i in v.images if i.referrers][0]' "$ROOT/status/images.json")"
	here "$id" || fail "large referrer $number is not here"
done
expect_published "the image is here" app:1 "$app"
expect_eq "the list has all of them" 3 \
	"$(pick 'len(v.manifests)' "$ROOT/repos/docker.io/library/app/_referrers/$app")"
overlay signature library/app --subject "$app" --key "$T/key" >/dev/null
sync "a signature beside them" --require-signed "$T/key.pem" app:1
tree_check "$ROOT"

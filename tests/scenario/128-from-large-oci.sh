#!/bin/sh
# --from oci:DIR of a layout with 100,000 names in its index.json, some 45 MB: images
# are found in it, in bounded memory. One whose images have no names, as crane and
# buildpacks leave them, is told as that, with the digests that there are, and how to
# ask for one by its digest; so is a pattern.
. "$(dirname "$0")/../lib.sh"

need cdr python3
# layout DIR COUNT NAMED: one small image under COUNT names, or none
layout()
{
	python3 - "$T/$1" "$2" "$3" <<'PY'
import hashlib, json, os, sys
top, count, named = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "named"
os.makedirs(top + "/blobs/sha256")
def blob(data):
	name = hashlib.sha256(data).hexdigest()
	with open(f"{top}/blobs/sha256/{name}", "wb") as f:
		f.write(data)
	return {"digest": "sha256:" + name, "size": len(data)}
kind = "application/vnd.oci.image."
config = blob(json.dumps({"os": "linux", "architecture": "amd64",
			  "rootfs": {"type": "layers", "diff_ids": []}}).encode())
manifest = blob(json.dumps({"schemaVersion": 2, "mediaType": kind + "manifest.v1+json",
	"config": {"mediaType": kind + "config.v1+json", **config}, "layers": []}).encode())
entries = []
for i in range(count):
	name = f"registry.corp.example/platform/team-{i // 1000}/service:1.{i}"
	notes = {"io.containerd.image.name": name,
		 "org.opencontainers.image.ref.name": name}
	entries.append({"mediaType": kind + "manifest.v1+json", **manifest,
			**({"annotations": notes} if named else {})})
with open(top + "/index.json", "w") as f:
	json.dump({"schemaVersion": 2, "manifests": entries}, f)
with open(top + "/oci-layout", "w") as f:
	f.write('{"imageLayoutVersion":"1.0.0"}')
print(manifest["digest"])
PY
}

# --- many names -------------------------------------------------------------------

app=$(layout large 100000 named)
repo=registry.corp.example/platform
size=$(stat -c %s "$T/large/index.json")
[ "$size" -gt 30000000 ] || fail "the index has only $size bytes"
cat >"$T/peak.py" <<'EOF2'
import resource, subprocess, sys
rc = subprocess.call(sys.argv[2:])
with open(sys.argv[1], "w") as f:
	f.write(str(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss))
sys.exit(rc)
EOF2
check "images of it" python3 "$T/peak.py" "$T/peak" "$CDR" sync -r "$T/root" \
	--from "oci:$T/large" $repo/team-0/service:1.0 $repo/team-99/service:1.99999 \
	$repo/team-42/service 'tags=glob:1.*7'
expect_eq "the last one is here" "$app" "$("$CDR" ls -r "$T/root" --json |
	pick 'i.digest for i in v if i.image.endswith(":1.99999")')"
expect_eq "and what the pattern finds" 102 "$("$CDR" ls -r "$T/root" --json | pick 'len(v)')"
# Sanitizers cost many times as much.
case $CDR in
*/asan/*) ;;
*)
	[ "$(cat "$T/peak")" -lt 49152 ] || fail "it took $(cat "$T/peak") KiB"
	ok "in less than 48 MiB"
	;;
esac

# --- no names ---------------------------------------------------------------------

app=$(layout nameless 1 "")
rm -rf "$T/root"
expect_rc "a tag where nothing has a name" 1 "$CDR" sync -r "$T/root" \
	--from "oci:$T/nameless" app:1.0
expect_said "it says that" 'app:1.0: .*index.json: no image in it has a name'
expect_said "and what to write" "write library/app:TAG@DIGEST in the list; .* $app\$"
expect_rc "a pattern" 1 "$CDR" sync -r "$T/root" --from "oci:$T/nameless" \
	app 'tags=glob:*'
expect_said "it says that, too" "index.json: no image in it has a name"
check "what it said to write" "$CDR" sync -r "$T/root" --from "oci:$T/nameless" "app:1.0@$app"
expect_eq "works" "$app" "$("$CDR" ls -r "$T/root" --json | pick 'v[0].digest')"
layout empty 0 "" >/dev/null
expect_rc "an empty one" 1 "$CDR" sync -r "$T/root" --from "oci:$T/empty" app:1.0
expect_said "it says so" "index.json: no image is in it"

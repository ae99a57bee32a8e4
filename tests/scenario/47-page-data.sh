#!/bin/sh
# What the page reads: images.json has each reference of the tree, also of images
# that have left the list, with what it alone has; blobs.json who has which blob;
# history.json grows by a point where something changes, and is thinned;
# summary.json has the run and its failures. A run without news writes none of the
# first two anew, one with news reads the manifests of nothing but that; a damaged
# file begins anew; ten thousand tags cost little.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

upstream
need python3
status=$T/root/status
app=$(craft image library/app:1 --layers 2 --shared 1 --seed 3 --size 60000)
craft image library/base:1 --layers 1 --shared 1 --seed 3 --size 60000 >/dev/null
craft index a/b/c:1 --layers 1 --size 200 >/dev/null
craft image a/b:1 --layers 1 --seed 5 >/dev/null
craft image a-b/x:1 --layers 1 --seed 6 >/dev/null

# said FILE FILTER WANT
said()
{
	expect_eq "$1: $2" "$3" "$(jq -r "$2" "$status/$1")"
}
# The list says what "cdr ls" says, and sums it up as the tree itself does.
agrees()
{
	expect_eq "$1: as cdr ls" \
		"$("$CDR" ls -r "$ROOT" --json | jq -c 'map([.image, .digest, .platforms, .bytes, .published])')" \
		"$(jq -c '.images | map([.image, .digest, .platforms // [], .size, .published])' "$status/images.json")"
	expect_eq "$1: the blobs, and their bytes" \
		"$(jq -r '[.images[].blobs[]] | unique | "\(length) \(map(.[1]) | add)"' "$status/blobs.json")" \
		"$(jq -r '"\(.blobs) \(.bytes)"' "$status/images.json")"
	expect_eq "$1: who has what" "$(jq -c '[.images[].image]' "$status/images.json")" \
		"$(jq -c '[.images[].image]' "$status/blobs.json")"
	expect_eq "$1: what is of no other" \
		"$(jq -c '([.images[].blobs[][0]] | group_by(.) | map({(.[0]): length}) | add) as $n |
		.images | map([.blobs[] | select($n[.[0]] == 1)[1]] | add // 0)' "$status/blobs.json")" \
		"$(jq -c '.images | map(.own)' "$status/images.json")"
}

sync "five images" app:1 base:1 a/b/c:1 a/b:1 a-b/x:1
agrees "at first"
expect_eq "these are all blobs of the tree" \
	"$(find "$ROOT/blobs" -type f -printf '%s\n' | awk '{ n++; s += $1 } END { print n, s }')" \
	"$(jq -r '"\(.blobs) \(.bytes)"' "$status/images.json")"
said images.json '.images[] | select(.image == "docker.io/library/app:1") |
	"\(.digest) \(.own < .size) \(.signed) \(.referrers)"' "$app true null null"
said history.json '.points | length' 1
said summary.json '"\(.result) \(.failures | length) \(.totals.pulls)"' \
	"ok 0 $(hub_count registry GET /manifests/ 200)"
written()
{
	stat -c %i "$status/images.json" "$status/blobs.json" | paste -s -d ' '
}
files=$(written)

# Nothing new: two points of history say so, however many runs there were.
for _ in 1 2 3; do
	sync "nothing new" -q app:1
done
expect_eq "neither list is written anew" "$files" "$(written)"
said history.json '.points | length' 2

# One moves, gets a signature, and all others have left the list. Only what has
# moved is read: the manifests of the others are out of reach meanwhile.
craft image library/app:1 --layers 2 --shared 1 --seed 3 --size 60001 >"$T/app"
new=$(cat "$T/app")
craft artifact library/app:sig --artifact-type application/vnd.dev.cosign.artifact.sig.v1+json \
	--subject "$new" >/dev/null
old=$(jq -r '.images[] | select(.image == "docker.io/a/b:1").digest' "$status/images.json")
at=$(find "$ROOT/manifests" -name "${old#sha256:}")
mv "$at" "$T/manifest"
sync "one has moved" app:1 referrers=yes
mv "$T/manifest" "$at"
agrees "after that"
said images.json '.images[] | select(.image == "docker.io/library/app:1") |
	"\(.digest) \(.signed) \(.referrers)"' "$new true 1"
said history.json '[.points[-2:][].bytes] | .[0] < .[1]' true

# A failure is in the summary with its reason, what it had in none of the sums.
sync_rc "one fails" 1 app:1 gone:1
said summary.json '.failures[] | "\(.image) \(.reason | IN("denied", "not_found")) \(.error | length > 0)"' \
	"docker.io/library/gone:1 true true"
said summary.json '.failures_left_out' 0
sync "the failure has left the list" app:1
said summary.json '.failures | length' 0

# More of an index is wanted than before: its tag does not move, and it grows.
wide=$(craft index library/wide:1 --platforms linux/amd64,linux/arm64,linux/riscv64 \
	--layers 1 --seed 11)
sync "a platform" wide:1 platform=linux/amd64
agrees "with one platform"
sync "a second one" wide:1 platform=linux/amd64,linux/arm64
agrees "with two platforms"
said images.json '.images[] | select(.image == "docker.io/library/wide:1").platforms | length' 2
sync "all of them" wide:1 platform=all
agrees "with all platforms"
at=$(find "$ROOT/manifests" -name "${wide#sha256:}")
mv "$at" "$T/manifest"
craft image library/app:1 --layers 2 --shared 1 --seed 3 --size 60002 >/dev/null
sync "news of another one" -q app:1
mv "$T/manifest" "$at"
agrees "and one that is whole is not read again"

# A list of referrers that makes no sense is of one image.
list=$ROOT/repos/docker.io/library/wide/_referrers/$wide
mkdir -p "${list%/*}"
head -c 5000000 /dev/zero >"$list"
craft image library/app:1 --layers 2 --shared 1 --seed 3 --size 60003 >/dev/null
sync "a list of referrers that nobody reads" app:1
rm -rf "${list%/*}"
agrees "the others are written"

# Damaged files, and files of others.
for damage in images.json blobs.json history.json; do
	rm -f "$status/$damage"
	printf '{"version":1,"index":"","images":[\n{"image"' >"$status/$damage"
	craft image "library/new-$damage:1" --layers 1 --seed "$damage" >/dev/null
	sync "a damaged $damage" "new-$damage:1"
	agrees "with a damaged $damage"
done
said history.json '.points | length' 1
for lost in images.json blobs.json; do
	rm -f "$status/$lost"
	sync "without $lost" -q app:1
	agrees "$lost comes back"
done
tree_check "$ROOT"

# A long history is thinned, keeps its beginning and its order; the future goes.
python3 - "$status/history.json" <<'END'
import json, os, sys
points = [{"time": f"20{y:02d}-{m:02d}-{d:02d}T00:00:00Z", "images": d, "repositories": 1, "blobs": y, "bytes": m}
          for y in range(10, 12) for m in range(1, 13) for d in range(1, 26)]
points.append({"time": "2999-01-01T00:00:00Z", "images": 1})
os.remove(sys.argv[1])
json.dump({"version": 1, "points": points}, open(sys.argv[1], "w"))
END
sync "a long history" -q app:1
said history.json '.points | length <= 500 and length > 250' true
said history.json '.points[0].time' 2010-01-01T00:00:00Z
said history.json '[.points[].time] | . == sort and .[-1] > "2026" and .[-1] < "2999"' true

# A clock that is behind: what was is kept, and nothing is added.
python3 - "$status/history.json" <<'END'
import json, os, sys
with open(sys.argv[1]) as file:
    whole = json.load(file)
for point in whole["points"]:
    point["time"] = str(int(point["time"][:4]) + 900) + point["time"][4:]
os.remove(sys.argv[1])
json.dump(whole, open(sys.argv[1], "w"))
END
jq -c .points "$status/history.json" >"$T/points"
craft image library/late:0 --layers 1 --seed 12 >/dev/null
sync "a clock that is behind" -q late:0
expect_eq "the points stay" "$(cat "$T/points")" "$(jq -c .points "$status/history.json")"

# Ten thousand tags that are known, and a new one.
python3 - "$ROOT" <<'END'
import json, os, sys
root = sys.argv[1]
base = f"{root}/repos/docker.io/a/b"
target = os.readlink(f"{base}/_manifests/1")
for r in range(100):
    repo = f"{root}/repos/docker.io/many/repo-{r:03d}"
    for name in ("_manifests", "_history", "_tags"):
        os.makedirs(f"{repo}/{name}")
    for t in range(100):
        os.symlink("../" + target, f"{repo}/_manifests/{t}")
        with open(f"{repo}/_history/{t}", "w") as out:
            out.write(open(f"{base}/_history/1").read())
END
craft image library/late:1 --layers 1 --seed 9 >/dev/null
sync "many, for the first time" -q late:1
craft image library/late:2 --layers 1 --seed 10 >/dev/null
rss=$(python3 - "$CDR" sync -q -r "$ROOT" late:2 <<'END'
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
END
)
said images.json '"\(.references) \(.images | length)"' \
	"$(find "$ROOT"/repos -path '*/_history/*' | wc -l | sed 's/.*/& &/')"
said images.json '[.images[] | select(.image | test("/many/"))] |
	"\(length) \(map(.own) | add)"' "10000 0"
said images.json '.images[] | select(.image == "docker.io/library/late:2").own > 0' true
# Not under a sanitizer, whose memory is its own.
if ! grep -q __asan_init "$CDR"; then
	[ "$rss" -lt 24576 ] || fail "it took $rss KiB"
	ok "it took $rss KiB"
fi

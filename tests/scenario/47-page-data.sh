#!/bin/sh
# What the page reads: images.json has each reference of the tree, also of images
# that have left the list, with what it alone has; blobs.json who has which blob;
# history.json grows by a point where something changes, and is thinned;
# summary.json has the run and its failures. A run without news writes none of the
# first two anew, one with news reads the manifests of nothing but that; a damaged
# file begins anew; ten thousand tags cost little.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
status=$T/root/status
app=$(craft image library/app:1 --layers 2 --shared 1 --seed 3 --size 60000)
craft image library/base:1 --layers 1 --shared 1 --seed 3 --size 60000 >/dev/null
craft index a/b/c:1 --layers 1 --size 200 >/dev/null
craft image a/b:1 --layers 1 --seed 5 >/dev/null
craft image a-b/x:1 --layers 1 --seed 6 >/dev/null

# said FILE EXPRESSION WANT
said()
{
	expect_eq "$1: $2" "$3" "$(pick "$2" "$status/$1")"
}
# image NAME EXPRESSION WANT: of the image i in images.json
image()
{
	said images.json "$2 for i in v.images if i.image == \"docker.io/$1\"" "$3"
}
# The list says what "cdr ls" says, and sums it up as the tree itself does.
agrees()
{
	expect_eq "$1: as cdr ls" \
		"$("$CDR" ls -r "$ROOT" --json |
		pick '[i.image, i.digest, i.platforms, i.bytes, i.published] for i in v')" \
		"$(pick '[i.image, i.digest, i.platforms or [], i.size, i.published]
		for i in v.images' "$status/images.json")"
	expect_eq "$1: the blobs, and their bytes" \
		"$(pick '[words(len(every), sum(size for _, size in every))
		for every in [{tuple(b) for i in v.images for b in i.blobs}]][0]' "$status/blobs.json")" \
		"$(pick 'words(v.blobs, v.bytes)' "$status/images.json")"
	expect_eq "$1: who has what" "$(pick 'i.image for i in v.images' "$status/images.json")" \
		"$(pick 'i.image for i in v.images' "$status/blobs.json")"
	expect_eq "$1: what is of no other" \
		"$(pick '[[sum(size for blob, size in i.blobs if every.count(blob) == 1) for i in v.images]
		for every in [[blob for i in v.images for blob, size in i.blobs]]][0]' "$status/blobs.json")" \
		"$(pick '[i.own for i in v.images]' "$status/images.json")"
}

sync "five images" app:1 base:1 a/b/c:1 a/b:1 a-b/x:1
agrees "at first"
expect_eq "these are all blobs of the tree" \
	"$(find "$ROOT/blobs" -type f -printf '%s\n' | awk '{ n++; s += $1 } END { print n, s }')" \
	"$(pick 'words(v.blobs, v.bytes)' "$status/images.json")"
image library/app:1 'words(i.digest, i.own < i.size, i.signed, i.referrers)' "$app true null null"
said history.json 'len(v.points)' 1
said summary.json 'words(v.result, len(v.failures), v.totals.pulls)' \
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
said history.json 'len(v.points)' 2

# One moves, gets a signature, and all others have left the list. Only what has
# moved is read: the manifests of the others are out of reach meanwhile.
craft image library/app:1 --layers 2 --shared 1 --seed 3 --size 60001 >"$T/app"
new=$(cat "$T/app")
craft artifact library/app:sig --artifact-type application/vnd.dev.cosign.artifact.sig.v1+json \
	--subject "$new" >/dev/null
old=$(pick 'i.digest for i in v.images if i.image == "docker.io/a/b:1"' "$status/images.json")
at=$(find "$ROOT/manifests" -name "${old#sha256:}")
mv "$at" "$T/manifest"
sync "one has moved" app:1 referrers=yes
mv "$T/manifest" "$at"
agrees "after that"
image library/app:1 'words(i.digest, i.signed, i.referrers)' "$new true 1"
said history.json 'v.points[-2].bytes < v.points[-1].bytes' true

# A failure is in the summary with its reason, what it had in none of the sums.
sync_rc "one fails" 1 app:1 gone:1
said summary.json 'words(f.image, f.reason in ("denied", "not_found"), len(f.error) > 0) for f in v.failures' \
	"docker.io/library/gone:1 true true"
said summary.json v.failures_left_out 0
sync "the failure has left the list" app:1
said summary.json 'len(v.failures)' 0

# More of an index is wanted than before: its tag does not move, and it grows.
wide=$(craft index library/wide:1 --platforms linux/amd64,linux/arm64,linux/riscv64 \
	--layers 1 --seed 11)
sync "a platform" wide:1 platform=linux/amd64
agrees "with one platform"
sync "a second one" wide:1 platform=linux/amd64,linux/arm64
agrees "with two platforms"
image library/wide:1 'len(i.platforms)' 2
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
said history.json 'len(v.points)' 1
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
said history.json '250 < len(v.points) <= 500' true
said history.json 'v.points[0].time' 2010-01-01T00:00:00Z
said history.json '[p.time for p in v.points] == sorted(p.time for p in v.points) and
	"2026" < v.points[-1].time < "2999"' true

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
pick v.points "$status/history.json" >"$T/points"
craft image library/late:0 --layers 1 --seed 12 >/dev/null
sync "a clock that is behind" -q late:0
expect_eq "the points stay" "$(cat "$T/points")" "$(pick v.points "$status/history.json")"

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
# So many are not all in the file that changes with each run.
python3 "$TOP/tests/whole.py" "$status" images >"$T/whole.json"
[ "$(wc -c <"$status/images.json")" -lt 262144 ] || fail "images.json is large"
status=$T
said whole.json 'words(v.references, len(v.images))' \
	"$(find "$ROOT"/repos -path '*/_history/*' | wc -l | sed 's/.*/& &/')"
said whole.json '[words(len(own), sum(own)) for own in [[i.own for i in v.images
	if "/many/" in i.image]]][0]' "10000 0"
said whole.json 'i.own > 0 for i in v.images if i.image == "docker.io/library/late:2"' true
# Not under a sanitizer, whose memory is its own.
if ! grep -q __asan_init "$CDR"; then
	[ "$rss" -lt 24576 ] || fail "it took $rss KiB"
	ok "it took $rss KiB"
fi

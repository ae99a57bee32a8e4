# A tree of very many tags, from an upstream that hub/plenty.py makes. For
# scenarios; sourced after lib.sh. It needs cdr and python3.
#
#   plenty_new IMAGES ...   the upstream $UP, its references in $T/list, no tree yet;
#                           arguments as those of its make
#   plenty_move REF [KIND]  a tag of it leads to something new; a new REF is made
#   plenty_sync "what" ...  cdr sync from there into $ROOT must succeed
#   plenty_agrees "what"    all lists say what is in the tree
#   plenty_before           notes all files of the tree;
#   plenty_written          those that are others since, one a line, without _state
#                           and what blobs and manifests have come
#   plenty_bytes            and how many bytes they have
# shellcheck shell=sh

# shellcheck source=tests/check-tree.sh
. "$TOP/tests/check-tree.sh"

plenty_new()
{
	uses cdr python3
	UP=$T/up ROOT=$T/root
	python3 -S "$TOP/tests/hub/plenty.py" make "$UP" "$@"
	python3 -S "$TOP/tests/hub/plenty.py" list "$UP" >"$T/list"
}

plenty_move()
{
	python3 -S "$TOP/tests/hub/plenty.py" move "$UP" "$@" >/dev/null
}

plenty_sync()
{
	_title=$1
	shift
	check "$_title" "$CDR" sync -q -r "$ROOT" --from "oci:$UP" "$@"
}

plenty_whole()
{
	# In one process, and without site-packages: this is asked often.
	python3 -B -S - "$TOP/tests" "$ROOT/status" "$T" <<'EOF' || fail "the files of each list"
import json, sys
tests, status, top = sys.argv[1:]
sys.path.insert(0, tests)
from whole import whole
for name in "status", "images", "blobs":
    with open(f"{top}/whole-{name}.json", "w", encoding="ascii") as out:
        out.write(json.dumps(whole(status, name)))
EOF
}

plenty_agrees()
{
	plenty_whole
	"$CDR" ls -r "$ROOT" --json >"$T/ls.json"
	python3 -S - "$T" "$ROOT" <<'EOF' || fail "$1: the lists say what is in the tree"
import json, sys
top, root = sys.argv[1:]
def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)
ls = load(f"{top}/ls.json")
images, blobs = load(f"{top}/whole-images.json"), load(f"{top}/whole-blobs.json")
want = [[i["image"], i["digest"], i["platforms"], i["bytes"], i["published"]] for i in ls]
def is_same(what, a, b):
    if a != b:
        print(what, *[pair for pair in zip(a, b) if pair[0] != pair[1]][:3], len(a), len(b))
        sys.exit(1)
for name, whole in ("images", images), ("blobs", blobs):
    is_same(name, sorted([i["image"], i["digest"], i.get("platforms", []), i["size"], i["published"]]
                         for i in whole["images"]), sorted(want))
have = {i["image"]: i["blobs"] for i in blobs["images"]}
count = {}
for one in have.values():
    for key, size in one:
        count.setdefault(key, [size, 0])[1] += 1
is_same("own", sorted((i["image"], i["own"]) for i in images["images"]),
        sorted((name, sum(size for key, size in one if count[key][1] == 1)) for name, one in have.items()))
is_same("totals", [images["references"], images["blobs"], images["bytes"]],
        [len(ls), len(count), sum(size for size, _ in count.values())])
is_same("repositories", [images["repositories"]], [len({i["image"].rpartition(":")[0] for i in ls})])
EOF
	ok "$1: the lists say what is in the tree"
}

_plenty_files()
{
	(cd "$ROOT" && find . -path ./_state -prune -o -path './blobs/*' -prune -o \
		-path './manifests/*' -prune -o ! -type d -printf '%P %i %s\n') | sort
}

plenty_before()
{
	_plenty_files >"$T/before"
}

plenty_written()
{
	_plenty_files | comm -13 "$T/before" - >"$T/written"
	cut -d ' ' -f 1 "$T/written"
}

plenty_bytes()
{
	plenty_written >/dev/null
	awk '{ n += $3 } END { print n + 0 }' "$T/written"
}

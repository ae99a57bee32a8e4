# Images that leave their lists, and what cdr gc makes of it. For scenarios; sourced
# after lib.sh and sync.sh. It needs cdr and python3.
#
#   gc "what" ARG...         cdr gc on $ROOT must succeed
#   gc_rc "what" N ARG...    it must end with N
#   refused "what" REGEX ARG...  it must end with 2, say that, and touch nothing but
#                            notes of its own
#   listed_ago DAYS REF...   they were listed so long before the last run
#                            (below docker.io/library)
#   forgotten REF...         no run knows of them
#   images                   what cdr ls has, below docker.io/library, on one line
#   expect_images "what" "REF ..."
#   tree_print ROOT          all files of a tree: kind, mode, times, contents
# shellcheck shell=sh

gc()
{
	_title=$1
	shift
	check "$_title" "$CDR" gc -r "$ROOT" "$@"
}

gc_rc()
{
	_title=$1 _code=$2
	shift 2
	expect_rc "$_title" "$_code" "$CDR" gc -r "$ROOT" "$@"
}

refused()
{
	_what=$1 _regex=$2
	shift 2
	_tree_images "$ROOT" >"$T/tree-before"
	gc_rc "$_what" 2 "$@"
	expect_said "$_what: it says so" "$_regex"
	_tree_images "$ROOT" >"$T/tree-after"
	cmp -s "$T/tree-before" "$T/tree-after" || {
		diff "$T/tree-before" "$T/tree-after" | head -n 5
		fail "$_what: nothing was touched"
	}
	ok "$_what: nothing was touched"
}

# _records PYTHON REF...: with "o" for the image's line, and "head" for the first
# one; what is None then is dropped.
_records()
{
	_change=$1
	shift
	python3 -S - "$ROOT/status/status.json" "$_change" "$@" <<'EOF'
import datetime, json, os, sys
path, change, *names = sys.argv[1:]
names = {"docker.io/library/" + name for name in names}
form = "%Y-%m-%dT%H:%M:%SZ"

def ago(days):
    end = datetime.datetime.strptime(head["finished"], form)
    return (end - datetime.timedelta(days=days)).strftime(form)

with open(path, encoding="ascii") as status:
    first, *lines = status.read().split("\n")[:-2]
head = json.loads(first + "]}")
kept, seen, moved, left = [], set(), {}, set()
for line in lines:
    o = json.loads(line.rstrip(","))
    before = o.get("last_listed")
    if o["image"] in names:
        seen.add(o["image"])
        exec(change)
        moved[before] = o and o.get("last_listed")
    else:
        left.add(before)
    if o is not None:
        kept.append(json.dumps(o, separators=(",", ":")))
assert seen == names, names - seen
# All that a run had: then it is the run that was at another time.
for l in head.get("lists", []):
    if l["last_listed"] in moved and l["last_listed"] not in left:
        l["last_listed"] = moved[l["last_listed"]]
first = json.dumps(head, separators=(",", ":"))[:-2]
with open(path + ".new", "w", encoding="ascii") as out:
    out.write(first + "\n" + ",\n".join(kept) + "\n]}\n")
os.chmod(path + ".new", 0o444)
os.rename(path + ".new", path)
EOF
}

listed_ago()
{
	_days=$1
	shift
	_records "o['last_listed'] = ago($_days)" "$@" || fail "listed_ago $*"
}

forgotten()
{
	_records "o = None" "$@" || fail "forgotten $*"
}

images()
{
	"$CDR" ls -r "$ROOT" --json | pick "o.image for o in v" |
		sed 's,^docker.io/library/,,; s,\(sha256[-:]........\)[0-9a-f]*,\1,' |
		tr '\n' ' ' | sed 's/ $//'
}

expect_images()
{
	expect_eq "$1" "$2" "$(images)"
}

_tree_images()
{
	tree_print "$1" | grep -v -e '\./_state' -e '\./status'
}

tree_print()
{
	(cd "$1" && find . -printf '%p %y %m %n %s %T@ %C@ %l\n' | sort &&
		find . -type f -print0 | sort -z | xargs -0 sha256sum)
}

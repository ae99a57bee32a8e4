#!/bin/sh
# Lists cost what has changed, with 800 tags of long names: a run that finds nothing
# new writes nothing for each image, one that moves a tag writes the files of that tag
# and a few lines, besides index.json; a list of tags is written when a tag comes or
# goes. What stands in the lists is what they would be if all were written anew. A link
# that was set by hand is seen, and a tree whose lists are in one piece, as they were
# before, is taken over without fetching.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/plenty.sh"

need cdr python3
# Long enough that each list has more than STATUS_CHANGED_MIN, and so two files.
plenty_new 800 40 50 330
first=$(head -n 1 "$T/list")
repo=${first%:*}

# written "what" FILE...: these, in this order, and no others
written()
{
	_what=$1
	shift
	expect_eq "$_what" "$(printf '%s\n' "$@" | sort)" "$(plenty_written)"
}
# of_status EXPRESSION WANT
of_status()
{
	plenty_whole
	expect_eq "$1" "$2" "$(pick "$1" "$T/whole-status.json" name="$first")"
}

plenty_sync "all of them" -i "$T/list"
plenty_agrees "at first"
tree_check "$ROOT"
of_status 'words(len(v.images), len({i.result for i in v.images}), v.images[0].result,
	{i.last_listed for i in v.images} == {v.finished})' "800 1 updated true"

sleep 1
for run in second third; do
	plenty_before
	plenty_sync "a $run time" -i "$T/list"
	written "the $run time: nothing of any image" status/history.json \
		status/metrics status/runs.json status/status.json status/summary.json
	[ "$(wc -c <"$ROOT/status/status.json")" -lt 2000 ] || fail "status.json is large"
	of_status 'words({i.result for i in v.images} == {"unchanged"},
		{i.last_listed for i in v.images} == {i.last_success for i in v.images} ==
		{v.finished})' "true true"
done

# One tag moves.
sleep 1
before=$(pick v.finished "$ROOT/status/status.json")
plenty_move "$first" one
plenty_before
plenty_sync "a tag moves" "$first"
digest=$(basename "$(readlink "$ROOT/repos/$repo/_manifests/${first##*:}")")
written "it costs its own files" index.json \
	"repos/$repo/_history/${first##*:}" "repos/$repo/_manifests/${first##*:}" \
	"repos/$repo/_manifests/sha256:$digest" status/blobs.json status/history.json \
	status/images.json status/metrics status/runs.json status/status.json status/summary.json
[ "$(grep -v -e '^index.json ' -e '^status/metrics ' "$T/written" |
	awk '{ n += $3 } END { print n }')" -lt 10000 ] || fail "and few bytes"
ok "and few bytes"
plenty_agrees "after that"
of_status 'words(i.result, i.last_listed == v.finished, i.objects > 0)
	for i in v.images if i.image == name' "updated true true"
of_status '[i.last_listed for i in v.images].count(v.finished)' 1
of_status "[i.last_listed for i in v.images].count('$before')" 799

# The same one again, then the whole list: nobody else's line changes.
sleep 1
plenty_sync "the same one again" "$first"
of_status 'words(i.result, i.objects > 0) for i in v.images if i.image == name' "unchanged true"
plenty_before
plenty_sync "all of them again" -i "$T/list"
written "nothing of any image" status/history.json \
	status/metrics status/runs.json status/status.json status/summary.json
of_status '{i.last_listed for i in v.images} == {v.finished}' true

# A new tag and a new repository.
plenty_move "$repo:new" two
plenty_before
plenty_sync "a new tag" "$repo:new"
plenty_written | grep -qx "repos/$repo/_tags/list" || fail "its list of tags is written"
! plenty_written | grep -qx catalog.json || fail "the catalog is not"
plenty_agrees "with a new tag"
plenty_move aa.example/new:1 three
plenty_before
plenty_sync "a new repository" aa.example/new:1
plenty_written | grep -qx catalog.json || fail "the catalog is written"
plenty_agrees "with a new repository"
tree_check "$ROOT"

# By hand, without a word to anybody: links in one repository, and one less.
last=$(tail -n 1 "$T/list")
lastrepo=$ROOT/repos/${last%:*}
cp -P "$lastrepo/_manifests/${last##*:}" "$lastrepo/_manifests/byhand"
cp "$lastrepo/_history/${last##*:}" "$lastrepo/_history/byhand"
middle=$(sed -n 400p "$T/list")
rm -f "$ROOT/repos/${middle%:*}/_manifests/${middle##*:}" \
	"$ROOT/repos/${middle%:*}/_history/${middle##*:}"
plenty_move "$first" four
plenty_sync "with other news" "$first"
grep -q "${last%:*}:byhand" "$ROOT/index.json" || fail "the index has it"
! grep -q "\"$middle\"" "$ROOT/index.json" || fail "the index has what is gone"
plenty_agrees "with a tag set by hand, and one removed"

# All is written anew after a run that died: there is no difference.
cp "$ROOT/index.json" "$T/index.json"
cp "$ROOT/catalog.json" "$T/catalog.json"
mkdir "$T/lists"
cp "$T"/whole-*.json "$T/lists"
rm -f "$ROOT/index.json" "$ROOT"/status/images*.json "$ROOT"/status/blobs*.json
: >"$ROOT/_state/dirty"
plenty_sync "after a run that died" "$first"
check "index.json is the same" cmp "$T/index.json" "$ROOT/index.json"
check "catalog.json is the same" cmp "$T/catalog.json" "$ROOT/catalog.json"
plenty_agrees "all of them"
for name in images blobs; do
	pick 'i for i in v.images' "$T/lists/whole-$name.json" | sort >"$T/want"
	pick 'i for i in v.images' "$T/whole-$name.json" | sort >"$T/got"
	expect_eq "$name: as many lines" 802 "$(wc -l <"$T/got")"
	check "$name: each line" diff "$T/want" "$T/got"
done

# As an earlier version left it: each list in one piece.
for name in status images blobs; do
	python3 -S - "$T/whole-$name.json" "$T/one" <<'EOF'
import json, sys
whole = json.load(open(sys.argv[1]))
images = [json.dumps(i, separators=(",", ":")) for i in whole.pop("images")]
for name in "earlier", "groups":
    whole.pop(name, None)
with open(sys.argv[2], "w") as out:
    out.write(json.dumps(whole, separators=(",", ":"))[:-1] + ',"images":[\n' + ",\n".join(images) + "\n]}\n")
EOF
	rm -f "$ROOT/status/$name.json" "$ROOT/status/$name-earlier.json"
	cp "$T/one" "$ROOT/status/$name.json"
done
pick 'i.last_success for i in v.images' "$T/whole-status.json" >"$T/successes"
# What is told has whole seconds.
sleep 1.1
plenty_move "$first" five
plenty_sync "a tree of before" "$first"
plenty_agrees "taken over"
expect_eq "only what is new was fetched" 3 "$(pick v.totals.objects "$ROOT/status/status.json")"
plenty_whole
expect_eq "what is known of the others stays" 1 "$(pick 'i.last_success for i in v.images' \
	"$T/whole-status.json" | diff "$T/successes" - | grep -c '^>')"
tree_check "$ROOT"

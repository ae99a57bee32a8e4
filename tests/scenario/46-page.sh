#!/bin/sh
# The page at / in a real Chromium: it shows what is mirrored, how the last sync
# went, what failed and why, growth, what an image is made of and shares, and how
# to use it; by keyboard, on a phone and in the dark; it asks nobody but this
# server, and only for what has changed; hostile names stay text; and of ten
# thousand tags few are in the document. tests/page/page.mjs does the looking.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
. "$TOP/tests/mirror.sh"

need cdr nginx nginx-njs python3 curl jq node chromium
CHROMIUM=$(command -v chromium || command -v chromium-browser || command -v google-chrome)
PAGE_MODULES=$TOP/build/cache/page
[ -f "$PAGE_MODULES/node_modules/playwright-core/package.json" ] ||
	skip "no playwright-core here: scripts/install-deps test fetches it with npm"
export CHROMIUM PAGE_MODULES

upstream
start_hub --rate-limit 100
jq --arg at "http://$UPSTREAM" '.["other.example"].endpoint = $at' "$CDR_REGISTRIES" \
	>"$T/with-other.json"
CDR_REGISTRIES=$T/with-other.json

# A tree with a bit of everything.
app=$(craft image library/app:1 --layers 2 --shared 1 --seed 3 --size 60000)
craft image library/base:1 --layers 1 --shared 1 --seed 3 --size 60000 >/dev/null
craft artifact library/app:sbom --artifact-type application/x.sbom --subject "$app" >/dev/null
craft image "library/app:sha256-${app#sha256:}.sig" --layers 1 --size 500 --seed c >/dev/null
craft index library/multi:1 --layers 1 --size 200000 >/dev/null
craft image team/tool:2.1 --layers 1 --seed 5 >/dev/null
craft image library/late:1 --layers 1 --seed 6 >/dev/null
sync "images of two registries" base:1 multi:1 platform=linux/amd64 other.example/team/tool:2.1
sleep 1
sync "one with its signature" app:1 referrers=yes
sleep 1
sync_rc "one that fails" 1 app:1 referrers=yes gone:1
printf '%s\n' "$app" >"$T/app"

# Trees that only have what the page reads.
aside()
{
	mkdir "$T/$1"
	cp -a "$ROOT/." "$T/$1/"
	rm -rf "$T/$1/status"
	mkdir "$T/$1/status"
}
aside hostile
aside many
aside bare
python3 - "$T" <<'END'
import hashlib, json, os, sys

top = sys.argv[1]
evil = '"><img src=x onerror=hit()><script>hit()</script>'
digest = "sha256:" + "d" * 64


def put(tree, name, value):
    with open(f"{top}/{tree}/status/{name}", "w", encoding="utf-8") as out:
        json.dump(value, out)


odd = [{"image": f"reg.example/{evil.replace('/', '')}/x:1"}, {"image": "reg.example/a:" + "x" * 128},
       {"image": "javascript:alert(1)/x:1"}, {"image": f"reg.example/b:{evil.replace('/', '')}"},
       {"image": "__proto__/constructor:1"}, {"image": "no-slash"}, {"image": 7}, {"image": None}, None, [], "x"]
for row in odd:
    if isinstance(row, dict):
        row.update(digest=digest, platforms=[evil, 3, None], size="many", own=-1, published=evil,
                   referrers=[], signed="yes", broken=0)
odd[1]["digest"] = evil
put("hostile", "images.json", {"version": 1, "index": evil, "references": evil, "repositories": -1,
                               "bytes": None, "images": odd})
put("hostile", "blobs.json", {"images": [{"image": odd[0]["image"], "blobs": [[evil, evil], None, 3, ["d" * 16, 5]]},
                                         {"image": odd[1]["image"], "blobs": [["d" * 16, 5]]}, None]})
put("hostile", "history.json", {"points": [{"time": evil}, None, {"time": "2026-01-01T00:00:00Z", "bytes": evil}]})
failure = {"image": evil, "reason": evil, "error": evil, "last_success": evil}
put("hostile", "summary.json", {"result": evil, "finished": evil, "version": evil, "error": evil, "totals": [],
                                "store": {"filesystem": evil}, "failures": [failure, None, {"image": {}}],
                                "failures_left_out": evil,
                                "pulls_left": [{"registry": evil, "left": evil, "more_at": evil}, None]})
put("hostile", "status.json", {"images": [None, {"image": odd[0]["image"], "result": evil, "error": evil, "reason": evil}]})

rows = []
for i in range(10000):
    name = f"{['docker.io', 'ghcr.io', 'quay.io'][i // 20 % 3]}/team/service-{i // 20:04d}:{i % 5}.{i % 20}"
    rows.append({"image": name, "digest": "sha256:" + hashlib.sha256(name.encode()).hexdigest(), "size": i, "own": i,
                 "platforms": ["linux/amd64"], "published": "2026-01-02T03:04:05Z"})
# In two files: one image has moved since, one is new, and one has gone.
moved, new, gone = rows[7], rows.pop(), dict(rows[9], image="ghcr.io/team/service-gone:1")
before = [dict(one, digest="sha256:" + "0" * 64) if one is moved else one for one in rows] + [gone]
put("many", "images-earlier.json", {"version": 1, "id": "a.b-c", "images": before})
put("many", "images.json", {"version": 1, "references": 10000, "repositories": 500, "earlier": "a.b-c",
                            "images": [moved, new, {"image": gone["image"], "gone": True}]})
put("many", "status-earlier.json", {"version": 1, "id": "d", "images": [{"image": moved["image"], "group": 3, "size": 7}]})
put("many", "status.json", {"earlier": "d", "images": [], "groups": [
    {"group": 3, "result": "unchanged", "last_listed": "2026-01-02T03:04:05Z"}]})
put("many", "blobs-earlier.json", {"version": 1, "id": "e", "images": [
    {"image": one["image"], "blobs": [["d" * 16, 5]]} for one in (moved, rows[8], gone)]})
put("many", "blobs.json", {"version": 1, "earlier": "e", "images": [
    {"image": new["image"], "blobs": [["d" * 16, 5]]}, {"image": gone["image"], "gone": True}]})
put("many", "history.json", {"points": []})
put("many", "summary.json", {"result": "ok", "finished": "2026-01-02T03:04:05Z", "totals": {}, "failures": []})
END
real=$ROOT
ROOT=$T/empty
sync_rc "a tree with nothing in it" 1 gone:1
ROOT=$real

_mirror_serve
at_real=$MIRROR
for tree in hostile many bare empty; do
	start_nginx "$T/$tree"
	eval "at_$tree=\$MIRROR"
done

# shellcheck disable=SC2154 # set by eval
PAGES=$(jq -n --arg real "$at_real" --arg hostile "$at_hostile" --arg many "$at_many" \
	--arg bare "$at_bare" --arg empty "$at_empty" \
	--arg again "'$CDR' sync -q -r '$ROOT' app:1 referrers=yes late:1" \
	--arg app "$app" --slurpfile earlier "$T/many/status/images-earlier.json" \
	--slurpfile changed "$T/many/status/images.json" --slurpfile images "$ROOT/status/images.json" \
	--slurpfile history "$ROOT/status/history.json" --slurpfile summary "$ROOT/status/summary.json" '
	def url: "http://\(.)/";
	{real: $real | url, hostile: $hostile | url, many: $many | url, bare: $bare | url,
	empty: $empty | url, again: $again, want: {app: $app,
		moved: $changed[0].images[0], new: $changed[0].images[1].image,
		neighbour: $earlier[0].images[8].image, gone: $changed[0].images[2].image,
		images: [$images[0].images[].image], repositories: $images[0].repositories,
		largest: ($images[0].images | max_by(.size).image | sub(":[^:/]*$"; "")),
		pulls: $summary[0].pulls_left[0].left, points: ($history[0].points | length)}}')
export PAGES
[ -z "${SHOTS-}" ] || mkdir -p "$SHOTS"
rc=0
node --test --test-reporter=tap "$TOP/tests/page/page.mjs" >"$T/page.log" 2>&1 || rc=$?
sed -nE 's/^ *not ok [0-9]+ - /FAIL /p; s/^ *ok [0-9]+ - /ok /p' "$T/page.log"
[ $rc -eq 0 ] || {
	cat "$T/page.log"
	fail "the page is not what it should be"
}
[ "$(grep -cE '^ *ok [0-9]' "$T/page.log")" -ge 15 ] ||
	fail "tests of the page were left out"

# The second look costs a header.
mirror_saw "an unchanged summary is not sent again" some '^GET /summary\.json 304$'
mirror_saw "nor is an unchanged script" some '^GET /page\.js 304$'
mirror_never_failed

#!/usr/bin/env python3
"""More files for three trees of tree.py below DIR: shop gets bundles, hooks and upkeep;
young, one point of today alone; hostile, what is of no type or size that can be.

    odd.py DIR
"""
import datetime
import json
import os
import sys

top = sys.argv[1]
now = datetime.datetime.now(datetime.timezone.utc)


def ago(minutes):
    return (now - datetime.timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def put(tree, name, value):
    with open(f"{top}/{tree}/status/{name}.json", "w", encoding="utf-8") as out:
        json.dump(value, out)


def get(tree, name):
    with open(f"{top}/{tree}/status/{name}.json", encoding="utf-8") as file:
        return json.load(file)


# One run of a hint among the others.
runs = get("shop", "runs")
runs["runs"].insert(len(runs["runs"]) - 1, {"finished": ago(20), "seconds": 2, "result": "ok", "only": 1, "images": 1, "updated": 1,
                                            "unchanged": 0, "failed": 0, "bytes": 1 << 20, "pulls": 1})
put("shop", "runs", runs)
put("shop", "bundles", {"version": 1, "bundles": [
    {"from": "hq", "to": "*", "seq": 218, "id": "a", "created": ago(300), "imported": ago(120), "images": 12}],
    "waiting": [{"from": "hq", "to": "*", "seq": 219, "id": "b", "since": ago(20), "result": "waiting", "missing_parts": 1,
                 "missing_images": 0, "parts": ["hq-219.3.tar"], "waiting_images": []}],
    "last": {"from": "hq", "seq": 219, "result": "waiting", "finished": ago(20)}})
put("shop", "watch", {"started": ago(9000), "every": 3600, "next": ago(-56), "running": False, "waiting": 2, "hooks": {
    "taken": 41, "events": 57, "matched": 38, "not_understood": 1, "denied": 2, "malformed": 0}})
put("shop", "verify", {"finished": ago(400), "result": "failed", "bad": 2, "mended": 0, "structure_bad": 0})
put("shop", "gc", {"finished": ago(500), "result": "ok", "removed": {"bytes": 1 << 30}, "reclaimable_bytes": 2 << 30})

# A mirror of today.
put("young", "history", {"points": [{"time": ago(3), "images": 1, "repositories": 1, "blobs": 3, "bytes": 7 << 20}]})
for name in ("runs", "watch"):
    os.unlink(f"{top}/young/status/{name}.json")

# Nothing is of the type that it should be, or of a size that can be.
evil = '"><img src=x onerror="window.hit=1"><script>window.hit=1</script>'
huge = 1e308
odd = [None, 7, -1, huge, True, [], {}, evil, [[]], [None], {"a": evil}]
rows = [{"image": "reg.example/a:1", "digest": "sha256:" + "d" * 64, "platforms": [evil, 3, None, "linux/amd64"], "size": huge, "own": -1,
         "published": evil, "referrers": [], "signed": "yes", "broken": 1, "kind": [], "verified": {}, "held": 5, "last_listed": []},
        {"image": "reg.example/a:2", "digest": evil, "platforms": evil, "size": "many", "published": "9999-99-99", "kind": evil,
         "verified": evil, "held": evil, "last_listed": evil, "signed": True, "broken": True},
        {"image": "reg.example/a:2;reboot", "digest": "sha256:" + "d" * 64, "platforms": ["linux/amd64"]},
        {"image": f"reg.example/b:{evil.replace('/', '')}"}, {"image": "__proto__/constructor:1"}, {"image": "no-slash"},
        *({"image": value} for value in odd), *odd]
put("hostile", "images", {"version": evil, "images": rows, "index": odd, "written": odd})
put("hostile", "blobs", {"images": [{"image": "reg.example/a:1", "blobs": [*odd, ["d" * 16, huge], ["e" * 16, evil], [evil, 5]], "links": 3},
                                    {"image": "reg.example/a:2", "blobs": [["d" * 16, 5]]}, *odd]})
put("hostile", "summary", {"result": evil, "finished": ago(3), "version": odd, "error": odd, "last_success": evil,
                           "totals": {"images": huge, "failed": huge, "bytes": huge, "duration_ms": huge, "updated": "3"},
                           "store": {"filesystem": {"bytes": huge, "bytes_free": -5}},
                           "failures": [{"image": evil, "reason": evil, "error": evil, "last_success": evil},
                                        {"image": "reg.example/a:1", "reason": "constructor", "error": {}, "last_success": 5},
                                        {"image": "docker.io/library/x:1", "reason": ["denied"], "error": evil * 40}, {"image": {}}, *odd],
                           "failures_left_out": evil, "pulls_left": [{"registry": evil, "left": huge, "limit": huge, "more_at": evil}, *odd]})
put("hostile", "runs", {"runs": [{"finished": ago(7), "result": evil, "bytes": huge, "seconds": huge, "updated": evil, "only": huge, "totals": 3},
                                 {"finished": evil}, *odd]})
put("hostile", "history", {"points": [{"time": ago(i * 60), "bytes": [huge, evil, -1, 5, None][i % 5]} for i in range(60)] + odd})
put("hostile", "traffic", {"days": [{"day": f"2026-11-{i:02d}", "bytes": [huge, evil, 7][i % 3]} for i in range(1, 30)] + odd})
put("hostile", "bundles", {"bundles": [{"from": evil, "seq": evil, "images": huge, "imported": evil}, *odd],
                           "waiting": [{"parts": odd, "missing_parts": huge, "waiting_images": evil}, *odd], "last": {"result": evil, "error": evil}})
put("hostile", "watch", {"hooks": {"taken": evil, "events": huge, "denied": huge}, "waiting": huge, "list_error": evil, "started": evil, "next": evil})
put("hostile", "gc", {"finished": ago(3), "removed": odd, "reclaimable_bytes": evil})
put("hostile", "verify", {"finished": ago(3), "bad": huge, "mended": evil, "oldest": evil})
put("hostile", "held", {"images": odd})
put("hostile", "unlisted", {"images": [{"image": "reg.example/a:1", "since": evil}, *odd]})

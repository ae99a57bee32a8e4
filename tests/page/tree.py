#!/usr/bin/env python3
"""Trees for the page alone: the files of status/ as cdr-layout(5) has them.

    tree.py shop DIR [STATE]     some thirty repositories of a small shop
    tree.py many DIR COUNT       COUNT tags in half as many repositories, and in two files
    tree.py hostile DIR          what strangers might write, or a damaged disk

STATE: failing (the usual one), ok, stale, interrupted, store, held, nothing. All
figures are made up; times count back from now. What manifests, histories and
lists say is not in DIR.
"""
import datetime
import hashlib
import json
import os
import random
import sys

NOW = datetime.datetime.now(datetime.timezone.utc)
MINUTE, HOUR, DAY = 1, 60, 1440
MIB = 1 << 20

# registry/name | newest,aliases;older,... | MiB on disk | platforms | minutes since
# it was published | v: verified, p: a signature is there | state | type of artifact
TWO, THREE = "linux/amd64 linux/arm64", "linux/amd64 linux/arm64 linux/arm/v7"
SIX = THREE + " linux/ppc64le linux/s390x linux/386"
HELM = "application/vnd.cncf.helm.config.v1+json"
SHOP = f"""
registry.example.com/shop/api|2.14.0,2.14,latest;2.13.2,2.13;2.13.1;2.12.0,2.12|412|{TWO}|38|v||
registry.example.com/shop/web|2.13.9,2.13,latest;2.13.8;2.12.4,2.12|188|{TWO}|230|v|failed|
docker.io/library/nginx|1.27.3,1.27,latest;1.27.2;1.26.2,1.26,stable;1.25.5,1.25|341|{SIX}|96|||
docker.io/library/postgres|17.2,17,latest;16.6,16;15.10,15;14.15,14|1190|{TWO}|210|||
ghcr.io/fluxcd/source-controller|v1.4.1;v1.4.0;v1.3.0|142|{THREE}|260|v||
ghcr.io/fluxcd/kustomize-controller|v1.4.0;v1.3.0|131|{THREE}|261|v||
ghcr.io/prometheus-community/charts/kube-prometheus-stack|66.3.0;66.2.2;65.8.1|2.4||420|p||{HELM}
registry.k8s.io/ingress-nginx/controller|v1.11.3;v1.11.2;v1.10.5|512|{TWO}|700|v||
registry.k8s.io/kube-apiserver|v1.31.3;v1.31.2;v1.30.7|187|{TWO}|1500|v||
registry.k8s.io/kube-proxy|v1.31.3;v1.31.2;v1.30.7|203|{TWO}|1500|v||
registry.k8s.io/coredns/coredns|v1.11.3;v1.11.1|58.2|{TWO}|1560|v||
registry.k8s.io/metrics-server/metrics-server|v0.7.2;v0.7.1|60.4|{TWO}|3100|v||
registry.k8s.io/pause|3.10;3.9|0.72|{TWO} windows/amd64|41000|v||
docker.io/library/redis|7.4.1,7.4,7,latest;7.2.6,7.2|118|{THREE}|2900|||
docker.io/library/alpine|3.20.3,3.20,latest;3.19.4,3.19|21.6|{SIX}|4400|||
docker.io/library/debian|12.8,12,bookworm;12.8-slim,bookworm-slim|164|{TWO}|5800|||
docker.io/library/busybox|1.35|6.1|{THREE}|77000||unlisted|
docker.io/library/traefik|v3.2.1,v3.2;v2.11.14,v2.11|156|{TWO}|7900||unlisted|
docker.io/library/node|||||| failed|
docker.io/grafana/grafana|11.2.3,11.2;11.3.1,11.3;11.3.0|689|{TWO}|1180||held|
docker.io/grafana/loki|3.3.0,3.3;3.2.1|93.4|{THREE}|8800|||
docker.io/rancher/k3s|v1.31.3-k3s1;v1.31.2-k3s1;v1.30.7-k3s1|498|{TWO}|9200|p||
docker.io/rancher/local-path-provisioner|v0.0.30;v0.0.28|41.0|{TWO}|21000|||
docker.io/longhornio/longhorn-manager|v1.7.2;v1.7.1|236|{TWO}|12600|||
docker.io/ai/smollm2|360M-Q4_K_M,latest|258||13100|||application/vnd.docker.ai.model.config.v0.1+json
quay.io/prometheus/prometheus|v3.0.0,latest;v2.55.1|212|{THREE}|10200|||
quay.io/prometheus/alertmanager|v0.27.0,latest|67.9|{THREE}|39000|||
quay.io/jetstack/cert-manager-controller|v1.16.1;v1.16.0;v1.15.4|121|{TWO}|5700|p|failed|
quay.io/jetstack/charts/cert-manager|v1.16.1;v1.16.0|0.31||5700|p||{HELM}
registry.example.com/shop/sbom|api-2.14.0;api-2.13.2|3.8||38|v||application/spdx+json
ghcr.io/kubewarden/policies/pod-privileged|v0.3.4;v0.3.3|4.9||17000|p||application/vnd.wasm.config.v1+json
registry.example.com/data/platform/team-recommendations/feature-extraction-service|2026.11.2;2026.11.1|1740|linux/amd64|2400|v||
"""
FAILURES = [
    ("docker.io/library/node:23", "not_found", "The registry answers 404: manifest unknown.", None),
    ("registry.example.com/shop/web:2.14.0", "signature", "No signature by shop.pub over sha256:91c0d2e4a7f3.", 180),
    ("quay.io/jetstack/cert-manager-controller:v1.16.2", "network",
     "Timed out after 3 attempts; 41.2 of 63.0 MiB are here, and the next run goes on from there.", 58),
]


def ago(minutes):
    return (NOW - datetime.timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def digest(*words):
    return "sha256:" + hashlib.sha256("/".join(map(str, words)).encode()).hexdigest()


def rows_of(line):
    """The rows of images.json and blobs.json of a repository."""
    name, tags, mib, platforms, minutes, signed, state, kind = (part.strip() for part in line.split("|"))
    groups = [group.split(",") for group in tags.split(";")] if tags else []
    key = {"registry.k8s.io": "k8s.pub", "ghcr.io": "flux.pub"}.get(name.split("/")[0], "shop.pub")
    for i, group in enumerate(groups):
        # Of what is on disk one blob is in all of them.
        one = float(mib) * MIB / (len(groups) * .62 + .38)
        base = (digest(name, "base")[7:23], round(one * .38))
        size = base[1] + round(one * .62)
        own = (digest(name, i)[7:23], size - base[1])
        at = float(minutes) + i * (i + 1) * 5 * DAY
        for tag in group:
            row = {"image": f"{name}:{tag}", "digest": digest(name, i), "published": ago(at), "platforms": platforms.split(),
                   "size": size, "own": own[1] if len(group) == 1 else 0}
            if kind:
                row["kind"] = kind
            if signed:
                row.update(referrers=1, signed=True)
            if signed == "v":
                row["verified"] = key
            if state == "held" and i == 0:
                row["held"] = ago(1180)
            if state == "unlisted":
                row["last_listed"] = ago(27 * DAY)
            yield row, {"image": row["image"], "blobs": [list(base), list(own)]}


def runs_of(state):
    """As of cdr sync each hour, and a month of days before."""
    fails = [3, 3, 2, 1, 0, 0, 0, 0] if state not in ("ok", "stale", "held") else [0] * 8
    first = {"stale": 3 * DAY}.get(state, 4)
    got = []
    for i, failed in enumerate(fails):
        updated = (6, 0, 2, 1, 4, 0, 0, 1)[i]
        got.append({"finished": ago(first + HOUR * i), "seconds": (48, 11, 20, 10, 52, 7, 7, 4)[i],
                    "result": "interrupted" if i == 7 else "failed" if failed else "ok", "images": 415, "updated": updated,
                    "unchanged": 415 - updated - failed, "held": 0, "failed": failed, "not_reached": 0,
                    "bytes": (184, 22, 61, 12, 203, 0, 0, 3)[i] * MIB, "pulls": (9, 0, 3, 2, 6, 0, 0, 1)[i]})
    return got[::-1]


def shop(state):
    rows, blobs = [], []
    for line in SHOP.strip().splitlines():
        for row, its in rows_of(line):
            rows.append(row)
            blobs.append(its)
    if state in ("ok", "stale"):
        for row in rows:
            row.pop("held", None)
    failures = [] if state in ("ok", "stale", "held", "interrupted", "store") else [
        {"image": image, "registry": image.split("/")[0], "result": "failed", "reason": reason, "error": error,
         **({} if since is None else {"last_success": ago(since)})} for image, reason, error, since in FAILURES]
    runs = runs_of(state)
    last = runs[-1]
    result = {"interrupted": "interrupted", "store": "store"}.get(state, "failed" if failures else "ok")
    held = sum(1 for row in rows if "held" in row)
    summary = {
        "layout": 2, "version": "0.2.0", "started": ago(5), "finished": last["finished"], "result": result,
        "exit_code": 0 if result == "ok" else 1, "last_success": ago(244), "last_listed": last["finished"],
        "totals": {"images": 415, "unchanged": 406, "updated": 6, "held": held if state == "held" else 0, "failed": len(failures),
                   "not_reached": 0, "objects": 31, "bytes": 184 * MIB, "requests": 430, "pulls": 9, "duration_ms": 48100},
        "store": {"images": len(rows), "image_bytes": 1, "filesystem": {
            "bytes": 64 << 30, "bytes_free": round(41.6 * (1 << 30)), "files": 1, "files_free": 1}},
        "pulls_left": [{"registry": "docker.io", "left": 87, "limit": 100, "window_s": 21600}],
        "failures": failures, "failures_left_out": 0}
    if state == "store":
        summary["error"] = "/srv/cdr is read-only"
    random.seed(1)
    points, size = [], 4.1
    for i in range(60):
        size += .031 + (.28 if i % 14 == 13 else 0)
        points.append({"time": ago((59 - i) * 12 * HOUR + 4), "images": 300 + i, "repositories": 31, "blobs": 900 + 9 * i,
                       "bytes": round(size * (1 << 30))})
    files = {
        "images.json": {"version": 1, "written": last["finished"], "index": "x", "references": len(rows), "repositories": 31,
                        "blobs": 900, "bytes": 6 << 30, "images": rows},
        "blobs.json": {"version": 1, "images": blobs}, "history.json": {"points": points}, "runs.json": {"runs": runs},
    }
    if state != "stale":
        files["watch.json"] = {"started": ago(9 * DAY), "every": 3600, "next": ago(-56), "running": False, "waiting": []}
    if state == "failing":
        files["traffic.json"] = {"days": [{"day": ago((29 - i) * DAY)[:10], "bytes": random.randint(9, 44) << 30, "requests": 900 + i}
                                          for i in range(30)]}
    files["summary.json"] = summary
    return files


def many(count):
    """In two files, as cdr writes very many."""
    rows = []
    for i in range(count):
        name = f"{('docker.io', 'ghcr.io', 'quay.io')[i // 2 % 3]}/team-{i // 200}/service-{i // 2:05d}"
        rows.append({"image": f"{name}:{i % 2 + 1}.{i % 20}", "digest": digest(name, i), "published": ago(i),
                     "platforms": ["linux/amd64", "linux/arm64"][:1 + i % 2], "size": i * 7919 + 1, "own": i})
    # One image has moved since, one is new, and one has gone.
    moved, new, gone = rows[7], rows.pop(), dict(rows[9], image="ghcr.io/team-0/service-gone:1")
    before = [dict(one, digest=digest("before")) if one is moved else one for one in rows] + [gone]
    return {
        "images-earlier.json": {"version": 1, "id": "a.b-c", "images": before},
        "images.json": {"version": 1, "references": count, "repositories": count // 2, "earlier": "a.b-c",
                        "images": [moved, new, {"image": gone["image"], "gone": True}]},
        "blobs-earlier.json": {"version": 1, "id": "d", "images": [
            {"image": row["image"], "blobs": [["d" * 16, 5], [row["digest"][7:23], row["size"]]]} for row in before]},
        "blobs.json": {"version": 1, "earlier": "d", "images": [
            {"image": new["image"], "blobs": [["d" * 16, 5]]}, {"image": gone["image"], "gone": True}]},
        "summary.json": {"version": "0.2.0", "result": "ok", "finished": ago(2), "totals": {"images": count}, "failures": []},
    }


def hostile():
    evil = '"><img src=x onerror=hit()><script>hit()</script>'
    bare = evil.replace("/", "")
    odd = [{"image": f"reg.example/{bare}/x:1"}, {"image": "reg.example/a:" + "x" * 128}, {"image": "javascript:alert(1)/x:1"},
           {"image": f"reg.example/b:{bare}"}, {"image": "__proto__/constructor:1"}, {"image": "constructor/__proto__:__proto__"},
           {"image": "reg.example/" + "y" * 4000 + ":1"}, {"image": "no-slash"}, {"image": 7}, {"image": None}, None, [], "x"]
    for row in odd:
        if isinstance(row, dict):
            row.update(digest=digest("d"), platforms=[evil, 3, None, "__proto__"], size="many", own=-1, published=evil, referrers=[],
                       signed="yes", broken=0, kind=evil, verified=evil, held=evil, last_listed=[evil])
    odd[1].update(digest=evil, kind="__proto__", verified={"x": evil}, held=True)
    odd[4].update(kind="", signed=True, verified="", broken=True, held="")
    failure = {"image": evil, "reason": evil, "error": evil, "last_success": evil}
    known = {"image": odd[0]["image"], "reason": "__proto__", "error": evil, "last_success": 3}
    run = {"finished": evil, "seconds": evil, "result": evil, "bytes": -1, "pulls": evil, "only": evil}
    return {
        "images.json": {"version": 1, "index": evil, "references": evil, "repositories": -1, "bytes": None, "images": odd},
        "blobs.json": {"images": [{"image": odd[0]["image"], "blobs": [[evil, evil], None, 3, ["d" * 16, 5]]},
                                  {"image": odd[1]["image"], "blobs": [["d" * 16, 5]]}, None]},
        "history.json": {"points": [{"time": evil}, None, {"time": "2026-01-01T00:00:00Z", "bytes": evil}]},
        "runs.json": {"runs": [run, None, 7, dict(run, finished="2026-01-01T00:00:00Z")]},
        "held.json": {"images": [{"image": evil}, None, {"image": odd[1]["image"], "since": evil}]},
        "unlisted.json": {"images": "none"}, "watch.json": {"next": evil, "running": evil, "waiting": evil, "hooks": [evil]},
        "bundles.json": {"bundles": [{"from": evil, "to": evil, "seq": evil}, None], "waiting": evil},
        "traffic.json": {"days": [{"day": evil, "bytes": evil}, None]}, "gc.json": [evil], "verify.json": evil,
        "summary.json": {
            "result": evil, "finished": evil, "version": evil, "error": evil, "totals": [], "store": {"filesystem": evil},
            "failures": [failure, known, None, {"image": {}}], "failures_left_out": evil,
            "pulls_left": [{"registry": evil, "left": evil, "limit": 5, "more_at": evil}, None]},
    }


def written(value):
    """As cdr writes it: a list of images has one a line."""
    images = value.get("images") if isinstance(value, dict) else None
    if not isinstance(images, list):
        return json.dumps(value)
    head = json.dumps({key: one for key, one in value.items() if key != "images"}, separators=(",", ":"))[:-1]
    lines = ",\n".join(json.dumps(row, separators=(",", ":")) for row in images)
    return f'{head}{"" if head == "{" else ","}"images":[\n{lines}\n]}}\n'


def main():
    kind, to, *rest = sys.argv[1:]
    state = "".join(rest) or "failing"
    for folder in ("status", "repos", "manifests/application", "blobs/sha256"):
        os.makedirs(f"{to}/{folder}", exist_ok=True)
    for name, value in (("oci-layout", {"imageLayoutVersion": "1.0.0"}), ("cdr-layout", None)):
        with open(f"{to}/{name}", "w", encoding="utf-8") as out:
            out.write("2\n" if value is None else json.dumps(value))
    files = {} if state == "nothing" else many(int(state)) if kind == "many" else hostile() if kind == "hostile" else shop(state)
    for name in os.listdir(f"{to}/status"):
        if name.endswith(".json") and name not in files:
            os.unlink(f"{to}/status/{name}")
    for name, value in files.items():
        with open(f"{to}/status/{name}.new", "w", encoding="utf-8") as out:
            out.write(written(value))
        os.rename(f"{to}/status/{name}.new", f"{to}/status/{name}")


main()

#!/usr/bin/env python3
"""What the page makes of odd answers, and of odd names in them. The tree and nginx are
those of tests/scenario/301-page-answers.sh; answers are exchanged in the browser."""
import json
import os
import re
import time

from browser import Keys
from check import run

SHOP = json.loads(os.environ["PAGES"])["shop"]
DIGEST = "sha256:" + "d" * 64
SUMMARY = {"result": "ok", "finished": "2026-01-01T00:00:00Z", "totals": {"images": 2}, "failures": []}


def row(name, **more):
    return {"image": name, "digest": DIGEST, "published": "2026-01-01T00:00:00Z", "size": 5, "platforms": ["linux/amd64"], **more}


def strip(b):
    return " ".join(b.texts("#strip li"))


def names(b):
    return b.js("[...document.querySelectorAll('.list tbody .go')].map((e) => e.getAttribute('aria-label'))")


def test_typed(b):
    """What is typed stays as it is typed, whatever an address makes of it"""
    b.open(SHOP)
    for words in ("c++", "a+b c", "50%", "%2B", "a&b=c#d", "a\\b"):
        b.js("(document.querySelector('#q').focus(), document.querySelector('#q').select())")
        b.press(words)
        assert b.js("document.querySelector('#q').value") == words, b.js("[document.querySelector('#q').value, location.hash]")
        b.driver.refresh()
        b.ready()
        assert b.js("document.querySelector('#q').value") == words, words
    b.press(Keys.ESCAPE)


def test_half_letters(b):
    """Half of a letter in one name takes no other row away"""
    with b.instead({"images.json": {"images": [row("reg.example/a\ud800:1"), row("reg.example/b:1")]}, "summary.json": SUMMARY}):
        b.open(SHOP)
        b.until("document.querySelectorAll('.list tbody .go').length === 2")


def test_held_name(b):
    """A name that no client takes is in no command, in none of the views"""
    with b.instead({"images.json": {"images": [row("reg.example/a:2;reboot", held="2026-01-01T00:00:00Z")]}, "summary.json": SUMMARY}):
        for view in ("i/reg.example/a", "i/reg.example/a:2%3Breboot"):
            b.open(f"{SHOP}#/{view}")
            b.until("document.querySelector('.alert')?.textContent.includes('is held since')")
            b.until("!/(Reading|Looking)…/.test(document.querySelector('#main').textContent)")
            assert not [c for c in b.texts(".cmd") if "reboot" in c], b.texts(".cmd")
    with b.instead({"images.json": {"images": [row("reg.example:5000/a:2", held="2026-01-01T00:00:00Z")]}, "summary.json": SUMMARY}):
        b.open(f"{SHOP}#/i/reg.example:5000/a")
        assert "cdr rollback --release reg.example:5000/a:2" in b.text(".alert .cmd"), b.text(".alert")


def test_damaged(b):
    """A file that only adds something, and is damaged or forbidden, takes nothing else away"""
    always, there = ["history", "runs", "held", "unlisted", "watch"], ["bundles", "traffic", "gc", "verify"]
    for said in ('{"points":[', 403):
        with b.instead({f"{name}.json": said for name in always}):
            b.open(SHOP)
            b.until("document.querySelectorAll('.list tbody .go').length === 32")
            assert strip(b).startswith("3 images failed"), (said, strip(b))
        with b.instead({f"{name}.json": said for name in always + there}):
            b.open(f"{SHOP}#/activity")
            assert "Last syncs" in b.text("#main") and strip(b).startswith("3 images failed"), (said, strip(b))
    b.driver.get_log("browser")


def test_unread(b):
    """Before the images could be read no view says that something is not here"""
    for said, words in ((403, "images.json: 403"), ('{"images":[', "images.json is not JSON")):
        for view in ("", "i/docker.io/library/nginx", "i/docker.io/library/nginx:1.27", "i/docker.io/library/nginx@" + DIGEST):
            with b.instead({"images.json": said}):
                b.open(f"{SHOP}#/{view}")
                assert "not in this mirror" not in b.text("#main"), (view, b.text("#main"))
                assert words in b.text("#main"), (view, b.text("#main"))
                # A server that says this has answered.
                assert strip(b).startswith("What is mirrored cannot be read"), strip(b)
            b.js("(() => { window.answers = {}; })()")
            b.look()
            b.until("document.querySelector('#strip').innerText.startsWith('3 images failed')")
            b.until("!document.querySelector('#main').innerText.includes('cannot be read')")
    with b.instead({"summary.json": "gone"}):
        b.open(f"{SHOP}#/i/docker.io/library/nginx")
        assert strip(b).startswith("No answer since"), strip(b)
    b.driver.get_log("browser")


def test_hint_alone(b):
    """Where only hints have run so far nothing has failed"""
    latest = {"only": 1, "finished": "2026-01-01T00:00:00Z", "result": "ok", "totals": {"images": 1, "failed": 0}}
    with b.instead({"summary.json": {"version": "0.2.0", "latest": latest, "failures": []}, "runs.json": None, "watch.json": None}):
        b.open(f"{SHOP}#/activity")
        assert strip(b).startswith("No sync of the whole list has ended here yet"), strip(b)
        assert "No sync of the whole list has ended here yet." in b.text("#main"), b.text("#main")


def test_clocks(b):
    """What ended at a time that has not come by this clock says which time that is"""
    with b.instead({"summary.json": {**SUMMARY, "finished": "2099-01-02T03:04:05Z"}}):
        b.open(SHOP)
        assert "Synced 2099-01-02 03:04 UTC" in strip(b), strip(b)


def test_clock_of_the_browser(b):
    """Ages, what is due and what is late are reckoned by the server's clock, not by this one"""
    for hours in (0, 5, -5, 24 * 400, -24 * 400):
        with b.clock(hours):
            for view, words in (("", r"\b(38|39|4[0-3]) min ago"), ("activity", r"since 2 h ago"), ("activity", r"Next sync\s+in 5[56] min")):
                b.open(f"{SHOP}#/{view}")
                assert abs(b.js("Date.now() / 3.6e6") - time.time() / 3600 - hours) < 1
                assert re.match(r"3 images failed Synced [4-6] min ago Next in 5[4-6] min ", strip(b)), (hours, strip(b))
                assert re.search(words, b.text("#main")), (hours, view, b.text("#main"))
            # Also when it looks again, of which the browser has a copy.
            b.look()
            b.until("performance.getEntriesByName(new URL('summary.json', location).href).length >= 2")
            b.until("/Synced [4-6] min ago/.test(document.querySelector('#strip').innerText)")


def test_time_of_a_copy(b):
    """The time of an answer is that of now, also where the browser has a copy of its body"""
    b.open(SHOP)
    first, second = b.driver.execute_async_script("""const done = arguments[0];
      const ask = async () => Date.parse((await fetch('summary.json', { cache: 'no-cache' })).headers.get('Date'));
      ask().then((first) => setTimeout(() => ask().then((second) => done([first, second])), 1100));""")
    assert second > first, (first, second)
    got = b.driver.execute_async_script("""const done = arguments[0];
      import('./page-clock.js').then((m) => {
        const at = (date, age) => { m.hearTime(new Headers({ Date: new Date(date).toUTCString(), ...age })); return m.now(); };
        done([at(4e12, {}), at(4e12, { Age: '600' }), at(4e12, { Age: 'x' })].map((s) => Math.round(s - 4e9)));
      });""")
    assert [round(s / 2) for s in got] == [0, 300, 0], got


def test_no_time(b):
    """Where no answer says its time a sync that has ended is not to come"""
    none = {f"{name}.json": None for name in ("watch", "images-earlier", "blobs", "runs", "history", "held", "unlisted")}
    ended = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 60))
    with b.clock(-5), b.instead({**none, "images.json": {"images": [row("reg.example/a:1", published=ended)]},
                                 "summary.json": {**SUMMARY, "finished": ended}}):
        b.open(SHOP)
        assert "Synced just now" in strip(b), strip(b)
        assert "just now" in b.text(".list tbody"), b.text(".list")


def test_lines(b):
    """A list with an image a line is read as it comes, however it is cut; and others as a whole"""
    head = {"version": 1, "id": "a.b"}
    rows = [row(f"reg.example/ä{i}:1,\n]}}", size=i) for i in range(7)]
    lines = [json.dumps(one, ensure_ascii=False) for one in rows]

    def text(lines):
        return json.dumps(head)[:-1] + ',"images":[\n' + ",\n".join(lines) + "\n]}\n"

    def read(body, size, batch, take="undefined"):
        return b.driver.execute_async_script("""const [body, size, batch, done] = arguments, bytes = new TextEncoder().encode(body);
          let at = 0;
          const stream = new ReadableStream({ pull(c) {
            if (at >= bytes.length) c.close();
            else c.enqueue(bytes.slice(at, at += size));
          } }, { highWaterMark: 0 });
          const taken = [];
          import('./page-lines.js').then(async (m) => {
            done([await m.readLines(m.partsOf(stream), TAKE, batch), taken]);
          }).catch((error) => done(error.name));""".replace("TAKE", take), body, size, batch)

    b.open(SHOP)
    for batch in (1, 400, 1 << 18):
        for size in (1, 7, 64, 1 << 16):
            value, _ = read(text(lines), size, batch)
            assert value == {**head, "images": rows}, (batch, size)
            value, taken = read(text(lines), size, batch, "(lines, its) => taken.push([lines, its.id])")
            assert "images" not in value and value["texts"] == [t for t, _ in taken], (batch, size)
            assert ",\n".join(t for t, _ in taken) == ",\n".join(lines) and {i for _, i in taken} == {"a.b"}, (batch, size)
    for body, want in ((json.dumps({**head, "images": rows}), rows), (json.dumps({**head, "images": rows}, indent=1), rows), (text([]), [])):
        assert read(body, 50, 1)[0] == {**head, "images": want}
    assert read(json.dumps({"images": rows}), 50, 1, "(rows) => taken.push(...rows)") == [{"images": rows}, rows]
    assert read("{}", 50, 1) == [{}, []]
    whole = text(lines)
    for body in ("", "{", whole[:-3], whole[:200], whole[:-4] + ",\n", whole.replace('"size"', "size")):
        assert read(body, 50, 1) == "SyntaxError", body[:100]


def odd_rows():
    """Rows as cdr writes them, and others."""
    hex64, marks = "0123456789abcdef" * 4, [{}, {}, {}, {"verified": "a.pub"}, {"held": "2026-01-01T00:00:00Z"}, {"held": True}, {"last_listed": "2026-01-01T00:00:00Z"}]
    rows = []
    for i in range(120):
        name = f"reg{i // 40}.example/team/app{i // 6}"
        tag = (f"1.{i}", f"v{i}-x", f"sha256-{hex64}.sig", "latest", f"sha{i}", f"2026.{i}_b")[i % 6]
        one = {"image": f"{name}:{tag}", "digest": f"sha256:{i:064x}", "published": f"2026-{i % 12 + 1:02d}-{i % 28 + 1:02d}T{i % 24:02d}:{i % 60:02d}:59Z",
               "platforms": [["linux/amd64"], ["linux/amd64", "linux/arm64"], ["windows(10.0.1)/amd64"], []][i % 4]}
        if i % 4 == 3:
            del one["platforms"]
        if i % 11 == 0:
            one["kind"] = "application/vnd.cncf.helm.config.v1+json"
        one["size"] = i * 1000
        if i % 5 == 0:
            one.update(referrers=2, signed=True)
        if i % 17 == 0:
            one["broken"] = True
        rows.append({**one, "own": i, **marks[i % len(marks)]})
    del rows[5]["published"]
    rows += [{"image": f"reg0.example/team/app0@sha256:{hex64}", "digest": f"sha256:{hex64}"}, {"image": "reg0.example/team/app0:again", "digest": f"sha256:{1:064x}"},
             {"image": "reg9.example/odd:1", "digest": "sha512:" + hex64 * 2, "published": "2026-01-01T00:00:00.5+01:00"}, {"image": 'reg9.example/od"d:1'},
             {"digest": f"sha256:{hex64}", "image": "reg9.example/odd:2"}, {"image": "reg9.example/odd:3", "digest": f"sha256:{hex64}", "platforms": "linux/amd64"},
             {"image": "reg9.example/odd:4", "digest": "sha256:" + "\u00e4" * 64}, {"image": "reg9.example/odd:5", "digest": f"sha256:{hex64}", "size": -1, "own": 1.5},
             {"image": "reg9.example/odd:6", "digest": f"sha256:{hex64}", "held": "", "verified": "", "kind": ""}, {"image": "reg9.example/o\\dd:7"},
             {"image": "reg9.example/odd:8", "digest": f"sha256:{hex64}", "platforms": ["a]b", 3, None]}, {"image": "no-slash:1"}, {"image": "reg9.example/odd"},
             {"image": 7}, {}, None, [], "x", 5]
    return rows


def test_rows(b):
    """What is counted of lines that nobody has read is the same as of rows that are read, and so is each tag"""
    rows = odd_rows()
    lines = [json.dumps(one, separators=(",", ":"), ensure_ascii=True) for one in rows]
    lines[20] = json.dumps(rows[20])
    changed = [rows[3], {**rows[8], "digest": "sha256:" + "f" * 64, "held": "2026-02-02T00:00:00Z"}, {"image": rows[9]["image"], "gone": True}]
    source = """const [parts, changed, done] = arguments;
      Promise.all([import('./page-tree.js'), import('./page-model.js')]).then(([tree, model]) => {
        const by = new Map(changed.map((r) => [r.image, r]));
        const merge = changed.length === 0 ? undefined : { repositories: new Set(changed.map((r) => r.image.replace(/:[^:]*$/, ''))),
          instead: (image) => (by.get(image)?.gone ? null : by.get(image)) };
        const reader = new tree.Reader(merge);
        for (const part of parts) reader.take(part);
        const m = model.makeModel(reader, { failures: [{ image: 'reg0.example/team/app0:1.0' }], held: { held: [{ image: 'reg1.example/team/app7:v43-x' }] },
          unlisted: { images: [{ image: 'reg1.example/team/app8:latest' }] } });
        done({ registries: m.registries, platforms: m.platforms, tags: m.tags, all: m.repositories.map((r) => ({
          full: r.full, named: r.named, held: r.held, unlisted: r.unlisted, broken: r.broken, updated: r.updated, state: r.state, platforms: r.platforms,
          isVerified: r.isVerified, isArtifact: r.isArtifact, kind: r.kind, newest: r.newest?.image, published: r.published, words: r.words, many: r.many,
          tags: r.tags.map((t) => [t.image, t.tag, t.digest, t.at, t.toJSON()]), attached: r.attached.map((t) => t.image),
          digests: r.tags.map((t) => r.digestOf(t.reference) === t.digest && (t.digest === '' || r.hasDigest(t.digest))), one: r.tags.map((t) => m.image(t.image) === t),
        })) });
      }).catch((error) => done(`${error}`));"""
    b.open(SHOP)
    for change in ([], changed):
        want = b.driver.execute_async_script(source, [rows], change)
        assert len(want["all"]) == 25 and want["tags"] > 100, (len(want["all"]), want["tags"])
        assert all(all(r["digests"]) and all(r["one"]) for r in want["all"])
        for size in (1, 7, len(lines)):
            parts = [",\n".join(lines[i:i + size]) for i in range(0, len(lines), size)]
            got = b.driver.execute_async_script(source, parts, change)
            assert isinstance(got, dict), got
            for one, other in zip(got["all"], want["all"]):
                assert one == other, (size, {k: (one[k], other[k]) for k in one if one[k] != other[k]})
            assert got == want
    assert b.driver.execute_async_script(source, ['{"image":"reg.example/a:1","digest":"sha256:'], []).startswith("SyntaxError")
    # How many lines were not read says that this is what it is for.
    unread = b.driver.execute_async_script("const [parts, done] = arguments; import('./page-tree.js').then((m) => { const r = new m.Reader();"
                                           " parts.forEach((p) => r.take(p)); done(r.rows.ats.length - r.rows.objects.size); })", [",\n".join(lines)])
    assert unread >= 117, unread


def test_module_away(b):
    """A view whose file did not come is there when the server is again"""
    b.open(SHOP)
    b.cdp("Network.enable")
    b.cdp("Network.clearBrowserCache")
    b.cdp("Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=-1, uploadThroughput=-1)
    b.click(".nav a[data-view=activity]")
    b.until("document.querySelector('#main').innerText.includes('could not be loaded')")
    b.cdp("Network.emulateNetworkConditions", offline=False, latency=0, downloadThroughput=-1, uploadThroughput=-1)
    b.look()
    b.until("document.querySelector('h1').innerText === 'Activity'")
    assert b.driver.title.startswith("Activity"), b.driver.title
    b.notice()
    b.wrong.clear()


def test_no_tags(b):
    """Behind a proxy that takes ETag away what has changed is seen as well"""
    with b.instead({"images.json": {"images": [row("reg.example/a:1")]}, "summary.json": SUMMARY, "noTags": True}):
        b.open(SHOP)
        b.until("document.querySelectorAll('.list tbody .go').length === 1")
        b.js("""(() => { window.answers = { 'images.json': { images: [a[0], a[1]] }, 'summary.json': a[2], noTags: true }; })()""",
             row("reg.example/a:1"), row("reg.example/b:1"), {**SUMMARY, "finished": "2026-01-02T00:00:00Z"})
        b.look()
        b.until("document.querySelectorAll('.list tbody .go').length === 2")


def test_tags_alike(b):
    """What is here by its digest alone is counted as a tag nowhere"""
    with b.instead({"images.json": {"images": [row("reg.example/a@" + DIGEST), row("reg.example/b:1"), row("reg.example/b@" + DIGEST)]}, "summary.json": SUMMARY}):
        b.open(SHOP)
        b.until("document.querySelector('#count').innerText === '2 repositories, 1 tag'")
        cells = dict(b.js("[...document.querySelectorAll('.list tbody tr')].map((r) => [r.dataset.key, r.cells[2].innerText])"))
        assert cells == {"reg.example/a": "", "reg.example/b": "1"}, cells
        b.js("location.hash = '#/i/reg.example/b'")
        b.until("document.querySelector('.lead')?.innerText.startsWith('1 tag, 1 digest')")


def test_many_of_one(b):
    """Thousands of tags of one repository: its view, paper and states stay quick"""
    rows = [row(f"reg.example/a:1.{i}", digest=f"sha256:{i:064x}") for i in range(20000)]
    gone = {"images": [{"image": one["image"], "since": "2026-01-01T00:00:00Z"} for one in rows]}
    with b.instead({"images.json": {"images": rows}, "summary.json": SUMMARY, "unlisted.json": gone, "blobs.json": None}):
        b.open(f"{SHOP}#/i/reg.example/a")
        assert b.count("tbody tr") == 200
        b.js("dispatchEvent(new Event('beforeprint'))")
        assert b.count("tbody tr") == 2000 and "The first 2,000 of 20,000 rows" in b.text("#main"), (b.count("tbody tr"), b.text(".note"))
        b.js("dispatchEvent(new Event('afterprint'))")
        assert b.count("tbody tr") == 200
        b.click(".note .aslink")
        b.until("document.querySelectorAll('tbody tr').length === 2200")
        b.js("(dispatchEvent(new Event('beforeprint')), dispatchEvent(new Event('afterprint')))")
        assert b.count("tbody tr") == 2200, "what was shown has gone"


def test_pasted(b):
    """What a command of the page names is found when it is pasted into the search"""
    host = SHOP.split("/")[2]
    with b.instead({"images.json": {"images": [row("reg.example:5000/team/app:1"), row("docker.io/library/nginx:1.27")]}, "summary.json": SUMMARY}):
        b.open(SHOP)
        for words, want in ((f"{host}/docker.io/library/nginx:1.27", "docker.io/library/nginx"), (f"{host}/reg.example_5000/team/app:1", "reg.example:5000/team/app"),
                            ("reg.example_5000/team/app", "reg.example:5000/team/app"), (f"nginx:1.27@{DIGEST}", "docker.io/library/nginx")):
            b.js("(document.querySelector('#q').value = a[0], document.querySelector('#q').dispatchEvent(new Event('input')))", words)
            b.until("document.querySelector('#count').innerText.startsWith('1 repository')")
            assert names(b) == [want], (words, names(b))


ADDRESSES = {
    # as it is typed behind #/i/, or pasted: where it leads
    "docker.io/library/nginx:1.27": "docker.io/library/nginx:1.27",
    "docker.io/library/nginx/": "docker.io/library/nginx",
    "/docker.io/library/nginx:1.27": "docker.io/library/nginx:1.27",
    " docker.io/library/nginx:1.27 ": "docker.io/library/nginx:1.27",
    "%20docker.io%2Flibrary%2Fnginx%3A1.27%20": "docker.io/library/nginx:1.27",
    "docker.io%252Flibrary%252Fnginx%253A1.27": "docker.io/library/nginx:1.27",
    "nginx": "docker.io/library/nginx", "nginx:1.27": "docker.io/library/nginx:1.27", "library/nginx:1.27": "docker.io/library/nginx:1.27",
    "docker.io/nginx:1.27": "docker.io/library/nginx:1.27", "index.docker.io/library/nginx:1.27": "docker.io/library/nginx:1.27",
    "Docker.io/Library/NGINX:1.27": "docker.io/library/nginx:1.27", "registry-1.docker.io/library/nginx": "docker.io/library/nginx",
    "team/app:V1": "reg.example:5000/team/app:V1", "team/app:v1": "reg.example:5000/team/app:V1",
    "reg.example_5000/team/app:V1": "reg.example:5000/team/app:V1", "HOST/reg.example_5000/team/app:V1": "reg.example:5000/team/app:V1",
    "other.example:5000/docker.io/library/nginx:1.27": "docker.io/library/nginx:1.27",
    "docker://docker.io/library/nginx:1.27": "docker.io/library/nginx:1.27", "oci://HOST/docker.io/library/nginx": "docker.io/library/nginx",
    "http://HOST/v2/docker.io/library/nginx/manifests/1.27": "docker.io/library/nginx:1.27",
    "https://HOST/v2/library/nginx/manifests/1.27?ns=docker.io": "docker.io/library/nginx:1.27",
    f"/v2/docker.io/library/nginx/manifests/{DIGEST}": f"docker.io/library/nginx@{DIGEST}",
    "https://registry-1.docker.io/v2/library/nginx/tags/list": "docker.io/library/nginx",
    "https://hub.docker.com/_/nginx": "docker.io/library/nginx",
    "docker pull HOST/docker.io/library/nginx:1.27": "docker.io/library/nginx:1.27", "docker pull nginx": "docker.io/library/nginx",
    "$ sudo docker run --rm -d -p 127.0.0.1:80:80 nginx:1.27 sh": "docker.io/library/nginx:1.27",
    "ctr -n k8s.io images pull --platform linux/arm64 docker.io/library/nginx:1.27": "docker.io/library/nginx:1.27",
    "skopeo copy --override-arch arm64 docker://HOST/docker.io/library/nginx:1.27 oci:nginx": "docker.io/library/nginx:1.27",
    '- image: "nginx:1.27"': "docker.io/library/nginx:1.27", "FROM --platform=linux/amd64 nginx:1.27 AS build": "docker.io/library/nginx:1.27",
    f"docker.io/library/nginx:1.27@{DIGEST}": f"docker.io/library/nginx:1.27@{DIGEST}", f"nginx@{DIGEST[:20]}": f"docker.io/library/nginx@{DIGEST}",
    f"nginx:1.27@{DIGEST}": f"docker.io/library/nginx:1.27@{DIGEST}", DIGEST: "docker.io/library/nginx:1.27",
    "docker.io/library/nginx:9": "docker.io/library/nginx:9",
}


def pasted_tree():
    """Digests differ, but for one name of two."""
    rows = [row("docker.io/library/nginx:1.27"), row("docker.io/library/redis:7", digest="sha256:" + "e" * 64),
            row("reg.example:5000/team/app:V1", digest="sha256:" + "c" * 64), row("quay.io/other/app:2", digest="sha256:" + "b" * 64)]
    return {"images.json": {"images": rows}, "summary.json": SUMMARY, "blobs.json": None}


def test_addresses(b):
    """However an image is called where it was copied, its address leads to it, and then says its name"""
    host = SHOP.split("/")[2]
    with b.instead(pasted_tree()):
        b.open(SHOP)
        for typed, want in ADDRESSES.items():
            b.js("(() => { location.hash = '#/activity'; })()")
            b.until("document.querySelector('h1').innerText === 'Activity'")
            b.js("(() => { location.hash = a[0]; })()", "#/i/" + typed.replace("HOST", host))
            b.until("document.querySelector('.crumb') !== null")
            b.until("decodeURIComponent(document.querySelector('#address').textContent).endsWith(a[0])", f"#/i/{want}")
            gone = "is not in this mirror" in b.text("#main")
            assert gone is (want == "docker.io/library/nginx:9"), (typed, b.text("#main"))
        # Of names that several end with, or none, it says so; and back is where one was.
        for typed in ("app", "nothing/like:it", "docker pull", "%zz"):
            b.js("(() => { location.hash = '#/activity'; })()")
            b.until("document.querySelector('h1').innerText === 'Activity'")
            b.js("(() => { location.hash = a[0]; })()", f"#/i/{typed}")
            b.until("document.querySelector('#main').innerText.includes('is not in this mirror')")
        b.driver.back()
        b.until("document.querySelector('h1').innerText === 'Activity'")
        b.js("(() => { location.hash = '#/i/ngnix'; })()")
        b.until("document.querySelector('.lead a')?.innerText === 'docker.io/library/nginx'")


def test_pasted_lines(b):
    """The same in the search: a pasted line finds its repository, and Enter opens its image"""
    host = SHOP.split("/")[2]
    with b.instead(pasted_tree()):
        b.open(SHOP)
        for typed, want in ADDRESSES.items():
            if typed.startswith(("other.example", "Docker.io/Library", "%20", "docker.io%25", " ", "/docker")) or want.endswith(":9"):
                continue
            b.js("(document.querySelector('#q').value = a[0], document.querySelector('#q').dispatchEvent(new Event('input')))", typed.replace("HOST", host))
            b.until("a[0] === [...document.querySelectorAll('.list tbody .go')].map((e) => e.getAttribute('aria-label')).join()",
                    re.sub(r"(:[^/:@]*)?(@.*)?$", "", want))
        b.press("/", f"nginx:1.27@{DIGEST}", Keys.ENTER)
        b.until("location.hash.startsWith('#/i/docker.io/library/nginx:1.27@sha256')")
        b.driver.back()
        b.until("document.querySelector('#q') !== null")
        # One that no tag leads to may still be asked for.
        b.js("(document.querySelector('#q').value = a[0], document.querySelector('#q').dispatchEvent(new Event('input')))", "nginx:1.27@sha256:" + "9" * 64)
        b.until("!document.querySelector('.none').hidden")
        assert b.texts(".none a") == ["Look for its digest", "docker.io/library/nginx"], b.texts(".none a")


def test_pinned_failure(b):
    """What its list pins to a digest, and what is held since nobody knows when, is told as well"""
    pinned = {"image": f"reg.example/a:1@sha256:{'9' * 64}", "reason": "not_found", "error": "it is gone"}
    with b.instead({"images.json": {"images": [row("reg.example/a:1"), row("reg.example/b:1", held=True)]}, "blobs.json": None,
                    "summary.json": {**SUMMARY, "result": "failed", "failures": [pinned]}}):
        b.open(SHOP)
        b.until("document.querySelector('.list')?.innerText.includes('failed')")
        assert b.texts(".list .badge") == ["failed", "held"], b.texts(".list .badge")
        b.open(f"{SHOP}#/activity")
        assert "1 is still served" in b.text("#main"), b.text("#main")
        b.open(f"{SHOP}#/i/{pinned['image']}")
        b.until("document.querySelector('.alert')?.innerText.includes('It is gone')")


def test_hang(b):
    """A server that takes a request and says nothing, or not the end, is one that does not answer"""
    hurry = "(() => { const real = setTimeout; window.setTimeout = (act, ms, ...more) => real(act, ms > 15000 ? 50 : ms, ...more); })()"
    with b.instead({}):
        b.open(SHOP)
        b.js(hurry)
        for said in ("hang", "stall"):
            b.js("(() => { window.answers = { 'summary.json': a[0] }; })()", said)
            b.look()
            b.until("document.querySelector('#strip').innerText.startsWith('No answer since')")
            b.js("(() => { window.answers = {}; })()")
            b.look()
            b.until("document.querySelector('#strip').innerText.startsWith('3 images failed')")


def test_login(b):
    """Behind a proxy with a login all that the page asks for comes with it"""
    with b.instead({"cookies": True}):
        b.open(f"{SHOP}#/i/docker.io/library/nginx:1.27")
        b.until("!/(Reading|Looking)…/.test(document.querySelector('#main').textContent)")
        assert "401" not in b.text("#main"), b.text("#main")


if __name__ == "__main__":
    run(globals())

#!/usr/bin/env python3
"""Activity in a real browser, and all views with hostile files.
tests/scenario/304-page-activity.sh makes the trees, serves them, and says in PAGES
(JSON) where."""
import json
import os
import re

from check import run

PAGES = json.loads(os.environ["PAGES"])
SHOP, YOUNG, HOSTILE = PAGES["shop"], PAGES["young"], PAGES["hostile"]
GIB = 1 << 30


def visit(b, url, to="activity"):
    """Another view of the page that is open; the first one of a tree opens it."""
    if not b.driver.current_url.startswith(url):
        b.open(f"{url}#/{to}")
    b.js("location.hash = a[0]", f"#/{to}")
    b.until("decodeURIComponent(document.querySelector('#address').textContent).endsWith(decodeURIComponent(a[0]))", f"#/{to}")


def section(b, title):
    return b.js("[...document.querySelectorAll('section')].find((s) => !s.closest('[hidden]') && s.querySelector('h2')?.innerText.startsWith(a[0]))"
                "?.innerText ?? ''", title)


def module(b, name, source):
    """What a function of a module gives: it has that module as m."""
    return b.driver.execute_async_script(f"const done = arguments[0]; import('./{name}.js').then((m) => done(({source})(m)));")


def test_failures(b):
    """Each failure: the image as a link, why, what is served, what to do, since when"""
    visit(b, SHOP)
    lines = b.js("[...document.querySelectorAll('section')].find((s) => s.innerText.startsWith('Failing now')).querySelectorAll('.line').length")
    assert lines == 3 and "3 of 415 listed images" in section(b, "Failing now"), section(b, "Failing now")
    found = b.js("[...document.querySelectorAll('.line')].map((l) => [l.querySelector('a')?.getAttribute('href'), l.innerText])")
    node = next(text for to, text in found if to == "#/i/docker.io/library/node:23")
    for want in ("not found", "The registry answers 404: manifest unknown.", "Never mirrored.", "Correct the name or the tag in the list", "since it was listed"):
        assert want in node, (want, node)
    web = next(text for to, text in found if to == "#/i/registry.example.com/shop/web:2.14.0")
    for want in ("signature", "No signature by shop.pub", "2.13.9 is served.", "take signed= off its line in the list"):
        assert want in web, (want, web)
    # It was well 3 h ago: the first run that ended after that was 2 h ago.
    assert re.search(r"since 2 h ago", web), web
    slow = next(text for to, text in found if to.endswith("controller:v1.16.2"))
    assert "cdr doctor --registry quay.io/jetstack/cert-manager-controller:v1.16.2" in slow, slow


def test_every_reason(b):
    """Each reason that cdr has comes with what to do about it"""
    visit(b, SHOP)
    reasons = PAGES["reasons"]
    assert len(reasons) >= 11 and "no_room" in reasons, reasons
    said = {}
    for reason in reasons:
        got = module(b, "page-trouble", "(m) => m.trouble({ image: 'docker.io/library/x:1', reason: '%s', error: 'it is so' },"
                     " { model: { image: () => null, repository: () => null }, runs: null })" % reason)
        said[reason] = got["todo"]
        assert got["why"] == "It is so." and got["served"] == "Never mirrored.", got
        assert got["todo"].strip() not in ("", "The log of cdr says more."), (reason, got)
    pulls = module(b, "page-trouble", "(m) => m.trouble({ image: 'docker.io/library/x:1', reason: 'network', error: 'it answers 429' },"
                   " { model: { image: () => null, repository: () => null }, runs: null })")
    assert "account" in pulls["todo"] and pulls["command"] == "", pulls
    evil = module(b, "page-trouble", "(m) => m.trouble({ image: 'x.example/a:1;reboot', reason: 'denied', error: '' },"
                  " { model: { image: () => null, repository: () => null }, runs: null })")
    assert evil["command"] == "" and "reboot" not in evil["todo"], evil


def test_runs(b):
    """The last syncs, those of hints marked, and when the last one without a failure was"""
    visit(b, SHOP)
    rows = b.js("[...[...document.querySelectorAll('section')].find((s) => s.innerText.startsWith('Last syncs')).querySelectorAll('tbody tr')]"
                ".map((r) => [...r.cells].map((c) => c.innerText))")
    assert len(rows) == 8, rows
    # The newest first: 6 of 415 updated, 3 failed, 184 MiB.
    assert rows[0][1:6] == ["3 failed", "6", "406", "184 MiB", "9"], rows[0]
    assert "1 image, by a hint" in rows[1][0] and rows[1][-1] == "2 s", rows[1]
    assert [r[1] for r in rows[5:]] == ["all well"] * 3, rows
    assert "The last run without a failure ended 4 h ago." in section(b, "Last syncs")
    b.js("[...document.querySelectorAll('button')].find((e) => /^Show 1 more/.test(e.innerText)).click()")
    b.until("[...document.querySelectorAll('section')].find((s) => s.innerText.startsWith('Last syncs')).querySelectorAll('tbody tr').length === 9")
    assert "interrupted" in section(b, "Last syncs")


def test_plots(b):
    """Plots are drawn at the size that they have, and end where the figures do"""
    visit(b, SHOP)
    b.until("[...document.querySelectorAll('svg.plot')].length === 2 && [...document.querySelectorAll('svg.plot')].every((p) => p.childNodes.length > 5)")
    for width in (390, 1440):
        b.size(width, 900)
        b.until("[...document.querySelectorAll('svg.plot')].every((p) => Math.abs(p.viewBox.baseVal.width - p.getBoundingClientRect().width) < 1)")
        sizes = b.js("[...document.querySelectorAll('svg.plot')].map((p) => [p.viewBox.baseVal.width, p.viewBox.baseVal.height,"
                     " p.getBoundingClientRect().width, p.getBoundingClientRect().height])")
        for view_width, view_height, real_width, real_height in sizes:
            assert abs(view_width - real_width) < 1 and abs(view_height - real_height) < 1, sizes
    points = PAGES["points"]
    last = points[-1]["bytes"]
    # Its axis ends with 8 GiB: 130 is the ground, 10 the top.
    line = b.js("document.querySelector('svg.plot .l').getAttribute('d')")
    assert abs(float(line.split("V")[-1]) - (130 - last / (8 * GIB) * 120)) < .2, (line[-20:], last)
    assert "8 GiB" in b.js("document.querySelector('svg.plot').textContent")
    assert b.count("svg.plot rect.b") == 30
    said = section(b, "30 days")
    assert f"{last / GIB:.2f} GiB" in said and "more than on" in said, said
    assert "served to nodes; " in said and "came from registries since" in said, said
    b.js("document.querySelector('figure details summary').click()")
    assert f"{last / GIB:.2f} GiB" in b.text("figure details tbody tr")


def test_few_points(b):
    """Eight points over a day make a plot; less is a sentence"""
    visit(b, YOUNG)
    said = section(b, "30 days")
    assert "on disk, since today" in said and b.count("svg.plot") == 0, said
    assert "came from registries in the last sync" in said, said
    for count, hours, enough in ((8, 24, True), (7, 240, False), (100, 23, False), (1, 0, False), (0, 0, False)):
        got = module(b, "page-plot", f"(m) => m.isEnough(Array.from({{ length: {count} }}, (_, i) => ({{ at: i * {hours} * 3600 / Math.max(1, {count} - 1), value: 1 }})))")
        assert got is enough, (count, hours, got)


def test_without_runs(b):
    """Without a list of runs the last one is there, and nothing that is absent"""
    visit(b, YOUNG)
    assert len(b.texts("section table tbody tr")) == 1 and "all well" in section(b, "Last syncs")
    assert "No image of the list failed in the last sync." in section(b, "Failing now")
    assert section(b, "Bundles") == "" and section(b, "Hooks") == "", b.text("#main")


def test_received_alone(b):
    """Where nginx's log is off, what came from registries is drawn alone"""
    visit(b, YOUNG)
    got = module(b, "page-plot", "(m) => m.inBuckets(Array.from({ length: 50 }, (_, i) => ({ at: 1e9 + i * 3600, value: 1 })))")
    assert got["every"] == 3 * 3600 and sum(one["value"] for one in got["buckets"]) == 50, got
    assert 8 <= len(got["buckets"]) <= 31, got
    got = module(b, "page-plot", "(m) => m.inBuckets(Array.from({ length: 50 }, (_, i) => ({ at: 1e9 + i * 86400, value: 1 })))")
    assert got["every"] == 86400 and len(got["buckets"]) == 31, got


def test_bundles_and_hooks(b):
    """Bundles that came and that wait; hooks that were taken, and refused"""
    visit(b, SHOP)
    said = section(b, "Bundles")
    for want in ("From hq, number 218", "12 images", "all parts whole", "From hq, number 219", "1 part has not come yet: hq-219.3.tar"):
        assert want in said, (want, said)
    said = section(b, "Hooks")
    for want in ("41 hooks taken, with 57 events", "38 of these matched a line of the list", "2 without the right secret", "1 not understood",
                 "2 images were pushed and not looked at yet"):
        assert want in said, (want, said)
    said = section(b, "Room and upkeep")
    for want in ("Docker Hub: 87 of 100 pulls left", "41.6 GiB free of 64.0 GiB", "Next sync", "2 objects bad or missing", "cdr verify --repair"):
        assert want in said, (want, said)


def test_hostile(b):
    """Whatever the files hold, each view stands, and all of it is text"""
    for to in ("activity", "nodes/containerd", "i/reg.example/a", "i/reg.example/a:1", "i/reg.example/a:2", "i/docker.io/library/x:1", ""):
        visit(b, HOSTILE, to)
        b.until("document.querySelector('#main h1') && !/(Reading the manifest|Looking)…/.test(document.querySelector('#main').textContent)")
        assert b.count("#main img, #main script, #main iframe, #main [onerror]") == 0, to
        assert b.js("window.hit") is None, to
        assert "undefined" not in b.text("#main") and "NaN" not in b.text("#main") and "[object" not in b.text("#main"), (to, b.text("#main"))
        assert not b.js("[...document.querySelectorAll('#main a')].some((e) => !/^(#|https?:)|^[a-z0-9_/.]+$/.test(e.getAttribute('href')))"), to
    visit(b, HOSTILE, "i/reg.example/a:1")
    b.until("[...document.querySelectorAll('[role=tab]')].some((t) => t.innerText === 'docker')")
    visit(b, HOSTILE, "i/reg.example/a:2%3Breboot")
    b.until("document.querySelector('#main h1')")
    b.until("document.querySelector('#main').textContent.includes('No client takes a name like this one.')")
    assert b.count("section [role=tab]") == 0


def test_narrow(b):
    """On a phone, and in the dark, nothing is wider than the screen"""
    for url, to in ((SHOP, "activity"), (SHOP, "i/docker.io/library/nginx"), (SHOP, "i/docker.io/library/nginx:1.27"), (HOSTILE, "i/reg.example/a:1")):
        b.size(360, 740, True)
        b.media(dark=True)
        visit(b, url, to)
        wide = b.js("document.documentElement.scrollWidth")
        assert wide <= 360, (to, wide)


if __name__ == "__main__":
    run(globals())

#!/usr/bin/env python3
"""The page for who uses keys, a reader, a phone, the system's colours, paper or no
JavaScript. tests/scenario/301-page-access.sh serves the trees."""
import base64
import json
import os

from browser import Keys
from check import run
from content import answers, digest

STATES = json.loads(os.environ["PAGES"])["states"]
BELOW = json.loads(os.environ["PAGES"])["below"]
SHOP = STATES["failing"]


def tree(b):
    """What a reader is told: a list of (role, name)."""
    nodes = b.cdp("Accessibility.getFullAXTree")["nodes"]
    return [(n["role"]["value"], n.get("name", {}).get("value", "")) for n in nodes if not n.get("ignored") and "role" in n]


def test_roles(b):
    """Regions, the table, its rows and their names are what a reader expects."""
    for size in ((1440, 900), (390, 844, True)):
        b.size(*size)
        b.open(SHOP)
        told = tree(b)
        for want in [("banner", ""), ("main", ""), ("contentinfo", ""), ("navigation", "Views"), ("list", "State of the mirror"),
                     ("heading", "Images"), ("search", ""), ("searchbox", "Search images"), ("group", "Show"),
                     ("table", "Repositories; the buttons in the head sort"), ("link", "docker.io/library/nginx")]:
            assert want in told, (size, want, [t for t in told if t[0] == want[0]][:5])
        assert sum(1 for role, _ in told if role == "row") >= 32, size
        selects = [name for role, name in told if role in ("combobox", "MenuListPopup", "popUpButton")]
        assert "Registry" in selects and "Platform" in selects, selects
        assert any(role in ("image", "img") and name == "verified" for role, name in told), "no name for the sign of verified"
    b.size(1440, 900)
    b.open(SHOP)
    told = tree(b)
    assert sum(1 for role, _ in told if role == "columnheader") == 8
    assert b.js("document.querySelector('th[aria-sort]').innerText") == "Updated"
    assert b.js("document.querySelectorAll('h1').length") == 1


def test_focus_order(b):
    """Tab goes from the bar to the strip, the search, the chips, the heads and the rows."""
    b.open(SHOP)
    order = []
    for _ in range(26):
        b.press(Keys.TAB)
        order.append(b.js("(() => { const e = document.activeElement; return e.id || e.getAttribute('aria-label') || e.innerText; })()"))
        assert b.js("(() => { const s = getComputedStyle(document.activeElement), a = getComputedStyle(document.activeElement, '::after');"
                    "return s.outlineStyle !== 'none' || a.outlineStyle !== 'none'; })()"), f"no sign of the focus: {order[-1]}"
    want = ["skip", "127.0.0.1", "Images", "Nodes", "Activity", "show-keys", "3 images failed", "q", "Registry", "Platform", "All 32", "Failed 3",
            "Held 1", "Unlisted 2", "Verified 12", "Artifacts 5", "Repository", "Newest tag", "Tags", "On disk", "Platforms", "Updated",
            "Signature", "State", "registry.example.com/shop/api", "registry.example.com/shop/sbom"]
    assert order == want, order
    b.press("?")
    b.until("document.querySelector('#keys').open")
    b.press(Keys.ESCAPE)
    assert b.js("document.activeElement.getAttribute('aria-label')") == "registry.example.com/shop/sbom"


def test_phone(b):
    """On a phone a row is an entry of two lines, and fingers have room."""
    b.size(390, 844, True)
    b.open(SHOP)
    first = b.js("document.querySelector('.list tbody tr').getBoundingClientRect().top")
    assert first < 340, first
    name, size = b.js("['.name', '.num.nb'].map((w) => document.querySelector(`.list tbody tr ${w}`).getBoundingClientRect().top)")
    assert size > name + 10, (name, size)
    small = b.js("[...document.querySelectorAll('#main a, #main button, #main select, #main input, .nav a')].filter((e) => e.checkVisibility())"
                 ".map((e) => [e.innerText, (e.closest('tr') ?? e).getBoundingClientRect().height]).filter(([, h]) => h < 36)")
    assert not small, small
    assert b.js("parseFloat(getComputedStyle(document.querySelector('#q')).fontSize)") >= 16, "it zooms"


def odd_names():
    """Images with names as long as they may be, from right to left, and of very many platforms."""
    deep = "registry.very-long-name-of-a-company.internal.example.com:5000/platform-engineering/very/deep/path/of/folders/" \
        "an-image-with-a-name-that-is-much-longer-than-anybody-would-ever-want-it-to-be-in-a-table"
    tag = "2026.11.30-1234567890abcdef-feature-branch-with-a-long-name-and-more-of-it"
    many = [f"linux/{cpu}" for cpu in "amd64 arm64 arm/v5 arm/v6 arm/v7 386 ppc64le s390x riscv64 mips64le".split()]
    many += [f"windows(10.0.{build}.1234)/amd64" for build in (14393, 17763, 19041, 20348)]
    rows = [{"image": image, "digest": digest(image), "published": "2026-01-01T00:00:00Z", "size": 150 << 20, "platforms": many, "verified": "a.pub"}
            for image in (f"{deep}:{tag}", "docker.io/library/golang:1.23", "docker.io/library/golang:1", "reg.example/\u202etxet/\u0639\u0631\u0628\u064a:1")]
    failed = {"image": f"{deep}:{tag}-gone", "reason": "network", "error": "x" * 300}
    held = {**rows[0], "image": f"{deep}:{tag}-held", "held": "2026-01-01T00:00:00Z", "digest": digest("held")}
    return {"images.json": {"images": [*rows, held]}, "blobs.json": None, **answers(rows[1:3]), "summary.json": {
        "result": "failed", "finished": "2026-01-01T00:00:00Z", "totals": {"images": 4, "failed": 1}, "failures": [failed],
        "pulls_left": [{"registry": deep.split("/", maxsplit=1)[0], "left": 0, "limit": 100}]}}, deep, tag


def whole(b):
    b.until("!/(Reading|Looking)[^.]*…/.test(document.querySelector('#main').textContent)")


# What stands out of the box that it is in, or beside it on another.
OVER = """[...document.querySelectorAll('.chip, .btn, .badge, td, th button, .tabs > *, select, h1, .facts dd')].filter((e) => {
  if (!e.checkVisibility() || ['hidden', 'auto'].includes(getComputedStyle(e).overflowX)) return false;
  const range = document.createRange();
  range.selectNodeContents(e);
  const of = e.getBoundingClientRect(), inside = range.getBoundingClientRect();
  return inside.right > Math.max(of.right, 0) + 2 || inside.height > of.height + 2;
}).map((e) => `${e.tagName}.${e.className}: ${e.textContent.slice(0, 40)}`)"""


def test_long_names(b):
    """Whatever is long breaks or is cut within its own place: on a phone, a tablet, a desktop and paper"""
    answers_, deep, tag = odd_names()
    with b.instead(answers_):
        for size in ((375, 812, True), (720, 900), (1000, 900), (1440, 900)):
            b.size(*size)
            for view in ("", f"i/{deep}", f"i/{deep}:{tag}", "i/docker.io/library/golang:1.23", "i/reg.example/\u202etxet/\u0639\u0631\u0628\u064a", "activity"):
                b.open(f"{SHOP}#/{view}")
                whole(b)
                wide = b.js("document.documentElement.scrollWidth")
                assert wide <= size[0], f"{view} {size}: {wide}"
                over = b.js(OVER)
                assert not over, f"{view} {size}: {over}"
                beside = b.js("(() => { const r = (w) => document.querySelector(w)?.getBoundingClientRect(), [a, t] = [r('.two > aside'), r('.two table')];"
                              "return a && t && a.top < t.bottom && t.top < a.bottom ? t.right - a.left : 0; })()")
                assert beside <= 0, f"{view} {size}: the table is over what is beside it"
        # Of a name that does not fit its registry is seen as well.
        b.size(1440, 900)
        b.open(SHOP)
        assert b.js("document.querySelector(`tr[data-key='${a[0]}'] .name span`).getBoundingClientRect().width", deep) > 40
        b.cdp("Emulation.setEmulatedMedia", media="print")
        b.size(718, 1000)
        for view in ("", f"i/{deep}", "i/docker.io/library/golang:1.23", "activity"):
            b.open(f"{SHOP}#/{view}")
            whole(b)
            b.js("dispatchEvent(new Event('beforeprint'))")
            wide = b.js("document.documentElement.scrollWidth")
            assert wide <= 718, f"{view} on paper: {wide}"
            narrow = b.js("[...document.querySelectorAll('td.name')].map((e) => e.getBoundingClientRect().width).filter((w) => w < 200)")
            assert not narrow, f"names on paper: {narrow}"


def test_phone_image(b):
    """On a phone a layer's bar is below its words, and a name of another image has a line of its own"""
    b.open(SHOP)
    rows = b.driver.execute_async_script("fetch('images.json').then((r) => r.json()).then((v) => arguments[0](v.images))")
    with b.instead(answers(rows)):
        b.size(390, 844, True)
        b.open(f"{SHOP}#/i/registry.example.com/shop/api:2.14.0")
        b.until("document.querySelector('.sha tbody tr') && document.querySelector('.lay tbody tr')")
        whole(b)
        place = "((e) => { const r = e.getBoundingClientRect(); return [r.top, r.bottom, r.width]; })"
        bar, words = b.js(f"['.hb', '.clip'].map((w) => {place}(document.querySelector(`.lay tbody tr ${{w}}`)))")
        assert bar[0] >= words[1] - 1 and bar[2] > 300 and words[2] > 120, (bar, words)
        name, common = b.js(f"['td:first-child', '.hb'].map((w) => {place}(document.querySelector(`.sha tbody tr ${{w}}`)))")
        assert name[2] > 300 and common[0] >= name[1] - 1, (name, common)
        # Where more tabs are beyond the end, one that is chosen comes into sight.
        b.js("[...document.querySelectorAll('[role=tab]')].find((t) => t.innerText === 'air gap').click()")
        b.until("(() => { const t = document.querySelector('[role=tab][aria-selected=true]').getBoundingClientRect(); return t.left >= 0 && t.right <= innerWidth; })()")
        b.open(f"{SHOP}#/nodes/buildkit")
        b.until("(() => { const t = document.querySelector('.tabs [aria-current]').getBoundingClientRect(); return t.left >= 0 && t.right <= innerWidth; })()")


def test_forced_colours(b):
    """With the system's colours focus, choice, states and bars can be told apart."""
    b.media(forced=True)
    b.open(SHOP)
    assert b.js("matchMedia('(forced-colors: active)').matches")
    plain, chosen = (b.js(f"getComputedStyle(document.querySelector('.chip[aria-pressed={p}]')).border") for p in ("false", "true"))
    assert plain != chosen, plain
    assert b.js("getComputedStyle(document.querySelector('.badge.bad')).borderTopColor") != "rgba(0, 0, 0, 0)"
    meter, fill = b.js("['.meter', '.meter i'].map((w) => getComputedStyle(document.querySelector(w)).backgroundColor)")
    assert meter != fill
    b.js("document.querySelector('.list .go').focus()")
    b.press("j")
    assert b.js("getComputedStyle(document.activeElement.closest('tr')).outlineStyle") == "solid"


def test_paper(b):
    """Paper has no controls, light colours in the dark too, whole names, and the address."""
    b.media(dark=True)
    b.open(SHOP)
    b.cdp("Emulation.setEmulatedMedia", media="print", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    for gone in (".nav", ".find", ".chip", ".keys", ".foot"):
        assert b.js("!document.querySelector(a[0]).checkVisibility()", gone), gone
    assert b.js("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert b.text("#address") == b.js("location.href")
    cut = b.js("[...document.querySelectorAll('.name a, .name span, .name b')].filter((e) => e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0).length")
    assert cut == 0, f"{cut} names are cut"
    assert len(base64.b64decode(b.cdp("Page.printToPDF")["data"])) > 5000


def test_no_javascript(b):
    """Without JavaScript a sentence leads to the same as data."""
    b.cdp("Emulation.setScriptExecutionDisabled", value=True)
    try:
        b.driver.get(SHOP)
        nodes = tree(b)
        assert ("heading", "This page needs JavaScript") in nodes
        for name in ("status.json", "metrics", "the catalog"):
            assert ("link", name) in nodes, name
    finally:
        b.cdp("Emulation.setScriptExecutionDisabled", value=False)


def test_below_a_path(b):
    """Below a path of another server all comes from there."""
    for view in ("#/", "#/i/docker.io/library/nginx", "#/i/docker.io/library/nginx:1.27.3", "#/nodes/containerd", "#/activity"):
        b.open(BELOW + view)
        b.until("document.querySelector('#strip').innerText.startsWith('3 images failed')")
        b.notice()
        other = [path for path in b.requests if not path.startswith("/a/mirror/")]
        assert not other, (view, other)
    b.open(BELOW)
    assert b.count(".list tbody tr") == 32
    assert b.js("[...document.querySelectorAll('.foot a')].every((a) => a.pathname.startsWith('/a/mirror/'))")


if __name__ == "__main__":
    run(globals())

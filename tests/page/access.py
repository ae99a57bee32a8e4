#!/usr/bin/env python3
"""The page for who uses keys, a reader, a phone, the system's colours, paper or no
JavaScript. tests/scenario/301-page-access.sh serves the trees."""
import base64
import json
import os

from browser import Keys
from check import run

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

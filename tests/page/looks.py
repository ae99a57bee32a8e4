#!/usr/bin/env python3
"""Each view of the page in light and dark, on a desktop and on a phone: what axe finds,
contrast, width. tests/scenario/301-page-looks.sh serves the trees; AXE is axe-core's
script."""
import json
import os
from urllib.request import urlopen

from browser import Browser
from check import run
from content import answers

STATES = json.loads(os.environ["PAGES"])
SHOP = STATES["failing"]
AXE = os.environ.get("AXE", "")
PLACES = [(SHOP, "#/"), (SHOP, "#/?q=nothing-like-it"), (SHOP, "#/i/docker.io/library/nginx"), (SHOP, "#/i/docker.io/library/nginx:1.27.3"),
          (SHOP, "#/i/docker.io/library/node"), (SHOP, "#/i/registry.example.com/shop/api:2.14.0"), (SHOP, "#/i/docker.io/grafana/grafana:11.2"), (SHOP, "#/nodes/containerd"), (SHOP, "#/activity"), (STATES["store"], "#/"),
          (STATES["bare"], "#/")]
# Text whose contrast with what is behind it is less than 5.7, as the design has it.
PALE = """(() => {
  const parts = (c) => (c.match(/[\\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const c = parts(getComputedStyle(e).backgroundColor);
      if (c.length === 3 || c[3] === 1) return c;
    }
    return [255, 255, 255];
  };
  const bad = [];
  for (const e of document.body.querySelectorAll('*')) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim() !== '');
    if (!own || !e.checkVisibility() || e.closest('noscript, dialog:not([open])')) continue;
    const style = getComputedStyle(e);
    const a = light(parts(e instanceof SVGElement ? style.fill : style.color)), b = light(behind(e));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 5.65) bad.push(`${e.tagName}.${e.className} "${e.textContent.slice(0, 30)}": ${ratio.toFixed(2)}`);
  }
  return bad;
})()"""
LOOKS = [({}, (1440, 900)), ({"dark": True}, (1440, 900)), ({}, (390, 844, True)), ({"dark": True}, (390, 844, True))]


def each_look(b, act):
    with urlopen(SHOP + "images.json") as reply:
        images = json.load(reply)["images"]
    with b.instead(answers(images)):
        for media, size in LOOKS:
            b.size(*size)
            b.media(**media)
            for at, view in PLACES:
                b.open(at + view)
                b.until("!/(Reading|Looking)[^.]*…/.test(document.querySelector('#main').innerText)")
                act(f"{view} {media} {size[0]}")


def test_axe(b):
    """axe finds nothing: light, dark, and on a phone."""
    if not AXE:
        return
    with open(AXE, encoding="utf-8") as source:
        axe = source.read()

    def look(what):
        # The policy of the page does not let it in by itself.
        b.driver.execute_script(axe)
        got = b.driver.execute_async_script("axe.run(document, {resultTypes: ['violations']}).then((r) => arguments[0]("
                                            "r.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).slice(0, 3)}`)))")
        assert not got, f"{what}: {got}"
    each_look(b, look)
    b.size(1440, 900)
    b.media()
    b.open(SHOP)
    b.press("?")
    b.until("document.querySelector('#keys').open")
    look("the list of keys")


def test_contrast(b):
    """All text stands out from what is behind it, and nothing is wider than the screen."""
    def look(what):
        assert not (bad := b.js(PALE)), f"{what}: {bad}"
        wide = b.js("document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, f"{what}: {wide} px too wide"
    each_look(b, look)


def test_large_text(b):
    """With twice the text size nothing is cut, too wide, or on top of another."""
    large = Browser(text_px=32)
    try:
        for width in (1440, 720):
            large.size(width, 900)
            for at, view in PLACES:
                large.open(at + view)
                assert large.js("parseFloat(getComputedStyle(document.documentElement).fontSize)") == 32
                wide = large.js("document.documentElement.scrollWidth - innerWidth")
                assert wide <= 0, f"{view} {width}: {wide} px too wide"
        # What has a height of its own has room for its text.
        for width, view in [(w, v) for w in (1440, 720) for v in ("#/", "#/activity", "#/nodes/containerd", "#/i/docker.io/grafana/grafana")]:
            large.size(width, 900)
            large.open(SHOP + view)
            low = large.js("""[...document.querySelectorAll('.chip, .btn, .badge, select, input[type=search], .steps > li')].filter((e) => e.checkVisibility()).filter((e) =>
                (e.matches('li') ? parseFloat(getComputedStyle(e, '::before').height) : e.clientHeight) < parseFloat(getComputedStyle(e).fontSize) * 1.2)
                .map((e) => `${e.className} ${e.textContent.slice(0, 20)}`)""")
            assert not low, f"{view}: too low for their text: {low}"
        large.size(1440, 900)
        large.open(SHOP)
        field, words = large.js("[document.querySelector('#q').clientWidth, document.querySelector('#q').placeholder.length]")
        assert field > words * 12, "the field is too narrow for what it says"
        over = large.js("""[...document.querySelectorAll('.list tbody tr')].filter((r) => [...r.cells].some((c) =>
            c.getBoundingClientRect().bottom > r.getBoundingClientRect().bottom + 1)).length""")
        assert over == 0, f"{over} rows are too low"
        large.blameless()
    finally:
        large.close()
    b.open(SHOP)


if __name__ == "__main__":
    run(globals())

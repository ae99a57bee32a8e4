#!/usr/bin/env python3
"""picture.py FILE.png | FOLDER/: what tests/page/picture.sh serves, as a person sees it."""
import base64
import contextlib
import json
import os
import sys
from urllib.parse import urlsplit
from urllib.request import urlopen

from browser import Browser, instead
from content import answers

STATES = json.loads(os.environ["PAGES"])
API = "registry.example.com/shop/api"
# name: (tree, view)
VIEWS = {
    "home": ("failing", "#/"), "none": ("failing", "#/?q=postgers"), "repository": ("failing", "#/i/docker.io/library/nginx"),
    "image": ("failing", f"#/i/{API}:2.14.0"), "held": ("failing", "#/i/docker.io/grafana/grafana:11.2"),
    "chart": ("failing", "#/i/quay.io/jetstack/charts/cert-manager:v1.16.1"), "gone": ("failing", "#/i/docker.io/library/node:23"),
    "nodes": ("failing", "#/nodes/containerd"),
    "activity": ("failing", "#/activity"), "empty": ("nothing", "#/"), "ok": ("ok", "#/"), "stale": ("stale", "#/"),
    "interrupted": ("interrupted", "#/"), "store": ("store", "#/"), "many": ("many", "#/"),
}
# Chromium takes no style from a test: the policy forbids it. It takes a rule of its own.
FONTS = "document.documentElement.style.setProperty('--sans', 'Inter'); document.documentElement.style.setProperty('--mono', 'DejaVu Sans Mono')"


def visit(b, at, view):
    b.open(at + view)
    b.js(f"(() => {{ {FONTS} }})()")
    b.driver.execute_async_script("document.fonts.ready.then(() => setTimeout(arguments[0], 700))")


def whole(b, path):
    """The page from its top to its end."""
    _, _, width, height = (b.cdp("Page.getLayoutMetrics")["cssContentSize"][key] for key in ("x", "y", "width", "height"))
    with contextlib.closing(open(path, "wb")) as out:
        out.write(base64.b64decode(b.cdp("Page.captureScreenshot", captureBeyondViewport=True, clip={
            "x": 0, "y": 0, "width": width, "height": min(height, 3000), "scale": 1})["data"]))


def main():
    to = sys.argv[1]
    if to.endswith("/"):
        b = Browser()
        with urlopen(STATES["failing"] + "images.json") as reply:
            said = b.cdp("Page.addScriptToEvaluateOnNewDocument", source=instead(answers(json.load(reply)["images"])))
        assert said["identifier"]
        for name, (state, view) in VIEWS.items():
            for size, letter in (((1440, 900), "d"), ((390, 844, True), "p")):
                for is_dark in (False, True):
                    b.size(*size)
                    b.media(dark=is_dark)
                    visit(b, STATES[state], view)
                    whole(b, f"{to}{name}-{letter}-{'dark' if is_dark else 'light'}.png")
    else:
        b = Browser(hosts=f"MAP mirror.example:5000 {urlsplit(STATES['failing']).netloc}")
        b.size(1280, 776)
        visit(b, "http://mirror.example:5000/", "#/")
        # Down to the end of a row.
        end = b.js("Math.max(...[...document.querySelectorAll('tr[data-key]')].map((r) => r.getBoundingClientRect().bottom).filter((y) => y <= innerHeight))")
        b.size(1280, int(end))
        b.shot(to)
    b.close()


main()

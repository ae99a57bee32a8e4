#!/usr/bin/env python3
"""picture.py FILE.png | FOLDER/: what tests/page/picture.sh serves, as a person sees it."""
import json
import os
import sys
from urllib.parse import urlsplit

from browser import Browser

STATES = json.loads(os.environ["PAGES"])
VIEWS = {
    "home": ("failing", "#/"), "none": ("failing", "#/?q=postgers"), "repository": ("failing", "#/i/docker.io/library/nginx"),
    "image": ("failing", "#/i/registry.example.com/shop/api:2.14.0"), "nodes": ("failing", "#/nodes/containerd"),
    "activity": ("failing", "#/activity"), "empty": ("nothing", "#/"), "ok": ("ok", "#/"), "stale": ("stale", "#/"),
    "interrupted": ("interrupted", "#/"), "store": ("store", "#/"), "many": ("many", "#/"),
}
# Chromium takes no style from a test: the policy forbids it. It takes a rule of its own.
FONTS = "document.documentElement.style.setProperty('--sans', 'Inter'); document.documentElement.style.setProperty('--mono', 'DejaVu Sans Mono')"


def visit(b, at, view):
    b.open(at + view)
    b.js(f"(() => {{ {FONTS} }})()")
    b.driver.execute_async_script("document.fonts.ready.then(() => setTimeout(arguments[0], 700))")


def main():
    to = sys.argv[1]
    if to.endswith("/"):
        b = Browser()
        for name, (state, view) in VIEWS.items():
            for size, letter in (((1440, 900), "d"), ((390, 844, True), "p")):
                for is_dark in (False, True):
                    b.size(*size)
                    b.media(dark=is_dark)
                    visit(b, STATES[state], view)
                    b.shot(f"{to}{name}-{letter}-{'dark' if is_dark else 'light'}.png")
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

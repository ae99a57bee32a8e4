#!/usr/bin/env python3
"""Hostile content of the tree in a real browser: opened by its URL, in frames, and as
a script, a style or a worker. tests/scenario/138-hostile-content.sh plants it, serves
it, and says in ORIGIN (JSON) where; all of it asks for /hit, tells the window above it
or opens a dialog, if it can."""
import json
import os
import time
import urllib.error
import urllib.request

from selenium.common.exceptions import NoAlertPresentException, UnexpectedAlertPresentException, WebDriverException

from check import run

ORIGIN = json.loads(os.environ["ORIGIN"])
MIRROR, LOOSE, SAME = ORIGIN["mirror"], ORIGIN["loose"], ORIGIN["same"]
PATHS = ORIGIN["paths"]
CONTENT = [path["path"] for path in PATHS if not path.get("bait")]
LISTEN = """
window.told = [];
addEventListener('message', (e) => { if (String(e.data).startsWith('hit')) window.told.push(e.data); });
"""
# As an element of another page, all of them at once: name, attribute.
ELEMENTS = {"script": "src", "iframe": "src", "object": "data", "embed": "src", "link": "href"}
ADD = """
const [name, attribute, paths, done] = arguments;
Promise.all(paths.map((p) => new Promise((over) => {
  const e = document.createElement(name);
  if (name === 'link') e.rel = 'stylesheet';
  e[attribute] = p;
  e.onload = e.onerror = over;
  setTimeout(over, 3000);
  document.body.append(e);
}))).then(() => setTimeout(done, 100));
"""
IMPORT = "const [paths, done] = arguments; Promise.all(paths.map((p) => import(p).catch(() => {}))).then(() => done());"
WORK = """
const [paths, done] = arguments;
Promise.all(paths.map((p) => new Promise((over) => {
  try {
    const w = new Worker(p);
    w.onerror = over;
    w.onmessage = () => { window.told.push('a worker ran'); over(); };
  } catch {
    over();
  }
  setTimeout(over, 1000);
}))).then(() => done());
"""


def asked():
    """What servers were asked for that only such content asks for."""
    return [line for name in ORIGIN["logs"] for line in open(name, encoding="utf-8") if "/hit" in line]


def hits(b, url, act=None):
    """Opens a document, has act do something, and says what the content did."""
    before, seen = len(asked()), []
    b.driver.get("about:blank")
    try:
        # What is a download is no document: the page stays where it was.
        b.driver.get(url)
        if act:
            act()
        time.sleep(.05)
        seen += b.js("[...(window.told ?? []), ...(window.ran === undefined ? [] : ['it ran'])]")
    except UnexpectedAlertPresentException:
        seen.append("a dialog")
    except WebDriverException as error:
        assert "ERR_ABORTED" in str(error), error
    try:
        while True:
            b.driver.switch_to.alert.dismiss()
            seen.append("a dialog")
    except NoAlertPresentException:
        pass
    return seen + asked()[before:]


def ways(b):
    for name, attribute in ELEMENTS.items():
        yield name, lambda paths, n=name, a=attribute: b.driver.execute_async_script(ADD, n, a, paths)
    yield "module", lambda paths: b.driver.execute_async_script(IMPORT, paths)
    yield "worker", lambda paths: b.driver.execute_async_script(WORK, paths)


def ready(b):
    b.cdp("Browser.setDownloadBehavior", behavior="deny")
    b.cdp("Page.addScriptToEvaluateOnNewDocument", source=LISTEN)


def forget(b):
    """Here the browser is right to complain, of what it has not let run."""
    b.notice()
    b.wrong.clear()


def test_bait(b):
    """The content is as hostile as it should be: a careless server runs it."""
    ready(b)
    ran = set()
    for path in (path for path in PATHS if path.get("bait")):
        if hits(b, LOOSE + path["path"]):
            ran.add(path["kind"])
        if path["kind"] == "script":
            for name, way in ways(b):
                if name in ("script", "module", "worker"):
                    assert hits(b, f"{LOOSE}/blank.html", lambda w=way, p=path: w([p["path"]])), f"as {name} it does nothing"
                    ran.add("script")
        if path["kind"] == "html":
            for name, way in ways(b):
                if name in ("iframe", "object", "embed"):
                    assert hits(b, f"{LOOSE}/blank.html", lambda w=way, p=path: w([p["path"]])), f"as {name} it does nothing"
    assert ran == {"html", "script", "svg", "xhtml"}, ran
    forget(b)


def test_opened(b):
    """Opened by its URL nothing runs."""
    for path in CONTENT:
        assert not (did := hits(b, MIRROR + path)), f"{path}: {did}"
    forget(b)


def test_elements(b):
    """As an element, a module or a worker of another page nothing runs."""
    for name, way in ways(b):
        did = hits(b, f"{LOOSE}/blank.html", lambda w=way: w([MIRROR + path for path in CONTENT]))
        assert not did, f"{name}: {did}"
    forget(b)


def test_same_origin(b):
    """Nor of a page of this origin."""
    for name, way in ways(b):
        did = hits(b, f"{SAME}/blank.html", lambda w=way: w(CONTENT))
        assert not did, f"{name}: {did}"
    forget(b)


def test_headers(b):
    """Types and policies are those of no page."""
    for path in CONTENT:
        try:
            answer = urllib.request.urlopen(MIRROR + path)
        except urllib.error.HTTPError as refused:
            answer = refused
        with answer:
            assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox", path
            assert answer.headers["X-Content-Type-Options"] == "nosniff", path
            kind = answer.headers["Content-Type"]
            assert kind.startswith("application/") and kind.removeprefix("application/").removeprefix("x-") not in (
                "javascript", "ecmascript"), (path, kind)
    forget(b)


def test_opaque(b):
    """What is opened has no origin of its own."""
    documents = 0
    # It is the policy's doing, which all of them have (above): a third of them in the short run.
    for path in CONTENT if os.environ.get("TIER") == "all" else CONTENT[::3]:
        b.driver.get("about:blank")
        try:
            b.driver.get(MIRROR + path)
        except WebDriverException:
            continue
        # The viewer's, in which the bytes are no document.
        if b.js("location.href") == "about:blank" or b.js("document.contentType") == "application/pdf":
            continue
        documents += 1
        assert b.js("self.origin") == "null", path
    assert documents > 0, "no document was opened at all"
    forget(b)


def test_page(b):
    """The mirror's own page works."""
    b.open(f"{MIRROR}/")
    b.until("document.querySelectorAll('.list tbody tr').length > 0")
    b.open(f"{MIRROR}/#/i/docker.io/library/app:1")
    b.until("document.querySelector('#main h1').innerText.includes('app')")


if __name__ == "__main__":
    run(globals())

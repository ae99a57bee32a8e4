#!/usr/bin/env python3
"""The images, the strip and the keys in a real browser. tests/scenario/46-page.sh
makes the trees, serves them, and says in PAGES (JSON) where."""
import json
import os
import re
import subprocess

from browser import Keys
from check import run

PAGES = json.loads(os.environ["PAGES"])
SHOP, REAL, MANY = PAGES["shop"], PAGES["real"], PAGES["many"]
FOCUS = "document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.innerText"


def names(b):
    return b.js("[...document.querySelectorAll('.list tbody .go')].map((e) => e.getAttribute('aria-label'))")


def cells(b, name):
    return b.js("[...[...document.querySelectorAll('.list tbody tr')].find((r) => r.dataset.key === a[0]).cells]"
                ".map((c) => c.innerText.replaceAll('\\n', '').trim()).filter((w) => w !== '')", name)


def asked(b):
    return b.js("location.hash")


def search(b, words):
    b.js("(document.querySelector('#q').focus(), document.querySelector('#q').select())")
    b.press(words)
    b.until("decodeURIComponent(location.hash).includes(`q=${a[0]}`)", words)


def test_list(b):
    """The images come first: a row a repository, the newest on top."""
    b.open(SHOP)
    assert b.driver.title == "Images · 127.0.0.1", b.driver.title
    b.until("document.querySelectorAll('.list tbody tr')[0].innerText.includes('MiB')")
    assert b.text("#count") == "32 repositories, 109 tags"
    assert names(b)[:2] == ["registry.example.com/shop/api", "registry.example.com/shop/sbom"]
    api = cells(b, "registry.example.com/shop/api")
    assert api == [
        "registry.example.com/shop/api", "2.14.0", "8", "412 MiB", "amd64, arm64", api[5], "verified"], api
    assert re.fullmatch(r"[0-9]+ min ago", api[5])
    assert cells(b, "ghcr.io/prometheus-community/charts/kube-prometheus-stack")[-3:] == ["Helm chart", "7 h ago", "not checked"]
    assert cells(b, "docker.io/library/node") == ["docker.io/library/node", "never mirrored", "failed"]
    assert cells(b, "docker.io/grafana/grafana")[-1] == "held"
    top = b.js("document.querySelector('.list tbody tr').getBoundingClientRect().top")
    assert top < 300, f"the first row is at {top}"


def test_sort(b):
    """Each head sorts, says so, and turns; it is in the address, and back undoes it."""
    b.open(SHOP)
    b.click("th[data-key=size] button")
    b.until("document.querySelector('th[data-key=size]').getAttribute('aria-sort') === 'descending'")
    assert names(b)[0] == "registry.example.com/data/platform/team-recommendations/feature-extraction-service"
    b.click("th[data-key=size] button")
    b.until("document.querySelector('th[data-key=size]').getAttribute('aria-sort') === 'ascending'")
    assert asked(b) == "#/?sort=-size"
    assert b.js("document.activeElement.innerText") == "On disk"
    b.driver.back()
    b.until("location.hash === '#/?sort=size'")
    b.until("document.querySelector('.list tbody tr').innerText.includes('feature-extraction')")
    b.click("th[data-key=name] button")
    b.until("document.querySelector('th[data-key=name]').getAttribute('aria-sort') === 'ascending'")
    assert names(b) == sorted(names(b)), names(b)


def test_filters(b):
    """Chips and selects have what occurs, and a pasted address has the same."""
    b.open(SHOP)
    assert b.texts(".chip") == ["All 32", "Failed 3", "Held 1", "Unlisted 2", "Verified 12", "Artifacts 5"], b.texts(".chip")
    b.click(".chip[data-show=failed]")
    b.until("document.querySelectorAll('.list tbody tr').length === 3")
    assert b.js("document.querySelector('.chip[aria-pressed=true]').dataset.show") == "failed"
    b.js("(() => { const s = document.querySelector('select'); s.value = 'quay.io'; s.dispatchEvent(new Event('change')); })()")
    b.until("document.querySelectorAll('.list tbody tr').length === 1")
    assert asked(b) == "#/?show=failed&registry=quay.io"
    b.open(f"{SHOP}#/?show=artifacts&registry=quay.io&q=cert&sort=name")
    assert names(b) == ["quay.io/jetstack/charts/cert-manager"]
    assert b.js("document.querySelector('#q').value") == "cert"
    b.open(f"{SHOP}#/?platform=s390x")
    assert names(b) == ["docker.io/library/nginx", "docker.io/library/alpine"]


def test_search(b):
    """Names, tags, digests, platforms and pasted references are found."""
    b.open(SHOP)
    digest = b.js("fetch('images.json').then((r) => r.json()).then((v) => v.images.find((i) => i.image.endsWith('redis:7.4.1')).digest)")
    for words, want in {
            "postgres": ["docker.io/library/postgres"], "v1.31.3-k3s1": ["docker.io/rancher/k3s"],
            "windows": ["registry.k8s.io/pause"], "helm chart cert": ["quay.io/jetstack/charts/cert-manager"],
            digest: ["docker.io/library/redis"], digest[7:19]: ["docker.io/library/redis"],
            "nginx:1.27": ["docker.io/library/nginx"], "docker.io/library/alpine:3.20.3": ["docker.io/library/alpine"],
            "NGINX:1.27.3": ["docker.io/library/nginx"]}.items():
        search(b, words)
        b.until("document.querySelector('#count').innerText.startsWith(a[0])", f"{len(want)} repositor")
        assert names(b) == want, (words, names(b))
    # Letters that a digest has are no digest.
    search(b, "dada")
    b.until("!document.querySelector('.none').hidden")


def test_nothing_found(b):
    """What was searched, the nearest name, and a way back."""
    b.open(SHOP)
    search(b, "postgers")
    b.until("!document.querySelector('.none').hidden")
    assert "“postgers”" in b.text(".none")
    assert b.texts(".none a") == ["docker.io/library/postgres"]
    b.click(".none button")
    b.until("document.querySelectorAll('.list tbody tr').length === 32")
    assert asked(b) == "#/"
    assert b.js("document.activeElement.id") == "q"


def test_keys(b):
    """Keys search, walk through the rows, open one and lead back to it."""
    b.open(f"{SHOP}#/")
    b.press("/")
    assert b.js("document.activeElement.id") == "q"
    b.press(Keys.ARROW_DOWN, Keys.ARROW_DOWN)
    assert b.js(FOCUS) == "registry.example.com/shop/sbom"
    b.press("jk", Keys.ARROW_UP)
    assert b.js(FOCUS) == "registry.example.com/shop/api"
    b.press(Keys.ARROW_UP)
    assert b.js("document.activeElement.id") == "q"
    b.press(Keys.ARROW_DOWN, "jj", Keys.ENTER)
    b.until("location.hash === '#/i/docker.io/library/nginx'")
    b.until("document.activeElement.tagName === 'H1'")
    b.driver.back()
    b.until("location.hash === '#/' && document.activeElement.getAttribute('aria-label') === 'docker.io/library/nginx'")
    b.press("ga")
    b.until("location.hash === '#/activity'")
    b.until("document.activeElement.tagName === 'H1'")
    b.press("gn")
    b.until("location.hash === '#/nodes/containerd' && document.activeElement.tagName === 'H1'")
    b.press("u")
    b.until("location.hash === '#/' && document.activeElement.tagName === 'H1'")
    b.press("/api", Keys.ESCAPE)
    b.until("document.querySelector('#q').value === '' && location.hash === '#/'")
    assert b.js("document.activeElement.id") == "q"
    b.press(Keys.ESCAPE)
    assert b.js("document.activeElement.id") != "q"


def test_single_keys(b):
    """None works with Ctrl or in a field, and a switch turns single letters off."""
    b.open(SHOP)
    b.press("/jgau/?")
    assert asked(b) == "#/?q=jgau/%3F", asked(b)
    b.press(Keys.ESCAPE, Keys.ESCAPE)
    b.chord(Keys.CONTROL, "/")
    assert b.js("document.activeElement.id") != "q"
    b.press("?")
    b.until("document.querySelector('#keys').open")
    b.press("ga")
    assert asked(b) == "#/"
    b.click("#letters")
    b.press(Keys.ESCAPE)
    b.until("!document.querySelector('#keys').open")
    b.press("/")
    assert b.js("document.activeElement.id") != "q"
    b.driver.refresh()
    b.ready()
    b.press("/gn")
    assert b.js("document.activeElement.id") != "q" and asked(b) == "#/"
    b.js("localStorage.clear()")


def test_focus_on_link(b):
    """After a link the title has the focus, and the document its name."""
    b.open(f"{SHOP}#/?q=nginx")
    b.click(".nav a[data-view=activity]")
    b.until("document.activeElement.tagName === 'H1'")
    b.until("document.title.endsWith(' · 127.0.0.1') && !document.title.startsWith('Images')")
    assert b.texts(".nav [aria-current=page]") == ["Activity"]
    b.click(".nav a[data-view=home]")
    b.until("document.activeElement.tagName === 'H1' && document.activeElement.innerText === 'Images'")
    assert asked(b) == "#/"
    b.click("#skip") if b.js("document.querySelector('#skip').matches(':focus')") else b.js("document.querySelector('#skip').click()")
    assert b.js("document.activeElement.id") == "main"


STATES = {
    "failing": ("bad", r"3 images failed Synced [0-9]+ min ago Next in [0-9]+ min Docker Hub pulls left 87 of 100 Free 41.6 GiB of 64.0 GiB"),
    "ok": ("good", r"All 415 images are current Synced [0-9]+ min ago Next in .*"),
    "held": ("good", r"413 images are current, 2 held Synced .*"),
    "stale": ("warn", r"No sync for 3 days Last one ended well Docker Hub .*"),
    "interrupted": ("warn", r"Last sync was interrupted Tried [0-9]+ min ago .*"),
    "store": ("bad", r"The tree cannot be used: /srv/cdr is read-only Tried .*"),
    "nothing": ("", r"Empty no sync has ended here yet"),
}


def strip(b):
    return " ".join(b.js("[...document.querySelectorAll('#strip li')].map((e) => e.innerText.trim())"))


def test_strip(b):
    """The strip says how the mirror is, in words and in one colour."""
    for state, (kind, words) in STATES.items():
        b.open(PAGES["states"][state])
        assert re.fullmatch(words, strip(b)), (state, strip(b))
        assert b.js("document.querySelector('#strip li').className") == kind, state
    b.open(SHOP)
    assert b.js("document.querySelector('#strip a').getAttribute('href')") == "#/activity"
    assert b.js("document.querySelector('.meter').getAttribute('aria-label')") == "35 % used"


def test_watch(b):
    """What watch is at: a run, or one that is late."""
    def with_watch(watch):
        b.js("""(window.realFetch ??= window.fetch, window.fetch = async (name, ...more) =>
            name === 'watch.json' ? new Response(JSON.stringify(a[0]), { headers: { ETag: Math.random() } }) :
            name === 'summary.json' ? new Response(await (await window.realFetch(name)).text(), { headers: { ETag: Math.random() } }) :
            window.realFetch(name, ...more))""", watch)
        b.js("document.dispatchEvent(new Event('visibilitychange'))")
    b.open(PAGES["states"]["ok"])
    with_watch({"next": "2020-01-01T00:00:00Z", "running": True})
    b.until("document.querySelector('#strip').innerText.includes('Syncing now')")
    with_watch({"next": "2020-01-01T00:00:00Z", "running": False})
    b.until("document.querySelector('#strip').innerText.includes('No sync for less than a minute') || /No sync for [0-9]+ min/.test(document.querySelector('#strip').innerText)")


def test_not_reached(b):
    """While nobody answers what is shown stays, and the strip says since when."""
    b.open(SHOP)
    b.cdp("Network.enable")
    b.cdp("Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=-1, uploadThroughput=-1)
    b.js("document.dispatchEvent(new Event('visibilitychange'))")
    b.until("/^No answer since [0-9:]+/.test(document.querySelector('#strip').innerText)")
    assert len(names(b)) == 32
    b.cdp("Network.emulateNetworkConditions", offline=False, latency=0, downloadThroughput=-1, uploadThroughput=-1)
    b.js("document.dispatchEvent(new Event('visibilitychange'))")
    b.until("document.querySelector('#strip').innerText.startsWith('3 images failed')")
    b.driver.get_log("browser")


def test_empty(b):
    """An empty mirror says what is to be done, and turns into the list by itself."""
    b.open(PAGES["states"]["nothing"])
    assert b.text("h1") == "Nothing is mirrored yet" and b.driver.title.startswith("Nothing is mirrored yet · ")
    assert b.count(".steps li") == 4 and b.count(".steps li.done") == 1
    base = PAGES["states"]["nothing"].rstrip("/")
    assert f"cdr node-config containerd --mirror {base} --install" in b.text(".steps li:last-child .cmd")
    subprocess.run(PAGES["fill"], shell=True, check=True)
    b.until("document.querySelectorAll('.list tbody tr').length === 32")
    b.until("document.title.startsWith('Images · ')")


def test_copy(b):
    """Copy copies, says so, and a reader hears it."""
    b.open(PAGES["states"]["bare"])
    b.js("navigator.clipboard && (navigator.clipboard.writeText = async (t) => { window.copied = t; })")
    b.js("document.addEventListener('copy', () => { window.copied = document.activeElement.value; })")
    b.click(".steps li:nth-child(3) .btn")
    b.until("window.copied === 'cdr sync -r /srv/cdr -i images.list'")
    b.until("document.querySelector('#said').innerText === 'Copied the command'")
    assert b.text(".steps li:nth-child(3) .btn") == "Copied"
    b.until("document.querySelector('.steps li:nth-child(3) .btn').innerText === 'Copy'")


def test_old_address(b):
    """Addresses of before there were views lead to the image."""
    b.open(f"{SHOP}#docker.io/library/nginx:1.27")
    b.until("document.title.includes('nginx')")


def test_live(b):
    """What a sync has changed is seen without a reload, and the focus stays."""
    b.open(REAL)
    assert names(b)[0] == "docker.io/library/app" or "docker.io/library/app" in names(b)
    assert cells(b, "docker.io/library/gone")[-1] == "failed"
    b.js("document.querySelector('tr[data-key=\"docker.io/library/app\"] .go').focus()")
    b.notice()
    before = len(b.requests)
    b.js("document.dispatchEvent(new Event('visibilitychange'))")
    b.until("performance.getEntriesByName(new URL('summary.json', location).href).length >= 2")
    b.notice()
    assert set(b.requests[before:]) <= {"/summary.json", "/watch.json"}, b.requests[before:]
    subprocess.run(PAGES["again"], shell=True, check=True)
    b.js("document.dispatchEvent(new Event('visibilitychange'))")
    b.until("document.querySelector('tr[data-key=\"docker.io/library/late\"]') !== null")
    assert strip(b).startswith("All 2 images are current"), strip(b)
    assert b.js(FOCUS) == "docker.io/library/app"
    b.driver.refresh()
    b.ready()


def test_many(b):
    """Of ten thousand tags few are in the document, and all can be reached."""
    b.open(MANY)
    assert b.text("#count") == "5,000 repositories, 10,000 tags"
    few = b.count("tr[data-key]")
    assert 20 <= few <= 80, few
    assert b.js("document.querySelector('.list').getAttribute('aria-rowcount')") == "5001"
    assert b.js("document.querySelector('.list tbody tr').getAttribute('aria-rowindex')") == "2"
    b.js("document.querySelector('.list tbody .go').focus()")
    first = b.js(FOCUS)
    b.js("scrollTo(0, 1e9)")
    b.until("[...document.querySelectorAll('tr[data-key]')].some((r) => r.getAttribute('aria-rowindex') === '5001')")
    assert b.count("tr[data-key]") <= 80
    assert b.js(FOCUS) == first, "the row with the focus has gone"
    # From row to row, farther than what was in the document.
    b.press(Keys.ARROW_DOWN)
    b.until("document.activeElement.closest('tr').getAttribute('aria-rowindex') === '3'")
    b.press(*["j"] * 120)
    b.until("document.activeElement.closest('tr').getAttribute('aria-rowindex') === '123'")
    top = b.js("document.activeElement.closest('tr').getBoundingClientRect().top")
    assert 0 <= top <= 900, top
    gap = b.js("(() => { const r = [...document.querySelectorAll('tr[data-key]')].slice(0, 2).map((e) => e.getBoundingClientRect().top); return r[1] - r[0]; })()")
    assert gap == 44, gap
    # Back from one of them.
    name = b.js(FOCUS)
    b.press(Keys.ENTER)
    b.until("location.hash.startsWith('#/i/')")
    b.until("document.activeElement.tagName === 'H1'")
    b.driver.back()
    b.until("document.activeElement.getAttribute('aria-label') === a[0]", name)
    b.size(390, 844, True)
    b.until("document.querySelectorAll('tr[data-key]').length > 10 && document.querySelector('tr[data-key]').offsetHeight > 60")
    heights = b.js("[...new Set([...document.querySelectorAll('tr[data-key]')].map((r) => r.offsetHeight))]")
    assert len(heights) == 1, f"rows of several heights on a phone: {heights}"
    search(b, "service-04321")
    b.until("document.querySelectorAll('tr[data-key]').length === 1")
    assert names(b) == ["ghcr.io/team-43/service-04321"]


def test_find_and_paper(b):
    """The browser's search and paper have all rows up to 2,000; above that paper says so."""
    b.open(f"{MANY}#/?q=team-1")
    rows = int(b.text("#count").split()[0].replace(",", ""))
    assert 200 < rows < 2000 and b.count("tr[data-key]") < 200
    b.chord(Keys.CONTROL, "f")
    b.until("document.querySelectorAll('tr[data-key]').length === a[0]", rows)
    b.open(MANY)
    b.js("(window.onafterprint = null, window.addEventListener('beforeprint', () => { window.printed = "
         "[document.querySelectorAll('tr[data-key]').length, [...document.querySelectorAll('.note')].map((e) => e.innerText).join()]; }))")
    b.cdp("Page.printToPDF")
    assert b.js("window.printed") == [2000, "The first 2,000 of 5,000 repositories"], b.js("window.printed")
    b.until("document.querySelectorAll('tr[data-key]').length < 200")


def test_hostile(b):
    """What strangers wrote into a tree stays text."""
    b.open(PAGES["hostile"])
    b.js("window.hit = () => window.violations.push('it ran')")
    assert b.count(".list tbody tr") > 0
    assert b.count("#main img, #main script, #strip img, #strip script") == 0
    assert "onerror" in b.text("#main")
    for row in range(b.count(".list tbody tr")):
        b.js("document.querySelectorAll('.list tbody .go')[a[0]].click()", row)
        b.until("location.hash.startsWith('#/i/')")
        b.ready()
        b.driver.back()
        b.until("document.querySelector('.list') !== null")
    for view in ("#/activity", "#/nodes/%3Cimg%20src=x%20onerror=hit()%3E", "#/i/%3Cscript%3Ehit()%3C/script%3E", "#/?q=%3Cimg%3E&show=x&sort=__proto__&registry=%22%3E&platform=x", "#/i/%zz", "#%"):
        b.open(PAGES["hostile"] + view)
        assert b.count("#main img, #main script") == 0


if __name__ == "__main__":
    run(globals())

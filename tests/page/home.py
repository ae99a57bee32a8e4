#!/usr/bin/env python3
"""The images, the strip and the keys in a real browser. tests/scenario/46-page.sh
makes the trees, serves them, and says in PAGES (JSON) where."""
import json
import os
import re

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
        "registry.example.com/shop/api", "2.14.0", "8", "391 MiB", "amd64, arm64", api[5], "verified"], api
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


if __name__ == "__main__":
    run(globals())

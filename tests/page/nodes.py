#!/usr/bin/env python3
"""The help for nodes in a real browser, beside what node-config itself says.
tests/scenario/303-page-nodes.sh serves a tree, and says in PAGES (JSON) where."""
import json
import os
import re
import subprocess

from check import run

PAGES = json.loads(os.environ["PAGES"])
URL, BARE = PAGES["url"], PAGES["bare"]
CLIENTS = ["containerd", "cri-o", "podman", "dockerd", "swarm", "k3s", "rke2", "talos", "mesos", "buildkit"]
PASTED = ["talos", "mesos"]


def node_config(client, mirror):
    """What the program prints: files by their paths, what comes then, and its notes."""
    said = subprocess.run([PAGES["cdr"], "node-config", client, "--mirror", mirror, "--prefix", PAGES["node"]],
                          check=True, capture_output=True, text=True).stdout
    files, then, notes, at = {}, [], [], ""
    for line in said.splitlines(keepends=True):
        if head := re.fullmatch(r"# --- (/.*):\n", line):
            at = head[1]
        elif line.startswith("# Then: "):
            then.append(line[len("# Then: "):].rstrip(".\n"))
        elif line.startswith("# Note: "):
            notes.append(line[len("# Note: "):].rstrip(".\n"))
        elif line == "# Nothing has been written; --install writes it.\n":
            continue
        else:
            files[at] = files.get(at, "") + line
    return {"files": {path: text.rstrip("\n") for path, text in files.items()}, "then": then, "notes": notes}


def shown(b):
    """The same as the page has it."""
    return b.js("""(() => { const notes = [...document.querySelectorAll('.steps .note')].map((n) => n.textContent.replace(/\\.$/, ''));
      const of = (word) => notes.filter((n) => n.startsWith(word)).map((n) => n.slice(word.length));
      return { files: [...document.querySelectorAll('.steps .cmd')].filter((c) => c.querySelector('.at'))
        .map((c) => [c.querySelector('.at').innerText, c.querySelector('pre').textContent]), then: of('Then: '), notes: of('Note: ') }; })()""")


def visit(b, client, url=URL):
    if not b.driver.current_url.startswith(url):
        b.open(f"{url}#/nodes/{client}")
    b.js("location.hash = a[0]", f"#/nodes/{client}")
    b.until("document.querySelector('.tabs [aria-current]')?.innerText === a[0]", client)


def test_all_clients(b):
    """For each client: the command first, then what node-config itself would write, and its notes"""
    origin = URL.rstrip("/")
    for client in CLIENTS:
        visit(b, client)
        want, have = node_config(client, origin), shown(b)
        assert b.texts(".tabs a") == CLIENTS, b.texts(".tabs a")
        if client in PASTED:
            assert [text.rstrip("\n") for _, text in have["files"]] == list(want["files"].values()), (client, have, want)
            assert "--install" not in b.text(".steps") and "--remove" not in b.text(".steps")
        else:
            assert {path: text.rstrip("\n") for path, text in have["files"]} == want["files"], (client, have, want)
            first = b.text(".steps li:first-child pre").strip()
            assert first == f"cdr node-config {client} --mirror {origin} --install", first
            assert b.text(".steps li:last-child pre").strip() == f"cdr node-config {client} --remove"
        assert have["then"] == want["then"], (client, have, want)
        # Of a mirror on the node itself node-config has less to say.
        assert [n for n in have["notes"] if n in want["notes"]] == want["notes"], (client, have, want)
        assert "cdr-mirror.invalid" not in b.text("#main")


def test_other_addresses(b):
    """With names, other ports and TLS the page has node-config's words, too"""
    visit(b, "containerd")
    for mirror in ("https://mirror.example", "http://mirror.example:5000", "https://10.0.0.5:8443", "http://mirror"):
        at = {"origin": mirror, "host": mirror.split("//")[1], "protocol": mirror.split("//")[0]}
        for client in CLIENTS:
            have = b.driver.execute_async_script("""const [client, at, done] = arguments;
              Promise.all([import('./page-nodes.js'), fetch('nodes.json').then((r) => r.json())])
                .then(([page, all]) => done(page.clientOf(all, client, at)))""", client, at)
            want = node_config(client, mirror)
            assert [f["text"].rstrip("\n") for f in have["files"]] == list(want["files"].values()), (client, mirror, have, want)
            assert (have["then"], have["mind"]) == (want["then"], want["notes"]), (client, mirror, have, want)


def test_what_it_asks_for(b):
    """Who asks for Docker Hub alone is said to, and the transport is told plainly"""
    for client, hub in (("podman", True), ("cri-o", True), ("dockerd", True), ("containerd", False), ("k3s", False)):
        visit(b, client)
        said = b.text(".facts")
        assert "Plain HTTP, no password" in said and "Anybody who reaches the port can pull." in said, said
        assert ("every registry" in said) != hub, (client, said)
        assert "docker.io" in said and ("ghcr.io" in said) != hub, (client, said)
    assert URL.rstrip("/") in b.text(".facts")


def test_tabs_are_links(b):
    """Each client has an address; an unknown one shows the first"""
    visit(b, "podman")
    b.js("[...document.querySelectorAll('.tabs a')].find((e) => e.innerText === 'k3s').click()")
    b.until("location.hash === '#/nodes/k3s' && document.querySelector('.tabs [aria-current]').innerText === 'k3s'")
    assert "registries.yaml" in b.text(".steps")
    b.js("location.hash = '#/nodes/%3Cimg%20src=x%3E'")
    b.until("document.querySelector('.tabs [aria-current]').innerText === 'containerd'")
    assert b.count("#main img") == 0


def test_without_the_file(b):
    """Where the page has no such file, the command is there, and says how to see the rest"""
    b.open(f"{BARE}#/nodes/k3s")
    b.until("document.querySelector('.tabs [aria-current]')?.innerText === 'k3s'")
    commands = b.texts(".steps pre")
    origin = BARE.rstrip("/")
    assert f"cdr node-config k3s --mirror {origin} --install" in commands, commands
    assert f"cdr node-config k3s --mirror {origin}" in commands, commands


def test_narrow(b):
    """On a phone nothing is wider than the screen"""
    visit(b, "containerd")
    b.size(360, 740, True)
    b.until("document.documentElement.scrollWidth <= 360")
    b.media(dark=True)
    assert b.js("getComputedStyle(document.body).backgroundColor") == "rgb(16, 19, 22)"


if __name__ == "__main__":
    run(globals())

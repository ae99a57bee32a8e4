#!/usr/bin/env python3
"""A repository and an image in a real browser. tests/scenario/302-page-images.sh makes
the tree, serves it, and says in PAGES (JSON) where; it runs the commands that this one
writes to the file that COMMANDS names."""
import json
import os
import subprocess
import time
from urllib.parse import urlsplit

from check import run

PAGES = json.loads(os.environ["PAGES"])
URL, ROOT, DIGESTS = PAGES["real"], PAGES["root"], PAGES["digests"]
HOST = urlsplit(URL).netloc
APP = "docker.io/library/app"


def rows(name):
    with open(f"{ROOT}/status/{name}.json", encoding="utf-8") as file:
        return {row["image"]: row for row in json.load(file)["images"]}


def show(b, image):
    """The view of an image, whole."""
    visit(b, image)
    whole(b)


def visit(b, image):
    """Another view of the page that is open; the first one opens it."""
    if not b.driver.current_url.startswith(URL):
        b.open(f"{URL}#/i/{image}")
    b.js("location.hash = a[0]", f"#/i/{image}")
    b.until("location.hash === a[0] && document.querySelector('.crumb') && document.querySelector('#address').textContent.endsWith(a[0])",
            f"#/i/{image}")


def whole(b):
    b.until("document.querySelector('.facts') && !/(Reading the|Looking)…/.test(document.querySelector('#main').textContent)"
            " && !/(Reading|Looking).*…/.test(document.querySelector('#main').textContent)")


def section(b, title):
    """The text of a section."""
    return b.js("[...document.querySelectorAll('section')].find((s) => !s.hidden && s.querySelector('h2')?.innerText.startsWith(a[0]))"
                "?.innerText ?? ''", title)


def commands(b):
    """What each tab of Pull says, by its name: each is opened."""
    return dict(b.js("""(() => { const all = [], pull = [...document.querySelectorAll('section')].find((s) => /^Pull/.test(s.innerText));
      for (const tab of pull.querySelectorAll('[role=tab]')) {
        tab.click();
        const pane = document.getElementById(tab.getAttribute('aria-controls'));
        all.push([tab.innerText, { text: pane.querySelector('pre')?.textContent ?? '', note: pane.querySelector('.note')?.innerText ?? '',
          at: pane.querySelector('.at')?.innerText ?? '' }]);
      }
      return all; })()"""))


def facts(b):
    return b.js("Object.fromEntries([...document.querySelectorAll('.facts > div')].map((d) => [d.querySelector('dt').innerText,"
                " [...d.querySelectorAll('dd')].map((e) => e.innerText).join('|')]))")


# --- commands -------------------------------------------------------------------

def test_image_commands(b):
    """An image of several platforms has the commands of what can run it, and no others"""
    show(b, f"{APP}:latest")
    said = commands(b)
    digest = DIGESTS["second"]
    assert list(said) == ["Kubernetes", "docker", "podman", "containerd", "skopeo", "air gap"], said
    assert said["Kubernetes"]["text"] == f"image: {APP}:latest@{digest}"
    assert said["docker"]["text"] == f"docker pull {HOST}/{APP}:latest"
    assert said["docker"]["note"] == "", "dockerd takes plain HTTP from this machine itself"
    assert said["podman"]["text"] == f"podman pull --tls-verify=false {HOST}/{APP}:latest"
    assert said["containerd"]["text"] == f"ctr images pull --plain-http {HOST}/{APP}:latest"
    assert said["skopeo"]["text"] == ("skopeo copy --all --preserve-digests --src-tls-verify=false "
                                      f"docker://{HOST}/{APP}:latest oci:app-latest")
    assert said["air gap"]["text"] == f"cdr save {APP}:latest --platform linux/amd64 -o app-latest.tar"
    note(said)


def test_part_commands(b):
    """Of an index of which one platform is here, that one is asked for"""
    show(b, "docker.io/library/sparse:1")
    said = commands(b)
    assert said["docker"]["text"] == f"docker pull --platform linux/arm64 {HOST}/docker.io/library/sparse:1"
    assert said["podman"]["text"].startswith("podman pull --platform linux/arm64 --tls-verify=false ")
    assert said["skopeo"]["text"] == ("skopeo --override-os linux --override-arch arm64 copy --src-tls-verify=false "
                                      f"docker://{HOST}/docker.io/library/sparse:1 oci:sparse-1")
    assert "not mirrored" in section(b, "Content"), section(b, "Content")
    assert b.count("[role=tablist][aria-label=Platform]") == 0, "one platform needs no tabs"
    note(said)


def test_port_commands(b):
    """The port of a registry stands behind an underscore in a name"""
    show(b, "reg.example:5000/team/tool:2.1")
    said = commands(b)
    assert said["Kubernetes"]["text"].startswith("image: reg.example:5000/team/tool:2.1@sha256:")
    assert said["docker"]["text"] == f"docker pull {HOST}/reg.example_5000/team/tool:2.1"
    assert said["air gap"]["text"] == "cdr save reg.example:5000/team/tool:2.1 -o tool-2.1.tar"
    note(said)


def test_chart_commands(b):
    """A Helm chart is never pulled with docker"""
    show(b, "ghcr.io/charts/shop:1.2.3_build.7")
    said = commands(b)
    at = f"oci://{HOST}/ghcr.io/charts/shop"
    assert list(said) == ["helm", "install", "Flux", "oras"], list(said)
    assert said["helm"]["text"] == f"helm pull --plain-http {at} --version 1.2.3+build.7"
    assert said["install"]["text"] == f"helm install --plain-http my-release {at} --version 1.2.3+build.7"
    flux = said["Flux"]["text"]
    assert f"  url: {at}\n  insecure: true\n  ref:\n    digest: {DIGESTS['chart']}\n" in flux, flux
    assert said["Flux"]["at"] == "shop.yaml"
    assert "Helm chart" in b.text(".title"), b.text(".title")
    assert not any("docker pull" in c["text"] or "podman" in c["text"] for c in said.values())
    note(said)


def test_artifact_commands(b):
    """Other artifacts come with oras, by their files if these have names"""
    show(b, "docker.io/ai/model:small")
    said = commands(b)
    assert list(said) == ["oras", "by digest", "skopeo"], said
    assert said["oras"]["text"] == f"oras pull --plain-http {HOST}/docker.io/ai/model:small"
    assert said["by digest"]["text"] == f"oras pull --plain-http {HOST}/docker.io/ai/model@{DIGESTS['model']}"
    assert "model.gguf" in section(b, "Content") and "LICENSE" in section(b, "Content")
    note(said)
    show(b, "quay.io/team/policy:v1")
    said = commands(b)
    assert said["oras"]["text"] == f"oras copy --from-plain-http {HOST}/quay.io/team/policy:v1 --to-oci-layout policy-v1"
    assert b.count("section h2") and "Shares" not in b.text("#main"), "{} is nothing that is shared"
    note(said)


def test_addresses(b):
    """Commands fit the mirror's address: TLS, names without a dot, IPv6, folders; and no name is a command"""
    visit(b, APP)
    digest = "sha256:" + "a" * 64

    def pull(url, image="docker.io/library/x:1", **what):
        registry, rest = image.split("/", 1)
        at = {"image": image, "registry": registry, "repository": rest.rsplit(":", 1)[0], "tag": rest.rsplit(":", 1)[-1], "digest": digest}
        got = b.driver.execute_async_script("""const [at, what, url, done] = arguments;
          import('./page-pull.js').then((m) => done(m.pullCommands(at, what, new URL(url))))""", at, {"platforms": ["linux/amd64"], **what}, url)
        return {one["name"]: one for one in got}

    said = pull("https://mirror.example/")
    assert said["docker"]["text"] == "docker pull mirror.example/docker.io/library/x:1" and not said["docker"]["note"]
    assert said["podman"]["text"] == "podman pull mirror.example/docker.io/library/x:1"
    assert said["containerd"]["text"] == "ctr images pull mirror.example/docker.io/library/x:1"
    assert said["skopeo"]["text"] == "skopeo copy docker://mirror.example/docker.io/library/x:1 oci:x-1"
    # A name without a dot or a port is a folder of Docker Hub to docker.
    assert pull("http://mirror/")["docker"]["text"] == "docker pull mirror:80/docker.io/library/x:1"
    assert pull("https://mirror/")["docker"]["text"] == "docker pull mirror:443/docker.io/library/x:1"
    assert pull("http://localhost:5000/")["docker"]["note"] == ""
    assert 'dockerd needs "insecure-registries": ["10.0.0.5:5000"]' in pull("http://10.0.0.5:5000/")["docker"]["note"]
    said = pull("http://[fd00::1]:5000/")
    assert "text" not in said["podman"] and "text" not in said["skopeo"] and "IPv6" in said["podman"]["note"], said
    assert said["docker"]["text"] == "docker pull [fd00::1]:5000/docker.io/library/x:1"
    said = pull("https://proxy.example/cdr/")
    assert "/v2/ of proxy.example has to lead here, too." in said["docker"]["note"] and "proxy" not in said["Kubernetes"]["note"], said
    assert list(pull("http://m.example/", "[fd00::2]:5000/x:1")) == ["Kubernetes", "air gap"]
    assert pull("http://m.example/", kind="application/vnd.cncf.helm.config.v1+json", image="q.io/c:latest").keys() == {"Flux", "oras"}
    for image in ("docker.io/library/x:1;reboot", "docker.io/library/$(reboot):1", "docker.io/Library/x:1", "do`id`.io/x:1", "docker.io/x y:1"):
        assert pull("http://m.example/", image) == {}, image


def note(said):
    """For the shell, which runs them."""
    with open(os.environ["COMMANDS"], "a", encoding="utf-8") as out:
        for name, command in said.items():
            if command["at"] == "" and command["text"] != "":
                print(name.replace(" ", "-"), command["text"], file=out)


# --- a repository -----------------------------------------------------------------

def test_repository(b):
    """A row a digest, the latest version first, its other tags beside it"""
    visit(b, APP)
    b.until("document.querySelectorAll('aside .line').length > 0 && document.querySelector('.lead').innerText.includes('on disk')"
            " && document.querySelector('.lead').innerText.includes('repository')")
    said = b.texts(".tags tbody td:first-child")
    assert [line.replace("\n", " ").split() for line in said] == [["1.1", "1,", "latest"], ["1.0"]], said
    blobs = rows("blobs")
    mine = {k: s for image, row in blobs.items() if image.startswith(f"{APP}:") for k, s in row["blobs"]}
    others = {k for image, row in blobs.items() if not image.startswith(f"{APP}:") for k, _ in row["blobs"]}
    lead = b.text(".lead")
    assert lead.startswith("4 tags, 2 digests, "), lead
    assert lead == (f"4 tags, 2 digests, {words(sum(mine.values()))} on disk, "
                    f"{words(sum(s for k, s in mine.items() if k not in others))} of it in no other repository."), lead
    assert b.texts(".tags thead th")[-1] == "Signature"
    assert DIGESTS["second"][7:19] in b.text(".tags") and DIGESTS["first"][7:19] in b.text(".tags")
    b.press("j")
    b.until("document.activeElement.classList.contains('go')")
    changed = b.texts("aside .line")
    assert any("latest" in c and f"{DIGESTS['first'][7:15]} → {DIGESTS['second'][7:15]}" in c for c in changed), changed
    assert any("1.1" in c and f"new, {DIGESTS['second'][7:15]}" in c for c in changed), changed


def words(n):
    """As the page writes bytes."""
    for unit in ("B", "KiB", "MiB"):
        if n < 999.5:
            return f"{n:.0f} B" if unit == "B" else f"{n:.{0 if n >= 99.95 else 1 if n >= 9.995 else 2}f} {unit}"
        n /= 1024
    raise ValueError(n)


def test_attached_rows(b):
    """Signature tags are not counted, and can be shown"""
    visit(b, APP)
    b.until("document.querySelector('.note .aslink')")
    assert "show 1" in b.text(".note"), b.text(".note")
    b.js("document.querySelector('.note .aslink').click()")
    b.until("document.querySelectorAll('.tags tbody tr').length === 3")
    assert ".sig" in b.text(".tags")
    assert b.js("document.activeElement.innerText") == "hide them" or b.count(".note .aslink") == 1


def test_failure(b):
    """What failed says why, what is served, and what to do, in its repository and by itself"""
    visit(b, APP)
    box = b.text(".alert")
    assert "app:gone failed in the last sync: not found." in box, box
    assert "Tag: the registry answers 404" in box and "is served" in box and "take it out" in box, box
    visit(b, f"{APP}:gone")
    assert "nothing of it is here" in b.text("#main") and "404" in b.text(".alert"), b.text("#main")
    assert b.count(".alert") == 1
    visit(b, "docker.io/library/never:1")
    assert "docker.io/library/never:1 is not in this mirror." in b.text("#main"), b.text("#main")


# --- an image -----------------------------------------------------------------------

def test_facts(b):
    """The facts of an image, and the green of a key alone"""
    show(b, f"{APP}:latest")
    row, said = rows("images")[f"{APP}:latest"], facts(b)
    assert said["Digest"].startswith(DIGESTS["second"]), said
    assert said["Also tagged"] == "1.1, 1", said
    assert said["Size"] == words(row["size"]), said
    assert said["Type"] == "Index, 2 platforms", said
    assert said["In the list"].startswith("yes, checked "), said
    assert row["verified"] == "shop.pem" and said["Signature"] == "verified", (row, said)
    assert "Verified with shop.pem" in section(b, "Signatures"), section(b, "Signatures")
    assert b.count(".title .badge.good") == 1
    show(b, "docker.io/library/base:1")
    assert facts(b)["Signature"] == "not checked", facts(b)
    assert "not checked" in section(b, "Signatures") and "signed=KEY.pub" in section(b, "Signatures")
    assert b.count("#main .good") == 0, "nothing has checked that signature"
    show(b, "docker.io/library/sparse:1")
    assert "None is mirrored" in section(b, "Signatures"), section(b, "Signatures")


def test_content(b):
    """Layers in their order, with what made them; what others have as well is told from blobs.json"""
    show(b, "docker.io/library/base:1")
    blobs, images = rows("blobs"), rows("images")
    mine, digest = dict(blobs["docker.io/library/base:1"]["blobs"]), images["docker.io/library/base:1"]["digest"]
    held = {k for image, row in blobs.items() if images[image]["digest"] != digest for k, _ in row["blobs"]}
    shared = sum(size for key, size in mine.items() if key in held and key != "44136fa355b3678a")
    assert shared > 0
    said = section(b, "Content")
    assert f"{words(sum(mine.values()) - shared)} only in this digest" in said, said
    assert f"{words(shared)} shared with other tags" in said, said
    with open(f"{ROOT}/blobs/sha256/{digest[7:]}", encoding="utf-8") as file:
        layers = json.load(file)["layers"]
    cells = b.js("[...document.querySelectorAll('.lay tbody tr')].map((r) => [...r.cells].map((c) => c.innerText))")
    assert [c[2] for c in cells] == [layer["digest"][7:19] for layer in layers], cells
    assert [c[1] for c in cells] == [words(layer["size"]) for layer in layers], cells
    assert cells[0][3] == "craft layer 0" and cells[0][4] == "1 tag", cells
    assert "docker.io/library/app:1.0" in section(b, "Shares most with"), section(b, "Shares most with")
    assert section(b, "Shares most with").count("docker.io/") == 1, "two names of one digest are one thing"
    widths = b.js("[...document.querySelectorAll('.lay .hb i')].map((e) => e.getBoundingClientRect().width)")
    assert all(w > 20 for w in widths), widths


def test_attachments(b):
    """What belongs to an image is named, with how to get it"""
    show(b, f"{APP}:latest")
    said = section(b, "Signatures")
    for want in ("SBOM, SPDX", "Signature, cosign", "Provenance, SLSA", "of linux/arm64"):
        assert want in said, (want, said)
    copied = b.js("[...document.querySelectorAll('section button')].filter((e) => /oras pull/.test(e.innerText)).length")
    assert copied == 1, copied


def test_platform_tabs(b):
    """Platforms are tabs that arrows move between; the chosen one is filled"""
    show(b, f"{APP}:latest")
    b.js("document.querySelector('[role=tablist][aria-label=Platform] [role=tab]').focus()")
    b.press("\ue014")
    b.until("document.activeElement.innerText === 'linux/arm64' && document.activeElement.getAttribute('aria-selected') === 'true'")
    b.until("[...document.querySelectorAll('[role=tabpanel]:not([hidden]) .lay tbody tr')].length === 3")


def test_digests(b):
    """With a digest it is that one that is shown, wherever its tag leads to, and without any tag, too"""
    first, second = DIGESTS["first"], DIGESTS["second"]
    show(b, f"{APP}:latest@{second}")
    assert b.text("h1") == "app:latest" and facts(b)["Digest"].startswith(second) and b.count(".lead") == 0
    assert commands(b)["docker"]["text"] == f"docker pull {HOST}/{APP}:latest"
    show(b, f"{APP}:latest@{first}")
    assert b.text("h1") == "app:1.0" and facts(b)["Digest"].startswith(first), (b.text("h1"), facts(b))
    assert b.text(".lead") == f"latest leads to another digest now: {second[7:19]}.", b.text(".lead")
    assert b.js("document.querySelector('.lead a').getAttribute('href')") == f"#/i/{APP}:latest"
    show(b, f"{APP}:gone@{second}")
    assert b.text(".lead") == "The tag gone is not here." and facts(b)["Digest"].startswith(second)
    # A platform's own manifest: no tag leads to it.
    with open(f"{ROOT}/blobs/sha256/{second[7:]}", encoding="utf-8") as file:
        one = json.load(file)["manifests"][0]["digest"]
    show(b, f"{APP}@{one}")
    b.until("document.querySelectorAll('.lay tbody tr').length === 3")
    assert "It is still here, and no tag leads to it now." in b.text(".lead"), b.text("#main")
    assert b.text("h1") == f"app@{one[7:19]}"
    said = facts(b)
    assert said["Digest"].startswith(one) and said["In the list"] == "no tag leads to it" and "Size" not in said, said
    assert commands(b)["docker"]["text"] == f"docker pull {HOST}/{APP}@{one}"
    visit(b, f"{APP}:1.0@sha256:{'9' * 64}")
    b.until("document.querySelector('#main').innerText.includes('is not in this mirror')")
    assert "4 other tags of it" in b.text("#main"), b.text("#main")


def test_paper(b):
    """Paper has all platforms, opened or not, all commands and all of the history; and names what it has not"""
    def printed(name):
        b.cdp("Emulation.setEmulatedMedia", media="print")
        b.js("dispatchEvent(new Event('beforeprint'))")
        got = b.js(f"[...document.querySelectorAll('{name}')].filter((e) => e.checkVisibility()).map((e) => e.innerText)")
        b.js("dispatchEvent(new Event('afterprint'))")
        b.cdp("Emulation.setEmulatedMedia", media="")
        return got

    b.open(f"{URL}#/i/{APP}:latest")
    whole(b)
    b.until("[...document.querySelectorAll('.pane[data-name=\"linux/arm64\"] .lay tbody tr')].length === 3")
    assert b.js("document.querySelector('.pane[data-name=\"linux/arm64\"]').hidden"), "it was opened"
    tables = printed(".pane .lay")
    assert len(tables) == 2 and all("craft layer" in t for t in tables), tables
    assert len(printed("section .pane .cmd")) == 6
    assert not [w for w in printed("section") if "Reading" in w or "Show " in w or "Roll back" in w]
    assert printed("summary, button") == []

    # Of very many platforms some are read before, and paper names the others.
    image = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": {"mediaType": "x"}, "layers": [
        {"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": "sha256:" + "1" * 64, "size": 5}]}
    names = [f"linux/cpu{i}" for i in range(20)]
    index = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [
        {"mediaType": image["mediaType"], "digest": f"sha256:{i:064x}", "size": 5, "platform": {"os": "linux", "architecture": f"cpu{i}"}} for i in range(20)]}
    digest = "sha256:" + "e" * 64
    row = {"image": "reg.example/a:1", "digest": digest, "published": "2026-01-01T00:00:00Z", "size": 5, "platforms": names}
    past = "".join(f"2026-01-{i + 1:02d}T00:00:00Z sha256:{i:064x}\n" for i in range(20)) + f"2026-02-01T00:00:00Z {digest}\n"
    with b.instead({"images.json": {"images": [row]}, "summary.json": {"result": "ok", "finished": "2026-01-01T00:00:00Z"}, "blobs.json": None,
                    f"v2/reg.example/a/manifests/{digest.replace(':', '%3A')}": index, "history/reg.example/a/1": past,
                    **{f"v2/reg.example/a/manifests/sha256%3A{i:064x}": image for i in range(20)}}):
        b.open(f"{URL}#/i/reg.example/a:1")
        whole(b)
        b.until("document.querySelectorAll('.pane .lay').length === 16")
        assert printed(".note.paper") == [f"Not read here, and so not on paper: {', '.join(names[16:])}."], printed(".note.paper")
        assert len(printed(".pane .lay")) == 16 and len(printed(".line.past")) == 21
        assert b.js("[...document.querySelectorAll('.line.past')].filter((e) => e.checkVisibility()).length") == 8
        b.js("[...document.querySelectorAll('[role=tab]')].find((t) => t.innerText === 'linux/cpu19').click()")
        b.until("document.querySelectorAll('.pane .lay').length === 17")
        assert printed(".note.paper") == [f"Not read here, and so not on paper: {', '.join(names[16:19])}."]
    b.driver.get("about:blank")


def test_history(b):
    """What a tag was, and the command that sets it back, which does; then the page says that it is held"""
    show(b, f"{APP}:latest")
    said = section(b, "History")
    assert "2 digests, all here" in said and "served now" in said, said
    assert said.index(DIGESTS["second"][7:19]) < said.index(DIGESTS["first"][7:19]), said
    assert b.count("details.rb") == 1
    b.click("details.rb summary")
    command = b.text("details.rb pre").strip()
    assert command == f"cdr rollback {APP}:latest {DIGESTS['first']}", command
    assert "The tag is held there" in b.text("details.rb .note") and f"cdr rollback --release {APP}:latest" in b.text("details.rb .note")

    # News comes while that is open, and a tab is chosen: both stay.
    b.js("[...document.querySelectorAll('[role=tab]')].find((t) => t.innerText === 'podman').click()")
    b.js("document.querySelector('details.rb summary').focus()")
    subprocess.run(["touch", f"{ROOT}/status/summary.json", f"{ROOT}/status/images.json"], check=True)
    again(b)
    b.until("document.querySelector('details.rb[open]') && true")
    assert all(len(t) == len("2026-01-01 00:00") for t in b.texts(".line.past time")), b.texts(".line.past time")
    assert b.js("document.activeElement.innerText") == "Roll back…"
    assert b.js("[...document.querySelectorAll('[role=tab]')].find((t) => t.innerText === 'podman').getAttribute('aria-selected')") == "true"

    another_second()
    subprocess.run([PAGES["cdr"], *command.split()[1:], "-r", ROOT], check=True, stdout=subprocess.DEVNULL)
    again(b)
    b.until("document.querySelector('.alert.warn') && /is held since/.test(document.querySelector('.alert.warn').innerText)")
    assert f"cdr rollback --release {APP}:latest" in b.text(".alert.warn")
    b.until("document.querySelector('.facts').innerText.includes(a[0])", DIGESTS["first"])
    whole(b)
    assert "set back" in section(b, "History"), section(b, "History")
    assert "held" in b.text(".title")
    release = b.text(".alert.warn pre").strip()
    another_second()
    subprocess.run([PAGES["cdr"], *release.split()[1:], "-r", ROOT], check=True, stdout=subprocess.DEVNULL)
    again(b)
    b.until("document.querySelector('.alert.warn') === null")


def test_states(b):
    """Files of an older cdr without kinds and keys are enough; what is damaged or on no list says so"""
    def older(row):
        for key in ("kind", "verified"):
            row.pop(key, None)
        if row["image"] == "docker.io/library/sparse:1":
            row["broken"] = True
        if row["image"].startswith("reg.example:5000/"):
            row["last_listed"] = "2025-11-02T03:04:05Z"
        return row

    visit(b, "docker.io/library/sparse:1")
    another_second()
    with open(f"{ROOT}/status/images.json", encoding="utf-8") as file:
        images = json.load(file)
    assert any("kind" in row for row in images["images"])
    images["images"] = [older(row) for row in images["images"]]
    with open(f"{ROOT}/status/images.json.new", "w", encoding="utf-8") as out:
        json.dump(images, out)
    os.rename(f"{ROOT}/status/images.json.new", f"{ROOT}/status/images.json")
    subprocess.run(["touch", f"{ROOT}/status/summary.json"], check=True)
    again(b)
    b.until("document.querySelector('.alert.bad')?.innerText.includes('cdr verify --repair')")
    assert "broken" in b.text(".title"), b.text(".title")
    show(b, "reg.example:5000/team/tool:2.1")
    assert facts(b)["In the list"] == "not since 2 Nov 2025" and "unlisted" in b.text(".title"), facts(b)
    show(b, f"{APP}:1.1")
    assert facts(b)["Signature"] == "not checked" and b.count("#main .good") == 0, facts(b)
    show(b, "ghcr.io/charts/shop:1.2.3_build.7")
    assert list(commands(b))[0] == "helm" and "Helm chart" in b.text(".title"), commands(b)
    show(b, "docker.io/ai/model:small")
    assert list(commands(b)) == ["oras", "by digest", "skopeo"], commands(b)


def another_second():
    """nginx tells files of one second and one size apart no more."""
    now = int(time.time())
    while int(time.time()) == now:
        time.sleep(.05)


def again(b):
    """The page looks again, as it does every ten seconds."""
    b.js("document.dispatchEvent(new Event('visibilitychange'))")


if __name__ == "__main__":
    run(globals())

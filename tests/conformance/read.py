#!/usr/bin/env python3
"""What a registry that is only read must answer, by the OCI distribution
specification 1.1 and its current main: the checks that its conformance suite makes
in the categories pull and content discovery, and what the text says beyond them.

    read.py ADDR:PORT CONTENT.json SERVER DIFFERENCES

CONTENT.json is what content.py printed. Prints a line for each check. Ends with 1
when a check fails that the file DIFFERENCES does not list for SERVER, and when
one that it lists does not fail: "SERVER  CHECK  why" a line.
"""

import collections
import hashlib
import http.client
import json
import re
import sys
import urllib.parse

INDEX = "application/vnd.oci.image.index.v1+json"
# "Error Codes", and two of the registry that the specification grew from.
CODES = """BLOB_UNKNOWN BLOB_UPLOAD_INVALID BLOB_UPLOAD_UNKNOWN DIGEST_INVALID
MANIFEST_BLOB_UNKNOWN MANIFEST_INVALID MANIFEST_UNKNOWN NAME_INVALID NAME_UNKNOWN
SIZE_INVALID UNAUTHORIZED DENIED UNSUPPORTED TOOMANYREQUESTS
PAGINATION_NUMBER_INVALID RANGE_INVALID""".split()
NOWHERE = "sha256:" + "0" * 64

address, content, server, differences = sys.argv[1:5]
with open(content, encoding="utf-8") as file:
    content = json.load(file)
repository = content["repository"]
base = f"/v2/{repository}"
checks = {}

Answer = collections.namedtuple("Answer", "status headers body")


def check(function):
    checks[function.__name__] = function
    return function


def ask(path, method="GET", **headers):
    connection = http.client.HTTPConnection(address, timeout=30)
    connection.putrequest(method, path)
    for name, value in headers.items():
        for one in value if isinstance(value, list) else [value]:
            connection.putheader(name.replace("_", "-"), one)
    connection.endheaders()
    response = connection.getresponse()
    # Of a HEAD, http.client reads nothing: what lies behind it would break the next
    # request, so look.
    body = response.read()
    if method == "HEAD":
        connection.sock and connection.sock.settimeout(0.05)
        try:
            body += connection.sock.recv(1) if connection.sock else b""
        except OSError:
            pass
    connection.close()
    return Answer(response.status, response.headers, body)


def same(what, want, got):
    if want != got:
        raise AssertionError(f"{what}: want {want!r}, got {got!r}")


def error(answer, status, *codes):
    same("status", status, answer.status)
    same("type", "application/json", answer.headers["Content-Type"].partition(";")[0])
    first = json.loads(answer.body)["errors"][0]
    if first["code"] not in CODES or codes and first["code"] not in codes:
        raise AssertionError(f"code {first['code']}")
    if not re.fullmatch("[A-Z_]+", first["code"]) or not isinstance(first.get("message", ""), str):
        raise AssertionError(f"error {first}")


def headers_of(answer, size, kind, digest):
    same("status", 200, answer.status)
    same("length", str(size), answer.headers["Content-Length"])
    same("digest", [digest], answer.headers.get_all("Docker-Content-Digest"))
    same("type", [kind], answer.headers.get_all("Content-Type"))


def whole(path, size, kind, digest, **headers):
    """GET and HEAD of it agree, and it is what its digest says."""
    got = ask(path, **headers)
    headers_of(got, size, kind, digest)
    same("bytes", digest, "sha256:" + hashlib.sha256(got.body).hexdigest())
    head = ask(path, "HEAD", **headers)
    headers_of(head, size, kind, digest)
    same("body of HEAD", b"", head.body)


def accept():
    return {"Accept": [INDEX, "application/vnd.oci.image.manifest.v1+json"]}


def link(answer):
    found = answer.headers["Link"]
    if found is None:
        return None
    found = re.fullmatch(r'<([^>]+)>; *rel="?next"?', found)
    if found is None:
        raise AssertionError(f"Link: {answer.headers['Link']}")
    return urllib.parse.urljoin(f"http://{address}/", found[1]).removeprefix(f"http://{address}")


def tags(query="", want=200):
    answer = ask(f"{base}/tags/list{query}")
    same("status", want, answer.status)
    same("type", "application/json", answer.headers["Content-Type"].partition(";")[0])
    document = json.loads(answer.body)
    same("name", repository, document["name"])
    return document["tags"], link(answer)


def all_tags():
    return sorted(content["listed"])


def paged(path, key, want):
    """Follows Link to the end: all of it once, in order, no page too large."""
    got, pages = [], 0
    size = int(re.search(r"\bn=(\d+)", path)[1])
    while path is not None:
        answer = ask(path)
        same("status", 200, answer.status)
        page = json.loads(answer.body)[key]
        if len(page) > size or not page:
            raise AssertionError(f"a page of {len(page)}")
        got += page
        path = link(answer)
        pages += 1
        if pages > 1000:
            raise AssertionError("no end of pages")
    same("all pages", want, got)
    if len(want) > size and pages < 2:
        raise AssertionError("one page")


# --- determining support ------------------------------------------------------------

@check
def base_is_200():
    same("status", 200, ask("/v2/").status)


# --- pull ---------------------------------------------------------------------------

@check
def blob_missing_is_404():
    error(ask(f"{base}/blobs/{NOWHERE}"), 404, "BLOB_UNKNOWN")
    same("HEAD", 404, ask(f"{base}/blobs/{NOWHERE}", "HEAD").status)


@check
def blob_whole():
    for digest, blob in content["blobs"].items():
        whole(f"{base}/blobs/{digest}", blob["size"], "application/octet-stream", digest)


def a_blob():
    return max(content["blobs"].items(), key=lambda item: item[1]["size"])


@check
def blob_range():
    digest, blob = a_blob()
    size = blob["size"]
    body = ask(f"{base}/blobs/{digest}").body
    for ask_for, begin, end in (("10-19", 10, 20), ("100-", 100, size), ("-7", size - 7, size),
                                ("0-", 0, size), (f"5-{size + 99}", 5, size)):
        got = ask(f"{base}/blobs/{digest}", Range=f"bytes={ask_for}")
        same(ask_for, 206, got.status)
        same(ask_for, f"bytes {begin}-{end - 1}/{size}", got.headers["Content-Range"])
        same(ask_for, str(end - begin), got.headers["Content-Length"])
        same(ask_for, body[begin:end], got.body)


@check
def blob_range_several():
    digest, _ = a_blob()
    got = ask(f"{base}/blobs/{digest}", Range="bytes=0-9,20-29")
    same("status", 206, got.status)
    if not got.headers["Content-Type"].startswith("multipart/byteranges; boundary="):
        raise AssertionError(got.headers["Content-Type"])


@check
def blob_range_unsatisfiable_is_416():
    digest, blob = a_blob()
    got = ask(f"{base}/blobs/{digest}", Range=f"bytes={blob['size']}-")
    same("where", f"bytes */{blob['size']}", got.headers["Content-Range"])
    error(got, 416, "RANGE_INVALID")
    same("types", 1, len(got.headers.get_all("Content-Type")))


@check
def blob_unchanged_is_304():
    digest, _ = a_blob()
    etag = ask(f"{base}/blobs/{digest}").headers["ETag"]
    got = ask(f"{base}/blobs/{digest}", If_None_Match=etag)
    same("status", 304, got.status)
    same("body", b"", got.body)


@check
def manifest_missing_is_404():
    for reference in ("none", NOWHERE):
        error(ask(f"{base}/manifests/{reference}"), 404, "MANIFEST_UNKNOWN")
        same("HEAD", 404, ask(f"{base}/manifests/{reference}", "HEAD").status)


@check
def manifest_by_digest():
    for digest, manifest in content["manifests"].items():
        whole(f"{base}/manifests/{digest}", manifest["size"], manifest["type"], digest, **accept())


@check
def manifest_by_tag():
    for tag, digest in content["tags"].items():
        manifest = content["manifests"][digest]
        whole(f"{base}/manifests/{tag}", manifest["size"], manifest["type"], digest, **accept())


@check
def manifest_unchanged_is_304():
    for reference in ("test0", content["tags"]["test0"]):
        etag = ask(f"{base}/manifests/{reference}", **accept()).headers["ETag"]
        got = ask(f"{base}/manifests/{reference}", If_None_Match=etag, **accept())
        same("status", 304, got.status)


@check
def manifest_malformed_digest_is_no_200():
    got = ask(f"{base}/manifests/sha256:totallywrong")
    if got.status not in (400, 404):
        raise AssertionError(f"status {got.status}")
    error(got, got.status, *(() if got.status == 400 else ("MANIFEST_UNKNOWN", "NAME_UNKNOWN")))


@check
def manifest_is_no_blob():
    """Not in the specification; a client that finds one there keeps it as a blob."""
    for digest in content["manifests"]:
        same("status", 404, ask(f"{base}/blobs/{digest}", "HEAD").status)


@check
def repository_missing_is_404():
    for path in ("manifests/latest", f"manifests/{NOWHERE}", f"blobs/{NOWHERE}"):
        got = ask(f"/v2/{repository}-not/{path}")
        error(got, 404, "NAME_UNKNOWN", "MANIFEST_UNKNOWN", "BLOB_UNKNOWN")


# --- content discovery: tags ----------------------------------------------------------

@check
def tags_whole():
    got, following = tags()
    same("tags", all_tags(), got)
    same("Link", None, following)


@check
def tags_n():
    want = all_tags()
    half = len(want) // 2
    got, following = tags(f"?n={half}")
    same("tags", want[:half], got)
    if following is None:
        raise AssertionError("no Link, and there is more")


@check
def tags_n_and_last():
    want = all_tags()
    half = len(want) // 2
    first, _ = tags(f"?n={half}")
    got, _ = tags(f"?n={half}&last={first[-1]}")
    same("tags", want[half:half + half], got)
    got, following = tags(f"?n={half}&last={want[-1]}")
    same("after the last one", ([], None), (got or [], following))


@check
def tags_by_link():
    for size in (1, 2, 3, 1000):
        paged(f"{base}/tags/list?n={size}", "tags", all_tags())


@check
def tags_last_alone():
    same("tags", all_tags()[3:], tags(f"?last={all_tags()[2]}")[0])


@check
def tags_last_that_is_gone():
    want = [tag for tag in all_tags() if tag > "test1a"]
    same("tags", (want[:1], True), (lambda got: (got[0], got[1] is not None))(
        tags("?n=1&last=test1a")))


@check
def tags_n_zero_is_empty():
    same("tags", ([], None), tags("?n=0"))


@check
def tags_n_beyond():
    for size in (len(all_tags()), len(all_tags()) + 1, 10 ** 6, 10 ** 30):
        same(f"n={size}", (all_tags(), None), tags(f"?n={size}"))


@check
def tags_n_that_is_no_number_is_400():
    for size in ("x", "-1", "1.5", "%20", "0x10"):
        error(ask(f"{base}/tags/list?n={size}"), 400, "PAGINATION_NUMBER_INVALID")


@check
def tags_of_no_repository():
    error(ask(f"/v2/{repository}-not/tags/list"), 404, "NAME_UNKNOWN")
    error(ask(f"/v2/{repository}-not/tags/list?n=1"), 404, "NAME_UNKNOWN")


@check
def tags_head():
    for query in ("", "?n=2"):
        got, head = ask(f"{base}/tags/list{query}"), ask(f"{base}/tags/list{query}", "HEAD")
        same("status", 200, head.status)
        same("length", str(len(got.body)), head.headers["Content-Length"])
        same("Link", got.headers["Link"], head.headers["Link"])


@check
def catalog_by_link():
    whole_list = json.loads(ask("/v2/_catalog").body)["repositories"]
    same("sorted", sorted(whole_list), whole_list)
    for size in (1, 2, 1000):
        paged(f"/v2/_catalog?n={size}", "repositories", whole_list)


@check
def catalog_n_that_is_no_number_is_400():
    error(ask("/v2/_catalog?n=x"), 400, "PAGINATION_NUMBER_INVALID")


# --- content discovery: referrers -----------------------------------------------------

def referrers(digest, query=""):
    answer = ask(f"{base}/referrers/{digest}{query}")
    same("status", 200, answer.status)
    same("type", [INDEX], answer.headers.get_all("Content-Type"))
    document = json.loads(answer.body)
    same("index", (2, INDEX), (document["schemaVersion"], document["mediaType"]))
    return document["manifests"], answer.headers["OCI-Filters-Applied"]


def described(got, want):
    """Each wanted one is there, as it was pushed; no other one is."""
    same("digests", sorted(d["digest"] for d in want), sorted(d["digest"] for d in got))
    for descriptor in want:
        one = next(d for d in got if d["digest"] == descriptor["digest"])
        for key, value in descriptor.items():
            same(f"{key} of {one['digest']}", value, one.get(key))


@check
def referrers_whole():
    described(referrers(content["subject"])[0], content["referrers"])


@check
def referrers_none_are_an_empty_index():
    for digest in (NOWHERE, content["alone"]):
        same("referrers", [], referrers(digest)[0])


@check
def referrers_by_type():
    for kind in content["types"]:
        want = [d for d in content["referrers"] if d["artifactType"] == kind]
        got, applied = referrers(content["subject"],
                                 "?artifactType=" + urllib.parse.quote(kind, safe=""))
        same("OCI-Filters-Applied", "artifactType", applied)
        described(got, want)


@check
def referrers_of_another_type():
    for digest in (content["subject"], NOWHERE):
        same("referrers", ([], "artifactType"), referrers(digest, "?artifactType=application/x.none"))


@check
def referrers_unfiltered_says_so():
    """Without the header the list must be whole, whatever was asked for."""
    got, applied = referrers(content["subject"], "?artifactType=application/x.none")
    if applied is None:
        described(got, content["referrers"])
    same("no filter", None, referrers(content["subject"])[1])


@check
def referrers_malformed_is_400():
    for digest in ("sha256:totallywrong", "test0", "sha256:" + "A" * 64):
        error(ask(f"{base}/referrers/{digest}"), 400, "DIGEST_INVALID")


@check
def referrers_of_no_repository():
    error(ask(f"/v2/{repository}-not/referrers/{NOWHERE}"), 404, "NAME_UNKNOWN")


# --- and nothing else -------------------------------------------------------------------

@check
def read_only():
    """Not claimed: push and content management. Refused in the way that is foreseen."""
    for method, path in (("POST", "blobs/uploads/"), ("PUT", "manifests/test0"),
                         ("DELETE", "manifests/test0"), ("DELETE", f"blobs/{NOWHERE}")):
        error(ask(f"{base}/{path}", method), 405, "UNSUPPORTED")
    same("still there", 200, ask(f"{base}/manifests/test0", **accept()).status)


def main():
    known = {}
    with open(differences, encoding="utf-8") as lines:
        for line in lines:
            if line.strip() and not line.startswith("#"):
                who, name, why = line.split(None, 2)
                if name not in checks:
                    sys.exit(f"{differences}: no such check: {name}")
                if who == server:
                    known[name] = why.strip()
    wrong = 0
    for name, function in checks.items():
        try:
            function()
            said = None
        except Exception as e:          # whatever the server made of it
            said = f"{type(e).__name__}: {e}"[:300]
        if said is None and name in known:
            wrong += 1
            print(f"BETTER {name}: listed as a difference: {known[name]}")
        elif said is None:
            print(f"pass {name}")
        elif name in known:
            print(f"differs {name}: {known[name]}")
        else:
            wrong += 1
            print(f"FAIL {name}: {said}")
    print(f"{len(checks)} checks of {server}: {len(known)} known differences, {wrong} wrong")
    sys.exit(1 if wrong else 0)


main()

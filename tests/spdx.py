"""Judges an SBOM by the rules of SPDX 2.3 (its JSON schema and the clauses behind it),
and a statement by those of in-toto v1 and SLSA provenance v1.

    python3 tests/spdx.py sbom FILE
    python3 tests/spdx.py provenance FILE

Says what is wrong, and ends with 1 if anything is.
"""
import json
import re
import sys

wrong = []
PACKAGE = {"SPDXID", "name", "versionInfo", "packageFileName", "supplier", "originator",
           "downloadLocation", "filesAnalyzed", "checksums", "licenseConcluded",
           "licenseDeclared", "copyrightText", "externalRefs", "primaryPackagePurpose"}
PURPOSES = {"APPLICATION", "FRAMEWORK", "LIBRARY", "CONTAINER", "OPERATING-SYSTEM", "DEVICE",
            "FIRMWARE", "SOURCE", "ARCHIVE", "FILE", "INSTALL", "OTHER"}
RELATIONS = {"DESCRIBES", "DEPENDS_ON", "RUNTIME_DEPENDENCY_OF", "CONTAINS", "GENERATED_FROM"}
DIGITS = {"SHA1": 40, "SHA256": 64, "SHA512": 128}


def rule(holds, what):
    if not holds:
        wrong.append(what)


def text(value, pattern=r".+"):
    return isinstance(value, str) and re.fullmatch(pattern, value) is not None


def sbom(d):
    rule(set(d) <= {"spdxVersion", "dataLicense", "SPDXID", "name", "documentNamespace",
                    "creationInfo", "packages", "relationships"}, "members of the document")
    rule(d.get("spdxVersion") == "SPDX-2.3", "spdxVersion")
    rule(d.get("dataLicense") == "CC0-1.0", "dataLicense")
    rule(d.get("SPDXID") == "SPDXRef-DOCUMENT", "SPDXID of the document")
    rule(text(d.get("name")), "name")
    rule(text(d.get("documentNamespace"), r"https?://[^#\s]+"), "documentNamespace")
    c = d.get("creationInfo", {})
    rule(text(c.get("created"), r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"), "created")
    rule(c.get("creators") and all(text(x, r"(Tool|Organization|Person): .+")
                                   for x in c["creators"]), "creators")
    ids = {"SPDXRef-DOCUMENT"}
    for p in d.get("packages", ()):
        name = p.get("SPDXID")
        rule(text(name, r"SPDXRef-[A-Za-z0-9.-]+"), f"SPDXID {name}")
        rule(name not in ids, f"{name}: twice")
        ids.add(name)
        rule(set(p) <= PACKAGE, f"{name}: members {set(p) - PACKAGE}")
        rule(text(p.get("name")) and text(p.get("downloadLocation")), f"{name}: name, location")
        rule(p.get("filesAnalyzed") is False, f"{name}: filesAnalyzed without files")
        for k in ("licenseConcluded", "licenseDeclared"):
            rule(text(p.get(k), r"NOASSERTION|NONE|[A-Za-z0-9.+() -]+"), f"{name}: {k}")
        rule(p.get("primaryPackagePurpose", "OTHER") in PURPOSES, f"{name}: purpose")
        rule(text(p.get("supplier", "NOASSERTION"),
                  r"NOASSERTION|(Organization|Person): .+"), f"{name}: supplier")
        for s in p.get("checksums", ()):
            rule(text(s["checksumValue"], "[0-9a-f]{%d}" % DIGITS[s["algorithm"]]),
                 f"{name}: checksum")
        for r in p.get("externalRefs", ()):
            rule(r["referenceCategory"] == "PACKAGE-MANAGER" and r["referenceType"] == "purl"
                 and text(r["referenceLocator"], r"pkg:[a-z]+/[A-Za-z0-9./%@?=+~_:&-]+"),
                 f"{name}: {r}")
    described = False
    for r in d.get("relationships", ()):
        rule(set(r) == {"spdxElementId", "relationshipType", "relatedSpdxElement"}, f"{r}")
        rule(r["relationshipType"] in RELATIONS, f"{r}")
        rule(r["spdxElementId"] in ids and r["relatedSpdxElement"] in ids, f"{r}: of what?")
        described |= r["spdxElementId"] == "SPDXRef-DOCUMENT"
    rule(described, "the document describes nothing")


def provenance(d):
    rule(d.get("_type") == "https://in-toto.io/Statement/v1", "_type")
    rule(d.get("predicateType") == "https://slsa.dev/provenance/v1", "predicateType")
    rule(d.get("subject"), "subject")
    names = [s["name"] for s in d.get("subject", ())]
    rule(len(set(names)) == len(names), "a subject twice")
    for s in d.get("subject", ()):
        rule(text(s["digest"].get("sha256"), "[0-9a-f]{64}"), f"digest of {s['name']}")
    b = d["predicate"]["buildDefinition"]
    rule(text(b.get("buildType"), r"[a-z]+:.+"), "buildType is no URI")
    rule(isinstance(b.get("externalParameters"), dict) and b["externalParameters"],
         "externalParameters")
    for r in b.get("resolvedDependencies", ()):
        rule({"uri", "digest", "content"} & set(r), f"{r}: of what?")
        rule("uri" not in r or text(r["uri"], r"[a-z+]+:.+"), f"{r}: no URI")
    rule(text(d["predicate"]["runDetails"]["builder"].get("id"), r"[a-z]+:.+"), "builder.id")


with open(sys.argv[2], encoding="utf-8") as f:
    {"sbom": sbom, "provenance": provenance}[sys.argv[1]](json.load(f))
for line in wrong:
    print(line)
sys.exit(1 if wrong else 0)

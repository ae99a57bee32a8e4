#!/usr/bin/env python3
"""Judges documents for Flux and Argo CD by their APIs.

usage: gitops.py FILE...

Knows what Flux' GitRepository and Kustomization (source and kustomize, v1) and Argo CD's
Application (v1alpha1) have, as far as k8s/gitops uses it: members, what has to be there,
and types. Prints a line a mistake, and for each of the last two "URL REVISION FOLDER", which
it applies; ends with 1 when there is a mistake.
"""
import re
import sys

import yaml

DURATION = re.compile(r"([0-9]+(\.[0-9]+)?(ms|s|m|h))+")
OPTION = re.compile(r"(ServerSideApply|CreateNamespace|PruneLast|ApplyOutOfSyncOnly|Validate|"
                    r"Replace|FailOnSharedResource|RespectIgnoreDifferences)=(true|false)")


def is_duration(value):
    return isinstance(value, str) and DURATION.fullmatch(value)


def is_option(value):
    return isinstance(value, str) and OPTION.fullmatch(value)


def is_url(value):
    return isinstance(value, str) and re.fullmatch(r"(https|ssh)://\S+", value)


# A member with "!" has to be there. A type, a predicate, a list of one, or members.
META = {"name!": str, "namespace!": str, "annotations": dict, "labels": dict}
APIS = {
    ("source.toolkit.fluxcd.io/v1", "GitRepository"): {
        "url!": is_url, "interval!": is_duration, "timeout": is_duration, "suspend": bool,
        "ref": {"branch": str, "tag": str, "semver": str, "commit": str, "name": str},
        "secretRef": {"name!": str}, "ignore": str, "recurseSubmodules": bool,
        "include": [{"repository!": {"name!": str}, "fromPath": str, "toPath": str}],
    },
    ("kustomize.toolkit.fluxcd.io/v1", "Kustomization"): {
        "sourceRef!": {"kind!": str, "name!": str, "namespace": str, "apiVersion": str},
        "interval!": is_duration, "retryInterval": is_duration, "timeout": is_duration,
        "path": str, "prune!": bool, "wait": bool, "force": bool, "suspend": bool,
        "targetNamespace": str, "dependsOn": [{"name!": str, "namespace": str}],
        "components": [str], "decryption": {"provider!": str, "secretRef": {"name!": str}},
        "images": [{"name!": str, "newName": str, "newTag": str, "digest": str}],
        "patches": [{"patch!": str, "target": dict}],
    },
    ("argoproj.io/v1alpha1", "Application"): {
        "project!": str,
        "source!": {"repoURL!": is_url, "targetRevision": str, "path!": str, "kustomize": dict},
        "destination!": {"server!": is_url, "namespace!": str},
        "syncPolicy": {
            "automated": {"prune": bool, "selfHeal": bool, "allowEmpty": bool},
            "syncOptions": [is_option], "retry": dict, "managedNamespaceMetadata": dict,
        },
        "ignoreDifferences": list, "revisionHistoryLimit": int,
    },
}
found = []


def judge(where, value, shape):
    if isinstance(shape, list):
        if not isinstance(value, list):
            found.append(f"{where}: not a list")
            return
        for i, item in enumerate(value):
            judge(f"{where}[{i}]", item, shape[0])
    elif isinstance(shape, dict):
        if not isinstance(value, dict):
            found.append(f"{where}: not an object")
            return
        names = {name.rstrip("!"): name for name in shape}
        for name in value:
            if name in names:
                judge(f"{where}.{name}", value[name], shape[names[name]])
            else:
                found.append(f"{where}: there is no {name}")
        for name, said in names.items():
            if said.endswith("!") and name not in value:
                found.append(f"{where}: no {name}")
    elif isinstance(shape, type):
        # YAML's true is a number to Python.
        if not isinstance(value, shape) or shape is int and isinstance(value, bool):
            found.append(f"{where}: {value!r} is no {shape.__name__}")
    elif not shape(value):
        found.append(f"{where}: {value!r}")


def applied(objects, obj):
    """What it applies: the address of a repository, its version, a folder."""
    spec = obj.get("spec", {})
    if obj["kind"] == "Application":
        source = spec.get("source", {})
        return source.get("repoURL"), source.get("targetRevision"), source.get("path")
    source = spec.get("sourceRef", {})
    for o in objects:
        if (o["kind"], o["metadata"]["name"]) == (source.get("kind"), source.get("name")):
            ref = o["spec"].get("ref", {})
            return o["spec"].get("url"), ref.get("tag", ref.get("branch")), spec.get("path")
    found.append(f"{obj['kind']}: {source} is not here")
    return None, None, None


def main():
    said = []
    for path in sys.argv[1:]:
        try:
            with open(path, encoding="utf-8") as file:
                objects = list(yaml.safe_load_all(file))
        except yaml.YAMLError as e:
            found.append(f"{path}: {e}")
            continue
        for obj in objects:
            api = (obj.get("apiVersion"), obj.get("kind"))
            if api not in APIS:
                found.append(f"{path}: {api} is not known")
                continue
            judge(f"{path}: {api[1]}", obj, {"apiVersion!": str, "kind!": str, "metadata!": META,
                                           "spec!": APIS[api]})
            if api[1] != "GitRepository":
                said.append("%s %s %s" % applied(objects, obj))
    for line in found + said:
        print(line)
    sys.exit(bool(found))


main()

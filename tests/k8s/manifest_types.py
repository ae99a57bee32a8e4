#!/usr/bin/env python3
"""Writes a TypeScript program that has each object as a constant of its type.

usage: manifest_types.py NAME=FILE... >manifests.mts

The types are those of the npm packages kubernetes-models and
@kubernetes-models/prometheus-operator, which are made from Kubernetes' own
schemas. So the compiler finds what a schema finds, and unknown fields besides.
"""

import json
import re
import sys

import objects as k8s

OF_OTHERS = {"monitoring.coreos.com": "@kubernetes-models/prometheus-operator"}


def module_of(obj):
    group, _, version = obj["apiVersion"].rpartition("/")
    package = OF_OTHERS.get(group, "kubernetes-models")
    return "/".join(filter(None, [package, group, version, obj["kind"]]))


def main():
    imports = set()
    constants = []
    for argument in sys.argv[1:]:
        name, _, path = argument.partition("=")
        for number, obj in enumerate(k8s.load(path)):
            module = module_of(obj)
            type_name = re.sub(r"\W", "_", module)
            imports.add('import type { I%s as %s } from "%s";' % (
                obj["kind"], type_name, module))
            # A name that says where, for who reads the compiler's messages.
            constant = re.sub(r"\W", "_", "%s_%d_%s" % (
                name, number, k8s.name_of(obj)))
            constants.append("export const %s: %s = %s;" % (
                constant, type_name, json.dumps(obj, indent=1)))
    print("\n".join(sorted(imports) + constants))


if __name__ == "__main__":
    main()

"""What `kubectl kustomize` printed, and how to find one's way in it."""

import sys

import yaml


def load(path):
    with open(path, encoding="utf-8") as file:
        return [o for o in yaml.safe_load_all(file) if o]


def name_of(obj):
    return "%s/%s" % (obj["kind"], obj["metadata"]["name"])


def find(objects, kind, name):
    """The object; ends the program where there is none."""
    for obj in objects:
        if obj["kind"] == kind and obj["metadata"]["name"] == name:
            return obj
    sys.exit("there is no %s/%s" % (kind, name))


def template_of(obj):
    """The template of the object's pods, or None."""
    if obj["kind"] == "CronJob":
        return obj["spec"]["jobTemplate"]["spec"]["template"]
    if obj["kind"] in ("Deployment", "DaemonSet", "Job", "StatefulSet"):
        return obj["spec"]["template"]
    return None


def containers_of(pod):
    return pod.get("initContainers", []) + pod["containers"]

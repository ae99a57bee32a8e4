#!/usr/bin/env python3
"""Prints a list of images of a tree's status/ as one JSON object, by cdr-layout(5)
alone: what stands in NAME.json, and in NAME-earlier.json if there is one.

    whole.py STATUS NAME         STATUS: a folder; NAME: status, images or blobs
"""

import json
import os
import sys


def load(path):
	with open(path, encoding="ascii") as file:
		return json.load(file)


def whole(folder, name):
	head = load(os.path.join(folder, name + ".json"))
	images = {}
	if "earlier" in head:
		earlier = load(os.path.join(folder, name + "-earlier.json"))
		if earlier["id"] != head["earlier"]:
			sys.exit(f"{name}-earlier.json is another one")
		images = {one["image"]: one for one in earlier["images"]}
		names = [one["image"] for one in earlier["images"]]
		if name == "status" and names != sorted(names):
			sys.exit("the earlier ones are not in order")
	groups = {group["group"]: group for group in head.get("groups", [])}
	for one in images.values():
		if "group" in one:
			group = groups.get(one.pop("group"), {})
			one["result"] = group.get("result")
			one["last_success"] = one["last_listed"] = group.get("last_listed")
	for one in head["images"]:
		if one.get("gone"):
			del images[one["image"]]
		else:
			images[one["image"]] = one
	head["images"] = list(images.values())
	if name == "status":
		head["images"].sort(key=lambda one: one["image"])
	return head


if __name__ == "__main__":
	json.dump(whole(*sys.argv[1:]), sys.stdout)

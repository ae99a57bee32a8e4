#!/usr/bin/env python3
"""Makes of a pod's container a bundle for runc, as a kubelet would have it run.

usage: pod.py BUNDLE YAML KIND/NAME[/CONTAINER] IMAGE.json
              [claim:NAME=DIR | secret:NAME=DIR | key:CONFIGMAP/KEY=FILE |
               host:PATH=DIR | field:PATH=VALUE]...

YAML is what `kubectl kustomize` printed, IMAGE.json the image's configuration. In
BUNDLE there must be "rootfs", and config.json as "runc spec" makes it. User,
groups, capabilities, seccomp, privileges, read-only root, limits, environment,
command and mounts are all the manifest's. Of the machine are the network and
what the arguments name: where a claim or a folder of the node is, what a Secret
has, a file in the place of a ConfigMap's, a field of the pod such as
status.hostIP.
"""

import json
import os
import re
import shutil
import sys

import objects as k8s

SECCOMP = "/usr/share/containers/seccomp.json"
UNITS = {"Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30, "": 1}
MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


def bytes_of(text):
    number, unit = re.fullmatch(r"([0-9]+)([KMG]i|)", str(text)).groups()
    return int(number) * UNITS[unit]


def cpus_of(text):
    text = str(text)
    return int(text[:-1]) / 1000 if text.endswith("m") else float(text)


def seccomp_of(capabilities):
    """The runtimes' common default profile, for a process with these."""
    with open(SECCOMP, encoding="utf-8") as file:
        profile = json.load(file)
    here = MACHINES[os.uname().machine]
    out = {"defaultAction": profile["defaultAction"],
           "defaultErrnoRet": profile.get("defaultErrnoRet", 1),
           "architectures": [], "syscalls": []}
    native = {"amd64": "SCMP_ARCH_X86_64", "arm64": "SCMP_ARCH_AARCH64"}[here]
    for arch in profile["archMap"]:
        if arch["architecture"] == native:
            out["architectures"] = [native] + arch["subArchitectures"]
    for rule in profile["syscalls"]:
        yes, no = rule.get("includes") or {}, rule.get("excludes") or {}
        if yes.get("arches") and here not in yes["arches"]:
            continue
        if not set(yes.get("caps", [])) <= capabilities:
            continue
        if set(no.get("caps", [])) & capabilities:
            continue
        made = {"names": rule["names"], "action": rule["action"]}
        if rule.get("args"):
            made["args"] = rule["args"]
        if "errnoRet" in rule:
            made["errnoRet"] = rule["errnoRet"]
        out["syscalls"].append(made)
    return out


class Pod:
    def __init__(self, bundle, objects, owner, given):
        self.bundle = bundle
        self.objects = objects
        self.spec = k8s.template_of(owner)["spec"]
        self.given = given

    def machine(self, kind, name):
        path = self.given.get("%s:%s" % (kind, name))
        if path is None:
            sys.exit("pod.py: %s:%s=... is missing" % (kind, name))
        return path

    # --- volumes -------------------------------------------------------------------

    def write(self, folder, name, data, mode):
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(data)
        os.chmod(path, mode)
        group = self.spec["securityContext"].get("fsGroup")
        if group is not None:
            os.chown(path, 0, group)

    def contents(self, source):
        """Key and text of each file of a ConfigMap or Secret."""
        if "configMap" in source:
            name = source["configMap"]["name"]
            data = dict(k8s.find(self.objects, "ConfigMap", name)["data"])
            # A ConfigMap's own name is without kustomize's hash.
            plain = re.sub(r"-[a-z0-9]{10}$", "", name)
            for key in data:
                path = self.given.get("key:%s/%s" % (plain, key))
                if path:
                    with open(path, encoding="utf-8") as file:
                        data[key] = file.read()
            return data
        secret = source["secret"]
        name = secret.get("secretName", secret.get("name"))
        folder = self.given.get("secret:" + name)
        if folder is None and secret.get("optional"):
            return {}
        folder = self.machine("secret", name)
        data = {}
        for key in os.listdir(folder):
            with open(os.path.join(folder, key), encoding="utf-8") as file:
                data[key] = file.read()
        return data

    def fill(self, folder, source, mode):
        kind = source.get("configMap") or source.get("secret")
        data = self.contents(source)
        items = kind.get("items") or [{"key": k, "path": k} for k in data]
        for item in items:
            self.write(folder, item["path"], data[item["key"]],
                       kind.get("defaultMode", mode))

    def volume(self, volume):
        """What to bind, and how."""
        name = volume["name"]
        if "persistentVolumeClaim" in volume:
            claim = volume["persistentVolumeClaim"]
            options = ["ro"] if claim.get("readOnly") else []
            return self.machine("claim", claim["claimName"]), options
        if "hostPath" in volume:
            return self.machine("host", volume["hostPath"]["path"]), []
        folder = os.path.join(self.bundle, "volumes", name)
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder, mode=0o755)
        if "emptyDir" in volume:
            os.chmod(folder, 0o777)
            return folder, []
        if "projected" in volume:
            for source in volume["projected"]["sources"]:
                self.fill(folder, source,
                          volume["projected"].get("defaultMode", 0o644))
        else:
            self.fill(folder, volume, 0o644)
        # The kubelet gives these to nobody for writing.
        return folder, ["ro"]

    def mounts(self, container):
        volumes = {v["name"]: v for v in self.spec.get("volumes", [])}
        out = []
        for mount in container.get("volumeMounts", []):
            source, options = self.volume(volumes[mount["name"]])
            if mount.get("readOnly") and "ro" not in options:
                options = options + ["ro"]
            source = os.path.join(source, mount.get("subPath", ""))
            out.append({"destination": mount["mountPath"], "type": "bind",
                        "source": source, "options": ["rbind"] + options})
        return out

    # --- the process ------------------------------------------------------------------

    def environment(self, container, image):
        env = dict(e.split("=", 1) for e in image.get("Env", []))

        # "$$" is a "$", also where no variable follows.
        def expand(text):
            return re.sub(r"\$\$|\$\(([A-Za-z_][A-Za-z0-9_]*)\)",
                          lambda m: "$" if m.group(0) == "$$" else
                          env.get(m.group(1), m.group(0)), text)

        for var in container.get("env", []):
            if "value" in var:
                env[var["name"]] = expand(var["value"])
            else:
                field = var["valueFrom"]["fieldRef"]["fieldPath"]
                env[var["name"]] = self.machine("field", field)
        return env, expand

    def process(self, process, container, image):
        env, expand = self.environment(container, image)
        command = container.get("command") or image.get("Entrypoint") or []
        args = container.get("args")
        if args is None:
            args = [] if container.get("command") else image.get("Cmd") or []
        security = self.spec["securityContext"]
        own = container["securityContext"]
        user = security.get("runAsUser")
        if user is None:
            user = int((image.get("User") or "0").split(":")[0])
        if security.get("runAsNonRoot") and user == 0:
            sys.exit("pod.py: runAsNonRoot, and the user is root")
        capabilities = [] if own["capabilities"]["drop"] == ["ALL"] else None
        if capabilities is None or own["capabilities"].get("add"):
            sys.exit("pod.py: only a pod without capabilities is known here")
        process.update(
            terminal=False, args=[expand(w) for w in command + args],
            env=["%s=%s" % pair for pair in env.items()],
            cwd=image.get("WorkingDir") or "/",
            user={"uid": user, "gid": security.get("runAsGroup", 0),
                  "additionalGids": [security["fsGroup"]]
                  if "fsGroup" in security else []},
            capabilities={k: [] for k in ("bounding", "effective", "inheritable",
                                          "permitted", "ambient")},
            noNewPrivileges=not own["allowPrivilegeEscalation"])
        # A kubelet's runtime leaves the machine's.
        process.pop("rlimits", None)

    def limits(self, container):
        limits = container["resources"]["limits"]
        return {"memory": {"limit": bytes_of(limits["memory"])},
                "cpu": {"period": 100000,
                        "quota": int(cpus_of(limits["cpu"]) * 100000)}}


def main():
    bundle, manifest, name, image_file, *rest = sys.argv[1:]
    bundle = os.path.abspath(bundle)
    kind, owner_name, *container_name = name.split("/")
    objects = k8s.load(manifest)
    pod = Pod(bundle, objects, k8s.find(objects, kind, owner_name),
              dict(a.split("=", 1) for a in rest))
    containers = k8s.containers_of(pod.spec)
    if container_name:
        containers = [c for c in containers if c["name"] == container_name[0]]
    container = containers[0]
    with open(image_file, encoding="utf-8") as file:
        image = json.load(file).get("config", {})

    path = os.path.join(bundle, "config.json")
    with open(path, encoding="utf-8") as file:
        config = json.load(file)
    pod.process(config["process"], container, image)
    config["root"]["readonly"] = container["securityContext"].get(
        "readOnlyRootFilesystem", False)
    config["mounts"] += pod.mounts(container)
    linux = config["linux"]
    linux["resources"].update(pod.limits(container))
    # No network of its own: the test's servers are on this machine's loopback.
    linux["namespaces"] = [n for n in linux["namespaces"]
                           if n["type"] != "network"]
    if pod.spec["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault":
        linux["seccomp"] = seccomp_of(set())
    with open(path, "w", encoding="utf-8") as file:
        json.dump(config, file, indent=1)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Rules of our own for the manifests, beside Kubernetes' schemas.

usage: rules.py FILE...

FILE is what `kubectl kustomize` printed for an overlay. A line a violation,
"object: rule: what is wrong"; ends with 1 when there is any. tests/k8s/mutate.py
breaks each rule once.
"""

import json
import re
import sys

import objects as k8s

# What a pod of "restricted" may mount.
RESTRICTED_VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral",
                      "persistentVolumeClaim", "projected", "secret"}
# Who may write to the tree: what is run in the pod.
WRITERS = {"sync", "watch", "import", "gc", "verify"}
# Secrets that the person who applies an overlay makes.
USERS_SECRETS = {"cdr-tls", "cdr-client-ca", "cdr-hooks"}
CLUSTER_KINDS = {"Namespace", "PersistentVolume"}
# What runs by the clock and changes the tree, one at a time: the first word it is given.
BY_CLOCK = {"sync", "gc"}
# Seconds from the end of a namespace on: what serves may finish its answers.
GRACE, SERVER_GRACE = 60, 300
# Folders of a node that its registry configuration is in, no larger ones.
NODE_FOLDERS = {"/etc/containerd", "/etc/rancher/k3s", "/etc/cdr"}
# "kubectl apply" keeps an object whole in an annotation, and that is how long those may be.
ANNOTATIONS = 262144


class Checker:
    def __init__(self, objects):
        self.objects = objects
        self.found = []

    def say(self, obj, rule, text):
        self.found.append("%s: %s: %s" % (k8s.name_of(obj), rule, text))

    def need(self, good, obj, rule, text):
        if not good:
            self.say(obj, rule, text)

    def kind(self, kind):
        return [o for o in self.objects if o["kind"] == kind]

    def named(self, kind, name, namespace):
        for obj in self.kind(kind):
            meta = obj["metadata"]
            if meta["name"] == name and meta.get("namespace") == namespace:
                return obj
        return None

    def pods(self):
        for obj in self.objects:
            template = k8s.template_of(obj)
            if template:
                yield obj, template

    def selected(self, selector, namespace):
        """The objects whose pods the labels select."""
        labels = selector.get("matchLabels", {})
        for obj, template in self.pods():
            has = template["metadata"].get("labels", {})
            if obj["metadata"].get("namespace") == namespace and \
                    labels.items() <= has.items():
                yield obj

    # --- namespaces --------------------------------------------------------------

    def level(self, obj):
        space = self.named("Namespace", obj["metadata"].get("namespace"), None)
        labels = space["metadata"].get("labels", {}) if space else {}
        return labels.get("pod-security.kubernetes.io/enforce")

    def check_end(self, obj):
        """A namespace is gone when its objects are."""
        self.need(not obj["metadata"].get("finalizers"), obj, "end",
                  "somebody has to take its finalizers away")
        template = k8s.template_of(obj)
        if not template:
            return
        pod = template["spec"]
        serves = any(c.get("ports") for c in pod["containers"])
        grace = pod.get("terminationGracePeriodSeconds", 30)
        self.need(grace <= (SERVER_GRACE if serves else GRACE), obj, "end",
                  "%s seconds until it has to end" % grace)

    def check_namespace(self, obj):
        if obj["kind"] in CLUSTER_KINDS:
            return
        self.need(self.level(obj), obj, "namespace",
                  "its namespace is not here, or enforces no Pod Security")

    def check_size(self, obj):
        """As kubectl writes it: what HTML would take for its own is escaped."""
        text = json.dumps(obj, separators=(",", ":"), ensure_ascii=False)
        size = len(re.sub("[<>&]", r"\\u0000", text).encode())
        self.need(size < ANNOTATIONS, obj, "size",
                  "%d bytes: kubectl apply takes less than %d" % (size, ANNOTATIONS))

    # --- pods ----------------------------------------------------------------------

    def check_pod(self, obj, pod):
        self.need(pod.get("automountServiceAccountToken") is False, obj, "token",
                  "the pod gets a token of the API")
        account = self.named("ServiceAccount", pod.get("serviceAccountName"),
                             obj["metadata"].get("namespace"))
        self.need(account and account.get("automountServiceAccountToken") is False,
                  obj, "token", "no service account without a token is named")
        for word in ("hostNetwork", "hostPID", "hostIPC"):
            self.need(not pod.get(word), obj, "host", "%s is set" % word)
        security = pod.get("securityContext", {})
        self.need(security.get("seccompProfile", {}).get("type") ==
                  "RuntimeDefault", obj, "seccomp", "it is not RuntimeDefault")
        if self.level(obj) == "restricted":
            self.check_restricted(obj, pod, security)
        for volume in pod.get("volumes", []):
            self.check_volume(obj, volume)
        for container in k8s.containers_of(pod):
            self.check_container(obj, pod, container)

    def check_restricted(self, obj, pod, security):
        self.need(security.get("runAsNonRoot") is True and
                  security.get("runAsUser", 0) > 0 and
                  security.get("runAsGroup", 0) > 0, obj, "user",
                  "the pod may run as root")
        for volume in pod.get("volumes", []):
            kinds = set(volume) - {"name"}
            self.need(kinds <= RESTRICTED_VOLUMES, obj, "volume",
                      "%s: restricted allows no %s" % (volume["name"], kinds))

    def check_volume(self, obj, volume):
        path = volume.get("hostPath", {}).get("path")
        self.need(path is None or path in NODE_FOLDERS, obj, "volume",
                  "%s: %s of the node is too much" % (volume["name"], path))
        space = obj["metadata"].get("namespace")
        claim = volume.get("persistentVolumeClaim", {}).get("claimName")
        self.need(claim is None or
                  self.named("PersistentVolumeClaim", claim, space),
                  obj, "reference", "there is no claim %s" % claim)
        sources = volume.get("projected", {}).get("sources", [])
        for source in sources + [volume]:
            self.check_source(obj, source, space)
        empty = volume.get("emptyDir")
        self.need(empty is None or empty.get("sizeLimit"), obj, "limits",
                  "%s: an emptyDir without sizeLimit" % volume["name"])

    def check_source(self, obj, source, space):
        config = source.get("configMap")
        if config:
            there = self.named("ConfigMap", config["name"], space)
            self.need(there, obj, "reference",
                      "there is no ConfigMap %s" % config["name"])
            for item in config.get("items", []):
                self.need(there and item["key"] in there.get("data", {}), obj,
                          "reference", "%s: no %s" % (config["name"], item["key"]))
        secret = source.get("secret")
        if secret:
            name = secret.get("secretName", secret.get("name"))
            self.need(secret.get("optional") or name in USERS_SECRETS, obj,
                      "reference", "who makes the Secret %s?" % name)

    # --- containers ------------------------------------------------------------------

    def check_container(self, obj, pod, container):
        image = container["image"]
        tag = re.search(r"^[^/]+/.*?(?::([^:/@]+))?(@sha256:[0-9a-f]{64})?$", image)
        self.need(tag and (tag.group(2) or tag.group(1) not in (None, "latest")),
                  obj, "image", "%s: no registry, no tag, or latest" % image)
        own = container.get("securityContext", {})
        self.need(own.get("allowPrivilegeEscalation") is False, obj, "privilege",
                  "allowPrivilegeEscalation is not false")
        self.need(not own.get("privileged"), obj, "privilege", "privileged")
        caps = own.get("capabilities", {})
        self.need(caps.get("drop") == ["ALL"] and not caps.get("add"), obj,
                  "capabilities", "they are not all dropped")
        self.need(own.get("readOnlyRootFilesystem") is True, obj, "root",
                  "the root file system can be written to")
        for word in ("runAsUser", "runAsNonRoot", "seccompProfile"):
            self.need(word not in own, obj, "user",
                      "%s of a container hides the pod's" % word)
        resources = container.get("resources", {})
        for kind in ("requests", "limits"):
            for what in ("cpu", "memory"):
                self.need(what in resources.get(kind, {}), obj, "limits",
                          "%s: no %s of %s" % (container["name"], kind, what))
        for port in container.get("ports", []):
            # A node's own loopback is open to nobody else.
            self.need("hostPort" not in port or port.get("hostIP") == "127.0.0.1",
                      obj, "host", "hostPort is set")
        self.check_probes(obj, pod, container)
        self.check_hooks(obj, container)
        for mount in container.get("volumeMounts", []):
            self.check_mount(obj, pod, mount)

    def check_probes(self, obj, pod, container):
        if not container.get("ports"):
            return
        for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
            self.need(probe in container, obj, "probes",
                      "%s: no %s" % (container["name"], probe))
        self.need(container.get("startupProbe", {}).get("initialDelaySeconds"), obj,
                  "probes", "%s: asked before it listens" % container["name"])
        self.check_drain(obj, pod, container)

    def check_drain(self, obj, pod, container):
        """A hook that outlives its container is a warning each time: cdr-run.sh has none."""
        self.need("preStop" not in container.get("lifecycle", {}), obj, "drain",
                  "%s: a hook that ends with its container" % container["name"])
        grace = pod.get("terminationGracePeriodSeconds", 30)
        self.need(grace >= 60, obj, "drain", "pulls that run have less than a minute")
        words = re.search(r"exec sh (?:/etc/cdr/)?cdr-run\.sh -l (\d+) -g (\d+) ",
                          container.get("command", [""])[-1])
        self.need(words, obj, "drain", "%s: not by cdr-run.sh" % container["name"])
        if words:
            self.need(int(words[1]) >= 5, obj, "drain",
                      "new pulls are still sent to it when it takes no more")
            self.need(grace - 60 <= int(words[2]) <= grace - 10, obj, "drain",
                      "cdr-run.sh has %s of %s seconds" % (words[2], grace))

    def check_hooks(self, obj, container):
        """$(NAME) is for command and args only."""
        for hook in container.get("lifecycle", {}).values():
            for word in hook.get("exec", {}).get("command", []):
                self.need(not re.search(r"\$\([A-Z_]+\)", word), obj, "hooks",
                          "%s is not expanded in a hook" % word)

    def check_mount(self, obj, pod, mount):
        volumes = [v for v in pod.get("volumes", []) if v["name"] == mount["name"]]
        if not volumes:
            self.say(obj, "reference", "there is no volume %s" % mount["name"])
            return
        volume = volumes[0]
        if "emptyDir" in volume or "hostPath" in volume:
            return
        component = k8s.template_of(obj)["metadata"]["labels"].get(
            "app.kubernetes.io/component")
        claim = volume.get("persistentVolumeClaim")
        if claim and claim["claimName"] == "cdr" and component in WRITERS:
            return
        self.need(mount.get("readOnly") is True, obj, "read-only",
                  "%s is mounted for writing" % mount["name"])
        self.need(not claim or claim.get("readOnly") is True, obj, "read-only",
                  "the claim %s is taken for writing" % mount["name"])

    # --- kinds ---------------------------------------------------------------------

    def check_cronjob(self, obj):
        spec = obj["spec"]
        self.need(spec.get("concurrencyPolicy") == "Forbid", obj, "cron",
                  "two may run at a time")
        for word in ("startingDeadlineSeconds", "successfulJobsHistoryLimit",
                     "failedJobsHistoryLimit"):
            self.need(word in spec, obj, "cron", "no %s" % word)
        minutes = spec["schedule"].split()[0]
        self.need(re.fullmatch(r"[0-9]+(,[0-9]+)*", minutes) and
                  "0" not in minutes.split(","), obj, "cron",
                  "the schedule is everybody's")
        self.check_job(obj, spec["jobTemplate"]["spec"])
        for container in k8s.template_of(obj)["spec"]["containers"]:
            args = container.get("args", [""])
            self.need(args[0] not in BY_CLOCK or "--if-busy=skip" in args and
                      "--wait" in args, obj, "cron",
                      "that another one is at work is a failure")

    def check_job(self, obj, spec):
        for word in ("backoffLimit", "activeDeadlineSeconds"):
            self.need(word in spec, obj, "job", "no %s" % word)
        pod = spec["template"]["spec"]
        self.need(pod.get("restartPolicy") == "Never", obj, "job",
                  "restartPolicy is not Never")
        for container in pod["containers"]:
            self.need(container.get("terminationMessagePolicy") ==
                      "FallbackToLogsOnError", obj, "job",
                      "%s: kubectl describe does not say why" % container["name"])
        if spec.get("backoffLimit") == 0:
            return
        rules = spec.get("podFailurePolicy", {}).get("rules", [])
        self.need(rules and rules[0].get("action") == "Ignore" and
                  rules[0].get("onPodConditions") == [{"type": "DisruptionTarget"}],
                  obj, "job", "an eviction is a failure")
        self.need(any(r["action"] == "FailJob" and
                      {1, 2} <= set(r.get("onExitCodes", {}).get("values", []))
                      for r in rules), obj, "job",
                  "what fails in the same way again is tried again")

    def check_deployment(self, obj):
        spec = obj["spec"]
        labels = spec["template"]["metadata"]["labels"]
        if labels.get("app.kubernetes.io/component") in WRITERS:
            self.need(spec["replicas"] == 1 and
                      spec.get("strategy", {}).get("type") == "Recreate", obj,
                      "writer", "two may write at a time")
            return
        rolling = spec.get("strategy", {}).get("rollingUpdate", {})
        self.need(rolling.get("maxUnavailable") == 0 or spec["replicas"] > 1, obj,
                  "rollout", "nobody serves while it is updated")
        self.need(spec["template"]["spec"].get("topologySpreadConstraints"), obj,
                  "spread", "replicas may all be on one node")
        space = obj["metadata"].get("namespace")
        self.need(any(obj in self.selected(b["spec"]["selector"], space)
                      for b in self.kind("PodDisruptionBudget")), obj, "budget",
                  "no PodDisruptionBudget is for it")

    def check_service(self, obj):
        space = obj["metadata"].get("namespace")
        behind = list(self.selected({"matchLabels": obj["spec"]["selector"]}, space))
        self.need(behind, obj, "selector", "no pod is behind it")
        ports = set()
        for owner in behind:
            for container in k8s.template_of(owner)["spec"]["containers"]:
                for port in container.get("ports", []):
                    ports |= {port.get("name"), port["containerPort"]}
        for port in obj["spec"]["ports"]:
            self.need(port["targetPort"] in ports, obj, "selector",
                      "no container has the port %s" % port["targetPort"])

    def check_budget(self, obj):
        self.need(list(self.selected(obj["spec"]["selector"],
                                     obj["metadata"].get("namespace"))),
                  obj, "selector", "it selects no pod")
        self.need(obj["spec"].get("maxUnavailable") == 1, obj, "budget",
                  "nodes cannot be drained, or all at once")

    # --- the network -----------------------------------------------------------------

    def check_network(self, obj, template):
        space = obj["metadata"].get("namespace")
        policies = [p for p in self.kind("NetworkPolicy")
                    if obj in self.selected(p["spec"]["podSelector"], space) and
                    p["metadata"].get("namespace") == space]
        for way in ("Ingress", "Egress"):
            self.need(any(way in p["spec"].get("policyTypes", [])
                          for p in policies), obj, "network",
                      "no policy is for its %s" % way)
        component = template["metadata"]["labels"].get("app.kubernetes.io/component")
        allowed = {"sync": {443, 53}, "watch": {443, 53},
                   "peer": {5000, 5002, 53}}.get(component, set())
        for policy in policies:
            for rule in policy["spec"].get("egress", []):
                ports = {p.get("port") for p in rule.get("ports", [{}])}
                self.need(ports <= allowed, obj, "network",
                          "it may go out to %s" % sorted(map(str, ports - allowed)))

    def check(self):
        by_kind = {"CronJob": self.check_cronjob,
                   "Job": lambda o: self.check_job(o, o["spec"]),
                   "Deployment": self.check_deployment,
                   "Service": self.check_service,
                   "PodDisruptionBudget": self.check_budget}
        for obj in self.objects:
            self.check_namespace(obj)
            self.check_end(obj)
            self.check_size(obj)
            if obj["kind"] in by_kind:
                by_kind[obj["kind"]](obj)
        for obj, template in self.pods():
            self.check_pod(obj, template["spec"])
            self.check_network(obj, template)
        return self.found


def main():
    bad = False
    for path in sys.argv[1:]:
        for line in Checker(k8s.load(path)).check():
            print("%s: %s" % (path, line))
            bad = True
    sys.exit(bad)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Shows that each rule of rules.py can fail.

usage: mutate.py EDGE.yaml AIRGAP.yaml NODES.yaml WATCH.yaml

The files are what `kubectl kustomize` printed for these overlays, the last one with
the components watch and gc. They break no rule; with one thing changed, that rule is broken. Prints a line a change, and
ends with 1 when a rule did not see it.
"""

import copy
import re
import sys

import objects as k8s
import rules

GONE = object()
POD = "spec.template.spec."
CRON = "spec.jobTemplate."
CRON_POD = CRON + POD
BOX = POD + "containers.0."
CRON_BOX = CRON_POD + "containers.0."

# The overlay, the object, the path in it, its new value, the rule that breaks.
CHANGES = [
    ("edge", "Namespace/cdr", "metadata.labels", {}, "namespace"),
    ("edge", "Deployment/cdr", "metadata.namespace", "default", "namespace"),
    ("edge", "ConfigMap/cdr-sync", "data", {"images.list": "<" * 43690}, "size"),
    ("edge", "Deployment/cdr", BOX + "image", "docker.io/library/nginx:latest",
     "image"),
    ("edge", "Deployment/cdr", BOX + "image", "docker.io/library/nginx", "image"),
    ("edge", "Deployment/cdr", BOX + "image", "nginx:1.28", "image"),
    ("edge", "CronJob/cdr-sync", CRON_BOX + "image", "localhost:5000/cdr", "image"),
    ("edge", "Deployment/cdr", POD + "automountServiceAccountToken", GONE, "token"),
    ("edge", "Deployment/cdr", POD + "serviceAccountName", "default", "token"),
    ("edge", "ServiceAccount/cdr", "automountServiceAccountToken", True, "token"),
    ("edge", "Deployment/cdr", POD + "hostNetwork", True, "host"),
    ("edge", "Deployment/cdr", POD + "hostPID", True, "host"),
    ("edge", "Deployment/cdr", BOX + "ports.0.hostPort", 5000, "host"),
    ("edge", "Deployment/cdr", POD + "securityContext.seccompProfile", GONE,
     "seccomp"),
    ("edge", "Deployment/cdr", POD + "securityContext.runAsNonRoot", GONE, "user"),
    ("edge", "CronJob/cdr-sync", CRON_POD + "securityContext.runAsUser", 0, "user"),
    ("edge", "Deployment/cdr", BOX + "securityContext.runAsUser", 0, "user"),
    ("edge", "Deployment/cdr", POD + "volumes.2",
     {"name": "run", "hostPath": {"path": "/etc/containerd"}}, "volume"),
    ("nodes", "DaemonSet/cdr-nodes", POD + "volumes.0.hostPath.path", "/etc",
     "volume"),
    ("edge", "Deployment/cdr", POD + "volumes.2.emptyDir", {}, "limits"),
    ("edge", "Deployment/cdr", BOX + "resources.limits.memory", GONE, "limits"),
    ("edge", "CronJob/cdr-sync", CRON_BOX + "resources.requests", GONE, "limits"),
    ("edge", "Deployment/cdr", BOX + "securityContext.allowPrivilegeEscalation",
     GONE, "privilege"),
    ("edge", "Deployment/cdr", BOX + "securityContext.privileged", True,
     "privilege"),
    ("edge", "Deployment/cdr", BOX + "securityContext.capabilities.drop", [],
     "capabilities"),
    ("edge", "Deployment/cdr", BOX + "securityContext.capabilities.add",
     ["NET_BIND_SERVICE"], "capabilities"),
    ("nodes", "DaemonSet/cdr-nodes", POD + "initContainers.0.securityContext",
     {}, "capabilities"),
    ("edge", "Deployment/cdr", BOX + "securityContext.readOnlyRootFilesystem",
     False, "root"),
    ("edge", "Deployment/cdr", BOX + "readinessProbe", GONE, "probes"),
    ("edge", "Deployment/cdr", BOX + "livenessProbe", GONE, "probes"),
    ("edge", "Deployment/cdr", BOX + "startupProbe", GONE, "probes"),
    ("edge", "Deployment/cdr", BOX + "startupProbe.initialDelaySeconds", GONE, "probes"),
    ("edge", "Deployment/cdr", BOX + "lifecycle", {"preStop": {"sleep": {"seconds": 9}}},
     "drain"),
    ("edge", "Deployment/cdr", BOX + "command.2", "exec nginx -g 'daemon off;'", "drain"),
    ("edge", "Deployment/cdr", BOX + "command.2",
     "exec sh /etc/cdr/cdr-run.sh -l 0 -g 270 5000 -- nginx", "drain"),
    ("edge", "Deployment/cdr", BOX + "command.2",
     "exec sh /etc/cdr/cdr-run.sh -l 10 -g 300 5000 -- nginx", "drain"),
    ("edge", "CronJob/cdr-sync", CRON + "spec.podFailurePolicy.rules.0", {
        "action": "FailJob"}, "job"),
    ("edge", "CronJob/cdr-sync",
     CRON + "spec.podFailurePolicy.rules.1.onExitCodes.values", [2], "job"),
    ("airgap", "Job/cdr-import", "spec.podFailurePolicy", GONE, "job"),
    ("edge", "CronJob/cdr-sync", CRON_BOX + "terminationMessagePolicy", GONE, "job"),
    ("edge", "Deployment/cdr", POD + "terminationGracePeriodSeconds", GONE,
     "drain"),
    ("nodes", "DaemonSet/cdr-nodes", BOX + "lifecycle.preStop.exec.command.2",
     "$(CLIENT)", "hooks"),
    ("edge", "Deployment/cdr", BOX + "volumeMounts.0.readOnly", GONE, "read-only"),
    ("edge", "Deployment/cdr", POD + "volumes.0.persistentVolumeClaim.readOnly",
     GONE, "read-only"),
    ("edge", "CronJob/cdr-sync", CRON_BOX + "volumeMounts.1.readOnly", GONE,
     "read-only"),
    ("airgap", "Job/cdr-import", BOX + "volumeMounts.2.readOnly", GONE,
     "read-only"),
    ("edge", "Deployment/cdr", BOX + "volumeMounts.0.name", "trees", "reference"),
    ("edge", "Deployment/cdr", POD + "volumes.0.persistentVolumeClaim.claimName",
     "other", "reference"),
    ("edge", "CronJob/cdr-sync", CRON_POD + "volumes.1.configMap.name", "other",
     "reference"),
    ("edge", "CronJob/cdr-sync", CRON_POD + "volumes.1.configMap.items",
     [{"key": "other", "path": "other"}], "reference"),
    ("edge", "CronJob/cdr-sync", CRON_POD + "volumes.2.secret.optional", GONE,
     "reference"),
    ("edge", "CronJob/cdr-sync", "spec.concurrencyPolicy", "Allow", "cron"),
    ("edge", "CronJob/cdr-sync", "spec.startingDeadlineSeconds", GONE, "cron"),
    ("edge", "CronJob/cdr-sync", "spec.failedJobsHistoryLimit", GONE, "cron"),
    ("edge", "CronJob/cdr-sync", "spec.schedule", "0 * * * *", "cron"),
    ("edge", "CronJob/cdr-sync", "spec.schedule", "*/30 * * * *", "cron"),
    ("edge", "CronJob/cdr-sync", CRON_BOX + "args.5", "--plain", "cron"),
    ("watch", "CronJob/cdr-gc", CRON_BOX + "args.3", "--json", "cron"),
    ("edge", "PersistentVolumeClaim/cdr", "metadata.finalizers", ["cdr/keep"], "end"),
    ("edge", "Deployment/cdr", POD + "terminationGracePeriodSeconds", 600, "end"),
    ("edge", "CronJob/cdr-sync", CRON_POD + "terminationGracePeriodSeconds", 300, "end"),
    ("nodes", "DaemonSet/cdr-nodes", POD + "terminationGracePeriodSeconds", 120, "end"),
    ("edge", "CronJob/cdr-sync", CRON + "spec.backoffLimit", GONE, "job"),
    ("airgap", "Job/cdr-import", "spec.activeDeadlineSeconds", GONE, "job"),
    ("airgap", "Job/cdr-import", POD + "restartPolicy", "OnFailure", "job"),
    ("edge", "Deployment/cdr", "spec.strategy.rollingUpdate.maxUnavailable", 1,
     "rollout"),
    ("edge", "Deployment/cdr", POD + "topologySpreadConstraints", GONE, "spread"),
    ("edge", "PodDisruptionBudget/cdr", "spec.selector.matchLabels",
     {"app.kubernetes.io/component": "sync"}, "budget"),
    ("edge", "PodDisruptionBudget/cdr", "spec.maxUnavailable", 0, "budget"),
    ("edge", "PodDisruptionBudget/cdr", "spec.selector.matchLabels", {"a": "b"},
     "selector"),
    ("edge", "Service/cdr", "spec.selector", {"a": "b"}, "selector"),
    ("edge", "Service/cdr", "spec.ports.0.targetPort", "http", "selector"),
    ("nodes", "NetworkPolicy/cdr-nodes", "spec.policyTypes", ["Ingress"],
     "network"),
    ("edge", "NetworkPolicy/cdr-nginx", "spec.egress", [{}], "network"),
    ("edge", "NetworkPolicy/cdr-sync", "spec.egress.0.ports", [{"port": 80}],
     "network"),
    ("watch", "Deployment/cdr-watch", "spec.replicas", 2, "writer"),
    ("watch", "Deployment/cdr-watch", "spec.strategy", {"type": "RollingUpdate"},
     "writer"),
    ("watch", "NetworkPolicy/cdr-watch", "spec.egress.0.ports", [{"port": 80}],
     "network"),
]


def change(obj, path, value):
    *above, last = [int(k) if k.isdigit() else k for k in path.split(".")]
    for key in above:
        obj = obj[key]
    if value is GONE:
        del obj[last]
    else:
        obj[last] = value


def broken(objects):
    """The names of the rules that are broken."""
    return {re.match(r"\S+: ([a-z-]+): ", line).group(1)
            for line in rules.Checker(objects).check()}


def main():
    files = dict(zip(("edge", "airgap", "nodes", "watch"), map(k8s.load, sys.argv[1:])))
    bad = False
    for overlay, objects in files.items():
        for line in rules.Checker(objects).check():
            print("FAIL %s as it is: %s" % (overlay, line))
            bad = True
    for overlay, name, path, value, rule in CHANGES:
        objects = copy.deepcopy(files[overlay])
        change(k8s.find(objects, *name.split("/")), path, value)
        said = "GONE" if value is GONE else repr(value)
        seen = rule in broken(objects)
        print("%s %s: %s %s = %s" % ("ok" if seen else "FAIL", rule, name, path,
                                     said))
        bad = bad or not seen
    # Each rule that rules.py names has been broken above.
    with open(rules.__file__, encoding="utf-8") as file:
        named = set(re.findall(r'obj,\s+"([a-z-]+)",', file.read()))
    for rule in sorted(named - {c[4] for c in CHANGES}):
        print("FAIL nothing breaks the rule %s" % rule)
        bad = True
    sys.exit(bad)


if __name__ == "__main__":
    main()

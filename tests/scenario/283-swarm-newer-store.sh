#!/bin/sh
# What scenario 282 tells, of dockerd 28 with the image store of containerd, which reads
# hosts.toml, too.
# Tier: all
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/mirror.sh"
# shellcheck source=tests/newer.sh
. "$TOP/tests/newer.sh"
CLIENTS=newer
. "$TOP/tests/dockerd.sh"
# shellcheck source=tests/swarm.sh
. "$TOP/tests/swarm.sh"

need cdr root docker-registry nginx skopeo openssl jq busybox ip newer/dockerd \
	newer/docker newer/containerd newer/runc
swarm_apart
swarm_deploys --feature containerd-snapshotter=true

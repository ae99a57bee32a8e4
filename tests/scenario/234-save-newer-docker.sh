#!/bin/sh
# Today's docker loads what "cdr save" writes, with its own store and with
# containerd's; a layer in zstd as well.
# Tier: all
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/mirror.sh"
. "$TOP/tests/save.sh"
CLIENTS=newer
# shellcheck source=tests/newer.sh
. "$TOP/tests/newer.sh"
. "$TOP/tests/dockerd.sh"

need cdr root busybox jq zstd newer/dockerd newer/docker newer/containerd newer/runc
save_tree
save_files
start_dockerd --feature containerd-snapshotter=false
save_docker_loads taken
_dockerd_end
start_dockerd --feature containerd-snapshotter=true
save_docker_loads taken

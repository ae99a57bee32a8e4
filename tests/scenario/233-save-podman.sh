#!/bin/sh
# podman of this machine loads what "cdr save" writes, all images of a file, and none
# of them becomes localhost/; skopeo reads it as a docker-archive and as an
# oci-archive.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/mirror.sh"
. "$TOP/tests/save.sh"

need cdr root-mount podman skopeo busybox jq zstd
save_tree
save_files
_save_run() { "$@"; }
save_podman_loads

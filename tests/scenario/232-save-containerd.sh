#!/bin/sh
# The containerd of this machine has by "ctr images import" what "cdr save" writes,
# under its full names, and under that of the digest where one was said; in kind's
# and k3s' way as well, which asks for all platforms: but for an index of which only
# a part is in the file, as cdr has told. It runs by both names.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/mirror.sh"
. "$TOP/tests/save.sh"
. "$TOP/tests/containerd.sh"

need cdr root containerd ctr runc busybox jq zstd
save_tree
save_files
start_containerd
save_ctr_loads --snapshotter native
save_ctr_runs --snapshotter native

#!/bin/sh
# Today's containerd, podman and skopeo take what "cdr save" writes, as the older ones
# do. containerd's transfer service, which nerdctl asks as well, has it for this
# machine's platform, and for all of them, in kind's way.
# Tier: all
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/mirror.sh"
. "$TOP/tests/save.sh"
CLIENTS=newer
# shellcheck source=tests/newer.sh
. "$TOP/tests/newer.sh"
. "$TOP/tests/containerd.sh"

need cdr root busybox jq zstd newer/containerd newer/ctr newer/runc newer/podman \
	newer/skopeo
save_tree
save_files
start_containerd
save_ctr_loads --local --snapshotter native
case $(ctr_at plugins ls | awk '$1 ~ /snapshotter/ && $2 == "overlayfs"') in
*' ok'*)
	check "the transfer service, all platforms" ctr_at images import \
		--all-platforms --digests --snapshotter overlayfs "$T/all.tar"
	expect_eq "it has it" docker.io/library/busybox:1.35 "$(save_ctr_names)" ;;
*) left_out "the transfer service" "no overlayfs here" ;;
esac
save_ctr_runs --local --snapshotter native
_save_run() { newer_run "$@"; }
save_podman_loads

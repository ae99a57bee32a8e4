#!/bin/sh
# The docker of this machine loads what "cdr save" writes: one platform of an image,
# all of them, several images in one file, a digest without a name; it runs. A
# layer in zstd, of which cdr warns, is what an old one does not take.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/mirror.sh"
. "$TOP/tests/save.sh"
. "$TOP/tests/dockerd.sh"

need cdr root dockerd docker containerd runc busybox jq zstd
save_tree
save_files
start_dockerd
case $(docker version -f '{{.Server.Version}}') in
1[0-9].* | 2[0-2].*) zstd=refused ;;
*) zstd=taken ;;
esac
save_docker_loads $zstd

#!/bin/sh
# The commands that the page has for an image and for each kind of artifact, run as they
# stand there by the programs themselves: docker, podman, ctr, oras; what comes is what
# the tree has.
# Tier: all
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
. "$TOP/tests/mirror.sh"
. "$TOP/tests/containerd.sh"
. "$TOP/tests/dockerd.sh"
# shellcheck source=tests/newer.sh
. "$TOP/tests/newer.sh"
. "$TOP/tests/page/page.sh"
. "$TOP/tests/page/images.sh"

need cdr root root-mount nginx python3 curl jq openssl skopeo busybox chromium selenium \
	podman containerd ctr runc dockerd docker newer/oras
images_tree
_mirror_serve
PAGES=$(jq -n --arg real "http://$MIRROR/" --arg root "$ROOT" --arg cdr "$CDR" \
	--arg first "$FIRST" --arg second "$SECOND" --arg chart "$CHART" --arg model "$MODEL" \
	'{real: $real, root: $root, cdr: $cdr,
	digests: {first: $first, second: $second, chart: $chart, model: $model}}')
COMMANDS=$T/commands ONLY=commands
export PAGES COMMANDS ONLY
page_tests images 5
unset ONLY

start_containerd
start_dockerd
podman_at()
{
	podman --root "$T/podman" --runroot "$T/podman.run" --tmpdir "$T/podman.tmp" \
		--storage-driver vfs --events-backend none --cgroup-manager cgroupfs "$@"
}
cd "$T" || exit 1
while read -r name command; do
	# shellcheck disable=SC2086 # words
	case $name in
	docker) check "$command" docker ${command#docker } ;;
	podman) check "$command" podman_at ${command#podman } ;;
	containerd) check "$command" ctr_at ${command#ctr } ;;
	oras | by-digest) check "$command" newer_run sh -c "cd '$T' && $command" ;;
	esac
done <"$COMMANDS"
for name in docker podman containerd oras by-digest; do
	[ "$(grep -c "^$name " "$COMMANDS")" -ge 1 ] || fail "no command of $name was run"
done
check "a file of a model" test -s model.gguf
expect_eq "the chart's digest" "$CHART" \
	"$(jq -r '.manifests[0].digest' "shop-1.2.3_build.7/index.json")"
mirror_never_failed

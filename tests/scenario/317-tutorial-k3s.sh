#!/bin/sh
# "From nothing to a k3s that pulls from it" of the README, command by command, on a
# machine that has nothing of CDR's: the demo, a list, a sync, nginx, the node's files,
# doctor, and a pod whose image comes from the mirror. k3s and kubectl are played: the
# node's containerd is a real one, with the files that k3s makes of registries.yaml. A
# command that fails ends it.
# Tier: all
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/mirror.sh"
. "$TOP/tests/tutorial.sh"

need cdr root ip nginx docker-registry skopeo openssl jq busybox curl make containerd ctr \
	python3 python3-yaml
tutorial_upstream library/nginx:1.27 rancher/mirrored-pause:3.6
tutorial_machine "$T/machine"
echo 'false; echo and on' >"$T/commands"
expect_rc "a command that fails" 1 tutorial_run "$T/machine" "$T/commands"
! grep -q '^and on' "$T/stdout" || fail "it goes on"
ok "ends it"

# The text has it written at the top of the repository, which may have one of its own.
[ -e "$TOP/images.list" ] || defer "rm -f $TOP/images.list"
tutorial_blocks "$TOP/README.md" '## From nothing to a k3s that pulls from it' >"$T/commands"
cat >>"$T/commands" <<'END'
curl -fsS http://127.0.0.1:5000/v2/library/nginx/manifests/1.27 | sha256sum
ctr -a /run/k3s/containerd/containerd.sock -n k8s.io images list
END
check "what it says works" tutorial_run "$T/machine" "$T/commands"
expect_said "doctor is content" '^All is well\.'
expect_said "the pod has its image" '^docker\.io/library/nginx:1\.27$'
served=$(sed -n 's/^\([0-9a-f]\{64\}\)  -$/\1/p' "$T/stdout" | tail -n 1)
expect_said "it is what the mirror has" "^docker\.io/library/nginx:1\.27 .* sha256:$served "

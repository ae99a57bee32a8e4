#!/bin/sh
# A mirror that is an IPv6 address: containerd 1.6 asks nobody there, whatever
# hosts.toml says, and skopeo takes no such location, so node-config refuses both;
# today's containerd asks it, as node-config writes it.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/mirror.sh"
. "$TOP/tests/newer.sh"
. "$TOP/tests/containerd.sh"

need cdr root python3 containerd ctr runc skopeo newer/containerd? newer/ctr? newer/runc?
grep -qs ' lo$' /proc/net/if_inet6 || skip "no IPv6 here"
R=$T/node

config()
{
	"$CDR" node-config "$@" --prefix "$R"
}

# What is asked for goes to $T/asked; nothing is there.
python3 "$TOP/tests/nodes/nobody.py" "$T" 2>"$T/nothing.log" &
defer "process_end $!"
wait_for 10 test -s "$T/port" || fail "nothing listens"
mirror="http://[::1]:$(cat "$T/port")"
mkdir "$R"

expect_rc "containerd 1.6" 2 config containerd --mirror "$mirror" \
	--client-version "$(containerd --version | cut -d ' ' -f 3)" --install
expect_said "is refused" 'containerd before 2\.0 cannot read.*a name'
check "buildkit" config buildkit --mirror "$mirror" --install
grep -qxF "  mirrors = [\"${mirror#http://}/docker.io\"]" \
	"$R/etc/buildkit/buildkitd.toml" || fail "buildkit: not that mirror"
expect_rc "doctor finds it there, by itself" 1 "$CDR" doctor --prefix "$R"
expect_eq "... with http" "$mirror" "$(head -n 1 "$T/stdout")"
expect_said "... and sees it" '^ok    node +buildkit uses this mirror'
check "... and back" config buildkit --remove
check "containerd 2.1" config containerd --mirror "$mirror" --client-version 2.1.0 \
	--only --install
hosts=$R/etc/containerd/certs.d
mkdir "$hosts/docker.io"
cp "$hosts/_default/hosts.toml" "$hosts/docker.io/hosts.toml"

start_containerd
: >"$T/asked"
expect_rc "containerd 1.6 with what 2.1 is told" 1 ctr_pull "$hosts" docker.io/library/x:1
expect_eq "asks nobody there" "" "$(cat "$T/asked")"

for client in podman cri-o; do
	expect_rc "$client" 2 config $client --mirror "$mirror" --install
	expect_said "is refused" 'no IPv6 address in registries\.conf'
done
mkdir -p "$HOME/.config/containers/registries.conf.d"
printf '[[registry]]\nlocation = "docker.io"\n[[registry.mirror]]\nlocation = "[::1]:%s/docker.io"\ninsecure = true\n' \
	"$(cat "$T/port")" >"$HOME/.config/containers/registries.conf.d/x.conf"
expect_rc "skopeo with such a location" 1 skopeo inspect --no-tags \
	docker://docker.io/library/x:1
expect_said "pulls nothing" 'invalid reference format'
expect_eq "and asks nobody" "" "$(cat "$T/asked")"

part "the same with a newer Debian's" newer/containerd newer/ctr newer/runc || exit 0
process_end "$CONTAINERD_PID"
CLIENTS=newer
. "$TOP/tests/containerd.sh"
start_containerd
expect_rc "containerd 2.1" 1 ctr_pull "$hosts" docker.io/library/x:1
grep -q '^/v2/library/x/manifests/1?ns=docker.io$' "$T/asked" ||
	fail "it asks nobody there"
ok "asks the mirror"

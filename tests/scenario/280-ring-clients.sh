#!/bin/sh
# Real clients on nodes with peers: containerd on one node and skopeo, which has the
# library of podman and CRI-O, on another pull an image of which a third node's peer owns
# a part; that peer is killed in the middle. Both have all of it, and right; when the
# mirror itself is away, containerd of the first node still gets it by digest.
# Waits: for a thin line
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/tree.sh"
. "$TOP/tests/peers.sh"

need cdr root ip tc nginx python3 containerd ctr skopeo
tree_new "$T/tree"
peers_begin "$T/net" 3
defer peers_end
peers_image library/app 1 9000 4500 800
digest=$(readlink "$TREE/repos/docker.io/library/app/_manifests/1")
digest=sha256:${digest##*/}
peers_mirror || fail "the mirror does not start"
peers_uplink 30mbit
peers_ring 1 2 3
for n in 1 2 3; do
	peers_node $n || fail "the peer of node $n does not start"
done

has_some()
{
	[ -n "$(find "$T/net/node-$1/cache/owned" -type f -size +64k 2>/dev/null)" ]
}

mkdir -p "$T/containerd" "$T/hosts/docker.io"
cat >"$T/containerd/config.toml" <<END
version = 2
root = "$T/containerd/root"
state = "$T/containerd/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]
[grpc]
address = "$T/containerd/socket"
END
# Nobody listens on port 1: what comes, comes from the peer of the node.
cat >"$T/hosts/docker.io/hosts.toml" <<END
server = "http://127.0.0.1:1"
[host."http://127.0.0.1:5000"]
capabilities = ["pull", "resolve"]
END
cat >"$T/registries.conf" <<END
[[registry]]
prefix = "docker.io"
location = "127.0.0.1:5000/docker.io"
insecure = true
END
nsenter -t "$(_peers_pid 1)" -n -m -r -- containerd --config "$T/containerd/config.toml" \
	--log-level warn >"$T/containerd.log" 2>&1 &
containerd=$!
defer "process_end $containerd"
ctr_at()
{
	on 1 ctr --address "$T/containerd/socket" "$@"
}
wait_for 20 ctr_at version || skip "containerd does not start: $(tail -n 1 "$T/containerd.log")"

ctr_at content fetch --hosts-dir "$T/hosts" --platform linux/amd64 \
	docker.io/library/app:1 >"$T/fetch.log" 2>&1 &
first=$!
on 2 skopeo --registries-conf "$T/registries.conf" --insecure-policy copy \
	docker://docker.io/library/app:1 "dir:$T/copied" >"$T/skopeo.log" 2>&1 &
second=$!
# On a machine that is very busy node 3 may not have answered in time before.
wait_for 60 has_some 3 || left_out "a peer in the middle of it" "node 3 was asked for nothing"
peers_kill 3
wait $first || fail "containerd: $(tail -n 2 "$T/fetch.log")"
wait $second || fail "skopeo: $(tail -n 2 "$T/skopeo.log")"

# Both look at digests themselves; this looks at both.
ctr_at content ls -q >"$T/content"
expect_eq "containerd has all of it" 5 "$(grep -c sha256 "$T/content")"
while read -r one; do
	ctr_at content get "$one" >"$T/object"
	expect_eq "... $one" "${one#*:}" "$(sha256sum <"$T/object" | cut -d ' ' -f 1)"
done <"$T/content"
for one in "$T/copied"/*; do
	case ${one##*/} in
	manifest.json) expect_eq "skopeo's manifest" "${digest#*:}" \
		"$(sha256sum <"$one" | cut -d ' ' -f 1)" ;;
	version) ;;
	*) expect_eq "... a blob" "${one##*/}" "$(sha256sum <"$one" | cut -d ' ' -f 1)" ;;
	esac
done

peers_mirror_stop
ctr_at images rm --sync docker.io/library/app:1 >/dev/null 2>&1 || :
while read -r one; do
	ctr_at content rm "$one" >/dev/null
done <"$T/content"
peers_node 3 || fail "the peer of node 3 does not start again"
check "the mirror is away, and containerd gets the image by digest" ctr_at content fetch \
	--hosts-dir "$T/hosts" --platform linux/amd64 "docker.io/library/app@$digest"

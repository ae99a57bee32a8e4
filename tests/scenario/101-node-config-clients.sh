#!/bin/sh
# What cdr node-config writes is taken by the real programs, of this Debian release
# and of a newer one: containerd finds config_path in every config.toml that ours
# is put into, and pulls through hosts.toml, for one registry and by _default, from
# where what the mirror has not got comes from the registry itself, but not with
# --only; skopeo goes by the drop-in; dockerd takes daemon.json.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/mirror.sh"
. "$TOP/tests/containerd.sh"
. "$TOP/tests/newer.sh"

need cdr root docker-registry nginx containerd ctr runc skopeo openssl jq \
	python3 busybox newer/containerd? newer/ctr? newer/skopeo? newer/dockerd?
mirror_samples
R=$T/node
mkdir "$R"

install()
{
	check "node-config $*" "$CDR" node-config "$@" --mirror "http://$MIRROR" \
		--prefix "$R" --install
}
take_back()
{
	check "node-config $1 --remove" "$CDR" node-config "$1" --prefix "$R" \
		--remove
}

# --- containerd's config.toml -----------------------------------------------------

# dump: what a containerd makes of $R's config.toml, in $T/dump.
dump()
{
	"$@" --config "$R/etc/containerd/config.toml" config dump >"$T/dump" \
		2>"$T/dump.err" || fail "$1 does not take config.toml: $(cat "$T/dump.err")"
	expect_eq "$* has our config_path, once" 1 \
		"$(grep -cE "config_path = .(/etc/containerd/certs.d)." "$T/dump")"
}

# takes "what" VERSION COMMAND...: with no file, ours is one; with the program's own
# defaults, with a table of somebody's, and with one that has nothing of it, ours is
# put in.
takes()
{
	_version=$1
	shift
	for _case in none defaults table bare; do
		rm -rf "$R"
		mkdir -p "$R/etc/containerd"
		_file=$R/etc/containerd/config.toml
		case $_case in
		defaults) "$@" config default >"$_file" ;;
		table) printf 'version = 2\n[plugins."io.containerd.grpc.v1.cri".registry] # mine\n[plugins."io.containerd.grpc.v1.cri".registry.headers]\nX = ["y"]\n' >"$_file" ;;
		bare) printf 'version = 2\noom_score = 1' >"$_file" ;;
		esac
		install containerd --client-version "$_version"
		dump "$@"
	done
}
takes "$(containerd --version | cut -d ' ' -f 3)" containerd

# --- containerd pulls -------------------------------------------------------------

start_containerd
rm -rf "$R"
mkdir "$R"

# A registry that the mirror knows nothing of.
start_registry
sh "$TOP/scripts/sample-images" --push "$UPSTREAM" "$T/samples" \
	>>"$T/samples.log" 2>&1 || fail "the sample images cannot be pushed"
own=$UPSTREAM/library/busybox:1.35

# pulls COMMAND...: through what is below $R, with a ctr that is COMMAND.
pulls()
{
	install containerd
	mirror_start_over
	check "a pull by _default" "$@" docker.io/library/busybox:1.35
	mirror_saw "came from the mirror" some \
		'^HEAD /v2/library/busybox/manifests/1.35\?ns=docker.io 200$'
	check "what the mirror has not got" "$@" "$own"
	mirror_saw "was asked of the mirror" some \
		"^HEAD /v2/library/busybox/manifests/1.35\?ns=127.0.0.1(:|%3A)${UPSTREAM#*:} 404\$"
	install containerd --only
	expect_rc "with --only it is not to be had" 1 "$@" "$own-none"
	install containerd --registry docker.io
	mirror_start_over
	check "a pull by docker.io's own" "$@" "docker.io/library/busybox@$BUSYBOX"
	mirror_saw "came from the mirror" some \
		"^HEAD /v2/library/busybox/manifests/$BUSYBOX\?ns=docker.io 200\$"
	take_back containerd
}
pulls ctr_pull "$R/etc/containerd/certs.d"

# --- skopeo, which is podman's and CRI-O's library --------------------------------

# looks COMMAND...: as drop-ins of one's own, which are read as those in /etc are;
# through no link.
told()
{
	rm -rf "$HOME/.config/containers"
	mkdir -p "$HOME/.config/containers"
	cp -R "$R/etc/containers/registries.conf.d" "$HOME/.config/containers/"
}
looks()
{
	for client in podman cri-o; do
		install $client
		told
		mirror_start_over
		expect_eq "skopeo, as $client is told" "$BUSYBOX" \
			"$("$@" inspect --no-tags --format '{{.Digest}}' \
			docker://docker.io/library/busybox:1.35)"
		mirror_saw "asked the mirror" some \
			'^GET /v2/docker.io/library/busybox/manifests/1.35 200$'
		install $client --only
		told
		expect_rc "--only: what is not there is nowhere" 1 "$@" inspect --no-tags \
			docker://docker.io/library/none:1
		take_back $client
	done
}
looks skopeo

# --- the same with a newer Debian's -----------------------------------------------

part "the same with a newer Debian's" newer/containerd newer/ctr newer/skopeo \
	newer/dockerd || exit 0
newer()
{
	newer_run "$@"
}
takes "$(newer containerd --version | cut -d ' ' -f 3)" newer containerd
grep -q 'dial_timeout = "3s"' "$R/etc/containerd/certs.d/_default/hosts.toml" ||
	fail "this containerd knows dial_timeout"
rm -rf "$R"
mkdir "$R"
looks newer skopeo

# Its containerd, which takes the place of the other one.
process_end "$CONTAINERD_PID"
mkdir "$T/newer"
cat >"$T/newer/config.toml" <<END
version = 3
root = "$T/newer/root"
state = "$T/newer/state"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.cri.v1.images",
	"io.containerd.cri.v1.runtime", "io.containerd.internal.v1.opt"]
[grpc]
address = "$T/newer/socket"
END
newer_exec containerd --config "$T/newer/config.toml" --log-level warn \
	>"$T/newer.log" 2>&1 &
defer "process_end $!"
newer_ctr()
{
	newer ctr --address "$T/newer/socket" "$@"
}
wait_for 20 newer_ctr version || fail "the newer containerd does not start"
pulls newer_ctr images pull --local --snapshotter native \
	--hosts-dir "$R/etc/containerd/certs.d"
install dockerd --client-version 28.5.2 --registry docker.io --registry ghcr.io
check "dockerd takes daemon.json" newer dockerd --validate \
	--config-file "$R/etc/docker/daemon.json"
mirror_never_failed

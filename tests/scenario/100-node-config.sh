#!/bin/sh
# cdr node-config prints, for each client, what it would write; --install writes
# it, a second time changes nothing, and --remove leaves every file, mode, owner and
# time of a prepared root as they were, whichever clients came and went in between.
# What a client's version cannot do is refused, and so is what would overwrite
# somebody's file: then nothing is touched.
. "$(dirname "$0")/../lib.sh"

need cdr python3
mirror=http://10.0.0.5:5000
R=$T/node

config()
{
	"$CDR" node-config "$@"
}

# state: every name below $R with what stat and sha256sum say of it. A folder's own
# time says that something was once in it, and is not asked for.
state()
{
	(
		cd "$R"
		find . ! -type d -exec stat -c '%n %F %a %u %g %Y' {} + |
			LC_ALL=C sort
		find . -type d -exec stat -c '%n %F %a %u %g' {} + | LC_ALL=C sort
		find . -type f -exec sha256sum {} + | LC_ALL=C sort -k 2
	)
}

# prepare: a node with files of its own.
prepare()
{
	rm -rf "$R"
	mkdir -p "$R/etc/docker" "$R/etc/containerd" "$R/etc/containers" \
		"$R/etc/rancher/k3s"
	printf '{"log-level":"warn",  "insecure-registries": ["a:5000"],\n"x": 1.10}' \
		>"$R/etc/docker/daemon.json"
	chmod 640 "$R/etc/docker/daemon.json"
	[ "$(id -u)" -ne 0 ] || chown 12:34 "$R/etc/docker/daemon.json"
	touch -d 2001-02-03T04:05:06 "$R/etc/docker/daemon.json"
	printf 'version = 2\n\n[plugins]\n  [plugins."io.containerd.grpc.v1.cri"]\n    sandbox_image = "x"' \
		>"$R/etc/containerd/config.toml"
	touch -d 2002-02-03T04:05:06 "$R/etc/containerd/config.toml"
	echo 'unqualified-search-registries = ["docker.io"]' \
		>"$R/etc/containers/registries.conf"
}

# --- each client: there, again, and back ------------------------------------------

clients='containerd cri-o podman dockerd k3s rke2 buildkit'
prepare
state >"$T/before"
for client in $clients; do
	check "$client: what it would write" \
		config "$client" --mirror $mirror --prefix "$R"
	expect_said "... has the mirror in it" '10\.0\.0\.5:5000'
	state >"$T/after"
	check "... and nothing is written" cmp "$T/before" "$T/after"
	check "$client --install" \
		config "$client" --mirror $mirror --prefix "$R" --install
	expect_said "... says what" '^wrote /etc/'
	state >"$T/installed"
	! cmp -s "$T/before" "$T/installed" || fail "nothing was written"
	check "... again" config "$client" --mirror $mirror --prefix "$R" --install
	expect_said "... says that there is nothing to change" '^Nothing to change'
	state >"$T/after"
	check "... and changes nothing" cmp "$T/installed" "$T/after"
	check "$client --remove" config "$client" --prefix "$R" --remove
	state >"$T/after"
	check "... leaves all as it was" cmp "$T/before" "$T/after"
	check "... again" config "$client" --prefix "$R" --remove
	expect_said "... has nothing to do" '^Nothing to remove for '
done

# All of them at once, another mirror in between, and back in another order.
for client in $clients; do
	check "$client" config "$client" --mirror $mirror --prefix "$R" --install
done
for client in $clients; do
	check "$client with another mirror" config "$client" \
		--mirror http://10.0.0.6:5000 --registry docker.io --prefix "$R" \
		--install
done
! grep -r '10\.0\.0\.5' "$R/etc" || fail "the first mirror is still there"
[ ! -e "$R/etc/containerd/certs.d/_default" ] ||
	fail "what the second mirror does not need is still there"
for client in podman dockerd buildkit containerd rke2 cri-o k3s; do
	check "$client --remove" config "$client" --prefix "$R" --remove
done
state >"$T/after"
check "all is as it was" cmp "$T/before" "$T/after"

# A node that has nothing at all.
rm -rf "$R"
mkdir "$R"
state >"$T/before"
for client in $clients; do
	check "$client on an empty node" config "$client" --mirror $mirror \
		--prefix "$R" --install
done
for client in $clients; do
	check "$client goes" config "$client" --prefix "$R" --remove
done
state >"$T/after"
check "it is empty again" cmp "$T/before" "$T/after"

# --- what others have changed since -----------------------------------------------

prepare
check "dockerd" config dockerd --mirror $mirror --prefix "$R" --install
expect_eq "the mirror is first, and all else is kept" \
	"['$mirror'] ['a:5000'] 1.1" "$(python3 -c '
import json, sys
d = json.load(open(sys.argv[1]))
print(d["registry-mirrors"], d["insecure-registries"], d["x"])' \
	"$R/etc/docker/daemon.json")"
expect_eq "mode and owner are kept" \
	"$(stat -c '%a %u %g' "$R/etc/docker/daemon.json.before-cdr")" \
	"$(stat -c '%a %u %g' "$R/etc/docker/daemon.json")"
python3 - "$R/etc/docker/daemon.json" <<'END'
import json, sys
d = json.load(open(sys.argv[1]))
d["debug"] = True
json.dump(d, open(sys.argv[1], "w"))
END
check "another mirror, after somebody's change" config dockerd \
	--mirror http://10.0.0.6:5000 --prefix "$R" --install
check "and back" config dockerd --prefix "$R" --remove
expect_eq "somebody's change is there, the mirrors are not" \
	"{'log-level': 'warn', 'insecure-registries': ['a:5000'], 'x': 1.1, 'debug': True}" \
	"$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1])))' \
	"$R/etc/docker/daemon.json")"
expect_eq "and nothing of ours" "" "$(find "$R" -name '*cdr*')"

prepare
check "containerd" config containerd --mirror $mirror --prefix "$R" --install
echo '# mine' >>"$R/etc/containerd/certs.d/_default/hosts.toml"
echo 'oom_score = -999' | cat - "$R/etc/containerd/config.toml" >"$T/config.toml"
cp "$T/config.toml" "$R/etc/containerd/config.toml"
state >"$T/before"
expect_rc "a file of ours that somebody has changed" 2 config containerd \
	--mirror http://10.0.0.6:5000 --prefix "$R" --install
expect_said "is named" '/etc/containerd/certs\.d/_default/hosts\.toml: was changed'
state >"$T/after"
check "and nothing was touched" cmp "$T/before" "$T/after"
expect_rc "it stays" 1 config containerd --prefix "$R" --remove
grep -q '# mine' "$R/etc/containerd/certs.d/_default/hosts.toml" ||
	fail "somebody's change is lost"
expect_eq "config.toml has their lines, and not ours" 'oom_score = -999' \
	"$(grep -v '^ *$' "$R/etc/containerd/config.toml" | head -n 1)"
! grep -q certs.d "$R/etc/containerd/config.toml" || fail "our line is still there"
rm "$R/etc/containerd/certs.d/_default/hosts.toml"
check "when it is deleted, the rest goes" config containerd --prefix "$R" --remove
expect_eq "nothing of ours is left" "" \
	"$(find "$R" -name '*cdr*' -o -name certs.d)"

# One that another mirror no longer has, and that stays: it leads to the old one.
prepare
check "containerd for ghcr.io" config containerd --mirror $mirror \
	--registry ghcr.io --prefix "$R" --install
echo '# mine' >>"$R/etc/containerd/certs.d/ghcr.io/hosts.toml"
for again in "" " once more"; do
	expect_rc "another mirror for all$again" 1 config containerd \
		--mirror http://10.0.0.6:5000 --prefix "$R" --install
	expect_said "... names what had to stay" \
		'/etc/containerd/certs\.d/ghcr\.io/hosts\.toml: was changed'
done
grep -q '10\.0\.0\.6' "$R/etc/containerd/certs.d/_default/hosts.toml" ||
	fail "the rest was not written"
rm "$R/etc/containerd/certs.d/ghcr.io/hosts.toml"
check "when it is deleted, all is well" config containerd \
	--mirror http://10.0.0.6:5000 --prefix "$R" --install

# A registry that has a folder of its own does not use _default.
for client in containerd dockerd; do
	prepare
	at=etc/$client/certs.d
	[ $client = containerd ] || at=etc/docker/certs.d
	check "$client for ghcr.io" config $client --mirror $mirror \
		--registry ghcr.io --client-version 28.0.0 --prefix "$R" --install
	! grep 'of their own' "$T/stdout" || fail "nothing is to be minded"
	mkdir -p "$R/$at/docker.io" "$R/$at/quay.io"
	echo 'server = "https://registry-1.docker.io"' >"$R/$at/docker.io/hosts.toml"
	echo "[host.\"$mirror\"]" >"$R/$at/quay.io/hosts.toml"
	for option in "" --install; do
		check "$client $option" config $client --mirror $mirror \
			--client-version 28.0.0 --prefix "$R" $option
		expect_said "... names it" \
			"^# Note: /$at .* does not count for them: docker\.io\. "
	done
done

# --- what is refused --------------------------------------------------------------

prepare
echo 'mirrors: x' >"$R/etc/rancher/k3s/registries.yaml"
mkdir -p "$R/etc/containerd/certs.d/_default"
echo 'server = "x"' >"$R/etc/containerd/certs.d/_default/hosts.toml"
state >"$T/before"
# refused "what" REGEX ARG...
refused()
{
	_what=$1 _regex=$2
	shift 2
	expect_rc "$_what is refused" 2 config "$@" --prefix "$R"
	expect_said "... and why" "$_regex"
	state >"$T/after"
	cmp -s "$T/before" "$T/after" || fail "$_what: something was touched"
}
refused "somebody's registries.yaml" 'registries\.yaml:1: is no mapping: .*by hand' \
	k3s --mirror $mirror --install
refused "somebody's hosts.toml" '_default/hosts\.toml: is there.*by hand' \
	containerd --mirror $mirror --install
refused "containerd 1.4" 'containerd 1\.4\.13 cannot' \
	containerd --mirror $mirror --client-version 1.4.13 --install
refused "dockerd 27 and ghcr.io" 'not of ghcr\.io: Engine 28' \
	dockerd --mirror $mirror --client-version 27.5.1 --registry ghcr.io --install
refused "dockerd --only" 'dockerd always asks' \
	dockerd --mirror $mirror --only --install
refused "k3s 1.29.0 --only" '1\.29\.0 always asks' \
	k3s --mirror $mirror --only --client-version v1.29.0+k3s1 --install
refused "k3s 1.32.2 for all registries" 'asks only the mirror' \
	k3s --mirror $mirror --client-version 'k3s version v1.32.2+k3s1' --install
refused "talos --install" 'no file of talos' talos --mirror $mirror --install
refused "a version that is none" '"new" is not a version' \
	containerd --mirror $mirror --client-version new --install
refused "a file that is not there" '/etc/ca\.pem: no such file' \
	containerd --mirror https://m:5000 --ca /etc/ca.pem --install
refused "certificates for http" 'plain http does not use certificates' \
	containerd --mirror $mirror --ca /etc/ca.pem --install
refused "no mirror" 'which mirror' containerd --install
refused "no client" 'which client' --mirror $mirror
refused "a client that is none" 'no client "nothing"' nothing --mirror $mirror
for bad in 'http://a"b:1' 'http://m:5000/x' 'http://m?x' 'http://u:p@m' 'ftp://m' \
	m:5000 'http://m
x' ''; do
	refused "the mirror $bad" '--mirror' containerd --mirror "$bad" --install
done
for bad in ../x 'a"]' docker.io/../.. 'docker.io
x' . .. Docker.io library ''; do
	refused "the registry $bad" '--registry' \
		containerd --mirror $mirror --registry "$bad" --install
done
refused "a path that climbs" 'without "\.\."' containerd \
	--mirror https://m --ca /etc/../../x --install
refused "a path with a quote" 'only letters' containerd \
	--mirror https://m --ca '/etc/a"b' --install

printf '\n[plugins."io.containerd.grpc.v1.cri".registry.mirrors."docker.io"]\nendpoint = ["http://old:5000"]\n' \
	>>"$R/etc/containerd/config.toml"
rm -r "$R/etc/containerd/certs.d"
state >"$T/before"
refused "the old registry.mirrors" 'config\.toml: has the old registry\.mirrors' \
	containerd --mirror $mirror --install

# Links lead elsewhere: out of the node's root, or into a file of somebody's.
prepare
mkdir "$T/outside"
rm -r "$R/etc/docker"
ln -s "$T/outside" "$R/etc/docker"
state >"$T/before"
refused "a folder that is a link" 'symbolic link' \
	dockerd --mirror $mirror --install
expect_eq "nothing is outside" "" "$(ls "$T/outside")"

# A record that names what it never wrote deletes nothing.
prepare
mkdir -p "$R/etc/cdr"
echo precious >"$R/precious"
cat >"$R/etc/cdr/node-config.json" <<'END'
{"version": 1, "directories": [], "files": [{"client": "k3s", "kind": "whole",
"path": "etc/../precious", "text": "", "edited": false, "written":
"sha256:d559fff76d11a7e1ef1b4a3e3f4aa1e3d6e3e1f7a1b3f1d7a8a1a0dd6ed3b0b5"}]}
END
state >"$T/before"
expect_rc "a record that climbs" 2 config k3s --prefix "$R" --remove
state >"$T/after"
check "is not believed" cmp "$T/before" "$T/after"

# --- certificates, --only, a tree -------------------------------------------------

prepare
printf -- '-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n' \
	>"$R/etc/ca.pem"
mkdir -p "$R/etc/buildkit"
echo 'debug = true' >"$R/etc/buildkit/buildkitd.toml"
check "somebody's file: printed" config buildkit --mirror $mirror --prefix "$R"
expect_said "... it is told that it is in the way" \
	'^# Note: /etc/buildkit/buildkitd\.toml is there already, and cdr did not write it'
! grep -q 'install writes it' "$T/stdout" || fail "--install does not write it"
rm -r "$R/etc/buildkit"
cp "$R/etc/ca.pem" "$R/etc/client.pem"
printf -- '-----BEGIN PRIVATE KEY-----\nsecret\n-----END PRIVATE KEY-----\n' \
	>"$R/etc/client.key"
chmod 600 "$R/etc/client.key"
set -- --mirror https://mirror.example --ca /etc/ca.pem \
	--client-cert /etc/client.pem --client-key /etc/client.key
state >"$T/before"
for client in containerd podman dockerd k3s buildkit; do
	check "$client with certificates: printed" config "$client" "$@" \
		--prefix "$R"
	! grep -q secret "$T/stdout" "$T/stderr" || fail "the key is shown"
	check "$client: installed" config "$client" "$@" --prefix "$R" --install
	case $client in
	podman) at=etc/containers/certs.d/mirror.example ;;
	dockerd) at=etc/docker/certs.d/mirror.example ;;
	*) at= ;;
	esac
	[ -z "$at" ] || {
		check "a copy of the CA" cmp "$R/etc/ca.pem" "$R/$at/ca.crt"
		expect_eq "a key that nobody else reads" 600 \
			"$(stat -c %a "$R/$at/client.key")"
	}
	check "$client: removed" config "$client" --prefix "$R" --remove
	state >"$T/after"
	check "... leaves all as it was" cmp "$T/before" "$T/after"
done

# podman and CRI-O look for certificates in one folder: what both have goes with
# the last of them, whichever that is, and a renewed CA is both's.
printf -- '-----BEGIN CERTIFICATE-----\nnew\n-----END CERTIFICATE-----\n' \
	>"$T/new.pem"
at=etc/containers/certs.d/mirror.example
for order in "podman cri-o" "cri-o podman"; do
	first=${order% *} last=${order#* }
	for client in podman cri-o; do
		check "$client, beside the other" config $client "$@" \
			--prefix "$R" --install
		check "... again" config $client "$@" --prefix "$R" --install
		expect_said "... has nothing to change" '^Nothing to change'
	done
	check "$first goes" config "$first" --prefix "$R" --remove
	expect_said "... and leaves the other its certificates" \
		"^kept for another client /$at/ca\.crt"
	check "... as they were" cmp "$R/etc/ca.pem" "$R/$at/ca.crt"
	expect_eq "... and the key" 600 "$(stat -c %a "$R/$at/client.key")"
	check "$first again" config "$first" "$@" --prefix "$R" --install
	cp -p "$R/etc/ca.pem" "$T/old.pem"
	cp "$T/new.pem" "$R/etc/ca.pem"
	check "a renewed CA" config "$first" "$@" --prefix "$R" --install
	check "... is there" cmp "$T/new.pem" "$R/$at/ca.crt"
	check "... for the other too" config "$last" "$@" --prefix "$R" --install
	expect_said "... which has nothing to change" '^Nothing to change'
	cp "$T/old.pem" "$R/etc/ca.pem"
	touch -r "$T/old.pem" "$R/etc/ca.pem"
	check "$last goes" config "$last" --prefix "$R" --remove
	check "$first goes after it" config "$first" --prefix "$R" --remove
	state >"$T/after"
	check "... and all is as it was" cmp "$T/before" "$T/after"
done
check "podman with one CA" config podman "$@" --prefix "$R" --install
cp "$T/new.pem" "$R/etc/new.pem"
expect_rc "CRI-O with another one" 2 config cri-o \
	--mirror https://mirror.example --ca /etc/new.pem --prefix "$R" --install
expect_said "is refused" "/$at/ca\.crt: cdr wrote it for another client"
cp "$T/new.pem" "$R/$at/ca.crt"
expect_rc "and so is one that somebody has put there" 2 config cri-o \
	--mirror https://mirror.example --ca /etc/new.pem --prefix "$R" --install
cp "$T/old.pem" "$R/$at/ca.crt"
rm "$R/etc/new.pem"
check "podman goes" config podman --prefix "$R" --remove
state >"$T/after"
check "... and all is as it was" cmp "$T/before" "$T/after"

expect_rc "talos shows no key" 2 config talos "$@" --prefix "$R"
check "but a CA" config talos --mirror https://mirror.example --ca /etc/ca.pem \
	--prefix "$R"
expect_said "in base64" "ca: $(base64 -w 0 "$R/etc/ca.pem")"
check "mesos" config mesos --mirror $mirror
expect_said "flags" "^--docker_registry=$mirror\$"
check "swarm" config swarm --mirror $mirror
expect_said "digests" 'keep old digests'

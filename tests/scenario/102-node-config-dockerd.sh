#!/bin/sh
# dockerd takes the daemon.json of cdr node-config on a reload, without a restart:
# from then on Docker Hub's images come from the mirror. cdr doctor has docker pull
# and finds that in nginx's log. What goes back with --remove goes out of dockerd
# with a restart only, and the command says so.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/mirror.sh"
. "$TOP/tests/dockerd.sh"

need cdr root docker-registry nginx dockerd docker containerd runc skopeo \
	openssl jq busybox
mirror_samples
start_dockerd
R=$T/node
mkdir -p "$R/etc/docker"
echo '{"debug": false}' >"$R/etc/docker/daemon.json"
cp "$R/etc/docker/daemon.json" "$T/before.json"
ln -sf "$R/etc/docker/daemon.json" "$T/dockerd.json"

# knows MIRRORS: are they those of dockerd?
knows()
{
	[ "$(docker info --format '{{.RegistryConfig.Mirrors}}')" = "$1" ]
}
doctor()
{
	"$CDR" doctor --prefix "$R" --access-log "$T/access.log" --pull docker "$@"
}

check "node-config dockerd" "$CDR" node-config dockerd --mirror "http://$MIRROR" \
	--prefix "$R" --install
expect_said "says that a reload is enough" '^Then: systemctl reload docker'
kill -HUP "$DOCKERD_PID"
check "and it is" wait_for 10 knows "[http://$MIRROR/]"
check "doctor has docker pull" doctor busybox:1.35
expect_said "and sees that it came from the mirror" '^ok    pull '
expect_eq "the image" "busybox@$BUSYBOX" \
	"$(docker image inspect --format '{{index .RepoDigests 0}}' busybox:1.35)"

check "node-config dockerd --remove" "$CDR" node-config dockerd --prefix "$R" --remove
expect_said "says that this takes a restart" '^Then: systemctl restart docker'
check "daemon.json is what it was" cmp "$T/before.json" "$R/etc/docker/daemon.json"
mirror_never_failed

#!/bin/sh
# scripts/tutorials/compose.md, command by command, on a machine that has Docker and
# nothing of CDR's: docker compose starts both services, the node's Docker gets the
# image from the mirror, and the next one when the list has it. Docker and compose are
# real. What a test has no network or no buildx for is there before compose asks: the
# image of cdr, by docker's own BuildKit, in the Debian that the tests compile in; this
# machine's nginx as nginx's. A second compose file gives the services the machine's own
# network, and tells cdr where docker.io is.
# Tier: all
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/mirror.sh"
. "$TOP/tests/tutorial.sh"
. "$TOP/tests/k8s/pods.sh"
. "$TOP/tests/k8s/base.sh"

need cdr root ip nginx docker-registry skopeo openssl jq busybox curl dockerd docker \
	containerd runc newer/docker-compose
[ -f "$BASE_TAR" ] ||
	skip "no Debian to compile in: scripts/install-deps test makes it"
tutorial_upstream library/nginx:1.27 library/redis:7.4
machine=$T/machine
tutorial_machine "$machine"
install -D "$NEWER/root/usr/libexec/docker/cli-plugins/docker-compose" \
	"$machine/local/lib/docker/cli-plugins/docker-compose"
rm -rf "$machine/etc/docker"

mkdir "$machine/images"
ln "$BASE_TAR" "$machine/images/debian.tar" 2>/dev/null ||
	cp "$BASE_TAR" "$machine/images/debian.tar"
pod_rootfs_nginx "$T/nginx"
# As in the stock image.
chown 0:0 "$T/nginx/srv"
tar -C "$T/nginx" -cf "$machine/images/nginx.tar" .
cat >"$machine/images/here.yaml" <<'END'
services:
  cdr:
    network_mode: host
    environment: [CDR_REGISTRIES=/upstream/registries.json]
    volumes: ["/upstream/registries.json:/upstream/registries.json:ro"]
  nginx:
    network_mode: host
    stop_signal: SIGQUIT
    ports: !reset []
END

cat >"$T/commands" <<'END'
systemctl start docker
docker import /images/debian.tar localhost/debian
export DOCKER_BUILDKIT=1
docker build -q --network=host --build-arg BASE=localhost/debian -t localhost/cdr -f k8s/image/Containerfile .
docker import -c 'ENV PATH=/bin:/usr/sbin:/usr/bin' /images/nginx.tar nginx:1.28
export COMPOSE_FILE=compose.yaml:/images/here.yaml
END
tutorial_blocks "$TOP/scripts/tutorials/compose.md" >>"$T/commands"
cat >>"$T/commands" <<'END'
docker image inspect -f '{{index .RepoDigests 0}}' nginx:1.27
curl -fsS http://127.0.0.1:5000/v2/library/nginx/manifests/1.27 | sha256sum
curl -fsS http://127.0.0.1:5000/ | grep -c '<main id="main"'
docker compose ps -a --format '{{.Service}} is {{.State}}'
docker run --rm --user 0 -v /etc:/node/etc localhost/cdr node-config dockerd --prefix /node --remove
[ ! -e /etc/docker/daemon.json ]
docker compose -f compose.yaml config -q
docker compose down -v
docker-engine stop
END
check "what it says works" tutorial_run "$machine" "$T/commands"
expect_said "both run" '^cdr is running$'
expect_said "... still" '^nginx is running$'
expect_said "doctor is content" '^All is well\.'
expect_said "the list is mirrored" '^docker\.io/library/nginx:1\.27 '
expect_said "... and what it has then" '^docker\.io/library/redis:7\.4 '
served=$(sed -n 's/^\([0-9a-f]\{64\}\)  -$/\1/p' "$T/stdout" | tail -n 1)
expect_said "Docker has what the mirror has" "^nginx@sha256:$served\$"

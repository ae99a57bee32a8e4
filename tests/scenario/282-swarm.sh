#!/bin/sh
# A Docker Swarm of a manager and a worker, whose nodes reach nothing but each other and
# the mirror, deploys a service of an image of Docker Hub. The manager asks the mirror
# which digest the tag has, and pins the service to it; each node pulls by that digest.
# A node that gets the service later does so too, although the tag has moved by then and
# gc has run. An update moves all of it to the new digest. An image that the mirror does
# not have runs nowhere.
# Waits: for two daemons and their Swarm
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/mirror.sh"
. "$TOP/tests/dockerd.sh"
# shellcheck source=tests/swarm.sh
. "$TOP/tests/swarm.sh"

need cdr root docker-registry nginx dockerd docker containerd runc skopeo \
	openssl jq busybox ip
swarm_apart
swarm_deploys

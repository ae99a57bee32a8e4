# A Docker Swarm of two nodes, and a mirror on the LAN between them, where nothing else
# is. Sourced after mirror.sh and dockerd.sh; POSIX sh. Needs root, ip, and what these
# two need.
#
#   swarm_apart          the scenario begins again, in namespaces of its own: first of
#                        all. start_nginx then serves on the LAN
#   swarm_start [--OPTION...]  dockerd on "manager" and on "worker", configured by cdr
#                        node-config, and a Swarm of both. Skips by name where there can
#                        be none, or where it runs no image that never saw a mirror
#   swarm_on NODE        docker talks to that one; swarm_start leaves it at the manager
#   swarm_service NAME [--OPTION...] IMAGE  a service that only waits, where it is let
#   swarm_image NAME     what it is pinned to
#   swarm_runs NAME NODE DIGEST  does NODE run it, of that image?
#   swarm_saw "what" NODE COUNT REGEX   as mirror_saw, of what that node asked
#   swarm_deploys [--OPTION...]  what scenarios 282 and 283 tell, with dockerd's options
# shellcheck shell=sh

swarm_apart()
{
	uses root ip
	[ -z "${SWARM_APART-}" ] || {
		_swarm_lan
		return 0
	}
	unshare -mn true 2>"$T/apart" || skip "no namespaces here: $(cat "$T/apart")"
	rm -rf "$T"
	SWARM_APART=1 TMPDIR=${T%/*} exec unshare -mn --propagation private sh "$0"
}

_swarm_address()
{
	case $1 in
	mirror) echo 10.87.0.1 ;;
	manager) echo 10.87.0.2 ;;
	worker) echo 10.87.0.3 ;;
	esac
}

_swarm_lan()
{
	MIRROR_ADDRESS=$(_swarm_address mirror)
	ip link set lo up
	ip link add lan type bridge 2>"$T/lan" || skip "no bridge here: $(cat "$T/lan")"
	ip addr add "$MIRROR_ADDRESS/24" dev lan
	ip link set lan up
}

_swarm_moved_in()
{
	[ "$(readlink "/proc/$1/ns/net")" != "$(readlink /proc/self/ns/net)" ] &&
		[ "$(nsenter -t "$1" -u hostname)" = "$2" ]
}

# _swarm_host NODE: its network, with a wire to the LAN, and its name, which live as long
# as $_host does. Sets $DOCKERD_IN.
_swarm_host()
{
	# shellcheck disable=SC2016 # for the inner shell
	unshare -nu sh -euc 'hostname "$1"; exec sleep 86400' sh "$1" &
	_host=$!
	defer "process_end $_host"
	wait_for 60 _swarm_moved_in $_host "$1" || fail "$1 has no namespaces"
	DOCKERD_IN="nsenter --net=/proc/$_host/ns/net --uts=/proc/$_host/ns/uts"
	ip link add "$1" type veth peer name eth0 netns $_host
	ip link set "$1" master lan up
	$DOCKERD_IN ip addr add "$(_swarm_address "$1")/24" dev eth0
	$DOCKERD_IN ip link set lo up
	$DOCKERD_IN ip link set eth0 up
}

# _swarm_node NODE [--OPTION...]
_swarm_node()
{
	DOCKERD_AT=$T/$1
	mkdir -p "$DOCKERD_AT/host/etc/docker"
	_swarm_host "$1"
	_version=$( (_dockerd_exec dockerd --version) | sed 's/.*version \([0-9.]*\).*/\1/')
	check "node-config swarm, of $1 with dockerd $_version" "$CDR" node-config swarm \
		--mirror "http://$MIRROR" --client-version "$_version" \
		--prefix "$DOCKERD_AT/host" --install
	ln -s "$DOCKERD_AT/host/etc/docker/daemon.json" "$DOCKERD_AT/dockerd.json"
	# A dockerd that reads it is one of the newer ones, which finds it there.
	[ ! -d "$DOCKERD_AT/host/etc/docker/certs.d" ] ||
		cp -R "$DOCKERD_AT/host/etc/docker/certs.d" "$T/"
	shift
	start_dockerd "$@"
	defer "_dockerd_end '$DOCKERD_AT'"
}

swarm_on()
{
	export DOCKER_HOST="unix://$T/$1/docker.socket"
}

swarm_start()
{
	for _node in manager worker; do
		_swarm_node $_node "$@"
	done
	swarm_on manager
	docker swarm init --advertise-addr "$(_swarm_address manager)" \
		>"$T/swarm" 2>&1 || skip "no Swarm begins here: $(tail -n 1 "$T/swarm")"
	_token=$(docker swarm join-token -q worker)
	swarm_on worker
	docker swarm join --token "$_token" "$(_swarm_address manager):2377" \
		>"$T/swarm" 2>&1 || skip "no Swarm takes a worker here: $(tail -n 1 "$T/swarm")"
	swarm_on manager
	swarm_service control --mode global --no-resolve-image control:1 >"$T/swarm" 2>&1 ||
		skip "no service is made here: $(tail -n 1 "$T/swarm")"
	for _node in manager worker; do
		wait_for 60 swarm_runs control $_node control:1 ||
			skip "no service runs here: $(docker service ps --no-trunc \
				--format '{{.Node}} {{.CurrentState}} {{.Error}}' control |
				tail -n 1)"
	done
	ok "a Swarm of two nodes runs what they have"
	docker service rm control >"$T/swarm"
}

# PID 1 of a container hears no SIGTERM.
swarm_service()
{
	_name=$1
	shift
	docker service create --quiet --detach --no-healthcheck --network host \
		--stop-signal KILL --update-order start-first --name "$_name" \
		--entrypoint '/bin/busybox' "$@" sleep 86400
}

swarm_image()
{
	docker service inspect -f '{{.Spec.TaskTemplate.ContainerSpec.Image}}' "$1"
}

# For wait_for, which would ask more often than docker is quick.
swarm_runs()
{
	sleep 0.2
	docker service ps --no-trunc --filter desired-state=running \
		--format '{{.Node}} {{.Image}} {{.CurrentState}}' "$1" |
		grep -qE "^$2 [^ ]*$3 Running"
}

# shellcheck disable=SC2034 # mirror_asked reads MIRROR_CLIENT
swarm_saw()
{
	_saw=$1
	MIRROR_CLIENT=$(_swarm_address "$2")
	mirror_saw "$_saw" "$3" "$4"
	MIRROR_CLIENT=
}

# --- the story --------------------------------------------------------------------

# _swarm_edit DIGEST JQ-ARGUMENT...: an object of the layout $T/later becomes another
# one. Sets $_digest and $_size.
_swarm_edit()
{
	_blobs=$T/later/blobs/sha256
	_from=$_blobs/${1#sha256:}
	shift
	jq -c "$@" "$_from" >"$T/edited"
	_size=$(wc -c <"$T/edited")
	_digest=$(sha256sum <"$T/edited" | cut -d ' ' -f 1)
	mv "$T/edited" "$_blobs/$_digest"
	_digest=sha256:$_digest
}

# _swarm_later: the busybox of the samples, with one word more in its configuration.
# Sets $LATER, its digest.
_swarm_later()
{
	cp -R "$T/samples/busybox" "$T/later"
	_into="\$d, size: (\$s | tonumber)"
	_child=$(jq -r --arg arch "${BUSYBOX_HERE##*/}" \
		'.manifests[] | select(.platform.architecture == $arch).digest' \
		"$T/later/blobs/sha256/${BUSYBOX#*:}")
	_swarm_edit "$(jq -r .config.digest "$T/later/blobs/sha256/${_child#*:}")" \
		'.config.Env += ["WORD=later"]'
	_swarm_edit "$_child" --arg d "$_digest" --arg s "$_size" \
		".config += {digest: $_into}"
	_swarm_edit "$BUSYBOX" --arg d "$_digest" --arg s "$_size" --arg old "$_child" \
		".manifests |= map(if .digest == \$old then . + {digest: $_into} else . end)"
	LATER=$_digest
	jq -c --arg d "$_digest" --arg s "$_size" ".manifests[0] += {digest: $_into}" \
		"$T/samples/busybox/index.json" >"$T/later/index.json"
}

# _swarm_word NODE: what the newest container of the service web has in its environment
_swarm_word()
{
	swarm_on "$1"
	# shellcheck disable=SC2016 # for the inner shell
	docker exec "$(docker ps -q --filter label=com.docker.swarm.service.name=web |
		head -n 1)" /bin/sh -c 'echo "${WORD-first}"'
	swarm_on manager
}

# _swarm_has NODE DIGEST WORD: it runs that, by digest
_swarm_has()
{
	wait_for 60 swarm_runs web "$1" "$2" ||
		fail "the $1 does not run it: $(docker service ps --no-trunc web)"
	expect_eq "the $1 runs it" "$3" "$(_swarm_word "$1")"
}

swarm_deploys()
{
	mirror_samples
	_swarm_later
	swarm_start "$@"
	_manifests=/v2/library/busybox/manifests
	mirror_start_over

	docker node update --label-add web=yes manager >"$T/swarm"
	check "a service of busybox:1.35" swarm_service web --mode global \
		--constraint node.labels.web==yes busybox:1.35
	expect_eq "it is pinned" "busybox:1.35@$BUSYBOX" "$(swarm_image web)"
	swarm_saw "the manager asked what the tag is" manager some \
		"^(HEAD|GET) $_manifests/1\\.35(\\?ns=docker.io)? 200\$"
	_swarm_has manager "$BUSYBOX" first
	swarm_saw "it pulled the digest" manager some \
		"^GET $_manifests/$BUSYBOX(\\?ns=docker.io)? 200\$"
	swarm_saw "and a layer" manager some \
		'^GET /v2/library/busybox/blobs/sha256:[0-9a-f]*(\?ns=docker.io)? 20[06]$'
	swarm_saw "the worker asked for nothing" worker 0 '/(manifests|blobs)/'

	check "the tag moves on the mirror" "$CDR" sync -q -r "$ROOT" \
		--from "oci:$T/later" busybox:1.35 platform=all
	check "gc" "$CDR" gc -r "$ROOT" --grace 0s
	mirror_start_over
	docker node update --label-add web=yes worker >"$T/swarm"
	_swarm_has worker "$BUSYBOX" first
	swarm_saw "it pulled the old digest" worker some \
		"^GET $_manifests/$BUSYBOX(\\?ns=docker.io)? 200\$"
	swarm_saw "it asked for no tag" worker 0 "$_manifests/1\\.35"

	check "the service is updated" docker service update --quiet --detach \
		--image busybox:1.35 web
	expect_eq "it is pinned to the new digest" "busybox:1.35@$LATER" \
		"$(swarm_image web)"
	for _node in manager worker; do
		_swarm_has $_node "$LATER" later
	done

	# What the mirror has not is nowhere: nothing else answers here.
	mirror_start_over
	check "a service of what is not there" swarm_service none --mode global busybox:none
	for _node in manager worker; do
		swarm_saw "the $_node asked the mirror" $_node some "$_manifests/none"
		wait_for 60 _swarm_rejects none $_node || fail "the $_node does not refuse it"
		ok "and refuses it"
	done
	mirror_never_failed
}

_swarm_rejects()
{
	sleep 0.2
	docker service ps --no-trunc --format '{{.Node}} {{.CurrentState}}' "$1" |
		grep -q "^$2 Rejected"
}

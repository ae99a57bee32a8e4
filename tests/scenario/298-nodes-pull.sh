#!/bin/sh
# Each node of tests/nodes, after cdr node-config --install, pulls from the mirror: by
# the hosts.toml that containerd itself says it looks into, by the registries.conf that
# podman reads, and by the daemon.json that a dockerd reloads; in both generations. What
# cdr doctor says of the node, that it leads to the mirror or does not, is what the pull
# then does. After --remove all is as it was.
# Tier: all
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/mirror.sh"
. "$TOP/tests/newer.sh"
. "$TOP/tests/containerd-nodes.sh"
. "$TOP/tests/containerd.sh"

need cdr root root-mount docker-registry nginx skopeo openssl jq python3 busybox \
	containerd ctr runc podman dockerd docker newer/containerd? newer/ctr? newer/runc? \
	newer/podman? newer/dockerd? newer/docker?
mirror_samples
URL=http://$MIRROR
IMAGE=docker.io/library/busybox:1.35
echo '{"default": [{"type": "insecureAcceptAnything"}]}' >"$T/policy.json"
export HTTP_PROXY=http://127.0.0.1:1 HTTPS_PROXY=http://127.0.0.1:1 NO_PROXY=127.0.0.1

# doctor_says CLIENT: yes or no, does that client of $R pull from the mirror? Other
# lines of doctor, such as those of the mirror, have to be fine.
doctor_says()
{
	"$CDR" doctor --prefix "$R" --mirror "$URL" $IMAGE >"$T/doctor" 2>&1 || :
	! grep -v ' node ' "$T/doctor" | grep '^FAIL' || fail "the mirror is ill"
	if grep -q "^ok  *node *$1.* uses\? this mirror" "$T/doctor" &&
	    ! grep -q '^FAIL  *node' "$T/doctor"; then
		echo yes
	else
		echo no
	fi
}

# pulled COMMAND...: does it come, and from the mirror?
pulled()
{
	mirror_start_over
	if "$@" >"$T/pull.out" 2>&1 && [ -n "$(mirror_asked \
	    '^(HEAD|GET) /v2/(docker\.io/)?library/busybox/manifests/.* 200$')" ]; then
		echo yes
	else
		echo no
	fi
}

back()
{
	state >"$T/after"
	check "$1: removed" cmp "$T/before" "$T/after"
}

mkdir "$T/campaign"
check "files with random faults" python3 "$TOP/tests/nodes/campaign.py" "$CDR" \
	"$T/campaign" "$(date +%s)" 60s
cat "$T/stdout"

# --- containerd -------------------------------------------------------------------

# dump GENERATION: config_path, as that containerd says it is.
dump()
{
	rm -rf "$T/dumped"
	cp -R "$R/." "$T/dumped"
	find "$T/dumped" -name '*.toml' ! -path '*/certs.d/*' \
		-exec sed -i "s,[\"']/etc/\([^\"':]*\.toml\)[\"'],'$T/dumped/etc/\1',g" {} +
	_main=etc/containerd/config.toml
	case $_name in
	flatcar-own) ;;
	flatcar-right) _main=usr/share/containerd/config.toml ;;
	unit-elsewhere) _main=etc/k/containerd.toml ;;
	esac
	set -- "$1" --config "$T/dumped/$_main" config dump
	case $1 in
	1) shift; containerd "$@" ;;
	2) shift; newer_run containerd "$@" ;;
	esac >"$T/dump" 2>"$T/dump.err" || fail "$_name: $(cat "$T/dump.err")"
	awk '/^ *\[plugins\./ { in_it = $0 ~ /(grpc\.v1\.cri|cri\.v1\.images)["\047]\.registry\]/ }
	in_it && $1 == "config_path" { gsub(/["\047]/, "", $3); print $3 }' "$T/dump"
}

# pull_anew FOLDER
pull_anew()
{
	ctr_at images rm --sync $IMAGE >"$T/rm" 2>&1 || :
	case $GENERATION in
	1) ctr_pull "$1" $IMAGE ;;
	2) ctr_at images pull --local --snapshotter native --hosts-dir "$1" $IMAGE ;;
	esac
}

GENERATION=1
one()
{
	[ "$3" != refused ] || return 0
	case $5 in *"$GENERATION"*) ;; *) return 0 ;; esac
	state >"$T/before"
	check "$1" config --mirror "$URL" --install
	_path=$(dump $GENERATION)
	case $1-$GENERATION-$(doctor_says containerd) in
	cri-disabled-*-no) ok "... doctor knows that there is no CRI plugin" ;;
	default-22-2-no)
		grep -q 'names several folders' "$T/doctor" || fail "doctor: why not?"
		ok "... doctor knows that 2.1 and later look into none of several"
		;;
	*-yes) ok "... doctor says that it pulls from the mirror" ;;
	*) cat "$T/doctor"; fail "$1: doctor says that it does not" ;;
	esac
	# Of several folders the first that has one for it.
	_dir=
	for _one in $(echo "$_path" | tr : ' '); do
		[ -n "$_dir" ] || [ ! -e "$R$_one/_default" ] || _dir=$R$_one
	done
	expect_eq "... and it does" yes "$(pulled pull_anew "$_dir")"
	check "... and back" config --remove
	back "$1"
}
start_containerd
each_node one

if newer_has containerd; then
	process_end "$CONTAINERD_PID"
	rm -rf "$T/containerd"
	CLIENTS=newer GENERATION=2
	. "$TOP/tests/containerd.sh"
	start_containerd
	each_node one
	process_end "$CONTAINERD_PID"
fi

# --- podman -----------------------------------------------------------------------

# podman_pull GENERATION: as root, or as the user whose own file is there.
podman_pull()
{
	mkdir -p "$T/p" "$T/pr" "$T/home" "$R/etc/containers"
	printf '[network]\nnetwork_backend = "%s"\n' \
		"$(case $1 in 1) echo cni ;; 2) echo netavark ;; esac)" >"$T/podman.conf"
	case $1 in 1) set -- unshare -m ;; 2) set -- newer_run ;; esac
	# shellcheck disable=SC2016 # for the inner shell
	"$@" sh -euc '
	mount --bind "$1/node/etc/containers" /etc/containers
	export HOME="$1/home" CONTAINERS_CONF="$1/podman.conf"
	podman() {
		command podman --storage-driver vfs --root "$1/p" --runroot "$1/pr" "$@"
	}
	at=$1
	set -- podman --storage-driver vfs --root "$at/p" --runroot "$at/pr"
	"$@" rmi -f "$2" >/dev/null 2>&1 || :
	exec "$@" pull --signature-policy "$at/policy.json" docker.io/library/busybox:1.35
	' podman "$T"
}

generations=1
! newer_has podman || generations='1 2'
for want in "$TOP"/tests/nodes/podman/*.want; do
	name=${want##*/} name=${name%.want}
	rm -rf "$R"
	cp -r "${want%.want}" "$R"
	# Where somebody has the mirror already, it is this one.
	find "$R" -type f -exec sed -i "s,10\.0\.0\.5:5000,$MIRROR,g" {} +
	state >"$T/before"
	read -r what _ <"$want"
	[ "$what" = refused ] || check "podman: $name" "$CDR" node-config podman \
		--mirror "$URL" --client-version 5.0.0 --prefix "$R" --install
	says=$(doctor_says 'podman and CRI-O')
	for generation in $generations; do
		expect_eq "podman $generation: $name: doctor is right" "$says" \
			"$(pulled podman_pull "$generation")"
	done
	[ "$what" != refused ] || continue
	check "... and back" "$CDR" node-config podman --prefix "$R" --remove
	back "$name"
done

# --- dockerd ----------------------------------------------------------------------

# reload FILE: a dockerd that runs takes what can be changed so of that daemon.json.
reload()
{
	python3 - "$1" "$DOCKERD_AT/dockerd.json" <<'END'
import json, sys
with open(sys.argv[1], encoding="utf-8-sig") as f:
    conf = json.load(f)
kept = {k: conf[k] for k in ("registry-mirrors", "insecure-registries",
        "max-concurrent-downloads", "live-restore", "labels") if k in conf}
with open(sys.argv[2], "w") as f:
    json.dump(kept, f)
END
	kill -HUP "$DOCKERD_PID"
	wait_for 60 has_mirrors "$1" || fail "dockerd does not take the mirrors"
}

has_mirrors()
{
	docker info --format '{{json .RegistryConfig.Mirrors}}' >"$T/mirrors" &&
		grep -qF "$URL" "$T/mirrors"
}

docker_pull()
{
	docker rmi -f $IMAGE >/dev/null 2>&1 || :
	docker pull $IMAGE
}

each_docker()
{
	for want in "$TOP"/tests/nodes/docker/*.want; do
		name=${want##*/} name=${name%.want}
		read -r what path <"$want"
		[ "$what" != refused ] || continue
		rm -rf "$R"
		cp -r "${want%.want}" "$R"
		state >"$T/before"
		check "dockerd: $name" "$CDR" node-config dockerd --mirror "$URL" \
			--client-version 26.1.0 --prefix "$R" --install
		expect_eq "... doctor says so" yes "$(doctor_says dockerd)"
		reload "$R$path"
		expect_eq "... and it pulls from there" yes "$(pulled docker_pull)"
		check "... and back" "$CDR" node-config dockerd --prefix "$R" --remove
		back "$name"
		# What is no longer in the file it keeps.
		echo '{"registry-mirrors": ["http://127.0.0.1:1"]}' \
			>"$DOCKERD_AT/dockerd.json"
		kill -HUP "$DOCKERD_PID"
		wait_for 60 has_none || fail "dockerd keeps a mirror"
	done
}

has_none()
{
	! has_mirrors
}

# An IPv6 address as the mirror: the engine asks it, and so does its BuildKit.
ipv6()
{
	: >"$T/asked"
	docker pull busybox:2 >"$T/pull.out" 2>&1 || :
	grep -qxF /v2/library/busybox/manifests/2 "$T/asked" ||
		fail "$CLIENTS: it is not asked"
	ok "dockerd, $CLIENTS: an IPv6 address is asked"
	# Debian's docker needs no plug-in to speak to BuildKit.
	DOCKER_BUILDKIT=1 /usr/bin/docker build "$T/build" >"$T/build.out" 2>&1 || :
	if grep -q 'buildx component is missing' "$T/build.out"; then
		left_out BuildKit "this docker has no buildx"
		return
	fi
	grep -qxF '/v2/library/app/manifests/3?ns=docker.io' "$T/asked" ||
		fail "$CLIENTS: BuildKit does not ask it"
	ok "... by BuildKit, too"
}
python3 "$TOP/tests/nodes/nobody.py" "$T" 2>"$T/nobody.log" &
defer "process_end $!"
wait_for 60 test -s "$T/port" || fail "nobody listens"
mkdir "$T/build"
printf 'FROM app:3\nRUN true\n' >"$T/build/Dockerfile"

for CLIENTS in older newer; do
	[ $CLIENTS = older ] || part "a newer dockerd" newer/dockerd newer/docker \
		newer/containerd newer/runc || exit 0
	. "$TOP/tests/dockerd.sh"
	DOCKERD_AT=$T/$CLIENTS
	mkdir "$DOCKERD_AT"
	# BuildKit of an older one knows the mirrors of the start alone.
	"$CDR" node-config dockerd --mirror "http://[::1]:$(cat "$T/port")" \
		--client-version 26.1.0 --prefix "$DOCKERD_AT" --install \
		>"$T/installed" || fail "node-config"
	cp "$DOCKERD_AT/etc/docker/daemon.json" "$DOCKERD_AT/dockerd.json"
	start_dockerd
	! grep -qs ' lo$' /proc/net/if_inet6 || ipv6
	each_docker
	_dockerd_end
done

# What the scenarios of real clients start from: the sample images of
# scripts/sample-images in a docker-registry, a tree that the program made from
# it, and scripts/serve on that tree. Sourced; POSIX sh. All of it needs
# docker-registry, nginx, skopeo, openssl, jq and busybox.
#
#   mirror_samples       all of that. Sets $ROOT and $MIRROR, $BUSYBOX, $MODELS and
#                        $BUNDLE (digests); the images lie in $T/samples too
#                        A function mirror_more, where there is one, may push more
#                        to $UPSTREAM and set $MORE to what is to be mirrored
#   mirror_upstream      only the images and the docker-registry: sets $UPSTREAM
#   mirror_start_over    what the next two tell begins here
#   mirror_asked REGEX   the requests to nginx that match: METHOD TARGET STATUS; only
#                        those of the address $MIRROR_CLIENT, if that is set
#   mirror_saw "what" COUNT REGEX    so many of them; some: at least one
#   mirror_never_failed  no 5xx, no 401, 403, no redirect, whatever was asked
#   mirror_end_shims     no container of a containerd below $T lives on
#   mirror_unmount DIR   nothing stays mounted below DIR
#   seconds              since the machine started
# shellcheck shell=sh

MORE=

# _sample NAME: its digest.
_sample()
{
	jq -r '.manifests[0].digest' "$T/samples/$1/index.json"
}

# scripts/serve from a copy of it, whose nginx.conf has the one change that its
# comment speaks of: where requests are logged.
_mirror_serve()
{
	mkdir -p "$T/served/scripts" "$T/served/nginx"
	cp "$TOP/scripts/serve" "$T/served/scripts/"
	cp -R "$TOP"/nginx/*.conf "$TOP/nginx/page" "$T/served/nginx/"
	sed -i "s,access_log off;,access_log $T/access.log;," \
		"$T/served/nginx/nginx.conf"
	grep -qF "$T/access.log" "$T/served/nginx/nginx.conf" ||
		fail "nginx.conf has no \"access_log off;\" to change"
	_top=$TOP
	TOP=$T/served
	start_nginx "$ROOT"
	TOP=$_top
	mirror_start_over
}

mirror_upstream()
{
	uses docker-registry nginx skopeo openssl jq busybox
	for _arch in amd64 arm64; do
		[ -f "$TOP/build/cache/busybox/$_arch" ] ||
			skip "no busybox for $_arch: scripts/install-deps demo fetches it"
	done
	case ${BUSYBOX_HERE##*/} in
	amd64 | arm64) ;;
	*) skip "there is no sample image for ${BUSYBOX_HERE##*/}" ;;
	esac
	sh "$TOP/scripts/sample-images" "$T/samples" >"$T/samples.log" 2>&1 ||
		fail "the sample images cannot be made"
	start_registry
	sh "$TOP/scripts/sample-images" --push "$UPSTREAM" "$T/samples" \
		>>"$T/samples.log" 2>&1 || fail "the sample images cannot be pushed"
	BUSYBOX=$(_sample busybox)
	MODELS=$(_sample models)
	BUNDLE=$(_sample config-bundle)
	export BUSYBOX MODELS BUNDLE
}

mirror_samples()
{
	mirror_upstream
	ROOT=$T/root
	printf '{"docker.io": {"endpoint": "http://%s"}}\n' "$UPSTREAM" \
		>"$T/registries.json"
	! command -v mirror_more >/dev/null || mirror_more
	# shellcheck disable=SC2086 # references
	check "cdr sync mirrors the sample images" "$CDR" sync -r "$ROOT" \
		--registries "$T/registries.json" busybox:1.35 platform=all \
		example/models:1.0 example/config-bundle:1.0 $MORE
	# From here on the mirror is on its own.
	process_end "$UPSTREAM_PID"
	_mirror_serve
}

mirror_start_over()
{
	_asked_before=$(wc -l <"$T/access.log")
}

# The target as it came; the status is the first word behind the request line.
mirror_asked()
{
	tail -n "+$((_asked_before + 1))" "$T/access.log" |
	grep -F "${MIRROR_CLIENT:+$MIRROR_CLIENT - }" |
	sed -n 's/^[^"]*"\([A-Z]* [^ "]*\)[^"]*" \([0-9]*\) .*/\1 \2/p' |
	grep -E -e "$1" || :
}

# nginx writes a request down when it is over, which a client may see earlier.
_mirror_asked_enough()
{
	[ "$(mirror_asked "$2" | wc -l)" -ge "$1" ]
}

mirror_saw()
{
	_least=$2
	[ "$2" != some ] || _least=1
	wait_for 5 _mirror_asked_enough "$_least" "$3" ||
		fail "$1: nginx was not asked for $3"
	[ "$2" != some ] || { ok "$1"; return 0; }
	expect_eq "$1" "$2" "$(mirror_asked "$3" | wc -l)"
}

# What is no request at all, such as a client that tries TLS first, gets a 400.
mirror_never_failed()
{
	_asked_before=0
	_bad=$(mirror_asked '^[A-Z]+ /' |
		grep -vE ' (200|206|304|404|405|416)$' | sort -u)
	expect_eq "nginx gave no answer that makes a client give up" "" "$_bad"
	expect_eq "nginx's workers live" 0 \
		"$(grep -c 'exited on signal' "$T/nginx.log" || :)"
}

# A shim is made to outlive its containerd. Ours are known by the socket.
mirror_end_shims()
{
	for _shim in /proc/[0-9]*; do
		! tr '\0' ' ' 2>/dev/null <"$_shim/cmdline" |
			grep -q "^[^ ]*containerd-shim.* -address $T/" ||
			process_end "${_shim#/proc/}"
	done
}

mirror_unmount()
{
	_dir=$(readlink -f "$1")
	# The last ones first: they may lie on the others.
	awk -v dir="$_dir/" 'index($5, dir) == 1 { print $5 }' \
		/proc/self/mountinfo | sort -r |
	while read -r _mount; do
		umount -l "$_mount" 2>/dev/null || :
	done
}

seconds()
{
	cut -d . -f 1 /proc/uptime
}

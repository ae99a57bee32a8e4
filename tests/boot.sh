# A stick with boot/, and the commands of its START.md. Sourced after lib.sh, mirror.sh
# and k8s/pods.sh; POSIX sh. Needs cdr, boot, python3, ssh-keygen, openssl and
# what mirror_upstream needs.
#
#   boot_images            a tree with images of nginx, cdr and pause, and busybox:
#                          $ROOT
#   boot_stick             the tree's bundle with boot/, signed: $T/stick, $T/sender.pub
#   boot_commands WAY FILE what START.md says for that way, one command a line
# shellcheck shell=sh

BOOT_ARCH=$(dpkg --print-architecture)
export BOOT_ARCH

# _boot_image NAME REF ROOTFS CONFIG: into the tree, by way of an OCI layout.
_boot_image()
{
	python3 "$TOP/tests/layout.py" "$T/layouts/$1" "${2##*:}" "$BOOT_ARCH" \
		"$3" "$4" >"$T/layout.log" 2>&1 ||
		fail "no image can be made of $3"
	check "$2 is in the tree" "$CDR" sync -q -r "$ROOT" \
		--from "oci:$T/layouts/$1:${2%:*}" "$2"
}

boot_images()
{
	uses python3
	mirror_upstream
	ROOT=$T/root
	printf '{"docker.io": {"endpoint": "http://%s"}}\n' "$UPSTREAM" \
		>"$T/registries.json"
	check "a tree" "$CDR" sync -q -r "$ROOT" --registries "$T/registries.json" \
		busybox:1.35 platform=all
	process_end "$UPSTREAM_PID"
	pod_rootfs_nginx "$T/nginx.rootfs"
	_boot_image nginx docker.io/library/nginx:1.28 "$T/nginx.rootfs" \
		'{"Env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]}'
	mkdir -p "$T/cdr.rootfs/usr/bin"
	cp "$TOP/build/static/cdr" "$T/cdr.rootfs/usr/bin/cdr"
	_boot_image cdr localhost/cdr:0.1.0 "$T/cdr.rootfs" \
		'{"Entrypoint": ["/usr/bin/cdr"]}'
	mkdir -p "$T/pause.rootfs"
	cp "$BUSYBOX_HERE" "$T/pause.rootfs/pause"
	_boot_image pause registry.k8s.io/pause:3.10 "$T/pause.rootfs" \
		'{"Entrypoint": ["/pause"]}'
}

boot_stick()
{
	uses boot ssh-keygen openssl
	CDR_BOOT=$TOP/build/boot
	export CDR_BOOT
	openssl genpkey -algorithm ed25519 -out "$T/key.pem" 2>"$T/openssl.log"
	chmod 600 "$T/key.pem"
	# The key as OpenSSH has it: a type, and the 32 bytes behind it.
	{
		printf '\000\000\000\013ssh-ed25519\000\000\000\040'
		openssl pkey -in "$T/key.pem" -pubout -outform DER | tail -c 32
	} | base64 -w 0 | sed 's/^/ssh-ed25519 /; s/$/ sender\n/' >"$T/sender.pub"
	mkdir "$T/stick"
	check "a stick" "$CDR" export -r "$ROOT" --site centre --sign "$T/key.pem" \
		--boot "$BOOT_ARCH" --to "$T/stick" busybox:1.35
}

boot_commands()
{
	sed -n "/^<!-- $1 -->\$/,/^\$/s/^    //p" "$T/stick/boot/START.md" >"$2"
	[ -s "$2" ] || fail "START.md has nothing for $1"
}

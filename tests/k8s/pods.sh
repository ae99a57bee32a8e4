# Containers of the manifests, run by runc as the manifests say. Sourced after
# lib.sh and mirror.sh; POSIX sh.
#
#   pods_need               skips by name where no container runs
#   pods_need_exec          and where nothing can be put into one that runs
#   pod_rootfs_cdr DIR      what the image has, from the program under test, and
#                           $T/cdr.json, its configuration
#   pod_rootfs_nginx DIR    Debian's nginx as the stock image has its own, and busybox
#                           for its shell; $T/nginx.json
#   pod_make ID ROOTFS YAML KIND/NAME[/CONTAINER] IMAGE.json ARGUMENT...
#                           the bundle $T/pods/ID of tests/k8s/pod.py, to which the
#                           arguments go
#   pod_args ID WORD...     another command in it; pod_unlimited ID: without limits
#   pod_run ID              runs it to its end
#   pod_start ID            in the background: $POD_PID is runc, log $T/ID.log
#   pod_exec ID COMMAND...  another process in it, as the same user
#   pod_kill ID SIGNAL      to its first process
# shellcheck shell=sh

_runc()
{
	runc --root "$T/runc" "$@"
}

pods_need()
{
	uses root runc python3 python3-yaml jq busybox
	[ -f /usr/share/containers/seccomp.json ] ||
		skip "no seccomp profile here: podman and buildah bring it"
	mkdir -p "$T/pods/control/rootfs/bin"
	cp "$BUSYBOX_HERE" "$T/pods/control/rootfs/bin/busybox"
	(cd "$T/pods/control" && runc spec &&
		jq '.process.args = ["/bin/busybox", "true"] |
		    .process.terminal = false | del(.process.rlimits) |
		    .linux.resources.memory = {limit: 33554432}' config.json \
		    >config.new && mv config.new config.json)
	_runc run --bundle "$T/pods/control" "control-$$" >"$T/control.log" 2>&1 ||
		skip "no container runs here: $(tail -n 1 "$T/control.log")"
}

_is_running()
{
	[ "$(_runc state "$1" 2>/dev/null | jq -r .status)" = running ]
}

# In a plain chroot it would see the machine's root in place of the container's: so it is
# asked for a file that no machine has, also not one with a busybox.
pods_need_exec()
{
	_own=pods-need-exec-$$
	mkdir -p "$T/pods/control/rootfs/$_own"
	ln -f "$T/pods/control/rootfs/bin/busybox" "$T/pods/control/rootfs/$_own/busybox"
	(cd "$T/pods/control" && jq '.process.args = ["/bin/busybox", "sleep", "60"]' \
		config.json >config.new && mv config.new config.json)
	_runc run --bundle "$T/pods/control" "exec-$$" >"$T/control.log" 2>&1 &
	_runs=$!
	defer "_runc delete --force 'exec-$$' >/dev/null 2>&1 || :"
	wait_for 20 _is_running "exec-$$" || skip "no container runs here"
	_rc=0
	_runc exec "exec-$$" "/$_own/busybox" true >"$T/control.log" 2>&1 || _rc=$?
	_runc delete --force "exec-$$" >/dev/null 2>&1 || :
	wait $_runs || :
	[ $_rc -eq 0 ] ||
		skip "nothing runs in a container that runs: $(tail -n 1 "$T/control.log")"
}

# The Containerfile says the same.
pod_rootfs_cdr()
{
	mkdir -p "$T/program"
	ln -sfn "$CDR" "$T/program/cdr"
	sh "$TOP/k8s/image/rootfs" "$1" "$T/program/cdr" >"$T/rootfs.log" 2>&1 ||
		fail "the image's file system cannot be made"
	echo '{"config": {"Env": ["PATH=/usr/bin"], "User": "65532:65532",
	    "Entrypoint": ["/usr/bin/cdr"]}}' >"$T/cdr.json"
}

# Modules come first: the last one is a program, and names the loader.
_pod_nginx()
{
	_modules=/usr/lib/nginx/modules
	set --
	for _module in "$_modules"/*.so; do
		[ ! -e "$_module" ] || set -- "$@" "$_module"
	done
	sh "$TOP/k8s/image/rootfs" "$_dir" "$@" "$(command -v nginx)" \
		>>"$T/rootfs.log" 2>&1 || fail "nginx's file system cannot be made"
	mkdir -p "$_dir/usr/sbin" "$_dir$_modules"
	for _module; do
		mv "$_dir/usr/bin/${_module##*/}" "$_dir$_modules/"
	done
	mv "$_dir/usr/bin/nginx" "$_dir/usr/sbin/"
	# What glibc loads when a thread is told to end: no program is linked with it.
	cp "$(cc -print-file-name=libgcc_s.so.1)" \
		"$(dirname "$(find "$_dir" -name libc.so.6)")/"
}

pod_rootfs_nginx()
{
	uses nginx busybox
	_dir=$1
	if [ "${WITH_NGINX-}" = newer ]; then
		newer_nginx_rootfs "$_dir" || fail "nginx's file system cannot be made"
	else
		_pod_nginx
	fi
	mkdir -p "$_dir/bin"
	cp "$BUSYBOX_HERE" "$_dir/bin/busybox"
	for _applet in sh mkdir sleep kill cat sha256sum; do
		ln "$_dir/bin/busybox" "$_dir/bin/$_applet"
	done
	# Whose workers are when it is root that starts it.
	echo 'nobody:x:65534:65534::/:/sbin/nologin' >>"$_dir/etc/passwd"
	printf 'nobody:x:65534:\nnogroup:x:65534:\n' >>"$_dir/etc/group"
	echo '{"config": {"Env": ["PATH=/bin:/usr/sbin:/usr/bin"]}}' >"$T/nginx.json"
}

pod_make()
{
	_bundle=$T/pods/$1
	mkdir -p "$_bundle"
	ln -sfn "$2" "$_bundle/rootfs"
	rm -f "$_bundle/config.json"
	(cd "$_bundle" && runc spec)
	_yaml=$3 _name=$4 _image=$5
	shift 5
	python3 "$TOP/tests/k8s/pod.py" "$_bundle" "$_yaml" "$_name" "$_image" "$@" \
		>"$T/pod.log" 2>&1 || fail "the manifest makes no container"
	# The real path: runc does not follow a link.
	# shellcheck disable=SC2016 # for jq
	_pod_edit "${_bundle##*/}" --arg path "$(readlink -f "$_bundle/rootfs")" \
		'.root.path = $path'
}

# _pod_edit ID JQ-ARGUMENT...
_pod_edit()
{
	_config=$T/pods/$1/config.json
	shift
	jq "$@" <"$_config" >"$_config.new" && mv "$_config.new" "$_config"
}

pod_args()
{
	_id=$1
	shift
	# shellcheck disable=SC2016 # for jq
	_pod_edit "$_id" '.process.args = $ARGS.positional' --args "$@"
}

pod_unlimited()
{
	_pod_edit "$1" 'del(.linux.resources.memory, .linux.resources.cpu)'
}

# Identifiers are the machine's, because of the cgroups.
pod_run()
{
	_runc run --bundle "$T/pods/$1" "cdr-$$-$1"
}

_pod_delete()
{
	_runc delete --force "cdr-$$-$1" >/dev/null 2>&1 || :
}

pod_start()
{
	# A process of its own, for who waits for it: exec.
	( exec runc --root "$T/runc" run --bundle "$T/pods/$1" "cdr-$$-$1" ) \
		</dev/null >"$T/$1.log" 2>&1 &
	POD_PID=$!
	export POD_PID
	defer "_pod_delete '$1'"
}

pod_exec()
{
	_id=$1
	shift
	_runc exec "cdr-$$-$_id" "$@"
}

pod_kill()
{
	_runc kill "cdr-$$-$1" "$2"
}

# pod_words YAML KIND/NAME JQ: words of the container's manifest, one a line.
pod_words()
{
	python3 -c '
import json, sys
sys.path.insert(0, sys.argv[3])
import objects
obj = objects.find(objects.load(sys.argv[1]), *sys.argv[2].split("/"))
print(json.dumps(objects.template_of(obj)["spec"]))
' "$1" "$2" "$TOP/tests/k8s" | jq -r "$3"
}

#!/bin/sh
# The busybox that containerd pulled from the mirror runs. Where the machine lets no
# container run, not even one that never saw the mirror, this is skipped.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/mirror.sh"
. "$TOP/tests/containerd.sh"

need cdr root docker-registry nginx containerd ctr runc skopeo openssl jq \
	busybox
mirror_samples
start_containerd

# The control: the same program in a folder.
mkdir -p "$T/control/bin" "$T/control/proc" "$T/control/dev" "$T/control/sys"
cp "$BUSYBOX_HERE" "$T/control/bin/busybox"
ctr_at run --rm --rootfs "$T/control" control /bin/busybox echo control \
	>"$T/run" 2>&1 || skip "no container runs here: $(tail -n 1 "$T/run")"
expect_eq "a container runs here" control "$(tail -n 1 "$T/run")"

mkdir -p "$T/hosts/docker.io"
cat >"$T/hosts/docker.io/hosts.toml" <<END
server = "http://$MIRROR"
[host."http://$MIRROR"]
capabilities = ["pull", "resolve"]
END
name=docker.io/library/busybox:1.35
check "pull" ctr_pull "$T/hosts" $name
run()
{
	ctr_at run --rm --snapshotter native $name "$@"
}
check "it runs a program" run one echo hello
expect_eq "which does what it does" hello "$(cat "$T/stdout")"
check "its applets are links that work" run two \
	sh -c 'ls -l /bin/sha256sum && sha256sum /bin/busybox | cut -d " " -f 1'
expect_eq "the program is the one that went in" \
	"$(sha256sum <"$BUSYBOX_HERE" | cut -d ' ' -f 1)" \
	"$(tail -n 1 "$T/stdout")"
expect_rc "its exit code comes back" 7 run three sh -c 'exit 7'
mirror_never_failed

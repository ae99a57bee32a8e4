#!/bin/sh
# The busybox that dockerd pulled from the mirror runs. Where the machine lets no
# container run, not even one that never saw the mirror, this is skipped.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/mirror.sh"
. "$TOP/tests/dockerd.sh"

need cdr root docker-registry nginx dockerd docker containerd runc skopeo \
	openssl jq busybox
mirror_samples
start_dockerd --registry-mirror "http://$MIRROR"

docker run --rm --network none control:1 /bin/busybox echo control \
	>"$T/run" 2>&1 || skip "no container runs here: $(tail -n 1 "$T/run")"
expect_eq "a container runs here" control "$(tail -n 1 "$T/run")"

run()
{
	docker run --rm --network none "$@"
}
check "pull and run" run busybox:1.35 echo hello
expect_eq "it does what it does" hello "$(cat "$T/stdout")"
check "by digest" run "busybox@$BUSYBOX" \
	sh -c 'sha256sum /bin/busybox | cut -d " " -f 1'
expect_eq "the program is the one that went in" \
	"$(sha256sum <"$BUSYBOX_HERE" | cut -d ' ' -f 1)" \
	"$(tail -n 1 "$T/stdout")"
expect_rc "its exit code comes back" 7 run busybox:1.35 sh -c 'exit 7'
mirror_never_failed

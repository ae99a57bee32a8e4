#!/bin/sh
# containerd, told by hosts.toml where docker.io's mirror is, pulls and unpacks the
# sample images by tag and by digest; it says ns=docker.io with each request. What
# is not there is "not found". The three ways to write the mirror's address work.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/mirror.sh"
. "$TOP/tests/containerd.sh"

need cdr root docker-registry nginx containerd ctr runc skopeo openssl jq \
	busybox
mirror_samples
start_containerd

# hosts NAME URL [LINE]: only the mirror; nobody listens on port 1.
hosts()
{
	mkdir -p "$T/$1/docker.io"
	cat >"$T/$1/docker.io/hosts.toml" <<END
server = "http://127.0.0.1:1"
[host."$2"]
capabilities = ["pull", "resolve"]
${3-}
END
}
hosts plain "http://$MIRROR"
hosts prefix "http://$MIRROR/docker.io"
hosts override "http://$MIRROR/v2/docker.io" 'override_path = true'

# digest REF: of an image that containerd has.
digest()
{
	ctr_at images ls "name==$1" | awk 'NR > 1 { print $3 }'
}

name=docker.io/library/busybox
check "pull a tag" ctr_pull "$T/plain" $name:1.35
expect_eq "its digest" "$BUSYBOX" "$(digest $name:1.35)"
mirror_saw "the tag was asked for, with ns" 1 \
	'^HEAD /v2/library/busybox/manifests/1.35\?ns=docker.io 200$'
mirror_saw "so were a config and a layer" 2 \
	'^GET /v2/library/busybox/blobs/.*\?ns=docker.io 20[06]$'
expect_eq "and all else" "" "$(mirror_asked '^[A-Z]+ /' |
	grep -v '?ns=docker.io ' || :)"
check "a digest" ctr_pull "$T/plain" "$name@$BUSYBOX"
expect_eq "its digest" "$BUSYBOX" "$(digest "$name@$BUSYBOX")"
check "a large one" ctr_pull "$T/plain" docker.io/example/models:1.0
expect_eq "its digest" "$MODELS" "$(digest docker.io/example/models:1.0)"

# What containerd holds now is what was made.
ctr_at content ls -q >"$T/content"
[ "$(wc -l <"$T/content")" -ge 9 ] || fail "containerd has lost something"
while read -r digest; do
	ctr_at content get "$digest" >"$T/object"
	expect_eq "$digest" "${digest#*:}" "$(sha256sum <"$T/object" |
		cut -d ' ' -f 1)"
done <"$T/content"

for how in prefix override; do
	ctr_at images rm --sync $name:1.35 "$name@$BUSYBOX" >/dev/null
	mirror_start_over
	check "pull through \"$how\"" ctr_pull "$T/$how" $name:1.35
	expect_eq "its digest" "$BUSYBOX" "$(digest $name:1.35)"
	mirror_saw "nginx was asked" some \
		'^HEAD .*docker.io.*/1.35\?ns=docker.io 200$'
done

# The only server that there is.
hosts only "http://$MIRROR"
sed -i "s,http://127.0.0.1:1\",http://$MIRROR\"," "$T/only/docker.io/hosts.toml"
none=sha256:$(printf %064d 0)
for ref in $name:none "$name@$none" docker.io/library/none:1; do
	mirror_start_over
	began=$(seconds)
	expect_rc "$ref is not there" 1 ctr_pull "$T/only" "$ref"
	expect_said "containerd knows that it is not" 'not found'
	[ $(($(seconds) - began)) -lt 10 ] || fail "it took too long"
	mirror_saw "it asked" some '/(manifests|blobs)/.* 404$'
done

# Another repository's manifest: containerd then asks for it as a blob, and would
# keep what it got with the wrong type.
mirror_start_over
expect_rc "a manifest of another repository" 1 ctr_pull "$T/only" \
	"docker.io/example/models@$BUSYBOX"
expect_said "is not found" 'not found'
mirror_saw "nor is it there as a blob" some "^HEAD .*/blobs/$BUSYBOX.* 404\$"
mirror_never_failed

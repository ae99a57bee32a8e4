#!/bin/sh
# containerd 2 pulls and unpacks from the mirror, by tag and by digest, with each way
# that hosts.toml has to write its address; through its transfer service, with several
# ranges of a layer at once; as ctr does it by itself; and through CRI, as kubelet does.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/mirror.sh"
# shellcheck source=tests/newer.sh
. "$TOP/tests/newer.sh"
CLIENTS=newer
. "$TOP/tests/containerd.sh"

need cdr root docker-registry nginx skopeo openssl python3 jq curl busybox \
	newer/containerd newer/ctr newer/runc
mirror_samples

# hosts NAME FOLDER URL [LINE]: only the mirror; nobody listens on port 1.
hosts()
{
	mkdir -p "$T/$1/$2"
	cat >"$T/$1/$2/hosts.toml" <<END
server = "http://127.0.0.1:1"
[host."$3"]
capabilities = ["pull", "resolve"]
${4-}
END
}
hosts plain docker.io "http://$MIRROR"
hosts prefix docker.io "http://$MIRROR/docker.io"
hosts override docker.io "http://$MIRROR/v2/docker.io" 'override_path = true'
hosts default _default "http://$MIRROR"
cp -r "$T/default" "$T/cri"

# Ranges of half a MiB; layers have 1, 8, 16 and 32 MiB.
arch=${BUSYBOX_HERE##*/}
CONTAINERD_CONFIG=$T/more.toml
cat >"$CONTAINERD_CONFIG" <<END
[plugins."io.containerd.cri.v1.images"]
snapshotter = "native"
concurrent_layer_fetch_buffer = 524288
[plugins."io.containerd.cri.v1.images".registry]
config_path = "$T/cri"
[plugins."io.containerd.cri.v1.runtime"]
restrict_oom_score_adj = true
[plugins."io.containerd.cri.v1.runtime".cni]
conf_dir = "$T/cni"
bin_dirs = ["$T/cni"]
[plugins."io.containerd.nri.v1.nri"]
disable = true
[plugins."io.containerd.transfer.v1.local"]
concurrent_layer_fetch_buffer = 524288
max_concurrent_downloads = 3
[[plugins."io.containerd.transfer.v1.local".unpack_config]]
platform = "linux/$arch"
snapshotter = "native"
END
mkdir "$T/cni"
start_containerd
ctr_at version | sed -n '/Server/,$s/^ *Version: */containerd /p' | head -n 1

digest()
{
	ctr_at images ls "name==$1" | awk 'NR > 1 { print $3 }'
}
name=docker.io/library/busybox
shape()
{
	mirror_start_over
	for ref in $name:1.35 "$name@$BUSYBOX"; do
		# shellcheck disable=SC2086 # words
		check "$1: $ref" ctr_at images pull $3 --snapshotter native \
			--hosts-dir "$T/$2" "$ref"
		expect_eq "$1: its digest" "$BUSYBOX" "$(digest "$ref")"
		ctr_at images rm --sync "$ref" >/dev/null
	done
	mirror_saw "$1: the tag" some "^HEAD $4/manifests/1\\.35\\?ns=docker.io 200\$"
	mirror_saw "$1: the digest" some \
		"^(HEAD|GET) $4/manifests/$BUSYBOX\\?ns=docker.io 20[06]\$"
	mirror_saw "$1: config and layer" some \
		"^GET $4/blobs/sha256:[0-9a-f]*\\?ns=docker.io 20[06]\$"
	expect_eq "$1: and nothing else" "" "$(mirror_asked '^[A-Z]+ /' |
		grep -vE "^[A-Z]+ $4/(manifests|blobs)/[^?]*\\?ns=docker.io 20[06]\$" || :)"
}
shape "plain host" plain "" /v2/library/busybox
shape "plain host, ctr itself" plain --local /v2/library/busybox
shape "path" prefix "" /docker.io/v2/library/busybox
shape "override_path" override "" /v2/docker.io/library/busybox
shape "_default" default "" /v2/library/busybox

# All platforms, and large layers: what it holds then is what was made.
check "all platforms" ctr_at images pull --local --all-platforms \
	--snapshotter native --hosts-dir "$T/plain" $name:1.35
mirror_start_over
check "a large one" ctr_at images pull --snapshotter native \
	--hosts-dir "$T/plain" docker.io/example/models:1.0
expect_eq "its digest" "$MODELS" "$(digest docker.io/example/models:1.0)"
[ "$(mirror_asked '^GET .*/blobs/.* 206$' | wc -l)" -ge 20 ] ||
	fail "there were few ranges: concurrent_layer_fetch_buffer does nothing"
ok "layers came in many ranges"
ctr_at content ls -q >"$T/content"
[ "$(wc -l <"$T/content")" -ge 12 ] || fail "containerd has lost something"
while read -r digest; do
	ctr_at content get "$digest" </dev/null >"$T/object"
	expect_eq "$digest" "${digest#*:}" "$(sha256sum <"$T/object" |
		cut -d ' ' -f 1)"
done <"$T/content"

# As kubelet asks: runtime.v1.ImageService/PullImage with the image's name, which
# is one string in two messages, over gRPC, which is a POST of HTTP/2.
cri_pull()
{
	python3 - "$1" >"$T/cri.request" <<'END'
import sys

def field(data):
    assert len(data) < 128
    return b"\x0a" + bytes([len(data)]) + data

message = field(field(sys.argv[1].encode()))
sys.stdout.buffer.write(b"\0" + len(message).to_bytes(4, "big") + message)
END
	curl -sS --unix-socket "$T/containerd/socket" --http2-prior-knowledge \
		-H 'content-type: application/grpc' -H 'te: trailers' \
		--data-binary "@$T/cri.request" -D "$T/cri.headers" -o "$T/cri.answer" \
		http://localhost/runtime.v1.ImageService/PullImage
	tr -d '\r' <"$T/cri.headers" | sed -n 's/^grpc-//p'
}
[ "$(ctr_at plugins ls | awk '$2 == "cri" { print $NF }')" = ok ] || skip "CRI does not start here: $(
	grep -o 'failed to load plugin.*' "$T/containerd.log" | head -n 1)"
for ref in $name:1.35 "$name@$BUSYBOX"; do
	mirror_start_over
	expect_eq "CRI pulls $ref" "status: 0" "$(cri_pull "$ref" | grep status)"
	expect_eq "its digest" "$BUSYBOX" "$(ctr_at -n k8s.io images ls "name==$ref" |
		awk 'NR > 1 { print $3 }')"
	mirror_saw "from the mirror" some \
		"^HEAD /v2/library/busybox/manifests/${ref##*busybox?}\\?ns=docker.io 200\$"
done
mirror_start_over
expect_eq "what is not there" "status: 5" "$(cri_pull $name:none | grep status)"
mirror_saw "it asked" some '/manifests/none.* 404$'
mirror_never_failed

#!/bin/sh
# The demo's sample images are real ones: skopeo and umoci read them, each
# platform has a program of its own architecture, the busybox runs, a registry
# takes all three without changing a byte, and a second run makes the same.
. "$(dirname "$0")/../lib.sh"

need docker-registry skopeo umoci jq curl busybox
for arch in amd64 arm64; do
	[ -f "$TOP/build/cache/busybox/$arch" ] ||
		skip "no busybox for $arch: scripts/install-deps demo fetches it"
done

digest_in() { jq -r '.manifests[0].digest' "$1/index.json"; }
skopeo_raw() { skopeo --insecure-policy inspect --raw "$@"; }

check "images are made" sh "$TOP/scripts/sample-images" "$T/a"
(
	umask 077
	sh "$TOP/scripts/sample-images" "$T/b" >"$T/second.log"
)
check "a second run, with another umask, makes the same" diff -r "$T/a" "$T/b"

# Names are digests, sizes are those that the descriptors tell.
for blob in "$T"/a/*/blobs/sha256/*; do
	sum=$(sha256sum "$blob")
	[ "${sum%% *}" = "${blob##*/}" ] || fail "$blob has another content"
done
for layout in "$T"/a/*; do
	for json in "$layout/index.json" "$layout"/blobs/sha256/*; do
		[ "$(head -c 1 "$json")" = '{' ] || continue
		jq -r --arg in "$layout/blobs/sha256/" '.. | objects |
		    select(has("digest")) |
		    "\($in)\(.digest | ltrimstr("sha256:")) \(.size)"' "$json"
	done
done >"$T/descriptors"
while read -r file size; do
	[ "$(stat -c %s "$file")" -eq "$size" ] ||
		fail "$file is not of $size bytes"
done <"$T/descriptors"
expect_eq "there are 16 descriptors" 16 "$(wc -l <"$T/descriptors")"
ok "digests and sizes are right"

# ELF: the low byte of e_machine, at 18, is 62 for x86-64 and 183 for AArch64.
for pair in amd64:62 arm64:183; do
	arch=${pair%:*}
	check "skopeo copies $arch alone" skopeo --insecure-policy \
	    --override-arch "$arch" --override-os linux copy \
	    "oci:$T/a/busybox:1.35" "oci:$T/$arch:1.35"
	check "umoci unpacks $arch" umoci unpack --rootless \
	    --image "$T/$arch:1.35" "$T/$arch.bundle"
	program=$T/$arch.bundle/rootfs/bin/busybox
	expect_eq "its program is for $arch" "${pair#*:}" \
	    "$(od -An -j18 -N1 -tu1 "$program" | tr -d ' ')"
	expect_eq "sh is a link to it" busybox \
	    "$(readlink "$T/$arch.bundle/rootfs/bin/sh")"
	if [ "$arch" = "$(dpkg --print-architecture)" ]; then
		expect_eq "it runs" hello "$("$program" echo hello)"
	fi
	expect_eq "its command is sh" '["sh"]' "$(jq -c .process.args \
	    "$T/$arch.bundle/config.json")"
done

check "umoci unpacks the models" umoci unpack --rootless \
    --image "$T/a/models:1.0" "$T/models.bundle"
expect_eq "there are three parts: 8, 16, 32 MiB" "8388608 16777216 33554432" \
    "$(stat -c %s "$T"/models.bundle/rootfs/models/* | paste -s -d ' ')"
# Not all zero, and not easily compressed away.
packed=$(gzip -1 <"$T/models.bundle/rootfs/models/part-1.bin" | wc -c)
[ "$packed" -gt 8000000 ] || fail "part-1 compresses to $packed bytes"
ok "their bytes look like noise"

start_registry
check "a registry takes them" \
    sh "$TOP/scripts/sample-images" --push "$UPSTREAM" "$T/a"
for pair in busybox=library/busybox:1.35 models=example/models:1.0 \
    config-bundle=example/config-bundle:1.0; do
	reference=${pair#*=}
	url=http://$UPSTREAM/v2/${reference%:*}/manifests/${reference##*:}
	sum=$(curl -sf -H 'Accept: */*' \
	    -H 'Accept: application/vnd.oci.image.index.v1+json' \
	    -H 'Accept: application/vnd.oci.image.manifest.v1+json' "$url" |
	    sha256sum)
	expect_eq "$reference is there, unchanged" \
	    "$(digest_in "$T/a/${pair%%=*}")" "sha256:${sum%% *}"
done
skopeo_raw --tls-verify=false "docker://$UPSTREAM/library/busybox:1.35" \
    >"$T/index"
expect_eq "with both platforms" "amd64 arm64/v8" "$(jq -r '[.manifests[].platform |
    [.architecture, .variant // empty] | join("/")] | join(" ")' "$T/index")"
expect_eq "the bundle says what it is" \
    application/vnd.example.config.bundle.v1 \
    "$(skopeo_raw --tls-verify=false \
    "docker://$UPSTREAM/example/config-bundle:1.0" | jq -r .artifactType)"

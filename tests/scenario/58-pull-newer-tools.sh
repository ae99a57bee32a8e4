#!/bin/sh
# Today's skopeo, podman, crane and oras read from the mirror: tags and digests, one
# platform and all of them, artifacts and who refers to them. What comes is what was
# made, and what is not there is known as that.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/mirror.sh"
# shellcheck source=tests/newer.sh
. "$TOP/tests/newer.sh"

need cdr root docker-registry nginx skopeo openssl python3 jq busybox \
	newer/skopeo newer/podman newer/crane newer/oras

mirror_more()
{
	SBOM=$(craft artifact library/busybox:sbom --subject "$BUSYBOX" \
		--artifact-type application/vnd.example.sbom)
	MORE=library/busybox:sbom
}
mirror_samples
none=sha256:$(printf %064d 0)
arm64=$(jq -r '.manifests[] | select(.platform.architecture == "arm64").digest' \
	"$T/samples/busybox/blobs/sha256/${BUSYBOX#*:}")

# A folder for what a reference gave: a path with a colon in it is no layout's.
folder()
{
	case $1 in
	@*) echo "$2-digest" ;;
	*) echo "$2-tag" ;;
	esac
}

# same "what" SAMPLE LAYOUT: all objects of the sample are there, and no other
same()
{
	expect_eq "$1: the digest" \
		"$(jq -r '.manifests[0].digest' "$T/samples/$2/index.json")" \
		"$(jq -r '.manifests[0].digest' "$T/$3/index.json")"
	check "$1: all its objects" diff -r "$T/samples/$2/blobs" "$T/$3/blobs"
}

# --- containers/image: podman, CRI-O, skopeo, buildah -----------------------------

# Nobody listens on port 1: what comes, comes from the mirror.
cat >"$T/registries.conf" <<END
[[registry]]
prefix = "docker.io"
location = "127.0.0.1:1"
insecure = true
[[registry.mirror]]
location = "$MIRROR/docker.io"
insecure = true
END
echo '{"default": [{"type": "insecureAcceptAnything"}]}' >"$T/policy.json"
skopeo_at()
{
	newer_run skopeo --registries-conf "$T/registries.conf" \
		--policy "$T/policy.json" "$@"
}
newer_run skopeo --version
for ref in :1.35 "@$BUSYBOX"; do
	mirror_start_over
	check "skopeo copies busybox$ref" skopeo_at copy -q --all --preserve-digests \
		"docker://docker.io/library/busybox$ref" "oci:$T/$(folder "$ref" skopeo):x"
	same "skopeo, busybox$ref" busybox "$(folder "$ref" skopeo)"
	mirror_saw "it asked for it there" 1 \
		"^GET /v2/docker.io/library/busybox/manifests/${ref#?} 200\$"
	check "skopeo, one platform of busybox$ref" skopeo_at copy -q \
		--override-arch arm64 "docker://docker.io/library/busybox$ref" \
		"oci:$T/$(folder "$ref" arm64):x"
	expect_eq "it is that platform's" "$arm64" \
		"$(jq -r '.manifests[0].digest' "$T/$(folder "$ref" arm64)/index.json")"
done
check "skopeo, an artifact" skopeo_at copy -q --preserve-digests \
	docker://docker.io/example/config-bundle:1.0 "oci:$T/skopeo-bundle:x"
same "skopeo, an artifact" config-bundle skopeo-bundle

podman_at()
{
	newer_run env CONTAINERS_REGISTRIES_CONF="$T/registries.conf" podman \
		--root "$T/podman" --runroot "$T/podman.run" \
		--tmpdir "$T/podman.tmp" --storage-driver vfs \
		--events-backend none --cgroup-manager cgroupfs "$@"
}
podman_pull()
{
	podman_at pull -q --signature-policy "$T/policy.json" "$@"
}
newer_run podman --version
name=docker.io/library/busybox
mirror_start_over
check "podman pulls a tag" podman_pull $name:1.35
id=$(tail -n 1 "$T/stdout")
podman_at image inspect $name:1.35 >"$T/image.json"
expect_eq "its digest" "$name@$BUSYBOX" \
	"$(jq -r '.[0].RepoDigests[]' "$T/image.json" | grep -F "$BUSYBOX")"
mirror_saw "podman asked for the tag there" 1 \
	'^GET /v2/docker.io/library/busybox/manifests/1.35 200$'
check "the program in it" cmp "$BUSYBOX_HERE" \
	"$(find "$T/podman/vfs" -path '*/bin/busybox' -type f)"
check "its name goes" podman_at rmi --force "$id"
check "podman pulls a digest" podman_pull "$name@$BUSYBOX"
expect_eq "the same image" "$id" "$(tail -n 1 "$T/stdout")"
check "podman pulls another platform" podman_pull --platform linux/arm64 $name:1.35
expect_eq "it is that platform's" arm64 "$(podman_at image inspect -f \
	'{{.Architecture}}' "$(tail -n 1 "$T/stdout")")"
expect_rc "what is not there" 125 podman_pull $name:none

# --- go-containerregistry: crane, kaniko, Flux, Trivy -----------------------------

crane_at()
{
	newer_run crane --insecure "$@"
}
for at in library docker.io/library; do
	for ref in :1.35 "@$BUSYBOX"; do
		repo=$MIRROR/$at/busybox
		mirror_start_over
		check "crane digest $at/busybox$ref" crane_at digest "$repo$ref"
		expect_eq "it is" "$BUSYBOX" "$(cat "$T/stdout")"
		mirror_saw "crane trusts HEAD" 1 \
			"^HEAD /v2/$at/busybox/manifests/${ref#?} 200\$"
		check "crane manifest $at/busybox$ref" crane_at manifest "$repo$ref"
		expect_eq "its bytes" "$BUSYBOX" "sha256:$(sha256sum <"$T/stdout" |
			cut -c -64)"
		rm -rf "$T/crane"
		check "crane pull $at/busybox$ref" crane_at pull --format oci \
			"$repo$ref" "$T/crane"
		same "crane pull $at/busybox$ref" busybox crane
		check "crane, one platform" crane_at pull --format oci \
			--platform linux/arm64 "$repo$ref" "$T/crane-one"
		expect_eq "it is that platform's" "$arm64" \
			"$(jq -r '.manifests[0].digest' "$T/crane-one/index.json")"
		rm -rf "$T/crane-one"
	done
done
check "crane ls" crane_at ls "$MIRROR/library/busybox"
expect_eq "the tags" "1.35 sbom" "$(paste -s -d ' ' "$T/stdout")"
check "crane catalog" crane_at catalog "$MIRROR"
expect_said "it has what is here" '^docker.io/example/models$'
check "crane validate" crane_at validate --remote "$MIRROR/example/models:1.0"
for ref in busybox:none "busybox@$none" none:1; do
	expect_rc "crane, $ref" 1 crane_at manifest "$MIRROR/library/$ref"
	expect_said "it knows that it is not there" 'MANIFEST_UNKNOWN|NAME_UNKNOWN'
done

# --- oras-go: oras, Helm -----------------------------------------------------------

oras_at()
{
	_verb=$1
	shift
	# shellcheck disable=SC2086 # words
	newer_run oras $_verb --plain-http "$@"
}
newer_run oras version | sed -n 's/^Version: */oras /p'
repo=$MIRROR/docker.io/library/busybox
for ref in :1.35 "@$BUSYBOX"; do
	check "oras resolve busybox$ref" oras_at resolve "$repo$ref"
	expect_eq "it is" "$BUSYBOX" "$(cat "$T/stdout")"
	check "oras manifest fetch busybox$ref" oras_at "manifest fetch" "$repo$ref"
	expect_eq "its bytes" "$BUSYBOX" "sha256:$(sha256sum <"$T/stdout" | cut -c -64)"
	check "oras, one platform" oras_at "manifest fetch" --descriptor \
		--platform linux/arm64 "$repo$ref"
	expect_eq "it is that platform's" "$arm64" "$(jq -r .digest "$T/stdout")"
	check "oras cp busybox$ref" newer_run oras cp --from-plain-http \
		--to-oci-layout "$repo$ref" "$T/$(folder "$ref" oras):x"
	check "all its objects" diff -r "$T/samples/busybox/blobs" "$T/$(folder "$ref" oras)/blobs"
done
mirror_start_over
check "oras pull" oras_at pull -o "$T/bundle" \
	"$MIRROR/docker.io/example/config-bundle:1.0"
expect_eq "its files" "features.json values.yaml" \
	"$(cd "$T/bundle" && echo *)"
mirror_saw "came as blobs" 2 \
	'^GET /v2/docker.io/example/config-bundle/blobs/sha256:[0-9a-f]* 200$'
mirror_start_over
check "oras discover" oras_at discover --format json "$repo:1.35"
expect_eq "who refers to it" "$SBOM application/vnd.example.sbom" \
	"$(jq -r '(.referrers // .manifests)[] | "\(.digest) \(.artifactType)"' \
	    "$T/stdout")"
mirror_saw "oras asked the referrers API" some \
	"^GET /v2/docker.io/library/busybox/referrers/$BUSYBOX.* 200\$"
check "oras discover, by type" oras_at discover --format json \
	--artifact-type application/vnd.example.none "$repo:1.35"
expect_eq "nobody" "" "$(jq -r '(.referrers // .manifests)[]?.digest' "$T/stdout")"
check "oras repo tags" oras_at "repo tags" "$repo"
expect_eq "the tags" "1.35 sbom" "$(paste -s -d ' ' "$T/stdout")"
expect_rc "oras, what is not there" 1 oras_at "manifest fetch" "$repo:none"
expect_said "it knows" 'not found'
mirror_never_failed

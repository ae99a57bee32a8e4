# A tree by hand (tests/tree.sh) with images that run, for whoever loads what
# "cdr save" writes. Sourced after lib.sh; POSIX sh. Needs busybox, jq and zstd.
#
#   save_tree            makes $ROOT. Below docker.io:
#                          library/busybox:1.35   an index: $HERE and $THERE, with
#                                                 an attestation; $INDEX, $MANIFEST
#                                                 and $CONFIG are digests ($HERE's)
#                          library/busybox:one    $MANIFEST, without an index
#                          library/busybox:sparse an index; $THERE is not in the tree
#                          library/busybox:zstd   its layer is compressed with that
#                          example/other:2        another image of $HERE
#   saved "what" FILE ARG...  cdr save -r $ROOT ARG... -o $T/FILE must succeed
# shellcheck shell=sh

# shellcheck source=tests/tree.sh
. "$TOP/tests/tree.sh"

OCI_ZSTD=application/vnd.oci.image.layer.v1.tar+zstd

# _save_layer ARCH WORD: its tar file, $_tar.
_save_layer()
{
	rm -rf "$T/rootfs"
	mkdir -p "$T/rootfs/bin"
	cp "$TOP/build/cache/busybox/$1" "$T/rootfs/bin/busybox"
	for _applet in sh echo cat sha256sum; do
		ln -s busybox "$T/rootfs/bin/$_applet"
	done
	echo "$2" >"$T/rootfs/word"
	_tar=$T/layer.tar
	tar -C "$T/rootfs" --sort=name --mtime=@0 --owner=0 --group=0 \
		--numeric-owner -cf "$_tar" bin word
}

# _save_image REPO ARCH WORD COMPRESSION: sets $_digest, $_size, $_config.
_save_image()
{
	_save_layer "$2" "$3"
	_type=$OCI_LAYER
	case $4 in
	gzip) gzip -1n <"$_tar" >"$T/layer" ;;
	zstd)
		_type=$OCI_ZSTD
		zstd -q -1 -c "$_tar" >"$T/layer" ;;
	esac
	printf '{"architecture":"%s","os":"linux","config":{"Env":["PATH=/bin"],"Cmd":["cat","/word"]},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
		"$2" "$(_tree_sum "$_tar")" >"$T/config"
	_config=$(tree_blob "$T/config")
	_layer=$(tree_blob "$T/layer")
	jq -jcn --arg type "$OCI_MANIFEST" --arg config "$_config" \
		--argjson config_size "$(wc -c <"$T/config")" \
		--arg config_type "$OCI_CONFIG" --arg layer "$_layer" \
		--argjson layer_size "$(wc -c <"$T/layer")" --arg layer_type "$_type" \
		'{schemaVersion: 2, mediaType: $type, config: {mediaType: $config_type,
		digest: $config, size: $config_size}, layers: [{mediaType: $layer_type,
		digest: $layer, size: $layer_size}]}' >"$T/manifest"
	_size=$(($(wc -c <"$T/manifest")))
	_digest=$(tree_manifest "$1" "$OCI_MANIFEST" "$T/manifest")
}

# _save_entry OS ARCH [ATTESTED]: of what was made last, for an index.
_save_entry()
{
	jq -cn --arg type "$OCI_MANIFEST" --arg digest "$_digest" \
		--argjson size "$_size" --arg os "$1" --arg arch "$2" \
		--arg of "${3-}" '{mediaType: $type, digest: $digest, size: $size,
		platform: {architecture: $arch, os: $os}} + if $of == "" then {} else
		{annotations: {"vnd.docker.reference.digest": $of,
		"vnd.docker.reference.type": "attestation-manifest"}} end'
}

# _save_index TAG ENTRY...: of library/busybox; its digest.
_save_index()
{
	_tag=$1
	shift
	printf '%s\n' "$@" | jq -jcs --arg type "$OCI_INDEX" \
		'{schemaVersion: 2, mediaType: $type, manifests: .}' >"$T/index"
	_index=$(tree_manifest docker.io/library/busybox "$OCI_INDEX" "$T/index")
	tree_tag docker.io/library/busybox "$_tag" "$_index"
	echo "$_index"
}

_save_attestation()
{
	echo '{}' >"$T/statement"
	echo '{"architecture":"unknown","os":"unknown","config":{},"rootfs":{"type":"layers","diff_ids":[]}}' >"$T/config"
	jq -jcn --arg type "$OCI_MANIFEST" --arg config_type "$OCI_CONFIG" \
		--arg config "$(tree_blob "$T/config")" \
		--argjson config_size "$(wc -c <"$T/config")" \
		--arg layer "$(tree_blob "$T/statement")" \
		'{schemaVersion: 2, mediaType: $type, config: {mediaType: $config_type,
		digest: $config, size: $config_size}, layers: [{mediaType:
		"application/vnd.in-toto+json", digest: $layer, size: 3}]}' >"$T/manifest"
	_size=$(($(wc -c <"$T/manifest")))
	_digest=$(tree_manifest docker.io/library/busybox "$OCI_MANIFEST" "$T/manifest")
}

save_tree()
{
	uses busybox jq zstd
	ROOT=$T/root
	_repo=docker.io/library/busybox
	HERE=${BUSYBOX_HERE##*/} THERE=arm64
	[ "$HERE" != arm64 ] || THERE=amd64
	tree_new "$ROOT"
	_save_image "$_repo" "$HERE" here gzip
	MANIFEST=$_digest CONFIG=$_config
	_one=$(_save_entry linux "$HERE")
	tree_tag "$_repo" one "$MANIFEST"
	_save_image "$_repo" "$THERE" there gzip
	_two=$(_save_entry linux "$THERE")
	_save_attestation
	INDEX=$(_save_index 1.35 "$_one" "$_two" \
		"$(_save_entry unknown unknown "$MANIFEST")")
	_digest=sha256:$(printf %064d 0)
	SPARSE=$(_save_index sparse "$_one" "$(_save_entry linux s390x)")
	_save_image "$_repo" "$HERE" here zstd
	tree_tag "$_repo" zstd "$_digest"
	_save_image docker.io/example/other "$HERE" other gzip
	tree_tag docker.io/example/other 2 "$_digest"
	OTHER=$_config
	tree_lists
	export HERE THERE INDEX SPARSE MANIFEST CONFIG OTHER
}

saved()
{
	_what=$1 _file=$2
	shift 2
	check "$_what" "$CDR" save -r "$ROOT" "$@" -o "$T/$_file"
}

# --- loaders ----------------------------------------------------------------------

# save_files: what the scenarios of loaders load, in $T.
save_files()
{
	saved "one platform" one.tar busybox:1.35 platform=linux/"$HERE"
	saved "all platforms" all.tar busybox:1.35 --platform all
	saved "several images, one with a digest as well" several.tar \
		"busybox:1.35@$INDEX" busybox:one example/other:2 \
		--platform linux/"$HERE"
	saved "a digest alone" digest.tar "busybox@$MANIFEST"
	saved "an index with a part of what it lists" sparse.tar \
		busybox:sparse --index
	expect_said "who refuses that is told" \
		'^warning: .*busybox:sparse: .*kind, k3s and rke2 refuse'
	saved "a layer in zstd" zstd.tar busybox:zstd
	expect_said "who refuses that is told" \
		'^warning: .*busybox:zstd: layer sha256:[0-9a-f]*: .*zstd, which docker before 23.0'
}

# save_ctr_names: the images of containerd, but for those with a date; they go.
save_ctr_names()
{
	ctr_at images ls -q | grep -v '^import-' >"$T/names" || :
	ctr_at images ls -q | while read -r _name; do
		ctr_at images rm "$_name" >/dev/null
	done
	paste -s -d ' ' "$T/names"
}

# _save_imports "way" ARG...: what ctr images import with ARG makes of each file.
_save_imports()
{
	_way=$1
	shift
	_hub=docker.io/library/busybox
	_files='one all'
	! in_all || _files='one all zstd'
	for _file in $_files; do
		check "$_way: $_file.tar" ctr_at images import "$@" "$T/$_file.tar"
		case $_file in
		zstd) _want=$_hub:zstd ;;
		*) _want=$_hub:1.35 ;;
		esac
		expect_eq "$_way: the name in $_file.tar" "$_want" "$(save_ctr_names)"
	done
	check "$_way: several.tar" ctr_at images import "$@" "$T/several.tar"
	expect_eq "$_way: the names, also by digest" \
		"docker.io/example/other:2 $_hub:1.35 $_hub:one $_hub@$INDEX" \
		"$(save_ctr_names)"
	check "$_way: digest.tar" ctr_at images import "$@" "$T/digest.tar"
	expect_eq "$_way: the digest" "$_hub@$MANIFEST" "$(save_ctr_names)"
}

# save_ctr_loads ARG...: containerd, started, has all of it by ctr images import,
# also in kind's way; ARG is for that one.
save_ctr_loads()
{
	_save_imports "ctr import" --no-unpack
	check "ctr import: sparse.tar" ctr_at images import --no-unpack "$T/sparse.tar"
	expect_eq "ctr import: its name" docker.io/library/busybox:sparse \
		"$(save_ctr_names)"
	_save_imports "kind's way" --all-platforms --digests "$@"
	expect_rc "kind's way: sparse.tar is refused, as was told" 1 \
		ctr_at images import --all-platforms --digests "$@" "$T/sparse.tar"
	expect_said "by what is not there" "content digest sha256:0*: not found"
	save_ctr_names >/dev/null
}

# save_ctr_runs ARG...: imported with ARG, it runs by both of its names.
save_ctr_runs()
{
	mkdir -p "$T/control/bin" "$T/control/proc" "$T/control/dev" "$T/control/sys"
	cp "$BUSYBOX_HERE" "$T/control/bin/busybox"
	ctr_at run --rm --fifo-dir "$T/fifo" --rootfs "$T/control" control \
		/bin/busybox echo control >"$T/run" 2>&1 || {
		left_out "it runs" "no container runs here: $(tail -n 1 "$T/run")"
		return 0
	}
	check "what is to run" ctr_at images import "$@" "$T/several.tar"
	# By its exit code: under load ctr may leave without the last words.
	for _name in :1.35 "@$INDEX"; do
		# shellcheck disable=SC2016 # for the inner shell
		check "busybox$_name runs, and is the right one" ctr_at run --rm \
			--fifo-dir "$T/fifo" --snapshotter native \
			"docker.io/library/busybox$_name" word \
			sh -c '[ "$(cat /word)" = here ]'
	done
	expect_rc "its exit code comes back" 7 ctr_at run --rm \
		--fifo-dir "$T/fifo" --snapshotter native \
		docker.io/library/busybox:1.35 word sh -c 'exit 7'
}

# _podman_at ARG..., _skopeo_at ARG...: of this machine, or newer ones.
_podman_at()
{
	_save_run env TMPDIR="$T" podman --root "$T/podman" \
		--runroot "$T/podman.run" --tmpdir "$T/podman.tmp" \
		--storage-driver vfs --events-backend none \
		--cgroup-manager cgroupfs "$@"
}
_skopeo_at()
{
	_save_run skopeo --tmpdir "$T" --policy "$T/policy.json" "$@"
}

# save_podman_loads: podman and skopeo take all of it. _save_run runs a program.
save_podman_loads()
{
	defer "mirror_unmount '$T'"
	echo '{"default": [{"type": "insecureAcceptAnything"}]}' >"$T/policy.json"
	_podman_at info >"$T/info" 2>&1 ||
		skip "podman does not work here: $(tail -n 1 "$T/info")"
	_hub=docker.io/library/busybox
	_files='one several digest'
	! in_all || _files='one all several digest sparse zstd'
	for _file in $_files; do
		case $_file in
		several) _want="docker.io/example/other:2 $_hub:1.35 $_hub:one" ;;
		digest) _want="$_hub@$MANIFEST" ;;
		sparse | zstd) _want="$_hub:$_file" ;;
		*) _want="$_hub:1.35" ;;
		esac
		check "podman load: $_file.tar" _podman_at load \
			--signature-policy "$T/policy.json" -i "$T/$_file.tar"
		expect_eq "podman: full names" "$_want" \
			"$(sed -n 's/^Loaded image: *//p' "$T/stdout" |
			    LC_ALL=C sort | paste -s -d ' ')"
		_id=$CONFIG
		expect_eq "podman: the image" "${_id#*:}" "$(_podman_at image inspect \
			-f '{{.Id}}' "${_want##* }" 2>"$T/inspect.log")"
		# Once is enough to see that it was unpacked.
		[ "$_file" != one ] || check "podman: the program in it" \
			cmp "$BUSYBOX_HERE" "$(find "$T/podman/vfs" \
			    -path '*/bin/busybox' -type f)"
		_podman_at rmi --all --force >/dev/null 2>&1
	done
	for _file in one all digest; do
		check "skopeo, docker-archive: $_file.tar" _skopeo_at copy -q \
			"docker-archive:$T/$_file.tar" "dir:$T/skopeo-d-$_file"
		check "skopeo, oci-archive: $_file.tar" _skopeo_at copy -q \
			"oci-archive:$T/$_file.tar" "dir:$T/skopeo-o-$_file"
	done
	check "skopeo: one of several, by name" _skopeo_at copy -q \
		"docker-archive:$T/several.tar:docker.io/example/other:2" \
		"dir:$T/skopeo-several"
	check "it is the other one" test -f "$T/skopeo-several/${OTHER#*:}"
}

# save_docker_loads: docker, started, has it; zstd is "taken" or "refused".
save_docker_loads()
{
	_runs=1
	docker run --rm --network none control:1 /bin/busybox echo control \
		>"$T/run" 2>&1 || {
		_runs=
		left_out "it runs" "no container runs here: $(tail -n 1 "$T/run")"
	}
	# First: a layer that is there already is not looked at.
	if [ "$1" = taken ]; then
		check "docker load: zstd.tar" docker load -i "$T/zstd.tar"
		expect_said "docker: its name" '^Loaded image: busybox:zstd$'
		check "it goes" docker rmi -f busybox:zstd
	else
		expect_rc "docker load: zstd.tar is refused, as was told" 1 \
			docker load -i "$T/zstd.tar"
		expect_rc "and is not there" 1 docker image inspect busybox:zstd
	fi
	for _file in one all sparse; do
		_name=busybox:1.35
		[ $_file != sparse ] || _name=busybox:sparse
		check "docker load: $_file.tar" docker load -i "$T/$_file.tar"
		expect_said "docker: its name" "^Loaded image: $_name\$"
		[ -z "$_runs" ] || [ $_file = sparse ] || {
			check "docker: it runs" docker run --rm --network none $_name
			expect_eq "it is the right one" here "$(cat "$T/stdout")"
		}
		check "docker: it goes" docker rmi -f $_name
	done
	check "docker load: several.tar" docker load -i "$T/several.tar"
	for _name in busybox:1.35 busybox:one example/other:2; do
		expect_said "docker: its name" "^Loaded image: $_name\$"
	done
	check "docker: they are there" docker image inspect busybox:1.35 \
		busybox:one example/other:2
	check "they go" docker rmi -f busybox:1.35 busybox:one example/other:2
	check "docker load: digest.tar" docker load -i "$T/digest.tar"
}

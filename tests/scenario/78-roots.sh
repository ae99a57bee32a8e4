#!/bin/sh
# Where a tree may be, and as whom: a path with blanks, a link, a folder of a volume
# that belongs to somebody else, an ordinary user, any umask; and copied elsewhere it
# is a tree again, for us, for nginx, and as an OCI image layout. What cannot be a
# tree, or is none of ours, is refused with 3, in words, and is left as it was.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr nginx python3 curl skopeo root? podman? root-mount?
upstream
one=$(craft index library/app:1 --platforms linux/amd64,linux/arm64 --layers 1)

# --- where ------------------------------------------------------------------------

ROOT="$T/a place with blanks/and \"more\""
mkdir "$T/a place with blanks"
sync "a path with blanks" app:1 platform=all
tree_check "$ROOT"
PLACE=$ROOT

mkdir "$T/volume"
ln -s volume "$T/link"
ROOT=$T/link
sync "a link to an empty folder" app:1 platform=all
[ -L "$T/link" ] && [ -f "$T/volume/cdr-layout" ] || fail "it is not there"
sync "and once more, as CDR_ROOT with slashes" app:1
(cd "$T" && CDR_ROOT=volume/// "$CDR" ls >"$T/stdout")
expect_said "cdr ls reads it" 'docker.io/library/app:1'
tree_check "$T/volume"

for mask in 077 000 0777; do
	[ "$mask" != 0777 ] || [ "$(id -u)" -eq 0 ] || continue
	ROOT=$T/umask-$mask
	check "with umask $mask" sh -c "umask $mask; exec \"\$@\"" - \
		"$CDR" sync -r "$ROOT" app:1 platform=all
	# It knows of the modes 0755, 0444 and 0700.
	tree_check "$ROOT"
done

# --- copied elsewhere -------------------------------------------------------------

cp -a "$PLACE" "$T/copy"
# As some tools do: nothing private, no empty folders, new times.
mkdir "$T/sparse"
(cd "$PLACE" && tar --exclude=./_state -cf - .) | tar -C "$T/sparse" -xmf -
find "$T/sparse" -type d -empty -delete
expect_eq "links are relative" "" "$(find "$T/copy" -type l -lname '/*')"
mv "$T/a place with blanks" "$T/gone"
for ROOT in "$T/copy" "$T/sparse"; do
	hub_mark
	sync "${ROOT##*/}: a copy is a tree" app:1 platform=all
	expect_eq "and nothing is fetched" 0 "$(hub_count - GET '/v2/.*/')"
	sync "it goes on" app:1 "app@$one" platform=all
	tree_check "$ROOT"
	start_nginx "$ROOT"
	expect_eq "it is served" "$one" "$(curl -sSf -o "$T/body" -D - \
		"http://$MIRROR/v2/library/app/manifests/1" | tr -d '\r' |
		sed -n 's/^docker-content-digest: //Ip')"
	process_end "$MIRROR_PID"
done
check "skopeo reads it as an OCI image layout" skopeo copy --all \
	"oci:$ROOT:docker.io/library/app:1" "oci:$T/skopeo:1"
expect_eq "the image is the same" "$one" \
	"$(pick 'v.manifests[0].digest' "$T/skopeo/index.json")"
if ! part "podman reads it, too" root-mount podman; then
	:
elif ! podman --root "$T/podman" --runroot "$T/home/run/podman" \
    --storage-driver vfs info >"$T/podman.log" 2>&1; then
	left_out "podman reads it, too" "podman does not work here"
else
	# It makes a name of the path, which therefore has to be in lower case.
	cd "$T"
	check "and so does podman" podman --root "$T/podman" \
		--runroot "$T/home/run/podman" --storage-driver vfs \
		pull "oci:${ROOT##*/}:docker.io/library/app:1"
	cd "$TOP"
fi

# --- not a tree -------------------------------------------------------------------

mkdir "$T/other"
echo precious >"$T/other/thesis.tex"
cp -a "$T/other" "$T/other.before"
hub_mark
ROOT=$T/other
sync_rc "somebody's data" 3 app:1
expect_said "it says what it found" "error: $T/other: .*thesis\.tex"
check "it is left as it was" diff -r "$T/other.before" "$T/other"
ROOT=$T/other/thesis.tex
sync_rc "a file" 3 app:1
expect_said "it says so" "error: $ROOT: .*Not a directory"
ROOT=$T/no/such/place
sync_rc "a folder in no folder" 3 app:1
expect_said "it says so" "error: $ROOT: the folder that it would be made in is not there"
ROOT=$T/copy
chmod 644 "$ROOT/cdr-layout"
echo 9 >"$ROOT/cdr-layout"
sync_rc "a tree of the future" 3 app:1
expect_said "it says what it knows" "error: $ROOT: .*version 9.*versions 1 and 2"
expect_rc "cdr ls says so as well" 3 "$CDR" ls -r "$ROOT"
echo 1 >"$ROOT/cdr-layout"
chmod 444 "$ROOT/cdr-layout"
expect_eq "nothing was asked of the registry" 0 "$(hub_count - - .)"

# --- as whom ----------------------------------------------------------------------

if ! mount --bind "$ROOT" "$ROOT" 2>/dev/null; then
	left_out "a read-only file system" "nothing can be mounted here"
else
	defer "umount -l '$T/copy' 2>/dev/null"
	mount -o remount,bind,ro "$ROOT"
	sync_rc "a read-only file system" 3 app:1
	expect_said "it says so" "error: $ROOT: .*Read-only file system"
	check "it can be read" "$CDR" ls -r "$ROOT"
	umount "$ROOT"
fi

part "an ordinary user, and a group's volume" root || exit 0
as_user()
{
	setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all "$@"
}
chmod 755 "$T"
cp "$CDR" "$T/cdr-copy"
chmod 755 "$T/cdr-copy"
chmod 644 "$T/registries.json"
mkdir -m 777 "$T/theirs" "$T/said"
export ASAN_OPTIONS="$ASAN_OPTIONS:log_path=$T/said/sanitizer"
HOME=$T/theirs
check "an ordinary user" as_user "$T/cdr-copy" sync -r "$T/theirs/root" \
	app:1 platform=all
tree_check "$T/theirs/root"
expect_rc "root's tree is not theirs" 3 as_user "$T/cdr-copy" sync \
	-r "$T/sparse" app:1
expect_said "it says so" "error: $T/sparse: .* belongs to user 0 .*, and this is user "
check "but can be read" as_user "$T/cdr-copy" ls -r "$T/sparse"

# A cluster's volume: root's, and writable for the group that the process has.
mkdir "$T/group"
chgrp 65534 "$T/group"
chmod 2775 "$T/group"
check "a volume of root's, open to their group" as_user "$T/cdr-copy" sync \
	-r "$T/group" app:1 platform=all
expect_eq "all of it can be read" "" \
	"$(find "$T/group" ! -type l ! -perm -444 ! -path "$T/group/_state*")"

# What a run that was killed had in its hands may be read-only already.
layer=$(craft image library/large:1 --layers 1 --size 900000 --json |
	pick 'o.digest for o in v if o.kind == "layer"')
curl -sSf "http://$UPSTREAM/v2/library/large/blobs/$layer" >"$T/layer"
head -c 400000 "$T/layer" >"$T/theirs/root/_state/partial/$layer"
chown 65534:65534 "$T/theirs/root/_state/partial/$layer"
chmod 444 "$T/theirs/root/_state/partial/$layer"
hub_mark
check "a part that is read-only" as_user "$T/cdr-copy" sync -r "$T/theirs/root" large:1
expect_eq "is gone on with" 1 \
	"$(hub_since | awk -F '\t' '$2 == "cdn" && $6 == "bytes=400000-"' | wc -l)"
for log in "$T"/said/sanitizer.*; do
	[ ! -s "$log" ] || fail "a sanitizer: $(head -n 20 "$log")"
done

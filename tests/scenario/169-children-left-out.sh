#!/bin/sh
# What nobody can use does not fail what else is good: a Docker schema 1 manifest in
# an index with others is left out with a warning, as an entry is whose digest cannot
# be checked; where there is nothing else, the image fails and says so. Entries of
# other kinds - the retired artifact manifest, a type that nobody knows - are mirrored
# beside them. The next run costs one HEAD.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
amd64=$(craft image library/any:amd64)
arm64=$(craft image library/any:arm64 --platform linux/arm64/v8)
artifact=$(overlay oci-artifact-manifest library/any:artifact)
overlay schema1 library/any:old --json >"$T/old"

manifest=application/vnd.oci.image.manifest.v1+json
size_of() # DIGEST
{
	curl -s -H "Accept: $manifest" "http://$UPSTREAM/v2/library/any/manifests/$1" | wc -c
}
# Entries of an index, ready to use.
platform() # OS/ARCHITECTURE
{
	printf ',"platform":{"os":"%s","architecture":"%s"}' "${1%/*}" "${1#*/}"
}
entry() # TYPE DIGEST SIZE [MORE]
{
	printf '{"mediaType":"%s","digest":"%s","size":%s%s}' "$1" "$2" "$3" "${4-}"
}
old()
{
	entry "application/vnd.docker.distribution.manifest.v1+$1" \
		"$(pick 'v[-1].digest' "$T/old")" "$(pick 'v[-1].size' "$T/old")" "${2-}"
}
AMD64=$(entry $manifest "$amd64" "$(size_of "$amd64")" "$(platform linux/amd64)")
ARM64=$(entry $manifest "$arm64" "$(size_of "$arm64")" "$(platform linux/arm64)")
OLD=$(old prettyjws "$(platform linux/386)")
OLD_BARE=$(old json)
OLD_AMD64=$(old prettyjws "$(platform linux/amd64)")
BLAKE=$(entry $manifest "blake3:$(printf %064d 0)" 7 "$(platform linux/s390x)")
ARTIFACT=$(entry application/vnd.oci.artifact.manifest.v1+json "$artifact" \
	"$(wc -c <"$T/overlay/library/any/manifests/artifact")")
printf '{"hello": "thing"}' >"$T/thing"
thing=sha256:$(sha256sum <"$T/thing" | cut -d ' ' -f 1)
cp "$T/thing" "$T/overlay/library/any/manifests/$thing"
printf application/vnd.example.thing+json >"$T/overlay/library/any/manifests/$thing.type"
THING=$(entry application/vnd.example.thing+json "$thing" 18)

index() # TAG ENTRY...: sets $index
{
	_at=$T/overlay/library/any/manifests/$1
	shift
	_entries=
	for _entry; do
		_entries="$_entries${_entries:+,}$_entry"
	done
	_kind=application/vnd.oci.image.index.v1+json
	printf '{"schemaVersion":2,"mediaType":"%s","manifests":[%s]}' $_kind "$_entries" >"$_at"
	index=sha256:$(sha256sum <"$_at" | cut -d ' ' -f 1)
	cp "$_at" "${_at%/*}/$index"
	for _name in "$_at" "${_at%/*}/$index"; do
		printf %s $_kind >"$_name.type"
	done
}

good() # "what" TAG [KEY=VALUE]
{
	_what=$1 _tag=$2
	shift 2
	rm -rf "$ROOT"
	sync "$_what" "any:$_tag" "$@"
	expect_published "$_what: published" "any:$_tag" "$index"
	tree_check "$ROOT"
	cp "$T/stderr" "$T/first"
	hub_mark
	sync "$_what: once more" -v "any:$_tag" "$@"
	expect_said "$_what: unchanged" "^unchanged .*any:$_tag "
	expect_eq "$_what: one HEAD" "1 0" "$(hub_count registry HEAD . 200) $(hub_count registry GET .)"
}
warned() # REGEX
{
	grep -qE "^warning: .*$1" "$T/first" || fail "no warning: $1"
	ok "a warning: $1"
}
quiet()
{
	! grep '^warning' "$T/first" || fail "a warning for nothing"
}

index beside "$OLD" "$AMD64" "$OLD_BARE" "$ARM64"
hub_mark
good "schema 1 beside others, all platforms" beside
warned 'any:beside: 2 Docker schema 1 manifest\(s\) left out'
here "$amd64" "$arm64" || fail "both images are here"
good "of the wanted platform alone" beside platform=linux/amd64
warned 'any:beside: 1 Docker schema 1 manifest\(s\) left out'
index other "$OLD" "$AMD64"
good "schema 1 of a platform that nobody wants" other platform=linux/amd64
quiet
index same "$OLD_AMD64" "$AMD64"
good "schema 1 of the same platform" same platform=linux/amd64
warned 'any:same: 1 Docker schema 1'
here "$amd64" || fail "the image is here"
index lacking "$OLD_AMD64" "$ARM64"
good "one platform has nothing else" lacking platform=linux/amd64,linux/arm64
warned 'any:lacking: upstream has nothing for linux/amd64; it has linux/arm64'
warned 'any:lacking: 1 Docker schema 1'

index mixed "$AMD64" "$BLAKE" "$ARTIFACT" "$THING" "$OLD_BARE"
good "all sorts at once" mixed
warned 'any:mixed: 1 Docker schema 1 manifest'
warned 'any:mixed: 1 object.*left out'
here "$amd64" "$artifact" "$thing" || fail "the others are here"
good "with a filter" mixed platform=linux/amd64
here "$amd64" "$artifact" "$thing" || fail "the others are here"

index alone "$OLD"
index both "$OLD" "$OLD_BARE" "$BLAKE"
index blake "$BLAKE"
index nested "$(entry application/vnd.oci.image.index.v1+json "$index" "$(wc -c <"$T/overlay/library/any/manifests/blake")")"
index inner "$OLD"
index outer "$(entry application/vnd.oci.image.index.v1+json "$index" "$(wc -c <"$T/overlay/library/any/manifests/inner")")"
rm -rf "$ROOT"
sync_rc "nothing but schema 1" 1 any:alone any:both any:blake any:outer any:amd64
for tag in alone both outer; do
	expect_said "$tag: it is told" "error: .*any:$tag: .*nothing but Docker schema 1 manifests, .*newer tag"
	expect_published "$tag: not published" any:$tag nothing
done
expect_said "blake: it is told" 'error: .*any:blake: .*digest can be checked'
expect_published "the good one is" any:amd64 "$amd64"
sync_rc "nothing else for the platform" 1 any:lacking platform=linux/amd64
expect_said "is told" 'any:lacking: .*nothing for linux/amd64 but Docker schema 1'
sync_rc "nothing at all for the platform" 1 any:lacking platform=linux/s390x
expect_said "is told" 'any:lacking: .*nothing for linux/s390x; it has linux/arm64$'
tree_check "$ROOT"

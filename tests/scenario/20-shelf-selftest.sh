#!/bin/sh
# tests/hub/shelf.py, which takes docker-registry's place where there is none, is like
# it: what is pushed to both, both have, and answer with the same status, headers and
# bytes; and both refuse the same. A scenario that passes with the one says nothing of
# the other if they differ.
. "$(dirname "$0")/../lib.sh"

need docker-registry python3 curl

start_registry
real=$UPSTREAM
SHELF=1 start_registry
shelf=$UPSTREAM
[ "$real" != "$shelf" ] || fail "there is only one"

# --- pushing ----------------------------------------------------------------------

# both KIND NAME ...: craft, the same into the two
both()
{
	for UPSTREAM in "$real" "$shelf"; do
		craft "$@" >"$T/crafted.${UPSTREAM##*:}" ||
			fail "$UPSTREAM does not take $2"
	done
	check "$2: the same" cmp "$T/crafted.${real##*:}" "$T/crafted.${shelf##*:}"
}
both image library/app:1 --layers 2 --size 200000 --json
cp "$T/crafted.${real##*:}" "$T/objects"
image=$(pick 'v[-1].digest' "$T/objects")
layer=$(made layer | head -n 1)
both image library/app:2 --docker --seed 2
both index library/app:3 --platforms linux/amd64,linux/arm64 --attestations
both index library/app:4 --docker --seed 4
both artifact library/app:sbom --artifact-type application/x.sbom --subject "$image"
both many library/many:1 --count 3 --layers 1 --shared 1
both image a/b/c_d.e:1 --no-media-type

oci=application/vnd.oci.image.manifest.v1+json
list=application/vnd.oci.image.index.v1+json
docker=application/vnd.docker.distribution.manifest
accept="$oci, $list, $docker.v2+json, $docker.list.v2+json"

# --- answers ----------------------------------------------------------------------

# told ADDRESS: what is the same for both in the last answer: status, curl's exit
# code, headers that a client goes by, and the body
told()
{
	sed "s/$1/HOST:PORT/g" "$T/head" | tr -d '\r' |
	sed -nE 's/^HTTP\/1\.1 ([0-9]*).*/\1/p; s/^(Content-(Type|Length|Range)|Docker-Content-Digest|Docker-Distribution-Api-Version|Accept-Ranges|Etag): .*/&/Ip' |
	sort
	echo "$rc $(sha256sum <"$T/body")"
}

# same "what" PATH CURL-OPTION...
same()
{
	_what=$1 _path=$2
	shift 2
	for _at in "$real" "$shelf"; do
		: >"$T/body"
		rc=0
		curl -s -m 20 -D "$T/head" -o "$T/body" -H "Accept: $accept" "$@" \
			"http://$_at$_path" || rc=$?
		# curl -I takes the head for the body.
		[ "${1-}" != -I ] || : >"$T/body"
		# Tags come in any order.
		! pick -q v.tags "$T/body" 2>/dev/null || {
			pick 'words(v.name, *sorted(v.tags))' "$T/body" >"$T/sorted"
			mv "$T/sorted" "$T/body"
		}
		told "$_at" >"$T/told.${_at##*:}"
		head -c 500 "$T/body" >"$T/body.${_at##*:}"
	done
	if ! diff "$T/told.${real##*:}" "$T/told.${shelf##*:}"; then
		diff "$T/body.${real##*:}" "$T/body.${shelf##*:}" || :
		fail "$_what: docker-registry (<) and shelf.py (>) differ"
	fi
	ok "$_what: $(grep -x '[0-9]*' "$T/told.${real##*:}")"
}

none=sha256:$(printf %064d 0)
app=/v2/library/app
same "the base" /v2/
for ref in 1 2 3 4 sbom "$image" "sha256-${image#sha256:}" none "$none"; do
	same "GET $ref" "$app/manifests/$ref"
	same "HEAD $ref" "$app/manifests/$ref" -I
done
same "a manifest of another repository" "/v2/library/many-0001/manifests/$image"
same "a manifest of no repository" /v2/none/manifests/1
same "unchanged" "$app/manifests/1" -H "If-None-Match: \"$image\""
same "changed" "$app/manifests/1" -H "If-None-Match: \"$none\""
for ref in "$layer" "$image" "$none"; do
	same "blob $ref" "$app/blobs/$ref"
	same "HEAD blob $ref" "$app/blobs/$ref" -I
done
same "a blob of another repository" "/v2/library/many-0001/blobs/$layer"
same "a blob, unchanged" "$app/blobs/$layer" -H "If-None-Match: \"$layer\""
for range in 0-0 100- -100 5-2000 100000-99999999 0-; do
	same "range $range" "$app/blobs/$layer" -H "Range: bytes=$range"
done
same "tags" $app/tags/list
same "tags of one with dots and lines" /v2/a/b/c_d.e/tags/list
same "tags of none" /v2/none/tags/list
same "there is no referrers API" "$app/referrers/$image"
same "nothing of the kind" $app/else

# --- what is pushed by others than craft ------------------------------------------

curl -sSf -H "Accept: $oci" -o "$T/manifest" "http://$real$app/manifests/1"
same "a second tag" "$app/manifests/again" -X PUT -H "Content-Type: $oci" \
	--data-binary "@$T/manifest"
same "it is there" "$app/manifests/again"
same "a tag that moves" "$app/manifests/2" -X PUT -H "Content-Type: $oci" \
	--data-binary "@$T/manifest"
same "it has moved" "$app/manifests/2"
same "both are listed" $app/tags/list
# What both refuse, by the status alone: their words are their own.
refused()
{
	_what=$1 _path=$2
	shift 2
	for _at in "$real" "$shelf"; do
		expect_eq "$_what" 400 "$(curl -s -m 20 -o "$T/body" -w '%{http_code}' \
			-X PUT "$@" "http://$_at$_path")"
	done
}
refused "a manifest without its blobs" /v2/library/many-0001/manifests/1 \
	-H "Content-Type: $oci" --data-binary "@$T/manifest"
refused "a manifest under another digest" "$app/manifests/$none" \
	-H "Content-Type: $oci" --data-binary "@$T/manifest"
refused "a manifest that is none" $app/manifests/odd -H "Content-Type: $oci" \
	--data-binary "none"
for _at in "$real" "$shelf"; do
	upload=$(curl -sS -D - -o "$T/body" -X POST "http://$_at$app/blobs/uploads/" |
		tr -d '\r' | sed -n 's/^Location: //Ip')
	case $upload in /*) upload=http://$_at$upload ;; esac
	case $upload in *'?'*) mark='&' ;; *) mark='?' ;; esac
	expect_eq "a blob under another digest" 400 "$(curl -s -o "$T/body" \
		-w '%{http_code}' -X PUT --data-binary abc \
		-H 'Content-Type: application/octet-stream' "$upload${mark}digest=$none")"
done
same "is not there" "$app/blobs/$none"

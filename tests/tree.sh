# Makes a CDR tree by hand, straight from the description of layout version 1 and
# without the program: what serves it is tested against the description, not
# against our own writer.  Sourced; POSIX sh.
#
#   tree_new ROOT                       an empty tree; the others work on $TREE
#   tree_blob FILE [ALG]                prints the digest
#   tree_manifest REPO TYPE FILE [ALG]  REPO: docker.io/library/x; prints the digest
#   tree_tag REPO TAG DIGEST            a manifest of REPO; moves an existing tag
#   tree_default REPO DIGEST CHILD      a manifest stands in for an index
#   tree_referrers REPO DIGEST FILE     FILE is the index to serve
#   tree_image REPO TAG SEED            an image of two blobs; prints the digest
#   tree_lists                          tags, catalog and index.json, as of now
# shellcheck shell=sh

OCI_INDEX=application/vnd.oci.image.index.v1+json
OCI_MANIFEST=application/vnd.oci.image.manifest.v1+json
OCI_CONFIG=application/vnd.oci.image.config.v1+json
OCI_LAYER=application/vnd.oci.image.layer.v1.tar+gzip
DOCKER_MANIFEST=application/vnd.docker.distribution.manifest.v2+json
export OCI_INDEX OCI_MANIFEST OCI_CONFIG OCI_LAYER DOCKER_MANIFEST

tree_new()
{
	TREE=$1
	mkdir -p "$TREE/blobs" "$TREE/manifests" "$TREE/repos" "$TREE/status"
	mkdir -p "$TREE/_state/tmp"
	chmod 700 "$TREE/_state"
	printf '{"imageLayoutVersion":"1.0.0"}' >"$TREE/oci-layout"
	printf '2\n' >"$TREE/cdr-layout"
	tree_lists
}

# _tree_put FILE PLACE: copies, and the name appears at once.
_tree_put()
{
	mkdir -p "$(dirname "$2")"
	cp "$1" "$TREE/_state/tmp/put.$$"
	chmod 444 "$TREE/_state/tmp/put.$$"
	mv -f "$TREE/_state/tmp/put.$$" "$2"
}

# _tree_link TARGET PLACE
_tree_link()
{
	mkdir -p "$(dirname "$2")"
	ln -s "$1" "$TREE/_state/tmp/link.$$"
	mv -f "$TREE/_state/tmp/link.$$" "$2"
}

_tree_sum()
{
	"${2:-sha256}sum" <"$1" | cut -d ' ' -f 1
}

# _tree_up REPO: from REPO's _manifests to the tree's root.
_tree_up()
{
	echo "repos/$1/_manifests" | sed 's,[^/][^/]*,..,g'
}

tree_blob()
{
	_hex=$(_tree_sum "$1" "${2:-sha256}")
	_tree_put "$1" "$TREE/blobs/${2:-sha256}/$_hex"
	echo "${2:-sha256}:$_hex"
}

tree_manifest()
{
	_alg=${4:-sha256}
	_hex=$(_tree_sum "$3" "$_alg")
	_tree_put "$3" "$TREE/manifests/$2/$_alg/$_hex"
	_tree_link "../../manifests/$2/$_alg/$_hex" "$TREE/blobs/$_alg/$_hex"
	_tree_link "$(_tree_up "$1")/manifests/$2/$_alg/$_hex" \
	    "$TREE/repos/$1/_manifests/$_alg:$_hex"
	echo "$_alg:$_hex"
}

tree_tag()
{
	_tree_link "$(readlink "$TREE/repos/$1/_manifests/$3")" \
	    "$TREE/repos/$1/_manifests/$2"
}

tree_default()
{
	_tree_link "$(readlink "$TREE/repos/$1/_manifests/$3")" \
	    "$TREE/repos/$1/_default/$2"
}

tree_referrers()
{
	_tree_put "$3" "$TREE/repos/$1/_referrers/$2"
}

tree_image()
{
	_i=$TREE/_state/tmp/image
	rm -rf "$_i"
	mkdir -p "$_i/layer"
	awk -v seed="$3" 'BEGIN {
		srand(seed)
		for (i = 0; i < 4000; i++) printf "%d ", rand() * 1e9
	}' >"$_i/layer/numbers"
	tar -C "$_i/layer" --mtime=@0 --owner=0 --group=0 --numeric-owner \
	    -cf "$_i/tar" numbers
	gzip -9n <"$_i/tar" >"$_i/blob"
	printf '{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":["sha256:%s"]}}' \
	    "$(_tree_sum "$_i/tar")" >"$_i/config"
	_config=$(tree_blob "$_i/config")
	_layer=$(tree_blob "$_i/blob")
	printf '{"schemaVersion":2,"mediaType":"%s","config":{"mediaType":"%s","digest":"%s","size":%d},"layers":[{"mediaType":"%s","digest":"%s","size":%d}]}' \
	    "$OCI_MANIFEST" "$OCI_CONFIG" "$_config" "$(wc -c <"$_i/config")" \
	    "$OCI_LAYER" "$_layer" "$(wc -c <"$_i/blob")" >"$_i/manifest"
	_digest=$(tree_manifest "$1" "$OCI_MANIFEST" "$_i/manifest")
	tree_tag "$1" "$2" "$_digest"
	echo "$_digest"
}

# _tree_array: lines to the inside of a JSON array.  Names need no escaping.
_tree_array()
{
	LC_ALL=C sort | sed 's/.*/"&"/' | paste -s -d , -
}

tree_lists()
{
	_l=$TREE/_state/tmp/list
	_names=$(cd "$TREE/repos" && find . -name _manifests -prune |
	    sed 's,^\./,,; s,/_manifests$,,')
	printf '{"repositories":[%s]}' \
	    "$(printf '%s' "$_names" | sed '/^$/d' | _tree_array)" >"$_l"
	_tree_put "$_l" "$TREE/catalog.json"
	_entries=
	for _repo in $_names; do
		printf '{"name":"%s","tags":[%s]}' "$_repo" \
		    "$(cd "$TREE/repos/$_repo/_manifests" && find . ! -name . |
		    sed 's,^\./,,; /:/d' | _tree_array)" >"$_l"
		_tree_put "$_l" "$TREE/repos/$_repo/_tags/list"
		for _link in "$TREE/repos/$_repo/_manifests"/*; do
			_tag=${_link##*/}
			[ "${_tag#*:}" = "$_tag" ] || continue
			_at=$(readlink "$_link")
			_type=${_at#*manifests/}
			_entry=$(printf '{"mediaType":"%s","digest":"%s:%s","size":%d,"annotations":{"org.opencontainers.image.ref.name":"%s:%s","io.containerd.image.name":"%s:%s"}}' \
			    "${_type%/*/*}" "$(basename "${_at%/*}")" "${_at##*/}" \
			    "$(wc -c <"$_link")" "$_repo" "$_tag" "$_repo" "$_tag")
			_entries=$_entries${_entries:+,}$_entry
		done
	done
	printf '{"schemaVersion":2,"mediaType":"%s","manifests":[%s]}' \
	    "$OCI_INDEX" "$_entries" >"$_l"
	_tree_put "$_l" "$TREE/index.json"
}

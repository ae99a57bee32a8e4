# The tree that urls.txt is about.  Sourced after tests/tree.sh.
# shellcheck shell=sh

# urls_tree ROOT: makes it, and $T/vars, which urls_expand reads.
urls_tree()
{
	tree_new "$1"
	: >"$T/vars"
	_seed=0
	while read -r _name _repo _tag; do
		_seed=$((_seed + 1))
		_got=$(tree_image "$_repo" "$_tag" $_seed)
		_layer=$(jq -r '.layers[0].digest' \
		    "$TREE/repos/$_repo/_manifests/$_tag")
		printf 's,{%s},%s,g; s,{%s.hex},%s,g; s,{%s.layer},%s,g\n' \
		    "$_name" "$_got" "$_name" "${_got#*:}" "$_name" \
		    "$_layer" >>"$T/vars"
	done <<END
HUB docker.io/library/alpine 3.20
QUAY quay.io/library/alpine 3.20
APP docker.io/org/app 1
PORT reg.example:5000/org/app 1
GOOGLE gcr.io/google.com/tool/cli 1
LOCAL localhost/team/app 1
ODD docker.io/library/manifests tags
DEEP quay.io/a/b/c/d/e_f/g__h/i-j/k.l v1.0_x-y
NEST quay.io/a/b 1
TAGS docker.io/tags/list 1
UNDER docker.io/under_5000/app 1
DOTTED gcr.io/dot.ted_5000/app 1
LOCALPORT localhost:5000/team/app 1
END
	tree_lists
}

# urls_expand: {NAME} and the like, from standard input.
urls_expand()
{
	sed -f "$T/vars"
}

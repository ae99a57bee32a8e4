# A tree full of traps, below $T/root, and what must not leave beside it, in
# $T/outside. Sourced after tests/tree.sh; POSIX sh.
#
#   hostile_tree      sets $repo and what of it is sound: $image (its tag is 3.20)
#                     and $layer; and $other, a link whose name is another digest
# shellcheck shell=sh

hostile_tree()
{
	tree_new "$T/root"
	repo=docker.io/library/alpine
	image=$(tree_image $repo 3.20 1)
	hex=${image#*:}
	layer=$(jq -r '.layers[0].digest' "$TREE/repos/$repo/_manifests/3.20")
	other=$(tree_image $repo other 2)
	tree_lists

	# What must not leave: a secret beside the tree, and one that looks like a
	# manifest in a tree of its own.
	mkdir -p "$T/outside/manifests/application/x/sha256" "$T/outside/_manifests"
	echo TOP-SECRET >"$T/outside/secret"
	cp "$T/outside/secret" "$T/outside/manifests/application/x/sha256/$hex"
	ln -s "../manifests/application/x/sha256/$hex" "$T/outside/_manifests/3.20"
	ln -s ../secret "$T/outside/_manifests/secret"

	links=$TREE/repos/$repo/_manifests
	ln -s "$T/outside/secret" "$links/absolute"
	ln -s ../../../../../../outside/secret "$links/climbing"
	ln -s /etc/passwd "$links/passwd"
	ln -s "$T/outside/manifests/application/x/sha256/$hex" "$links/alike"
	ln -s "../../../../../blobs/sha256/${layer#*:}" "$links/blob"
	ln -s ../../../../../_state "$links/folder"
	ln -s loop "$links/loop"
	ln -s nowhere "$links/dangling"
	mkdir "$links/directory"
	mkfifo "$links/fifo"
	cp "$T/outside/secret" "$links/plain"
	echo TOP-SECRET >"$links/unreadable"
	chmod 000 "$links/unreadable"
	rm "$links/$other"
	ln -s "$(readlink "$links/$image")" "$links/$other"

	# A manifest's own path that leads out, or is no file, or cannot be read.
	types=$TREE/manifests/$OCI_INDEX/sha256
	mkdir -p "$types"
	a=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
	b=bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
	c=cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc
	d=dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd
	ln -s "$T/outside/secret" "$types/$a"
	mkdir "$types/$b"
	echo TOP-SECRET >"$types/$c"
	chmod 000 "$types/$c"
	for name in $a $b $c; do
		ln -s "../../../../../manifests/$OCI_INDEX/sha256/$name" \
		    "$links/sha256:$name"
	done
	ln -s "$T/outside/secret" "$TREE/blobs/sha256/$a"
	mkdir "$TREE/blobs/sha256/$b"
	echo TOP-SECRET >"$TREE/blobs/sha256/$c"
	chmod 000 "$TREE/blobs/sha256/$c"
	mkfifo "$TREE/blobs/sha256/$d"

	# A repository that is outside, and lists that are.
	ln -s "$T/outside" "$TREE/repos/docker.io/library/away"
	mkdir -p "$TREE/repos/docker.io/library/lists/_manifests" \
	    "$TREE/repos/docker.io/library/lists/_tags" \
	    "$TREE/repos/docker.io/library/lists/_referrers"
	ln -s "$T/outside/secret" "$TREE/repos/docker.io/library/lists/_tags/list"
	ln -s "$T/outside/secret" "$TREE/repos/docker.io/library/lists/_referrers/$image"
	rm "$TREE/catalog.json"
	ln -s "$T/outside/secret" "$TREE/catalog.json"

	# Pipes and folders where a list should be, and folders that are links.
	for _name in pipes folders linked; do
		_at=$TREE/repos/docker.io/library/$_name
		mkdir -p "$_at/_manifests" "$_at/_tags" "$_at/_referrers" "$_at/_history"
		case $_name in
		pipes)	mkfifo "$_at/_tags/list" "$_at/_referrers/$image" "$_at/_history/x" ;;
		folders)
			mkdir "$_at/_tags/list" "$_at/_referrers/$image" "$_at/_history/x"
			;;
		linked)
			rmdir "$_at/_tags" "$_at/_referrers" "$_at/_history"
			ln -s "$T/outside/lists" "$_at/_history"
			ln -s "$T/outside/lists" "$_at/_tags"
			ln -s "$T/outside/lists" "$_at/_referrers"
			;;
		esac
	done
	mkdir "$T/outside/lists"
	echo '{"name":"TOP-SECRET","tags":["TOP-SECRET"],"manifests":[]}' \
	    >"$T/outside/lists/list"
	cp "$T/outside/lists/list" "$T/outside/lists/$image"
	cp "$T/outside/lists/list" "$T/outside/lists/x"
	mkdir "$T/outside/sha512"
	cp "$T/outside/secret" "$T/outside/sha512/$a$a"
	ln -s "$T/outside/sha512" "$TREE/blobs/sha512"
	ln -s "$T/outside/manifests/application/x" "$TREE/manifests/away"
	ln -s "../../../../../manifests/away/sha256/$hex" "$links/away"
	mkfifo "$TREE/status/metrics" "$TREE/status/held.json"
	ln -s "$T/outside/secret" "$TREE/status/bad"
	ln -s "$T/outside/secret" "$TREE/status/status.json"
}

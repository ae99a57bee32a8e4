#!/bin/sh
# The check that the scenarios have for trees finds what is wrong with one: each
# kind of damage, done by hand to a tree that is right, must be told. A scenario
# that says "the tree is right" proves nothing if this check does not look.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
craft index library/app:1 --attestations >/dev/null
craft image library/app:2 --seed 2 >/dev/null
craft index library/app:4 --docker --seed 5 >/dev/null
craft image library/app/below:1 --seed 3 >/dev/null
sync "a tree" app:1 app:2 app:4 library/app/below:1 "app@$(craft image library/app:3 --seed 4)"
sync "a sparse one" app:1 platform=linux/amd64 -r "$T/sparse"
tree_check "$ROOT"
tree_check "$T/sparse"
mv "$ROOT" "$T/right"
repo=repos/docker.io/library/app
image=$(readlink "$T/right/$repo/_manifests/2")
image=${image##*/}
manifest=manifests/application/vnd.oci.image.manifest.v1+json/sha256/$image
layer=$(pick 'v.layers[0].digest' "$T/right/$repo/_manifests/2" | cut -d : -f 2)

# finds "what" REGEX COMMAND: run in a copy of the tree
finds()
{
	rm -rf "$ROOT"
	cp -a "$T/right" "$ROOT"
	(cd "$ROOT" && eval "$3") || fail "$1: could not be done"
	expect_rc "$1" 1 python3 -B "$TOP/tests/check-tree.py" "$ROOT"
	grep -qE -e "$2" "$T/stdout" || fail "$1: is not told"
}

finds "other bytes in a blob" 'blobs/.*other bytes' \
	"chmod u+w blobs/sha256/$layer; echo x >>blobs/sha256/$layer; chmod 444 blobs/sha256/$layer"
finds "other bytes in a manifest" 'manifests/.*other bytes' \
	"chmod u+w $manifest; echo >>$manifest; chmod 444 $manifest"
finds "a blob that is gone" "blob sha256:$layer is not here" "rm -f blobs/sha256/$layer"
finds "a blob of an image that is a manifest" "blob sha256:$layer is not here" \
	"ln -sf ../../$manifest blobs/sha256/$layer"
finds "a manifest that is gone" 'leads nowhere' "rm -f $manifest"
finds "a manifest that is no blob" 'is not among the blobs' "rm blobs/sha256/$image"
finds "a digest that is not linked" 'has no link here' "rm $repo/_manifests/sha256:$image"
finds "a tag that leads to another place" 'leads to' "ln -sfn ../x $repo/_manifests/2"
finds "an absolute link" 'leads to /' \
	"ln -sfn $ROOT/$manifest $repo/_manifests/2"
finds "a link that takes a step too many" 'does not lead to the root' \
	"ln -sfn ../\$(readlink $repo/_manifests/2) $repo/_manifests/2"
finds "a digest that leads to another" 'leads to sha256' \
	"ln -sfn \$(readlink $repo/_manifests/1) $repo/_manifests/sha256:$image"
finds "a copy in place of a link" 'no link' "cp --remove-destination -L $repo/_manifests/2 x; mv -f x $repo/_manifests/2"
finds "a file that may be written" '0644, not 0444' 'chmod 644 index.json'
finds "a folder that not all can enter" '0750, not 0755' "chmod 750 $repo"
finds "a _state that all can enter" '0755, not 0700' 'chmod 755 _state'
finds "a stray file" 'does not belong here' 'echo >notes; chmod 444 notes'
finds "a stray file among the blobs" 'is no digest' 'echo >blobs/sha256/x; chmod 444 blobs/sha256/x'
finds "a fifo" 'neither folder' "mkfifo $repo/_manifests/fifo"
finds "something in tmp" 'left behind' 'echo >_state/tmp/1'
finds "something in partial" 'left behind' "echo >_state/partial/sha256:$layer"
finds "lists that are behind" 'behind' 'echo >_state/dirty'
finds "a tag list without a tag" '_tags/list' \
	"chmod u+w $repo/_tags/list; sed -i 's/\"2\",*//' $repo/_tags/list; chmod 444 $repo/_tags/list"
finds "a catalog without a repository" 'catalog.json' \
	'chmod u+w catalog.json; echo "{\"repositories\":[]}" >catalog.json; chmod 444 catalog.json'
finds "an index.json without a tag" 'index.json' \
	"pick '{**v, \"manifests\": v.manifests[:1] + v.manifests[2:]}' index.json >x; chmod 444 x; mv -f x index.json"
finds "an index.json with another size" 'another type or size' \
	"pick 'v.manifests[1].update(size=v.manifests[1].size + 1) or v' index.json >x; chmod 444 x; mv -f x index.json"
finds "an index.json that is no JSON" 'index.json' 'chmod u+w index.json; echo "{" >index.json; chmod 444 index.json'
finds "a history that ends with something else" '_history/2' \
	"echo 2026-01-01T00:00:00Z sha256:$layer >x; chmod 444 x; mv -f x $repo/_history/2"
finds "a history with another word in it" 'odd lines' \
	"sed 's/$/ rolled/' $repo/_history/2 >x; chmod 444 x; mv -f x $repo/_history/2"
finds "a hold of what the tag does not lead to" 'the tag is elsewhere' \
	"mkdir $repo/_held; echo 2026-01-01T00:00:00Z sha256:$layer >$repo/_held/2; chmod 444 $repo/_held/2"
finds "pins that are no full names" 'keep/pins: has odd lines' \
	"echo nginx:1.27 >keep/pins; chmod 444 keep/pins"
finds "an index without any of its children" 'nothing of' \
	"for d in \$(pick 'm.digest for m in v.manifests' $repo/_manifests/1); do rm $repo/_manifests/\$d; done"

index=$(readlink "$T/right/$repo/_manifests/4")
stand_in=_default/sha256:${index##*/}
finds "what stands in for an index of which it is no part" 'does not list' \
	"ln -sfn \$(readlink $repo/_manifests/2) $repo/$stand_in"
finds "what stands in and is of no use" 'leads to a application' \
	"ln -sfn \$(readlink $repo/_manifests/2) $repo/$stand_in"
finds "what stands in and is gone" 'leads nowhere' "ln -sfn ../../../../../manifests/a/b/sha256/$image $repo/$stand_in"
finds "what stands in for an image" 'is no index' \
	"mv $repo/$stand_in $repo/_default/sha256:$image"
finds "what stands in for nothing here" 'has no link here' \
	"rm $repo/_manifests/4 $repo/_manifests/sha256:${index##*/}"

# What a run that ended early, or was killed, may leave is known as such.
rm -rf "$ROOT"
cp -a "$T/right" "$ROOT"
echo >"$ROOT/_state/partial/sha256:$layer"
tree_check --resumable "$ROOT"
echo >"$ROOT/_state/tmp/1"
echo >"$ROOT/_state/dirty"
rm "$ROOT/$repo/_manifests/2"
tree_check --dead "$ROOT"
expect_rc "but not wrong bytes" 1 sh -c "chmod u+w '$ROOT/blobs/sha256/$layer' &&
	echo >>'$ROOT/blobs/sha256/$layer' && python3 -B '$TOP/tests/check-tree.py' --dead '$ROOT'"

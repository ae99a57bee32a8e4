#!/bin/sh
# All the ways to say what to mirror: files, standard input, REFs with key=value on
# the command line, defaults, comments, other line ends; the same image twice is
# one image; a digest pins a tag to what it was, whatever upstream says now, and a
# digest alone needs no tag.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
one=$(craft index library/app:1 --seed 1)
two=$(craft index library/app:2 --seed 2)
good=$(craft image library/good:1 --seed 3)
user=$(craft image someone/thing:latest --seed 4)

# A list as a Windows editor leaves it, with a comment, defaults and no last line end.
printf '\357\273\277# ours\r\n\r\ndefault platform=linux/amd64 # for all below\r\napp:1\r\n\tapp:2   platform=all\r\n  good:1# \r\n' >"$T/list"
sync_rc "a # that is part of a word" 2 -i "$T/list"
sed -i 's/1# /1 # the last one/' "$T/list"
printf 'someone/thing' >>"$T/list"
sync "a list with all that is allowed" -i "$T/list"
expect_published "app:1" app:1 "$one"
expect_published "app:2" app:2 "$two"
expect_published "good:1" good:1 "$good"
expect_published "latest is the tag that nobody writes" ../someone/thing:latest "$user"
expect_eq "two of two platforms, and one of two" "1 2" \
	"$(for index in "$one" "$two"; do
		_n=0
		for child in $(pick 'm.digest for m in v.manifests' "$ROOT/blobs/sha256/${index#sha256:}"); do
			! here "$child" || _n=$((_n + 1))
		done
		echo $_n
	done | xargs)"
tree_check "$ROOT"

# The same image in three spellings, in two files and on the command line.
printf 'good:1\ngood\n' >"$T/list"
printf 'docker.io/library/good:1\n' >"$T/other"
craft image library/good:latest --seed 3 >/dev/null
rm -rf "$ROOT"
hub_mark
sync "the same image again and again" -i "$T/list" -i "$T/other" \
	index.docker.io/library/good:1 library/good:1
expect_said "is one image" '^2 images:'
expect_eq "that is asked for once" 1 "$(hub_count registry HEAD '/good/manifests/1' 200)"
expect_eq "as are its blobs" 3 "$(hub_count registry GET '/blobs/' 307)"
tree_check "$ROOT"

rm -rf "$ROOT"
printf 'app:1 platform=linux/amd64\n' | sync "standard input" -i -
expect_published "app:1" app:1 "$one"
sync "REFs with their wishes, and a list" app:2 platform=linux/arm64 good:1 -i "$T/other"
expect_said "two images" '^2 images:'
expect_published "app:2" app:2 "$two"
expect_eq "the wish is for the REF before it" \
	"$(pick 'v.manifests[1].digest' "$ROOT/blobs/sha256/${two#sha256:}")" \
	"$(for child in $(pick 'm.digest for m in v.manifests' "$ROOT/blobs/sha256/${two#sha256:}"); do
		! here "$child" || echo "$child"
	done)"
tree_check "$ROOT"
: >"$T/empty"
sync "an empty list is no mistake" -i "$T/empty"
expect_said "and says so" '^0 images'
expect_said "with a warning that names it" "^warning: $T/empty: there is no image in this list"
CDR_ROOT=$ROOT check "ROOT from the environment" "$CDR" sync good:1

# --- digests ----------------------------------------------------------------------

# Upstream moves on; the pin stays, and says nothing to the tag's HEAD.
rm -rf "$ROOT"
newer=$(craft index library/app:1 --seed 5)
hub_mark
sync "a tag with a digest" "app:1@$one"
expect_published "is published as that tag" app:1 "$one"
expect_eq "the tag was not asked for" 0 "$(hub_count registry - '/manifests/1$')"
tree_check "$ROOT"
hub_mark
sync "once more" -v "app:1@$one"
expect_said "is unchanged" '^unchanged'
expect_eq "and costs nothing" 0 "$(hub_count - - .)"
sync "without the pin" app:1
expect_published "the tag moves on" app:1 "$newer"
sync "with the pin again" "app:1@$one"
expect_published "and back" app:1 "$one"
expect_eq "all of which is in its history" "$one $newer $one" \
	"$(cut -d ' ' -f 2 "$ROOT/repos/docker.io/library/app/_history/1" | xargs)"
tree_check "$ROOT"

rm -rf "$ROOT"
sync "a digest without a tag" "app@$one"
expect_eq "has no tag" '{"name":"library/app","tags":[]}' \
	"$(pick v "$ROOT/repos/docker.io/library/app/_tags/list")"
expect_published "and can be had by its digest" "app/$one" nothing
[ -e "$ROOT/repos/docker.io/library/app/_manifests/$one" ] || fail "it is there"
expect_eq "index.json has it" "docker.io/library/app@$one" \
	"$(pick 'm.annotations["org.opencontainers.image.ref.name"] for m in v.manifests' "$ROOT/index.json")"
tree_check "$ROOT"
sync "its child alone" "app@$(pick 'v.manifests[1].digest' "$ROOT/blobs/sha256/${one#sha256:}")"
tree_check "$ROOT"

none=sha256:$(printf none | sha256sum | cut -d ' ' -f 1)
before=$(find "$ROOT" | sort)
sync_rc "a digest that is not there" 1 "app:1@$none" "good@$none"
expect_eq "both are named" 2 "$(grep -c "error: .*$none: .*404" "$T/stderr")"
expect_eq "the tree is as it was" "$before" "$(find "$ROOT" | sort)"
tree_check "$ROOT"

#!/bin/sh
# tags= takes the tags of a repository that match, by glob, regular expression or
# version range; newest= the first few of these by version. Signature tags are
# never among them. A line of its own for a tag goes before a pattern, and a
# pattern that finds nothing fails. Where tags are no versions: 17-newest-by-age.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl

# tags: those of library/app that the tree serves
tags()
{
	pick '" ".join(v.tags)' "$ROOT/repos/docker.io/library/app/_tags/list"
}

upstream
for tag in 1.9.0 1.10.0 1.10.1-alpine 2.0.0 2.1.0-rc.1 v1.2.0 latest edge; do
	craft image "library/app:$tag" --layers 1 --size 500 --seed "$tag" >/dev/null
done
digest=$(craft image library/app:1.0.0 --layers 1 --size 500 --seed 1.0.0)
craft image "library/app:sha256-${digest#sha256:}.sig" --layers 1 --size 500 \
	--seed sig >/dev/null

sync "a glob" app 'tags=glob:1.*'
expect_eq "takes what matches" "1.0.0 1.10.0 1.10.1-alpine 1.9.0" "$(tags)"
tree_check "$ROOT"
hub_mark
sync "the same again" -v app 'tags=glob:1.*'
expect_said "nothing has changed" '^4 images: 4 unchanged'
expect_eq "one HEAD a tag" 4 "$(hub_count registry HEAD /manifests/ 200)"
expect_eq "no manifest is asked for" 0 "$(hub_count registry GET /manifests/)"

rm -rf "$ROOT"
sync "a regular expression" app 'tags=regex:(latest|edge)'
expect_eq "is about the whole tag" "edge latest" "$(tags)"

rm -rf "$ROOT"
sync "a range of versions" app 'tags=semver:>=1.2,<2'
expect_eq "leaves pre-releases out" "1.10.0 1.9.0 v1.2.0" "$(tags)"

rm -rf "$ROOT"
sync "the two newest" app 'tags=semver:>=1' newest=2
expect_eq "are so by version" "1.10.0 2.0.0" "$(tags)"

rm -rf "$ROOT"
sync "all but signatures" app 'tags=glob:*'
case $(tags) in
*sha256-*) fail "a signature tag came with a pattern: $(tags)" ;;
esac

rm -rf "$ROOT"
other=$(craft image library/app:9.9 --layers 1 --size 500 --seed other)
printf '%s\n' 'default tags=glob:1.* newest=1' app "app:1.10.1-alpine@$other" \
	>"$T/list"
sync "a default, and a pinned tag" -i "$T/list"
expect_published "the line of its own holds" app:1.10.1-alpine "$other"
tree_check "$ROOT"

rm -rf "$ROOT"
sync "two patterns that find the same" -v app 'tags=glob:1.*' app 'tags=semver:>=1,<3'
expect_said "each image is there once" '^6 images: .*6 updated'
sync_rc "two that want different things of it" 1 app 'tags=glob:1.*' \
	app 'tags=semver:>=1.10' platform=linux/amd64
expect_said "it is told, with both" 'app:1\.10\.0: .*glob:1\.\*.*semver:>=1\.10.*platform='
expect_said "what one alone finds is not touched by it" '^6 images: .* 1 failed'

rm -rf "$ROOT"
sync_rc "nothing matches" 1 app 'tags=glob:z*' app:latest
expect_said "it says what" 'app.*no tag .*glob:z\*'
expect_eq "the other image is there" latest "$(tags)"
sync_rc "no such repository" 1 nothing 'tags=glob:*'
sync_rc "a bad expression" 2 app 'tags=regex:('
sync_rc "an absurd number" 2 app 'tags=glob:*' newest=0
sync_rc "a pattern and a tag" 2 app:1 'tags=glob:*'

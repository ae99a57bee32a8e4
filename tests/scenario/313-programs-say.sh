#!/bin/sh
# cdr-serve, cdr-hooks and cdr-peer say in one line what is wrong with a command line, and
# where help is; their man pages have the options that --help has. A port that is taken is
# one line, not nginx's six. The digest of a manifest, asked for as a blob, is 404, and
# nothing in the log looks like a broken disk; a file that cannot be read still does.
# Waits: for nginx, which tries an address that is taken five times
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/tree.sh"

need cdr nginx curl root?

# one_line "what" REGEX: all that the command checked last wrote is that line.
one_line()
{
	expect_eq "$1: one line" 1 "$(cat "$T/stdout" "$T/stderr" | grep -c '')"
	expect_said "$1" "$2"
}

for program in serve hooks peer; do
	expect_rc "$program --version" 0 sh "$TOP/scripts/$program" --version
	one_line "its version" "^$program $(sed -n 's/^VERSION *= *//p' "$TOP/Makefile")$"
	expect_eq "its man page has its options" \
		"$(sh "$TOP/scripts/$program" --help | grep -oE -- '--[a-z-]+' |
			grep -v -e --listen-hooks -e --help -e --mirror -e --nodes -e --version | sort -u)" \
		"$(sed -n 's/^\.It Fl Fl \([a-z-]*\).*/--\1/p' "$TOP/scripts/cdr-$program.1" |
			grep -v -e --version | sort -u)"
done
expect_rc "a wrong option" 2 sh "$TOP/scripts/serve" --port 80 "$T/root"
one_line "a wrong option" '^serve: --port: no such option; "serve --help" says what there is$'
expect_rc "no ROOT" 2 sh "$TOP/scripts/serve"
one_line "no ROOT" '^serve: ROOT is missing; "serve --help"'
expect_rc "too much" 2 sh "$TOP/scripts/serve" "$T/root" 127.0.0.1:5000 more
one_line "too much" '^serve: more: .*"serve --help"'
expect_rc "a wrong option of hooks" 2 sh "$TOP/scripts/hooks" --fast "$T/s"
one_line "a wrong option of hooks" '^hooks: --fast: no such option; "hooks --help"'
expect_rc "a wrong option of peer" 2 sh "$TOP/scripts/peer" --install
one_line "a wrong option of peer" '^peer: --install is not for this; "peer --help"'

# --- a port that is taken -----------------------------------------------------------------

tree_new "$T/root"
image=$(tree_image docker.io/library/alpine 3.20 1)
other=$(tree_image docker.io/library/other 1 2)
tree_lists
start_nginx "$T/root"
expect_rc "serve" 1 sh "$TOP/scripts/serve" "$T/root" "$MIRROR"
one_line "serve: the port is taken" "^serve: nginx did not start: is $MIRROR taken\?"
expect_rc "hooks" 1 sh "$TOP/scripts/hooks" "$T/sock" "$MIRROR"
one_line "hooks: the port is taken" "^hooks: nginx did not start: is $MIRROR taken\?"
echo 127.0.0.9 >"$T/nodes"
CDR=$CDR expect_rc "peer" 1 sh "$TOP/scripts/peer" --run "$T/peer" --mirror "http://$MIRROR" \
	--nodes "$T/nodes" --self 127.0.0.9 --listen "$MIRROR" --cache "$T/cache"
one_line "peer: the port is taken" "^peer: nginx did not start: is $MIRROR taken\?"
expect_rc "an address of another machine" 1 sh "$TOP/scripts/serve" "$T/root" 192.0.2.1:5000
one_line "an address of another machine" "^serve: nginx did not start: 192.0.2.1:5000: Cannot assign"

# --- the log ------------------------------------------------------------------------------

blob=$(find "$T/root/blobs" -type f | head -n 1)
status()
{
	curl -sS -o /dev/null -w '%{http_code}' "$@"
}
expect_eq "a blob" 200 "$(status "http://$MIRROR/v2/library/alpine/blobs/sha256:${blob##*/}")"
expect_eq "a manifest is no blob" 404 "$(status "http://$MIRROR/v2/library/alpine/blobs/$image")"
expect_eq "also to who has it" 404 "$(status -H "If-None-Match: \"$image\"" \
	"http://$MIRROR/v2/library/alpine/blobs/$image")"
expect_eq "nor is another one" 404 "$(status "http://$MIRROR/v2/library/other/blobs/$other")"
# As containerd asks for what a repository has not got.
expect_eq "nor is another repository's" 404 "$(status "http://$MIRROR/v2/library/alpine/blobs/$other")"
# Of each type that the program looks into.
sed -e ':more' -e '/\\$/{N; s/\\\n//; b more' -e '}' "$TOP/syncer/image/media.h" |
	sed -n 's/^#define \(MEDIA_[A-Z_]*\)[[:space:]]*"\(.*\)"$/\1 \2/p' >"$T/types"
sed -n '/^const char \*const media_manifests/,/^}/p' "$TOP/syncer/image/media.c" |
	grep -o 'MEDIA_[A-Z_]*,' >"$T/names"
while read -r name; do
	type=$(sed -n "s/^${name%,} //p" "$T/types")
	echo "{\"mediaType\":\"$type\"}" >"$T/manifest"
	id=$(tree_manifest docker.io/library/other "$type" "$T/manifest")
	expect_eq "nor is $type" 404 "$(status "http://$MIRROR/v2/library/alpine/blobs/$id")"
	expect_eq "which is here" 200 "$(status "http://$MIRROR/v2/library/other/manifests/$id")"
done <"$T/names"
# An image may have the bytes of a manifest as a layer, its own or another one's: they are
# a file among the blobs then, and no link.
for repository in alpine other; do
	printf '{"mediaType":"%s","config":"%s"}' "$OCI_MANIFEST" "$repository" >"$T/manifest"
	id=$(tree_manifest "docker.io/library/$repository" "$OCI_MANIFEST" "$T/manifest")
	rm "$T/root/blobs/sha256/${id#*:}"
	expect_eq "a blob that is not here" 404 "$(status "http://$MIRROR/v2/library/alpine/blobs/$id")"
	tree_blob "$T/manifest" >"$T/none"
	url=http://$MIRROR/v2/library/alpine/blobs/$id
	expect_eq "a layer that is a manifest" "200 application/octet-stream" \
		"$(curl -sS -o "$T/got" -w '%{http_code} %{content_type}' "$url")"
	check "its bytes" cmp "$T/manifest" "$T/got"
	expect_eq "its head" 200 "$(status -I "$url")"
	expect_eq "a range" "206 4" "$(curl -sS -r 2-5 -o "$T/got" -w '%{http_code} %{size_download}' "$url")"
	expect_eq "a range that it has not" 416 "$(status -r 99999- "$url")"
	expect_eq "to who has it" 304 "$(status -H "If-None-Match: \"$id\"" "$url")"
done
expect_eq "nginx has said nothing" "" "$(grep -v '^serving ' "$T/nginx.log" || :)"
if part "a file that cannot be read" root; then
	chmod 000 "$blob"
	sleep 1.5
	expect_eq "a file that cannot be read" 404 \
		"$(status "http://$MIRROR/v2/library/alpine/blobs/sha256:${blob##*/}")"
	check "is in the log" wait_for 60 grep -q 'Permission denied' "$T/nginx.log"
fi

#!/bin/sh
# scripts/tutorials/airgap.md, command by command, on two machines that share nothing
# but the stick: keys, a first stick, what the site has, and a second stick that brings
# the rest and nothing more. The site has no network, and serves what it was brought.
# Tier: all
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/mirror.sh"
. "$TOP/tests/tutorial.sh"

need cdr root ip nginx docker-registry skopeo openssl jq busybox curl make
tutorial_upstream library/nginx:1.27
# Another image: the second stick has something to bring.
start_registry
skopeo copy -q --dest-tls-verify=false "oci:$T/samples/models:1.0" \
	"docker://$UPSTREAM/library/redis:7.4" >>"$T/samples.log" 2>&1 ||
	fail "there is no second image"
process_end "$UPSTREAM_PID"
cp -a "$T/registry-2/registry.data/." "$T/docker.io/"
mkdir "$T/stick"

# at MACHINE HEADING...: what the document says below these
at()
{
	_at=$1
	shift
	: >"$T/commands"
	for _heading; do
		tutorial_blocks "$TOP/scripts/tutorials/airgap.md" "## $_heading" >>"$T/commands"
	done
	check "$*" tutorial_run "$T/$_at" "$T/commands"
}
for machine in centre site; do
	tutorial_machine "$T/$machine"
	echo 'make -s install' >"$T/commands"
	check "the $machine has its programs" tutorial_run "$T/$machine" "$T/commands"
done
TUTORIAL_STICK=$T/stick
at centre "At the centre, once" "At the centre, the first stick"
cp "$T/centre/root/centre.pub" "$T/site/root/"
mv "$T/docker.io" "$T/docker.io.away"
at site "At the site, the first stick"
expect_said "doctor is content" '^All is well\.'
first=$(cat "$T/stick"/*.cdr* | wc -c)
mv "$T/docker.io.away" "$T/docker.io"
at centre "At the centre, each further stick"
# Of the first image next to nothing comes again.
second=$(cat "$T/stick"/*.cdr* | wc -c)
new=$(cat "$T/samples/models/blobs/sha256"/* | wc -c)
[ "$second" -ge "$new" ] || fail "the second image is not on it"
[ "$second" -lt $((new + first / 2)) ] || fail "the first image is on it again: $second bytes"
ok "the second stick has the second image alone"
mv "$T/docker.io" "$T/docker.io.away"
at site "At the site, each further stick"
for image in nginx:1.27 redis:7.4; do
	expect_said "the site has $image" "^docker\\.io/library/$image "
done

#!/bin/sh
# scripts/demo, as a newcomer calls it first: it ends well, and shows what it says
# that it shows.
. "$(dirname "$0")/../lib.sh"

need cdr nginx docker-registry skopeo openssl busybox
check "the demo" sh "$TOP/scripts/demo" --once
expect_said "the first sync" '^3 images: 0 unchanged, 3 updated, 0 failed; 16 new objects, .* 5 pulls'
expect_said "the second" '^3 images: 3 unchanged, 0 updated, 0 failed; 0 new objects, 0 B received, 3 requests, 0 pulls'
expect_said "what that asked" '^  the upstream saw: 3 x HEAD manifest$'
expect_said "a run of what came" '^hello from busybox on .*, from the mirror$'

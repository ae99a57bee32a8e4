#!/bin/sh
# scripts/tutorials/systemd.md, command by command, on a machine that has nothing of
# CDR's: it is built and installed, the units mirror and serve, doctor is content, and
# a client gets the image from the mirror. systemd itself is played; the units, their
# users and the programs are the real ones.
# Tier: all
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/mirror.sh"
. "$TOP/tests/tutorial.sh"

need cdr root ip nginx docker-registry skopeo openssl jq busybox curl make systemd-sysusers \
	systemd-tmpfiles setpriv
tutorial_upstream library/nginx:1.27
tutorial_blocks "$TOP/scripts/tutorials/systemd.md" >"$T/commands"
cat >>"$T/commands" <<'END'
stat -c 'the tree is of %U' /srv/cdr/blobs
ps -o user:20= -C nginx | sed 's/ *$//; s/^/nginx is of /'
END
tutorial_machine "$T/machine"
check "what it says works" tutorial_run "$T/machine" "$T/commands"
expect_said "the list is mirrored" '^docker\.io/library/nginx:1\.27 '
expect_said "doctor is content" '^All is well\.'
expect_said "the tree belongs to who writes it" '^the tree is of cdr$'
expect_said "... and who serves it is another" '^nginx is of cdr-serve$'

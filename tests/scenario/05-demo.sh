#!/bin/sh
# scripts/demo, as a newcomer calls it first: it ends well, shows what it says that
# it shows, and leaves cdr and cdr-serve on PATH, unless --no-link is given. The
# links take nobody's place, "make install" takes theirs; where there can be none,
# one line says what to type.
. "$(dirname "$0")/../lib.sh"

need cdr nginx docker-registry skopeo openssl busybox
# Not the machine's own folder.
export CDR_BIN="$T/bin" PATH="$T/bin:$PATH"

check "the demo" sh "$TOP/scripts/demo" --once
expect_said "the first sync" '^3 images: 0 unchanged, 3 updated, 0 failed; 16 new objects, .* 5 pulls'
expect_said "the second" '^3 images: 3 unchanged, 0 updated, 0 failed; 0 new objects, 0 B received, 3 requests, 0 pulls'
expect_said "what that asked" '^  the upstream saw: 3 x HEAD manifest$'
expect_said "what goes wrong, by name" '^error: docker\.io/library/busybox:1\.53: .*404'
expect_said "the files of a node" '^wrote /etc/containerd/certs\.d/_default/hosts\.toml'
expect_said "doctor, content" '^All is well\.$'
expect_said "... and not" '^FAIL  manifest .*/busybox/manifests/1\.53: the mirror does not have it'
expect_said "a run of what came" '^hello from busybox on .*, from the mirror$'
expect_said "what to try next, by the name on PATH" '^  cdr doctor --mirror '
expect_said "the links, and how to take them away" \
	"^  cdr and cdr-serve are on PATH, as links in $T/bin\\. To take them away: rm $T/bin/cdr $T/bin/cdr-serve\$"
expect_eq "cdr is this program" "$CDR" "$(readlink "$T/bin/cdr")"
check "it runs" cdr --version
expect_said "and says what it is" '^cdr [0-9]'
check "cdr-serve runs, by its link" cdr-serve --help
expect_said "and is scripts/serve" '^usage: cdr-serve '
rm -r "$CDR_BIN"

check "the demo without links" sh "$TOP/scripts/demo" --no-link --once
expect_said "what to try next, by its path" '^  [^ ]*/cdr doctor --mirror '
[ ! -e "$T/bin" ] || fail "it made a folder for links"
! grep -q 'on PATH' "$T/stdout" || fail "it spoke of links"
ok "no word of links"
expect_rc "an option that there is not" 2 sh "$TOP/scripts/demo" --nolink

# The rest is of a clone that is not this one, so that anybody may do it.
mkdir -p "$T/clone/scripts" "$T/clone/build"
cp "$TOP/scripts/on-path" "$TOP/scripts/serve" "$T/clone/scripts"
printf '#!/bin/sh\necho "cdr of the clone"\n' >"$T/clone/build/cdr"
chmod 755 "$T/clone/build/cdr"
on_path()
{
	sh "$T/clone/scripts/on-path" "$T/clone/build/cdr"
}
# in_its_place "what" REGEX [MORE]: nothing was done, and one line says why, what to
# type, and MORE.
in_its_place()
{
	expect_rc "$1" 1 on_path
	expect_said "it says why, and what to type" \
		"^cdr is not on PATH: $2\\. Type $T/clone/build/cdr in its place\\.${3-}\$"
	expect_eq "in one line" 1 "$(cat "$T/stdout" "$T/stderr" | wc -l)"
}

# not_on_path "what" FOLDER [CDR_BIN=FOLDER]: a line for a shell, too, to have it there.
not_on_path()
{
	in_its_place "$1" "$2, where its link would be, is not" \
		" Or link cdr and cdr-serve there: export PATH=$2:\"[\$]PATH\"; ${3:+$3 }sh $T/clone/scripts/on-path $T/clone/build/cdr"
}

mkdir "$T/bin"
echo mine >"$T/bin/cdr-serve"
in_its_place "a file of that name stays" "$T/bin/cdr-serve is there already, and stays"
expect_eq "and is what it was" "cdr-serve mine" "$(ls "$T/bin") $(cat "$T/bin/cdr-serve")"
rm "$T/bin/cdr-serve"
ln -s "$T/elsewhere/build/cdr" "$T/bin/cdr"
in_its_place "a link of somebody else's stays" "$T/bin/cdr is there already, and stays"
expect_eq "and is what it was" "$T/elsewhere/build/cdr" "$(readlink "$T/bin/cdr")"
rm "$T/bin/cdr"
CDR_BIN=$T/aside
not_on_path "a folder that is not on PATH" "$T/aside" "CDR_BIN=$T/aside"
check "what it says to do" env -u CDR_BIN sh -c \
	"$(sed 's/.* Or link cdr and cdr-serve there: //' "$T/stdout") && cdr"
expect_said "puts it there" '^cdr of the clone$'
rm -r "$T/aside"
# A name that a shell would take apart.
CDR_BIN="$T/it's aside"
expect_rc "a folder with a blank and a quote" 1 on_path
check "what it says to do" env -u CDR_BIN sh -c \
	"$(sed 's/.* Or link cdr and cdr-serve there: //' "$T/stdout") && cdr"
expect_said "puts it there" '^cdr of the clone$'
mkdir "$T/before"
cp "$T/clone/build/cdr" "$T/before/cdr"
CDR_BIN=$T/bin
PATH=$T/before:$PATH
in_its_place "another cdr comes first" "$T/before/cdr comes before $T/bin/cdr"
PATH=${PATH#*:}
check "its own links are no obstacle" on_path

# "make install" has to take the link away, not to write through it.
check "make install over the link" make -s -C "$TOP" -o all install \
	PREFIX="$T" BUILD="$T/clone/build"
[ ! -L "$T/bin/cdr" ] || fail "it left the link"
expect_eq "the program is there" "cdr of the clone" "$("$T/bin/cdr")"
expect_eq "and where it came from" "cdr of the clone" "$("$T/clone/build/cdr")"
in_its_place "and stays there" "$T/bin/cdr is there already, and stays"
unset CDR_BIN
expect_eq "nginx's files know where the page is" 1 \
	"$(grep -c "default $T/share/cdr/nginx/page;" "$T/share/cdr/nginx/cdr.conf")"

# Whose folder it is. Without it on PATH: nothing is done to the real one.
ours=$PATH
PATH=/usr/bin:/bin
if [ "$(id -u)" -eq 0 ]; then
	not_on_path "root's folder" /usr/local/bin
	mkdir -m 755 "$T/nobody"
	chown 65534 "$T/nobody"
	on_path()
	{
		HOME=$T/nobody setpriv --reuid 65534 --regid 65534 --clear-groups \
			sh "$T/clone/scripts/on-path" "$T/clone/build/cdr"
	}
	home=$T/nobody
else
	home=$HOME
fi
not_on_path "a user's own folder, which is not on PATH" "$home/.local/bin"
PATH=$home/.local/bin:$PATH
check "which is on PATH" on_path
expect_eq "the program" "$T/clone/build/cdr" "$(readlink "$home/.local/bin/cdr")"
rm -r "$home/.local"
if [ "$(id -u)" -eq 0 ]; then
	chown 0 "$T/nobody"
	in_its_place "one that cannot be made" "there is no $home/.local/bin"
	mkdir -p "$home/.local/bin"
	in_its_place "one that cannot be written to" "$home/.local/bin cannot be written to"
fi
PATH=$ours

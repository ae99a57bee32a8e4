#!/bin/sh
# The small root of a newer Debian (tests/newer.sh): made once, whole or not at
# all, anew when the list of packages changes; what a killed or failed try left is
# no obstacle, and takes nothing away that served before. A program in it sees $T
# and this machine's network, changes nothing in the root, and leaves no mount.
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/newer.sh
. "$TOP/tests/newer.sh"

need root
(_newer_apart "$T" true) 2>"$T/unshare.log" || skip "no mount namespace here"

# A machine of stubs: what debootstrap is asked for is written down.
mkdir -p "$T/bin" "$T/copy/tests"
cp "$TOP/tests/newer.sh" "$T/copy/tests/"
stub()
{
	{ echo '#!/bin/sh'; cat; } >"$T/bin/$1"
	chmod +x "$T/bin/$1"
}
stub apt-get <<'END'
codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
echo "Packages main other http://other.example/"
echo "Packages contrib $codename http://contrib.example/debian/"
echo "Packages main $codename http://mirror.example/debian/"
END
stub apt-config <<'END'
[ "$3" != Acquire::http::Proxy ] || echo "$2='http://proxy.example:3128'"
END
stub debootstrap <<'END'
echo "$* $http_proxy" >>"$T/asked"
for dir; do case $dir in /*) break ;; esac; done
[ -z "$(ls -A "$dir")" ] || { echo "E: it is not empty"; exit 1; }
mkdir -p "$dir/usr/sbin" "$dir/proc" "$dir/usr/share/doc/apt"
[ ! -e "$T/fails" ] || { echo "E: no such host"; exit 1; }
[ ! -e "$T/dies" ] || kill -KILL $PPID
END
stub chroot <<'END'
echo "${*#* }" >>"$T/asked"
END
fetch()
{
	: >"$T/asked"
	sed -i "s/^NEWER_PACKAGES=.*/NEWER_PACKAGES='$1'/" "$T/copy/tests/newer.sh"
	# shellcheck disable=SC2016,SC2031 # for the inner shell
	env PATH="$T/bin:$PATH" TOP="$T/copy" sh -euc \
	    '. "$TOP/tests/newer.sh"; newer_fetch'
}
cache=$T/copy/build/cache/newer
root=$cache/root

touch "$T/fails"
expect_rc "the mirror cannot be reached" 1 fetch cosign
expect_eq "the log says why" "E: no such host" "$(tail -n 1 "$cache/log")"
expect_rc "nothing half-made is in its place" 1 test -e "$root"
rm "$T/fails"

touch "$T/dies"
expect_rc "it is killed half way" 1 fetch cosign
mkdir -p "$cache/new/left"
rm "$T/dies"
check "the next one makes it" fetch cosign
expect_eq "from where this machine's own packages come, the way apt goes" \
    "--variant=minbase --force-check-gpg $NEWER_SUITE $NEWER_AT http://mirror.example/debian/ http://proxy.example:3128
apt-get -q -y install cosign" "$(cat "$T/asked")"
expect_rc "without documentation" 1 test -e "$root/usr/share/doc"

check "it is there" fetch cosign
expect_eq "nothing is asked for" "" "$(cat "$T/asked")"

touch "$T/fails"
expect_rc "another list, and no mirror" 1 fetch "cosign oras"
expect_eq "what served before serves" "$NEWER_SUITE cosign" \
    "$(cat "$root/stamp")"
rm "$T/fails"
check "another list" fetch "cosign oras"
expect_eq "has its root" "$NEWER_SUITE cosign oras" "$(cat "$root/stamp")"
expect_eq "and no other is left" "log root wgetrc" \
    "$(cd "$cache" && echo [!l]* log | tr ' ' '\n' | sort | paste -s -d ' ')"

# The real one.
if ! newer_has skopeo; then
	left_out "the real one" "$_why"
	exit 0
fi
mounts=$(cat /proc/self/mountinfo)
echo "of the scenario" >"$T/file"
check "a program reads and writes the scenario's folder" \
    newer_run sh -c "cat $T/file && echo written >$T/made"
expect_said "there" '^of the scenario$'
expect_eq "at the same path" written "$(cat "$T/made")"
expect_rc "its own root is not to be written to" 1 newer_run sh -c \
    'echo x >/tmp/x && echo x >/run/x && ! echo x 2>/dev/null >/etc/x &&
    ! rm /bin/sh 2>/dev/null && exit 1'
expect_rc "what it ends with is told" 7 newer_run sh -c 'exit 7'
newer_exec sleep 60 &
pid=$!
defer "process_end $pid"
wait_for 5 grep -q sleep "/proc/$pid/cmdline" ||
	fail "in the background it is not the program itself"
ok "in the background it is the program itself"
process_end $pid
expect_eq "nothing stays mounted" "$mounts" "$(cat /proc/self/mountinfo)"

# The Debian that the image of cdr is compiled in by the tests: this machine's
# release, as a tar file below build/cache/image. Sourced; POSIX sh.
#
#   base_ready PACKAGE...  is it there, with these?
#   base_fetch PACKAGE...  makes it where it is missing, with these packages.
#                          scripts/install-deps test does this: needs the network,
#                          root, debootstrap
#   $BASE_TAR              it
# shellcheck shell=sh

# Where packages come from and how is told there.
# shellcheck source=tests/newer.sh
. "$TOP/tests/newer.sh"

BASE=$TOP/build/cache/image
BASE_TAR=$BASE/base.tar

base_ready()
{
	[ -f "$BASE_TAR" ] && [ -f "$BASE/packages" ] &&
		[ "$(cat "$BASE/packages")" = "$*" ]
}

_base_make()
{
	_mirror=$(_newer_mirror)
	if [ -z "$_mirror" ]; then
		echo "E: apt's sources name no Debian mirror"
		return 1
	fi
	_newer_proxy
	_suite=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release | tr -d '"')
	debootstrap --variant=minbase --force-check-gpg \
		"--include=$(echo "$*" | tr -s ' \t\n' ',')" \
		"$_suite" "$BASE/root" "$_mirror" || return 1
	rm -rf "$BASE"/root/var/cache/apt/* "$BASE"/root/var/lib/apt/lists/* \
		"$BASE/root/usr/share/man" "$BASE/root/usr/share/locale" \
		"$BASE/root/usr/share/zoneinfo"
	tar -C "$BASE/root" --one-file-system --numeric-owner --sort=name \
		-cf "$BASE_TAR.new" . && mv "$BASE_TAR.new" "$BASE_TAR" &&
		echo "$*" >"$BASE/packages"
}

# In a mount namespace of its own, as in tests/newer.sh.
base_fetch()
{
	! base_ready "$@" || return 0
	mkdir -p "$BASE"
	export TOP
	(
		flock 8
		# shellcheck disable=SC2031 # for this subshell
		PATH=$PATH:/usr/sbin:/sbin
		! base_ready "$@" || exit 0
		rm -rf "$BASE/root"
		rc=0
		# shellcheck disable=SC2016 # for the inner shell
		unshare -m sh -euc '. "$TOP/tests/k8s/base.sh"; _base_make "$@"' \
			base "$@" >"$BASE/log" 2>&1 </dev/null || rc=1
		rm -rf "$BASE/root"
		exit $rc
	) 8>"$BASE/lock"
}

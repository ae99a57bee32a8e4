# A compiler for arm64, the libraries of the static cdr for it, and what runs the result
# here. Debian's packages, unpacked below build/cache and not installed: this machine's
# apt knows no other architecture afterwards. Sourced; POSIX sh.
#
#   cross_fetch          makes it where it is missing. scripts/install-deps all does
#                        this: needs the network
#   cross_ready          is it there?
#   cross_cc FILE        writes a compiler to that file, a script
#   cross_run PROGRAM ARG...   an arm64 program, by qemu
# shellcheck shell=sh

CROSS=$TOP/build/cache/arm64
CROSS_PACKAGES='gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user
	libssl-dev:arm64 libjansson-dev:arm64 libyaml-dev:arm64 libarchive-dev:arm64'

cross_ready()
{
	[ -f "$CROSS/root/stamp" ] &&
		[ "$(cat "$CROSS/root/stamp")" = "$CROSS_PACKAGES" ]
}

_cross_apt()
{
	env "APT_CONFIG=$CROSS/apt/conf" LC_ALL=C.UTF-8 apt-get -q "$@"
}

_cross_make()
{
	set -eu
	mkdir -p "$CROSS/apt/lists/partial" "$CROSS/apt/archives/partial"
	: >"$CROSS/apt/status"
	cat >"$CROSS/apt/conf" <<END
Dir::State "$CROSS/apt";
Dir::State::status "$CROSS/apt/status";
Dir::Cache "$CROSS/apt";
APT::Architecture "amd64";
APT::Architectures { "amd64"; "arm64"; };
APT::Install-Recommends "false";
APT::Update::Post-Invoke-Success "";
APT::Sandbox::User "";
Acquire::Languages "none";
Acquire::Retries "3";
Acquire::http::Timeout "30";
END
	_cross_apt update
	# shellcheck disable=SC2086 # words
	_cross_apt -y --download-only install $CROSS_PACKAGES
	mkdir "$CROSS/new"
	for _package in "$CROSS"/apt/archives/*.deb; do
		dpkg-deb --fsys-tarfile "$_package" | tar -xf - -C "$CROSS/new" \
			--exclude='./usr/share/*'
	done
	echo "$CROSS_PACKAGES" >"$CROSS/new/stamp"
	rm -rf "$CROSS/root"
	mv "$CROSS/new" "$CROSS/root"
}

cross_fetch()
{
	! cross_ready || return 0
	mkdir -p "$CROSS"
	(
		flock 8
		! cross_ready || exit 0
		rm -rf "$CROSS/new" "$CROSS/apt"
		_rc=0
		export TOP
		# shellcheck disable=SC2016 # for the inner shell
		sh -euc '. "$TOP/tests/cross.sh"; _cross_make' >"$CROSS/log" 2>&1 \
			</dev/null || _rc=1
		rm -rf "$CROSS/new" "$CROSS/apt"
		exit $_rc
	) 8>"$CROSS/lock"
}

cross_cc()
{
	cat >"$1" <<END
#!/bin/sh
export LD_LIBRARY_PATH='$CROSS/root/usr/lib/x86_64-linux-gnu'
exec '$CROSS/root/usr/bin/aarch64-linux-gnu-gcc' -isystem '$CROSS/root/usr/include' \\
	-isystem '$CROSS/root/usr/include/aarch64-linux-gnu' \\
	-L'$CROSS/root/usr/lib/aarch64-linux-gnu' "\$@"
END
	chmod 755 "$1"
}

cross_run()
{
	LD_LIBRARY_PATH=$CROSS/root/usr/lib/x86_64-linux-gnu \
		"$CROSS/root/usr/bin/qemu-aarch64" "$@"
}

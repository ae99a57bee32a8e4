#!/bin/sh
# scripts/install-deps asks apt for what is missing and for nothing else: no
# call at all when everything is there; another vendor's package counts; who is
# not root goes through sudo, or is told what to type; a system without apt gets
# the list.
. "$(dirname "$0")/../lib.sh"

# A copy, with what it fetches besides packages already there, and a machine made of
# stubs: "here" holds the packages that dpkg-query finds.
mkdir -p "$T/copy/scripts" "$T/copy/build/cache/busybox" "$T/bin" "$T/few"
cp "$TOP/scripts/install-deps" "$T/copy/scripts"
mkdir -p "$T/copy/tests" "$T/copy/build/cache/newer/root"
cp "$TOP/tests/newer.sh" "$TOP/tests/cross.sh" "$TOP/tests/machine.sh" "$T/copy/tests"
mkdir -p "$T/copy/tests/k8s" "$T/copy/build/cache/k8s-models" \
	"$T/copy/build/cache/image"
cp "$TOP/tests/k8s/models.sh" "$TOP/tests/k8s/base.sh" "$T/copy/tests/k8s"
: >"$T/copy/build/cache/image/base.tar"
base_is_here()
{
	sed -n "/^build_packages='/,/'\$/p" "$TOP/scripts/install-deps" | tr -d "'" |
		sed 's/^build_packages=//; s/|[^ ]*//g' | xargs \
		>"$T/copy/build/cache/image/packages"
}
base_is_here
mkdir -p "$T/copy/build/cache/arm64/root"
# shellcheck disable=SC2016 # for the inner shell
env TOP="$T/copy" sh -c '. "$TOP/tests/cross.sh"; echo "$CROSS_PACKAGES"' \
	>"$T/copy/build/cache/arm64/root/stamp"
# shellcheck disable=SC2016 # for the inner shell
env TOP="$T/copy" sh -c '. "$TOP/tests/k8s/models.sh"; _models_stamp' \
	>"$T/copy/build/cache/k8s-models/stamp"
# shellcheck disable=SC2016 # for the inner shell
env TOP="$T/copy" sh -c '. "$TOP/tests/newer.sh"; _newer_stamp' \
	>"$T/copy/build/cache/newer/root/stamp"
for arch in amd64 arm64; do
	cp "$TOP/scripts/install-deps" "$T/copy/build/cache/busybox/$arch"
	chmod +x "$T/copy/build/cache/busybox/$arch"
done
mkdir -p "$T/copy/tests/page" "$T/copy/build/cache/page"
cp "$TOP/tests/page/package-lock.json" "$T/copy/tests/page/"
cp "$TOP/tests/page/package-lock.json" "$T/copy/build/cache/page/installed"
export STUB="$T"
stub()
{
	{ echo '#!/bin/sh'; cat; } >"$T/bin/$1"
	chmod +x "$T/bin/$1"
}
stub dpkg-query <<'EOF'
for package; do
	grep -qxF "$package" "$STUB/here" && echo "$package installed"
done
exit 1
EOF
stub_callers()
{
	for program in apt-get sudo npm; do
		stub $program <<EOF
echo "$program \$*" >>"\$STUB/calls"
EOF
	done
}
stub_callers
stub id <<'EOF'
cat "$STUB/uid"
EOF
echo 1000 >"$T/uid"

install_deps()
{
	: >"$T/calls"
	PATH=$T/bin:$PATH sh "$T/copy/scripts/install-deps" "$@" </dev/null
}
asked()
{
	sed 's/.*--as-root //' "$T/calls" | tr ' ' '\n' | sort | paste -s -d ' '
}

: >"$T/here"
check "nothing is here: build" install_deps
expect_eq "sudo is asked for the compiler and the libraries" \
    "ca-certificates gcc libarchive-dev libc6-dev libcurl4-openssl-dev libjansson-dev libssl-dev libyaml-dev make pkg-config" \
    "$(asked)"
expect_eq "sudo must not wait for a password without a terminal" 1 \
    "$(grep -c '^sudo -n ' "$T/calls")"
expect_eq "one line says so" 1 "$(grep -c installing "$T/stdout")"
check "what scripts/test asks for" install_deps --say demo
expect_said "it says how much, and what does it" \
    'this installs [0-9]+ Debian packages with sudo apt-get, and starts no service'
expect_said "and how to do without" 'make check'

check "levels add up" install_deps build bench demo
for package in gcc nginx docker-registry libcmocka-dev umoci hyperfine; do
	asked | tr ' ' '\n' | grep -qx $package || fail "$package is not asked for"
done
ok "bench asks for everything"

asked | tr ' ' '\n' >"$T/here"
check "all is here" install_deps bench
expect_eq "apt and sudo are not called" "" "$(cat "$T/calls")"
expect_eq "nothing is said" "" "$(cat "$T/stdout" "$T/stderr")"
check "scripts/test asks, too" install_deps --say test
expect_eq "nothing is said of it either" "" "$(cat "$T/stdout" "$T/stderr")"
echo others >"$T/copy/build/cache/image/packages"
printf '#!/bin/sh\nexit 1\n' >"$T/bin/sudo"
check "a Debian with other packages" install_deps --say test
expect_said "is made anew" 'a Debian with a compiler'
expect_said "or not" 'no Debian to compile in'
base_is_here
if [ "$(uname -m)" = x86_64 ]; then
	rm "$T/copy/build/cache/arm64/root/stamp"
	check "without a compiler for arm64" install_deps --say test
	expect_eq "scripts/test lacks nothing" "" "$(cat "$T/stdout" "$T/stderr")"
	expect_rc "its long form does, and what makes packages" 1 install_deps --say all
	expect_said "these are asked for" 'installing, with sudo, debhelper lintian rpm rpmlint git$'
	printf '%s\n' debhelper lintian rpm rpmlint git >>"$T/here"
	printf '#!/bin/sh\nexit 1\n' >"$T/bin/apt-get"
	check "they are here" install_deps --say all
	expect_said "that is fetched for it" \
		'fetches into build/cache.* a Debian with systemd, a compiler for arm64'
fi
stub_callers

grep -vxF -e docker.io -e containerd -e runc -e jq "$T/here" >"$T/less"
printf 'docker-ce\ncontainerd.io\n' >>"$T/less"
mv "$T/less" "$T/here"
check "docker-ce and containerd.io are here instead" install_deps test
expect_eq "only jq is asked for" jq "$(asked)"

# Another version of it, and npm cannot: that is said, and nothing fails.
echo more >>"$T/copy/tests/page/package-lock.json"
touch "$T/copy/tests/page/package.json" "$T/copy/tests/page/.npmrc"
printf '#!/bin/sh\nexit 1\n' >"$T/bin/npm"
check "npm reaches nothing" install_deps test
expect_said "axe will not judge the page, it says" 'no axe-core .*axe will not judge'

# Programs that the script itself needs, and no others.
for program in sh dirname cat tr sed awk; do
	ln -s "$(command -v $program)" "$T/few/$program"
done
few()
{
	env PATH="$T/few" sh "$T/copy/scripts/install-deps" "$@"
}
expect_rc "a system without apt" 1 few test
expect_said "gets the list" '^  libjansson-dev$'

for program in apt-get dpkg-query id grep npm; do
	path=$T/bin/$program
	[ -e "$path" ] || path=$(command -v $program)
	ln -s "$path" "$T/few/$program"
done
expect_rc "no root, no sudo" 1 few test
expect_said "is told what to type" 'apt-get install --no-install-recommends jq$'
expect_rc "an unknown level is a usage error" 2 install_deps everything

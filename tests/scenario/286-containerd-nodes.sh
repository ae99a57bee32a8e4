#!/bin/sh
# cdr node-config containerd, on nodes as people have them: imports and drop-ins,
# files of clouds and installers, inline tables, keys with dots, CRLF. For each it
# writes config_path into the file that decides, and that alone; or finds that it is
# there; or refuses with the file and the reason, and touches nothing. --remove gives
# every file back byte for byte, and a second --install finds nothing to change.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/containerd-nodes.sh"

need cdr

# The lines that are new in a file, without those that went.
added()
{
	diff "$NODES/$1/$2" "$R/$2" | sed -n 's/^> //p' | tr -d '\r'
}

one()
{
	state >"$T/before"
	if [ "$3" = refused ]; then
		expect_rc "$1 is refused" 2 config --mirror $MIRROR_URL --install
		expect_said "... and why" "$4"
		state >"$T/after"
		check "... and nothing was touched" cmp "$T/before" "$T/after"
		expect_rc "... without --install too" 2 config --mirror $MIRROR_URL
		return
	fi
	check "$1" config --mirror $MIRROR_URL --install
	cp "$T/stdout" "$T/said"
	(cd "$R" && find . -type f -newermt 2001-02-04 ! -path './etc/cdr/*' \
		! -path './etc/containerd/certs.d/*') | sed 's,^\./,,' >"$T/changed"
	case $3 in
	adds)
		expect_eq "... changes $4 alone" "$4" "$(cat "$T/changed")"
		expect_eq "... by config_path" 1 \
			"$(added "$1" "$4" | grep -c 'config_path = "/etc/containerd/certs\.d" # cdr node-config')"
		expect_eq "... and its table at most" 0 "$(added "$1" "$4" |
			grep -v 'config_path = ' | grep -vc '^\[plugins.*\] # cdr node-config$\|^\[plugins.*registry\]$')"
		;;
	unchanged) expect_eq "... changes no file" "" "$(cat "$T/changed")" ;;
	esac
	check "... again" config --mirror $MIRROR_URL --install
	expect_said "... has nothing to change" '^Nothing to change'
	check "... and back" config --remove
	state >"$T/after"
	check "... leaves all as it was" cmp "$T/before" "$T/after"
}
each_node one

# --- what is said beside --------------------------------------------------------

# said NAME VERSION REGEX
said()
{
	_version=$2
	rm -rf "$R"
	cp -R "$NODES/$1" "$R"
	for _option in "" --install; do
		# shellcheck disable=SC2086 # a word or none
		check "$1 $_option" config --mirror $MIRROR_URL $_option
		expect_said "... says it" "$3"
	done
}
said eks-2 - 'comes after /etc/containerd/certs\.d, .* hides these folders of it.*: harbor\.example:8443\.'
said default-22 2.2.1 'names several folders, which containerd 2\.1 and later'
said nvidia-drop-in - 'config_path is in /etc/containerd/conf\.d/99-nvidia\.toml, which /etc/containerd/config\.toml imports'
said cri-disabled 1.7.24 'config\.toml: line 2: disabled_plugins has "io\.containerd\.grpc\.v1\.cri"'
mkdir -p "$R/etc/containerd/conf.d"
echo '[debug' >"$R/etc/containerd/conf.d/x.toml"
check "a conf.d that is not imported may be broken" \
	config --mirror $MIRROR_URL --install
echo '[debug]' >"$R/etc/containerd/conf.d/x.toml"
check "and is told" config --mirror $MIRROR_URL
expect_said "by its file" 'does not import /etc/containerd/conf\.d/\*\.toml.*conf\.d/x\.toml'

# For one registry alone, others keep their folder.
_version=-
rm -rf "$R"
cp -R "$NODES/eks-2" "$R"
check "the mirror for ghcr.io" config --mirror $MIRROR_URL --registry ghcr.io
! grep -q hides "$T/stdout" || fail "nothing is hidden"
check "the mirror for harbor" config --mirror $MIRROR_URL \
	--registry harbor.example:8443
expect_said "hides that" 'hides these folders of it.*: harbor\.example:8443\.'

# 2.2 looks there where nothing says config_path.
rm -rf "$R"
mkdir -p "$R/etc/docker/certs.d/harbor.example:8443"
for _version in 2.2.1 2.1.9; do
	check "no config_path, and $_version" config --mirror $MIRROR_URL
	case $_version in
	2.2.1) expect_said "... tells what is left out" \
		'looked into /etc/docker/certs\.d as well.*: harbor\.example:8443' ;;
	*) ! grep 'as well' "$T/stdout" || fail "nothing is left out" ;;
	esac
done
mkdir -p "$R/etc/containerd"
_version=-

# A link is not followed: what it leads to may be another node's.
ln -s /etc/hostname "$R/etc/containerd/config.toml"
expect_rc "a file that is a link" 2 config --mirror $MIRROR_URL --install
expect_said "is named" '/etc/containerd/config\.toml: .*symbolic link'

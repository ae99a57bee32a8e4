#!/bin/sh
# registries.conf as nodes have it (tests/nodes/podman): an owner's entry for the same
# prefix, blocked, elsewhere or for digests alone, in an earlier or a later file, is
# never replaced: --install is refused, and says what to add. A longer prefix and a
# user's own file are told. --remove brings back every byte. doctor goes by the entry
# that counts for the image. An IPv6 address is refused. (293 asks podman itself.)
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 nginx
R=$T/node
url=http://10.0.0.5:5000

config()
{
	"$CDR" node-config podman --prefix "$R" --client-version 5.0.0 "$@"
}

state()
{
	(cd "$R" && find . -type f -exec sha256sum {} + | LC_ALL=C sort -k 2)
}

for want in "$TOP"/tests/nodes/podman/*.want; do
	node=${want%.want} name=${want##*/} name=${name%.want}
	rm -rf "$R"
	cp -r "$node" "$R"
	state >"$T/before"
	read -r what text <"$want"
	if [ "$what" = refused ]; then
		expect_rc "$name" 2 config --mirror $url --install
		expect_said "... is refused" "$text"
		state >"$T/after"
		check "... and nothing is touched" cmp "$T/before" "$T/after"
		continue
	fi
	check "$name" config --mirror $url --install
	[ -z "$text" ] || expect_said "... says" "# Note: $text"
	if [ "$what" = kept ]; then
		expect_said "... has nothing to change" '^Nothing to change'
	else
		expect_said "... is written" '^wrote /etc/containers/registries\.conf\.d/'
	fi
	check "... removed" config --remove
	state >"$T/after"
	check "... byte for byte" cmp "$T/before" "$T/after"
done

rm -rf "$R"
mkdir "$R"
for mirror in 'http://[::1]:5000' 'https://[fd00::5]'; do
	expect_rc "the mirror $mirror" 2 config --mirror "$mirror" --install
	expect_said "is refused" 'no IPv6 address .*a name'
done
expect_eq "and nothing written" "" "$(ls "$R")"

# What the owner is told to add does it, for CRI-O and with --only too.
for client in podman cri-o; do
	cp -r "$TOP/tests/nodes/podman/openshift-blocked/etc" "$R"
	for only in "" --only; do
		# shellcheck disable=SC2086 # a word or none
		expect_rc "$client $only beside an owner's entry" 2 "$CDR" node-config \
			$client --mirror $url --registry docker.io $only \
			--prefix "$R" --install
		if [ -n "$only" ]; then
			printf '[[registry]]\nprefix = "docker.io"\nlocation = "10.0.0.5:5000/docker.io"\ninsecure = true\n'
		else
			printf '[[registry]]\nlocation = "docker.io"\n[[registry.mirror]]\nlocation = "10.0.0.5:5000/docker.io"\ninsecure = true\n'
		fi >"$R/etc/containers/registries.conf"
		# shellcheck disable=SC2086
		check "... after what was said" "$CDR" node-config $client \
			--mirror $url --registry docker.io --registry quay.io $only \
			--prefix "$R" --install
		grep -q '"quay.io"' "$R"/etc/containers/registries.conf.d/50-cdr-*.conf ||
			fail "the other registry is missing"
		! grep -q docker.io "$R"/etc/containers/registries.conf.d/50-cdr-*.conf ||
			fail "the owner's entry is replaced"
		check "... and back" "$CDR" node-config $client --prefix "$R" --remove
		cp "$TOP/tests/nodes/podman/openshift-blocked/etc/containers/registries.conf" \
			"$R/etc/containers/"
	done
done

# --- doctor -----------------------------------------------------------------------

start_registry
ROOT=$T/root
app=$(craft image library/app:1 --layers 1)
printf '{"docker.io": {"endpoint": "http://%s"}}\n' "$UPSTREAM" >"$T/registries.json"
export CDR_REGISTRIES="$T/registries.json"
sync "cdr sync mirrors an image" app:1
start_nginx "$ROOT"

doctor()
{
	"$CDR" doctor --prefix "$R" --mirror "http://$MIRROR" "$@"
}

# begin: our drop-in, and standard input as a later one.
begin()
{
	rm -rf "$R"
	mkdir "$R"
	config --mirror "http://$MIRROR" --install >"$T/installed"
	sed "s/MIRROR/$MIRROR/" >"$R/etc/containers/registries.conf.d/99.conf"
}

# ill "what" REGEX IMAGE
ill()
{
	begin
	expect_rc "$1" 1 doctor "$3"
	expect_said "... is named" "^FAIL  node +.*($2)"
	expect_eq "... and nothing else" 1 "$(grep -c '^FAIL' "$T/stdout")"
}

begin </dev/null
check "ours alone" doctor app:1
ill "a later file" 'images of docker\.io podman and CRI-O goes by "docker\.io" in /etc/containers/registries\.conf\.d/99\.conf:1' app:1 <<'END'
[[registry]]
prefix = "docker.io"
location = "docker.io"
END
ill "a longer prefix" 'goes by "docker\.io/library" in' app:1 <<'END'
[[registry]]
prefix = "docker.io/library"
location = "harbor.corp.example/hub"
END
begin <<'END'
[[registry]]
prefix = "docker.io/librar"
location = "harbor.corp.example/hub"
END
check "one that is no prefix" doctor app:1
ill "one that is blocked" '99\.conf:1: "docker\.io" is blocked.*take "blocked' app:1 <<'END'
[[registry]]
location = "docker.io"
blocked = true
END
digest='[[registry]]
location = "docker.io"
[[registry.mirror]]
location = "MIRROR/docker.io"
insecure = true
pull-from-mirror = "digest-only"'
echo "$digest" | ill "digests alone" 'by digest alone, and this one is by tag' app:1
echo "$digest" | begin
check "... and a digest" doctor "app@$app"
ill "the path of another registry" 'has to end in /docker\.io' app:1 <<'END'
[[registry]]
location = "docker.io"
[[registry.mirror]]
location = "MIRROR/ghcr.io"
insecure = true
END
ill "a longer prefix without its path" 'has to end in /docker\.io' app:1 <<'END'
[[registry]]
prefix = "docker.io/library"
location = "MIRROR/docker.io"
insecure = true
END
for location in MIRROR MIRROR/docker.io; do
	printf '[[registry]]\nprefix = "docker.io"\nlocation = "%s"\ninsecure = true\n' \
		$location | begin
	check "in the registry's place: $location" doctor app:1
done
begin <<'END'
[[registry]]
prefix = "docker.io/library"
location = "MIRROR/docker.io/library"
insecure = true
END
check "a longer prefix with its path" doctor app:1
begin <<'END'
[[registry]]
location = "docker.io"
[[registry.mirror]]
location = "mirror.gcr.io"
[[registry.mirror]]
location = "MIRROR/docker.io"
insecure = true
END
check "another mirror first" doctor app:1
expect_said "is told" '^warn  node +.*asks mirror\.gcr\.io before this mirror'
ill "no TOML" '99\.conf: line 1: .*pull nothing while it is so' app:1 <<'END'
[[registry]
END
begin </dev/null
mkdir -p "$R/home/ann/.config/containers"
: >"$R/home/ann/.config/containers/registries.conf"
check "a user's own file" doctor app:1
expect_said "is told" '^warn  node +/home/ann/\.config/containers/registries\.conf hides'
cp "$R/etc/containers/registries.conf.d/50-cdr-podman.conf" \
	"$R/home/ann/.config/containers/registries.conf"
check "one that leads to the mirror" doctor app:1
! grep -q '/home/ann' "$T/stdout" || fail "it is told all the same"

# A user's drop-ins come behind the system's, and hide none of them but those of the
# same prefix; a home may be anywhere.
mkdir -p "$R/srv/bob/.config/containers/registries.conf.d" "$R/etc"
rm -r "${R:?}/home"
printf 'root:x:0:0:root:/root:/bin/bash\nbob:x:999:999::/srv/bob:/bin/sh\nbad line\n' \
	>"$R/etc/passwd"
drop=$R/srv/bob/.config/containers/registries.conf.d/10.conf
# user LEVEL "what" REGEX: of that drop-in, on standard input.
user()
{
	sed "s/MIRROR/$MIRROR/" >"$drop"
	check "$2" doctor app:1
	case $1 in
	warn) expect_said "... is told" "^warn  node +/srv/bob/.*($3)" ;;
	ok) ! grep '^warn  node' "$T/stdout" || fail "$2: is told" ;;
	esac
}
user warn "an entry elsewhere" '10\.conf:1: .* go by "docker\.io" there, which does not lead' <<'END'
[[registry]]
location = "docker.io"
[[registry.mirror]]
location = "mirror.gcr.io"
END
user warn "a longer prefix" '10\.conf:1: .* go by "docker\.io/library"' <<'END'
[[registry]]
prefix = "docker.io/library"
location = "harbor.corp.example/hub"
END
user ok "another registry" <<'END'
[[registry]]
location = "quay.io"
blocked = true
END
user ok "one that leads to the mirror" <<'END'
[[registry]]
location = "docker.io"
[[registry.mirror]]
location = "MIRROR/docker.io"
insecure = true
END
user warn "one that is no TOML" '10\.conf: line 1: .*pull nothing while it is so' <<'END'
[[registry]
END
echo '[[registry]]' >"$drop"
echo 'location = "docker.io"' >>"$drop"
check "node-config" config --mirror "http://$MIRROR" --install
check "node-config beside it" config --mirror "http://$MIRROR"
expect_said "tells it" '^# Note: /srv/bob/.*/10\.conf counts before these files'
rm "$drop"

# What the environment names stands in the place of the main file, a user's too.
mkdir -p "$R/opt" "$R/root/.config/containers"
echo 'CONTAINERS_REGISTRIES_CONF="/opt/own.conf"' >"$R/etc/environment"
: >"$R/root/.config/containers/registries.conf"
printf '[[registry]]\nprefix = "docker.io/library"\nlocation = "x.example"\n' \
	>"$R/opt/own.conf"
expect_rc "a file that /etc/environment names" 1 doctor app:1
expect_said "counts" '^FAIL  node +.* goes by "docker\.io/library" in /opt/own\.conf:1'
! grep -q '/root/' "$T/stdout" || fail "a user's own main file counts beside it"
rm "$R/etc/environment"
check "without that" doctor app:1
expect_said "the user's counts" '^warn  node +/root/\.config/containers/registries\.conf hides'

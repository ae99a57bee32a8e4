#!/bin/sh
# podman itself, of both generations, on registries.conf as nodes have it
# (tests/nodes/podman): it takes each file with what --install has written, and then
# goes to the mirror; it takes none of those that node-config calls wrong; and a
# user's own file hides the system's from it, as doctor says.
# Tier: all
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/newer.sh"

need cdr python3 root podman newer/podman
R=$T/node

# podman_takes NAME PROGRAM...: what is below $R/etc/containers, in the place of /etc's.
# Prints the registries as podman has them.
podman_takes()
{
	mkdir -p "$T/p" "$T/pr" "$T/home" "$R/etc/containers"
	_which=$1
	shift
	# shellcheck disable=SC2016 # for the inner shell
	"$@" sh -euc '
	mount --bind "$1/node/etc/containers" /etc/containers
	export HOME="$1/home" CONTAINERS_CONF="$1/$2.conf" XDG_CONFIG_HOME="$1/xdg"
	exec podman --storage-driver vfs --root "$1/p" --runroot "$1/pr" info \
		--format "{{json .Registries}}"
	' podman "$T" "$_which"
}
older()
{
	podman_takes older unshare -m
}
newer()
{
	podman_takes newer newer_run
}
printf '[network]\nnetwork_backend = "cni"\n' >"$T/older.conf"
printf '[network]\nnetwork_backend = "netavark"\n' >"$T/newer.conf"

for want in "$TOP"/tests/nodes/podman/*.want; do
	name=${want##*/} name=${name%.want}
	rm -rf "$R"
	cp -r "${want%.want}" "$R"
	read -r what text <"$want"
	case $what-$text in
	refused-*has\ an\ entry*) continue ;;
	refused-*)
		for podman in older newer; do
			expect_rc "$name: podman ($podman)" 125 "$podman"
			expect_said "... takes no registries.conf like that" 'registries'
		done
		continue ;;
	esac
	check "$name" "$CDR" node-config podman --mirror http://10.0.0.5:5000 \
		--client-version 5.0.0 --prefix "$R" --install
	for podman in older newer; do
		check "... and podman ($podman) takes it" "$podman"
		pick -q 'v["docker.io"].Mirrors[0].Location == place' \
			"$T/stdout" place=10.0.0.5:5000/docker.io ||
			fail "$name: podman does not go to the mirror"
	done
done

# entry FOLDER NAME: of the registry NAME.
entry()
{
	printf '[[registry]]\nlocation = "%s"\n' "$2" >"$1"
}
mkdir -p "$T/home/.config/containers/registries.conf.d" \
	"$T/xdg/containers/registries.conf.d"
entry "$T/xdg/containers/registries.conf" xdg.example
entry "$T/xdg/containers/registries.conf.d/x.conf" xdg.example
entry "$T/home/.config/containers/registries.conf.d/x.conf" user.example
entry "$T/named.conf" named.example
for podman in older newer; do
	check "podman ($podman) with a user's drop-in" "$podman"
	grep -q 10.0.0.5 "$T/stdout" || fail "it hides ours"
	grep -q user.example "$T/stdout" || fail "it does not count"
	! grep -q xdg.example "$T/stdout" || fail "XDG_CONFIG_HOME counts"
done
: >"$T/home/.config/containers/registries.conf"
export CONTAINERS_REGISTRIES_CONF="$T/named.conf"
for podman in older newer; do
	check "podman ($podman) with a file that its environment names" "$podman"
	for name in 10.0.0.5 user.example named.example; do
		grep -q $name "$T/stdout" || fail "it does not read $name"
	done
done
unset CONTAINERS_REGISTRIES_CONF
rm -r "$T/home/.config/containers/registries.conf.d"

: >"$T/home/.config/containers/registries.conf"
for podman in older newer; do
	check "podman ($podman) with a user's own file" "$podman"
	expect_eq "... does not read ours" 0 "$(grep -c 10.0.0.5 "$T/stdout")"
done

#!/bin/sh
# dockerd as nodes have it (tests/nodes/docker): started with --registry-mirror by its
# unit, a drop-in or a defaults file, with another --config-file, as a snap, with a
# daemon.json that is empty, has null in it, a BOM or a key twice. What dockerd would
# not start with is refused before anything is touched; all else is written where
# dockerd reads it, dockerd itself says that the file is good, and --remove brings back
# every byte. doctor names an option and a file that say the same.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/newer.sh"
. "$TOP/tests/sync.sh"

need cdr python3 nginx newer/dockerd?
R=$T/node
url=http://10.0.0.5:5000

config()
{
	"$CDR" node-config dockerd --prefix "$R" --client-version 26.1.0 "$@"
}

state()
{
	(cd "$R" && find . -type f -exec sha256sum {} + | LC_ALL=C sort -k 2)
}

for want in "$TOP"/tests/nodes/docker/*.want; do
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
	expect_said "... goes where dockerd looks" "^wrote $text"
	grep -q "\"$url\"" "$R$text" || fail "$name: no mirror in $text"
	! newer_has dockerd || check "... and dockerd would start with it" \
		newer_run dockerd --validate --config-file "$R$text"
	check "... removed" config --remove
	state >"$T/after"
	check "... byte for byte" cmp "$T/before" "$T/after"
done

rm -rf "$R"
mkdir "$R"
build='# Note: "docker build" .*"insecure-registries": \["http://10\.0\.0\.5:5000"\]'
check "an http mirror and an older engine" config --mirror $url
expect_said "what BuildKit needs" "$build"
for options in "--mirror https://10.0.0.5:5000" "--mirror http://127.0.0.1:5000" \
    "--mirror $url --client-version 28.5.2"; do
	# shellcheck disable=SC2086 # words
	check "$options" config $options
	! grep '"docker build"' "$T/stdout" || fail "BuildKit needs nothing then"
done

# --- doctor -----------------------------------------------------------------------

# Nothing answers there, which is not what this is about.
dead=http://127.0.0.1:1
doctor()
{
	"$CDR" doctor --prefix "$R" --mirror $dead
}

rm -rf "$R"
cp -r "$TOP/tests/nodes/docker/unit-flag" "$R"
sed -i "s,https://cache.corp.example,$dead," "$R/lib/systemd/system/docker.service"
expect_rc "an option of the unit" 1 doctor
expect_said "counts" '^ok    node +dockerd uses this mirror \(/lib/systemd'
mkdir -p "$R/etc/docker"
for list in '["http://127.0.0.1:1"]' null; do
	echo "{\"registry-mirrors\": $list}" >"$R/etc/docker/daemon.json"
	expect_rc "beside $list in daemon.json" 1 doctor
	expect_said "it keeps dockerd from starting" \
		'^FAIL  node +dockerd does not start: .*docker\.service:7.*daemon-reload'
	! newer_has dockerd || expect_rc "... as dockerd says itself" 1 newer_run \
		dockerd --validate --registry-mirror $dead \
		--config-file "$R/etc/docker/daemon.json"
done
rm -rf "$R"
cp -r "$TOP/tests/nodes/docker/config-file" "$R"
check "another --config-file" config --mirror $dead --install
expect_rc "another file" 1 doctor
expect_said "is read" '^ok    node +dockerd uses this mirror \(/etc/docker-main/'
mkdir -p "$R/etc/docker"
echo '{"registry-mirrors": ["http://10.9.9.9"]}' >"$R/etc/docker/daemon.json"
expect_rc "the usual one" 1 doctor
! grep -q '10\.9\.9\.9' "$T/stdout" || fail "a file that dockerd does not read counts"
rm -rf "$R"
cp -r "$TOP/tests/nodes/docker/snap" "$R"
echo "{\"registry-mirrors\": [\"$dead\"]}" >"$R/var/snap/docker/2915/config/daemon.json"
expect_rc "a snap" 1 doctor
expect_said "is read" '^ok    node +dockerd uses this mirror \(/var/snap/docker/2915/'
mkdir -p "$R/etc/docker"
echo '{}' >"$R/etc/docker/daemon.json"
expect_rc "a snap, and another file" 1 doctor
expect_said "which does not count" '^warn  node +/etc/docker/daemon\.json does not count: .*snap'
for odd in empty bom; do
	rm -rf "$R"
	cp -r "$TOP/tests/nodes/docker/json-$odd" "$R"
	expect_rc "daemon.json: $odd" 1 doctor
	expect_said "older ones do not start with it" \
		'^warn  node +/etc/docker/daemon\.json (is empty|begins).*before 23\.0'
done
rm -rf "$R"
cp -r "$TOP/tests/nodes/docker/json-twice" "$R"
printf '{"registry-mirrors": ["http://10.9.9.9"],\n"registry-mirrors": ["%s"]}\n' $dead \
	>"$R/etc/docker/daemon.json"
expect_rc "a list that stands twice" 1 doctor
expect_said "the last one counts" '^ok    node +dockerd uses this mirror'
! grep -q '10\.9\.9\.9' "$T/stdout" || fail "the first one counts"

# For some images alone.
start_registry
ROOT=$T/root
for image in library/app:1 other/app:1; do
	craft image $image --layers 1 >>"$T/crafted"
done
printf '{"docker.io": {"endpoint": "http://%s"}, "ghcr.io": {"endpoint": "http://%s"}}\n' \
	"$UPSTREAM" "$UPSTREAM" >"$T/registries.json"
export CDR_REGISTRIES="$T/registries.json"
sync "cdr sync mirrors two images" app:1 ghcr.io/other/app:1
start_nginx "$ROOT"
live=http://$MIRROR
rm -rf "$R"
mkdir -p "$R/etc/docker"
# mirrors PATH
mirrors()
{
	echo "{\"registry-mirrors\": [\"$live$1\"]}" >"$R/etc/docker/daemon.json"
}
for path in "" / /docker.io; do
	mirrors "$path"
	check "the path $path" "$CDR" doctor --prefix "$R" --mirror "$live" app:1
	! grep '^warn  node' "$T/stdout" || fail "there is nothing to warn of"
done
mirrors /v2
expect_rc "the path /v2" 1 "$CDR" doctor --prefix "$R" --mirror "$live" app:1
expect_said "is asked as /v2/v2" "^FAIL  node +/etc/docker/daemon\.json: dockerd asks $live/v2/v2/, where"
mirrors ""
check "an image of ghcr.io" "$CDR" doctor --prefix "$R" --mirror "$live" ghcr.io/other/app:1
expect_said "... of which it has no mirror" '^warn  node +dockerd asks ghcr\.io itself'
check "hosts.toml" config --mirror "$live" --client-version 28.5.0 --install
check "... and an image of ghcr.io" "$CDR" doctor --prefix "$R" --mirror "$live" \
	ghcr.io/other/app:1
! grep 'ghcr.io itself' "$T/stdout" || fail "hosts.toml is for it"

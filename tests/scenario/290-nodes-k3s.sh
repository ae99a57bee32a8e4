#!/bin/sh
# registries.yaml of k3s and RKE2 as people have it (tests/nodes/k3s): the mirror's
# lines go in, all else stays byte for byte, and --remove brings back the file; also
# after somebody has edited it, or a tool has stripped comments. What cannot be added
# to is refused with file, line and cure, and printed whole, without what is secret.
# "private-registry" names another file. doctor names rewrites, "mirror:", tabs, an
# endpoint without a scheme, an entry that leads elsewhere, and a k3s that has not been
# restarted since.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 nginx
R=$T/node
Y=$R/etc/rancher/k3s/registries.yaml
url=http://10.0.0.5:5000

config()
{
	"$CDR" node-config "$@" --prefix "$R"
}

# begin [FILE]: a node that has that registries.yaml.
begin()
{
	rm -rf "$R"
	mkdir -p "$R/etc/rancher/k3s"
	[ $# -eq 0 ] || cp "$1" "$Y"
}

# --- each file of the corpus ------------------------------------------------------

for file in "$TOP"/tests/nodes/k3s/*.yaml; do
	name=${file##*/} name=${name%.yaml}
	begin "$file"
	if [ -e "${file%.yaml}.refused" ]; then
		expect_rc "$name" 2 config k3s --mirror $url \
			--registry docker.io --install
		expect_said "... is refused" "$(cat "${file%.yaml}.refused")"
		check "... and as it was" cmp "$file" "$Y"
		expect_eq "... alone" registries.yaml "$(ls "$R/etc/rancher/k3s")"
		continue
	fi
	check "$name" config k3s --mirror $url --registry docker.io --install
	check "... as it should be" cmp "${file%.yaml}.want" "$Y"
	check "... again" config k3s --mirror $url --registry docker.io --install
	expect_said "... changes nothing" '^Nothing to change'
	# Somebody else's edit in between.
	case $name in flow | json*) bare=1 ;; *) bare= ;; esac
	if ! cmp -s "$file" "$Y" && [ -z "$bare" ]; then
		cp "$Y" "$T/installed"
		printf '# mine\n' | cat - "$T/installed" >"$Y"
		check "... another mirror, after an edit" config k3s \
			--mirror http://10.0.0.6:5000 --registry docker.io --install
		grep -q '10\.0\.0\.6' "$Y" || fail "$name: not the new one"
		! grep -q '10\.0\.0\.5' "$Y" || fail "$name: the old one"
		check "... out of it" config k3s --remove
		printf '# mine\n' | cat - "$file" >"$T/wanted"
		check "... and the rest stays" cmp "$T/wanted" "$Y"
		cp "$file" "$Y"
		check "... in again" config k3s --mirror $url \
			--registry docker.io --install
	fi
	check "... removed" config k3s --remove
	check "... byte for byte" cmp "$file" "$Y"
	expect_eq "... and nothing of ours" registries.yaml "$(ls "$R/etc/rancher/k3s")"
done

# --- after others -----------------------------------------------------------------

# stripped: what a tool makes of it that knows no comments.
begin "$TOP/tests/nodes/k3s/own-endpoint.yaml"
check "installed" config k3s --mirror $url --registry docker.io \
	--registry ghcr.io --install
sed -i 's/ *#.*//' "$Y"
check "after the comments have been stripped" config k3s --remove
check "ours are out" cmp "$TOP/tests/nodes/k3s/own-endpoint.yaml" "$Y"
begin "$TOP/tests/nodes/k3s/own-endpoint.yaml"
check "installed" config k3s --mirror $url --registry docker.io --install
sed -i '/10\.0\.0\.5/s/ *#.*//; s/quay/ghcr/; 1s/$/ # cdr node-config/' "$Y"
cp "$Y" "$T/edited"
expect_rc "a line of ours without its mark, beside others" 1 config k3s --remove
expect_said "is named" 'registries\.yaml: has http://10\.0\.0\.5:5000 in a line'
check "the file stays" cmp "$T/edited" "$Y"
[ -e "$Y.before-cdr" ] || fail "the backup is gone"
# A file of ours alone that somebody has added to.
begin
check "a new one" config k3s --mirror $url --install
printf '  corp.example:\n    endpoint: [https://c]\n' >>"$Y"
check "after an entry of somebody's" config k3s --remove
expect_eq "which is all that stays" 'mirrors:
  corp.example:
    endpoint: [https://c]' "$(cat "$Y")"

# --- printed ----------------------------------------------------------------------

begin "$TOP/tests/nodes/k3s/auth-and-rewrite.yaml"
check "without --install" config k3s --mirror $url --registry docker.io
expect_said "the new lines are shown" '^  "docker\.io": # cdr node-config'
! grep -q 's3cret\|puller' "$T/stdout" || fail "a password is shown"
begin "$TOP/tests/nodes/k3s/alias.yaml"
echo 'configs: {r: {auth: {password: s3cret}, tls: {insecure_skip_verify: true}}}' >>"$Y"
expect_rc "what cannot be added to" 2 config k3s --mirror $url --registry docker.io
expect_said "is printed whole" '"http://10\.0\.0\.5:5000"'
expect_said "with what is there" '"https://c"'
expect_said "and true is no text" '"insecure_skip_verify": true'
! grep -q s3cret "$T/stdout" "$T/stderr" || fail "a password is shown"
begin "$TOP/tests/nodes/k3s/own-endpoint.yaml"
check "for all registries" config k3s --mirror $url --client-version 1.30.1
expect_said "those with entries of their own are named" \
	'do(es)? not count for them: docker\.io, quay\.io'

# --- another file -----------------------------------------------------------------

begin "$TOP/tests/nodes/k3s/own-endpoint.yaml"
mkdir -p "$R/etc/rancher/k3s/config.yaml.d" "$R/etc/opt"
echo 'private-registry: "/etc/opt/first.yaml"' >"$R/etc/rancher/k3s/config.yaml"
printf 'node-label: [a=b]\nprivate-registry: /etc/opt/own.yaml\n' \
	>"$R/etc/rancher/k3s/config.yaml.d/10-site.yaml"
check "private-registry" config k3s --mirror $url --registry docker.io --install
expect_said "names the file" '^wrote /etc/opt/own\.yaml'
check "and no other is touched" cmp "$TOP/tests/nodes/k3s/own-endpoint.yaml" "$Y"
mkdir -p "$R/etc/systemd/system"
cat >"$R/etc/systemd/system/k3s.service" <<'END'
[Service]
EnvironmentFile=-/etc/default/%N
ExecStart=/usr/local/bin/k3s \
    server \
	'--private-registry' \
	'/etc/opt/unit.yaml' \

END
check "an option of the unit" config k3s --mirror $url --registry docker.io --install
expect_said "goes before it" '^wrote /etc/opt/unit\.yaml'
expect_said "... and the other file has gone" '^removed /etc/opt/own\.yaml'
check "removed" config k3s --remove
# elsewhere "what" PATH: the unit names that.
elsewhere()
{
	sed -i "s,^\t'/.*' .*,\t'$2' \\\\," "$R/etc/systemd/system/k3s.service"
	check "$1 is printed" config k3s --mirror $url
	expect_said "... with its name" "^# --- $2:"
}
elsewhere "one outside of /etc" /opt/k3s/unit.yaml
check "and written" config k3s --mirror $url --install
expect_said "where it is" '^wrote /opt/k3s/unit\.yaml'
check "... and removed" config k3s --remove
[ ! -e "$R/opt" ] || fail "something is left in /opt"
mkdir -p "$R/srv/k3s"
elsewhere "another one" /srv/k3s/r.yaml
cp "$TOP/tests/nodes/k3s/own-endpoint.yaml" "$R/srv/k3s/r.yaml"
check "one that is there is added to" config k3s --mirror $url --registry docker.io --install
check "... as it should be" cmp "$TOP/tests/nodes/k3s/own-endpoint.want" \
	"$R/srv/k3s/r.yaml"
check "... and back" config k3s --remove
check "... byte for byte" cmp "$TOP/tests/nodes/k3s/own-endpoint.yaml" \
	"$R/srv/k3s/r.yaml"
expect_eq "... and alone" r.yaml "$(ls "$R/srv/k3s")"
for path in /usr/share/k3s/r.yaml /run/k3s/r.yaml /opt/k3s/registries; do
	elsewhere "$path" $path
	expect_rc "... and not written" 2 config k3s --mirror $url --install
	expect_said "... but said" "$path: .*by hand"
done
sed -i "s,/opt/k3s/registries,../unit," "$R/etc/systemd/system/k3s.service"
expect_rc "one that is no path" 2 config k3s --mirror $url --install
expect_said "is named with its line" '/etc/systemd/system/k3s\.service:3: private-registry: '

# A record that somebody else has written deletes nothing of the system's.
mkdir -p "$R/usr/bin" "$R/opt" "$R/etc/cdr"
for entry in 'whole opt/x.yaml' 'daemon.json usr/x.json' 'daemon.json opt/x' \
    'daemon.json opt/../usr/x.json' 'daemon.json ../x.json'; do
	printf '{"version": 1, "files": [{"client": "k3s", "kind": "%s", "path": "%s", "text": "", "written": "sha256:%s"}], "directories": []}' \
		"${entry% *}" "${entry#* }" "$(printf '' | sha256sum | cut -d ' ' -f 1)" \
		>"$R/etc/cdr/node-config.json"
	expect_rc "a record of $entry" 2 config k3s --remove
	expect_said "... is not followed" 'node-config\.json.* cannot be read'
done
rm "$R/etc/cdr/node-config.json"

# --- doctor -----------------------------------------------------------------------

start_registry
ROOT=$T/root
craft image library/app:1 --layers 1 >/dev/null
printf '{"docker.io": {"endpoint": "http://%s"}}\n' "$UPSTREAM" >"$T/registries.json"
export CDR_REGISTRIES="$T/registries.json"
sync "cdr sync mirrors an image" app:1
start_nginx "$ROOT"

doctor()
{
	"$CDR" doctor --prefix "$R" --mirror "http://$MIRROR" app:1
}

# ill "what" REGEX: of the file on standard input, one FAIL.
ill()
{
	begin
	sed "s/MIRROR/$MIRROR/" >"$Y"
	expect_rc "$1" 1 doctor
	expect_said "... is named" "^FAIL  node +.*($2)"
	expect_eq "... and nothing else" 1 "$(grep -c '^FAIL' "$T/stdout")"
}

begin
cat >"$Y" <<END
mirrors:
  docker.io: {endpoint: ["http://$MIRROR", "https://c"]}
END
check "flow style" doctor
expect_said "is read" '^ok    node +k3s uses this mirror'
ill "a rewrite elsewhere" 'rewrite of "docker\.io" in .*registries\.yaml:4 changes' <<'END'
mirrors:
  docker.io:
    rewrite:
      "(.*)": "hub/$1"
    endpoint:
      - http://MIRROR
END
ill '"mirror:"' 'registries\.yaml:3: k3s knows no "mirror:"' <<'END'
mirror:
  docker.io:
    endpoint: [http://MIRROR]
END
ill "tabs" 'registries\.yaml:2: not valid YAML.*does not start' <<'END'
mirrors:
	docker.io:
END
ill "no scheme" '"127[^"]*" has no scheme, so k3s speaks https' <<'END'
mirrors:
  docker.io:
    endpoint: [MIRROR]
END
ill "a text for a list" 'registries\.yaml:3: the endpoint of "docker\.io" is no list' <<'END'
mirrors:
  docker.io:
    endpoint: http://MIRROR
END
ill "an entry of its own beside \"*\"" \
	'images of docker\.io k3s goes by "docker\.io" in .*does not lead to this mirror' <<'END'
mirrors:
  "*":
    endpoint: [http://MIRROR]
  docker.io:
    endpoint: []
END
ill "the path of another registry" 'without a path, or with /v2/docker\.io' <<'END'
mirrors:
  docker.io:
    endpoint: [http://MIRROR/docker.io]
END
for path in / /v2 /v2/docker.io /v2/docker.io/; do
	begin
	echo "mirrors: {docker.io: {endpoint: [\"http://$MIRROR$path\"]}}" >"$Y"
	check "the path $path" doctor
done
begin
cat >"$Y" <<END
mirrors:
  quay.io:
    endpoint: ["http://$MIRROR"]
  # docker.io: http://$MIRROR
END
check "another registry's alone" doctor
expect_said "is told" '^warn  node +k3s asks docker\.io itself'

# A k3s that has run for 1000 seconds, below /proc of the node.
mkdir -p "$R/proc/42"
now=$(date +%s)
printf 'cpu 1\nbtime %s\n' $((now - 100000)) >"$R/proc/stat"
echo k3s-server >"$R/proc/42/comm"
echo "42 (k3s-server) S 1 42 42 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 9 0 \
$((99000 * $(getconf CLK_TCK))) 10" >"$R/proc/42/stat"
printf 'mirrors: {docker.io: {endpoint: ["http://%s"]}}\n' "$MIRROR" >"$Y"
expect_rc "a file that is newer than the k3s that runs" 1 doctor
expect_said "is named" '^FAIL  node +k3s \(process 42\) has run since before .*registries\.yaml was changed'
touch -d '-2000 seconds' "$Y"
check "one that was put in place since" doctor
expect_said "is told" '^warn  node +k3s \(process 42\) .*put in place'
echo k3s-other >"$R/proc/42/comm"
check "another program" doctor
! grep -q 'process 42' "$T/stdout" || fail "it is taken for k3s"

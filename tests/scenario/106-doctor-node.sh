#!/bin/sh
# cdr doctor looks at what the clients of a node are told: it finds the mirror
# there, in each client's file as node-config writes it, and names a client that
# goes to another mirror, containerd's old registry.mirrors, a hosts.toml that
# config_path does not lead to, a scheme that is not the mirror's, a mirror of
# http without "insecure", and a folder of certs.d that counts in the place of
# _default. Then it finds its own requests, and those of a pull that
# came through the mirror, in nginx's access log, in both of its formats, and says
# so where a pull did not come through.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/mirror.sh"

need cdr docker-registry nginx skopeo openssl python3 jq curl busybox
mirror_samples
R=$T/node
doctor()
{
	"$CDR" doctor --prefix "$R" "$@"
}
anew()
{
	rm -rf "$R"
	mkdir -p "$R"
}
install()
{
	anew
	"$CDR" node-config "$@" --prefix "$R" --install >/dev/null ||
		fail "node-config $*"
}

# --- the mirror comes from the node -----------------------------------------------

for client in containerd podman dockerd k3s rke2 buildkit; do
	install $client --mirror "http://$MIRROR"
	check "$client is told of the mirror" doctor --mirror "http://$MIRROR" \
		busybox:1.35
	expect_said "... and doctor sees it" "^ok    node +.*$client.* uses this mirror"
	check "... by itself" doctor busybox:1.35
	expect_said "... where that is" "^http://$MIRROR\$"
done

# --- TLS, as the node's clients speak it --------------------------------------------

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
	-keyout "$T/tls.key" -out "$T/tls.crt" -days 2 -subj /CN=127.0.0.1 \
	-addext subjectAltName=IP:127.0.0.1 >"$T/openssl.log" 2>&1
python3 "$TOP/tests/hub/between.py" --to "$MIRROR" --ready "$T/tls" \
	--tls "$T/tls.crt" "$T/tls.key" none 2>>"$T/between.log" &
defer "process_end $!"
wait_for 10 test -s "$T/tls" || fail "no TLS"
for client in containerd podman dockerd k3s rke2 buildkit; do
	anew
	mkdir -p "$R/etc/ssl"
	cp "$T/tls.crt" "$R/etc/ssl/mirror.pem"
	"$CDR" node-config $client --mirror "https://$(cat "$T/tls")" \
		--ca /etc/ssl/mirror.pem --prefix "$R" --install >/dev/null ||
		fail "node-config $client --ca"
	check "$client's authority is known" doctor busybox:1.35
	expect_said "... and named" "^ok    tls +the certificate is good, checked with $R/etc/"
done
anew
mkdir -p "$R/etc/ssl"
cp "$T/tls.crt" "$R/etc/ssl/mirror.pem"
cp "$T/tls.crt" "$R/etc/ssl/mine.pem"
cp "$T/tls.key" "$R/etc/ssl/mine.key"
python3 "$TOP/tests/hub/between.py" --to "$MIRROR" --ready "$T/strict" \
	--tls "$T/tls.crt" "$T/tls.key" --client-ca "$T/tls.crt" none \
	2>>"$T/between.log" &
defer "process_end $!"
wait_for 10 test -s "$T/strict" || fail "no TLS"
expect_rc "a mirror that wants a certificate" 1 doctor busybox:1.35 \
	--mirror "https://$(cat "$T/strict")" --ca "$T/tls.crt"
"$CDR" node-config containerd --mirror "https://$(cat "$T/strict")" \
	--ca /etc/ssl/mirror.pem --client-cert /etc/ssl/mine.pem \
	--client-key /etc/ssl/mine.key --prefix "$R" --install >/dev/null ||
	fail "node-config --client-cert"
check "... is shown the node's" doctor busybox:1.35
expect_said "... and named" "^ok    tls +.*, checked with $R/etc/.* shown to the mirror: $R/etc/ssl/mine.pem"
rm "$R/etc/ssl/mine.pem"
expect_rc "one that is not there" 1 doctor busybox:1.35
expect_said "... is named" "^FAIL  tls +$R/etc/ssl/mine.pem: .*clients are told"
expect_eq "... and nothing else" 1 "$(grep -c '^FAIL' "$T/stdout")"
cp "$T/tls.crt" "$R/etc/ssl/mine.pem"
expect_rc "an authority that is said goes before" 1 doctor --ca /etc/ssl/certs/ca-certificates.crt

# podman looks into docker's folder where it has none of its own.
anew
"$CDR" node-config podman --mirror "https://$(cat "$T/tls")" --prefix "$R" \
	--install >/dev/null || fail "node-config podman"
mkdir -p "$R/etc/docker/certs.d/$(cat "$T/tls")"
cp "$T/tls.crt" "$R/etc/docker/certs.d/$(cat "$T/tls")/ca.crt"
check "podman takes docker's authority" doctor busybox:1.35

# --- what is wrong with a node ----------------------------------------------------

# ill "what" REGEX [ARG...]
ill()
{
	_what=$1 _regex=$2
	shift 2
	expect_rc "$_what" 1 doctor "$@" busybox:1.35
	expect_said "... is named" "^FAIL  node +.*($_regex)"
	expect_eq "... and nothing else" 1 "$(grep -c '^FAIL' "$T/stdout")"
}
for client in containerd dockerd k3s podman; do
	install $client --mirror http://10.0.0.9:5000
	ill "$client of another mirror" \
		"another mirror.*10\.0\.0\.9:5000.*node-config $client" \
		--mirror "http://$MIRROR"
done
install containerd --mirror "http://$MIRROR"
rm "$R/etc/containerd/config.toml"
ill "no config_path" 'config_path is not set'
cat >"$R/etc/containerd/config.toml" <<END
version = 3
[plugins."io.containerd.grpc.v1.cri".registry]
  config_path = "/etc/containerd/certs.d"
END
ill "config_path in a table of version 2" 'a table that its version does not read'
check "which node-config mends" "$CDR" node-config containerd \
	--mirror "http://$MIRROR" --prefix "$R" --install
check "... for doctor" doctor busybox:1.35
# A folder of the registry's own, and containerd does not look at _default.
install containerd --mirror "http://$MIRROR"
own=$R/etc/containerd/certs.d/docker.io
mkdir "$own"
echo 'server = "https://registry-1.docker.io"' >"$own/hosts.toml"
ill "a folder of docker.io's own" \
	'docker\.io containerd reads /etc/containerd/certs\.d/docker\.io alone'
rm "$own/hosts.toml"
ill "an empty one" 'docker\.io alone, which does not lead'
expect_rc "the same for the first image of the catalog" 1 doctor
expect_said "... of docker.io" '^FAIL  node .*docker\.io alone'
echo "server = \"http://$MIRROR\"" >"$own/hosts.toml"
check "one that leads to the mirror" doctor busybox:1.35
mv "$own" "$own.example"
rm -r "$R/etc/containerd/certs.d/_default"
check "another registry's alone" doctor --mirror "http://$MIRROR" busybox:1.35
expect_said "is told" '^warn  node .*containerd asks docker\.io itself'
anew
mkdir -p "$R/etc/containerd"
cat >"$R/etc/containerd/config.toml" <<END
version = 2
[plugins."io.containerd.grpc.v1.cri".registry.mirrors."docker.io"]
  endpoint = ["http://$MIRROR"]
END
ill "the old registry.mirrors" 'old registry\.mirrors.*take it out'
install podman --mirror "http://$MIRROR"
sed -i '/^insecure/d' "$R/etc/containers/registries.conf.d/50-cdr-podman.conf"
ill "podman without insecure" 'insecure = true. is missing' \
	--mirror "http://$MIRROR"
install containerd --mirror "https://$MIRROR"
ill "https in hosts.toml, where http is" "leads to https://$MIRROR" \
	--mirror "http://$MIRROR"
anew
mkdir -p "$R/etc/docker"
echo '{' >"$R/etc/docker/daemon.json"
check "a file that cannot be read" doctor --mirror "http://$MIRROR" busybox:1.35
expect_said "is named" '^warn  node +/etc/docker/daemon\.json:'

# --- the access log ---------------------------------------------------------------

# JSON as people have nginx write it, made of the other log.
to_json()
{
	tail -n 3000 "$T/access.log" |
	sed -nE 's,^([^ ]+) [^"]*"([A-Z]+) ([^ "]*)[^"]*" ([0-9]+) [^"]*"[^"]*" "([^"]*)"$,{"client":"\1"\,"method":"\2"\,"path":"\3"\,"status":\4\,"user_agent":"\5"},p'
}
install containerd --mirror "http://$MIRROR"
check "the log has the requests" doctor --access-log "$T/access.log" busybox:1.35
expect_said "and doctor finds them" '^ok    log +[0-9]+ requests .* from 127\.0\.0\.1'
echo >"$T/other.log"
expect_rc "another log" 1 doctor --access-log "$T/other.log" busybox:1.35
expect_said "has none" '^FAIL  log +.*has none of the requests.*mark/'
expect_rc "no log" 1 doctor --access-log "$T/none.log" busybox:1.35
expect_said "is named" '^FAIL  log +.*none\.log.*No such file'

# A client of the test's own, in the place of podman: $PULLS says from where.
mkdir "$T/bin"
cat >"$T/bin/podman" <<'END'
#!/bin/sh
[ "$1" = pull ] && [ "$2" = docker.io/library/busybox:1.35 ] || exit 9
[ -n "$PULLS" ] || { echo "no such image" >&2; exit 1; }
[ "$PULLS" = nowhere ] || curl -sS --noproxy '*' -o /dev/null \
	"$PULLS/v2/docker.io/library/busybox/manifests/1.35"
END
chmod 755 "$T/bin/podman"
PATH=$T/bin:$PATH
pull()
{
	doctor --mirror "http://$MIRROR" --access-log "$T/access.log" \
		--pull podman busybox:1.35
}
export PULLS="http://$MIRROR"
check "a pull that comes through the mirror" pull
expect_said "is proven" '^ok    pull +podman pulled, and asked this mirror'
export PULLS=nowhere
expect_rc "one that does not" 1 pull
expect_said "is found out" '^FAIL  pull +podman pulled, and did not ask this mirror'
export PULLS=
expect_rc "one that fails" 1 pull
expect_said "is quoted" '^FAIL  pull +podman cannot pull .*no such image'
cat >"$T/bin/crictl" <<END
#!/bin/sh
echo "\$\$" >"$T/pulling"
exec sleep 300
END
chmod 755 "$T/bin/crictl"
"$CDR" doctor --prefix "$R" --mirror "http://$MIRROR" --pull crictl \
	busybox:1.35 >"$T/interrupted" 2>&1 &
doctor=$!
wait_for 10 test -s "$T/pulling" || fail "no pull begins"
kill -TERM $doctor
rc=0
wait $doctor || rc=$?
expect_eq "a pull that is interrupted" 4 $rc
wait_for 5 process_over "$(cat "$T/pulling")" || fail "the client goes on"
expect_eq "says nothing wrong of it, and not that all is well" "" \
	"$(grep -E '^(FAIL|All is well)' "$T/interrupted" || :)"
export PULLS="http://$MIRROR"
check "without the log" doctor --mirror "http://$MIRROR" --pull podman busybox:1.35
expect_said "nothing is proven" '^warn  pull '

# The same by a log of JSON, which is written while the command runs.
: >"$T/json.log"
(
	while [ ! -f "$T/enough" ]; do
		to_json >"$T/json.new"
		cat "$T/json.new" >"$T/json.log"
		sleep 0.2
	done
) &
writer=$!
defer "process_end $writer"
check "a log of JSON" doctor --mirror "http://$MIRROR" \
	--access-log "$T/json.log" busybox:1.35
expect_said "has the requests too" '^ok    log +[0-9]+ requests'
: >"$T/enough"
wait "$writer" || :
mirror_never_failed

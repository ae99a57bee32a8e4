#!/bin/sh
# The pods of the overlay edge, run by runc as the manifests say: user, read-only
# root, no capabilities, seccomp, limits, mounts. The CronJob's fills an empty volume;
# again, and nothing is fetched; nginx's serves it, though it cannot write to it;
# containerd pulls an image through that. An nginx that is to stop finishes the
# pull that runs, and takes no new one. With TLS, and with certificates of clients.
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/mirror.sh
. "$TOP/tests/mirror.sh"
# shellcheck source=tests/containerd.sh
. "$TOP/tests/containerd.sh"
# shellcheck source=tests/k8s/render.sh
. "$TOP/tests/k8s/render.sh"
# shellcheck source=tests/k8s/pods.sh
. "$TOP/tests/k8s/pods.sh"

need cdr root docker-registry nginx containerd ctr runc skopeo openssl jq curl \
	cc python3 python3-yaml busybox newer/kustomize
mirror_upstream
pods_need
k8s_own own README.md
k8s_render edge tls own

# --- the sync -----------------------------------------------------------------------

pod_rootfs_cdr "$T/cdr.rootfs"
# As the local-path of k3s makes a volume.
mkdir -m 777 "$T/volume"
cat >"$T/images.list" <<'END'
busybox:1.35
example/models:1.0
END
printf '{"docker.io": {"endpoint": "http://%s"}}\n' "$UPSTREAM" \
	>"$T/registries.json"
pod_make sync "$T/cdr.rootfs" "$T/edge.yaml" CronJob/cdr-sync "$T/cdr.json" \
	"claim:cdr=$T/volume" "key:cdr-sync/images.list=$T/images.list" \
	"key:cdr-sync/registries.json=$T/registries.json"
# A sanitizer's shadow is larger than any limit.
case $CDR in */asan/*) pod_unlimited sync ;; esac

expect_eq "it is nobody, and may do nothing" '65532 65532 [] true true' \
	"$(jq -r '[.process.user.uid, .process.user.gid,
	    (.process.capabilities.bounding | tojson),
	    .process.noNewPrivileges, .root.readonly] | join(" ")' \
	    "$T/pods/sync/config.json")"
check "the sync fills an empty volume" pod_run sync
expect_said "with both images" '"updated":2,"held":0,"failed":0'
check "again" pod_run sync
expect_said "and nothing is fetched" '"unchanged":2,.*"objects":0'
expect_eq "the tree belongs to that user" "65532:65532 755" \
	"$(stat -c '%u:%g %a' "$T/volume/cdr")"

# The same rules hold for who tries: a shell in the program's place.
mkdir -p "$T/shell.rootfs/bin"
cp "$BUSYBOX_HERE" "$T/shell.rootfs/bin/busybox"
try()
{
	_id=$1 _name=$2
	shift 2
	pod_make "$_id" "$T/shell.rootfs" "$T/edge.yaml" "$_name" "$T/cdr.json" \
		"claim:cdr=$T/volume"
	pod_args "$_id" /bin/busybox "$@"
	pod_run "$_id"
}
expect_rc "the sync's pod cannot write to its root" 1 \
	try root CronJob/cdr-sync touch /etc/x
expect_said "which is read-only" 'Read-only file system'
expect_rc "nor become root" 1 try su CronJob/cdr-sync chroot /srv true
expect_rc "nginx's pod cannot write to the tree" 1 \
	try tree Deployment/cdr touch /srv/cdr/x
expect_said "which is read-only" 'Read-only file system'
expect_rc "nor make it writable" 1 \
	try mount Deployment/cdr mount -o remount,rw /srv
expect_rc "nor read the state of the writer" 1 \
	try state Deployment/cdr ls /srv/cdr/_state
check "where it may write, it can" try run Deployment/cdr touch /run/cdr/x

# --- nginx ----------------------------------------------------------------------------

pod_rootfs_nginx "$T/nginx.rootfs"
# The machine's loopback has one port 5000 only, which may be taken.
serve()
{
	MIRROR=127.0.0.1:$(free_port)
	WATCHED=127.0.0.1:$(free_port)
	sed "s/listen 5000/listen $MIRROR/; s/listen 5001/listen $WATCHED/" \
		"$2" >"$T/cdr.conf"
	_id=$1 _yaml=$3
	shift 3
	pod_make "$_id" "$T/nginx.rootfs" "$_yaml" Deployment/cdr "$T/nginx.json" \
		"claim:cdr=$T/volume" "key:cdr-nginx/cdr.conf=$T/cdr.conf" "$@"
	# The ten seconds until nobody sends new pulls are the cluster's.
	# shellcheck disable=SC2016 # for jq
	_pod_edit "$_id" --arg at "$MIRROR" '.process.args[2] |= (sub("-l 10"; "-l 0") |
	    sub("cdr-listen.sh 5000 "; "cdr-listen.sh \($at) "))'
	pod_start "$_id"
}
probe()
{
	curl -fsS -o /dev/null "http://$1$2"
}
serve nginx "$TOP/nginx/cdr.conf" "$T/edge.yaml"
for kind in readiness liveness; do
	path=$(pod_words "$T/edge.yaml" Deployment/cdr \
		".containers[0].${kind}Probe.httpGet.path")
	wait_for 10 probe "$MIRROR" "$path" ||
		fail "the ${kind} probe finds nothing at $path"
	ok "the $kind probe is answered"
done
expect_eq "nginx's user is not the tree's" "101" \
	"$(awk '$1 == "Uid:" { print $2 }' \
	    "/proc/$(_runc state "cdr-$$-nginx" | jq .pid)/status")"

# --- a node -----------------------------------------------------------------------------

mkdir -p "$T/hosts/docker.io"
cat >"$T/hosts/docker.io/hosts.toml" <<END
server = "http://$MIRROR"
[host."http://$MIRROR"]
capabilities = ["pull", "resolve"]
END
process_end "$UPSTREAM_PID"
start_containerd
check "containerd pulls through it" ctr_pull "$T/hosts" \
	docker.io/library/busybox:1.35
check "and runs what it pulled" ctr_at run --rm --snapshotter native \
	docker.io/library/busybox:1.35 one echo hello
expect_eq "which does what it does" hello "$(cat "$T/stdout")"

# --- the end of an nginx -----------------------------------------------------------------

blob=$(find "$T/volume/cdr/blobs" -type f -size +30M | head -n 1)
name=sha256:${blob##*/}
curl -fsS --limit-rate 5M -o "$T/blob" \
	"http://$MIRROR/v2/example/models/blobs/$name" &
pull=$!
wait_for 5 test -s "$T/blob" || fail "the pull does not begin"
pod_kill nginx TERM
refuses()
{
	! probe "$MIRROR" /v2/
}
wait_for 60 refuses || fail "an nginx that is to stop takes new pulls"
ok "an nginx that is to stop takes no new pull"
kill -0 $pull 2>/dev/null || fail "the pull was over before; it proves nothing"
wait $pull || fail "the pull that ran was cut"
ok "and finishes the one that runs"
expect_eq "which is whole" "${blob##*/}" "$(sha256sum <"$T/blob" |
	cut -d ' ' -f 1)"
wait_for 60 process_over $POD_PID || fail "it does not end"
ok "then it ends"

# --- with TLS -----------------------------------------------------------------------------

mkdir "$T/secret"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
	-subj /CN=mirror -addext subjectAltName=IP:127.0.0.1 \
	-keyout "$T/secret/tls.key" -out "$T/secret/tls.crt" >"$T/openssl.log" 2>&1
serve tls "$TOP/k8s/components/tls/cdr.conf" "$T/tls.yaml" \
	"secret:cdr-tls=$T/secret"
wait_for 10 probe "$WATCHED" /healthz || fail "the probe finds nothing"
ok "with TLS, the probe has a port of its own"
check "the registry is behind TLS" curl -fsS --cacert "$T/secret/tls.crt" \
	-o /dev/null "https://$MIRROR/v2/library/busybox/manifests/1.35"
check "metrics are where Prometheus looks" probe "$WATCHED" /metrics
expect_rc "images are not" 22 probe "$WATCHED" \
	/v2/library/busybox/manifests/1.35

# renew ID FILE NAME: as the kubelet does when the Secret has changed
renew()
{
	install -m 644 "$2" "$T/pods/$1/volumes/config/tls/$3.new"
	mv "$T/pods/$1/volumes/config/tls/$3.new" "$T/pods/$1/volumes/config/tls/$3"
}
mkdir "$T/renewed"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
	-subj /CN=mirror -addext subjectAltName=IP:127.0.0.1 \
	-keyout "$T/renewed/tls.key" -out "$T/renewed/tls.crt" \
	>>"$T/openssl.log" 2>&1
renew tls "$T/renewed/tls.key" tls.key
renew tls "$T/renewed/tls.crt" tls.crt
renewed()
{
	curl -fsS --cacert "$T/renewed/tls.crt" -o /dev/null "https://$MIRROR/v2/"
}
wait_for 20 renewed || fail "a renewed certificate is not taken"
ok "a renewed certificate is taken"
pod_kill tls QUIT
wait_for 60 process_over $POD_PID || fail "it does not end"

# The overlay of k8s/README.md: only clients with a certificate.
mkdir "$T/authority"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
	-subj /CN=client -keyout "$T/client.key" -out "$T/authority/ca.crt" \
	>>"$T/openssl.log" 2>&1
serve own "$TOP/k8s/components/tls/cdr.conf" "$T/own.yaml" \
	"secret:cdr-tls=$T/secret" "secret:cdr-client-ca=$T/authority"
wait_for 10 probe "$WATCHED" /healthz || fail "the probe finds nothing"
ok "the probe needs no certificate"
check "a client with a certificate is served" curl -fsS \
	--cacert "$T/secret/tls.crt" --cert "$T/authority/ca.crt" \
	--key "$T/client.key" -o /dev/null \
	"https://$MIRROR/v2/library/busybox/manifests/1.35"
expect_eq "one without hears nothing" 000 "$(curl -s -o /dev/null \
	-w '%{http_code}' --cacert "$T/secret/tls.crt" "https://$MIRROR/v2/" || :)"
renew own "$T/renewed/tls.crt" ca.crt
as_client()
{
	curl -fsS --cacert "$T/secret/tls.crt" --cert "$1" --key "$2" \
		-o /dev/null "https://$MIRROR/v2/"
}
wait_for 20 as_client "$T/renewed/tls.crt" "$T/renewed/tls.key" ||
	fail "the clients of another authority are not let in"
ok "another authority counts at once"
# While the new workers begin, old ones take connections, too: now one, now the
# other. When these are gone, all are refused.
one_before_is_out()
{
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		! as_client "$T/authority/ca.crt" "$T/client.key" 2>/dev/null ||
			return 1
	done
}
wait_for 20 one_before_is_out ||
	fail "the clients of the one before are still let in"
ok "and the one before no more"
pod_kill own QUIT
wait_for 5 process_over $POD_PID || fail "it does not end"

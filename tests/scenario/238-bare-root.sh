#!/bin/sh
# A bare Debian, without nginx, cdr, curl and any network, comes up from a stick: what
# START.md says for it, to the letter, in five commands at most. Then it serves what the
# bundle brought, and a client pulls it. The stick's sums are signed, and ssh-keygen says
# so; a folder that is not what its sums say puts nothing in place.
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/mirror.sh
. "$TOP/tests/mirror.sh"
# shellcheck source=tests/k8s/pods.sh
. "$TOP/tests/k8s/pods.sh"
# shellcheck source=tests/k8s/base.sh
. "$TOP/tests/k8s/base.sh"
# shellcheck source=tests/boot.sh
. "$TOP/tests/boot.sh"

need cdr boot root docker-registry nginx skopeo openssl jq busybox python3 \
	ssh-keygen ip cc newer/kustomize? python3-yaml?
[ -f "$BASE_TAR" ] ||
	skip "no bare Debian here: scripts/install-deps test makes it"
boot_images
boot_stick

# The child of an index for this machine.
tree_child()
{
	jq -r --arg arch "$BOOT_ARCH" \
		'.manifests[] | select(.platform.architecture == $arch).digest' \
		"$1/repos/docker.io/$2/_manifests/$3"
}

# --- the stick --------------------------------------------------------------------------

cd "$T/stick/boot"
for file in START.md install "cdr-$BOOT_ARCH" "images-$BOOT_ARCH.tar" SHA256SUMS \
    SHA256SUMS.sig k8s/overlays/airgap/kustomization.yaml nginx/nginx.conf; do
	[ -f "$file" ] || fail "boot/ has no $file"
done
check "the sums are right" sha256sum -c --quiet SHA256SUMS
find . -type f ! -name 'SHA256SUMS*' | sed 's,^\./,,' | sort >"$T/files"
sed 's/^[^ ]*  //' SHA256SUMS | sort | cmp -s - "$T/files" ||
	fail "not all files have sums"
expect_eq "no links, no devices: FAT has none" "" "$(find . ! -type f ! -type d)"
expect_eq "the images are those of the list" "docker.io/library/nginx:1.28
localhost/cdr:0.1.0
registry.k8s.io/pause:3.10" "$(tar -xOf "images-$BOOT_ARCH.tar" manifest.json |
	jq -r '.[].RepoTags[]' | sort)"
sed -n '/^    echo "sender/,/^$/s/^    //p' START.md |
	sed "s,/media/stick,$T/stick,g; s,/root/,$T/,g" >"$T/verify.sh"
check "ssh-keygen knows whose they are" sh -e "$T/verify.sh"
cd "$TOP"

# --- a bare Debian ----------------------------------------------------------------------

mkdir "$T/bare"
tar -xf "$BASE_TAR" -C "$T/bare" --exclude './usr/lib/gcc*' \
	--exclude './usr/share/*' --exclude './usr/include/*' --exclude '*.a' \
	--exclude './usr/libexec/*' --exclude './usr/bin/*-linux-gnu-*'
mkdir -p "$T/bare/media"
cp -R "$T/stick" "$T/bare/media/stick"
cp "$T/sender.pub" "$T/bare/root/sender.pub"
for program in nginx cdr curl cdr-serve; do
	! chroot "$T/bare" sh -c "command -v $program" || fail "it has $program"
done
boot_commands bare "$T/bare/commands"
[ "$(wc -l <"$T/bare/commands")" -le 5 ] || fail "these are more than five commands"

# A stick that somebody has changed.
cp "$T/bare/media/stick/boot/cdr-$BOOT_ARCH" "$T/right"
printf x >>"$T/bare/media/stick/boot/cdr-$BOOT_ARCH"
expect_rc "wrong bytes" 1 chroot "$T/bare" sh /media/stick/boot/install
expect_said "are told by name" "^cdr-$BOOT_ARCH has other bytes than SHA256SUMS says"
expect_eq "and nothing has been put in place" "" \
	"$(find "$T/bare/usr/local" -name 'cdr*')"
cp "$T/right" "$T/bare/media/stick/boot/cdr-$BOOT_ARCH"

# All of it in namespaces of its own, without a network: the last command stays.
cat >"$T/site.sh" <<'END'
set -e
# As who logs in there has it.
path=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
ip link set lo up
mount -t proc proc "$1/proc"
sed '$d' "$1/commands" >"$2/first"
while read -r command <&3; do
	echo "+ $command"
	env -i "PATH=$path" chroot "$1" sh -ec "$command"
done 3<"$2/first"
env -i "PATH=$path" chroot "$1" sh -ec "$(tail -n 1 "$1/commands")" >"$2/serve.log" 2>&1 &
tries=100
until grep -qs '^serving /srv/cdr on http://0.0.0.0:5000' "$2/serve.log"; do
	[ $tries -gt 0 ] || { cat "$2/serve.log"; exit 1; }
	tries=$((tries - 1))
	sleep 0.1
done
cat >"$2/registries.conf" <<CONF
[[registry]]
prefix = "docker.io"
location = "docker.io"
[[registry.mirror]]
location = "127.0.0.1:5000/docker.io"
insecure = true
CONF
skopeo --registries-conf "$2/registries.conf" copy -q --insecure-policy \
	docker://docker.io/library/busybox:1.35 "oci:$2/pulled:1.35"
END
check "five commands bring it up, and a client pulls" unshare -n -m -p -f \
	sh "$T/site.sh" "$T/bare" "$T"
manifest=$(jq -r '.manifests[0].digest' "$T/pulled/index.json")
expect_eq "it is what was sent" "$(tree_child "$ROOT" library/busybox 1.35)" \
	"$manifest"
modules=$(chroot "$T/bare" /opt/cdr-nginx/bin/nginx -V 2>&1 |
	sed -n 's/.*--modules-path=\([^ ]*\).*/\1/p')
[ -f "$T/bare$modules/ngx_http_js_module.so" ] ||
	[ ! -f /usr/lib/nginx/modules/ngx_http_js_module.so ] ||
	fail "the JavaScript module of the image is not found: $modules"
ok "cdr-serve finds the image's JavaScript module"

# --- k3s ------------------------------------------------------------------------------------

# What it says for k3s, with a kubectl that only writes down what it is asked for.
boot_commands k3s "$T/bare/commands"
mkdir -p "$T/bare/var/lib/rancher/k3s/agent/images"
printf '#!/bin/sh\necho "$@" >>/kubectl\n' >"$T/bare/usr/bin/kubectl"
chmod +x "$T/bare/usr/bin/kubectl"
check "for k3s" env -i PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
	chroot "$T/bare" sh -e /commands
expect_eq "one file is for k3s, whole" "cdr.tar" \
	"$(ls -A "$T/bare/var/lib/rancher/k3s/agent/images")"
cmp -s "$T/stick/boot/images-$BOOT_ARCH.tar" \
	"$T/bare/var/lib/rancher/k3s/agent/images/cdr.tar" || fail "it is another one"
expect_eq "the bundle is where the Job looks" "$(cd "$T/stick" && echo *.cdr*)" \
	"$(cd "$T/bare/srv/cdr-bundle" && echo *)"
expect_eq "kubectl is asked for two things" "label node $(hostname) cdr-bundle=here
apply -k /usr/local/share/cdr/k8s/overlays/airgap" "$(cat "$T/bare/kubectl")"
part "what it applies" newer/kustomize python3-yaml || exit 0
newer_run kustomize build "$T/bare/usr/local/share/cdr/k8s/overlays/airgap" \
	>"$T/airgap.yaml" 2>"$T/kustomize.log" || fail "kustomize does not build it"
expect_eq "the Job gets the sender's key" "$(cat "$T/sender.pub")" \
	"$(python3 -c '
import sys, yaml
for o in yaml.safe_load_all(sys.stdin):
    if o["kind"] == "ConfigMap" and o["metadata"]["name"].startswith("cdr-bundle-keys"):
        print(o["data"]["sender.pub"], end="")
' <"$T/airgap.yaml")"

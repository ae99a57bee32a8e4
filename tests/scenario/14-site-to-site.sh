#!/bin/sh
# --from takes the images of a list from another CDR: the same names, digests,
# platforms and referrers, and no registry is asked. Credentials for a registry
# are not shown to the mirror, even if it asks for them, and what it says of pulls
# is not taken for the registry's word.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr nginx python3 curl
upstream
app=$(craft index library/app:1 --platforms linux/amd64,linux/arm64 --attestations \
	--layers 1 --size 20000 --seed 1)
craft artifact library/app:sbom --artifact-type application/x.sbom --subject "$app" >/dev/null
sync "the first site" app:1 app:sbom
start_nginx "$ROOT"

mkdir -p "$HOME/.docker"
printf '{"auths":{"docker.io":{"auth":"%s"}}}' "$(printf 'user:hush' | base64)" \
	>"$HOME/.docker/config.json"
first=$ROOT
ROOT=$T/second
hub_mark
sync "the second one" --from "http://$MIRROR" app:1 referrers=yes
expect_eq "no registry was asked" "" "$(hub_since)"
expect_published "it has the image" app:1 "$app"
tree_check "$ROOT"
(cd "$first" && find blobs manifests -type f | sort) >"$T/one"
(cd "$ROOT" && find blobs manifests -type f | sort) >"$T/two"
check "all of it, and what refers to it" cmp "$T/one" "$T/two"
sync "the same again" -v --from "http://$MIRROR/" app:1 referrers=yes
expect_said "nothing has changed" '^unchanged .*app:1'

# What stands before the mirror notes what it is shown. One asks for a password, one
# counts pulls.
before()
{
	cat <<END
server {
	listen 127.0.0.1:$1;
	access_log $T/before.log seen;
	$2
	location / { proxy_pass http://$MIRROR; }
}
END
}
asks=$(free_port) counts=$(free_port) tokens=$(free_port)
mkdir "$T/before"
{
	cat <<END
daemon off;
pid nginx.pid;
error_log stderr warn;
events { worker_connections 256; }
http {
	log_format seen '\$status "\$http_authorization"';
	client_body_temp_path temp;
	proxy_temp_path temp;
	fastcgi_temp_path temp;
	uwsgi_temp_path temp;
	scgi_temp_path temp;
END
	before "$asks" "add_header WWW-Authenticate 'Basic realm=\"x\"' always;
		if (\$http_authorization = '') { return 401; }"
	before "$tokens" "add_header WWW-Authenticate
			'Bearer realm=\"http://127.0.0.1:$tokens/token\",service=\"x\"' always;
		location = /token { return 200 '{\"token\": \"free\"}'; }
		set \$open \"\$uri\$http_authorization\";
		if (\$open !~ '^/token|Bearer free\$') { return 401; }"
	before "$counts" "add_header RateLimit-Limit '100;w=21600' always;
		add_header RateLimit-Remaining '3;w=21600' always;"
	echo '}'
} >"$T/before/nginx.conf"
nginx -e stderr -p "$T/before" -c "$T/before/nginx.conf" >"$T/before-nginx.log" 2>&1 &
before=$!
defer "process_end $before"
wait_for 10 test -s "$T/before/nginx.pid" || fail "nginx does not start"

ROOT=$T/asked
sync_rc "a mirror that wants a password" 1 --from "http://127.0.0.1:$asks" app:1
expect_eq "is not told one" '401 "-"' "$(sort -u "$T/before.log")"
: >"$T/before.log"
ROOT=$T/token
sync "a mirror that wants a token" --from "http://127.0.0.1:$tokens" app:1
expect_eq "asks its token server without a password" \
	'200 "-" 200 "Bearer free" 401 "-"' "$(sort -u "$T/before.log" | tr '\n' ' ' | sed 's/ $//')"
# It is told one where it is the registry: it is this test that would see it.
: >"$T/before.log"
ROOT=$T/asked
settings "{\"endpoint\": \"http://127.0.0.1:$asks/docker.io\"}"
sync "the same as the registry itself" app:1
secret=$(printf 'user:hush' | base64)
check "is told" grep -q "\"Basic $secret\"" "$T/before.log"
settings "{\"endpoint\": \"http://$HUB\"}"

# What Docker Hub has left is nothing to a mirror.
settings '{"min_pulls_left": 5}'
cat >"$T/quota.json" <<END
{"version": 1, "registries": [{"registry": "docker.io", "limit": 10, "left": 0,
	"window_s": 21600, "since": $(date +%s)}]}
END
for from in "http://$MIRROR" "oci:$first"; do
	rm -rf "$ROOT"
	sync "a tree for a note" --from "$from" app:sbom
	cp "$T/quota.json" "$ROOT/_state/quota.json"
	sync "no pull is left, from ${from%%:*}" --from "$from" app:1
	expect_said "and none is counted" ' 0 pulls'
	expect_published "it has the image" app:1 "$app"
done
# Nor is what a mirror says of pulls the word of Docker Hub.
rm -rf "$ROOT"
sync "a tree for a note" --from "http://$MIRROR" app:sbom
cp "$T/quota.json" "$ROOT/_state/quota.json"
sync "a mirror that counts" --from "http://127.0.0.1:$counts" app:1
check "the note is as it was" cmp "$T/quota.json" "$ROOT/_state/quota.json"
sync_rc "what the first site does not have" 1 --from "http://$MIRROR" app:2
sync_rc "no URL" 2 --from "somewhere" app:1

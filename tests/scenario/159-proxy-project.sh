#!/bin/sh
# Docker Hub by way of a proxy project: an endpoint with a path behind v2/. Names stay
# docker.io/..., in the tree and in what is printed; requests and the scopes of tokens
# have the project's repository; tags, referrers and redirects to a CDN work there. The
# project's own host has the credentials, and is never told those of Docker Hub. A path
# before v2 works as well.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr nginx python3 curl
upstream
start_hub --user robot:proxy-password-here --private hub-proxy/library/secret
app=$(craft image hub-proxy/library/app:1 --seed 1)
two=$(craft image hub-proxy/library/app:2 --seed 2)
secret=$(craft image hub-proxy/library/secret:1 --seed 3)
deep=$(craft image team/hub-proxy/org/sub/tool:1 --seed 4)
sbom=$(craft artifact hub-proxy/library/app:sbom --artifact-type application/x.sbom --subject "$app")
mkdir "$T/docker"
export DOCKER_CONFIG="$T/docker"

# credentials KEY=USER:PASSWORD...
credentials()
{
	_auths=
	for _one; do
		_auths="$_auths${_auths:+,}\"${_one%%=*}\": {\"auth\": \"$(printf %s "${_one#*=}" |
			base64 -w 0)\"}"
	done
	printf '{"auths": {%s}}\n' "$_auths" >"$T/docker/config.json"
}

hub=https://index.docker.io/v1/=hubuser:docker-hub-password
settings "{\"endpoint\": \"http://$HUB/v2/hub-proxy\"}"

hub_mark
sync "two tags" -v app:1 docker.io/library/app:2
expect_published "the one" app:1 "$app"
expect_published "the other" app:2 "$two"
expect_said "it has its own name" 'docker.io/library/app:1'
expect_eq "the project's repository was asked for" 0 \
	"$(hub_since | awk -F '\t' '$2 == "registry" && $4 !~ "^/v2/hub-proxy/library/app/"' | wc -l)"
expect_eq "tokens are for that" 1 "$(hub_count auth GET \
	'scope=repository(:|%3A)hub-proxy(/|%2F)library(/|%2F)app(:|%3A)pull' 200)"
expect_eq "no other token" 1 "$(hub_count auth - .)"
[ "$(hub_count cdn GET . 200)" -gt 0 ] || fail "blobs came from the CDN"
hub_mark
sync "again" -v app:1
expect_said "unchanged" '^unchanged docker.io/library/app:1'
expect_eq "one HEAD" 1 "$(hub_count registry HEAD /v2/hub-proxy/library/app/manifests/1 200)"
tree_check "$ROOT"

# --- lists ------------------------------------------------------------------------

rm -rf "$ROOT"
list=/v2/hub-proxy/library/app/tags/list
fault "{\"listener\": \"registry\", \"path\": \"tags/list.*last=1\", \"status\": 200,
		\"body\": \"{\\\"tags\\\": [\\\"2\\\"]}\"}" \
	"{\"listener\": \"registry\", \"path\": \"tags/list\", \"status\": 200,
		\"body\": \"{\\\"tags\\\": [\\\"1\\\"]}\",
		\"headers\": {\"Link\": \"<$list?last=1&n=1>; rel=\\\"next\\\"\"}}"
sync "tags=, in pages" app 'tags=glob:[12]'
expect_published "of the first page" app:1 "$app"
expect_published "of the second page" app:2 "$two"
answer "/hub-proxy/library/app/referrers/$app" "$(list_of ../hub-proxy/library/app "$sbom")"
fault "$rules"
sync "referrers" app:1 referrers=yes
here "$sbom" || fail "the SBOM is here"
no_faults
tree_check "$ROOT"

# --- who is asked for a password ---------------------------------------------------

rm -rf "$ROOT"
credentials "$hub"
hub_mark
sync_rc "only the Hub's password" 1 -v secret:1
expect_eq "nobody got it" 0 "$(hub_since | awk -F '\t' '$7 == "basic"' | wc -l)"
for key in "$HUB" "$HUB/hub-proxy" "http://$HUB/v2/"; do
	rm -rf "$ROOT"
	credentials "$hub" "$key=robot:proxy-password-here"
	sync "the project's password, below $key" secret:1
	expect_published "it is there" secret:1 "$secret"
done
credentials "$hub" "$HUB/other-project=robot:proxy-password-here"
rm -rf "$ROOT"
sync_rc "that of another project" 1 secret:1
rm "$T/docker/config.json"

# --- other paths --------------------------------------------------------------------

settings "{\"endpoint\": \"http://$HUB/v2/team/hub-proxy/\"}"
sync "two components" org/sub/tool:1
expect_eq "it is there" "${deep#*:}" \
	"$(basename "$(readlink "$ROOT/repos/docker.io/org/sub/tool/_manifests/1")")"
tree_check "$ROOT"
settings "{\"endpoint\": \"http://$HUB/v2/Hub-Proxy\"}"
sync_rc "no repository's name" 2 app:1
expect_said "it says what is wrong" 'docker.io: endpoint: what stands behind v2/'

port=$(free_port)
mkdir "$T/before"
cat >"$T/before/nginx.conf" <<END
worker_processes 1;
daemon off;
pid nginx.pid;
error_log stderr warn;
events { worker_connections 64; }
http {
	access_log $T/before/seen.log;
	proxy_max_temp_file_size 0;
	client_body_temp_path temp;
	proxy_temp_path temp;
	fastcgi_temp_path temp;
	uwsgi_temp_path temp;
	scgi_temp_path temp;
	server {
		listen 127.0.0.1:$port;
		location /artifactory/api/docker/remote/v2/ { proxy_pass http://$UPSTREAM/v2/hub-proxy/; }
		location /repository/v2/ { proxy_pass http://$UPSTREAM/v2/; }
	}
}
END
nginx -e stderr -p "$T/before" -c "$T/before/nginx.conf" >"$T/before-nginx.log" 2>&1 &
defer "process_end $!"
wait_for 10 test -s "$T/before/nginx.pid" || fail "nginx does not start"
for path in artifactory/api/docker/remote artifactory/api/docker/remote/v2/ repository/v2/hub-proxy; do
	rm -rf "$ROOT"
	settings "{\"endpoint\": \"http://127.0.0.1:$port/$path\"}"
	sync "/$path" app:1
	expect_published "it is there" app:1 "$app"
done

#!/bin/sh
# --from takes the images of a list from another CDR: the same names, digests,
# platforms and referrers, and no registry is asked. Credentials for a registry
# are not shown to the mirror.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

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
! grep -rq "$(printf 'user:hush' | base64)" "$T/nginx.log" || fail "credentials were shown"
sync "the same again" -v --from "http://$MIRROR/" app:1 referrers=yes
expect_said "nothing has changed" '^unchanged .*app:1'

# What Docker Hub has left is nothing to a mirror.
settings '{"min_pulls_left": 5}'
jq -n --argjson now "$(date +%s)" '{version: 1, registries: [{registry: "docker.io", limit: 10,
	left: 0, window_s: 21600, since: $now}]}' >"$T/quota.json"
for from in "http://$MIRROR" "oci:$first"; do
	rm -rf "$ROOT"
	sync "a tree for a note" --from "$from" app:sbom
	cp "$T/quota.json" "$ROOT/_state/quota.json"
	sync "no pull is left, from ${from%%:*}" --from "$from" app:1
	expect_said "and none is counted" ' 0 pulls'
	expect_published "it has the image" app:1 "$app"
done
sync_rc "what the first site does not have" 1 --from "http://$MIRROR" app:2
sync_rc "no URL" 2 --from "somewhere" app:1

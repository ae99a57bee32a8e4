#!/bin/sh
# cdr doctor --registry IMAGE asks the image's registry as cdr sync would, endpoint by
# endpoint, and says how far it came: connection, TLS, /v2/, credentials, token, and the
# manifest by HEAD. What is wrong is told with what to set. It touches no tree, and shows
# no secret.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
start_hub --user robot:proxy-password-here --private hub-proxy/library/secret
app=$(craft image hub-proxy/library/app:1)
craft image hub-proxy/library/secret:1 --seed 2 >/dev/null
mkdir "$T/docker"
export DOCKER_CONFIG="$T/docker" CDR_ROOT="$T/absent"

# well "what" IMAGE, ill "what" IMAGE
well()
{
	check "$1" "$CDR" doctor --registry "$2"
	expect_said "$1: all is well" 'All is well'
}
ill()
{
	expect_rc "$1" 1 "$CDR" doctor --registry "$2"
}
auth()
{
	printf '{"auths": {"%s": {"auth": "%s"}}}\n' "$1" "$(printf %s "$2" | base64 -w 0)" \
		>"$T/docker/config.json"
}

settings "{\"endpoint\": \"http://$HUB/v2/hub-proxy\"}"
hub_mark
well "a proxy project" app:1
expect_said "its name" '^docker.io/library/app:1$'
expect_said "/v2/" "^ok +ping +http://$HUB/v2/ answers 401; repositories begin with hub-proxy"
expect_said "the token" "^ok +token +http://$HUB_AUTH/token gives one for repository:hub-proxy/library/app:pull"
expect_said "the digest" "^ok +image +docker.io/library/app:1 is there, at $app"
expect_eq "no pull was counted" 0 "$(hub_count registry GET manifests/)"
check "as JSON" "$CDR" doctor --registry --json "app@$app"
pick -q 'v.ok and v.image.startswith("docker.io/library/app@")' "$T/stdout" || fail "it is JSON"
[ ! -e "$T/absent" ] || fail "there is a tree"

ill "another name" secret:1
expect_said "nobody in particular" "^ok +login +config.json has no credentials for $HUB"
expect_said "what to check" "^FAIL +image .*credentials for $HUB"
auth "$HUB" robot:wrong-password-here
ill "a wrong password" secret:1
expect_said "the token server says no" "^FAIL +token +http://$HUB_AUTH/token answers 401"
! grep -q 'wrong-password-here' "$T/stdout" "$T/stderr" || fail "a password is shown"
auth "$HUB" robot:proxy-password-here
well "the right one" secret:1
ill "no such tag" app:9
expect_said "what it was asked for as" '^FAIL +image .*hub-proxy/library/app'
printf '{"auths": {"%s": {"auth": "bad!"}}}\n' "$HUB" >"$T/docker/config.json"
ill "an entry that cannot be used" secret:1
expect_said "it is named" "^FAIL +login +config.json: $HUB: \"auth\" is not base64"
rm "$T/docker/config.json"

fault '{"listener": "registry", "path": "^/v2/$", "before_auth": true, "status": 200,
	"headers": {"Content-Type": "text/html"}, "body": "<html>Log in"}'
ill "a login page" app:1
expect_said "it is told" "^FAIL +ping +http://$HUB/v2/ answers with text/html: a proxy or login page"
no_faults
dead=127.0.0.1:$(free_port)
settings "{\"endpoint\": \"https://$UPSTREAM\"}"
ill "plain http, asked by https" app:1
set_it='write http:// in its "endpoint"'
# A machine without the certificates of any authority does not come so far.
[ -s /etc/ssl/certs/ca-certificates.crt ] || set_it='install ca-certificates'
expect_said "what to set" "^FAIL +connect +https://$UPSTREAM: .*$set_it"
printf '{"docker.io": {"endpoints": ["http://%s", "http://%s/v2/hub-proxy"]}}\n' \
	"$dead" "$HUB" >"$CDR_REGISTRIES"
ill "one of two is dead" app:1
expect_said "it is named" "^FAIL +connect +http://$dead: "
expect_said "the other one has it" '^ok +image +docker.io/library/app:1 is there'
for wrong in '' '--mirror http://x app:1' '--ca x app:1'; do
	# shellcheck disable=SC2086 # words
	expect_rc "doctor --registry $wrong" 2 "$CDR" doctor --registry $wrong
done
expect_rc "--registries alone" 2 "$CDR" doctor --registries x

start_hub --mode basic --user robot:proxy-password-here
settings "{\"endpoint\": \"http://$HUB/v2/hub-proxy\"}"
ill "Basic, without" app:1
expect_said "what to do" "^FAIL +login .*docker login $HUB"
auth "$HUB" robot:proxy-password-here
well "Basic, with" app:1
! grep -q 'proxy-password-here' "$T/stdout" "$T/stderr" || fail "a password is shown"

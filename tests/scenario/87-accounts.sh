#!/bin/sh
# Accounts: two repositories of one registry, each with its own user by the path in
# config.json, with tokens and with Basic; an identity token goes to the token server
# alone, by POST; a registry token goes to the registry as it is, and no token server
# is asked. A secret that is rotated while the program runs counts at once, also
# after a 401, and a file that is broken meanwhile is said and passed over.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
one=$(craft image library/one:1)
two=$(craft image library/two:1 --seed 2)
mkdir "$T/docker"
export DOCKER_CONFIG="$T/docker"

# hub MODE: library/one is anna's, library/two is bert's.
hub()
{
	start_hub --mode "$1" --user anna:a-secret --user bert:b-secret \
		--owner anna:library/one --owner bert:library/two
	rm -rf "$ROOT"
	hub_mark
}

basic()
{
	printf '{"auth": "%s"}' "$(printf %s "$1" | base64 -w 0)"
}

both()
{
	expect_published "$1: anna's" one:1 "$one"
	expect_published "$1: bert's" two:1 "$two"
	tree_check "$ROOT"
}

config()
{
	printf '%s\n' "$1" >"$T/docker/config.json"
}

for mode in bearer basic; do
	hub $mode
	config "{\"auths\": {\"docker.io/library/one\": $(basic anna:a-secret),
		\"https://index.docker.io/v1/\": $(basic bert:b-secret)}}"
	sync "$mode: a path and the rest" one:1 two:1
	both "$mode"
	rm -rf "$ROOT"
	config "{\"auths\": {\"docker.io/library\": $(basic bert:b-secret),
		\"docker.io/library/one\": $(basic anna:a-secret),
		\"docker.io\": $(basic anna:wrong)}}"
	sync "$mode: the longest path" one:1 two:1
	both "$mode"
	config "{\"auths\": {\"docker.io\": $(basic anna:a-secret)}}"
	rm -rf "$ROOT"
	sync_rc "$mode: one account is not enough" 1 one:1 two:1
	expect_published "anna's" one:1 "$one"
	expect_published "bert's" two:1 nothing
done

# --- tokens -----------------------------------------------------------------------

hub bearer
refresh=$(curl -fsS -u anna:a-secret \
	"http://$HUB_AUTH/token?service=registry.docker.io&offline_token=true" | pick v.refresh_token)
hub_mark
config "{\"auths\": {\"docker.io/library/one\": {\"identitytoken\": \"$refresh\"},
	\"docker.io/library/two\": $(basic bert:b-secret)}}"
sync "an identity token beside a password" -v one:1 two:1
both "identity"
expect_eq "one POST" 1 "$(hub_count auth POST /token 200)"
expect_eq "one GET" 1 "$(hub_count auth GET /token 200)"
! grep -qF -e "$refresh" "$T/stdout" "$T/stderr" "$T/hub.log" || fail "the token is told"

config '{"auths": {"docker.io": {"identitytoken": "no-longer-good"}}}'
rm -rf "$ROOT"
hub_mark
within 5 sync_rc "an identity token that is over" 1 one:1
expect_said "is said" 'one:1: .*token.*401.*config\.json'
expect_eq "asked once" 1 "$(hub_count auth POST /token)"

token=$(curl -fsS -u anna:a-secret \
	"http://$HUB_AUTH/token?service=registry.docker.io&scope=repository:library/one:pull" | pick v.token)
config "{\"auths\": {\"docker.io\": {\"registrytoken\": \"$token\"}}}"
hub_mark
sync "a registry token" one:1
expect_published "it is there" one:1 "$one"
expect_eq "no token server" 0 "$(hub_count auth - .)"
expect_eq "the CDN saw nothing of it" 0 \
	"$(hub_since | awk -F '\t' '$2 == "cdn" && $7 != "none"' | wc -l)"

# --- rotation ---------------------------------------------------------------------

# A mounted secret: the kubelet swaps ..data.
rm "$T/docker/config.json"
mkdir "$T/docker/..old" "$T/docker/..new"
printf '{"auths": {"docker.io": %s}}\n' "$(basic anna:old-secret)" \
	>"$T/docker/..old/.dockerconfigjson"
printf '{"auths": {"docker.io": %s}}\n' "$(basic anna:a-secret)" \
	>"$T/docker/..new/.dockerconfigjson"
ln -s ..data/.dockerconfigjson "$T/docker/.dockerconfigjson"

# rotate "what" FAULT PATTERN: a run that is held up by this fault; the secret is
# swapped when the hub has been asked so.
rotate()
{
	rm -rf "$ROOT"
	ln -sfn ..old "$T/docker/..data"
	fault "$2"
	hub_mark
	"$CDR" sync -r "$ROOT" one:1 >"$T/stdout" 2>"$T/stderr" &
	pid=$!
	wait_for 5 test -e "$ROOT/_state/lock" || fail "$1: it does not start"
	[ "$3" = - ] || wait_for 5 grep_hub "$3" || fail "$1: no request"
	ln -s ..new "$T/docker/..swap"
	mv -T "$T/docker/..swap" "$T/docker/..data"
	_rc=0
	wait "$pid" || _rc=$?
	expect_eq "$1" 0 "$_rc"
	expect_published "$1: it is there" one:1 "$one"
	no_faults
}
grep_hub()
{
	[ "$(hub_count registry HEAD "$1" 401)" -gt 0 ]
}
rotate "rotated before it is needed" \
	'{"listener": "registry", "method": "HEAD", "before_auth": true, "delay_ms": 1200, "times": 1}' -
expect_eq "nothing was refused" 0 "$(hub_count auth - . 401)"
rotate "rotated before it is refused" \
	'{"listener": "auth", "before_auth": true, "delay_ms": 1200, "times": 1}' /manifests/
expect_eq "refused once" 1 "$(hub_count auth - . 401)"

# The new one is broken: what was known goes on.
rm -rf "$T/docker"
mkdir "$T/docker"
config "{\"auths\": {\"docker.io\": $(basic anna:a-secret)}}"
rm -rf "$ROOT"
fault '{"listener": "registry", "method": "HEAD", "before_auth": true, "delay_ms": 1200, "times": 1}'
"$CDR" sync -r "$ROOT" one:1 >"$T/stdout" 2>"$T/stderr" &
pid=$!
wait_for 5 test -e "$ROOT/_state/lock" || fail "it does not start"
config '{"auths": {"docker.io": {"password": "a-secret'
_rc=0
wait "$pid" || _rc=$?
expect_eq "broken while it runs" 0 "$_rc"
expect_said "is said" 'warning: .*config\.json: line 1.*before'
expect_published "it is there" one:1 "$one"
! grep -q a-secret "$T/stderr" || fail "the password is told"
tree_check "$ROOT"

#!/bin/sh
# Private repositories: what config.json has goes to the token server (or, with
# Basic, to the registry) and nowhere else. Without it, or with a wrong password,
# the image fails with a message that says so. No password, user:password pair or
# token is ever in what the program prints, however talkative, or at the CDN.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
USER_NAME=elisabeth PASSWORD=correct-horse-battery
upstream
start_hub --user "$USER_NAME:$PASSWORD" --private library/secret
secret=$(craft image library/secret:1)
public=$(craft image library/public:1 --seed 2)
mkdir "$T/docker"
export DOCKER_CONFIG="$T/docker"

# credentials KEY PASSWORD
credentials()
{
	printf '{"auths": {"%s": {"auth": "%s"}}}\n' "$1" \
		"$(printf %s "$USER_NAME:$2" | base64 -w 0)" >"$T/docker/config.json"
}

# nothing_told "what": the program's output and the CDN have no secret.
nothing_told()
{
	cat "$T/stdout" "$T/stderr" >>"$T/said"
	for _secret in "$PASSWORD" wrong-password \
		"$(printf %s "$USER_NAME:$PASSWORD" | base64 -w 0)" \
		"$(printf %s "$USER_NAME:wrong-password" | base64 -w 0)" eyJ0eXAi; do
		! grep -qF -e "$_secret" "$T/said" || fail "$1: the output has $_secret"
	done
	expect_eq "$1: the CDN saw no credentials" 0 \
		"$(hub_since | awk -F '\t' '$2 == "cdn" && $7 != "none"' | wc -l)"
}

sync_rc "without credentials" 1 -v secret:1 public:1
expect_said "it names the image and config.json" 'error: .*secret:1: .*config\.json'
expect_published "the public one is there" public:1 "$public"
expect_published "the private one is not" secret:1 nothing
nothing_told "without"
tree_check "$ROOT"

credentials https://index.docker.io/v1/ wrong-password
sync_rc "with a wrong password" 1 -v --log json secret:1
expect_said "it names the image and config.json" 'secret:1.*config\.json'
nothing_told "wrong"

for key in https://index.docker.io/v1/ docker.io; do
	rm -rf "$ROOT"
	credentials "$key" "$PASSWORD"
	hub_mark
	sync "with $key" -v --log json secret:1 public:1
	expect_published "it is there" secret:1 "$secret"
	nothing_told "with $key"
	expect_eq "the token server saw them" 2 \
		"$(hub_since | awk -F '\t' '$2 == "auth" && $7 == "basic"' | wc -l)"
	expect_eq "the registry did not" 0 \
		"$(hub_since | awk -F '\t' '$2 == "registry" && $7 == "basic"' | wc -l)"
done
tree_check "$ROOT"

# A registry with Basic: it alone sees them, on each request but the first.
start_hub --mode basic --user "$USER_NAME:$PASSWORD"
rm -rf "$ROOT"
hub_mark
sync "Basic" -v secret:1
nothing_told "Basic"
expect_eq "one request without" 1 "$(hub_count registry - . 401)"
expect_eq "no token server" 0 "$(hub_count auth - .)"
tree_check "$ROOT"

rm "$T/docker/config.json"
hub_mark
within 20 sync_rc "Basic, without credentials" 1 secret:1
expect_said "says what it wants" 'secret:1: .*user name and a password.*config\.json'
expect_eq "one request" 1 "$(hub_count registry - .)"
credentials docker.io wrong-password
within 20 sync_rc "Basic, wrong password" 1 -v secret:1
expect_said "says what to check" 'secret:1: .*401.*config\.json'
nothing_told "Basic, wrong"
expect_published "what was served stays" secret:1 "$secret"
tree_check "$ROOT"

# A broken config.json is a configuration error, told without its content.
printf '{"auths": {"docker.io": {"auth": "%s"\n' "$PASSWORD" >"$T/docker/config.json"
hub_mark
sync_rc "a broken config.json" 2 secret:1
expect_said "names the file" "$T/docker/config.json"
nothing_told "broken"
expect_eq "nothing was asked" 0 "$(hub_count - - .)"

#!/bin/sh
# Credential helpers: the program that config.json names is asked once in a run,
# for the server that is meant, and before what the file itself has; a refusal is
# answered with one more question. A helper that hangs, breaks or talks nonsense
# holds up nobody else: public images come, the private one fails with a message
# that names the helper, and nothing of what it printed is told.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
start_hub --user "mary:good-secret" --private library/secret
one=$(craft image library/secret:1)
two=$(craft image library/secret:2 --seed 2)
public=$(craft image library/public:1 --seed 3)
mkdir "$T/docker" "$T/bin"
export DOCKER_CONFIG="$T/docker" PATH="$T/bin:$PATH"
echo '{"credsStore": "test"}' >"$T/docker/config.json"

# helper LINES: what docker-credential-test does. Each run leaves a line in asked.
helper()
{
	cat >"$T/bin/docker-credential-test" <<END
#!/bin/sh
printf '%s %s\n' "\$*" "\$(cat)" >>"$T/asked"
$1
END
	chmod 755 "$T/bin/docker-credential-test"
	: >"$T/asked"
	rm -rf "$ROOT"
	hub_mark
}

# says USER SECRET: the line that prints this
says()
{
	printf 'echo '\''{"ServerURL": "x", "Username": "%s", "Secret": "%s"}'\' "$1" "$2"
}

asked()
{
	wc -l <"$T/asked"
}

# quiet "what": nothing of a secret in what the program printed
quiet()
{
	! grep -qE 'good-secret|bad-secret' "$T/stdout" "$T/stderr" ||
		fail "$1: a secret is in the output"
	ok "$1: nothing is told"
}

helper "$(says mary good-secret)"
sync "a helper" -v secret:1 secret:2 public:1
expect_published "one" secret:1 "$one"
expect_published "two" secret:2 "$two"
expect_eq "asked once, for Docker Hub" "get https://index.docker.io/v1/" "$(cat "$T/asked")"
quiet "a helper"
tree_check "$ROOT"

# credHelpers goes before credsStore, and both before auths.
cat >"$T/docker/config.json" <<END
{"credsStore": "absent", "credHelpers": {"docker.io": "test"},
 "auths": {"docker.io": {"auth": "$(printf mary:bad-secret | base64)"}}}
END
helper "$(says mary good-secret)"
sync "credHelpers" secret:1
expect_eq "asked once" 1 "$(asked)"
tree_check "$ROOT"

# The first answer is old; the second one is not.
helper "if [ -e $T/second ]; then $(says mary good-secret)
else : >$T/second; $(says mary bad-secret); fi"
sync "refused, and asked again" secret:1 secret:2
expect_eq "asked twice" 2 "$(asked)"
expect_published "one" secret:1 "$one"
expect_published "two" secret:2 "$two"
tree_check "$ROOT"

helper "$(says mary bad-secret)"
within 5 sync_rc "refused for ever" 1 secret:1 secret:2
expect_eq "asked twice" 2 "$(asked)"
quiet "refused"

# An identity token goes to the token server by POST.
refresh=$(curl -fsS -u mary:good-secret \
	"http://$HUB_AUTH/token?service=registry.docker.io&offline_token=true" | pick v.refresh_token)
helper "$(says '<token>' "$refresh")"
sync "an identity token" secret:1
expect_eq "POST" 1 "$(hub_count auth POST /token 200)"
expect_eq "and nothing else" 1 "$(hub_count auth - .)"
expect_published "it is there" secret:1 "$one"
! grep -qF -e "$refresh" "$T/stdout" "$T/stderr" "$T/hub.log" || fail "the token is told"

# It has none: the file counts.
cat >"$T/docker/config.json" <<END
{"credsStore": "test",
 "auths": {"docker.io": {"auth": "$(printf mary:good-secret | base64)"}}}
END
helper "echo 'credentials not found in native keychain'; exit 1"
sync "a helper without" secret:1
expect_eq "no warning" "" "$(grep -i helper "$T/stderr" || :)"
expect_published "it is there" secret:1 "$one"

# In trouble: it is said, and the rest goes on.
echo '{"credsStore": "test"}' >"$T/docker/config.json"
# trouble "what" REGEX LINES
trouble()
{
	helper "$3"
	within 5 sync_rc "$1" 1 secret:1 public:1
	expect_said "$1: the warning" "docker-credential-test get https://index.docker.io/v1/: $2"
	expect_said "$1: the image" 'error: .*secret:1: '
	expect_published "$1: the public one is there" public:1 "$public"
	quiet "$1"
}
trouble "exit 1" 'ended with 1: no keyring here' \
	'echo bad-secret; echo "no keyring here" >&2; exit 1'
trouble "garbage" '.*JSON' 'echo bad-secret'
trouble "too much" '.*more than' 'while :; do echo bad-secret; done'

# The helper hangs; another registry does not wait for it, and SIGTERM ends it.
pick '{**v, "open.example": {"endpoint": at}}' "$CDR_REGISTRIES" at="http://$UPSTREAM" \
	>"$T/both.json"
helper "sleep 60"
"$CDR" sync -r "$ROOT" --registries "$T/both.json" secret:1 open.example/library/public:1 \
	>"$T/stdout" 2>"$T/stderr" &
pid=$!
wait_for 5 test -L "$ROOT/repos/open.example/library/public/_manifests/1" ||
	fail "the other registry waits for the helper"
ok "the other registry does not wait for the helper"
wait_for 5 test -s "$T/asked" || fail "the helper was not asked"
kill -TERM "$pid"
wait_for 3 process_over "$pid" || fail "SIGTERM waits for the helper"
_rc=0
wait "$pid" || _rc=$?
expect_eq "interrupted" 4 "$_rc"
tree_check "$ROOT"

rm "$T/bin/docker-credential-test"
sync_rc "no such helper" 1 secret:1
expect_said "is said" 'docker-credential-test.*no such program'

echo '{"credsStore": "../test"}' >"$T/docker/config.json"
sync_rc "a helper that is a path" 2 secret:1

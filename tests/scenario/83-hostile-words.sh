#!/bin/sh
# What a registry says reaches the terminal without control characters, as text and
# as JSON, whatever it is: an error's text, a header, a name in a manifest. And what
# config.json holds reaches nobody but the registry that it is for and its token
# server: not the output, and not another host to which one of the two redirects.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
USER_NAME=elisabeth PASSWORD=correct-horse-battery
upstream
start_hub --user "$USER_NAME:$PASSWORD" --private library/secret
settings '{"max_tries": 2}'
craft image library/app:1 >/dev/null
secret=$(craft image library/secret:1 --seed 2)

# said REF: the program's words as text and as JSON, without a control character.
said()
{
	for _log in text json; do
		_rc=0
		script=$T/$_log
		"$CDR" sync -v --log "$_log" -r "$ROOT" "$1" >"$script" 2>&1 || _rc=$?
		[ $_rc -eq 1 ] || fail "ended with $_rc"
		LC_ALL=C tr -d '\n -~\200-\377' <"$script" >"$T/controls"
		[ ! -s "$T/controls" ] ||
			fail "$_log: a control character reached the terminal"
		# U+0080 to U+009F, and what is no UTF-8.
		! LC_ALL=C grep -q "$(printf '\302[\200-\237]')" "$script" ||
			fail "$_log: a C1 control character reached the terminal"
		iconv -f UTF-8 -t UTF-8 "$script" >"$T/utf8" 2>&1 ||
			fail "$_log: not UTF-8"
	done
	pick -q -l 'any(len(o.error) > 0 for o in v if o.result == "failed")' \
		"$T/json" || fail "JSON: the error is not in it"
}
# words "what" REF RULE
words()
{
	fault "$3"
	hub_mark
	said "$2"
	[ "$(hub_fired)" -ge 2 ] || fail "$1: nothing was said"
	ok "$1"
}
at='"listener": "registry", "path": "/manifests/1$"'
evil='\u001b[2J\u001b]0;pwned\u0007\r\n\u009b31m\u0000\u007f\u0008'
header='\u001b[2J\u001b]0;pwned\u0007\u009b31m\u007f\u0008'
for status in 401 404 429; do
	words "an error's message, $status" app:1 "{$at, \"status\": $status, \"retry_after\": 0,
	    \"body\": {\"errors\": [{\"code\": \"$header\", \"message\": \"$header\"}]}}"
	words "an error's body, $status" app:1 \
		"{$at, \"status\": $status, \"retry_after\": 0, \"body\": \"$evil\"}"
done
words "a message cut in the middle of a character" app:1 "{$at, \"status\": 403, \"body\":
    {\"errors\": [{\"code\": \"x\", \"message\": \"$(printf '\303\251%.0s' $(seq 400))\"}]}}"
words "a redirect" app:1 "{$at, \"redirect\": \"http://$header/\"}"
words "a redirect that is too long" app:1 \
	"{$at, \"redirect\": \"ftp://x/$header$(printf 'a%.0s' $(seq 9000))\"}"
words "a realm" app:1 "{$at, \"before_auth\": true, \"status\": 401,
    \"headers\": {\"WWW-Authenticate\": \"Bearer realm=\\\"http://$header/\\\"\"}}"
words "a scope" app:1 "{$at, \"before_auth\": true, \"status\": 401, \"headers\":
    {\"WWW-Authenticate\": \"Bearer realm=\\\"ftp://x/\\\",scope=\\\"$header\\\"\"}}"
words "an answer of the token server" app:1 "{\"listener\": \"auth\", \"status\": 403,
    \"body\": {\"details\": \"$header\", \"errors\": [{\"message\": \"$header\"}]}}"
words "a manifest" app:1 "{$at, \"status\": 200, \"body\": \"$evil\"}"
words "a manifest's type" app:1 "{$at, \"status\": 200,
    \"body\": {\"schemaVersion\": 2, \"mediaType\": \"$header\", \"layers\": []}}"
words "a manifest's digest" app:1 "{$at, \"status\": 200, \"body\": {\"schemaVersion\": 2,
    \"config\": {\"mediaType\": \"a/b\", \"size\": 1, \"digest\": \"$header:$header\"}, \"layers\": []}}"
words "a manifest's keys" app:1 "{$at, \"status\": 200,
    \"body\": {\"schemaVersion\": 2, \"$header\": 1}}"
no_faults

# --- what is secret ---------------------------------------------------------------

STRANGER=
python3 "$TOP/tests/hub/stranger.py" --ready "$T/stranger.ready" \
	--log "$T/stranger.log" &
stranger=$!
defer "process_end $stranger"
wait_for 10 test -f "$T/stranger.ready" || fail "the stranger does not start"
# shellcheck disable=SC1091
. "$T/stranger.ready"
mkdir "$T/docker"
export DOCKER_CONFIG="$T/docker"
pair=$(printf %s "$USER_NAME:$PASSWORD" | base64 -w 0)
refresh=refresh-me-not registry_token=take-it-verbatim

# kept "what" RULE: the run fails or not; whoever was asked got no secret. Text and
# JSON take turns.
log=json
kept()
{
	fault "$2"
	: >"$T/stranger.log"
	case $log in json) log=text ;; *) log=json ;; esac
	_rc=0
	"$CDR" sync -v --log $log -r "$ROOT" secret:1 >>"$T/said.log" 2>&1 || _rc=$?
	[ $_rc -le 1 ] || fail "$1: ended with $_rc"
	for _secret in "$PASSWORD" "$pair" "$refresh" "$registry_token" eyJ0eXAi; do
		! grep -qF -e "$_secret" "$T/stranger.log" ||
			fail "$1: the stranger got $_secret"
		! grep -qF -e "$_secret" "$T/said.log" ||
			fail "$1: the output has $_secret"
	done
	! grep -qi authorization "$T/stranger.log" || fail "$1: the stranger was told"
	ok "$1"
}
asked()
{
	[ -s "$T/stranger.log" ] || fail "the stranger was not even asked"
}

printf '{"auths": {"docker.io": {"auth": "%s"}}}\n' "$pair" >"$T/docker/config.json"
kept "the token server redirects" \
	"{\"listener\": \"auth\", \"redirect\": \"http://$STRANGER/token\"}"
asked
for status in 302 303 307; do
	kept "a manifest is elsewhere, $status" "{\"listener\": \"registry\", \"path\":
	    \"/manifests/\", \"status\": $status, \"redirect\": \"http://$STRANGER/x\"}"
	asked
done
kept "a blob is elsewhere" "{\"listener\": \"registry\", \"path\": \"/blobs/\",
    \"redirect\": \"http://$STRANGER/x\"}"
asked
kept "and asks for a password there" "{\"listener\": \"registry\", \"path\": \"/blobs/\",
    \"redirect\": \"http://$USER_NAME@$STRANGER/x\"}"

# A refresh token travels in the body of a POST.
printf '{"auths": {"docker.io": {"identitytoken": "%s"}}}\n' "$refresh" \
	>"$T/docker/config.json"
for status in 301 302 303 307 308; do
	kept "the token server redirects a POST, $status" "{\"listener\": \"auth\",
	    \"status\": $status, \"redirect\": \"http://$STRANGER/token\"}"
done

printf '{"auths": {"docker.io": {"registrytoken": "%s"}}}\n' "$registry_token" \
	>"$T/docker/config.json"
kept "a token to be used as it is" "{\"listener\": \"registry\", \"path\":
    \"/manifests/\", \"before_auth\": true, \"redirect\": \"http://$STRANGER/x\"}"
asked

# Another registry's challenge is no reason to give Docker Hub's password away.
printf '{"auths": {"docker.io": {"auth": "%s"}}}\n' "$pair" >"$T/docker/config.json"
no_faults
: >"$T/stranger.log"
pick '{**v, "reg.example": {"endpoint": at}}' "$CDR_REGISTRIES" at="http://$STRANGER" \
	>"$T/two.json"
expect_rc "another registry" 1 "$CDR" sync -r "$ROOT" --registries "$T/two.json" \
	reg.example/library/secret:1
asked
! grep -qi authorization "$T/stranger.log" || fail "the stranger was told"

rm -rf "$ROOT"
sync "those that it is for let it in" -v secret:1
expect_published "with them it is there" secret:1 "$secret"
tree_check "$ROOT"

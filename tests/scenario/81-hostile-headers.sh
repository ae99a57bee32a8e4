#!/bin/sh
# Headers that lie. A Docker-Content-Digest or a Content-Type that is none is as
# good as absent: the bytes decide, and nothing is written outside ROOT. A token
# realm that leads to a file, to another protocol or nowhere is refused, and so is
# a token that would smuggle a header into the next request.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
settings '{"max_tries": 2}'
ROOT=$T/jail/1/2/root
mkdir -p "$ROOT"
app=$(craft image library/app:1)
sync "a first version" app:1
find "$T/jail" -path "$ROOT" -prune -o -printf '%p %T@\n' >"$T/before"

long=$(printf 'a%.0s' $(seq 5000))
zero=$(printf %064d 0)

# liars PREFIX HEADER: the images PREFIX-0001 ... each have one of the values, lines
# of JSON from standard input, as that header, and must be published nevertheless.
# $T/PREFIX then has their digests.
liars()
{
	cat >"$T/values"
	overlay many "library/$1:1" --no-media-type --layers 1 \
		--seed "$1" --count "$(wc -l <"$T/values")" >"$T/$1"
	_n=0
	set -- "$1" "$2"
	while IFS= read -r _value; do
		_n=$((_n + 1))
		set -- "$@" "{\"path\": \"/$1-$(printf %04d $_n)/manifests/\",
		    \"listener\": \"registry\", \"headers\": {\"$2\": $_value}}"
	done <"$T/values"
	_prefix=$1 _header=$2
	shift 2
	fault "$@"
	hub_mark
	cut -d ' ' -f 1 "$T/$_prefix" >"$T/list"
	within 20 sync "$_n odd values of $_header" -i "$T/list"
	[ "$(hub_fired)" -ge $((2 * _n)) ] || fail "not all were asked for"
	while read -r _image _digest; do
		expect_published "$_image" "${_image#library/}" "$_digest"
		expect_eq "$_image: its type is what the bytes are" \
			application/vnd.oci.image.manifest.v1+json \
			"$(readlink "$ROOT/repos/docker.io/${_image%:*}/_manifests/1" |
			sed 's,.*/manifests/\(.*\)/sha256/.*,\1,')"
	done <"$T/$_prefix"
}

liars digest Docker-Content-Digest <<END
""
"sha256"
"sha256:"
"sha256:../../../../../../planted"
"sha256:/etc/passwd"
"../../planted:$zero"
"/etc/passwd"
"sha256:$(printf %063d 0)"
"sha256:$(printf %065d 0)"
"sha256:$(printf %064d 0 | tr 0 A)"
"SHA256:$zero"
"sha256:%2e%2e%2f$(printf %055d 0)"
"sha256:$zero/../../planted"
"sha256:$zero, sha256:$zero"
"$long"
"sha256:$long"
"\u001b[2J"
END
liars type Content-Type <<END
""
"../../x"
"a/../../b"
"/etc/passwd"
"application/../../../../planted"
"application/$long"
"application/x%2f..%2f.."
"\u001b[2J"
"text/html; charset=utf-8"
END
no_faults
hub_mark
sync "without the headers" -i "$T/list"
expect_eq "nothing has changed" 0 "$(hub_count - GET '/(manifests|blobs)/')"
tree_check "$ROOT"

# realm "what" WWW-AUTHENTICATE REGEX: JSON, and the message.
realm()
{
	fault "{\"listener\": \"registry\", \"status\": 401, \"before_auth\": true, \"headers\": {\"WWW-Authenticate\": $2}}"
	hub_mark
	within 5 sync_rc "realm: $1" 1 app:1
	expect_said "$1: the message" "error: .*app:1: .*$3"
	expect_eq "$1: no token was asked for" 0 "$(hub_count auth - .)"
	expect_published "$1: the tag stays" app:1 "$app"
}
echo secret >"$T/secret"
realm "a file" "\"Bearer realm=\\\"file://$T/secret\\\"\"" 'token realm.*http'
realm "ftp" '"Bearer realm=\"ftp://{auth}/token\""' 'token realm.*http'
realm "gopher" '"Bearer realm=\"gopher://{auth}/token\""' 'token realm.*http'
realm "no host" '"Bearer realm=\"http:///token\""' 'token realm.*no host'
realm "a user name" '"Bearer realm=\"http://me:secret@{auth}/token\""' 'token realm'
! grep -q me:secret "$T/stderr" || fail "the password is in the message"
realm "no address" '"Bearer realm=\"http://[::1/token\""' 'token realm'
realm "too long" "\"Bearer realm=\\\"http://{auth}/$long$long\\\"\"" 'token realm.*too long'
realm "no realm" '"Bearer service=\"x\""' 'does not say what it wants'
realm "another scheme" '"Negotiate abcd"' 'does not say what it wants'

# token "what" JSON: an answer of the token server.
token()
{
	fault "{\"listener\": \"auth\", \"json\": $2}"
	hub_mark
	within 5 sync_rc "token: $1" 1 app:1
	expect_said "$1: the message" 'error: .*app:1: .*token'
	expect_eq "$1: the registry did not get it" 0 \
		"$(hub_since | awk -F '\t' '$2 == "registry" && $7 != "none"' | wc -l)"
	expect_published "$1: the tag stays" app:1 "$app"
}
for smuggled in 'a\r\nX-Smuggled: 1' 'a\nb' 'a\u0000b' 'a b' 'a\u001b[2Jb' 'a\u00e9b' ''; do
	token "$smuggled" "{\"token\": \"$smuggled\", \"access_token\": null}"
done
token "a number" '{"token": 1, "access_token": null}'
token "too long" "{\"token\": \"$(for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14; do
	printf %s "$long"; done)\", \"access_token\": null}"

find "$T/jail" -path "$ROOT" -prune -o -printf '%p %T@\n' >"$T/after"
check "nothing happened outside ROOT" cmp "$T/before" "$T/after"
no_faults
sync "in the end" app:1
tree_check "$ROOT"

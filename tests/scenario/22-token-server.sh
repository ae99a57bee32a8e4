#!/bin/sh
# A token server in trouble: errors that pass are waited out, a refusal and an
# answer that makes no sense end the image with a message that names the token
# server's part in it, after max_tries requests at most. Other repositories that
# get their token are mirrored, and what was served stays.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
settings '{"max_tries": 3}'
old=$(craft image library/app:1)
good=$(craft image library/good:1 --seed good)
sync "at first all is well" app:1
new=$(craft image library/app:1 --seed 2)

# trouble "what" REGEX REQUESTS RULE: app:1 must fail so; good:1 must not.
trouble()
{
	_regex=$2 _most=$3
	rm -rf "$ROOT/repos/docker.io/library/good"
	fault "$4"
	hub_mark
	within 20 sync_rc "$1" 1 app:1 good:1
	expect_said "$1: the message" "error: docker.io/library/app:1: .*$_regex"
	_asked=$(hub_count auth - 'app')
	{ [ "$_asked" -ge 1 ] && [ "$_asked" -le "$_most" ]; } ||
		fail "$1: $_asked requests for one token"
	expect_published "$1: what was served stays" app:1 "$old"
	expect_published "$1: the other one is mirrored" good:1 "$good"
}

trouble "403 without end" 'token.*403.*credentials' 1 \
	'{"listener": "auth", "path": "app", "status": 403, "body": {"details": "no"}}'
trouble "503 without end" 'token.*503' 3 \
	'{"listener": "auth", "path": "app", "status": 503, "body": "<html>"}'
trouble "cut without end" 'token' 3 \
	'{"listener": "auth", "path": "app", "cut": 100}'
trouble "no JSON" 'token.*JSON' 3 \
	'{"listener": "auth", "path": "app", "body": "<html>come back later</html>"}'
trouble "no token in it" 'token server.*no token' 3 \
	'{"listener": "auth", "path": "app", "json": {"token": null, "access_token": null}}'
trouble "a token with a line break, for a header of its own" 'token' 3 \
	'{"listener": "auth", "path": "app", "json": {"token": "x\r\nX-Evil: 1"}}'
trouble "an endless token" 'token.*larger than' 3 \
	'{"listener": "auth", "path": "app", "extra": 200000}'
tree_check "$ROOT"

fault '{"listener": "auth", "path": "app", "status": 502, "times": 1}' \
	'{"listener": "auth", "path": "app", "status": 429, "retry_after": 1, "times": 1}'
hub_mark
sync "502, then 429, then a token" app:1
expect_eq "three requests for it" 3 "$(hub_count auth GET app)"
expect_published "the tag has moved" app:1 "$new"
tree_check "$ROOT"

# Answers that are odd and good: either name of the token, no lifetime, or one
# that would have it expired when it comes.
tag=2
for change in '{"token": null}' '{"access_token": null, "expires_in": null}' \
	'{"expires_in": 0, "issued_at": "2001-01-01T00:00:00Z"}' \
	'{"expires_in": -1}' '{"expires_in": "soon"}'; do
	new=$(craft image "library/app:$tag" --seed "$tag")
	fault "{\"listener\": \"auth\", \"json\": $change}"
	hub_mark
	sync "$change" "app:$tag"
	expect_eq "one token is enough" 1 "$(hub_count auth GET .)"
	expect_published "and it is mirrored" "app:$tag" "$new"
	tag=$((tag + 1))
done
tree_check "$ROOT"

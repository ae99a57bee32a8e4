#!/bin/sh
# Whatever is wrong with what people write - the list, the command line, the
# registries, the options - ends with exit code 2 and a line for each mistake that
# says where it is and what to write; nothing is asked, nothing is touched: ROOT is
# not even made.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
craft image library/app:1 >/dev/null

# wrong "what" REGEX ARG...
wrong()
{
	_what=$1 _regex=$2
	shift 2
	sync_rc "$_what" 2 "$@"
	expect_said "$_what: the message" "$_regex"
	! [ -e "$ROOT" ] || fail "$_what: ROOT was made"
	[ "$(hub_count - - .)" -eq 0 ] || fail "$_what: somebody was asked"
}

# line "what" REGEX TEXT: TEXT is line 3 of a list that is fine otherwise.
line()
{
	printf '# a list\napp:1\n%s\nalpine:3\n' "$3" >"$T/list"
	wrong "$1" "^error: $T/list:3: $2" -i "$T/list"
}

line "upper case" '.*Nginx".*lower case' 'Nginx:1'
line "a scheme" '.*remove "https://"' 'https://docker.io/nginx:1'
line "no tag behind the colon" '.*tag' 'nginx:'
line "a tag that is none" '.*"-x" is not a tag' 'nginx:-x'
line "a digest that is none" '.*' 'nginx@sha256:abc'
line "an unknown key" 'unknown key "plattform".*platform' 'nginx:1 plattform=linux/amd64'
line "a key without a value" '.*platform' 'nginx:1 platform='
line "a platform that is none" 'platform=: "linux" is not a platform: write os/architecture' 'nginx:1 platform=linux'
line "a key twice" 'platform= is given twice' 'nginx:1 platform=all platform=linux/amd64'
line "two images on a line" '"redis:7".*one image a line' 'nginx:1 redis:7'
line "white space around =" '.*white space' 'nginx:1 platform = all'
line "a control character" '.*control character 0x1b' "$(printf 'nginx:1 \033[1m')"
line "no UTF-8" 'byte 9 is not UTF-8' "$(printf 'nginx:1 \377')"
line "a default without a key" '.*default' 'default'
line "a default with an unknown key" 'unknown key' 'default color=blue'
line "a name that climbs" '"\.\." is not a registry' '../../etc/passwd:1'
line "a name that climbs further in" '.*not a repository name' 'nginx/../../etc:1'
line "an endless line" 'longer than 4096 bytes' "nginx:1 # $(head -c 5000 /dev/zero | tr '\0' x)"
line "the same image with another platform" "docker.io/library/app:1: $T/list:2 has it with a different platform" 'docker.io/library/app:1 platform=linux/amd64'

# All mistakes of all lists at once, each with its place.
printf 'Nginx\napp:1\nredis:\n' >"$T/list"
printf 'x:1 y=z\n' >"$T/other"
wrong "four mistakes" 'nothing has been done' -i "$T/list" -i "$T/other" UPPER
expect_eq "each has its place" "$T/list:1 $T/list:3 $T/other:1 command line" \
	"$(sed -n 's/^error: \([^ ]*list:[0-9]*\|[^ ]*other:[0-9]*\|command line\): .*/\1/p' "$T/stderr" | xargs)"
wrong "standard input is named" 'standard input:1: ' -i - <"$T/list"
! grep -q "$(printf '\033')" "$T/stderr" || fail "a control character on the terminal"

# The command line.
wrong "nothing to do" 'name images, or a list'
wrong "a bad REF" 'command line: .*lower case' App:1
wrong "an empty REF" 'command line: .*empty' ''
wrong "a key without an image" 'command line: ' platform=all
wrong "no such list" "$T/none: no such file" -i "$T/none"
wrong "a directory for a list" "$T" -i "$T"
wrong "an unknown option" '' --frobnicate app:1
wrong "an unknown log format" 'text or json' --log xml app:1
wrong "a missing argument" '' app:1 --log

# Registries and credentials.
registries=$T/my.json
for text in 'nonsense' '[]' '{"docker.io": {"endpont": "http://127.0.0.1"}}' \
	'{"docker.io": {"endpoint": "ftp://127.0.0.1"}}' \
	'{"docker.io": {"max_tries": 0}}' '{"docker.io": {"max_tries": "3"}}' \
	'{"docker.io": {"client_key": "x"}}' '{"Docker.io": {}}' \
	'{"docker.io": {}, "index.docker.io": {}}'; do
	echo "$text" >"$registries"
	wrong "$text" "$registries: " --registries "$registries" app:1
done
wrong "no such registries file" "$T/none" --registries "$T/none" app:1
mkdir "$T/docker"
echo '{"auths": {"docker.io": {"auth": "dXNlcjpwYXNz"}}' >"$T/docker/config.json"
DOCKER_CONFIG=$T/docker wrong "credentials in a file that is no JSON" \
	"$T/docker/config.json" app:1

# And the same list, once it is right.
printf 'app:1\n' >"$T/list"
sync "a right list" -i "$T/list"
sync_rc "a wrong one again" 2 -i "$T/other"
tree_check "$ROOT"

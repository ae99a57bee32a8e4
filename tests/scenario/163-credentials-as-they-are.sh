#!/bin/sh
# config.json as tools leave it. Base64 with line ends, blanks, or without its padding is
# taken. An entry that cannot be used, of a registry that nobody asks for, is no error;
# of one that is asked for, a warning names it, and nothing that is in it, once, and what
# is public still comes. DOCKER_CONFIG that names a file, or nothing, is told. With an
# endpoint elsewhere its own entry goes before that of the registry.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
start_hub --user elisabeth:correct-horse-battery --private library/secret
secret=$(craft image library/secret:1)
public=$(craft image library/public:1 --seed 2)
mkdir "$T/docker"
export DOCKER_CONFIG="$T/docker"
auth=$(printf elisabeth:correct-horse-battery | base64 -w 0)

# config JSON: what stands in "auths", and what else
config()
{
	printf '{"auths": {%s}%s}\n' "$1" "${2-}" >"$T/docker/config.json"
	rm -rf "$ROOT"
}

for text in "$(printf %s "$auth" | sed 's/.\{20\}/&\\n/g')" "$auth\\r\\n" \
	"$(printf %s "$auth" | sed 's/.\{7\}/& /g')" "${auth%%=*}" "\\t${auth%%=*}="; do
	config "\"docker.io\": {\"auth\": \"$text\"}"
	sync "auth: $text" secret:1
	expect_published "it is there" secret:1 "$secret"
done

# --- entries that nobody needs ------------------------------------------------------

good="\"docker.io\": {\"auth\": \"$auth\"}"
for bad in '"other.example": {"auth": "bad-secret!"}' '"other.example": 7' \
	'"other.example": {"auth": "bm8tY29sb24="}' '"other.example": {"password": 12345678}'; do
	config "$bad, $good"
	sync "$bad" secret:1
	! grep -q 'other.example' "$T/stdout" "$T/stderr" || fail "it is not told"
done
config "$good" ', "credHelpers": {"other.example": "../../bin/sh"}'
sync "a helper that is a path" secret:1

# --- one that is needed ---------------------------------------------------------------

config '"docker.io": {"auth": "bad-secret!"}, "other.example": 7'
sync_rc "it is needed" 1 public:1 secret:1
expect_published "what is public is there" public:1 "$public"
expect_said "the entry is named" 'warning: config.json: docker.io: "auth" is not base64'
expect_eq "once" 1 "$(grep -c 'is not base64' "$T/stderr")"
! grep -q 'bad-secret' "$T/stdout" "$T/stderr" || fail "nothing of it is shown"
config "$good" ', "credHelpers": {"docker.io": 7}'
sync "a helper's entry, and a good one" secret:1
config '' ', "credHelpers": {"docker.io": "a/b"}'
sync_rc "a helper that is a path, and needed" 1 secret:1
expect_said "it is named" 'warning: config.json: credHelpers: docker.io: '
start_hub --mode basic --user elisabeth:correct-horse-battery
config '"docker.io": {"auth": "bad-secret!"}'
sync_rc "Basic" 1 secret:1
expect_said "the error has it, too" \
	'error: .*secret:1: .*config.json has none for docker.io that can be used \(docker.io: "auth"'

# --- DOCKER_CONFIG --------------------------------------------------------------------

start_hub
rm -rf "$ROOT"
check "a file" env "DOCKER_CONFIG=$T/docker/config.json" "$CDR" sync -r "$ROOT" public:1
expect_said "it is told" "warning: the environment's DOCKER_CONFIG: $T/docker/config.json is no folder"
check "nothing" env "DOCKER_CONFIG=$T/absent" "$CDR" sync -r "$ROOT" public:1
expect_said "it is told" "warning: the environment's DOCKER_CONFIG: $T/absent: No such file"
mkdir "$T/empty"
check "an empty folder" env "DOCKER_CONFIG=$T/empty" "$CDR" sync -r "$ROOT" public:1
! grep -q DOCKER_CONFIG "$T/stderr" || fail "a secret may be optional"

# --- an endpoint's own ------------------------------------------------------------------

start_hub --user elisabeth:correct-horse-battery --private library/secret
other=$(printf hubuser:docker-hub-password | base64 -w 0)
config "\"docker.io\": {\"auth\": \"$other\"}, \"$HUB\": {\"auth\": \"$auth\"}"
sync "both" secret:1
expect_published "the endpoint's opens it" secret:1 "$secret"
config "\"docker.io\": {\"auth\": \"$auth\"}, \"$HUB\": {}"
sync "its own is with no helper" secret:1
expect_published "then the registry's" secret:1 "$secret"

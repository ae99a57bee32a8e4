# One upstream behind the faulty hub, one tree: what the scenarios about
# `cdr sync` share. Sourced after lib.sh; POSIX sh. All of it needs python3 and curl.
#
#   upstream                    registry and hub; the tree is $ROOT
#                               (start_hub OPTION... for another hub)
#   settings JSON               more settings for docker.io, such as '{"max_tries": 2}'
#   sync "what" ARG...          cdr sync into $ROOT must succeed
#   sync_rc "what" N ARG...     it must end with N
#   published REPO:TAG          the digest that the tree has (below docker.io/library)
#   expect_published "what" REPO:TAG DIGEST
#   here DIGEST...              are all of these objects in the tree?
#   list_of REPO DIGEST...      an index of these manifests of the registry, as
#                               the referrers API has it
#   answer REGEX BODY [LINK]    add to $rules: such a request is answered with that index,
#                               and LINK as the target of a link to the next page
#   refuse REGEX STATUS         the same with an error
#   within SECONDS "what" ...   a sync, sync_rc, ... that must not take longer
# shellcheck shell=sh

# shellcheck source=tests/check-tree.sh
. "$TOP/tests/check-tree.sh"

upstream()
{
	uses cdr python3 curl
	start_registry
	start_hub
	ROOT=$T/root
}

settings()
{
	pick '{**v, "docker.io": {**v["docker.io"], **more}}' "$CDR_REGISTRIES" \
		more:="$1" >"$CDR_REGISTRIES.new"
	mv "$CDR_REGISTRIES.new" "$CDR_REGISTRIES"
}

sync()
{
	_title=$1
	shift
	check "$_title" "$CDR" sync -r "$ROOT" "$@"
}

sync_rc()
{
	_title=$1 _code=$2
	shift 2
	expect_rc "$_title" "$_code" "$CDR" sync -r "$ROOT" "$@"
}

published()
{
	_at=$(readlink "$ROOT/repos/docker.io/library/${1%:*}/_manifests/${1##*:}") || {
		echo nothing
		return 0
	}
	echo "$(basename "${_at%/*}"):${_at##*/}"
}

expect_published()
{
	expect_eq "$1" "$3" "$(published "$2")"
}

within()
{
	_limit=$1 _from=$(date +%s)
	shift
	"$@"
	[ $(($(date +%s) - _from)) -le "$_limit" ] ||
		fail "$2: took more than $_limit seconds"
}

list_of()
{
	_repository=library/$1 _entries=
	shift
	for _id; do
		curl -s -H 'Accept: application/vnd.oci.image.manifest.v1+json' \
			"http://$UPSTREAM/v2/$_repository/manifests/$_id" >"$T/listed"
		_entries="$_entries${_entries:+,}$(pick '{"mediaType": v.mediaType,
			"digest": digest, "size": size, "artifactType": v.artifactType}' \
			"$T/listed" digest="$_id" size:="$(wc -c <"$T/listed")")"
	done
	printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[%s]}' \
		"$_entries"
}

rules=
answer()
{
	_link=
	[ -z "${3:-}" ] || _link=", \"Link\": $(printf '<%s>; rel="next"' "$3" | as_json)"
	rules="$rules${rules:+,}{\"listener\": \"registry\", \"path\": \"$1\", \"status\": 200,
		\"body\": $(printf %s "$2" | as_json),
		\"headers\": {\"Content-Type\": \"application/vnd.oci.image.index.v1+json\"$_link}}"
}

refuse()
{
	rules="$rules${rules:+,}{\"listener\": \"registry\", \"path\": \"$1\", \"status\": $2,
		\"body\": {\"errors\": [{\"code\": \"ODD\", \"message\": \"no, by $2\"}]}}"
}

# here DIGEST...: are all of these among the tree's blobs or manifests?
here()
{
	for _digest; do
		[ -e "$ROOT/blobs/${_digest%%:*}/${_digest#*:}" ] || return 1
	done
}

#!/bin/sh
# Registries as they are: Artifactory, GitLab, Harbor, nvcr.io, dhi.io, an edge of
# Cloudflare, GHCR, ECR (tests/hub/manners.py). Each is mirrored at the first try, from
# nothing and with a part of a layer here, referrers and all, by few requests.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
app=$(craft image library/app:1 --layers 2 --size 300000 --json |
	tee "$T/objects" | pick 'v[-1].digest')
layer=$(made layer | head -n 1)
other=$(craft image library/b-other:1 --layers 1 --size 1000 --seed 2)

# as NAME [OPTION...]: the hub behaves like that
as()
{
	_name=$1
	shift
	start_hub --manners "$_name" "$@"
	settings "{\"max_tries\": 3${more:-}}"
	hub_mark
}

# whole "what": both images are here
whole()
{
	expect_published "$1: the image is here" app:1 "$app"
	expect_published "$1: the other one too" b-other:1 "$other"
	tree_check "$ROOT"
}

# part: 200000 bytes of a layer are here, and nothing else
part()
{
	rm -rf "$ROOT"
	start_hub --mode open --no-redirect
	fault "{\"path\": \"$layer\", \"truncate\": 200000, \"times\": 1}" \
		"{\"path\": \"$layer\", \"status\": 404}"
	settings '{"max_tries": 2}'
	sync_rc "a part of a layer" 1 app:1
	expect_eq "it is here" 200000 "$(wc -c <"$ROOT/_state/partial/$layer")"
	no_faults
}

for name in artifactory gitlab harbor nvcr dhi cloudflare ghcr ecr; do
	options=
	[ $name != ecr ] || options='--user AWS:secret'
	[ $name != ecr ] || {
		mkdir -p "$T/docker"
		printf '{"auths": {"docker.io": {"username": "AWS", "password": "secret"}}}' \
			>"$T/docker/config.json"
		export DOCKER_CONFIG="$T/docker"
	}
	more=
	[ $name != harbor ] || more=', "stall_timeout_s": 1'
	rm -rf "$ROOT"
	# shellcheck disable=SC2086
	as $name $options
	within 30 sync "$name" app:1 b-other:1 referrers=yes
	whole "$name"
	part
	# shellcheck disable=SC2086
	as $name $options
	within 30 sync "$name, with a part" app:1 b-other:1
	whole "$name, with a part"
done

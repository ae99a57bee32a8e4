#!/bin/sh
# Where a registry sends us, somebody else may ask who we are: as registry.k8s.io does,
# whose content is at another registry. A token is got for that host, without a name or
# with that host's own credentials, and they go nowhere else; those of the registry never
# go there. Without credentials for it the message names the host.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
app=$(craft image library/app:1 --layers 3 --size 300000 --json |
	tee "$T/objects" | pick 'v[-1].digest')
layer=$(made layer | head -n 1)
mkdir "$T/docker"
export DOCKER_CONFIG="$T/docker"

# as MANNERS [HOST USER]...: the hub behaves like that; these are in config.json
as()
{
	start_hub --manners "$1"
	settings '{"max_tries": 3}'
	shift
	_auths=
	while [ $# -gt 0 ]; do
		_auths="$_auths${_auths:+,}\"$(eval "echo $1")\": {\"username\": \"$2\", \"password\": \"secret\"}"
		shift 2
	done
	printf '{"auths": {%s}}' "$_auths" >"$T/docker/config.json"
	no_faults
	rm -rf "$ROOT"
	hub_mark
}

come()
{
	within 20 sync "$1" app:1
	expect_published "$1: it is here" app:1 "$app"
	tree_check "$ROOT"
}

# part: 200000 bytes of a layer are here, and nothing else
part()
{
	rm -rf "$ROOT"
	fault "{\"listener\": \"cdn\", \"path\": \"${layer#sha256:}\", \"truncate\": 200000, \"times\": 1}" \
		"{\"listener\": \"registry\", \"path\": \"$layer\", \"skip\": 1, \"status\": 404}"
	sync_rc "a part of a layer" 1 app:1
	expect_eq "it is here" 200000 "$(wc -c <"$ROOT/_state/partial/$layer")"
	no_faults
	hub_mark
}

# --- without a name -----------------------------------------------------------------

as target
come "its own token server"
expect_eq "without a name" "none" \
	"$(hub_since | awk -F '\t' '$2 == "auth" { print $7 }' | sort -u)"
expect_eq "the registry sees no token" "none" \
	"$(hub_since | awk -F '\t' '$2 == "registry" { print $7 }' | sort -u)"
expect_eq "one token for all" 1 "$(hub_count auth GET /target/token 200)"
part
come "the same with a part of a layer"
expect_eq "it goes on with that" 1 "$(hub_since |
	awk -F '\t' -v p="${layer#sha256:}" '$2 == "cdn" && $4 ~ p && $5 == 206' | wc -l)"

# The registry's own credentials are not for there.
as target docker.io me "\$HUB" me
come "with credentials of the registry"
expect_eq "they are not sent to the other token server" "none" \
	"$(hub_since | awk -F '\t' '$2 == "auth" { print $7 }' | sort -u)"

# Tokens run out there, too.
as target
fault '{"listener": "cdn", "path": "/registry-v2/", "skip": 1, "times": 1, "expire_token": true}'
come "a token is void in the middle"
expect_eq "it was" 1 "$(hub_fired)"

# --- with its own credentials ---------------------------------------------------------

for name in storage members; do
	as $name "\$HUB_CDN" target docker.io me
	come "$name: its own credentials"
	expect_eq "$name: the registry sees none" "none" \
		"$(hub_since | awk -F '\t' '$2 == "registry" { print $7 }' | sort -u)"

	as $name docker.io target "\$HUB" target "\$HUB_AUTH" target
	within 20 sync_rc "$name: credentials of others" 1 app:1
	if [ $name = storage ]; then
		expect_said "$name: the message names the host" \
			"app:1: tag: $HUB_CDN, where the registry sends us, wants a user name"
		expect_eq "$name: none was sent there" "none" \
			"$(hub_since | awk -F '\t' '$2 == "cdn" { print $7 }' | sort -u)"
	else
		expect_said "$name: the message names the host" \
			"app:1: .*token for $HUB_CDN: .*401"
		expect_eq "$name: none was sent there" "none" \
			"$(hub_since | awk -F '\t' '$2 == "auth" { print $7 }' | sort -u)"
	fi
	[ "$(hub_count cdn - .)" -le 6 ] || fail "$name: asked more than six times"
	expect_published "$name: nothing is published" app:1 nothing
done

# A helper has them.
mkdir "$T/bin"
cat >"$T/bin/docker-credential-test" <<END
#!/bin/sh
echo '{"ServerURL": "x", "Username": "target", "Secret": "secret"}'
END
chmod 755 "$T/bin/docker-credential-test"
for name in storage members; do
	as $name
	echo "{\"credHelpers\": {\"$HUB_CDN\": \"test\"}}" >"$T/docker/config.json"
	PATH="$T/bin:$PATH" come "$name: its own credentials, of a helper"
	expect_eq "$name: the registry sees none" "none" \
		"$(hub_since | awk -F '\t' '$2 == "registry" { print $7 }' | sort -u)"
done

# The wrong ones.
as storage "\$HUB_CDN" somebody
within 20 sync_rc "a wrong name there" 1 app:1
expect_said "the message names the host" "app:1: tag: access denied: $HUB_CDN, where the registry sends us, answers 401"

# --- where it leads from there --------------------------------------------------------

# Its realm must not be where a redirect may not lead.
as target
fault '{"listener": "cdn", "status": 401, "before_auth": true, "headers":
	{"WWW-Authenticate": "Bearer realm=\"http://169.254.169.254/token\""}}'
within 20 sync_rc "a realm on the link" 1 app:1
expect_said "it is refused, and named" 'app:1: tag: .*realm.*169\.254\.169\.254.*refused'

# Its credentials do not go on to a third host.
as storage "\$HUB_CDN" target
fault '{"listener": "cdn", "path": "/registry-v2/", "redirect": "http://{auth}/else"}'
within 20 sync_rc "it leads on to a third host" 1 app:1
[ "$(hub_count auth - /else)" -ge 1 ] || fail "nobody came there"
expect_eq "which sees nothing" "none" \
	"$(hub_since | awk -F '\t' '$2 == "auth" { print $7 }' | sort -u)"
tree_check "$ROOT"

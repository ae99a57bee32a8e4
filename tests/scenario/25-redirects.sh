#!/bin/sh
# Where a registry may not send us: in circles, to a file, to another protocol, to
# no host, to the cloud's metadata service. Each is refused with a message that
# names the place; no such request is made, the other images are mirrored, what
# was served stays, and bytes of a blob that were here stay.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
settings '{"max_tries": 3}'
old=$(craft image library/app:1)
sync "a first version" app:1
new=$(craft image library/app:1 --layers 1 --size 300000 --seed 2 --json |
	tee "$T/objects" | pick 'v[-1].digest')
layer=$(made layer)
fault '{"listener": "cdn", "truncate": 200000, "path": "'"${layer#sha256:}"'", "times": 1}' \
	'{"listener": "registry", "path": "'"${layer#sha256:}"'", "skip": 1, "status": 404}'
sync_rc "200000 bytes of a layer are here" 1 app:1
expect_eq "they are" 200000 "$(wc -c <"$ROOT/_state/partial/$layer")"
echo secret >"$T/secret"

# refused "what" LOCATION REGEX
refused()
{
	for _kind in manifests blobs; do
		# The manifest may have come by now; here it is to come again.
		rm -f "$ROOT"/manifests/*/*/sha256/"${new#sha256:}" \
			"$ROOT/blobs/sha256/${new#sha256:}"
		fault "{\"listener\": \"registry\", \"path\": \"/$_kind/sha256\", \"redirect\": \"$2\"}"
		hub_mark
		within 20 sync_rc "$1, for $_kind" 1 app:1
		expect_said "$1, for $_kind: the message" "error: .*app:1: .*$3"
		[ "$(hub_fired)" -ge 1 ] || fail "nothing was redirected"
		expect_eq "$1, for $_kind: nobody was asked there" 0 "$(hub_count cdn - .)"
		[ "$_kind" = blobs ] || continue
		expect_eq "$1: the partial blob is kept" 200000 \
			"$(wc -c <"$ROOT/_state/partial/$layer")"
	done
	expect_published "$1: the tag stays" app:1 "$old"
}

refused "in circles" loop 'redirect by 127.0.0.1: more than 10 redirects'
expect_eq "ten redirects and no more" 11 "$(hub_fired)"
refused "to a file" "file://$T/secret" 'redirect by .*"file:///.*http'
refused "to ftp" 'ftp://{cdn}/x' 'redirect by .*"ftp:.*http'
refused "to gopher" 'gopher://{cdn}/x' 'redirect by .*"gopher:.*http'
refused "to no host" 'http:///x' 'redirect by .*"http:///x": no host'
refused "to a broken address" 'http://[::1/x' 'redirect by .*"http:'
refused "with a user name" 'http://me:secret@{cdn}/x' 'redirect by .*user name'
! grep -q 'me:secret' "$T/stderr" || fail "the password is in the message"
tree_check --resumable "$ROOT"

fault '{"listener": "registry", "path": "/manifests/1$", "redirect": "loop"}'
hub_mark
sync_rc "the tag itself, in circles" 1 app:1
expect_said "the message" 'app:1: tag: .*redirects'

no_faults
sync "and in the end" app:1
expect_published "the tag moves" app:1 "$new"
tree_check "$ROOT"

# A registry on the Internet may not send us to this machine or its network. The
# hub plays it: as an HTTP proxy it gets, and logs, the requests for any host.
start_hub --mode open --no-redirect
settings '{"endpoint": "http://registry.example"}'
craft image library/app:2 --seed 3 >/dev/null
export http_proxy="http://$HUB"
for host in 169.254.169.254 2852039166 0xA9FEA9FE '[fe80::1]' 10.0.0.1 127.0.0.1 \
	localhost '[::ffff:192.168.0.1]'; do
	fault "{\"listener\": \"registry\", \"path\": \"/manifests/2$\", \"redirect\": \"http://$host/latest/meta-data\"}"
	hub_mark
	within 20 sync_rc "a redirect to $host" 1 app:2
	expect_said "it is refused, and named" 'app:2: tag: redirect by .*: refused'
	expect_eq "it was not followed" 0 "$(hub_count - - meta-data)"
	[ "$(hub_fired)" -ge 1 ] || fail "nothing was redirected"
done
fault '{"listener": "registry", "path": "/manifests/2$", "status": 401, "headers": {"WWW-Authenticate": "Bearer realm=\"http://169.254.169.254/token\""}}'
hub_mark
sync_rc "a token realm there" 1 app:2
expect_said "it is refused, and named" 'app:2: .*realm.*169\.254\.169\.254.*refused'
expect_eq "it was not asked" 0 "$(hub_count - - /token)"
no_faults
sync "without faults that registry is mirrored" app:2
expect_published "the first tag stays all the while" app:1 "$new"
tree_check "$ROOT"

#!/bin/sh
# nginx serves what people want to know of a tree that has lived for a while, with the
# headers of the page's other files: held.json, unlisted.json, gc.json, verify.json, bundles.json,
# /bad, and the history of a tag or digest below /history/. Only what has such a name
# is served; a link in its place is not followed.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr nginx python3 curl
upstream
first=$(craft image library/app:1 --layers 1)
craft image org/team/app:1.2-x_y --layers 1 --seed 5 >/dev/null
sync "two images" app:1 org/team/app:1.2-x_y "app@$first"
second=$(craft image library/app:1 --layers 1 --seed 2)
sync "one moves" app:1
repo=$ROOT/repos/docker.io/library/app
mkdir "$repo/_held"
echo "2026-11-20T10:53:07Z $second" >"$repo/_held/1"
sync "it is held" app:1
cp -r "$ROOT/repos/docker.io" "$ROOT/repos/reg.example:5000"
start_nginx "$ROOT"

# get PATH [CURL OPTION...]: $T/head, $T/body, $status
get()
{
	_path=$1
	shift
	: >"$T/body"
	status=$(curl -sS --path-as-is -D "$T/head.raw" -o "$T/body" \
		-w '%{http_code}' "$@" "http://$MIRROR$_path") || fail "curl $_path"
	tr -d '\r' <"$T/head.raw" >"$T/head"
}
header()
{
	sed -n "s/^$1: //Ip" "$T/head"
}
# served PATH FILE TYPE
served()
{
	get "$1"
	expect_eq "$1" "200 $3 no-cache nosniff" "$status $(header Content-Type) $(
		header Cache-Control) $(header X-Content-Type-Options)"
	case $(header Content-Security-Policy) in
	*"default-src 'none'; sandbox"*) ;;
	*) fail "$1: a browser may make a page of it" ;;
	esac
	check "$1: its bytes" cmp "$T/body" "$ROOT/$2"
	get "$1" -H "If-None-Match: $(header ETag)"
	expect_eq "$1: again" "304 0" "$status $(wc -c <"$T/body")"
	get "$1" -X DELETE
	expect_eq "$1: read-only" 405 "$status"
}

for name in held unlisted; do
	served "/$name.json" "status/$name.json" application/json
done
expect_eq "what is held" "docker.io/library/app:1 $second 2026-11-20T10:53:07Z" \
	"$(pick 'words(i.image, i.digest, i.since) for i in v.images' "$ROOT/status/held.json")"
for name in gc.json verify.json bundles.json watch.json bad; do
	get "/$name"
	expect_eq "$name: there is none" "404 application/json" "$status $(header Content-Type)"
done
echo '{}' >"$ROOT/status/gc.json"
echo '{}' >"$ROOT/status/verify.json"
echo '{}' >"$ROOT/status/bundles.json"
echo "{}" >"$ROOT/status/watch.json"
echo "2026-11-20T10:53:07Z $first bytes blobs/sha256/${first#*:}" >"$ROOT/status/bad"
served /gc.json status/gc.json application/json
served /verify.json status/verify.json application/json
served /bundles.json status/bundles.json application/json
served /watch.json status/watch.json application/json
served /bad status/bad text/plain

served /history/docker.io/library/app/1 repos/docker.io/library/app/_history/1 text/plain
expect_eq "first and second" "$first $second" "$(cut -d ' ' -f 2 "$repo/_history/1" |
	paste -s -d ' ')"
served "/history/docker.io/library/app/$first" \
	"repos/docker.io/library/app/_history/$first" text/plain
served /history/docker.io/org/team/app/1.2-x_y \
	repos/docker.io/org/team/app/_history/1.2-x_y text/plain
served /history/reg.example:5000/library/app/1 \
	repos/reg.example:5000/library/app/_history/1 text/plain
get /history/reg.example%3A5000/library/app/1
expect_eq "an encoded colon" 200 "$status"

for path in /history /history/ /history/docker.io /history/docker.io/library/app \
	/history/docker.io/library/app/ /history/docker.io/library/app/2 \
	/history/docker.io/library/app/_history/1 /history/docker.io/library/_manifests/1 \
	/history/docker.io/library/app/../app/1 /history/docker.io/library//app/1 \
	/history/docker.io/library/app/1%0a \
	/history/../status/status.json /history/docker.io/library/app/%2e%2e/_manifests/1 \
	/history/docker.io/library/app/sha256:12 /history//docker.io/library/app/1 \
	"/history/docker.io/library/app/$second" /history/docker.io/library%2fapp%2f..%2fapp/1 \
	/status/held.json /held /held.json/ /pins.json /lock.json /bad/ /status/bad /bad.json \
	/keep/pins /_state/lock; do
	get "$path"
	expect_eq "$path is nothing" 404 "$status"
done

# Links in place of a file, and of a folder.
echo secret >"$T/secret"
mkdir "$T/elsewhere"
cp "$T/secret" "$T/elsewhere/1"
mv "$repo/_history" "$T/history"
ln -s "$T/elsewhere" "$repo/_history"
get /history/docker.io/library/app/1
expect_eq "a folder that leads out" 404 "$status"
rm "$repo/_history"
mkdir "$repo/_history"
ln -s "$T/secret" "$repo/_history/1"
get /history/docker.io/library/app/1
expect_eq "a file that leads out" 404 "$status"
rm "$ROOT/status/bad"
ln -s "$T/secret" "$ROOT/status/bad"
get /bad
expect_eq "a list that leads out" 404 "$status"

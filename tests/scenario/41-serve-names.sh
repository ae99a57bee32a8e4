#!/bin/sh
# Every way in which a client writes an image leads to that image and to no
# other: the requests of tests/clients/urls.txt.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/tree.sh"
. "$TOP/tests/clients/tree.sh"

need nginx curl jq
urls_tree "$T/root"
start_nginx "$TREE"

# The images differ, so that one cannot pass for another.
expect_eq "thirteen images" 13 \
    "$(find "$TREE/manifests" -type f | wc -l | tr -d ' ')"

header()
{
	tr -d '\r' <"$T/head" | sed -n "s/^$1: //Ip"
}

# want METHOD PATH STATUS WHAT
want()
{
	_as="-X $1"
	[ "$1" != HEAD ] || _as=--head
	: >"$T/body"
	# shellcheck disable=SC2086 # one word or two
	_got=$(curl -sS --path-as-is --globoff $_as -D "$T/head" -o "$T/body" \
	    -w '%{http_code}' "http://$MIRROR$2") || fail "$1 $2: curl"
	[ "$_got" = "$3" ] || expect_eq "$1 $2: status" "$3" "$_got"
	[ "$(header Docker-Distribution-Api-Version)" = registry/2.0 ] ||
		fail "$1 $2: no version header"
	case $4 in
	-)	;;
	*_*|UNSUPPORTED)
		[ "$(header Content-Type)" = application/json ] ||
			fail "$1 $2: the error is not JSON"
		_code=$(jq -r '.errors[0].code' "$T/body")
		[ "$_code" = "$4" ] || expect_eq "$1 $2: code" "$4" "$_code"
		;;
	*)	_digest=$(echo "{$4}" | urls_expand)
		[ "$(header Docker-Content-Digest)" = "$_digest" ] ||
			expect_eq "$1 $2: digest" "$_digest" \
			    "$(header Docker-Content-Digest)"
		[ "$(header Content-Type)" = "$OCI_MANIFEST" ] ||
			fail "$1 $2: type $(header Content-Type)"
		[ "$1" = HEAD ] ||
		    [ "sha256:$(sha256sum <"$T/body" | cut -c -64)" = "$_digest" ] ||
			fail "$1 $2: other bytes"
		;;
	esac
	ok "$1 $2"
}

sed '/^#/d; /^$/d' "$TOP/tests/clients/urls.txt" | urls_expand >"$T/urls"
asked=0
while read -r method path status what; do
	want "$method" "$path" "$status" "$what" </dev/null
	asked=$((asked + 1))
done <"$T/urls"
[ $asked -gt 100 ] || fail "only $asked requests were made"

expect_eq "the error log knows no grave thing" '' \
    "$(grep -E '\[(crit|alert|emerg)\]' "$T/nginx.log" || :)"

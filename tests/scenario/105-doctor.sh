#!/bin/sh
# cdr doctor: a good mirror is good; each of these set-ups that are broken gets a
# FAIL that names the thing which is wrong, and exit 1: a dead port, a name without
# an address, a CA that is not known, a certificate of another name, http to a
# server of https and https to one of http, a proxy in between that wants a
# password, redirects, compresses, forgets ranges, says a wrong type, leaves the
# digest out, changes bytes, loses ?ns=, lets few paths through, finds manifests
# among blobs, or says 403.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr nginx openssl python3 curl
start_registry
ROOT=$T/root
app=$(craft image library/app:1 --layers 2)
printf '{"docker.io": {"endpoint": "http://%s"}}\n' "$UPSTREAM" >"$T/registries.json"
export CDR_REGISTRIES="$T/registries.json"
sync "cdr sync mirrors an image" app:1
start_nginx "$ROOT"
mkdir "$T/none"

doctor()
{
	"$CDR" doctor --prefix "$T/none" "$@"
}

# sick "what" CHECK REGEX ARG...: exit 1, and a FAIL of that check that says so;
# what is wrong with the node, which has no client, is only a warning.
sick()
{
	_what=$1 _check=$2 _regex=$3
	shift 3
	expect_rc "$_what" 1 doctor "$@"
	grep -qE "^FAIL  $_check +.*($_regex)" "$T/stdout" ||
		fail "$_what: no FAIL of $_check that says: $_regex"
	# The first one is the cause.
	expect_eq "... first of all" "$_check" \
		"$(awk '/^FAIL/ { print $2; exit }' "$T/stdout")"
}

# differ "what": no line of the last answer is there twice.
differ()
{
	expect_eq "$1 says something of its own" "" "$(sort "$T/stdout" | uniq -d)"
}

# between FAULT [OPTION...]: sets $BETWEEN.
_count=0
between()
{
	_count=$((_count + 1))
	_fault=$1
	shift
	python3 "$TOP/tests/hub/between.py" --to "$MIRROR" \
		--ready "$T/between.$_count" "$@" "$_fault" \
		2>>"$T/between.log" &
	defer "process_end $!"
	wait_for 10 test -s "$T/between.$_count" || fail "no proxy: $_fault"
	BETWEEN=$(cat "$T/between.$_count")
}

# --- one that is well -------------------------------------------------------------

check "a good mirror" doctor --mirror "http://$MIRROR"
expect_eq "nothing is wrong with it" "" "$(grep '^FAIL' "$T/stdout" || :)"
for what in dns connect ping headers type manifest blob range blob-404 absent \
	shapes log
do
	grep -q "^ok    $what " "$T/stdout" || fail "$what is not ok"
done
ok "all was looked at"
check "with an image" doctor --mirror "http://$MIRROR" app:1
differ "... and each line"
check "with its digest" doctor --mirror "http://$MIRROR" "app@$app"
differ "... and each line"
expect_rc "an image that is not there" 1 doctor --mirror "http://$MIRROR" none:1
expect_said "is named" '^FAIL  manifest +/v2/library/none/manifests/1: '
check "as JSON" doctor --mirror "http://$MIRROR" --json
pick -q 'v.ok and len(v.checks) > 10 and v.mirror == mirror' "$T/stdout" \
	mirror="http://$MIRROR" || fail "the JSON is not as it should be"
between none
check "a proxy that does no harm" doctor --mirror "http://$BETWEEN"

# --- what does not answer ---------------------------------------------------------

sick "a dead port" connect 'nothing answers at http://127\.0\.0\.1:1 ' \
	--mirror http://127.0.0.1:1
# A label that is too long is known to have no address without a name server.
long=$(printf '%070d' 0)
sick "a name without an address" dns "$long\\.example has no address" \
	--mirror "http://$long.example:5000"
sick "https to a server of http" tls 'speaks plain http.*write http://' \
	--mirror "https://$MIRROR"

# --- TLS --------------------------------------------------------------------------

cd "$T"
for name in 127.0.0.1 elsewhere.example; do
	case $name in 127*) san=IP:$name ;; *) san=DNS:$name ;; esac
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
		-keyout "$name.key" -out "$name.crt" -days 2 -subj "/CN=$name" \
		-addext "subjectAltName=$san" >>"$T/openssl.log" 2>&1 ||
		fail "openssl makes no certificate"
done
between none --tls 127.0.0.1.crt 127.0.0.1.key
sick "a CA that is not known" tls 'certificate of https://.* not accepted.*--ca' \
	--mirror "https://$BETWEEN"
check "the same, with its CA" doctor --mirror "https://$BETWEEN" --ca 127.0.0.1.crt
expect_said "TLS is looked at" '^ok    tls '
sick "http to a server of https" tls 'speaks TLS.*write https://' \
	--mirror "http://$BETWEEN"
between none --tls elsewhere.example.crt elsewhere.example.key
sick "a certificate of another name" tls 'valid for 127\.0\.0\.1' \
	--mirror "https://$BETWEEN" --ca elsewhere.example.crt

# --- what stands in between -------------------------------------------------------

# harmed "what" FAULT CHECK REGEX
harmed()
{
	between "$2"
	sick "$1" "$3" "$4" --mirror "http://$BETWEEN"
}
harmed "a proxy that wants a password" auth auth '/v2/: 401.*password'
harmed "one that redirects" redirect redirect "307, it redirects to .http://$MIRROR/v2/"
harmed "one that compresses" gzip encoding 'Content-Encoding: gzip.*turn compression off'
harmed "one that forgets ranges" ranges range 'the answer to a range request is 200'
harmed "a wrong Content-Type" type type \
	'is "application/octet-stream", not application/vnd\.'
harmed "no Docker-Content-Digest" digest headers 'no Docker-Content-Digest'
harmed "wrong bytes of a blob" bytes digest '/blobs/.*the bytes have digest sha256:'
harmed "wrong bytes of a manifest" manifest digest '/manifests/.*the bytes have digest sha256:'
harmed "?ns= that gets lost" ns ns 'ns=cdr-doctor\.invalid: 200, so .ns= is ignored'
harmed "paths that get lost" paths shapes '/v2/docker\.io/library/app/.*podman, CRI-O'
harmed "manifests among the blobs" blobs blob-404 '200, not 404'
harmed "too many requests" busy ping '429.*too many requests at once.*no-limits'
harmed "403 where nothing is" gone blob-404 ': 403, from'

# --- images without a tag -----------------------------------------------------------

aaa=$(craft image library/aaa:1 --layers 1 --seed 2)
sync "an image by digest, in the first repository" "aaa@$aaa"
check "the next repository has a tag" doctor --mirror "http://$MIRROR"
expect_said "which is asked for" '^ok    manifest  docker\.io/library/app:1 is '
list=$ROOT/repos/docker.io/library/app/_tags/list
mv "$list" "$T/list"
cp "$ROOT/repos/docker.io/library/aaa/_tags/list" "$list"
sick "no tag at all" image 'first 2 repositories .* has a tag.*digest' \
	--mirror "http://$MIRROR"
mv -f "$T/list" "$list"

# --- interrupted --------------------------------------------------------------------

between silent
for option in "" --json; do
	: >"$T/between.log"
	# shellcheck disable=SC2086
	"$CDR" doctor --prefix "$T/none" --mirror "http://$BETWEEN" $option \
		>"$T/interrupted" 2>&1 &
	doctor=$!
	wait_for 10 grep -q /v2/ "$T/between.log" || fail "nothing is asked"
	kill -TERM $doctor
	rc=0
	wait $doctor || rc=$?
	expect_eq "a question that is interrupted $option" 4 $rc
	expect_eq "... is no fault of the mirror" "" \
		"$(grep -iE '(FAIL|All is well)' "$T/interrupted" || :)"
done
pick -q 'not v.ok' "$T/interrupted" || fail "half of it is not all"

# --- an empty mirror, and no mirror -----------------------------------------------

expect_rc "no mirror at all" 2 doctor
expect_said "is told what to say" 'which mirror.*--mirror URL'
for bad in ftp://x http://u:p@x http://x/path 'http://x/?q=1' 'http://a"b' ''; do
	expect_rc "no mirror's URL: $bad" 2 doctor --mirror "$bad"
done
expect_rc "no client" 2 doctor --mirror "http://$MIRROR" --pull nothing

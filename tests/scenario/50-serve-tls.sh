#!/bin/sh
# scripts/serve with TLS: HTTP/1.1 and HTTP/2, no old protocol and no weak
# cipher; a new certificate counts within seconds, while a pull that runs goes on,
# and one without its key does no harm; with --client-ca a client without a
# certificate fails in the handshake, one with a stranger's hears nothing, and
# nobody ever gets a 401.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/tree.sh"

need nginx openssl curl python3 jq pgrep skopeo?
mkdir "$T/tls"
cd "$T/tls"
# authority NAME: NAME.crt and NAME.key
authority()
{
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -keyout "$1.key" -out "$1.crt" -days 2 -subj "/CN=$1" \
	    -addext basicConstraints=critical,CA:TRUE \
	    -addext keyUsage=critical,keyCertSign
}
# certificate NAME CA
certificate()
{
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
	    -keyout "$1.key" -out "$1.csr" -subj "/CN=$1"
	printf 'subjectAltName=IP:127.0.0.1\nauthorityKeyIdentifier=keyid\n' >"$1.ext"
	openssl x509 -req -in "$1.csr" -CA "$2.crt" -CAkey "$2.key" \
	    -CAcreateserial -out "$1.crt" -days 2 -extfile "$1.ext"
}
{
	authority ca
	authority other
	certificate first ca
	certificate second ca
	certificate node ca
	certificate stranger other
} >"$T/openssl.log" 2>&1 || fail "openssl makes no certificates"
cp first.crt server.crt
cp first.key server.key

tree_new "$T/root"
image=$(tree_image docker.io/library/app 1 1)
layer=$(jq -r '.layers[0].digest' "$TREE/repos/docker.io/library/app/_manifests/1")
head -c 2400000 /dev/urandom >"$T/big"
big=$(tree_blob "$T/big")
tree_lists

# ask OPTION...: status and version of a GET of the manifest
ask()
{
	curl -sS --cacert ca.crt -o "$T/body" -w '%{http_code} %{http_version}' "$@" \
	    "https://$address/v2/library/app/manifests/1"
}

# shown: the subject of the certificate that a new connection gets
shown()
{
	openssl s_client -connect "$address" -CAfile ca.crt -verify_return_error \
	    </dev/null 2>/dev/null | sed -n 's/^subject=CN *= *//p'
}

shows()
{
	[ "$(shown)" = "$1" ]
}

# --- without client certificates ------------------------------------------------------

expect_rc "--client-ca alone" 2 sh "$TOP/scripts/serve" --client-ca ca.crt "$TREE"
expect_rc "no such certificate" 1 sh "$TOP/scripts/serve" --tls none.crt none.key "$TREE"
expect_rc "a key of another certificate" 1 sh "$TOP/scripts/serve" \
    --tls first.crt second.key "$TREE" "127.0.0.1:$(free_port)"

start_nginx "$TREE" --tls server.crt server.key --limit-rate 300k
pid=$MIRROR_PID address=$MIRROR
expect_eq "HTTP/2" "200 2" "$(ask)"
expect_eq "HTTP/2: the bytes" "$image" "sha256:$(sha256sum <"$T/body" | cut -c -64)"
expect_eq "HTTP/1.1" "200 1.1" "$(ask --http1.1)"
expect_eq "TLS 1.2" "200 2" "$(ask --tls-max 1.2)"
# As weak as openssl itself lets a client be.
cipher()
{
	openssl s_client -connect "$address" "$1" -cipher "$2:@SECLEVEL=0" </dev/null
}
check "a good cipher" cipher -tls1_2 ECDHE-ECDSA-AES128-GCM-SHA256
for weak in ECDHE-ECDSA-AES256-SHA ECDHE-ECDSA-AES128-SHA256; do
	expect_rc "no $weak" 1 cipher -tls1_2 $weak
done
expect_rc "no TLS 1.0" 1 cipher -tls1 ECDHE-ECDSA-AES256-SHA
expect_rc "no TLS 1.1" 1 cipher -tls1_1 ECDHE-ECDSA-AES256-SHA
expect_eq "plain http is refused, in JSON" "400 UNSUPPORTED" \
    "$(curl -sS -o "$T/body" -w '%{http_code}' "http://$address/v2/") $(
    jq -r '.errors[0].code' "$T/body")"
expect_eq "HTTP/2: HEAD of a blob" "200 $layer" "$(curl -sS --cacert ca.crt --head \
    -w '%{http_code}' -o "$T/head" "https://$address/v2/library/app/blobs/$layer") $(
    tr -d '\r' <"$T/head" | sed -n 's/^docker-content-digest: //p')"

# A pull that takes eight seconds, and meanwhile the certificate changes: first
# without its key.
expect_eq "the first certificate" first "$(shown)"
curl -sS --cacert ca.crt -o "$T/pulled" "https://$address/v2/library/app/blobs/$big" &
pull=$!
nginx=$(pgrep -P "$pid" -x nginx)
workers=$(pgrep -P "$nginx" | sort | paste -s -d ' ' -)
cp second.crt server.crt
wait_for 10 grep -q 'key values mismatch' "$T/nginx.log" ||
	fail "nobody looked at the new certificate"
expect_eq "a certificate without its key: the old one stays" first "$(shown)"
cp second.key server.key.new
mv server.key.new server.key
check "the second certificate counts" wait_for 10 shows second
expect_eq "the same nginx" "$nginx" "$(pgrep -P "$pid" -x nginx)"
[ "$(pgrep -P "$nginx" | sort | paste -s -d ' ' -)" != "$workers" ] ||
	fail "no worker is new"
! process_over $pull || fail "the pull was over too soon to show anything"
check "the pull goes on to its end" wait $pull
check "and brought the right bytes" cmp "$T/big" "$T/pulled"
expect_eq "the new one serves" "200 2" "$(ask)"
process_end "$pid"
expect_eq "no watcher is left" '' "$(pgrep -f "cdr-watch.sh $nginx " || :)"

# --- with client certificates -----------------------------------------------------------

start_nginx "$TREE" --tls server.crt server.key --client-ca ca.crt
address=$MIRROR
expect_eq "with a certificate" "200 2" "$(ask --cert node.crt --key node.key)"
cat >"$T/hear.py" <<'END'
import socket, ssl, sys

host, port = sys.argv[1].rsplit(":", 1)
version, mine = sys.argv[2:4]
context = ssl.create_default_context(cafile="ca.crt")
context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
if mine != "none":
    context.load_cert_chain(mine + ".crt", mine + ".key")
try:
    with socket.create_connection((host, int(port)), 10) as plain:
        with context.wrap_socket(plain, server_hostname=host) as s:
            said = "connected"
            s.sendall(b"GET /v2/ HTTP/1.1\r\nHost: m\r\n\r\n")
            got = s.recv(100)
            said = f"heard {got}" if got else "closed"
except ssl.SSLEOFError:
    said = "closed"
except ssl.SSLError as e:
    said = e.reason
except OSError as e:
    said = "closed" if said == "connected" else str(e)
print(said)
END
expect_eq "none, TLS 1.2: the handshake fails" SSLV3_ALERT_HANDSHAKE_FAILURE \
    "$(python3 "$T/hear.py" "$address" TLSv1_2 none)"
# To a client of TLS 1.3 its own handshake is over before it hears.
case $(python3 "$T/hear.py" "$address" TLSv1_3 none) in
*CERTIFICATE_REQUIRED | closed) ok "none, TLS 1.3: the handshake fails" ;;
*) fail "none, TLS 1.3: $(python3 "$T/hear.py" "$address" TLSv1_3 none)" ;;
esac
check "none: nginx says so" wait_for 5 grep -q \
    'did not return a certificate' "$T/nginx.log"
for version in TLSv1_2 TLSv1_3; do
	expect_eq "a stranger's, $version: closed" closed \
	    "$(python3 "$T/hear.py" "$address" $version stranger)"
done
expect_rc "a stranger's, HTTP/2: closed" 92 ask --cert stranger.crt --key stranger.key

if part "skopeo" skopeo; then
	mkdir "$T/certs.d"
	cp ca.crt "$T/certs.d/ca.crt"
	cp node.crt "$T/certs.d/client.cert"
	cp node.key "$T/certs.d/client.key"
	check "skopeo with a client certificate" skopeo inspect --raw \
	    --cert-dir "$T/certs.d" "docker://$address/library/app:1"
	rm "$T/certs.d"/client.*
	expect_rc "skopeo without" 1 skopeo inspect --raw --cert-dir "$T/certs.d" \
	    "docker://$address/library/app:1"
	! grep -qi 'unauthorized' "$T/stderr" || fail "it was asked for a password"
fi

# --- a certificate that changes while nginx starts --------------------------------------

cp first.crt server.crt
cp first.key server.key
mkdir -m 711 "$T/start"
address=127.0.0.1:$(free_port)
: >"$T/start.out"
TMPDIR="$T/start" sh "$TOP/scripts/serve" --tls server.crt server.key "$TREE" "$address" \
    >"$T/start.out" 2>"$T/start.log" &
pid=$!
defer "process_end $pid"
# It has its port, and is about to read its files for the second time, or just has.
until cat "$T/start"/*/nginx.pid >/dev/null 2>&1 &&
    grep -qs reuseport "$T/start"/*/listen.conf; do
	! process_over $pid || fail "it does not start"
done
sleep 0.07
cp second.crt server.crt
cp second.key server.key
wait_for 20 grep -q '^serving ' "$T/start.out" || fail "it does not start"
check "the one that came while it started counts" wait_for 10 shows second
process_end $pid

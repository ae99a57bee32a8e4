#!/bin/sh
# A foreign layer that the registry has not got comes from the URLs in its manifest:
# by http or https, without any credential, its digest checked, one URL after the
# other. When none of them helps, the image is published without it, with a warning:
# it is whole but for what its format lets be elsewhere; the next run costs one HEAD.
# A layer that is not foreign may come from there too, but an image is not whole
# without it. What may pass (503) is an error, and asks nobody else.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr nginx python3 curl openssl
start_registry
start_hub --user user:Sup3rSecret
ROOT=$T/root
settings '{"max_tries": 3}'

# The other place. /wrong gives other bytes, /cut half of them at first, /away sends
# to /layer, /login wants a token, /NNN answers that; all else is the layer of its name.
cat >"$T/vendor.py" <<'END'
import http.server, json, os, ssl, sys
top, cut = sys.argv[1], set()
class Handler(http.server.BaseHTTPRequestHandler):
	protocol_version = "HTTP/1.1"
	def log_message(self, *args):
		pass
	def do_GET(self):
		with open(f"{top}/vendor.log", "a") as f:
			f.write(json.dumps([self.path, dict(self.headers)]) + "\n")
		how, name = self.path.strip("/").split("/")
		body, status, more = open(f"{top}/layers/{name}", "rb").read(), 200, {}
		if how == "wrong":
			body = body[::-1]
		elif how == "away":
			body, status, more = b"", 302, {"Location": f"/layer/{name}"}
		elif how == "login":
			body, status = b"", 401
			more = {"WWW-Authenticate": f'Bearer realm="http://{sys.argv[2]}/token",service="x",scope="y"'}
		elif how.isdigit():
			body, status = b"no", int(how)
		whole = body
		wanted = self.headers.get("Range")
		if wanted and status == 200:
			first = int(wanted[6:].split("-")[0])
			body, status = whole[first:], 206
			more = {"Content-Range": f"bytes {first}-{len(whole) - 1}/{len(whole)}"}
		self.send_response(status)
		for key, value in more.items():
			self.send_header(key, value)
		self.send_header("Content-Length", str(len(body)))
		self.end_headers()
		if how == "cut" and name not in cut:
			cut.add(name)
			self.wfile.write(body[:len(body) // 2])
			self.close_connection = True
			return
		self.wfile.write(body)
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
ready = f"{top}/vendor.ready"
if len(sys.argv) > 3:
	context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
	context.load_cert_chain(sys.argv[3])
	server.socket = context.wrap_socket(server.socket, server_side=True)
	ready = f"{top}/secure.ready"
open(f"{ready}.new", "w").write(f"127.0.0.1:{server.server_address[1]}")
os.rename(f"{ready}.new", ready)
server.serve_forever()
END
mkdir "$T/layers"
: >"$T/vendor.log"
python3 "$T/vendor.py" "$T" "$HUB_AUTH" &
VENDOR_PID=$!
defer "kill $VENDOR_PID"
wait_for 20 test -s "$T/vendor.ready" || fail "no vendor"
VENDOR=http://$(cat "$T/vendor.ready")

# foreign TAG PATH... -- [option of craft]: any:TAG with a first layer at these places
# (a PATH with a colon is a whole URL). Sets $layer and $index.
foreign()
{
	_tag=$1 _urls=
	shift
	while [ $# -gt 0 ] && [ "$1" != -- ]; do
		case $1 in
		*:*) _url=$1 ;;
		*) _url=$VENDOR/$1/$_tag ;;
		esac
		_urls="$_urls${_urls:+,}$(printf %s "$_url" | as_json)"
		shift
	done
	[ $# -eq 0 ] || shift
	overlay foreign-layer "library/any:$_tag" --seed "$_tag" --save "$T/layers/$_tag" \
		--json "$@" >"$T/objects"
	_at=$T/overlay/library/any/manifests/$_tag
	layer=$(pick 'v.layers[0].digest' "$_at")
	edit "$_tag" '{**v, "layers": [{**v.layers[0], "urls": urls}, *v.layers[1:]]}' "urls:=[$_urls]"
}

# edit TAG EXPRESSION [NAME=...]: the manifest becomes that
edit()
{
	_at=$T/overlay/library/any/manifests/$1
	_kind=$(cat "$_at.type")
	shift
	pick "$1" "$_at" "$2" | tr -d '\n' >"$T/edited"
	index=sha256:$(sha256sum <"$T/edited" | cut -d ' ' -f 1)
	for _name in "$_at" "${_at%/*}/$index"; do
		cp "$T/edited" "$_name"
		printf %s "$_kind" >"$_name.type"
	done
}

asked() # how often the vendor was asked since the last time
{
	wc -l <"$T/vendor.log"
	: >"$T/vendor.log"
}

# unchanged TAG: the next run costs one HEAD, and asks nobody else
unchanged()
{
	hub_mark
	: >"$T/vendor.log"
	sync "$1: once more" -v "any:$1"
	expect_said "$1: unchanged" "^unchanged .*any:$1 "
	expect_eq "$1: one HEAD, and nobody else asked" "1 0 0" \
		"$(hub_count registry HEAD . 200) $(hub_count registry GET .) $(asked)"
	expect_eq "$1: a plan" "unchanged" \
		"$("$CDR" sync -r "$ROOT" --plan --json "any:$1" | pick 'v.images[0].action')"
}

# comes TAG: with its layer
comes()
{
	sync "$1" "any:$1"
	expect_published "$1: published" "any:$1" "$index"
	here "$layer" || fail "$1: the layer is here"
	expect_said "$1: clients may go elsewhere" "warning: .*any:$1: 1 foreign layer\(s\): "
}

# without TAG REGEX: the warning says why
without()
{
	sync "$1" "any:$1"
	expect_published "$1: published" "any:$1" "$index"
	! here "$layer" || fail "$1: where is it from?"
	expect_said "$1: a warning with the reason" \
		"warning: .*any:$1: 1 foreign layer\(s\) left out, .*URLs in the manifest: .*$2"
	! grep -q '^error' "$T/stderr" || fail "$1: an error"
	unchanged "$1"
}

foreign there layer -- --present
comes there
expect_eq "the registry has it: nobody else is asked" 0 "$(asked)"

foreign gone layer
comes gone
expect_eq "it comes from its URL" 1 "$(asked)"
unchanged gone

# Credentials stay at home, whatever the other place says.
mkdir "$T/docker"
printf '{"auths": {"docker.io": {"auth": "%s"}, "%s": {"auth": "%s"}}}' \
	"$(printf 'user:Sup3rSecret' | base64)" "${VENDOR#http://}" \
	"$(printf 'other:Sup3rSecret' | base64)" >"$T/docker/config.json"
DOCKER_CONFIG=$T/docker
export DOCKER_CONFIG
foreign login login layer
hub_mark
comes login
expect_eq "both URLs were asked" 2 "$(wc -l <"$T/vendor.log")"
! grep -qi 'authorization\|Sup3r' "$T/vendor.log" || fail "a credential went there"
expect_eq "and no token for it" 0 "$(hub_count auth GET 'scope=y')"
unset DOCKER_CONFIG

foreign away away
comes away
foreign cut cut -- --size 200000
: >"$T/vendor.log"
comes cut
expect_eq "the rest of it is asked for" 2 "$(wc -l <"$T/vendor.log")"
grep -q '"Range": "bytes=[1-9]' "$T/vendor.log" || fail "it goes on where it was"
foreign fourth 404 wrong ftp://127.0.0.1/x "file:///etc/passwd" "http://user:pw@127.0.0.1/" layer
comes fourth

foreign absent 404
without absent "$VENDOR: .*404"
foreign refused http://127.0.0.1:9/x
without refused 'http://127.0.0.1:9: '
foreign wrong wrong
without wrong 'digest'
foreign meta http://169.254.169.254/latest/meta-data
within 5 without meta '169\.254\.169\.254, which is on this machine or its network: refused'
foreign scheme gopher://127.0.0.1/1
without scheme 'http'
foreign odd login
: >"$T/vendor.log"
without odd '401'

tree_check "$ROOT"
check "cdr ls" "$CDR" ls -r "$ROOT"
expect_said "tells of it" 'any:absent .* 1 layer\(s\) elsewhere$'
expect_said "and not of others" 'any:gone .*[^e]$'
check "cdr ls --json" "$CDR" ls -r "$ROOT" --json
expect_eq "as well" "1 null" "$(pick 'words([i.elsewhere for i in v if i.image.endswith("any:absent")][0],
	[i.elsewhere for i in v if i.image.endswith("any:gone")][0])' "$T/stdout")"

# Whoever copies from here lacks it as well, and is as whole.
start_nginx "$ROOT"
expect_eq "the manifest is served" 200 \
	"$(curl -s -o /dev/null -w '%{http_code}' "http://$MIRROR/v2/library/any/manifests/absent")"
layer=$(pick 'v.layers[0].digest' "$T/overlay/library/any/manifests/absent")
expect_eq "the layer is not" 404 \
	"$(curl -s -o /dev/null -w '%{http_code}' "http://$MIRROR/v2/library/any/blobs/$layer")"
home=$ROOT
for from in "http://$MIRROR" "oci:$home"; do
	ROOT=$T/copy
	rm -rf "$ROOT"
	: >"$T/vendor.log"
	sync "from ${from%%:*}" --from "$from" any:absent any:gone
	expect_said "a warning" 'warning: .*any:absent: 1 foreign layer\(s\) left out'
	expect_eq "asked elsewhere" "${from##oci:*}" \
		"$(if [ "$(asked)" -gt 0 ]; then echo "$from"; fi)"
	tree_check "$ROOT"
done
ROOT=$home

# A registry that refuses it has not got it, here or behind its redirect; one that is
# down may have it.
foreign denied layer
fault "{\"path\": \"/blobs/$layer\", \"status\": 403}"
comes denied
foreign cdn layer -- --present
fault "{\"listener\": \"cdn\", \"path\": \"${layer#*:}\", \"status\": 404}"
comes cdn
foreign other layer -- --present
fault "{\"listener\": \"cdn\", \"path\": \"${layer#*:}\", \"corrupt\": 7}"
comes other
foreign begun layer -- --present --size 300000
fault "{\"listener\": \"cdn\", \"path\": \"${layer#*:}\", \"truncate\": 100000}"
sync_rc "half of it" 1 any:begun
fault "{\"path\": \"/blobs/$layer\", \"status\": 404}"
: >"$T/vendor.log"
comes begun
grep -q '"Range": "bytes=[1-9]' "$T/vendor.log" || fail "the other half comes from elsewhere"
foreign down layer
fault "{\"path\": \"/blobs/$layer\", \"status\": 503}"
: >"$T/vendor.log"
sync_rc "503" 1 any:down
expect_said "is an error" "any:down: blob $layer: .*503"
expect_eq "nobody else is asked" 0 "$(asked)"
expect_published "nothing is published" any:down nothing
no_faults

# What is not foreign, or has no URL, has to be here.
foreign plain layer
edit plain '{**v, "layers": [{**l, "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip"} for l in v.layers]}' x=
comes plain
foreign lost 404
edit lost '{**v, "layers": [{**l, "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip"} for l in v.layers]}' x=
sync_rc "a layer that is not foreign" 1 any:lost
expect_said "both are named" "any:lost: blob $layer: .*404.*; elsewhere: .*$VENDOR: .*404"
expect_published "nothing is published" any:lost nothing
foreign bare
edit bare '{**v, "layers": [{k: l[k] for k in l if k != "urls"} for l in v.layers]}' x=
sync_rc "a foreign layer without a URL" 1 any:bare
expect_said "is named" "any:bare: blob $layer: .*404"
tree_check "$ROOT"

# By https: whom to trust is told once for all hosts, as for redirects.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
	-subj /CN=vendor -addext subjectAltName=DNS:localhost \
	-keyout "$T/vendor.key" -out "$T/vendor.crt" >"$T/openssl.log" 2>&1
cat "$T/vendor.key" "$T/vendor.crt" >"$T/vendor.pem"
python3 "$T/vendor.py" "$T" "$HUB_AUTH" "$T/vendor.pem" 2>"$T/secure.log" &
SECURE_PID=$!
defer "kill $SECURE_PID"
wait_for 20 test -s "$T/secure.ready" || fail "no secure vendor"
SECURE=https://localhost:$(sed "s/.*://" "$T/secure.ready")
foreign secret "$SECURE/layer/secret"
without secret certificate
foreign trusted "$SECURE/layer/trusted"
settings '{"max_tries": 3}'
pick '{**v, "*": {"ca_file": ca}}' "$CDR_REGISTRIES" ca="$T/vendor.crt" >"$T/with-ca.json"
export CDR_REGISTRIES="$T/with-ca.json"
comes trusted

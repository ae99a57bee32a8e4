#!/bin/sh
# Every answer below /v2/, whatever its status, forbids a browser to make a document
# of it: Content-Security-Policy with sandbox, and nosniff, each exactly once. So do
# lists by njs, answers below a registry's prefix, over TLS and HTTP/2, and what is
# no HTTP at all. A blob's ETag is its digest: conditions and ranges go by that and
# never by a time, which another copy of the tree has not.
# Waits: for a browser.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/tree.sh"

need nginx python3 curl jq openssl nginx-njs?
tree_new "$T/root"
repo=docker.io/library/app
image=$(tree_image $repo 1 1)
layer=$(jq -r '.layers[0].digest' "$TREE/repos/$repo/_manifests/1")
tree_image reg.example:5000/org/app 1 1 >/dev/null
printf '{"schemaVersion":2,"mediaType":"%s","manifests":[]}' "$OCI_INDEX" >"$T/index"
index=$(tree_manifest $repo "$OCI_INDEX" "$T/index")
tree_tag $repo many "$index"
tree_default $repo "$index" "$image"
tree_referrers $repo "$image" "$T/index"
printf '<script>' >"$T/html"
tree_tag $repo html "$(tree_manifest $repo text/html "$T/html")"
tree_lists
# A list that is no list: njs gives up, and nginx serves it as it is.
tree_image $repo-odd 1 2 >/dev/null
echo '[' >"$T/list"
mkdir -p "$TREE/repos/$repo-odd/_tags"
rm -f "$TREE/repos/$repo-odd/_tags/list"
cp "$T/list" "$TREE/repos/$repo-odd/_tags/list"

cat >"$T/ask.py" <<'END'
"""ask.py ADDRESS IMAGE LAYER: asks for all sorts of things, and judges the headers."""
import collections, socket, sys

address, image, layer = sys.argv[1:]
host, port = address.rsplit(":", 1)
GONE = "sha256:" + "0" * 64
WANT = {"content-security-policy": ["default-src 'none'; sandbox"],
        "x-content-type-options": ["nosniff"], "cross-origin-resource-policy": ["same-origin"],
        "docker-distribution-api-version": ["registry/2.0"]}
statuses, bad = collections.Counter(), []


def talk(raw):
    with socket.create_connection((host, int(port)), 20) as s:
        s.sendall(raw)
        data = b""
        try:
            while part := s.recv(65536):
                data += part
        except ConnectionResetError:
            pass
    return data


def judge(what, raw):
    head = talk(raw).partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")
    if not head[0].startswith("HTTP/1.1 "):
        return
    status = int(head[0].split()[1])
    statuses[status] += 1
    got = collections.defaultdict(list)
    for line in head[1:]:
        name, _, value = line.partition(": ")
        got[name.lower()].append(value)
    for name, values in WANT.items():
        if got[name] != values:
            bad.append(f"{what}: {status}: {name}: {got[name]}")
    for name in ("etag", "content-type", "docker-content-digest", "last-modified"):
        if len(got[name]) > 1:
            bad.append(f"{what}: {status}: {name}: {got[name]}")
    if got["last-modified"]:
        bad.append(f"{what}: {status}: it has a time")


def ask(path, *headers, method="GET", body=""):
    lines = [f"{method} {path} HTTP/1.1", "Host: m", "Connection: close", *headers, "", body]
    judge(f"{method} {path} {headers}", "\r\n".join(lines).encode())


MESOS = "Accept: application/vnd.docker.distribution.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"
paths = ["", "/", "/_catalog", "/_catalog?n=1", "/_catalog?n=x", "/_catalog?last=a", "/none", "/%2e%2e/x", "/../v2/x", "/x/../y"]
for name in ("library/app", "app", "docker.io/library/app", "reg.example:5000/org/app", "none", "app-odd", "A%0a"):
    paths += [f"/{name}/tags/list{q}" for q in ("", "?n=1", "?n=x", "?last=1", "?n=0")]
    paths += [f"/{name}/referrers/{d}{q}" for d in (image, GONE, "sha256:x") for q in ("", "?artifactType=a/b")]
    paths += [f"/{name}/manifests/{r}" for r in ("1", "many", "html", "gone", image, GONE, "sha256:x", "%00")]
    paths += [f"/{name}/blobs/{d}" for d in (layer, image, GONE, "sha256:x", "x")]
    paths += [f"/{name}/blobs/uploads/", f"/{name}/other"]
conditions = ["X: y", "Range: bytes=0-", "Range: bytes=0-0,2-3", "Range: bytes=99999999-", "If-Match: \"x\"",
              f"If-None-Match: \"{layer}\"", f"If-None-Match: \"{image}\"", "If-None-Match: *",
              "If-Modified-Since: Fri, 01 Jan 2038 00:00:00 GMT", "If-Unmodified-Since: Sat, 01 Jan 2000 00:00:00 GMT",
              "Expect: x", MESOS, "Transfer-Encoding: x"]
for prefix in ("/v2", "/docker.io/v2", "/reg.example:5000/v2", "/localhost/v2", "/none/v2"):
    for path in paths:
        ask(prefix + path)
        ask(prefix + path, method="HEAD")
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "get", "PROPFIND"):
        ask(f"{prefix}/library/app/manifests/1", method=method)
        ask(f"{prefix}/app/blobs/{layer}", "Content-Length: 1", method=method, body="x")
    for condition in conditions:
        for path in ("/app/manifests/1", "/app/manifests/many", f"/app/blobs/{layer}", f"/app/blobs/{GONE}", f"/app/blobs/{image}",
                     "/app/tags/list", "/app/tags/list?n=1", "/_catalog", f"/app/referrers/{image}", "/none"):
            ask(prefix + path, condition)
            ask(prefix + path, condition, method="HEAD")
# nginx waits some seconds for the rest of such a body.
ask("/v2/app/manifests/1", "Content-Length: 99999999")
for path in ("/healthz", "/metrics", "/status.json", "/images.json", "/none", "/v3/"):
    ask(path)
line = b"GET /v2/app/manifests/1"
for what, raw in {
    "no host": line + b" HTTP/1.1\r\n\r\n", "version 9": line + b" HTTP/9.9\r\n\r\n",
    "long": line + b"a" * 60000 + b" HTTP/1.1\r\nHost: m\r\n\r\n",
    "big header": line + b" HTTP/1.1\r\nHost: m\r\nX: " + b"a" * 60000 + b"\r\n\r\n",
    "bad escape": line + b"%zz HTTP/1.1\r\nHost: m\r\n\r\n", "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 60,
    "bad chunk": b"POST /v2/ HTTP/1.1\r\nHost: m\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "bad length": line + b" HTTP/1.1\r\nHost: m\r\nContent-Length: -1\r\n\r\n",
    "CONNECT": b"CONNECT m:443 HTTP/1.1\r\nHost: m\r\n\r\n", "HTTP/1.0": line + b" HTTP/1.0\r\n\r\n",
}.items():
    judge(what, raw)
print(dict(sorted(statuses.items())))
print("\n".join(bad[:40]))
missing = {200, 206, 304, 400, 404, 405, 412, 413, 416} - set(statuses)
if missing:
    print("never seen:", missing)
sys.exit(bool(bad or missing))
END

# header NAME: its values in $T/head, one a line
header()
{
	tr -d '\r' <"$T/head" | sed -n "s/^$1: //Ip"
}

for with in "" --no-njs --no-limits; do
	[ -n "$with" ] || part "with njs" nginx-njs || continue
	start_nginx "$TREE" ${with:+$with}
	check "every answer has the policy once ${with:-with njs}" \
		python3 "$T/ask.py" "$MIRROR" "$image" "$layer"
done

# TLS, HTTP/2, and the plain request to it
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=m \
	-addext subjectAltName=IP:127.0.0.1 -keyout "$T/key" -out "$T/crt" 2>"$T/openssl.log"
start_nginx "$TREE" --tls "$T/crt" "$T/key"
for url in "--http1.1 https" "--http2 https" "--http1.1 http"; do
	for path in /v2/ /v2/app/manifests/1 "/v2/app/blobs/$layer" /v2/app/tags/list \
	    "/v2/app/tags/list?n=1" /v2/none/manifests/1 /docker.io/v2/_catalog; do
		# shellcheck disable=SC2086 # an option and a scheme
		curl -sS -k -o "$T/body" -D "$T/head" ${url% *} "${url#* }://$MIRROR$path"
		[ "$(header Content-Security-Policy),$(header X-Content-Type-Options)" = \
		    "default-src 'none'; sandbox,nosniff" ] || {
			cat "$T/head"
			fail "$url: $path"
		}
	done
	ok "$url: the policy, once"
done

# The page has a policy of its own, that one alone.
start_nginx "$TREE"
for path in / /page.js /page.css /page.svg; do
	curl -sS -o "$T/body" -D "$T/head" "http://$MIRROR$path"
	case $(header Content-Security-Policy) in
	*sandbox* | *"
"*) fail "$path: $(header Content-Security-Policy)" ;;
	"default-src 'none'; script-src 'self';"*) ok "$path has the page's policy" ;;
	*) fail "$path has no policy" ;;
	esac
	expect_eq "$path: nosniff" nosniff "$(header X-Content-Type-Options)"
done

# --- what a blob is asked by ------------------------------------------------------

# get PATH [CURL OPTION...]: $status, $T/head, $T/body
get()
{
	_path=$1
	shift
	rm -f "$T/body"
	: >"$T/body"
	status=$(curl -sS -D "$T/head" -o "$T/body" -w '%{http_code}' "$@" \
		"http://$MIRROR$_path") || fail "curl $_path"
}

# Another copy of the tree: other times, the same answers.
mkdir "$T/copy"
cp -R -P "$TREE/." "$T/copy"
find "$T/copy" -exec touch -h -d '2001-02-03 04:05:06 UTC' {} +
first=$MIRROR
start_nginx "$T/copy"
second=$MIRROR
file=$TREE/blobs/sha256/${layer#*:}
size=$(wc -c <"$file")
blob=/v2/app/blobs/$layer
tag=/v2/app/manifests/1
for MIRROR in "$first" "$second"; do
	for path in "$blob $layer" "$tag $image" "/v2/app/manifests/$image $image"; do
		digest=${path#* } path=${path% *}
		get "$path"
		expect_eq "the ETag is the digest, strong" "200 \"$digest\"" "$status $(header ETag)"
		expect_eq "and there is no time" '' "$(header Last-Modified)"
		grep -iv '^Date:\|^Content-Length\|^Content-Type\|^HTTP\|^Accept-Ranges' "$T/head" | sort >"$T/200"
		for same in "\"$digest\"" '*' "W/\"$digest\"" "\"a\", \"$digest\"" "\"a\",\"$digest\",\"b\""; do
			get "$path" -H "If-None-Match: $same"
			expect_eq "If-None-Match: 304" "304 0" "$status $(wc -c <"$T/body")"
			# "return 304" has a length of its own, which no client looks at.
			grep -iv '^Date:\|^Content-Length\|^Content-Type\|^HTTP' "$T/head" | sort >"$T/304"
			check "with the headers of the 200" cmp "$T/200" "$T/304"
			get "$path" -H "If-None-Match: $same" --head
			expect_eq "HEAD as well" 304 "$status"
		done
		for other in '"x"' "\"${digest#*:}\"" "$digest" "\"x$digest\"" '""'; do
			get "$path" -H "If-None-Match: $other"
			expect_eq "If-None-Match: $other: all of it" 200 "$status"
		done
		for since in 'Fri, 01 Jan 2038 00:00:00 GMT' 'Sat, 03 Feb 2001 04:05:06 GMT'; do
			get "$path" -H "If-Modified-Since: $since"
			expect_eq "a time decides nothing" 200 "$status"
			get "$path" -H "If-Modified-Since: $since" -H 'If-None-Match: "x"'
			expect_eq "nor beside another ETag" 200 "$status"
			get "$path" -H "If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT" \
				-H "If-None-Match: \"$digest\""
			expect_eq "nor beside the right one" 304 "$status"
			get "$path" -H 'Range: bytes=1-9' -H "If-Range: $since"
			expect_eq "If-Range with a time: all of it" 200 "$status"
		done
		get "$path" -H 'Range: bytes=1-9' -H "If-Range: \"$digest\""
		expect_eq "If-Range with the ETag" "206 9 \"$digest\"" \
			"$status $(wc -c <"$T/body") $(header ETag)"
		for other in '"x"' "W/\"$digest\"" "$digest"; do
			get "$path" -H 'Range: bytes=1-9' -H "If-Range: $other"
			expect_eq "If-Range: $other: all of it" 200 "$status"
		done
		get "$path" -H 'Range: bytes=1-9' -H "If-None-Match: \"$digest\""
		expect_eq "If-None-Match comes before Range" 304 "$status"
	done
	get "$blob" -H 'Range: bytes=0-9,100-109' -H "If-Range: \"$layer\""
	expect_eq "If-Range with several ranges" "206 2 \"$layer\"" \
		"$status $(grep -ac '^Content-Range: bytes ' "$T/body") $(header ETag)"
	get "$blob" -H 'Range: bytes=0-9,100-109' -H 'If-Range: "x"'
	expect_eq "another ETag: all of it" "200 ${layer#*:}" \
		"$status $(sha256sum <"$T/body" | cut -d ' ' -f 1)"
	get "$blob" -H "Range: bytes=$size-" -H "If-Range: \"$layer\""
	expect_eq "past the end" "416 bytes */$size" "$status $(header Content-Range)"
	get "$blob" -H "Range: bytes=$size-" -H 'If-Range: "x"'
	expect_eq "past the end of another: all of it" 200 "$status"
	gone=sha256:$(printf '%064d' 0)
	get "/v2/app/blobs/$gone" -H "If-None-Match: \"$gone\""
	expect_eq "a blob that is not here is not unchanged" 404 "$status"
	get "/v2/app/blobs/$gone" -H 'If-None-Match: *'
	expect_eq "whatever is asked" 404 "$status"
	get "/v2/app/blobs/$image" -H "If-None-Match: \"$image\""
	expect_eq "nor is a manifest an unchanged blob" 404 "$status"
	get /v2/app/manifests/html -H 'If-None-Match: *'
	expect_eq "nor one of another type" "404 MANIFEST_UNKNOWN" \
		"$status $(jq -r '.errors[0].code' "$T/body")"
	get /_unchanged
	expect_eq "the way to it is not open" 404 "$status"
done

# A download that was cut goes on at another copy.
MIRROR=$second
head -c 1000 "$file" >"$T/part"
curl -sS -o "$T/rest" -H "If-Range: \"$layer\"" -H 'Range: bytes=1000-' "http://$MIRROR$blob"
cat "$T/rest" >>"$T/part"
check "two copies make one download" cmp "$file" "$T/part"

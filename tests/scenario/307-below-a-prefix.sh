#!/bin/sh
# A proxy serves the mirror below a path. Whoever resolves Link against the page that
# it came with (RFC 8288) has all tags and the whole catalog there, page by page, if the
# proxy sends X-Forwarded-Prefix; and without a proxy so does who puts it behind the
# host's name, as Harbor and skopeo do. Real clients list more tags than they ask for at
# once. Nothing of the header is in an answer. Data for the page is at the same names.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/tree.sh"
. "$TOP/tests/newer.sh"

need nginx nginx-njs python3 curl jq skopeo? newer/crane? newer/oras?
tree_new "$T/root"
tree_image docker.io/library/many 1 1 >/dev/null
for n in 1 2 3 4 5 6; do
	tree_image "quay.io/org/app$n" 1 "$n" >/dev/null
done
tree_lists
list=$TREE/repos/docker.io/library/many/_tags/list
seq -f '"v%04.0f"' 1 2500 | paste -s -d , - |
	sed 's/.*/{"name":"docker.io\/library\/many","tags":[&]}/' >"$T/list"
mv -f "$T/list" "$list"
printf '{"version":1,"runs":[]}\n' >"$TREE/status/runs.json"
start_nginx "$TREE"

# The proxy. Its first location tells of the prefix.
port=$(free_port)
mkdir "$T/proxy"
cat >"$T/proxy.conf" <<END
daemon off; pid $T/proxy/pid; error_log $T/proxy/log;
events { }
http {
	access_log off; client_body_temp_path $T/proxy/1; proxy_temp_path $T/proxy/2;
	fastcgi_temp_path $T/proxy/3; uwsgi_temp_path $T/proxy/4; scgi_temp_path $T/proxy/5;
	server {
		listen 127.0.0.1:$port;
		location /a/mirror/ {
			proxy_pass http://$MIRROR/;
			proxy_set_header X-Forwarded-Prefix /a/mirror;
		}
	}
}
END
nginx -c "$T/proxy.conf" 2>"$T/proxy.err" &
defer "process_end $!"
wait_for 60 curl -sf -o "$T/none" "http://127.0.0.1:$port/a/mirror/v2/"

# all RULE BASE PATH: what all pages have, a line each, then how many pages there were.
# RULE is how a client finds the next one.
cat >"$T/all.py" <<'END'
import json, sys, urllib.parse, urllib.request
rule, base, path = sys.argv[1:]
url, pages = base + path, 0
while url:
    with urllib.request.urlopen(url) as answer:
        page, link = json.load(answer), answer.headers["Link"]
    pages += 1
    assert pages < 100, url
    for name in page.get("tags") or page.get("repositories"):
        print(name)
    if link is None:
        break
    target, _, rest = link.partition(";")
    assert rest.strip() == 'rel="next"', link
    target = target.strip("<>")
    if rule == "resolve":
        url = urllib.parse.urljoin(url, target)
    elif rule == "harbor":
        url = target if "://" in target else base + target
    else:
        parts = urllib.parse.urlsplit(target)
        url = base + parts.path + "?" + parts.query
print(pages, "pages")
END
all()
{
	check "$1: $2" python3 -S "$T/all.py" "$3" "$4" "$5"
	cp "$T/stdout" "$T/got"
	expect_eq "... all of it" "$6" "$(sort -u "$T/got" | grep -vc pages)"
	expect_eq "... in pages" "$7" "$(sed -n 's/ pages//p' "$T/got")"
}
direct=http://$MIRROR below=http://127.0.0.1:$port/a/mirror
all "below the prefix" "tags" resolve "$below" "/v2/many/tags/list?n=400" 2500 7
all "below the prefix" "tags of a registry in the path" resolve "$below" \
	"/docker.io/v2/library/many/tags/list?n=2000&ns=docker.io" 2500 2
all "below the prefix" "the catalog" resolve "$below" "/v2/_catalog?n=2" 7 4
for rule in resolve harbor skopeo; do
	all "$rule, without a proxy" "tags" $rule "$direct" "/v2/many/tags/list?n=400" 2500 7
	all "$rule, without a proxy" "the catalog" $rule "$direct" "/v2/_catalog?n=2" 7 4
done

curl -sS -D "$T/head" -o "$T/none" -H 'X-Forwarded-Prefix: "><evil>' \
	"$direct/v2/many/tags/list?n=1"
expect_eq "nothing of the header is in the answer" '<list?n=1&last=v0001>; rel="next"' \
	"$(sed -n 's/\r//; s/^Link: //p' "$T/head")"
expect_eq "referrers are one page" 0 "$(curl -sS -D - -o "$T/none" \
	"$below/v2/many/referrers/sha256:$(printf '%064d' 0)" | grep -ci '^link:')"

for name in runs nodes; do
	expect_eq "$name.json is there" 200 "$(curl -sS -o "$T/none" -w '%{http_code}' \
		"$below/$name.json")"
done

at=$MIRROR/docker.io/library/many
if part "skopeo" skopeo; then
	check "skopeo lists" skopeo list-tags --tls-verify=false "docker://$at"
	expect_eq "all of them" 2500 "$(jq '.Tags | length' "$T/stdout")"
fi
if part "crane" newer/crane; then
	check "crane lists, 1000 at a time" newer_run crane ls --insecure "$at"
	expect_eq "all of them" 2500 "$(sort -u "$T/stdout" | wc -l)"
fi
if part "oras" newer/oras; then
	check "oras lists" newer_run oras repo tags --plain-http "$at"
	expect_eq "all of them" 2500 "$(sort -u "$T/stdout" | wc -l)"
fi

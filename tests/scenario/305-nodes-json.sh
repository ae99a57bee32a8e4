#!/bin/sh
# nginx/page/nodes.json is what node-config says for each client of a version that
# is not known, over http and https, and nginx serves it with an ETag. What
# "node-config --json" has of a file is what --install writes there, byte for byte;
# into a file of somebody it only tells what comes, so that no password and no key of
# theirs is in it; where nothing can be added it prints nothing. Its notes are those
# of the text.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/tree.sh"

need cdr nginx python3 curl jq openssl
R=$T/node
node_mirror=http://10.0.0.5:5000
json=$T/stdout

config()
{
	"$CDR" node-config "$@"
}

# --- the page's file ----------------------------------------------------------------

check "it is made" python3 "$TOP/scripts/page-nodes" "$CDR"
cp "$json" "$T/nodes.json"
check "nodes.json is what node-config says: scripts/page-nodes makes it anew" \
	diff "$TOP/nginx/page/nodes.json" "$T/nodes.json"
"$CDR" node-config --help | sed -n 's/^  \([a-z][a-z0-9-]*\)  .*/\1/p' | grep -vx peers >"$T/clients"
expect_eq "all clients of --help" "$(cat "$T/clients")" \
	"$(pick 'c.client for c in v.clients' "$TOP/nginx/page/nodes.json")"
expect_eq "paste is for what has no file on the node" "talos mesos" \
	"$(pick 'words(*[c.client for c in v.clients if c.http.paste and c.https.paste and
		"files" not in c.http])' "$TOP/nginx/page/nodes.json")"

tree_new "$T/tree"
start_nginx "$TREE"
url=http://$MIRROR/nodes.json
check "nginx has it" curl -sSf -D "$T/head" -o "$T/got" "$url"
check "as it is" cmp "$TOP/nginx/page/nodes.json" "$T/got"
check "as JSON" grep -qi '^content-type: application/json' "$T/head"
etag=$(sed -n 's/\r//; s/^[Ee][Tt]ag: //p' "$T/head")
[ -n "$etag" ] || fail "it has no ETag"
expect_eq "who has it is told so" 304 \
	"$(curl -sS -o "$T/none" -w '%{http_code}' -H "If-None-Match: $etag" "$url")"
expect_eq "no other way leads there" "404 404 404" "$(for path in page/../nodes.json nodes.json/ \
	nodes.json%00; do
	curl -sS --path-as-is -o "$T/none" -w '%{http_code}\n' "http://$MIRROR/$path"
done | sed 's/400/404/' | paste -s -d ' ')"

# --- what it says is what is written ------------------------------------------------

while read -r client; do
	rm -rf "$R"
	mkdir "$R"
	for version in "" 99.0.0; do
		expect_rc "$client ${version:-of an unknown version}" 0 \
			config "$client" --mirror "$node_mirror" --prefix "$R" --json \
			${version:+--client-version "$version"}
		cp "$json" "$T/said"
		case $client in talos | mesos) continue ;; esac
		check "$client is installed" config "$client" --mirror "$node_mirror" \
			--prefix "$R" --install ${version:+--client-version "$version"}
		check "$client: the files are what it said" python3 -c '
import json, sys
files = [f for f in json.load(open(sys.argv[1]))["files"] if "text" in f]
assert files
for f in files:
    assert open(sys.argv[2] + f["path"]).read() == f["text"], f["path"]
' "$T/said" "$R"
		check "$client is taken back" config "$client" --prefix "$R" --remove
	done
done <"$T/clients"

# --- files of somebody --------------------------------------------------------------

rm -rf "$R"
mkdir -p "$R/etc/containerd/certs.d/quay.io" "$R/etc/rancher/k3s" "$R/etc/docker" "$R/etc/pki"
printf 'server = "https://quay.io"\n' >"$R/etc/containerd/certs.d/quay.io/hosts.toml"
printf 'version = 2\n# token = "geheim1"\n' >"$R/etc/containerd/config.toml"
printf 'configs:\n  "reg.example":\n    auth:\n      password: geheim2\n' \
	>"$R/etc/rancher/k3s/registries.yaml"
# said WHAT EXPRESSION: of what the last command printed.
said()
{
	cp "$json" "$T/said"
	check "$1" pick -q "$2" "$T/said"
}
expect_rc "containerd, with a config.toml" 0 config containerd --mirror "$node_mirror" --prefix "$R" \
	--json
said "the lines that come" 'len(v.files) == 2 and v.files[0].text is None and
	v.files[0].added.count("# cdr node-config\n") == 2 and
	"geheim" not in v.files[0].added'
pick 'n for n in v.mind' "$T/said" >"$T/mind"
check "the text" config containerd --mirror "$node_mirror" --prefix "$R"
expect_eq "has the same notes" "$(sed -n 's/^# Note: \(.*\)\.$/\1/p' "$json")" "$(cat "$T/mind")"
check "quay.io's folder is told of" grep -q 'certs.d has folders of their own.*quay.io' "$T/mind"
check "containerd is installed" config containerd --mirror "$node_mirror" --prefix "$R" --install
check "a second look" config containerd --mirror "$node_mirror" --prefix "$R" --json
said "says that nothing comes" 'v.files[0].unchanged is True'

check "k3s, with a password" config k3s --mirror "$node_mirror" --prefix "$R" --json
said "only what comes" '"geheim" not in str(v) and "mirrors:" in v.files[0].added'
printf 'mirrors: &a\n  x: {}\nconfigs:\n  "r.example": {auth: {password: geheim3}}\nb: *a\n' \
	>"$R/etc/rancher/k3s/registries.yaml"
expect_rc "k3s, where nothing can be added" 2 config k3s --mirror "$node_mirror" --prefix "$R" --json
expect_eq "prints no object" "" "$(cat "$json")"
expect_said "but says why" registries.yaml

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=ca -days 2 \
	-keyout "$R/etc/pki/key.pem" -out "$R/etc/pki/ca.pem" 2>"$T/openssl"
check "dockerd with certificates" config dockerd --mirror https://m.example --prefix "$R" --json \
	--ca /etc/pki/ca.pem --client-cert /etc/pki/ca.pem --client-key /etc/pki/key.pem
said "no key is in it" '"BEGIN" not in str(v) and
	[f.copy_of for f in v.files if f.path.endswith("client.key")] == ["/etc/pki/key.pem"]'

for wrong in --install --remove; do
	expect_rc "--json $wrong" 2 config k3s --mirror "$node_mirror" --prefix "$R" --json "$wrong"
done

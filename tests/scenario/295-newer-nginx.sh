#!/bin/sh
# All configuration of this repository is taken without a word by the nginx of this
# machine and by a newer one, with TLS, client certificates and HTTP/2; and what CDR
# and its scripts write themselves is as lint wants it. The newer one serves by HTTP/2,
# its JavaScript pages lists, and nothing grave is in its log.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/tree.sh"
# shellcheck source=tests/newer.sh
. "$TOP/tests/newer.sh"

need cdr nginx? newer/nginx python3 curl openssl pgrep
mkdir "$T/tls"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
	-subj /CN=mirror -addext subjectAltName=IP:127.0.0.1 \
	-keyout "$T/tls/tls.key" -out "$T/tls/tls.crt" >"$T/openssl.log" 2>&1 ||
	fail "openssl makes no certificate"
cp "$T/tls/tls.crt" "$T/tls/ca.crt"
tree_new "$T/root"
for tag in a b c; do
	tree_image docker.io/library/app $tag 1 >/dev/null
done
tree_lists

# quiet "what" DIR CONF: nginx takes it, and says nothing.
quiet()
{
	check "$1" nginx -e stderr -t -q -p "$2" -c "$3"
	[ ! -s "$T/stderr" ] || fail "$1: nginx says: $(cat "$T/stderr")"
}

# As pods and hosts have them: the folders and ports are these.
everything()
{
	_dir=$T/$1
	mkdir -p "$_dir/temp" "$_dir/temp-hooks" "$_dir/run"
	cp "$TOP"/nginx/*.conf "$_dir/"
	cp -r "$T/tls" "$_dir/tls"
	at=127.0.0.1:$(free_port)
	sed "s/listen 5000/listen $at/" "$TOP/nginx/cdr.conf" >"$_dir/cdr.conf"
	quiet "$1: the registry" "$_dir" "$_dir/nginx.conf"
	sed "s,/run/cdr,$_dir/run,; s/listen 5001/listen $at/" \
		"$TOP/k8s/components/tls/cdr.conf" >"$_dir/cdr.conf"
	cp "$TOP/k8s/components/client-ca/client-ca.conf" "$_dir/tls/"
	sh "$TOP/nginx/cdr-listen.sh" "127.0.0.1:$(free_port)" reuseport \
		>"$_dir/run/listen.conf"
	quiet "$1: the registry in Kubernetes, with TLS" "$_dir" "$_dir/nginx.conf"
	sed "s/listen 5001/listen $at/" "$TOP/nginx/cdr-hooks.conf" >"$_dir/cdr-hooks.conf"
	quiet "$1: hooks" "$_dir" "$_dir/hooks.conf"
	for mode in '' "--peer-ca $_dir/tls/ca.crt --peer-cert $_dir/tls/tls.crt
	    --peer-key $_dir/tls/tls.key --ca $_dir/tls/ca.crt
	    --mirror-name mirror.example"; do
		rm -rf "${_dir:?}/etc"
		echo "${at%:*}:$(free_port)" >"$T/nodes"
		# shellcheck disable=SC2086 # words
		check "$1: cdr writes a peer's files" "$CDR" node-config peers \
			--mirror "http${mode:+s}://127.0.0.1:9" --prefix "$_dir" \
			--run "$_dir" --cache "$_dir/run" --nodes "$T/nodes" \
			--self "$(cat "$T/nodes")" --listen "$at" $mode --install
		ln -sfn etc/cdr/peer "$_dir/peer"
		quiet "$1: a peer${mode:+ with certificates}" "$_dir" "$_dir/peer.conf"
		check "$1: its captures are safe" python3 "$TOP/tests/style.py" \
			"$_dir"/peer/*.conf
	done
	rm -rf "$_dir"
}

own=
if part "with this machine's own" nginx; then
	own=$(nginx -v 2>&1)
	everything own
fi
newer_nginx
[ "$(nginx -v 2>&1)" != "$own" ] || fail "it is no other nginx: $own"
everything newer

# served: what a client of HTTP/2 gets of it
served()
{
	curl -sS --http2 -m 60 --cacert "$T/tls/tls.crt" -o "$T/body" -D "$T/head" \
		-w '%{http_version} %{http_code}' "https://$MIRROR$1"
}
start_nginx "$TREE" --tls "$T/tls/tls.crt" "$T/tls/tls.key" --limit-rate 20m \
	--log "$T/access.log"
expect_eq "HTTP/2" "2 200" "$(served /v2/library/app/manifests/a)"
if have_njs; then
	expect_eq "a page of a list, by its JavaScript" "2 200" \
		"$(served '/v2/library/app/tags/list?n=2')"
	expect_eq "... has two" "a b" "$(pick '" ".join(v.tags)' "$T/body")"
	grep -qi '^link: .*last=b' "$T/head" || fail "no Link to the next page"
	ok "... and says where the next one is"
else
	left_out "its JavaScript" "the newer Debian is an old one: scripts/install-deps test"
fi
nginx=$(pgrep -P "$MIRROR_PID" -x nginx)
work=$(grep -lsx "$nginx" "$TMPDIR"/cdr-serve.*/nginx.pid /tmp/cdr-serve.*/nginx.pid || :)
check "what serve writes has safe captures" python3 "$TOP/tests/style.py" \
	"${work%/*}/cdr.conf" "${work%/*}/listen.conf"
process_end "$MIRROR_PID"
expect_eq "nothing grave is in its log" '' \
	"$(grep -E '\[(warn|error|crit|alert|emerg)\]' "$T/nginx.log" || :)"

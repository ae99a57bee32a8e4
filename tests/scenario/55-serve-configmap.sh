#!/bin/sh
# The files of nginx/ as a Kubernetes ConfigMap has them, links into a folder that is
# exchanged as a whole, run as nginx/README.md says: without njs, with njs at its side,
# and with the lines for TLS and the log switched on and a Secret that changes.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/tree.sh"

need nginx curl openssl jq pgrep
tree_new "$T/root"
tree_image docker.io/library/app 1 1 >/dev/null
tree_tag docker.io/library/app 2 "$(basename "$(find \
    "$TREE/repos/docker.io/library/app/_manifests" -name 'sha256:*')")"
tree_lists

# volume DIR FILE...: as kubelet mounts it; a folder of the files stays one
volume()
{
	_dir=$1
	shift
	mkdir -p "$_dir/..1"
	ln -s ..1 "$_dir/..data"
	cp -R "$@" "$_dir/..1/"
	for _file in "$_dir"/..1/*; do
		ln -s "..data/${_file##*/}" "$_dir/${_file##*/}"
	done
}

# start CONF: as the Deployment does, on $address; $pid is nginx
start()
{
	_run=$T/run.$(basename "$1")
	mkdir -p "$_run/temp"
	sh -c 'sh "$2/cdr-watch.sh" $$ "$2"/tls/tls.crt "$2"/tls/tls.key &
	    exec nginx -e stderr -p "$1" -c "$2/nginx.conf" -g "daemon off;"' \
	    sh "$_run" "$1" >"$1.log" 2>&1 &
	pid=$!
	defer "process_end $pid"
	wait_for 10 test -s "$_run/nginx.pid" || fail "nginx does not start in $1"
}

watched()
{
	pgrep -f "$T/.*/cdr-watch.sh $pid "
}

unwatched()
{
	! watched
}

# end: the watcher goes with nginx
end()
{
	watched >/dev/null || fail "nobody watches the files"
	process_end "$pid"
	wait_for 10 unwatched || fail "cdr-watch.sh stays behind"
}

# settled DIR: cdr.conf with this test's root and address, and sed's other lines
settled()
{
	address=127.0.0.1:$(free_port)
	sed "s,/srv/cdr;,$TREE;,; s,listen 5000\(.*\);,listen $address\1;," \
	    "$1/cdr.conf" >"$1/cdr.conf.new"
	cat "$1/cdr.conf.new" >"$1/cdr.conf"
}


volume "$T/flat" "$TOP"/nginx/*.conf "$TOP"/nginx/*.sh
settled "$T/flat"
start "$T/flat"
expect_eq "without njs the list is whole" '["1","2"]' \
    "$(curl -sS "http://$address/v2/library/app/tags/list?n=1" | jq -c .tags)"
end

if have_njs; then
	volume "$T/njs" "$TOP"/nginx/*.conf "$TOP"/nginx/*.sh "$TOP/nginx/njs"
	settled "$T/njs"
	# Where this nginx has its modules.
	sed -i "s,/usr/lib/nginx/modules,$NGINX_MODULES," "$T/njs/njs/main.conf"
	start "$T/njs"
	expect_eq "with it there are pages" '["1"]' \
	    "$(curl -sS "http://$address/v2/library/app/tags/list?n=1" | jq -c .tags)"
	end
fi

# pair NAME: NAME/tls.crt and NAME/tls.key
pair()
{
	mkdir "$T/$1"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
	    -subj "/CN=$1" -addext subjectAltName=IP:127.0.0.1 \
	    -keyout "$T/$1/tls.key" -out "$T/$1/tls.crt" 2>>"$T/openssl.log"
}
pair old
pair new
volume "$T/tls" "$TOP"/nginx/*.conf "$TOP"/nginx/*.sh
volume "$T/tls/tls" "$T"/old/*
sed -i --follow-symlinks 's/listen 5000 reuseport;/listen 5000 reuseport ssl;/
    s/# include cdr-tls.conf;/include cdr-tls.conf;/
    s,# access_log /dev/stdout cdr;,access_log /dev/stdout cdr;,' "$T/tls/cdr.conf"
grep -q '^.listen 5000 reuseport ssl;' "$T/tls/cdr.conf" || fail "listen is not where it was"
settled "$T/tls"
start "$T/tls"
answers()
{
	[ "$(curl -sS --cacert "$T/$1/tls.crt" "https://$address/v2/")" = '{}' ]
}
check "the Secret's certificate" answers old
mkdir "$T/tls/tls/..2"
cp "$T"/new/* "$T/tls/tls/..2/"
ln -s ..2 "$T/tls/tls/..new"
mv -T "$T/tls/tls/..new" "$T/tls/tls/..data"
check "the Secret has changed" wait_for 10 answers new
check "the log is on" grep -q '"kind":"ping".*"status":200' "$T/tls.log"
end

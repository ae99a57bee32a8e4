#!/bin/sh
# cdr doctor names, in one line with the cure, each hosts.toml that is right to look
# at and that containerd does not use, a certificate in it that is not there, a CRI
# plugin that is switched off or would not load, also by an imported file, and a
# containerd that has not been started anew since its files changed. Without --mirror
# it looks at the mirror that cdr has written into the node's files, before others.
. "$(dirname "$0")/../lib.sh"

need cdr
# Nothing answers there: what is looked for is what doctor says of the node.
mirror=http://127.0.0.1:9
R=$T/node
hosts=$R/etc/containerd/certs.d/_default/hosts.toml
config=$R/etc/containerd/config.toml

anew()
{
	rm -rf "$R"
	mkdir -p "$R"
	"$CDR" node-config containerd --mirror $mirror --prefix "$R" \
		--client-version 1.7.24 --install >/dev/null ||
		fail "node-config"
}

# told LEVEL "what" REGEX [ARG...]: one line of the node's has that level.
told()
{
	_level=$1 _what=$2 _regex=$3
	shift 3
	"$CDR" doctor --prefix "$R" "$@" busybox:1.35 >"$T/stdout" 2>"$T/stderr" ||
		[ $? -eq 1 ] || fail "$_what: doctor"
	grep '^[a-zA-Z]* *node ' "$T/stdout" >"$T/node.lines" || :
	case $_level in
	ok) expect_eq "$_what: all is well" 0 "$(grep -vc '^ok' "$T/node.lines")" ;;
	FAIL)
		expect_eq "$_what: one is wrong" 1 \
			"$(grep -c '^FAIL' "$T/node.lines")"
		;;
	warn) expect_eq "$_what: none is wrong" 0 \
		"$(grep -c '^FAIL' "$T/node.lines")" ;;
	esac
	grep "^$_level  *node " "$T/node.lines" | grep -q -- "$_regex" || {
		cat "$T/node.lines"
		fail "$_what: not told: $_regex"
	}
	ok "... as it should be"
}

# --- hosts.toml -------------------------------------------------------------------

anew
told ok "as cdr writes it" 'containerd uses this mirror' --mirror $mirror
# hosts "what" LEVEL REGEX: of hosts.toml on standard input.
hosts()
{
	cat >"$hosts"
	told "$2" "$1" "$3" --mirror $mirror
}
hosts "a path behind /v2" FAIL 'line 1: a path behind /v2, and no override_path.*override_path = true' <<END
[host."$mirror/v2/docker.io"]
capabilities = ["pull", "resolve"]
END
hosts "the same with override_path" ok 'uses this mirror' <<END
[host."$mirror/v2/docker.io"]
capabilities = ["pull", "resolve"]
override_path = true
END
hosts "a path before /v2" ok 'uses this mirror' <<END
[host."$mirror/docker.io"]
capabilities = ["Pull", "Resolve"]
END
hosts "the same with override_path" FAIL 'override_path, and a path without /v2' <<END
[host."$mirror/docker.io"]
override_path = true
END
hosts "a deep path" FAIL 'the mirror answers nothing' <<END
[host."$mirror/a/b"]
END
hosts "no scheme" FAIL 'no scheme, so containerd speaks https.*\[host\."http://127\.0\.0\.1:9"\]' <<END
[host."127.0.0.1:9"]
capabilities = ["pull", "resolve"]
END
hosts "pull alone" FAIL 'line 2: .*without "resolve"' <<END

[host."$mirror"]
capabilities = ["pull"]
END
hosts "push alone" FAIL 'without "pull".*write capabilities = \["pull", "resolve"\]' <<END
[host."$mirror"]
capabilities = ["push"]
END
hosts "a string for a list" FAIL '_default/hosts\.toml: line 2: capabilities is no list: containerd leaves the whole file out' <<END
[host."$mirror"]
capabilities = "pull"
END
hosts "a word that is none" FAIL 'line 2: capabilities has a word' <<END
[host."$mirror"]
capabilities = ["pull", "resolves"]
END
hosts "a list without an end" FAIL 'line 3: an array without an end.*whole file' <<END
[host."$mirror"]
capabilities = ["pull", "resolve"
skip_verify = true
END
hosts "override_path in quotes" FAIL 'line 2: neither true nor false' <<END
[host."$mirror/v2/docker.io"]
override_path = "true"
END
hosts "a key with dots" FAIL 'not a table of its own' <<END
host."$mirror".capabilities = ["pull", "resolve"]
END
hosts "a ca that is not there" FAIL 'hosts\.toml: ca "/etc/none\.pem" is not there: every pull' <<END
[host."$mirror"]
ca = ["/etc/none.pem"]
END
echo nothing >"$R/etc/none.pem"
told FAIL "a ca that is none" 'is no PEM file' --mirror $mirror
printf -- '-----BEGIN CERTIFICATE-----\n' >"$R/etc/none.pem"
told ok "one that is one" 'uses this mirror' --mirror $mirror
hosts "a relative one" FAIL 'ca "/etc/containerd/certs\.d/_default/ca\.pem" is not there' <<END
[host."$mirror"]
ca = "ca.pem"
END
# Of another host it is that host's matter.
hosts "one that is right, and one that is not" ok 'uses this mirror' <<END
[host."$mirror"]
capabilities = ["pull", "resolve"]
[host."$mirror".header]
x = ["y"]
END

# --- config.toml and what it imports ------------------------------------------------

anew
mkdir -p "$R/etc/containerd/conf.d"
echo 'imports = ["/etc/containerd/conf.d/*.toml"]' | cat - "$config" >"$T/config"
cp "$T/config" "$config"
told ok "imports of nothing" 'uses this mirror' --mirror $mirror
x=$R/etc/containerd/conf.d/x.toml
echo 'disabled_plugins = ["io.containerd.grpc.v1.cri"]' >"$x"
told FAIL "a plugin that is switched off" 'conf\.d/x\.toml: line 1: disabled_plugins has' \
	--mirror $mirror
cat >"$x" <<'END'
[plugins."io.containerd.grpc.v1.cri".registry.configs."h:1".tls]
ca_file = "/x"
END
told FAIL "registry.configs with tls" 'conf\.d/x\.toml: line 1: .*"h:1"\.tls beside config_path' \
	--mirror $mirror
cat >"$x" <<'END'
[plugins."io.containerd.grpc.v1.cri".registry]
config_path = "/opt/certs"
END
told FAIL "another config_path" 'certs\.d/_default/hosts\.toml is right, but the CRI plugin does not read it' \
	--mirror $mirror
cat >"$x" <<'END'
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "x"
END
told warn "a section that hides config_path from 1.x" 'config_path is "" for containerd 1\.x' \
	--mirror $mirror
echo '[plugins' >"$x"
told FAIL "one that is no TOML" 'conf\.d/x\.toml: line 1: .*containerd does not start with it' \
	--mirror $mirror

echo 'imports = ["/etc/containerd/none.toml"]' >"$x"
told FAIL "one that imports what is not there" '/etc/containerd/none\.toml: is imported, and is not there' \
	--mirror $mirror
cat >"$x" <<'END'
[plugins."io.containerd.grpc.v1.cri".registry]
config_path = "/etc/containerd/certs.d:/etc/docker/certs.d"
END
told warn "several folders" 'several folders, which 2\.1 and later' --mirror $mirror
cat >>"$x" <<'END'
[plugins."io.containerd.grpc.v1.cri".containerd]
discard_unpacked_layers = true
END
told ok "... of a plugin that fetches by itself" 'uses this mirror' --mirror $mirror

cat >"$config" <<'END'
version = 3
[plugins.'io.containerd.cri.v1.images'.registry]
config_path = "/etc/containerd/certs.d:/etc/docker/certs.d"
END
told FAIL "several folders, and a file for 2.x alone" 'several folders, which 2\.1 and later' \
	--mirror $mirror
printf '[plugins."io.containerd.transfer.v1.local"]\nmax_concurrent_downloads = 5\n' \
	>>"$config"
told FAIL "... and another plugin's setting" 'several folders' --mirror $mirror
printf "[plugins.'io.containerd.cri.v1.images']\nmax_concurrent_downloads = 5\n" \
	>>"$config"
told ok "... and its own" 'uses this mirror' --mirror $mirror
cp "$T/config" "$config"

# What its unit says, and no other file.
rm -r "$R/etc/containerd/conf.d"
mkdir -p "$R/etc/systemd/system/containerd.service.d" "$R/usr/lib/systemd/system"
cat >"$R/usr/lib/systemd/system/containerd.service" <<'END'
[Service]
Environment="CONFIG=/usr/share/containerd/config.toml"
ExecStart=/usr/bin/containerd --config ${CONFIG}
END
told FAIL "a unit that names another file" 'right, but the CRI plugin does not read it' \
	--mirror $mirror
printf '[Service]\nEnvironment=CONFIG=/etc/containerd/config.toml\n' \
	>"$R/etc/systemd/system/containerd.service.d/10-own.conf"
told ok "a drop-in that names ours" 'uses this mirror' --mirror $mirror

# --- a containerd that runs -----------------------------------------------------------

# run PID CONFIG SECONDS: one that has run for so many seconds.
run()
{
	mkdir -p "$R/proc/$1"
	_now=$(date +%s)
	printf 'cpu 1 2 3\nbtime %s\n' $((_now - 100000)) >"$R/proc/stat"
	echo containerd >"$R/proc/$1/comm"
	printf '/usr/bin/containerd\0%s' "$2" | tr '|' '\0' >"$R/proc/$1/cmdline"
	_ticks=$(((100000 - $3) * $(getconf CLK_TCK)))
	echo "$1 (a) b) S 1 $1 $1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 9 0 $_ticks 10" \
		>"$R/proc/$1/stat"
}
anew
run 42 '' 1000
touch -d '-2000 seconds' "$config"
told warn "put in place since" 'process 42) has run since before /etc/containerd/config\.toml was put in place' \
	--mirror $mirror
touch "$config"
told FAIL "changed since" 'process 42) has run since before /etc/containerd/config\.toml was changed.*: systemctl restart containerd' \
	--mirror $mirror
run 42 '' 0
touch -d '-20 seconds' "$config"
# Its other time is now, within the second of the start.
told ok "started since" 'uses this mirror' --mirror $mirror
run 42 '--config|/var/run/docker/containerd/containerd.toml|' 1000
touch "$config"
told ok "dockerd's own is another one" 'uses this mirror' --mirror $mirror
run 42 '-c|/etc/containerd/config.toml|' 1000
told FAIL "by the same name" 'process 42' --mirror $mirror
run 41 '' 5000
rm -r "$R/proc/42"
told FAIL "another process" 'process 41' --mirror $mirror
touch "$config"
rm -r "$R/proc"
told ok "none runs" 'uses this mirror' --mirror $mirror

# --- whose mirror --------------------------------------------------------------------

anew
rm -rf "$R/etc/containerd"
mkdir -p "$R/etc/docker" "$R/etc/containerd/certs.d/docker.io"
echo '{"registry-mirrors": ["http://127.0.0.1:7"]}' >"$R/etc/docker/daemon.json"
cat >"$R/etc/containerd/config.toml" <<'END'
version = 2
[plugins."io.containerd.grpc.v1.cri".registry]
config_path = "/etc/containerd/certs.d"
END
echo '[host."http://127.0.0.1:8"]' >"$R/etc/containerd/certs.d/docker.io/hosts.toml"
"$CDR" doctor --prefix "$R" >"$T/stdout" 2>&1 || :
expect_eq "nothing of cdr's: the first one" http://127.0.0.1:8 \
	"$(head -n 1 "$T/stdout")"
check "podman with another mirror" "$CDR" node-config podman --mirror $mirror \
	--prefix "$R" --install
"$CDR" doctor --prefix "$R" >"$T/stdout" 2>&1 || :
expect_eq "what cdr wrote comes first" $mirror "$(head -n 1 "$T/stdout")"
rm "$R/etc/cdr/node-config.json"
"$CDR" doctor --prefix "$R" >"$T/stdout" 2>&1 || :
expect_eq "... by its mark, where the record is lost" $mirror \
	"$(head -n 1 "$T/stdout")"

# Who installed for 2.x has said so.
rm -rf "$R"
mkdir -p "$R"
cp -R "$TOP/tests/nodes/containerd/configs-tls-2/." "$R"
for version in 2.1.9 2.0.0; do
	check "registry.configs with tls, and $version" "$CDR" node-config containerd \
		--mirror $mirror --prefix "$R" --client-version $version --install
	case $version in
	2.1.9) told ok "... which doctor knows" 'uses this mirror' --mirror $mirror ;;
	*) told FAIL "... which doctor cannot know" 'containerd 1\.x does not load' \
		--mirror $mirror ;;
	esac
done

#!/bin/sh
# What people type who know other programs, or whose finger slipped. The program names
# the word, and what to write: for commands, options, keys of a list, clients, and
# values that lack their scheme. Such a command ends with 2 and touches nothing: no
# tree is made, and none that is here changes. "help" is help wherever it stands alone.
. "$(dirname "$0")/../lib.sh"
need cdr
cd "$T"

CDR_ROOT=$T/root
export CDR_ROOT

# wrong REGEX WORD...: ends with 2, says so on standard error alone, makes nothing.
wrong()
{
	_regex=$1
	shift
	expect_rc "cdr $*" 2 "$CDR" "$@"
	grep -qE -e "$_regex" "$T/stderr" || fail "cdr $*: no line matches: $_regex"
	[ ! -s "$T/stdout" ] || fail "cdr $*: something is on standard output"
	[ ! -e "$CDR_ROOT" ] || fail "cdr $*: it made the tree"
}

# --- commands -----------------------------------------------------------------------
wrong 'no command "pull"; .cdr sync REF.' pull nginx
wrong 'no command "serve"; nginx .*cdr-serve' serve
wrong 'no command "prune"; .cdr gc.' prune
wrong 'no command "images"; .cdr ls.' images
wrong 'no command "sycn"; did you mean "sync"\?' sycn nginx
wrong 'no command "verfy"; did you mean "verify"\?' verfy
wrong 'no command "node_config"; did you mean "node-config"\?' node_config k3s
wrong 'no command "xyzzy"$' xyzzy
wrong 'no command "--root"; options stand behind' --root "$CDR_ROOT" sync nginx
wrong 'no command "a\?b"' "$(printf 'a\033b')"
expect_rc "no word at all" 2 "$CDR"
expect_said "it says how to begin" '^For a first look: cdr sync '

# --- options ------------------------------------------------------------------------
wrong 'no option --dry-run; --plan' sync --dry-run nginx
wrong 'no option --platform; write platform=' sync --platform linux/arm64 nginx
wrong 'no option --tags; write tags=' sync --tags 'glob:*' nginx
wrong 'no option --newest; write newest=' watch --newest 3 -i list
wrong 'no option --imagse; did you mean --images\?' sync --imagse list
wrong 'no option --evry; did you mean --every\?' watch --evry 3m -i list
wrong 'no option -root; did you mean --root\?' sync -root /nowhere nginx
wrong 'no option -images; did you mean --images\?' sync -images list
wrong 'no option -json; did you mean --json\?' gc -json
wrong 'no option --insecure; .*--registries' sync --insecure nginx
wrong 'no option --debug; did you mean --verbose\?' sync --debug nginx
wrong 'no option --silent; did you mean --quiet\?' gc --silent
wrong 'no option --force; it asks nothing' rm --force nginx
wrong 'no option --output; .*--to DIR' export --output x nginx
wrong 'no option -f; -o FILE' save -f x.tar nginx
wrong 'no option --list; .cdr pin. without' pin --list
wrong 'no option --to; write the DIGEST' rollback nginx --to sha256:00
wrong 'no option --fix; --repair' verify --fix
wrong 'no option --insecure; --unsigned' import --insecure x
wrong 'no option --file; write the SOURCE' list --file x
wrong 'no option --output; .*>FILE' inventory --output x
wrong 'no option --filter; write a FILTER' ls --filter nginx
wrong 'no option --url; --mirror URL' node-config k3s --url http://m:5000
wrong 'no option --noeds; did you mean --nodes\?' node-config peers --noeds x
wrong 'no option --server; --mirror URL' doctor --server http://m:5000
wrong 'no option -x$' sync -qx nginx
wrong 'no option -x$' sync --quiet -xv nginx
wrong 'no option --wholly-unknown$' gc --wholly-unknown
wrong 'a value is missing behind --log$' sync nginx --log
wrong 'a value is missing behind -r$' ls -r
wrong 'no value belongs to --plan$' sync --plan=x nginx
wrong 'nothing to do: .*cdr sync -i images.list' sync
wrong 'nothing to do: .*cdr watch -i images.list' watch
wrong 'nothing to do: .*cdr import --key PUB' import
wrong 'which source\?' list
wrong '"50" is a number of bytes: write 50% or 50G$' gc --min-free 50
wrong '"100" is a number of bytes: write 100G$' gc --min-free 100
wrong 'min-free: it takes a number of bytes, such as .*, not ""$' gc --min-free ''
wrong 'min-free: "20" is a number of bytes: write 20G$' node-config peers --min-free 20
wrong '"100" is a number of bytes: write 100G$' sync --gc --max-size 100 nginx
wrong 'which option is --max\? --max-bytes --max-size' sync --max 3 nginx

# --- words, and what is in them -----------------------------------------------------
echo nginx >images.txt
mkdir folder
wrong '"help" is a word of cdr.s own' sync help nginx
wrong '"list" is a word of cdr.s own' sync list
wrong '"linux/arm64" is a platform: write platform=linux/arm64' sync nginx linux/arm64
wrong '"linux/arm/v7" is a platform' sync nginx linux/arm/v7
wrong 'is a file: -i images.txt' sync images.txt
wrong 'is a file: -i ./images.txt' sync ./images.txt
wrong '"/var/lib/x" is a path' sync /var/lib/x nginx
wrong 'nginx:1: no such file; an image is written without -i' sync -i nginx:1
wrong 'list.txt: no such file$' sync -i list.txt
wrong 'unknown key "platfrom" \(platform=\?\)' sync nginx platfrom=linux/arm64
wrong 'unknown key "arch" \(platform=linux/arm64\?\)' sync nginx arch=arm64
wrong 'remove "docker://"' sync docker://nginx
wrong 'no comma stands between images' sync nginx:1,redis:2
wrong 'the command line has errors' sync nginx:1,redis:2
wrong 'once' rollback nginx:1 -1 -2
mkdir docker-save
: >docker-save/oci-layout
tar -C docker-save -cf images.tar oci-layout
gzip -k images.tar
wrong 'images.tar: these are images .*docker load' import --unsigned images.tar
wrong 'images.tar.gz: it is compressed' import --unsigned images.tar.gz
wrong 'there is no bundle: no file NAME.cdr' import --unsigned folder
expect_rc "a tree in a folder that is not there" 3 "$CDR" sync -r "$T/none/tree" nginx
expect_said "it says what is missing" 'the folder that it would be made in is not there'
wrong 'a folder is written oci:/srv/x' sync --from /srv/x nginx
wrong 'a folder is written oci:folder' sync --from folder nginx
wrong 'write http://10.0.0.5:5000 or https' sync --from 10.0.0.5:5000 nginx
wrong 'which folder\? Write oci:DIR' sync --from oci: nginx
wrong 'a folder is written oci:/srv/x' verify --repair --from /srv/x
wrong 'write http://10.0.0.5:5000 or https' node-config k3s --mirror 10.0.0.5:5000
wrong 'write http://mirror or https' node-config k3s --mirror mirror
wrong 'write http://m.example or https' node-config k3s --mirror m.example
wrong 'write http://10.0.0.5:5000 or https' doctor --mirror 10.0.0.5:5000
wrong 'no client "docker"; .*dockerd' node-config docker --mirror http://m:5000
wrong 'no client "containred"; did you mean containerd' node-config containred \
	--mirror http://m:5000
wrong 'unexpected "http://m:5000"; --mirror URL' node-config k3s http://m:5000
wrong 'unexpected "nginx"' gc nginx
wrong '"2": steps back have a dash in front: -2' rollback nginx:1 2
wrong '"1.26" is neither a digest.*--history docker.io/library/nginx:1' rollback nginx:1 1.26
expect_rc "cdr ls, without a tree" 3 "$CDR" ls
expect_said "it says where one comes from" "$CDR_ROOT: there is no such folder; .*sync"
wrong 'unexpected "x"' inventory x
wrong 'unexpected "x"' node-config peers --mirror http://m x
echo '{"docker.io": {"endpoint": "10.0.0.5:5000"}}' >registries
wrong 'endpoint: write http://10.0.0.5:5000 or https' sync --registries registries nginx

# --- help ---------------------------------------------------------------------------
for command in sync watch doctor gc rm ls rollback pin unpin verify inventory save export \
	import list node-config; do
	for words in "$command help" "help $command" "$command -h" "--help $command"; do
		# shellcheck disable=SC2086
		check "cdr $words" "$CDR" $words
		grep -q "^usage: cdr ${command#un}" "$T/stdout" ||
			fail "cdr $words: that is no help"
		[ ! -s "$T/stderr" ] || fail "cdr $words: it complains"
	done
done
for words in help --help -h; do
	check "cdr $words" "$CDR" "$words"
	expect_said "it lists the commands" '^  rollback +'
done
for words in version --version -V; do
	check "cdr $words" "$CDR" "$words"
	expect_said "it says which one it is" '^cdr [0-9]'
done
check "no tree has been made" test ! -e "$CDR_ROOT"

# Webhooks in a scenario: their secrets, and nginx before "cdr watch". Sourced after
# watch.sh; POSIX sh. All of it needs cdr, nginx, python3 and curl.
#
#   hooks_config         $T/hooks/hooks.json with a hook of each kind, and its secrets
#   hooks_watch OPTION...  cdr watch with these hooks and $T/list, until it listens
#   hooks_begin OPTION...  scripts/hooks before it; log $T/hooks.log. Sets $HOOKS_PID
#                        and $HOOKS (http://127.0.0.1:PORT/hook)
#   hook PATH [CURL OPTION...]  a POST to $HOOKS/PATH: its status; the body is $T/said
#   secret NAME          of that hook
#   sign sha256|sha1 NAME FILE  the HMAC of the file
#   no_secret "what" FILE...  none of the secrets is in these, in any of the ways in
#                        which it was sent
# shellcheck shell=sh

SOCK=$T/run/hook.sock

# Each begins with "Zq", so that nothing of it is a word of anything else.
hooks_config()
{
	mkdir -p "$T/hooks" "$T/run"
	chmod 755 "$T/run"
	for _name in hub signed nexus harbor ci jfrog; do
		printf 'Zq%s-%s\n' "$_name" "$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')" \
			>"$T/hooks/$_name.secret"
	done
	printf 'zot:Zqzot-%s\n' "$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')" \
		>"$T/hooks/zot.secret"
	cat >"$T/hooks/hooks.json" <<END
{"hub":    {"url_secret_file": "hub.secret"},
 "signed": {"hmac_secret_file": "signed.secret"},
 "nexus":  {"hmac_sha1_secret_file": "nexus.secret"},
 "harbor": {"authorization_file": "harbor.secret"},
 "ci":     {"bearer_file": "ci.secret"},
 "zot":    {"basic_file": "zot.secret", "registry": "zot.example"},
 "jfrog":  {"header_file": "jfrog.secret", "header": "X-JFrog-Event-Auth"}}
END
}

_hooks_listens()
{
	[ -S "$SOCK" ] || process_over "$WATCH_PID"
}

hooks_watch()
{
	rm -f "$SOCK"
	watch -i "$T/list" --listen-hooks "$SOCK" --hook-config "$T/hooks/hooks.json" "$@"
	wait_for 60 _hooks_listens || :
	! process_over "$WATCH_PID" || fail "cdr watch has ended: $(cat "$T/watch.log")"
	# nginx's workers are of another account here, and of no group of ours.
	chmod 666 "$SOCK"
}

hooks_begin()
{
	_port=$(free_port)
	: >"$T/hooks.log"
	sh "$TOP/scripts/hooks" "$@" "$SOCK" "127.0.0.1:$_port" </dev/null \
	    >>"$T/hooks.log" 2>&1 &
	HOOKS_PID=$!
	HOOKS=http://127.0.0.1:$_port/hook
	defer "process_end $HOOKS_PID"
	wait_for 60 grep -q "^taking hooks .*:$_port" "$T/hooks.log" ||
		fail "scripts/hooks does not begin"
}

hook()
{
	_path=$1
	shift
	curl -sS -m 120 -o "$T/said" -w '%{http_code}' "$@" "$HOOKS/$_path"
}

secret()
{
	cat "$T/hooks/$1.secret"
}

sign()
{
	python3 -S -c 'import hashlib, hmac, sys
print(hmac.new(open(sys.argv[2], "rb").read().rstrip(b"\n"),
               open(sys.argv[3], "rb").read(), sys.argv[1]).hexdigest())' \
	    "$1" "$T/hooks/$2.secret" "$3"
}

no_secret()
{
	_what=$1
	shift
	python3 -S - "$T/hooks" "$@" <<'END' || fail "$_what"
import base64, glob, os, sys

found = 0
words = {}
for path in glob.glob(sys.argv[1] + "/*.secret"):
    name = os.path.basename(path)
    text = open(path, "rb").read().rstrip(b"\n")
    for word in (text, text.split(b":")[-1], base64.b64encode(text),
                 text.split(b":")[-1][:14]):
        words[word] = name
for path in sys.argv[2:]:
    with open(path, "rb") as file:
        text = file.read()
    for word, name in words.items():
        if word in text:
            print(path, "has", name)
            found = 1
sys.exit(found)
END
	ok "$_what"
}

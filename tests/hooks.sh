# Webhooks in a scenario: their secrets, "cdr watch", and nginx before it. Sourced after
# lib.sh; POSIX sh. All of it needs cdr, nginx, python3 and curl.
#
#   hooks_config         $T/hooks/hooks.json with a hook of each kind, and its secrets
#   watch_begin OPTION...  cdr watch with these hooks, $T/images.list and $ROOT, until
#                        it listens; log $T/watch.log. Sets $WATCH_PID
#   hooks_begin OPTION...  scripts/hooks before it; log $T/hooks.log. Sets $HOOKS_PID
#                        and $HOOKS (http://127.0.0.1:PORT/hook)
#   hook PATH [CURL OPTION...]  a POST to $HOOKS/PATH: its status; the body is $T/said
#   secret NAME          of that hook
#   sign sha256|sha1 NAME FILE  the HMAC of the file
#   watched EXPRESSION   asks status/watch.json: see pick
#   expect_watched "what" EXPRESSION  it becomes true
#   no_secret "what" FILE...  none of the secrets is in these, in any of the ways in
#                        which it was sent
#   push NAME:TAG SEED   a small image to $UPSTREAM; prints its digest
#   has NAME:TAG DIGEST  $ROOT has it so
# shellcheck shell=sh

SOCK=$T/run/hook.sock
ROOT=$T/root

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

watch_begin()
{
	rm -f "$SOCK"
	"$CDR" watch -r "$ROOT" -i "$T/images.list" --listen-hooks "$SOCK" \
	    --hook-config "$T/hooks/hooks.json" "$@" </dev/null >>"$T/watch.log" 2>&1 &
	WATCH_PID=$!
	_watch_listens()
	{
		[ -S "$SOCK" ] || process_over "$WATCH_PID"
	}
	wait_for 60 _watch_listens || :
	! process_over "$WATCH_PID" || fail "cdr watch has ended"
	# nginx's workers are of another account here, and of no group of ours.
	chmod 666 "$SOCK"
}

# SIGTERM, and how it ended.
watch_end()
{
	kill -TERM "$WATCH_PID"
	_watch_rc=0
	wait "$WATCH_PID" || _watch_rc=$?
	WATCH_PID=
	expect_eq "cdr watch ends as it was told" 0 "$_watch_rc"
}

hooks_begin()
{
	_port=$(free_port)
	sh "$TOP/scripts/hooks" "$@" "$SOCK" "127.0.0.1:$_port" </dev/null \
	    >>"$T/hooks.log" 2>&1 &
	HOOKS_PID=$!
	HOOKS=http://127.0.0.1:$_port/hook
	wait_for 60 grep -q "^taking hooks .*:$_port" "$T/hooks.log" ||
		fail "scripts/hooks does not begin"
}
WATCH_PID=
HOOKS_PID=
# shellcheck disable=SC2016 # then, not now
defer '[ -z "$HOOKS_PID" ] || process_end "$HOOKS_PID"
[ -z "$WATCH_PID" ] || process_end "$WATCH_PID"'

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

watched()
{
	pick "$1" "$ROOT/status/watch.json"
}

_watched_is()
{
	[ -f "$ROOT/status/watch.json" ] && pick -q "$1" "$ROOT/status/watch.json"
}

expect_watched()
{
	wait_for 60 _watched_is "$2" ||
		fail "$1: $(cat "$ROOT/status/watch.json" 2>/dev/null || :)"
	ok "$1"
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
    words[text] = name
    words[text.split(b":")[-1]] = name
    words[base64.b64encode(text)] = name
for path in sys.argv[2:]:
    try:
        text = open(path, "rb").read()
    except OSError:
        continue
    for word, name in words.items():
        if word in text:
            print(path, "has", name)
            found = 1
sys.exit(found)
END
	ok "$_what"
}

push()
{
	python3 "$TOP/tests/hub/craft.py" --registry "$UPSTREAM" image "$1" --seed "$2"
}

has()
{
	case $(readlink "$ROOT/repos/$UPSTREAM/${1%:*}/_manifests/${1##*:}" 2>/dev/null) in
	*"${2#*:}"*) return 0 ;;
	esac
	return 1
}

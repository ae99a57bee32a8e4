#!/bin/sh
# Made-up requests, by a seed, against a tree full of traps, with the njs module and
# without: never a 5xx, 401, 403 or redirect, never a byte that is not the tree's
# own, and the workers that began are there at the end. FUZZ_SECONDS makes
# it longer, and draws the seed: FUZZ_SECONDS=3600 sh tests/scenario/53-serve-fuzz.sh
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/tree.sh"
. "$TOP/tests/hostile/tree.sh"

need nginx python3 curl jq pgrep nginx-njs?
hostile_tree
# shellcheck disable=SC2016 # for later
defer 'chmod -R u+rwX "$TREE"'
words=$image,$layer,$other,3.20,absolute,climbing,passwd,alike,blob,folder,loop
words=$words,dangling,directory,fifo,plain,unreadable,away,secret,none

# fuzz "what" OPTION...: serves, and asks
fuzz()
{
	_what=$1
	shift
	start_nginx "$TREE" "$@"
	pid=$MIRROR_PID
	nginx=$(pgrep -P "$pid" -x nginx)
	workers=$(pgrep -P "$nginx" | sort | paste -s -d ' ' -)
	# shellcheck disable=SC2086 # words
	check "$_what" python3 "$TOP/tests/hostile/requests.py" "$MIRROR" "$TREE" \
	    --words "$words" $effort
	cat "$T/stdout"
	expect_eq "$_what: the same workers run" "$workers" \
	    "$(pgrep -P "$nginx" | sort | paste -s -d ' ' -)"
	expect_eq "$_what: nothing in the error log is grave" '' \
	    "$(grep -E '\[(alert|emerg)\]|exited on signal' "$T/nginx.log" || :)"
	expect_eq "$_what: it still serves" "$image" "sha256:$(curl -sS \
	    "http://$MIRROR/v2/library/alpine/manifests/3.20" | sha256sum | cut -c -64)"
	process_end "$pid"
}

effort="--seed 1 --requests 1500"
[ -z "${FUZZ_SECONDS-}" ] || effort="--seconds $FUZZ_SECONDS"
fuzz "without njs" --no-njs
if part "with njs" nginx-njs; then
	fuzz "with njs"
fi

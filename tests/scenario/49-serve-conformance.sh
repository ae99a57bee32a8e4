#!/bin/sh
# What the OCI distribution specification asks of a registry that is read: the
# checks of its conformance suite for pull and content discovery, and more, against
# nginx on a tree that cdr made, with the njs module and without; and against
# docker-registry, from which the tree is, to know that the checks are fair. What
# differs is listed in tests/conformance/differences.txt.
. "$(dirname "$0")/../lib.sh"

need nginx docker-registry python3 jq
start_registry
check "content" python3 "$TOP/tests/conformance/content.py" "$UPSTREAM" conf/app
cp "$T/stdout" "$T/content.json"
check "and a second repository" python3 "$TOP/tests/conformance/content.py" \
    "$UPSTREAM" conf/app/more
ROOT=$T/root
printf '{"docker.io": {"endpoint": "http://%s"}}\n' "$UPSTREAM" >"$T/registries.json"
check "cdr sync" "$CDR" sync -r "$ROOT" --registries "$T/registries.json" \
    "conf/app" 'tags=glob:*' platform=all referrers=yes
check "and of the second" "$CDR" sync -r "$ROOT" --registries "$T/registries.json" \
    "conf/app/more" 'tags=glob:*' platform=all

# conform SERVER ADDR:PORT
conform()
{
	jq --argjson tags "$(curl -s "http://$2/v2/conf/app/tags/list" | jq .tags)" \
	    '.listed = $tags' "$T/content.json" >"$T/content.$1"
	expect_rc "$1" 0 python3 "$TOP/tests/conformance/read.py" "$2" \
	    "$T/content.$1" "$1" "$TOP/tests/conformance/differences.txt"
	grep -v '^pass' "$T/stdout"
}

# mirror OPTION...: nginx on the tree
mirror()
{
	for _try in 1 2 3 4 5; do
		MIRROR=127.0.0.1:$(free_port)
		sh "$TOP/scripts/serve" "$@" "$ROOT" "$MIRROR" >"$T/serve.log" 2>&1 &
		MIRROR_PID=$!
		defer "process_end $MIRROR_PID"
		wait_for 10 _server_up $MIRROR_PID "$T/serve.log" "on http://$MIRROR" || :
		process_over $MIRROR_PID || return 0
	done
	fail "serve does not start"
}

conform docker-registry "$UPSTREAM"
mirror --no-njs
conform nginx "$MIRROR"
process_end "$MIRROR_PID"
if have_njs; then
	mirror
	conform nginx-njs "$MIRROR"
fi

#!/bin/sh
# What the OCI distribution specification asks of a registry that is read: the
# checks of its conformance suite for pull and content discovery, and more, against
# nginx on a tree that cdr made, with the njs module and without; and against
# docker-registry, from which the tree is, to know that the checks are fair. What
# differs is listed in tests/conformance/differences.txt.
. "$(dirname "$0")/../lib.sh"

need cdr nginx docker-registry python3 curl jq nginx-njs?
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

conform docker-registry "$UPSTREAM"
start_nginx "$ROOT" --no-njs
conform nginx "$MIRROR"
process_end "$MIRROR_PID"
if part "with njs" nginx-njs; then
	start_nginx "$ROOT"
	conform nginx-njs "$MIRROR"
fi

#!/bin/sh
# The page's help for nodes: for each client the command of node-config first, then,
# word for word, the files, notes and next steps that node-config itself has for this
# mirror's address; also for TLS, other ports, and names without one. Who asks for
# Docker Hub alone is said to. tests/page/nodes.py looks.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/page/page.sh"

need cdr nginx python3 jq chromium selenium
page_tree shop shop ok
# The same without the page's copy of what node-config says.
mkdir -p "$T/bare/scripts" "$T/bare/nginx"
cp "$TOP/scripts/serve" "$T/bare/scripts/"
cp -R "$TOP"/nginx/*.conf "$TOP/nginx/page" "$T/bare/nginx/"
rm "$T/bare/nginx/page/nodes.json"
_top=$TOP TOP=$T/bare
start_nginx "$T/shop"
TOP=$_top
mkdir "$T/node"
# shellcheck disable=SC2154 # set by page_tree
PAGES=$(jq -n --arg url "$at_shop" --arg bare "http://$MIRROR/" --arg cdr "$CDR" \
	--arg node "$T/node" '{url: $url, bare: $bare, cdr: $cdr, node: $node}')
export PAGES
page_tests nodes 6

#!/bin/sh
# Hooks with a secret of each kind, through nginx: the right one is taken with 202, and
# the image that it names is mirrored; the wrong one is 401, as is a hook that is not
# there. While watch is away senders hear 503, and with it back 202. Each sender's body
# is understood. Nothing of a secret is in a log, a process list or the status files.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/hooks.sh"

need cdr nginx python3 curl
start_registry
one=$(push team/app:1 1)
echo "$UPSTREAM/team/app:1" >"$T/images.list"
hooks_config
hooks_begin

expect_eq "nobody takes hooks yet" 503 "$(hook "hub/$(secret hub)" -d '{}')"
watch_begin --every 0 --settle 1s -v
check "the first run" wait_for 60 has team/app:1 "$one"

# --- each kind --------------------------------------------------------------------------

printf '{"image": "%s/team/app:1"}' "$UPSTREAM" >"$T/body"
basic=$(secret zot | tr -d '\n' | base64 -w 0)
sum256=$(sign sha256 signed "$T/body")
sum1=$(sign sha1 nexus "$T/body")
taken=0
# takes "what" STATUS PATH [CURL OPTION...]
takes()
{
	_what=$1 _status=$2
	shift 2
	expect_eq "$_what" "$_status" "$(hook "$@" --data-binary "@$T/body")"
	[ "$_status" != 202 ] || taken=$((taken + 1))
}
takes "in the URL" 202 "hub/$(secret hub)"
takes "in the URL, with a query" 202 "hub/$(secret hub)?x=y"
takes "a signature" 202 signed -H "X-Hub-Signature-256: sha256=$sum256"
takes "a signature without its prefix" 202 signed -H "X-Gitea-Signature: $sum256"
takes "Nexus' signature" 202 nexus -H "X-Nexus-Webhook-Signature: $sum1"
takes "Authorization as it is" 202 harbor -H "Authorization: $(secret harbor)"
takes "Bearer" 202 ci -H "Authorization: Bearer $(secret ci)"
takes "Basic" 202 zot -H "Authorization: Basic $basic"
takes "a header of its own" 202 jfrog -H "X-JFrog-Event-Auth: $(secret jfrog)"
expect_watched "all of them are counted" "v.hooks.taken == $taken and v.hooks.events == $taken"

takes "no secret" 401 ci
takes "another hook's" 401 ci -H "Authorization: Bearer $(secret harbor)"
takes "one that lacks its end" 401 "hub/$(secret hub | cut -c -20)"
takes "one with more" 401 "hub/$(secret hub)x"
takes "twice" 401 ci -H "Authorization: Bearer $(secret ci)" \
	-H "authorization: Bearer $(secret ci)"
takes "a header's secret in the URL" 401 "ci/$(secret ci)"
takes "the URL's in a header" 401 hub -H "Authorization: Bearer $(secret hub)"
takes "the signature of another body" 401 signed -H "X-Hub-Signature-256: sha256=$sum1"
takes "the key in the place of the signature" 401 signed \
	-H "X-Hub-Signature-256: $(secret signed)"
cp "$T/said" "$T/wrong"
takes "no such hook" 401 none -H "Authorization: Bearer $(secret ci)"
check "which nobody can tell apart" cmp "$T/wrong" "$T/said"
expect_watched "they are counted, too" "v.hooks.denied == 10 and v.hooks.taken == $taken"

# --- a push ---------------------------------------------------------------------------------

two=$(push team/app:1 2)
takes "a push" 202 "hub/$(secret hub)"
check "is mirrored" wait_for 60 has team/app:1 "$two"

# --- what is none ------------------------------------------------------------------------------

expect_eq "GET" 405 "$(hook "hub/$(secret hub)" -X GET)"
expect_eq "PUT" 405 "$(hook "hub/$(secret hub)" -X PUT -d '{}')"
head -c 1048577 /dev/zero >"$T/large"
expect_eq "a byte more than 1 MiB" 413 "$(hook "hub/$(secret hub)" --data-binary "@$T/large")"
expect_eq "the same in chunks" 413 "$(hook "hub/$(secret hub)" \
	-H 'Transfer-Encoding: chunked' --data-binary "@$T/large")"
expect_eq "1 MiB of nothing is taken" 202 "$(head -c 1048576 /dev/zero |
	hook "hub/$(secret hub)" --data-binary @-)"
expect_eq "other paths" 404 "$(HOOKS=${HOOKS%/hook} hook "v2/$(secret hub)" -d '{}')"
expect_eq "a way around" 400 "$(HOOKS=${HOOKS%/hook} hook "x/../hook/hub/$(secret hub)" \
	--path-as-is -d '{}')"
expect_eq "GitLab's project hook has nothing for us" 202 "$(hook "hub/$(secret hub)" \
	--data-binary "@$TOP/tests/hooks/gitlab-project.json")"
expect_watched "what is not understood is counted" 'v.hooks.not_understood == 2'
check "and told" grep -q 'hook hub: sends what is in no form that is known' "$T/watch.log"
expect_eq "Event Grid has its proof" "200 512d38b6-c7b8-40c8-89fe-f46f9e9622b6" \
	"$(hook "hub/$(secret hub)" \
	    --data-binary "@$TOP/tests/hooks/event-grid-validation.json") $(
	    pick v.validationResponse "$T/said")"
expect_eq "but for nobody else" 401 "$(hook hub/wrong \
	--data-binary "@$TOP/tests/hooks/event-grid-validation.json")"

# --- each sender ----------------------------------------------------------------------------

before=$(watched v.hooks.events)
told=0
awk '/^[^#\t]/ { if (file) print file, kind, n; file = $1; kind = $2; n = 0
	if ($3 != "-") file = "" } /^\t/ { n++ } END { if (file) print file, kind, n }' \
    "$TOP/tests/hooks/events.txt" >"$T/senders"
while read -r file kind count; do
	status=$(hook "hub/$(secret hub)" -H "X-GitHub-Event: $kind" \
	    --data-binary "@$TOP/tests/hooks/$file" </dev/null)
	case $file/$status in
	event-grid-validation.json/200 | */202) ;;
	*) fail "$file: $status" ;;
	esac
	# This hook has no registry, and the table's rows without one are for it.
	told=$((told + count))
done <"$T/senders"
ok "each sender's body"
expect_watched "all their events came" "v.hooks.events == $before + $told"

# --- watch goes, and comes back ---------------------------------------------------------------

cp "/proc/$WATCH_PID/cmdline" "$T/cmdline"
watch_end
expect_eq "it has taken its socket away" no "$([ -e "$SOCK" ] && echo yes || echo no)"
expect_eq "senders hear 503" 503 "$(hook "hub/$(secret hub)" -d '{}')"
curl -sS -D "$T/headers" -o /dev/null -d '{}' "$HOOKS/hub/$(secret hub)"
check "and when to come back" grep -qi '^retry-after: ' "$T/headers"
watch_begin --every 0 --settle 1s
three=$(push team/app:1 3)
takes "with it back they are taken" 202 "hub/$(secret hub)"
check "and mirrored" wait_for 60 has team/app:1 "$three"
kill -KILL "$WATCH_PID"
wait "$WATCH_PID" || :
WATCH_PID=
expect_eq "killed, it leaves a socket that nobody serves" 503 "$(hook "hub/$(secret hub)" -d '{}')"
watch_begin --every 0
takes "which the next one replaces" 202 "hub/$(secret hub)"
watch_end

no_secret "no secret anywhere" "$T/watch.log" "$T/hooks.log" "$T/cmdline" "$T/wrong" \
	"$ROOT"/status/* "$ROOT"/_state/*

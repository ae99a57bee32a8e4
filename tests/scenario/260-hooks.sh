#!/bin/sh
# Hooks with a secret of each kind, through nginx: the right one is taken with 202, and
# the image that it names is mirrored; the wrong one is 401, as is a hook that is not
# there. While watch is away senders hear 503, and with it back 202. Each sender's body
# is understood. A secret that is exchanged counts within seconds. Nothing of a secret is in a log, a process list or the status files.
# Waits: for images that settle
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
. "$TOP/tests/watch.sh"
. "$TOP/tests/hooks.sh"

need cdr nginx python3 curl
upstream
craft image library/app:1 --layers 1 --seed 1 >/dev/null
echo app:1 >"$T/list"
hooks_config
hooks_begin

expect_eq "nobody takes hooks yet" 503 "$(hook "hub/$(secret hub)" -d '{}')"
hooks_watch --every 0 --settle 1
ran "the first run" 1

# --- each kind --------------------------------------------------------------------------

printf '{"image": "app:1"}' >"$T/body"
basic=$(secret zot | tr -d '\n' | base64 -w 0)
sum256=$(sign sha256 signed "$T/body")
sum1=$(sign sha1 nexus "$T/body")
taken=0
denied=0
# takes "what" STATUS PATH [CURL OPTION...]
takes()
{
	_what=$1 _status=$2
	shift 2
	expect_eq "$_what" "$_status" "$(hook "$@" --data-binary "@$T/body")"
	case $_status in
	202) taken=$((taken + 1)) ;;
	401) denied=$((denied + 1)) ;;
	esac
}
two=$(craft image library/app:1 --layers 1 --seed 2)
takes "in the URL" 202 "hub/$(secret hub)"
ran "a run" 2
expect_published "has what was pushed" app:1 "$two"
takes "in the URL, with a query" 202 "hub/$(secret hub)?x=y"
takes "a signature" 202 signed -H "X-Hub-Signature-256: sha256=$sum256"
takes "a signature without its prefix" 202 signed -H "X-Gitea-Signature: $sum256"
takes "Nexus' signature" 202 nexus -H "X-Nexus-Webhook-Signature: $sum1"
takes "Authorization as it is" 202 harbor -H "Authorization: $(secret harbor)"
takes "Bearer" 202 ci -H "Authorization: Bearer $(secret ci)"
takes "Basic" 202 zot -H "Authorization: Basic $basic"
takes "a header of its own" 202 jfrog -H "X-JFrog-Event-Auth: $(secret jfrog)"

takes "no secret" 401 ci
takes "another hook's" 401 ci -H "Authorization: Bearer $(secret harbor)"
takes "one that lacks its end" 401 "hub/$(secret hub | cut -c -20)"
takes "one with more" 401 "hub/$(secret hub)x"
takes "twice" 401 jfrog -H "X-JFrog-Event-Auth: $(secret jfrog)" \
	-H "X-JFrog-Event-Auth: $(secret jfrog)"
takes "a header's secret in the URL" 401 "ci/$(secret ci)"
takes "the URL's in a header" 401 hub -H "Authorization: Bearer $(secret hub)"
takes "the signature of another body" 401 signed -H "X-Hub-Signature-256: sha256=$sum1"
takes "the key in the place of the signature" 401 signed \
	-H "X-Hub-Signature-256: $(secret signed)"
cp "$T/said" "$T/wrong"
takes "no such hook" 401 none -H "Authorization: Bearer $(secret ci)"
check "which nobody can tell apart" cmp "$T/wrong" "$T/said"

# --- exchanged --------------------------------------------------------------------------

cp "$T/hooks/harbor.secret" "$T/hooks/old.secret"
echo Zqharbor-another-one-of-that-length >"$T/hooks/harbor.secret"
is_new()
{
	[ "$(hook harbor -H "Authorization: $(secret harbor)" -d '{}')" = 202 ]
}
soon "a secret that is exchanged counts" is_new
expect_eq "and the old one no more" 401 "$(hook harbor \
	-H "Authorization: $(secret old)" -d '{}')"
printf '{' >"$T/hooks/hooks.json.new"
mv "$T/hooks/hooks.json" "$T/hooks/hooks.json.good"
mv "$T/hooks/hooks.json.new" "$T/hooks/hooks.json"
told "a file that is wrong is told" 'hooks.json: .*; the hooks that were right stay'
expect_eq "and those that were right stay" 202 "$(hook harbor \
	-H "Authorization: $(secret harbor)" -d '{}')"
mv "$T/hooks/hooks.json.good" "$T/hooks/hooks.json"

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
told "what is not understood is told" 'hook hub: sends what is in no form that is known'
expect_eq "Event Grid has its proof" "200 512d38b6-c7b8-40c8-89fe-f46f9e9622b6" \
	"$(hook "hub/$(secret hub)" \
	    --data-binary "@$TOP/tests/hooks/event-grid-validation.json") $(
	    pick v.validationResponse "$T/said")"
expect_eq "but for nobody else" 401 "$(hook hub/wrong \
	--data-binary "@$TOP/tests/hooks/event-grid-validation.json")"
events=$taken
# The one of zot.example is on no line. Not understood: two of these, and two of {}.
soon "all is counted" watched -q "v.hooks.taken == $taken + 5 and v.hooks.events == $events and
	v.hooks.matched == $events - 1 and v.hooks.denied >= $denied + 2 and
	v.hooks.malformed == 1 and v.hooks.not_understood == 4"

# --- each sender ----------------------------------------------------------------------------

# Of the table those rows that are for a hook without a registry, as this one.
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
	events=$((events + count))
done <"$T/senders"
ok "each sender's body"
soon "all their events came" watched -q "v.hooks.events == $events"

# --- watch goes, and comes back ---------------------------------------------------------------

tr '\0' ' ' <"/proc/$WATCH_PID/cmdline" >"$T/words"
kill -TERM "$WATCH_PID"
watch_ends "told to stop" 0
expect_eq "it has taken its socket away" no "$([ -e "$SOCK" ] && echo yes || echo no)"
expect_eq "senders hear 503" 503 "$(hook "hub/$(secret hub)" -d '{}')"
curl -sS -D "$T/headers" -o /dev/null -d '{}' "$HOOKS/hub/$(secret hub)"
check "and when to come back" grep -qi '^retry-after: ' "$T/headers"
no_secret "it has told no secret" "$T/watch.log" "$ROOT"/status/*
hooks_watch --every 0 --settle 1
ran "it is back" 1
three=$(craft image library/app:1 --layers 1 --seed 3)
takes "and takes hooks" 202 "hub/$(secret hub)"
ran "a run" 2
expect_published "has what was pushed" app:1 "$three"
kill -KILL "$WATCH_PID"
wait "$WATCH_PID" || :
expect_eq "killed, it leaves a socket that nobody listens at" 503 "$(hook "hub/$(secret hub)" -d '{}')"
hooks_watch --every 0
ran "the next one" 1
takes "which replaces it" 202 "hub/$(secret hub)"
kill -TERM "$WATCH_PID"
watch_ends "told to stop again" 0

no_secret "no secret anywhere" "$T/watch.log" "$T/hooks.log" "$T/words" "$T/wrong" \
	"$ROOT"/status/*

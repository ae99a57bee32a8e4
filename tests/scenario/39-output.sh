#!/bin/sh
# What the program says: what became of images on standard output, all else on standard
# error; --log json is one JSON object a line on both, whatever happens, with the same
# facts; -q says nothing but errors; -v says more; nothing is coloured or drawn where
# there is no terminal. What failed is told at once, and once more at the end.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
settings '{"max_tries": 2}'
digest=$(craft image library/app:1)
craft many library/many --count 3 --layers 1 >/dev/null
overlay foreign-layer library/foreign:1 --present >/dev/null

# json "what": all of it is JSON lines, each with time, level and message, and only
# results are on standard output
json()
{
	cat "$T/stdout" "$T/stderr" >"$T/all"
	pick -q -l 'len(v) > 0 and all(re.fullmatch("[0-9-]{10}T[0-9:]{8}Z", o.time) and
		o.level in ("error", "warning", "info", "debug") and len(o.message) > 0 for o in v)' \
		"$T/all" || fail "$1: it is not what it should be"
	expect_eq "$1: as many objects as lines" \
		"$(wc -l <"$T/all")" "$(pick -l 'len(v)' "$T/all")"
	expect_eq "$1: results on standard output" "$(wc -l <"$T/stdout")" \
		"$(pick -l 'len([o for o in v if o.message in ("image", "summary")])' "$T/all")"
	[ ! -s "$T/stdout" ] || pick -q -l 'all(o.message in ("image", "summary") for o in v)' \
		"$T/stdout" || fail "$1: something else is on standard output"
}

# fact EXPRESSION WHICH WANT: of each line that is so
fact()
{
	expect_eq "$1 of $2" "$3" "$(pick -l "$1 for o in v if $2" "$T/all")"
}

sync "json" --log json app:1 many-0001 many-0002 many-0003 foreign:1
json "all is well"
summary='o.message == "summary"'
fact 'words(o.images, o.updated, o.unchanged, o.failed, o.not_reached)' "$summary" "5 5 0 0 0"
fact 'words(o.result, o.digest, o.objects)' 'o.image == "docker.io/library/app:1"' \
	"updated $digest 4"
fact '"foreign:1: 1 foreign layer" in o.message' 'o.level == "warning"' true
fact o.requests "$summary" \
	"$(hub_since | awk -F '\t' '$2 != "cdn"' | wc -l)"

hub_mark
sync "json, unchanged" --log json -v app:1
json "unchanged"
fact o.result o.image unchanged
# Tokens count, as all that comes does.
fact 'words(o.unchanged, o.objects, o.bytes)' "$summary" \
	"1 0 $(hub_since | awk -F '\t' '{ n += $8 } END { print n }')"

# Errors whose text comes from outside, with all that could break a line.
fault '{"path": "/manifests/2", "status": 400, "body": {"errors": [{"code": "X\"\\", "message": "a \"quoted\"\n\u001b[31mline\u0000 \ud83d\ude00 \\"}]}}' \
	'{"path": "/manifests/3", "status": 400, "body": "\u00ff\u00fe not json \u0007"}'
sync_rc "json, failures" 1 --log json app:1 app:2 app:3 app:4
json "failures"
fact 'words(o.level, o.result)' 'o.image == "docker.io/library/app:4"' "error failed"
expect_eq "three images failed" 3 "$(grep -c '"result":"failed"' "$T/stdout")"
fact 'words(o.images, o.failed)' "$summary" "4 3"
sync_rc "text, failures" 1 app:2 app:3
expect_eq "an error each" "2 2" "$(wc -l <"$T/stderr") $(grep -c '^error: ' "$T/stderr")"
expect_eq "once more, with the cause, and the summary" "3 2" \
	"$(wc -l <"$T/stdout") $(grep -cE '^failed    docker.io/library/app:[23]: .*400' "$T/stdout")"
tail -n 1 "$T/stdout" | grep -q '^2 images: .* 2 failed;' || fail "the summary is not last"
expect_eq "no control characters" 0 \
	"$(cat "$T/stdout" "$T/stderr" | tr -d '\n[:print:]\200-\377' | wc -c)"
no_faults

sync_rc "json, a wrong list" 2 --log json App:1
json "a wrong list"
sync_rc "json, a ROOT that is none" 3 --log json -r "$T/none/none" app:1
json "no ROOT"

# Quiet.
rm -rf "$ROOT"
sync "quiet" -q app:1 foreign:1
expect_eq "says nothing" 0 "$(cat "$T/stdout" "$T/stderr" | wc -c)"
sync_rc "quiet, and a failure" 1 -q app:1 app:2
expect_eq "says only that" "1 1 0" "$(wc -l <"$T/stderr") $(grep -c '^error: .*app:2' \
	"$T/stderr") $(wc -c <"$T/stdout")"
sync "quiet, in json" -q --log json app:1
expect_eq "says nothing" 0 "$(cat "$T/stdout" "$T/stderr" | wc -c)"

# Plain.
sync "unchanged" app:1
expect_eq "is the summary alone" "0 1 1" "$(wc -l <"$T/stderr") $(wc -l <"$T/stdout") $(
	grep -c '^1 image: 1 unchanged, 0 updated, 0 failed; 0 new objects' "$T/stdout")"
sync "unchanged, talkative" -v app:1
expect_said "names the image" '^unchanged docker.io/library/app:1 '
tree_check "$ROOT"

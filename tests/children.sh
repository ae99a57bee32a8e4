# Mirrors that follow another one, as tests/hub/child.py plays them. Sourced after
# lib.sh; POSIX sh. All of it needs python3.
#
#   children_start        one server for all of them: $CHILD, $CHILD_PID
#   child NAME [RULE]     a child at /hook/NAME, with a secret of its own, and RULE as
#                         members of JSON, such as '"status": 503'; once more changes it
#   $T/notify.json        the file for --notify: all children
#   child_at NAME URL     that child is told there
#   children_mark         what is asked for begins here
#   told NAME             the images that it was told of and took, a line each:
#                         REPOSITORY:TAG@DIGEST
#   posts NAME            how many requests came for it
#   children_right        each request was in the form that it has to have
# shellcheck shell=sh

_child_names=
CHILDREN_MARK=0

children_start()
{
	uses python3
	mkdir -p "$T/secrets"
	echo '{}' >"$T/rules.json"
	echo '{}' >"$T/notify.json"
	python3 -S "$TOP/tests/hub/child.py" --ready "$T/child.ready" \
		--log "$T/children.jsonl" --rules "$T/rules.json" 2>"$T/child.log" &
	CHILD_PID=$!
	defer "process_end $CHILD_PID"
	wait_for 20 test -s "$T/child.ready" || fail "tests/hub/child.py does not start"
	# shellcheck disable=SC1091
	. "$T/child.ready"
}

child()
{
	_secret="secret-of-$1-0123456789"
	printf '%s\n' "$_secret" >"$T/secrets/$1"
	pick '{**v, path: {"secret": secret, **rule}}' "$T/rules.json" path="/hook/$1" \
		secret="$_secret" rule:="{${2-}}" >"$T/rules.json.new"
	mv "$T/rules.json.new" "$T/rules.json"
	child_at "$1" "http://$CHILD/hook/$1"
}

child_at()
{
	pick '{**v, name: {"url": url, "bearer_file": file}}' "$T/notify.json" name="$1" \
		url="$2" file="secrets/$1" >"$T/notify.json.new"
	mv "$T/notify.json.new" "$T/notify.json"
}

children_mark()
{
	CHILDREN_MARK=$(wc -l <"$T/children.jsonl")
}

_children_since()
{
	tail -n "+$((CHILDREN_MARK + 1))" "$T/children.jsonl"
}

told()
{
	_children_since | pick -l 'f"{e[0]}:{e[1]}@{e[2]}" for r in v
		if r.path == path and r.allowed and r.status < 300 for e in r.events or []' \
		path="/hook/$1"
}

posts()
{
	_children_since | pick -l 'len([r for r in v if r.path == path])' path="/hook/$1"
}

children_right()
{
	expect_eq "all that children were sent is in their form" "" \
		"$(pick -l 'r.wrong for r in v if r.wrong' "$T/children.jsonl")"
}

#!/bin/sh
# References that climb, that are encoded, empty, too long, absolute or not text,
# on the command line and in the list, are a usage error: exit 2, with a message
# that names the line, before anything is asked or written. The same goes for names
# of registries, and for the other words of a line.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
start_hub --mode open
craft image library/app:1 >/dev/null
ROOT=$T/jail/1/2/3/root
mkdir -p "$T/jail/1/2/3"
find "$T/jail" -printf '%p %T@\n' >"$T/before"

long=$(printf 'a%.0s' $(seq 300))
zero=$(printf %064d 0)
escape=$(printf '\033')
cat >"$T/names" <<END
../../etc/passwd
../../../../planted:1
./app
app/..
app/../../planted
library/../../../planted:1
docker.io/../../planted:1
docker.io/library/../../planted
/etc/passwd
/app:1
//app
library//app
library/app/
app:
app:1:2
app:../../planted
app:..
app:.
app:.hidden
app:-x
app:a%2fb
app:$long
app%2f..%2fplanted
%2e%2e%2fplanted
..%2fplanted:1
APP
Library/app
_manifests
library/_manifests:1
app/_manifests
app/_tags/list
app@
app@sha256:
app@sha256:../../planted
app@sha256:$(printf %063d 0)
app@sha256:$(printf %065d 0)
app@sha256:$(printf %064d 0 | tr 0 A)
app@md5:$(printf %032d 0)
app@sha256:$zero@sha256:$zero
app:1@../../planted
@sha256:$zero
:1
docker.io/
docker.io/:1
https://docker.io/library/app:1
file:///etc/passwd
user:password@docker.io/app:1
..:5000/app:1
.:5000/app
../localhost:5000/app
localhost:99999/app
localhost:/app
reg..example/app:1
-reg.example/app:1
reg.example:../app
[::1/app:1
$long/$long/app:1
$long
app\\..\\planted
app;touch planted
app\$(touch planted)
app|planted
*
a..b
a__/b
${escape}[2Japp:1
ap${escape}p:1
app:1${escape}]0;title
äpp:1
app:ä
END

count=0
while IFS= read -r name; do
	count=$((count + 1))
	shown=$(printf '%.50s' "$name" | tr -cd ' -~')
	expect_rc "argument: $shown" 2 "$CDR" sync -r "$ROOT" -- "$name"
	grep -q . "$T/stderr" || fail "$shown: no message"
	cat "$T/stderr" >>"$T/said"
done <"$T/names"
expect_rc "an empty argument" 2 "$CDR" sync -r "$ROOT" -- ""

# All of them in one list, every second line a good one.
sed 'p;s/.*/app:1/' "$T/names" | sed -n 'p' >"$T/list"
expect_rc "in a list" 2 "$CDR" sync -r "$ROOT" -i "$T/list"
cat "$T/stderr" >>"$T/said"
line=1
while IFS= read -r name; do
	grep -q "^error: $T/list:$line: " "$T/stderr" ||
		fail "line $line is not in the messages: $name"
	line=$((line + 2))
done <"$T/names"
ok "each of $count lines is named"
expect_eq "and no other" "$count" "$(grep -c "^error: $T/list:" "$T/stderr")"
expect_rc "as JSON too" 2 "$CDR" sync -r "$ROOT" -i "$T/list" --log json
expect_eq "each line is JSON, and none is missing" "$((count + 1))" \
	"$(pick -l 'o.message for o in v' "$T/stderr" | grep -c .)"

# What no shell can pass on.
printf 'app:1\nap\0p:1\n' >"$T/nul"
printf 'app:1\nap\377p:1\n' >"$T/latin1"
printf 'app:1 platform=%s\n' "$(printf 'a%.0s' $(seq 5000))" >"$T/wide"
for file in nul latin1 wide; do
	expect_rc "a list with $file" 2 "$CDR" sync -r "$ROOT" -i "$T/$file"
	expect_said "it names the line" "^error: $T/$file:[12]: "
	cat "$T/stderr" >>"$T/said"
done
for words in 'platform=linux/../../x' 'platform=' 'platform=/' \
	'platform=linux/amd64/v1/v2' 'tags=*' '../..=x' '=' 'platform=all,linux/amd64'; do
	expect_rc "app:1 $words" 2 "$CDR" sync -r "$ROOT" app:1 "$words"
	cat "$T/stderr" >>"$T/said"
done
for key in '../..' '/etc' 'docker.io/library' 'a b' '' "$long" 'DOCKER.IO' 'x\u0000' \
	'\u001b[2J'; do
	printf '{"%s": {}}\n' "$key" >"$T/odd.json"
	expect_rc "registry \"$(printf '%.40s' "$key")\"" 2 "$CDR" sync \
		-r "$ROOT" --registries "$T/odd.json" app:1
	expect_said "names the file" "^error: $T/odd.json: "
	cat "$T/stderr" >>"$T/said"
done

find "$T/jail" -printf '%p %T@\n' >"$T/after"
check "nothing was written" cmp "$T/before" "$T/after"
expect_eq "nothing was asked" 0 "$(hub_count - - .)"
# What was given may have been a stranger's: no control character comes back.
expect_eq "no control character in any message" "" \
	"$(tr -d '\n -~\200-\377' <"$T/said" | od -c | head -n 1 | cut -c 9-)"

sync "the good one" app:1
tree_check "$ROOT"

#!/bin/sh
# A list that is not quite one gets words that help: what nobody sees in it is shown
# by its number, quotes, dashes and marks of other languages are named, and so are
# other formats as a whole: UTF-16, code pages, YAML, JSON. A list without an image is
# no error, but a warning. One tag with a digest and without, or with two, is an error
# of these lines alone, and only where they disagree: the others are mirrored.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
one=$(craft image library/app:1 --seed 1)
good=$(craft image library/good:1 --seed 2)
other=$(craft image library/app:2 --seed 3)

# wrong "what" REGEX [LINE]: $T/list ends with 2, one line of the kind that REGEX is
wrong()
{
	rm -rf "$ROOT"
	sync_rc "$1" 2 -i "$T/list"
	expect_said "$1: the message" "^error: $T/list${3:+:$3}: $2"
	expect_eq "$1: once" 1 "$(grep -c "^error: $T/list" "$T/stderr")"
	! [ -e "$ROOT" ] || fail "$1: ROOT was made"
	! LC_ALL=C grep -q "$(printf '[\001-\010\016-\037\302]')" "$T/stderr" ||
		fail "$1: something unseen on the terminal"
}
# line "what" REGEX TEXT: TEXT is line 2 of a list that is fine otherwise
line()
{
	printf 'good:1\n%s\nalpine:3\n' "$3" >"$T/list"
	wrong "$1" "$2" 2
}

line "a no-break space" '"app:1<U\+00A0>platform=all": U\+00A0 \(no-break space\)' \
	"$(printf 'app:1\302\240platform=all')"
line "a zero width space" '"app<U\+200B>:1": remove U\+200B' "$(printf 'app\342\200\213:1')"
line "a mark of direction" '"<U\+202E>app:1": remove U\+202E' "$(printf '\342\200\256app:1')"
line "a second byte order mark" '"<U\+FEFF>app:1": remove U\+FEFF' "$(printf '\357\273\277app:1')"
line "a control of C1" 'byte 4 is the control character 0x85' "$(printf 'app\302\205:1')"
line "a dash of a word processor" '"app:1.2.alpine": U\+2013 \(a dash\) is not "-"' "$(printf 'app:1.2–alpine')"
line "its quotes" '.*remove the quotes' '“app:1”'
line "quotes" '"app:1": remove the quotes' '"app:1"'
line "a Cyrillic letter" '.*U\+0440 is none of the letters' 'aрp:1'
line "a comma" '"app:1,": remove the ","' 'app:1,'
line "a dash before it" '"-": remove it' '- app:1'
line "image:" '"image:" is how YAML' '  image: app:1'
line "a tag behind the digest" "the tag goes before the digest: write app:1@sha256:" "app@$one:1"
line "a code page" 'byte 9 is not UTF-8 \(0xfc\): save the list as UTF-8' "$(printf 'app:1 # f\374r uns' | sed 's/# f/#f/')"

printf 'app:1\r\ngood:1\r\n' | iconv -t UTF-16 >"$T/list"
wrong "UTF-16" 'it is UTF-16'
printf 'app:1\ngood:1\n' | iconv -t UTF-16BE >"$T/list"
wrong "UTF-16 without a mark" 'it is UTF-16'
printf 'app:1\n' | gzip >"$T/list"
wrong "gzip" 'it is compressed'
pick -n '["app:1", "good:1"]' >"$T/list"
wrong "JSON" 'this is JSON; a list has one image a line.*; "cdr list" may make one of it'
cat >"$T/list" <<'END'
# ours
apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
    - name: web
      image: "nginx:1.27"
END
wrong "Kubernetes" 'this is YAML, a Kubernetes manifest' 2
cat >"$T/list" <<'END'
services:
  web:
    image: nginx:1.27
    ports: ["80:80"]
END
wrong "compose" 'this is YAML, a compose file' 1
cat >"$T/list" <<'END'
version: 1
creds:
  - registry: docker.io
sync:
  - source: busybox:latest
    target: localhost:5000/library/busybox:latest
    type: image
END
wrong "regsync" 'this is YAML, a file of regsync' 2
cat >"$T/list" <<'END'
docker.io:
  images:
    busybox: []
    alpine:
      - "3.20"
END
wrong "skopeo" 'this is YAML; a list' 2

# Two lists, of which one is none: both are told.
printf 'Good:1\n' >"$T/other"
rm -rf "$ROOT"
sync_rc "two lists" 2 -i "$T/list" -i "$T/other"
expect_said "the other one as well" "^error: $T/other:1: .*lower case"

# What editors on Windows make of a list is one.
printf '\357\273\277default platform=linux/amd64\r\n\tapp:1\t\t# für “uns” – \302\240 ok\r\ngood:1' >"$T/list"
sync "from Windows" -i "$T/list"
expect_published "app:1" app:1 "$one"
expect_published "good:1" good:1 "$good"
! grep -q '^warning' "$T/stderr" || fail "a warning for nothing"

# Without an image.
printf '# app:1\n\n' >"$T/empty"
sync "an empty list beside another one" -i "$T/empty" -i "$T/list"
expect_said "it is named" "^warning: $T/empty: there is no image in this list"
printf 'default platform=all\n' | sync "on standard input" -i -
expect_said "it is named" '^warning: standard input: there is no image'

# One tag, and a digest.
lists() # TEXT...: a list each
{
	lists=
	_n=0
	for _text; do
		_n=$((_n + 1))
		printf %b "$_text" >"$T/list$_n"
		lists="$lists -i $T/list$_n"
	done
	rm -rf "$ROOT"
}
lists "app:1\napp:1@$one\ngood:1\n"
# shellcheck disable=SC2086 # words
sync "they agree" $lists
expect_published "app:1" app:1 "$one"
expect_said "it is one image" '^2 images: '
for texts in "app:1|app:1@$other" "app:1@$other|app:1"; do
	first=${texts%|*} second=${texts#*|}
	for shape in one two; do
		case $shape in
		one) lists "$first\n$second\ngood:1\n" ;;
		two) lists "$first\n" "good:1\n$second\n" ;;
		esac
		# shellcheck disable=SC2086 # words
		sync_rc "$texts, in $shape" 1 $lists
		expect_said "both lines are named" \
			"error: .*app:1: $T/list[12]:[12] pins it to $other, and $T/list[12]:[12] wants $one, where the tag points to"
		expect_published "neither is published" app:1 nothing
		expect_published "the other image is" good:1 "$good"
		tree_check "$ROOT"
	done
done
hub_mark
lists "app:1@$one\ngood:1\napp:1@$other\n"
# shellcheck disable=SC2086 # words
sync_rc "two digests" 1 $lists
expect_said "both lines are named" "error: .*app:1: $T/list1:1 pins it to $one, and $T/list1:3 wants $other: "
expect_published "neither is published" app:1 nothing
expect_published "the other image is" good:1 "$good"
expect_eq "nobody was asked for it" 0 "$(hub_count - - '/app/')"
# shellcheck disable=SC2086 # words
sync_rc "a plan" 1 $lists --plan
# What was published before stays as it is.
sync "before" app:1
# shellcheck disable=SC2086 # words
sync_rc "and then" 1 $lists
expect_published "it stays" app:1 "$one"
# Other keys that disagree stop all, as they did.
lists "app:1\napp:1@$one platform=linux/amd64\ngood:1\n"
# shellcheck disable=SC2086 # words
sync_rc "other keys" 2 $lists
expect_said "are told" "$T/list1:2: .*app:1.*: $T/list1:1 has it with a different platform="

#!/bin/sh
# "cdr ls" tells what an image is that is none, and by its options shows some of them only:
# of a kind, for a platform, signed, verified with a key, held, pinned, or unlisted; all
# that are given have to fit, beside the filters. --wide has columns for these, --json
# members, -q nothing but names, for xargs. The first column is as wide as its names. What
# the last run has said of another digest is not told of this one.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
. "$TOP/tests/unlist.sh"
need cdr python3 curl openssl
upstream
openssl genpkey -out "$T/team.key" -algorithm EC -pkeyopt ec_paramgen_curve:P-256 2>"$T/log"
openssl pkey -in "$T/team.key" -pubout -out "$T/team.pub" 2>"$T/log"
craft artifact library/chart:1 --config-type application/vnd.cncf.helm.config.v1+json >/dev/null
id=$(craft image library/app:1 --layers 1 --seed 1)
craft signature library/app --subject "$id" --form simple --key "$T/team.key" >/dev/null
craft image library/app:2 --layers 2 --shared 1 --seed 2 >/dev/null
twin=$(craft image library/twin:2 --layers 2 --shared 1 --seed 2)
craft artifact library/twin:sbom --artifact-type application/spdx+json --subject "$twin" >/dev/null
craft index library/many:1 --layers 1 --platforms linux/arm64,linux/arm/v7 >/dev/null
printf 'app:1 signed=%s\napp:2\ntwin:2 referrers=yes\nmany:1\nchart:1\n' "$T/team.pub" >"$T/list"
sync "the list" -i "$T/list"
check "held" "$CDR" rollback -r "$ROOT" app:2 -0
check "pinned" "$CDR" pin -r "$ROOT" many:1 app:2
listed_ago 20 chart:1
sync "a list without the chart" -q app:1 "signed=$T/team.pub" app:2 twin:2 referrers=yes many:1
export CDR_ROOT="$ROOT"
sig=app:sha256-${id#sha256:}.sig

# lists WANT OPTION...
lists()
{
	_want=$1
	shift
	check "ls $*" "$CDR" ls "$@" -q
	expect_eq "ls $*: these" "$_want" \
		"$(sed -n 's,^docker.io/library/\([^ ]*\)$,\1,p' "$T/stdout" | xargs)"
}

# --- which ------------------------------------------------------------------------------
lists "app:1 app:2 $sig chart:1 many:1 twin:2"
lists "chart:1" --kind chart
lists "$sig" --kind signature
lists "app:1 app:2 many:1 twin:2" --kind=image
lists "" --kind model
expect_said "it says that nothing fits" "^$ROOT: no image fits"
lists "many:1" --platform linux/arm/v7
lists "app:1 app:2 twin:2" --platform linux/amd64 --kind image
lists "app:1" --signed
lists "app:2 many:1 twin:2" --unsigned --kind image
lists "app:1" --verified
lists "app:2" --held
lists "app:2 many:1" --pinned
lists "app:2" --pinned app
lists "app:2" --pinned --held
lists "" --held twin
lists "chart:1" --unlisted

# --- columns ----------------------------------------------------------------------------
# row REGEX: one line is like that
row()
{
	expect_eq "a line: $1" 1 "$(grep -cE "^docker.io/library/$1$" "$T/stdout")"
}
published='20[0-9TZ:-]{18}'
check "ls" "$CDR" ls chart app:2 many
expect_eq "the first column is as wide as its names" 'IMAGE                      DIGEST ' \
	"$(head -n 1 "$T/stdout" | cut -c 1-34)"
row "chart:1  sha256:[0-9a-f]{12} +[0-9.]+ K?i?B  $published  -  chart"
row "app:2    sha256:[0-9a-f]{12} +[0-9.]+ [KM]iB  $published  linux/amd64  held  pinned"
! grep -q verified "$T/stdout" || fail "it has more than that"
check "ls --wide" "$CDR" ls -w
grep -qE '^IMAGE .* SIZE +OWN +PUBLISHED +KIND +SIGNATURE +STATE +PLATFORMS$' "$T/stdout" ||
	fail "that is not its head: $(head -n 1 "$T/stdout")"
row "chart:1 .* $published  chart +- +unlisted +-"
row "app:1 .*  $published  image +team[.]pub +- +linux/amd64"
row "app:2 .*  image +- +held,pinned  linux/amd64"
row "many:1 .*  image +- +pinned +linux/arm64,linux/arm/v7"
row "$sig .*  signature .*"
own=$(sed -nE 's,^docker.io/library/twin:2 +[^ ]+ +([0-9.]+ [KMi]*B) +([0-9.]+ [KMi]*B) .*,\2 of \1,p' \
	"$T/stdout")
case $own in
"0 B of "[1-9]*) ok "what it shares is not its own" ;;
*) fail "twin:2 shares all of its bytes, and its own are $own" ;;
esac

# In a narrow window digests and times are short, in a wide one and a file they are not.
for width in 80 130 200; do
	check "$width columns" python3 "$TOP/tests/terminal.py" -e NO_COLOR=1 $width "$CDR" ls -w app:2
	case $width in
	200) row "app:2  sha256:[0-9a-f]{12} .* $published .*" ;;
	*) grep -qE '^docker.io/library/app:2  [0-9a-f]{12}  .* 20[0-9]{2}-[0-9]{2}-[0-9]{2}  image' \
		"$T/stdout" || fail "$width columns: $(cat "$T/stdout")" ;;
	esac
done
check "80 columns are enough" python3 "$TOP/tests/terminal.py" -e NO_COLOR=1 80 "$CDR" ls chart twin
row "twin:2   [0-9a-f]{12}  .* 20[0-9]{2}-[0-9]{2}-[0-9]{2}  linux/amd64"

# --- for programs -----------------------------------------------------------------------
check "ls --json" "$CDR" ls --json
of()
{
	expect_eq "$1: $2" "$3" "$(pick 'i[member] for i in v if i.image == "docker.io/library/" + image' \
		"$T/stdout" image="$1" member="$2")"
}
of app:1 kind image
of app:1 signed true
of app:1 verified team.pub
of app:1 referrers null
of twin:2 referrers 1
of app:1 type null
of app:2 signed null
of app:2 held true
of app:2 pinned true
of chart:1 kind chart
of chart:1 type application/vnd.cncf.helm.config.v1+json
of app:1 last_listed null
[ "$(pick 'i.last_listed for i in v if "chart" in i.image' "$T/stdout")" != null ] ||
	fail "nothing says when the chart was listed last"
[ "$(pick 'i.own for i in v if "twin" in i.image' "$T/stdout")" -lt \
	"$(pick 'i.bytes for i in v if "twin" in i.image' "$T/stdout")" ] ||
	fail "what it shares is its own"
"$CDR" ls --unlisted -q | xargs "$CDR" rm >"$T/stdout" 2>"$T/stderr" || fail "xargs cdr rm: it failed"
lists "" --unlisted

# --- who names what is not here is told what is ------------------------------------------
has='; of this repository the tree has 1, 2$'
for words in "ls --history app" "rollback app" "pin app" "rm app" "export --plan app"; do
	# shellcheck disable=SC2086 # words
	expect_rc "cdr $words" 1 "$CDR" $words
	expect_said "it names the tags" "^error: docker.io/library/app:latest.*$has"
done
expect_rc "cdr save" 1 "$CDR" save app -o "$T/file"
expect_said "it names the tags" "app:latest: .*$has"
expect_rc "cdr verify" 2 "$CDR" verify twin:2 app
expect_said "it names the tags" "app:latest .*$has"
expect_rc "where there are none" 1 "$CDR" pin nothing
expect_said "nothing is said of any" 'library/nothing:latest: it is not here$'

# --- without what a run has left, and after a tag has moved ------------------------------
craft image library/app:1 --layers 1 --seed 7 >/dev/null
cp "$ROOT/status/images.json" "$T/images"
sync "the tag moves" -q app:1
cp "$T/images" "$ROOT/status/images.json"
lists "" --verified
rm -r "$ROOT/status"
check "no status is here" "$CDR" ls --wide app:2
row "app:2 .* - +$published  image +- +held,pinned  linux/amd64"
printf '{"version":1}\n' >"$T/broken"
mkdir "$ROOT/status"
cp "$T/broken" "$ROOT/status/images.json"
check "one that makes no sense is here" "$CDR" ls --wide app:2
row "app:2 .* - +$published  image +- +held,pinned  linux/amd64"

# --- what makes no sense ----------------------------------------------------------------
expect_rc "no such kind" 2 "$CDR" ls --kind images
expect_said "it says which there are" 'there is no kind "images"; there are: image chart '
expect_rc "all platforms" 2 "$CDR" ls --platform all
expect_rc "two platforms" 2 "$CDR" ls --platform linux/amd64,linux/arm64
expect_rc "no platform" 2 "$CDR" ls --platform amd64
expect_rc "the history of what is held" 2 "$CDR" ls --held --history app:1
expect_said "it says why" '--history is about one image'

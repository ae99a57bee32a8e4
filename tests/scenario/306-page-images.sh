#!/bin/sh
# images.json says of an image what its page needs beside its bytes. "kind" is the
# artifactType, or the type of the configuration, of what is no container image.
# "verified" names the key of signed= that has checked this very digest: not once the
# tag has moved without it, the list asks for none, or no list has the image. "held" and
# "last_listed" have their times. Who changes that without a run (rollback, its release,
# rm, gc) leaves the file right, and a run that changes nothing does not write it.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
. "$TOP/tests/unlist.sh"

need cdr python3 curl openssl
upstream
images=$T/root/status/images.json
for name in team other; do
	openssl genpkey -out "$T/$name.key" -algorithm EC \
		-pkeyopt ec_paramgen_curve:P-256 2>/dev/null
	openssl pkey -in "$T/$name.key" -pubout -out "$T/$name.pub" 2>/dev/null
done
# signed SEED: a new library/app:1, and its signature.
signed()
{
	id=$(craft image library/app:1 --layers 1 --seed "$1")
	craft signature library/app --subject "$id" --form simple --key "$T/team.key" >/dev/null
}
# row "what" IMAGE MEMBER WANT
row()
{
	expect_eq "$1: $3 of $2" "$4" "$(pick \
		'i[member] for i in v.images if i.image == "docker.io/library/" + image' \
		"$images" image="$2" member="$3")"
}
written()
{
	stat -c %i "$images"
}

# --- kinds --------------------------------------------------------------------------

craft artifact library/chart:1 --config-type application/vnd.cncf.helm.config.v1+json >/dev/null
craft artifact library/sbom:1 --artifact-type application/spdx+json >/dev/null
craft artifact library/odd:1 --config-type 'text/<b>\"&' >/dev/null
craft index library/wide:1 --layers 1 --size 200 >/dev/null
signed 1
one=$id
printf 'app:1 signed=%s\nchart:1\nsbom:1\nodd:1\nwide:1\n' "$T/team.pub" >"$T/list"
sync "the list" -i "$T/list"
row "a chart" chart:1 kind application/vnd.cncf.helm.config.v1+json
row "an artifact" sbom:1 kind application/spdx+json
row "an odd one" odd:1 kind 'text/<b>\"&'
row "an index" wide:1 kind null
row "an image" app:1 kind null
row "the key has checked it" app:1 verified team.pub
row "nobody asked" chart:1 verified null
row "not held" app:1 held null
row "listed" app:1 last_listed null

# --- verified -----------------------------------------------------------------------

at=$(written)
sync "nothing new" -q -i "$T/list"
expect_eq "it is not written anew" "$at" "$(written)"
sync "without signed=" app:1
row "the list asks for no key" app:1 verified null
sync "with it again" -i "$T/list"
row "no byte has come" app:1 verified team.pub
craft image library/app:1 --layers 1 --seed 2 >/dev/null
sync_rc "the next one has no signature" 1 -i "$T/list"
row "what is served has one" app:1 digest "$one"
row "what is served has one" app:1 verified team.pub
mkdir "$T/its"
cp "$T/other.pub" "$T/its/team.pub"
printf 'app:1 signed=%s\n' "$T/its/team.pub" >"$T/list.same"
sync_rc "another key whose file has that name" 1 -i "$T/list.same"
row "that has not checked what is served" app:1 verified null
sync "without signed=, it moves" app:1
row "it has moved" app:1 verified null
signed 3
three=$id
sync "the third has one" -i "$T/list"
row "the third" app:1 verified team.pub
printf 'app:1 signed=%s\n' "$T/other.pub" >"$T/list.other"
sync_rc "another key" 1 -i "$T/list.other"
row "that has not checked it" app:1 verified null
sync "the list" -q -i "$T/list"
printf 'app:1 signed=%s\nwide:1\n' "$T/team.pub" >"$T/two"
sync "some of it" -q --only wide:1 -i "$T/two"
row "which tells nothing of the others" app:1 verified team.pub

# --- held ---------------------------------------------------------------------------

check "rolled back" "$CDR" rollback -r "$ROOT" app:1 "$one"
row "after rollback" app:1 digest "$one"
row "what another digest had is not its own" app:1 verified null
expect_eq "it has the time of the hold" "$(cut -d ' ' -f 1 "$ROOT/repos/docker.io/library/app/_held/1")" \
	"$(pick 'i.held for i in v.images if i.image.endswith("/app:1")' "$images")"
row "a run keeps that" wide:1 held null
sync "a run beside it" -q -i "$T/list"
[ "$(pick 'i.held for i in v.images if i.image.endswith("/app:1")' "$images")" != null ] ||
	fail "the run has lost the hold"
check "released" "$CDR" rollback -r "$ROOT" --release app:1
row "after the release" app:1 held null
sync "and on" -q -i "$T/list"
row "it moves again" app:1 digest "$three"
row "it moves again" app:1 verified team.pub
: >"$ROOT/repos/docker.io/library/app/_held/1"
sync_rc "a hold that nobody can read" 1 -q -i "$T/list"
row "since when is not known" app:1 held true
rm "$ROOT/repos/docker.io/library/app/_held/1"

# --- listed -------------------------------------------------------------------------

sync "the list" -q -i "$T/list"
listed_ago 20 app:1 sbom:1
before=$(pick 'i.last_listed for i in v.images if i.image.endswith("/app:1")' \
	"$ROOT/status/status.json")
sync "a list without them" -q chart:1 odd:1 wide:1
row "it has left" app:1 last_listed "$before"
row "no list asks for a key" app:1 verified null
row "of the others nothing is said" chart:1 last_listed null
check "one goes" "$CDR" rm -r "$ROOT" sbom:1
expect_eq "its row goes" "" "$(pick 'i.image for i in v.images if "sbom" in i.image' "$images")"
row "the others stay as they are" app:1 last_listed "$before"
sync "it is listed again" -q -i "$T/list"
row "it is listed again" app:1 last_listed null
row "it is listed again" app:1 verified team.pub

# --- an older file, a lost one -------------------------------------------------------

# What a program wrote that told no kinds.
for file in images blobs; do
	sed '1s/"form":2,//; s/"kind":"[^"]*",//' "$ROOT/status/$file.json" >"$T/older"
	rm "$ROOT/status/$file.json"
	cp "$T/older" "$ROOT/status/$file.json"
done
sync "after an older program" -q -i "$T/list"
row "a kind" sbom:1 kind application/spdx+json
row "a key" app:1 verified team.pub
rm "$images"
sync "images.json is lost" -q -i "$T/list"
row "it comes back" app:1 verified team.pub
rm "$ROOT/status/status.json"
check "something else writes" "$CDR" pin -r "$ROOT" app:1
row "nobody knows who checked it" app:1 verified null
sync "a run" -q -i "$T/list"
row "does" app:1 verified team.pub
tree_check "$ROOT"

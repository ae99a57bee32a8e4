#!/bin/sh
# Who writes a manifest or asks the mirror for something does not write the list: line
# feeds and control characters in strings, NUL bytes, references that climb, words that
# look like keys. Aliases without end, depth, texts of megabytes and a list of a million
# lines end soon and in bounded memory. An access log, where any pod can write, gives
# comments alone.
. "$(dirname "$0")/../lib.sh"

need cdr python3
cd "$T"

# bad "what" REGEX: out of the source "x" comes nothing but comments
bad()
{
	rc=0
	"$CDR" list x >stdout 2>stderr || rc=$?
	[ $rc -eq 1 ] || [ $rc -eq 2 ] || fail "$1: exit $rc"
	grep -Eq "$2" stderr || fail "$1: $(head -c 500 stderr)"
	! grep -v '^# ' stdout || fail "$1: it is in the list"
	! LC_ALL=C grep -q '[[:cntrl:]]' stdout stderr || fail "$1: control characters"
	ok "$1"
}
pod() # IMAGE, as YAML has it
{
	printf 'apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - image: %s\n' "$1" >x
}

pod '"a:1\nevil:1"'
bad "a line feed in a reference" 'x:5: '
pod '"a:1\0evil"'
bad "a NUL" 'x:5: '
pod '"\e[31ma:1"'
bad "a control character" 'x:5: '
pod '"a:1\u2028evil:1"'
bad "another end of a line" 'x:5: '
pod '../../etc/passwd'
bad "a path that climbs" 'x:5: '
pod 'a/../../b:1'
bad "in the middle as well" 'x:5: '
pod '"a:1 keep=100"'
bad "a key in a reference" 'x:5: '
pod "$(python3 -c 'print("a" * (8 << 20))')"
bad "a reference of megabytes" 'x:5: an image of more than 4096 bytes'
pod '{a: b}'
bad "no text" 'x:5: a container.s image that is no text'

python3 - <<'END'
with open("x", "w") as f:
	f.write("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i in range(1, 30):
		f.write(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n")
	f.write("services: {a: {image: nginx}}\n")
END
bad "aliases without end" 'x: line [0-9]+: more than [0-9]+ values'
echo 'a: &a [*a]' >x
bad "an alias in itself" 'an alias of what is not there'
python3 -c 'print("[" * 1000000)' >x
bad "depth" 'deeper than 128 levels'
python3 -c 'print("- " * 1000000)' >x
bad "depth without brackets" 'deeper than 128 levels'
python3 -c 'print("services:", "{a: " * 126 + "b" + "}" * 126)' >x
"$CDR" list x >stdout 2>stderr || fail "as deep as may be: $(cat stderr)"
ok "as deep as may be"
printf 'a:1\n' | iconv -t UTF-16 >x
bad "UTF-16" 'it is UTF-16.*: save it as UTF-8'
head -c 100000 /dev/urandom >x
bad "bytes" '^error: x: '
printf 'services:\n  a: {image: \000nginx}\n' >x
bad "a NUL byte in YAML" 'x: line 2: not valid YAML'
printf 'services:\n  a: {image: \377nginx}\n' >x
bad "what is no UTF-8" 'x: line 2: not valid YAML'
mkfifo pipe.yaml && mkdir folder && mv pipe.yaml folder
echo 'services: {a: {image: nginx}}' >folder/a.yml
check "a pipe in a folder is not waited for" timeout 10 "$CDR" list folder

# One line is bad, and the others are not.
printf 'a:1\nb\000:1\n../c\n\033[1md:1\ne:1\n%5000s\nf:1\n' x >x
expect_rc "a list with bad lines" 1 "$CDR" list x
expect_eq "has the good ones" "a:1 e:1 f:1" "$(grep -v '^#' stdout | paste -s -d ' ')"
expect_said "a NUL byte is told" '^warning: x:2: a NUL byte'
cp x "$(printf 'n\nevil:1')"
expect_rc "the name of a file" 1 "$CDR" list "$(printf 'n\nevil:1')"
expect_eq "cannot either" "a:1 e:1 f:1" "$(grep -v '^#' stdout | paste -s -d ' ')"

# A pod that hides others: what JSON may have, and YAML may not.
printf '{"apiVersion": "v1", "kind": "List", "items": [
{"apiVersion": "v1", "kind": "Pod", "metadata": {"annotations": {"a": "\\ud83d\177\xc2\x80", "a": 1}},
 "spec": {"containers": [{"image": "a:1"}]}},
{"apiVersion": "v1", "kind": "Pod", "spec": {"containers": [{"image": "b:1"}]}}]}' >x
expect_rc "odd JSON in a pod" 1 "$CDR" list x
expect_eq "hides no other" "a:1 b:1" "$(grep -v '^#' stdout | paste -s -d ' ')"

# --- a log -----------------------------------------------------------------------------

python3 - <<'END'
import json
def line(f, repository, reference, status=404, kind="manifest"):
	f.write(json.dumps({"kind": kind, "registry": "docker.io", "repository": repository,
		"reference": reference, "status": status}) + "\n")
with open("x", "w") as f:
	for _ in range(3):
		line(f, "library/wanted", "1")
	line(f, "library/there", "1", 200)
	line(f, "library/layer", "sha256:" + "a" * 64, kind="blob")
	line(f, "a\nevil", "1")
	line(f, "library/a", "1\nevil:1")
	line(f, "../../a", "1")
	for i in range(12000):
		line(f, "library/flood", f"t{i}")
	f.write('{"half')
END
check "a log" "$CDR" list x
expect_eq "gives no image" "" "$(grep -v '^#' stdout)"
expect_said "but says what was asked for" \
	'^# asked for and not found: docker.io/library/wanted:1 \(3\)$'
expect_said "and how much more" '^# asked for and not found: others \(2001\)$'
expect_eq "in so many lines" 10001 "$(wc -l <stdout)"
! grep -q 'evil\|there\|layer\|half' stdout || fail "too much of it"

# --- a million lines ---------------------------------------------------------------------

python3 -c 'for i in range(1000001, 0, -1): print(f"r.example/a{i % 1000}/b:{i}")' >x
expect_rc "a million lines, and one more" 1 timeout 60 "$CDR" list x
expect_said "are a million, and that is told" '^warning: x:1000001: more than 1000000 images$'
expect_eq "no more" 1000001 "$(wc -l <stdout)"
grep -v '^#' stdout >out
check "in order" env LC_ALL=C sort -c out

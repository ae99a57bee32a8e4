#!/bin/sh
# cdr list -i LIST goes on from a list: what it says about an image stays, and so does
# what is in it alone; what sources add comes without keys. Sources that disagree are
# told, and the first one holds. What could not be taken over is named with file and
# line, on standard error and in a comment, and the exit code is 1; the rest is printed.
. "$(dirname "$0")/../lib.sh"

need cdr

# list RC "what" ARG...: what it prints is in the file "out"
list()
{
	_rc=$1 _what=$2
	shift 2
	expect_rc "$_what" "$_rc" "$CDR" list "$@"
	cp "$T/stdout" "$T/out"
	cp "$T/stderr" "$T/err"
}
A=sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
B=sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb
cd "$T"
cat >kept <<END
# ours
default platform=linux/amd64
docker.io/library/nginx:1.27 keep=3
old:1
ghcr.io/org/app tags=semver:>=1 newest=2
pinned:1@$A
END
cat >app.yaml <<END
apiVersion: v1
kind: Pod
spec:
  containers:
  - image: nginx:1.27
  - image: new:1
  - image: pinned:1
  - image: pinned:1@$B
END
list 0 "a list, and a manifest" -i kept app.yaml
cat >want <<END
new:1
docker.io/library/nginx:1.27 keep=3 platform=linux/amd64
old:1 platform=linux/amd64
pinned:1@$A platform=linux/amd64
pinned@$B
ghcr.io/org/app newest=2 platform=linux/amd64 tags=semver:>=1
END
check "are one list" cmp want out
cp want kept
list 0 "and again" --images kept app.yaml
check "it is the same" cmp want out
list 0 "from standard input as well" -i - app.yaml <kept
check "it is the same" cmp want out
{ printf '\357\273\277'; cat want; } >kept
list 0 "with a byte order mark" -i kept app.yaml
check "it is the same" cmp want out

echo 'a:1 keep=2' >one
echo 'a:1 keep=3' >two
echo 'a:1' >three
list 1 "sources that disagree" three one two
expect_said "are told" '^warning: two:1: a:1: "keep=3" here, "keep=2" in one:1: that holds$'
expect_eq "the first that says anything holds" "a:1 keep=2" "$(grep -v '^#' out)"
echo 'a:1 keep=9' >kept
list 0 "the kept list says it" -i kept one two
expect_eq "and holds" "a:1 keep=9" "$(cat out)"

# --- what cannot be taken over -------------------------------------------------------

cat >app.yaml <<'END'
apiVersion: v1
kind: Pod
spec:
  containers:
  - image: good:1
  - image: Bad:1
  - image: "${IMAGE}"
---
apiVersion: example.org/v1
kind: Thing
spec:
  image: ubuntu
---
other: kind
---
broken: [
END
list 1 "some is bad" app.yaml
cat >want <<'END'
# app.yaml:6: repository "library/Bad": repository names are lower case
# app.yaml:7: repository "library/${IMAGE}": repository names are lower case
# app.yaml:12: "ubuntu" may be an image, or a part of one
# app.yaml:17: not valid YAML: did not find expected node content: the rest is left out
# app.yaml:14: a document of another kind (of such there are 1)
good:1
END
check "the rest is printed, and each is named in a comment" cmp want out
sed -n 's/^# /warning: /p' want >said
check "and told" cmp said err

echo 'a b' >kept
list 2 "a list that is wrong" -i kept one
expect_said "is told" '^error: kept:1: '
expect_eq "and nothing is printed" "" "$(cat out)"
list 2 "a list that is not there" -i none one

#!/bin/sh
# cdr list makes an image list out of what people have: Kubernetes manifests and what
# kubectl prints, compose files, what crictl prints, text, a folder of files, an OCI
# layout, a tree. What it is it sees by what is in it, whatever its name. What comes out
# is sorted, has each image once, and a sync takes it as it is; the tree that this makes
# gives the same list.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

need cdr python3 curl
upstream
for name in web:1 init:1 data:2 tool:3; do
	craft image "library/$name" --layers 1 --seed "$name" >/dev/null
done
digest=$(craft image library/pinned:1 --layers 1 --seed pinned)

mkdir "$T/in"
cat >"$T/in/app.yaml" <<END
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: app
spec:
  template:
    spec:
      initContainers:
      - image: init:1
      containers:
      - image: web:1
      volumes:
      - name: data
        image:
          reference: data:2
---
apiVersion: example.org/v1
kind: Thing
spec:
  image: docker.io/library/pinned@$digest
END
cat >"$T/in/pods.json" <<'END'
{"apiVersion": "v1", "kind": "List", "items": [
	{"apiVersion": "v1", "kind": "Pod", "metadata": {"annotations": {"image": "x:1"}},
	 "spec": {"containers": [{"image": "docker.io/library/web:1"}],
		  "ephemeralContainers": [{"image": "tool:3"}]},
	 "status": {"containerStatuses": [{"image": "docker.io/library/seen:1"}]}}]}
END
echo 'no: source' >"$T/in/notes.txt"

list()
{
	# shellcheck disable=SC2016 # for the inner shell
	check "$1" sh -c 'out=$1; shift; "$@" >"$out"' - "$T/list" "$CDR" list "$2"
}
list "a folder" "$T/in"
cat >"$T/want" <<END
data:2
init:1
docker.io/library/pinned@$digest
tool:3
docker.io/library/web:1
END
check "has the images of its files, each once, in order" cmp "$T/want" "$T/list"
expect_eq "and nothing is said" "" "$(cat "$T/stderr")"

sync "a sync takes it" -i "$T/list"
tree_check "$ROOT"
expect_published "the digest alone has no tag" pinned:1 nothing
list "the tree" "$ROOT"
sed 's/^\([a-z]*:\)/docker.io\/library\/\1/' "$T/want" >"$T/full"
check "has the same images" cmp "$T/full" "$T/list"

echo 'no: source' >"$T/in/values.yaml"
expect_rc "another file in it" 1 "$CDR" list "$T/in"
expect_said "is named" "^# $T/in/values.yaml: it is none of these: "
expect_eq "and the others are read" "$(cat "$T/want")" "$(grep -v '^#' "$T/stdout")"
rm "$T/in/values.yaml"

# --- the other forms, by what is in them ---------------------------------------------

said() # "what" WANT: what $T/x is
{
	list "$1" "$T/x"
	expect_eq "has these images" "$2" "$(paste -s -d ' ' "$T/list")"
}
printf 'docker.io/rancher/a:v1\r\n\n# of k3s\nregistry.k8s.io/pause:3.9\n' >"$T/x"
said "text" 'docker.io/rancher/a:v1 registry.k8s.io/pause:3.9'
cat >"$T/x" <<'END'
x-base: &base
  image: redis:7
services:
  one: *base
  two:
    <<: *base
    image: postgres:16
  three:
    build: .
END
said "a compose file" 'postgres:16 redis:7'
cat >"$T/x" <<END
{"images": [{"id": "sha256:1", "repoTags": ["quay.io/a/b:1"], "repoDigests": []},
	{"id": "sha256:2", "repoTags": [], "repoDigests": ["quay.io/a/c@$digest"]}]}
END
said "what crictl prints" "quay.io/a/b:1 quay.io/a/c@$digest"
# As Windows has it.
{ printf '\357\273\277'; sed 's/$/\r/' "$T/in/app.yaml"; } >"$T/x"
said "a manifest of Windows" "data:2 init:1 docker.io/library/pinned@$digest web:1"

# shellcheck disable=SC2016 # for the inner shell
check "standard input" sh -c '"$1" list - <"$2"' - "$CDR" "$T/in/pods.json"
expect_eq "is one, too" "tool:3 docker.io/library/web:1" "$(paste -s -d ' ' "$T/stdout")"
check "and several sources" "$CDR" list "$T/in/pods.json" "$T/in/app.yaml"
expect_eq "are one list" "$(cat "$T/want")" "$(cat "$T/stdout")"

# shellcheck disable=SC2016 # for the inner shell
expect_rc "a full disk" 3 sh -c '"$1" list "$2" >/dev/full' - "$CDR" "$T/in/app.yaml"
expect_said "is told" '^error: standard output cannot be written'

# --- what makes no sense ---------------------------------------------------------------

refused() # "what" REGEX
{
	expect_rc "$1" 2 "$CDR" list "$T/in/app.yaml" "$T/x"
	expect_said "is refused" "^error: .*$2"
	expect_eq "and nothing is printed" "" "$(cat "$T/stdout")"
}
: >"$T/x"
refused "an empty file" 'there is nothing in it'
echo 'a page of text, and no list' >"$T/x"
refused "prose" 'it is none of these: a list, a Kubernetes manifest'
echo '{"a": 1}' >"$T/x"
refused "other JSON" 'it is none of these'
printf '{{ if .Values.x }}\nimage: a:1\n' >"$T/x"
refused "a template" 'a chart has to be rendered first'
printf 'a:1\n' | gzip -n >"$T/x"
refused "what is compressed" 'unpack it first'
truncate -s 300M "$T/x"
refused "what is far too large" "$T/x: "
rm "$T/x"
refused "nothing" 'no such file'
mkdir "$T/x"
refused "an empty folder" 'no file \*\.yaml, \*\.yml or \*\.json'
expect_rc "no source" 2 "$CDR" list
expect_rc "an option that is none" 2 "$CDR" list --what
check "--help" "$CDR" list --help

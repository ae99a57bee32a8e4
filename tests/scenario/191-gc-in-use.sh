#!/bin/sh
# What --in-use names stays, though no list has it: by reference, by the digest of an
# index or of one platform's manifest, or by an image ID, which is the digest of a
# configuration; as lines, or as kubectl prints pods. What cannot be understood there
# is an error, and nothing is touched: a list that is cut short, an ID that is, none.
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
. "$TOP/tests/unlist.sh"

need cdr python3 curl
upstream
by_tag=by-tag:1
for app in by-tag by-id by-digest gone moved; do
	craft image library/$app:1 --layers 1 --seed $app --json >"$T/$app.json"
done
craft index library/index:1 --platforms linux/amd64,linux/arm64 --layers 1 --json >"$T/index.json"
id=$(pick 'o.digest for o in v if "config" in o.mediaType' "$T/by-id.json")
digest=$(pick 'v[-1].digest' "$T/by-digest.json")
child=$(pick 'o.digest for o in v if o.mediaType.endswith("image.manifest.v1+json")' \
	"$T/index.json" | sed -n 1p)
was=$(pick 'v[-1].digest' "$T/moved.json")
sync "images" $by_tag by-id:1 by-digest:1 gone:1 index:1 moved:1
craft image library/moved:1 --layers 1 --seed moved2 >/dev/null
sync "one has moved" moved:1
craft image library/moved:1 --layers 1 --seed moved3 >/dev/null
sync "twice, and is all that is listed" moved:1 keep=0
listed_ago 40 $by_tag by-id:1 by-digest:1 gone:1 index:1

cat >"$T/in-use" <<EOF
# pods of all nodes
mirror.local:5000/library/$by_tag
docker://$id
docker-pullable://by-digest@$digest
${child#sha256:}   # as crictl prints it
moved@$was
EOF
gc "what is in use" --keep-unlisted 30d --grace 0 --in-use "$T/in-use" --max-delete 100%
expect_images "stays" "by-digest:1 by-id:1 by-tag:1 index:1 moved:1"
here "$was" || fail "what runs and was moved from is not here"
tree_check "$ROOT"

cat >"$T/pods.json" <<EOF
{"apiVersion": "v1", "kind": "List", "items": [
 {"kind": "Pod", "spec": {"containers": [{"image": "$by_tag"}],
  "initContainers": [{"image": "by-id@sha256:$(printf %064d 0)"}]},
  "status": {"containerStatuses": [{"image": "x/y:1", "imageID": "docker.io/library/moved@$was"}],
   "initContainerStatuses": [{"image": "$id", "imageID": "$id"}]}},
 {"kind": "CronJob", "spec": {"jobTemplate": {"spec": {"template": {"spec":
  {"containers": [{"image": "index:1"}]}}}}}}],
 "metadata": {"resourceVersion": ""}}
EOF
refused "a list that is cut short" 'pods.short: ' --keep-unlisted 30d --grace 0 \
	--in-use "$(head -c 500 "$T/pods.json" >"$T/pods.short"; echo "$T/pods.short")"
echo 4bcff63911fc >"$T/ids"
refused "an ID that is cut short" 'ids: line 1: .*cut short' --keep-unlisted 30d --grace 0 \
	--in-use "$T/in-use" --in-use "$T/ids"
refused "what names nothing" '/dev/null: it names nothing' --keep-unlisted 30d --grace 0 \
	--in-use "$T/in-use" --in-use /dev/null
refused "what is not there" 'no such file' --keep-unlisted 30d --in-use "$T/none"
refused "another format" 'yaml: line' --keep-unlisted 30d --in-use \
	"$(printf 'kind: Pod\nspec:\n  image: a\n' >"$T/yaml"; echo "$T/yaml")"
gc "pods, on standard input" --keep-unlisted 30d --grace 0 --in-use - --max-delete 100% \
	<"$T/pods.json"
expect_images "one of them runs nowhere" "by-id:1 by-tag:1 index:1 moved:1"
tree_check "$ROOT"
gc "nobody runs anything" --keep-unlisted 30d --grace 0 --max-delete 100%
expect_images "only what is listed stays" "moved:1"
here "$was" && fail "what moved:1 was is here"
tree_check "$ROOT"

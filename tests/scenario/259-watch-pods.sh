#!/bin/sh
# The component watch of Kubernetes: a Deployment in place of the CronJob, with an nginx
# for hooks beside it, which keeps our rules and Kubernetes' types. What its containers
# run, with the folders that they are given here, mirrors the list, takes a hook with
# its secret from outside, and follows the ConfigMap when that changes.
# Waits: for images that settle
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"
. "$TOP/tests/watch.sh"
# shellcheck source=tests/k8s/render.sh
. "$TOP/tests/k8s/render.sh"
# shellcheck source=tests/k8s/models.sh
. "$TOP/tests/k8s/models.sh"

need cdr python3 python3-yaml curl nginx newer/kustomize node?
k8s_with watch watch gc monitoring
k8s_render watch
check "it keeps our rules" python3 "$TOP/tests/k8s/rules.py" "$T/watch.yaml"
if part "Kubernetes' types" node && models_ready; then
	mkdir "$T/types"
	python3 "$TOP/tests/k8s/manifest_types.py" "watch=$T/watch.yaml" >"$T/types/manifests.mts"
	check "all is of Kubernetes' types" models_check "$T/types/manifests.mts"
fi
python3 - "$T/watch.yaml" "$T" <<'END'
import json, os, sys, yaml
objects = [o for o in yaml.safe_load_all(open(sys.argv[1])) if o]
out = sys.argv[2]
assert not [o for o in objects if o["kind"] == "CronJob" and o["metadata"]["name"] == "cdr-sync"]
pod = next(o for o in objects if o["metadata"]["name"] == "cdr-watch" and
           o["kind"] == "Deployment")["spec"]["template"]["spec"]
maps = {o["metadata"]["name"]: o["data"] for o in objects if o["kind"] == "ConfigMap"}
volumes = {v["name"]: v for v in pod["volumes"]}
boxes = {b["name"]: b for b in pod["containers"]}
def where(box, path):
    for mount in boxes[box]["volumeMounts"]:
        if mount["mountPath"] == path:
            return volumes[mount["name"]]
config = maps[where("cdr", "/etc/cdr")["configMap"]["name"]]
assert "images.list" in config and "registries.json" in config
nginx = maps[where("hooks", "/etc/cdr")["configMap"]["name"]]
os.mkdir(out + "/etc-nginx")
for name, text in nginx.items():
    with open(f"{out}/etc-nginx/{name}", "w") as file:
        file.write(text)
assert where("cdr", "/run/cdr") is where("hooks", "/run/cdr")
assert where("cdr", "/etc/cdr-hooks")["secret"]["secretName"] == "cdr-hooks"
service = next(o for o in objects if o["kind"] == "Service" and o["metadata"]["name"] == "cdr-hooks")
assert service["spec"]["ports"][0]["targetPort"] == boxes["hooks"]["ports"][0]["name"]
with open(out + "/args", "w") as file:
    file.write("\n".join(boxes["cdr"]["args"]) + "\n")
with open(out + "/nginx-command", "w") as file:
    file.write(boxes["hooks"]["command"][2])
END
ok "there is no sync by a CronJob, and both containers have what they need"

# --- what they run -----------------------------------------------------------------

upstream
craft image library/app:1 --layers 1 --seed 1 >/dev/null
craft image library/app:2 --layers 1 --seed 2 >/dev/null
mkdir -p "$T/config/..1" "$T/hooks" "$T/run"
echo app:1 >"$T/config/..1/images.list"
ln -s ..1 "$T/config/..data"
ln -s ..data/images.list "$T/config/images.list"
echo '{"ci": {"bearer_file": "ci.token"}}' >"$T/hooks/hooks.json"
echo a-token-of-thirty-two-characters >"$T/hooks/ci.token"

# here: the folders of the pod, as they are here
port=$(free_port)
here()
{
	sed "s,/etc/cdr-hooks,$T/hooks,g; s,/etc/cdr/images.list,$T/config/images.list,g
		s,/etc/cdr/\(hooks\.conf\|cdr-run\.sh\),$T/etc-nginx/\1,g; s, 5001 , $port ,; s,/run/cdr,$T/run,g"
}
sed -i "s,/run/cdr,$T/run,; s,listen 5001,listen 127.0.0.1:$port," "$T/etc-nginx/cdr-hooks.conf"
set -- --settle=1
while read -r word; do
	set -- "$@" "$(printf %s "$word" | here)"
done <"$T/args"
shift
[ "$1" = watch ] || fail "the container does not run watch, but $1"
shift
watch "$@" --log=text --settle=1
ran "the list" 1
chmod 666 "$T/run/hook.sock"
here <"$T/nginx-command" >"$T/nginx.sh"
sh "$T/nginx.sh" >"$T/nginx.log" 2>&1 &
nginx=$!
# The second time it does not wait until nobody sends anything here any more.
defer "kill $nginx; sleep 0.5; process_end $nginx"
post()
{
	_status=$(curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $1" \
		-d '{"image": "docker.io/library/app:1"}' "http://127.0.0.1:$port/hook/ci") || :
	[ "$_status" = "$2" ]
}
new=$(craft image library/app:1 --layers 1 --seed 3)
soon "a wrong secret" post wrong 401
soon "the right one" post a-token-of-thirty-two-characters 202
ran "has the image looked at" 2
expect_published "it is there" app:1 "$new"

mkdir "$T/config/..2"
printf 'app:1\napp:2\n' >"$T/config/..2/images.list"
ln -s ..2 "$T/config/..data_tmp"
mv -T "$T/config/..data_tmp" "$T/config/..data"
ran "the ConfigMap has changed" 3
expect_eq "and what is new is there" 1 "$(published app:2 | grep -c '^sha256')"
kill -TERM "$WATCH_PID"
watch_ends "told to stop" 0
soon "senders hear to come again" post a-token-of-thirty-two-characters 503

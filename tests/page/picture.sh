#!/bin/sh
# Makes tests/page/page.png, the picture of the page in README.md, anew: images with
# the names of real ones, made up, in seven runs of the program; nginx; Chromium.
# Needs what tests/scenario/46-page.sh needs, and a font: Debian's fonts-inter. With
# pngquant the file is a third of the size.
#
#	sh tests/page/picture.sh [FILE]
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/sync.sh"

picture=$TOP/tests/page/page.png
case ${1-} in
'') ;;
/*) picture=$1 ;;
*) picture=$PWD/$1 ;;
esac
CHROMIUM=$(command -v chromium) || fail "no chromium here"
need node nginx python3 docker-registry
[ -n "$(fc-list Inter)" ] || fail "no font Inter here: apt-get install fonts-inter"
PAGE_MODULES=$TOP/build/cache/page
export CHROMIUM PAGE_MODULES

upstream
start_hub --rate-limit 200
jq --arg at "http://$UPSTREAM" '. + (["ghcr.io", "quay.io", "registry.k8s.io"] |
	map({(.): {endpoint: $at}}) | add)' "$CDR_REGISTRIES" >"$T/all.json"
CDR_REGISTRIES=$T/all.json
openssl genpkey -quiet -algorithm ed25519 -out "$T/key" 2>/dev/null

# What is on the list: the run that brings it, registry, name, layers, KiB of each.
cat >"$T/images" <<'END'
1 docker.io library/alpine:3.20 1 3700
1 docker.io library/alpine:3.21 1 3560
1 docker.io library/nginx:1.27 7 4100
1 docker.io library/postgres:16.9 8 7300
1 registry.k8s.io coredns/coredns:v1.11.3 3 4100
1 registry.k8s.io pause:3.10 1 320
2 docker.io library/nginx:1.28 7 4150
2 docker.io library/redis:7.4 6 6400
2 docker.io rancher/local-path-provisioner:v0.0.31 3 5600
2 quay.io prometheus/prometheus:v3.4.1 6 9300
3 docker.io library/postgres:17.5 8 7400
3 ghcr.io fluxcd/source-controller:v1.5.0 4 7700
3 registry.k8s.io metrics-server/metrics-server:v0.7.2 2 9600
4 docker.io grafana/grafana:12.0.1 8 8800
4 ghcr.io fluxcd/source-controller:v1.6.1 4 7900
4 quay.io jetstack/cert-manager-controller:v1.17.2 2 9900
5 ghcr.io kube-vip/kube-vip:v0.9.2 1 15800
5 quay.io cilium/cilium:v1.17.4 6 13300
5 registry.k8s.io coredns/coredns:v1.12.1 3 4300
6 docker.io library/alpine:3.22 1 3630
6 docker.io library/redis:8.0 6 6900
6 quay.io jetstack/cert-manager-controller:v1.18.1 2 10100
6 registry.k8s.io metrics-server/metrics-server:v0.8.0 2 9800
7 docker.io library/nginx:1.29 7 4180
7 quay.io cilium/cilium:v1.17.5 6 13350
7 quay.io prometheus/prometheus:v3.5.0 6 9500
END

echo 'default platform=linux/amd64,linux/arm64 referrers=yes' >"$T/list"
for run in 1 2 3 4 5 6 7; do
	while read -r when registry name layers size; do
		[ "$when" -eq $run ] || continue
		digest=$(craft index "$name" --layers "$layers" --size $((size * 1024)) \
			--seed "${name%:*}" --shared 1)
		case $registry in
		ghcr.io | quay.io)
			craft signature "${name%:*}" --subject "$digest" --key "$T/key" >/dev/null ;;
		esac
		echo "$registry/$name" >>"$T/list"
	done <"$T/images"
	sync "run $run" -i "$T/list"
	sleep 1
done

# As if they had been made over two months; the last one has just ended.
python3 - "$ROOT/status" "$T/images" <<'END'
import datetime, json, os, sys

status, images = sys.argv[1:]
now = datetime.datetime.now(datetime.timezone.utc)
when = [now - datetime.timedelta(days=days, minutes=4) for days in (61, 52, 44, 31, 19, 9, 0)]
when = [time.strftime("%Y-%m-%dT%H:%M:%SZ") for time in when]
runs = {f"{registry}/{name}": int(run) for run, registry, name, *_ in map(str.split, open(images))}


def change(name, act):
    with open(f"{status}/{name}") as file:
        value = json.load(file)
    act(value)
    with open(f"{status}/{name}.new", "w") as file:
        json.dump(value, file)
    os.rename(f"{status}/{name}.new", f"{status}/{name}")


def images_(value):
    for row in value["images"]:
        row["published"] = when[runs.get(row["image"], 1) - 1]


def history(value):
    for point, time in zip(value["points"], when):
        point["time"] = time


change("images.json", images_)
change("history.json", history)
change("summary.json", lambda value: value.update(finished=when[-1]))
END

start_nginx "$ROOT"
check "the picture" node "$TOP/tests/page/picture.mjs" "$MIRROR" "$T/page.png"
if command -v pngquant >/dev/null; then
	check "fewer colours" pngquant --force --skip-if-larger --output "$T/page.png" 64 "$T/page.png"
fi
cp "$T/page.png" "$picture"
echo "$picture: $(wc -c <"$picture") bytes"

#!/bin/sh
# The overlay monitoring: Prometheus' own promtool accepts the alerts and what cdr
# writes; each alert fires when it should, and none when all is well; alerts and
# dashboard ask only for what cdr really writes.
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/k8s/render.sh
. "$TOP/tests/k8s/render.sh"

need cdr python3 python3-yaml jq newer/promtool newer/kustomize
k8s_render monitoring

# What cdr watch has told, which the run's metrics repeat.
mkdir -p "$T/root"
"$CDR" sync -q -r "$T/root" -i /dev/null
echo '{"started":"2026-11-20T00:00:00Z","every":1800,"hooks":{"taken":1,"denied":2}}' \
	>"$T/root/status/watch.json"
# Nothing listens at this port: the image fails, and the run is written down.
echo "{\"docker.io\": {\"endpoint\": \"http://127.0.0.1:$(free_port)\",
    \"max_tries\": 1}}" >"$T/registries.json"
expect_rc "a run" 1 "$CDR" sync -r "$T/root" --registries "$T/registries.json" \
	busybox:1.35
# And a bundle that lacks a part: what is said of bundles is there if one has come.
python3 "$TOP/tests/bundle.py" "$T/stick" --split 3 --without 3 --quiet e.example/app:1=a
expect_rc "a bundle" 1 "$CDR" import -r "$T/root" --site site --unsigned "$T/stick"
metrics=$T/root/status/metrics
check "promtool accepts what it wrote" newer_run sh -c \
	"promtool check metrics <$metrics"

python3 - "$T/monitoring.yaml" "$T/rules.yaml" <<'END'
import sys, yaml
for o in yaml.safe_load_all(open(sys.argv[1])):
    if o["kind"] == "PrometheusRule":
        yaml.safe_dump(o["spec"], open(sys.argv[2], "w"))
END
check "promtool accepts the alerts" newer_run promtool check rules \
	"$T/rules.yaml"
cp "$TOP/tests/k8s/alerts.yaml" "$TOP/tests/k8s/alerts-years.yaml" "$T"
check "each fires when it should" newer_run promtool test rules \
	"$T/alerts.yaml" "$T/alerts-years.yaml"
expect_eq "none has been left out" "$(grep -o 'alert: CDR[A-Za-z]*' \
	"$T/rules.yaml" | sed 's/.* //' | sort)" "$(grep -o '"CDR[A-Za-z]*"' \
	-h "$T/alerts.yaml" "$T/alerts-years.yaml" | tr -d '"' | sort -u)"
sed -i 's/< 0\.1/< 0.01/' "$T/rules.yaml"
expect_rc "another limit is seen" 1 newer_run promtool test rules \
	"$T/alerts.yaml"

sed -n 's/^# TYPE \([a-z_]*\) .*/\1/p' "$metrics" | sort >"$T/written"
jq -r '.panels[].targets[].expr' "$TOP/k8s/components/monitoring/cdr.json" |
	cat - "$T/rules.yaml" | grep -oE '\bcdr_[a-z_]+' | sort -u >"$T/asked"
[ "$(wc -l <"$T/asked")" -ge 10 ] || fail "next to nothing is asked for"
expect_eq "only what is written is asked for" "" \
	"$(comm -23 "$T/asked" "$T/written")"
jq -r '.panels[].targets[].expr | gsub("\\$namespace"; "cdr")' \
	"$TOP/k8s/components/monitoring/cdr.json" >"$T/exprs"
# shellcheck disable=SC2016 # for the inner shell
check "promtool understands the dashboard" newer_run sh -euc \
	'while read -r expr; do promtool promql format --experimental "$expr"; done' \
	<"$T/exprs"

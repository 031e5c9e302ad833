#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The alert rules and the dashboard: promtool takes the rules, each alert fires when it should, and all metrics that they
# name are among those that maglevd writes.
set -u

cd "$(dirname "$0")/../.." || exit
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
. selftests/unit/tap.sh
files=Documentation/prometheus

# metrics_of FILE: the names of ours in it, without what PromQL and counters add.
metrics_of() { grep -oE '\bmaglev_[a-z0-9_]+' "$1" | sed 's/_total$//' | sort -u; }

promtool check rules $files/alerts.yaml >"$tmp/log" 2>&1
report promtool_takes_the_rules $?

cp $files/alerts.yaml selftests/unit/prometheus_alerts.yaml "$tmp"
promtool test rules "$tmp/prometheus_alerts.yaml" >"$tmp/log" 2>&1
report each_alert_fires_when_it_should_and_only_then $?

sed -n 's/.*alert: //p' $files/alerts.yaml | sort >"$tmp/alerts"
grep -o 'alertname="[^"]*' selftests/unit/prometheus_alerts.yaml | cut -d '"' -f 2 | sort | diff "$tmp/alerts" - >"$tmp/log"
report each_alert_is_tried $?

grep -oE '"maglev_[a-z0-9_]+"' userspace/maglevd/metrics.c | tr -d '"' | sort -u >"$tmp/ours"
for file in $files/alerts.yaml $files/dashboard.json; do
	metrics_of "$file" | comm -23 - "$tmp/ours" >"$tmp/log"
	! [ -s "$tmp/log" ]
	report "$(basename "$file")_names_only_metrics_that_there_are" $?
done

# And of the page that tells of all of them.
metrics_of Documentation/metrics.md | diff "$tmp/ours" - >"$tmp/log"
report all_metrics_are_documented_and_no_others $?

# Its expressions, with its variables filled in, are to be PromQL.
python3 - $files/dashboard.json "$tmp/expressions.yaml" >"$tmp/log" 2>&1 <<'END'
import json, re, sys
board = json.load(open(sys.argv[1], encoding="utf-8"))
panels = [panel for panel in board["panels"] if panel["type"] != "row"]
assert panels and board["uid"] and board["title"]
assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
for panel in panels:
    assert panel["title"] and panel["targets"] and panel["gridPos"]["w"] <= 24, panel
expressions = [target["expr"] for panel in panels for target in panel["targets"]]
expressions = [re.sub(r"\$\w+", ".*", text.replace("$__rate_interval", "5m")) for text in expressions]
rules = [{"record": f"one:{i}", "expr": text} for i, text in enumerate(expressions)]
json.dump({"groups": [{"name": "dashboard", "rules": rules}]}, open(sys.argv[2], "w", encoding="utf-8"))
END
report the_dashboard_is_one $?

promtool check rules "$tmp/expressions.yaml" >"$tmp/log" 2>&1
grep -q 'rules found' "$tmp/log"
report its_expressions_are_promql $?

echo "1..$n"
exit $status

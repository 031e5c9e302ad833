#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What maglevd says at /metrics is what Prometheus reads, and what the module has counted; and two balancers notice that
# they have different tables, in what they differ, for how long, and that they have the same again.
#
#   as in lib.sh, with backends b1 b2 and a second balancer lb2; maglevd on both, Prometheus on the client
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/maglevd.sh"

LB2=10.0.2.2
PORT=9118
KEY=000102030405060708090a0b0c0d0e0f

# at NAME COMMAND...: on that balancer, with its maglevd.
# shellcheck disable=SC2034 # lib.sh's and maglevd.sh's
at() {
	local BALANCER=$1 DAEMON=maglevd-$1 RUN=$WORK/run-$1

	shift
	"$@"
}

# configure NAME SELF PEER WEIGHT: of b2
write_config() {
	cat >"$WORK/maglevd-$1.yaml" <<-END
		cluster: {key_file: $WORK/key, table_size: 251, alarm_after: 1s}
		http: {listen: "$2:$PORT"}
		peers: ["$3:$PORT"]
		probes: {manage_sysctl: true}
		checks:
		  web: {type: http, via: direct, interval: 1s, timeout: 900ms}
		pools:
		  all: [10.0.0.1, {address: 10.0.0.2, weight: $4}]
		services:
		  - {name: web, vip: $VIP, port: 80, pool: all, checks: [web]}
	END
}

# page ADDRESS PATH [CURL WORD...]
page() { client curl -sS --max-time 60 "${@:3}" "http://$1:$PORT$2"; }

# metric ADDRESS NAME [LABELS]: the value of the one sample of that name with those.
metric() { page "$1" /metrics | grep -F "$2" | grep -F "${3-}" | grep -v '^#' | awk '{ print $NF }'; }
is_metric() { [ "$(metric "${@:1:3}")" = "$4" ]; }
await_metric() {
	poll 30 is_metric "$@" && return
	tail -n 20 "$WORK"/maglevd-*.log
	fail "$2 $3: wanted $4, is $(metric "${@:1:3}")"
}

setup_topology
load_module table_size=509
add_balancer lb2 $LB2 10.0.2.1 2001:db8:102::2 2001:db8:102::1
for i in 1 2; do
	add_backend $i gre
	serve_http $i
done
(umask 077 && echo $KEY >"$WORK/key")
write_config lb $LB $LB2 1
write_config lb2 $LB2 $LB 1
adm_doctor() { adm doctor --run-directory "$RUN"; }
at lb start_maglevd
at lb2 start_maglevd
for name in lb lb2; do
	for i in 1 2; do at $name await_state 20 $VIP 10.0.0.$i up; done
done

# Both formats are what they are said to be.
ask "http://$VIP" 20 >/dev/null
page $LB /metrics -D "$WORK/head" >"$WORK/plain"
grep -qi '^content-type: text/plain; version=0.0.4' "$WORK/head" || fail "$(cat "$WORK/head")"
promtool check metrics <"$WORK/plain" || fail "promtool does not like it"
page $LB /metrics -D "$WORK/head" -H 'Accept: application/openmetrics-text;version=1.0.0,text/plain;q=0.5' >"$WORK/open"
grep -qi '^content-type: application/openmetrics-text; version=1.0.0' "$WORK/head" || fail "$(cat "$WORK/head")"
python3 - "$WORK/open" <<-'END' || fail "that is not OpenMetrics"
	import sys
	from prometheus_client.openmetrics.parser import text_string_to_metric_families
	families = list(text_string_to_metric_families(open(sys.argv[1], encoding="utf-8").read()))
	print(len(families), "families,", sum(len(family.samples) for family in families), "samples")
END

# And it says what others say.
expect "new flows" "$(counted flows-new)" "$(metric $LB maglev_flows_new_total)"
expect "flows of backends" 20 "$(metric $LB maglev_backend_flows_new_total | awk '{ n += $1 } END { print n }')"
expect "the table's size" 251 "$(metric $LB maglev_service_table_size 'service="tcp 192.0.2.10:80",name="web"')"
expect "backends up" 2 "$(metric $LB maglev_service_backends 'state="up"')"
expect "what the check says of b1" 1 "$(metric $LB maglev_check_up 'backend="10.0.0.1:80",check="web"')"
digest=$(adm -j service show tcp $VIP:80 | grep '"live-digest"' | cut -d '"' -f 4)
expect "the digest" "$((16#${digest%???}))" "$(metric $LB maglev_service_live_digest)"
metrics=$(page $LB /metrics | grep -c '^maglev_')
expect "the other page of the same" "$metrics" "$(page $LB /metrics -H 'Accept: application/openmetrics-text' | grep -c '^maglev_')"
await_metric $LB maglev_peer_up "peer=\"$LB2:$PORT\"" 1
expect "disagreements" 0 "$(metric $LB maglev_peer_disagreements)"

# Prometheus reads it.
cat >"$WORK/prometheus.yml" <<-END
	global: {scrape_interval: 1s, scrape_timeout: 1s}
	rule_files: [$TOP/Documentation/prometheus/alerts.yaml]
	scrape_configs: [{job_name: maglev, scrape_interval: 2s, scrape_timeout: 2s, static_configs: [{targets: ['$LB:$PORT']}]}]
END
(exec nsenter --net="/run/netns/$NS-client" prometheus --config.file="$WORK/prometheus.yml" --storage.tsdb.path="$WORK/tsdb" \
	--web.listen-address=127.0.0.1:9090) >"$WORK/prometheus.log" 2>&1 &
echo $! >"$WORK/prometheus.pid"
query() { client curl -s --max-time 10 -G http://127.0.0.1:9090/api/v1/query --data-urlencode "query=$1"; }
has_scraped() { query 'sum(maglev_backend_flows_new_total)' | grep -q '"20"\]'; }
poll 60 has_scraped || fail "Prometheus: $(query up) $(tail -n 5 "$WORK/prometheus.log")"

# One has another weight: after a second that is an alarm, at both.
write_config lb2 $LB2 $LB 3
at lb2 reload_maglevd configured
for name in lb lb2; do
	at $name poll 30 at $name has_logged 'a peer has another table.*difference="backends or weights"' 1 ||
		fail "$name: no alarm: $(tail -n 5 "$WORK/maglevd-$name.log")"
done
expect "disagreements" 1 "$(metric $LB maglev_peer_disagreements)"
expect_range "for so many ms" 1000 120000 "$(metric $LB maglev_peer_disagreement_seconds | tr -d .)"
at lb ask_maglevd status | grep -o '"peers":\[.*\]' | grep -q '"difference":"backends or weights","since-ms":[0-9]*,"alarm":true' ||
	fail "peers: $(at lb ask_maglevd status)"
at lb adm_doctor >"$WORK/doctor" || true
grep -q 'peer-differs' "$WORK/doctor" || fail "doctor says nothing of the peer: $(cat "$WORK/doctor")"
grep "$LB2:$PORT has another table: backends or weights" "$WORK/doctor"
fires() { query 'ALERTS{alertname="MaglevZeroKey"} or vector(0)' | grep -q '"success"'; }
fires || fail "no alerts at Prometheus"

# The same again.
write_config lb2 $LB2 $LB 1
at lb2 reload_maglevd configured
for name in lb lb2; do
	at $name poll 30 at $name has_logged 'a peer has our table again' 1 || fail "$name: $(tail -n 5 "$WORK/maglevd-$name.log")"
done
expect "disagreements" 0 "$(metric $LB maglev_peer_disagreements)"

# Another state of a backend, seen by one alone.
ip -n "$NS-lb2" route add blackhole 10.0.0.2
at lb poll 60 at lb has_logged 'a peer has another table.*difference="states or shares"' 1 ||
	fail "no alarm: $(tail -n 5 "$WORK/maglevd-lb.log")"
ip -n "$NS-lb2" route del blackhole 10.0.0.2
await_metric $LB maglev_peer_disagreements "" 0

# And who is gone is not heard.
at lb2 stop_maglevd TERM
await_metric $LB maglev_peer_up "peer=\"$LB2:$PORT\"" 0
at lb stop_maglevd TERM
finish

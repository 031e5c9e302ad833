# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2086,SC2154 # numbers; what demo.sh defines
# The part of demo.sh about maglevd: a server dies under traffic, is found, and comes back. To be sourced by it.
. "$(dirname "${BASH_SOURCE[0]}")/maglevd.sh"

FOUND_MS=3800 # fall x interval x (1 + jitter/2) + timeout

knows_all() { ! ask_maglevd status | grep -q '"checked":"unknown"'; }

# keep_asking: connection after connection, each from a port of its own, until $WORK/stop; a line for each: when it was
# answered, or was not (ms), and by whom, or "-".
keep_asking() {
	local port answer

	for ((port = 50000; port < 60000; port++)); do
		[ ! -e "$WORK/stop" ] || return 0
		answer=$(client curl -s --local-port $port --max-time 5 "http://$VIP/") || answer=-
		echo "$((${EPOCHREALTIME/./} / 1000)) $answer"
	done
}

maglevd_finds() {
	local digest killed_ms found_ms lost down=("${DRAINED[@]}")

	heading 6 "A server dies: maglevd asks what clients ask, through the tunnel to each backend"
	ip -n "$NS-router" route replace "$VIP" via "$LB"
	cat >"$WORK/maglevd.yaml" <<-END
		probes: {manage_sysctl: true}
		checks:
		  web: {type: http, interval: 1s, timeout: 500ms, fall: 3}
		services:
		  - {name: web, vip: $VIP, port: 80, external: true, checks: [web]}
	END
	sed 's/^/      /' "$WORK/maglevd.yaml"
	printf '\n'
	say "${dim}  lb#$plain maglevd --config maglevd.yaml"
	start_maglevd
	poll 20 knows_all || fail "maglevd: $(tail -n 3 "$WORK/maglevd.log")"
	await_table lb "${DRAINED[@]}"
	digest=$(live_digest lb)
	: >"$WORK/asked"
	keep_asking >>"$WORK/asked" &
	echo $! >"$WORK/asking.pid"
	poll 20 grep -q b3 "$WORK/asked" || fail "b3 does not answer"

	say "${dim}  b3#$plain kill nginx"
	killed_ms=$((${EPOCHREALTIME/./} / 1000))
	kill "$(cat "$WORK/b3.pid")"
	down[2]+=,down
	await_table lb "${down[@]}"
	found_ms=$((${EPOCHREALTIME/./} / 1000))
	client sysctl -qw net.ipv4.ip_local_port_range='30000 49999'
	say "${dim}client#$plain curl http://$VIP/[1-$NEW]"
	ask "http://$VIP" $NEW | counted $NEW >"$WORK/without" || true
	touch "$WORK/stop"
	wait "$(cat "$WORK/asking.pid")"
	rm "$WORK/asking.pid"
	lost=$(awk -v found="$found_ms" '$2 == "-" && $1 <= found { n++ } END { print n + 0 }' "$WORK/asked")

	say "${dim}  b3#$plain nginx"
	serve_http 3
	await_table lb "${DRAINED[@]}"
	printf '\n'
	grep -E 'backend is (up|down)' "$WORK/maglevd.log" | sed 's/^[^ ]* /   /; s/service="[^"]*" //' | tail -n 2
	printf '\n'
	say "$lost connections were lost before it was found, after $((found_ms - killed_ms)) ms"
	stop_maglevd TERM
	claim "a dead server found, of $FOUND_MS ms allowed" "$((found_ms - killed_ms)) ms" \
		[ $((found_ms - killed_ms)) -le $FOUND_MS ]
	claim "new connections, answered by the others" "$(grep -c '^b[145] ' "$WORK/without" || true) of $NEW" \
		[ "$(grep -c '^b[145] ' "$WORK/without" || true)" = $NEW ]
	claim "it is back, and so is the table" "$digest" [ "$(live_digest lb)" = "$digest" ]
}

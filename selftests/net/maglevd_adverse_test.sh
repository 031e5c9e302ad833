#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What happens to maglevd is no matter of the backends': it is killed and started again RESTARTS times under
# FLOWS flows, it does not get the CPU for ten seconds, the time of day is stepped an hour either way: no flow is
# broken, no state changes, no table is published.
#
#   as in lib.sh, with backends b1 b2 b3; maglevd on the balancer
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/maglevd.sh"
. "$(dirname "$0")/drips.sh"

RESTARTS=${RESTARTS:-50}
FLOWS=${FLOWS:-1000} # half of them IPv6
INTERVAL_MS=$((1000 * ${MAGLEV_SLOW:-1})) # fall is 3

write_config() {
	cat <<-END
		probes:
		  manage_sysctl: true
		checks:
		  drip: {type: tcp, expect: "b", interval: ${INTERVAL_MS}ms, timeout: $((INTERVAL_MS - 100))ms}
		pools:
		  v4: [10.0.0.1, 10.0.0.2, 10.0.0.3]
		  v6: ["2001:db8::1", "2001:db8::2", "2001:db8::3"]
		services:
		  - {name: web, vip: $VIP, port: 80, pool: v4, checks: [drip], table_size: 251}
		  - {name: web6, vip: "$VIP6", port: 80, pool: v6, checks: [drip], table_size: 251}
	END
}

generations() { adm -j service show | tr -d ' \t\n' | grep -oE '"generation":[0-9]+' | cut -d : -f 2 | paste -sd ' '; }
passed() { ask_maglevd status | grep -oE '"passed":[0-9]+' | cut -d : -f 2; }
# nothing_changed WHAT: since $generations were those, and events were heard.
nothing_changed() {
	[ ! -s "$WORK/events" ] || grep ' backend is ' "$WORK/maglevd.log" | tail -n 20
	expect "events, $1" "" "$(cat "$WORK/events")"
	expect "generations, $1" "$generations" "$(generations)"
}
has_passed() { [ "$(passed)" -ge "$1" ]; }

setup_topology
load_module table_size=509
for i in 1 2 3; do
	add_backend $i gre
	serve_drips $i 80
done
write_config >"$WORK/maglevd.yaml"
start_maglevd
for i in 1 2 3; do
	await_state 20 $VIP 10.0.0.$i up
	await_state 20 $VIP6 "2001:db8::$i" up
done
poll 20 has_passed 10 || fail "nothing passes"
generations=$(generations)
(exec nsenter --net="/run/netns/$NS-lb" "$MAGLEVADM" monitor state publish) >"$WORK/events" &
echo $! >"$WORK/monitor.pid"
begin_drips A 20001 $((FLOWS / 2)) 80 $VIP $VIP6
expect "flows" "$FLOWS going 0 whole 0 broken" "$(ask_drips A)"
for i in 1 2 3; do expect_range "flows of b$i" $((FLOWS / 5)) $((FLOWS / 2)) "$(count_drips A going b$i)"; done

# As soon as it is configured, or when it has asked a few.
for i in $(seq "$RESTARTS"); do
	poll 20 has_passed $((i % 3)) || fail "nothing passes after restart $((i - 1))"
	stop_maglevd KILL
	start_maglevd
done
nothing_changed "after $RESTARTS restarts"
expect "flows, after $RESTARTS restarts" "$FLOWS going 0 whole 0 broken" "$(ask_drips A)"

poll 20 has_passed 5 || fail "nothing passes after restarts"
kill -STOP "$(cat "$WORK/maglevd.pid")"
stopped=$SECONDS
until [ $((SECONDS - stopped)) -ge 10 ]; do sleep 0.5; done # what is tested is that time passes
kill -CONT "$(cat "$WORK/maglevd.pid")"
before=$(passed)
poll 20 has_passed $((before + 10)) || fail "nothing passes after ten seconds without the CPU"
expect_range "stalls noticed" 1 1000 "$(count_log 'checks were late')"
nothing_changed "without the CPU"

for step in '+1 hour' '-2 hours' '+1 hour'; do
	date -s "$step" >/dev/null
	before=$(passed)
	poll 20 has_passed $((before + 6)) || fail "nothing passes after a step of $step"
done
nothing_changed "after steps of the clock"
stop_maglevd TERM
touch "$WORK/enough"
expect "flows, each a line after the other from its backend" "0 going $FLOWS whole 0 broken" "$(ask_drips A)"
finish

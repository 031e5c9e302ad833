#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What only a check through the tunnel finds, and a check of the backend's own address does not: b1 does not decapsulate,
# b2 lacks the VIPs, b3's tunnel devices drop what they would not route back (rp_filter, of IPv4 alone).
#
#   as in lib.sh, with backends b1 b2 b3 b4, which are checked through the tunnel on port 80, directly on port 81
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/maglevd.sh"

INTERVAL_MS=$((500 * ${MAGLEV_SLOW:-1}))
FAMILIES=("$VIP 10.0.0." "$VIP6 2001:db8::")

# states PORT: of health, as the kernel has them, b1's to b4's, IPv4's first.
states() {
	local family vip prefix i

	for family in "${FAMILIES[@]}"; do
		read -r vip prefix <<<"$family"
		for i in 1 2 3 4; do
			adm -j backend show tcp "$(endpoint "$vip" "$1")" "$(endpoint "$prefix$i" "$1")"
		done
	done | tr -d ' \t\n' | grep -oE '"health-state":"[a-z]+"' | cut -d '"' -f 4 | paste -sd ' '
}
has_states() { [ "$(states "$1")" = "$2" ]; }

# await_states WHAT PORT STATES
await_states() {
	poll 20 has_states "$2" "$3" || {
		tail -n 20 "$WORK/maglevd.log"
		fail "$1, port $2: wanted $3, are $(states "$2")"
	}
	echo "$1, port $2: $3"
}

passed() { ask_maglevd status | grep -oE '"passed":[0-9]+' | cut -d : -f 2; }
has_passed() { [ "$(passed)" -ge "$1" ]; }

up=$(printf 'up %.0s' {1..7})up
setup_topology
load_module table_size=509
for i in 1 2 3 4; do
	add_backend $i gre
	serve_http $i
	serve_also $i 81
	serve_also $i 82
done
cat >"$WORK/maglevd.yaml" <<-END
	probes: {manage_sysctl: true}
	policy: {panic: 100}
	checks:
	  far: {type: http, body: "^b[0-9]", interval: ${INTERVAL_MS}ms, timeout: $((INTERVAL_MS - 100))ms}
	  near: {type: http, body: "^b[0-9]", interval: ${INTERVAL_MS}ms, timeout: $((INTERVAL_MS - 100))ms, via: direct}
	pools:
	  v4: [10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4]
	  v6: ["2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8::4"]
	services:
	  - {name: far, vip: $VIP, port: 80, pool: v4, checks: [far]}
	  - {name: far6, vip: "$VIP6", port: 80, pool: v6, checks: [far]}
	  - {name: near, vip: $VIP, port: 81, pool: v4, checks: [near]}
	  - {name: near6, vip: "$VIP6", port: 81, pool: v6, checks: [near]}
END
start_maglevd
await_states "at first" 80 "$up"
await_states "at first" 81 "$up"

ips b1 <<-END
	link set dsr down
	link set dsr6 down
END
ips b2 <<-END
	addr del $VIP/32 dev lo
	addr del $VIP6/128 dev lo
END
in_ns b3 sysctl -qw net.ipv4.conf.dsr.rp_filter=1
await_states "broken" 80 "down down down up down down up up"
# The direct ones have been asked as often, and go on to pass: 8 of them, as often again as a failure takes.
before=$(passed)
poll 30 has_passed $((before + 11 * 4)) || fail "nothing passes"
expect "broken, port 81" "$up" "$(states 81)"
expect "broken, port 80" "down down down up down down up up" "$(states 80)"

ips b1 <<-END
	link set dsr up
	link set dsr6 up
END
add_vip b2
in_ns b3 sysctl -qw net.ipv4.conf.dsr.rp_filter=0
await_states "mended" 80 "$up"
expect "changes of the directly checked" 8 "$(grep 'backend is' "$WORK/maglevd.log" | grep -c ':81"')"

# Each VIP with the backends of the other family.
cat >>"$WORK/maglevd.yaml" <<-END
	  - {name: mixed, vip: $VIP, port: 82, pool: v6, checks: [far]}
	  - {name: mixed6, vip: "$VIP6", port: 82, pool: v4, checks: [far]}
END
reload_maglevd configured
FAMILIES=("$VIP 2001:db8::" "$VIP6 10.0.0.")
await_states "mixed" 82 "$up"
stop_maglevd TERM
finish

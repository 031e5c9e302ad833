#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A backend whose link takes smaller packets than the others' is found by a check of full size through the tunnel, and
# not by one that asks its own address; one that is narrow somewhere on the way, and says so, is found too, and nobody
# else for it. A check without full_size passes by fragments.
#
#   as in lib.sh, with backends b1 b2 b3, of which b3 becomes narrow; maglevd on the balancer
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/maglevd.sh"

setup_topology
load_module table_size=509
for i in 1 2 3; do
	add_backend $i gre
	serve_http $i
	serve_also $i 81
done
cat >"$WORK/maglevd.yaml" <<-END
	probes: {manage_sysctl: true}
	policy: {panic: 100}
	checks:
	  full: {type: http, interval: 1s, timeout: 900ms, fast_interval: 1s, full_size: true}
	  small: {type: http, interval: 1s, timeout: 900ms, fast_interval: 1s}
	  near: {type: http, via: direct, interval: 1s, timeout: 900ms, role: diagnostic}
	pools:
	  v4: [10.0.0.1, 10.0.0.2, 10.0.0.3]
	  v6: ["2001:db8::1", "2001:db8::2", "2001:db8::3"]
	services:
	  - {name: full, vip: $VIP, port: 80, pool: v4, checks: [full, near]}
	  - {name: full6, vip: "$VIP6", port: 80, pool: v6, checks: [full, near]}
	  - {name: small, vip: $VIP, port: 81, pool: v4, checks: [small]}
END
start_maglevd
for i in 1 2 3; do
	await_state 20 $VIP 10.0.0.$i up
	await_state 20 $VIP6 "2001:db8::$i" up
done

# others_up: what is not narrow is up.
others_up() {
	expect "$1" "up up up up" "$(state $VIP 10.0.0.1) $(state $VIP 10.0.0.2) $(
		state $VIP6 2001:db8::1) $(state $VIP6 2001:db8::2)"
}

ip -n "$NS-b3" link set eth0 mtu 1300
await_state 30 $VIP 10.0.0.3 down
await_state 30 $VIP6 2001:db8::3 down
others_up "others beside a narrow link"
expect "what a direct check says of b3" 0 "$(count_log 'diagnosis: failing')"
ip -n "$NS-b3" link set eth0 mtu 1500
await_state 30 $VIP 10.0.0.3 up
await_state 30 $VIP6 2001:db8::3 up

# The router has a narrow way to b3, and tells the balancer so.
ips router <<-END
	route add 10.0.0.3/32 dev backends mtu lock 1300
	route add 2001:db8::3/128 dev backends mtu 1300
END
await_state 30 $VIP 10.0.0.3 down
await_state 30 $VIP6 2001:db8::3 down
others_up "others beside a narrow way"
expect "by fragments" up "$(adm -j backend show tcp $VIP:81 10.0.0.3:81 | tr -d ' \t\n' |
	sed -n 's/.*"health-state":"\([a-z]*\)".*/\1/p')"
stop_maglevd TERM
finish

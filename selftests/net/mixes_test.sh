#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Real TCP and UDP through all four mixes of IPv4 and IPv6 by GRE, GRE with a checksum and IPIP, to
# stock tunnel devices. On the wire: TTL one less, DSCP and ECN as they were, outer DF and ID as
# they must be. IPVS has no connection; no answer crosses the balancer.
#
#   as in lib.sh, with one backend; the client marks what it sends: DSCP EF and ECN-capable
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/packets.sh"

# mix VIP BACKEND LAYER OPTION...: LAYER is what is between the IP headers on the wire.
mix() {
	local vip=$1 backend=$2 layer=$3 outer inner

	shift 3
	forget_seen wire
	balance "$vip" "$backend" "$@"
	expect "$vip in $backend, $*" "b1, b1" "$(client curl -s --max-time 10 "http://$(endpoint "$vip" 80)"), $(ask_datagram "$vip")"
	outer="ip4 $LB>$backend len=[0-9]+ ttl=62 ds=ba df id=0"
	[[ $backend != *:* ]] || outer="ip6 $LB6>$backend len=[0-9]+ ttl=62 ds=ba label=[0-9a-f]{5}"
	inner="ip4 $CLIENT>$vip len=[0-9]+ ttl=62 ds=ba df id=[0-9]+"
	[[ $vip != *:* ]] || inner="ip6 $CLIENT6>$vip len=[0-9]+ ttl=62 ds=ba label=[0-9a-f]{5}"
	await wire "^in $outer \| $layer$inner \| tcp [0-9]+>80 FA"
	await wire "^in $outer \| $layer$inner \| udp [0-9]+>53"
	! grep -E "^in .* (tcp [0-9]+>80|udp [0-9]+>53)" "$WORK/wire.watch" |
		grep -vE "^in $outer \| $layer$inner \| " >&2 || fail "not as these should be"
	[ "$(seen wire ' (tcp 80|udp 53)>')" = 0 ] || fail "answers cross the balancer"
}

# outer_ids WHAT: three datagrams leave without DF outside, each with an ID of its own.
outer_ids() {
	local i

	forget_seen wire
	for i in 1 2 3; do
		expect "datagram $i" b1 "$(ask_datagram $VIP)"
	done
	await wire "^in .* udp [0-9]+>53" 3
	grep -E "^in .* udp [0-9]+>53" "$WORK/wire.watch" | cut -d '|' -f 1 >"$WORK/outer"
	expect "$1: outer DF" 0 "$(grep -c ' df ' "$WORK/outer" || true)"
	expect "$1: IDs" 3 "$(grep -o ' id=[0-9]*' "$WORK/outer" | sort -u | wc -l)"
}

setup_topology
load_module table_size=251
add_backend 1
add_tunnels 1
serve_http 1
serve_udp 1
start_watch wire router lb
client nft -f - <<END
table inet marks {
	chain output {
		type filter hook output priority mangle
		meta nfproto ipv4 ip dscp set ef ip ecn set ect0
		meta nfproto ipv6 @nh,4,8 set 0xba # at once: by nft 1.0.6, 7.2 takes no "ip6 ecn set"
	}
}
END
for vip in $VIP $VIP6; do
	for backend in 10.0.0.1 2001:db8::1; do
		mix "$vip" $backend "gre \| " -i --tun-type gre
		mix "$vip" ${backend%1}11 "gre\+csum \| " -i --tun-type gre --tun-csum
		mix "$vip" $backend "" -i
	done
done
mix $VIP6 2001:db8::11 "" -i
mix $VIP 2001:db8::21 "" -i

balance $VIP 10.0.0.1 -i
client sysctl -qw net.ipv4.ip_no_pmtu_disc=1
outer_ids "no DF inside"
client sysctl -qw net.ipv4.ip_no_pmtu_disc=0
lb sysctl -qw net.ipv4.vs.pmtu_disc=0
outer_ids "pmtu_disc=0"
expect "connections of IPVS" 0 "$(lb ipvsadm -Lnc | grep -c "$VIP\|$VIP6" || true)"
finish

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# IPv6 flows where less than IPv6's least MTU (1280) is left inside the tunnel: the client is told
# 1280, and the outer packets are fragmented (RFC 2473, 7.1; RFC 4213, 3.2.2). So nobody cuts off
# IPv6 by a forged ICMP error either.
#
#   as in lib.sh; the MTU of the router's bridge to b1 is 1280
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/packets.sh"

# check BACKEND OPTION...
check() {
	balance $VIP6 "$@"
	upload 1 $VIP6
	expect "v6 in $*: MTU of the client" 1280 "$(mtu_to client $VIP6)"
	forget_mtus client lb
}

has_learned() { [ "$(mtu_to lb 10.0.0.1)" != 0 ]; }

UPLOAD=100000
setup_topology
load_module table_size=251
add_backend 1
add_tunnels 1
serve_http 1
serve_uploads 1
build_frames

balance $VIP6 10.0.0.1 -i
craft forged <<END
	quote = tunnelled("$LB", "10.0.0.1", tcp("$CLIENT6", "$VIP6", 9, 80), frag=DF)
	put(error("203.0.113.1", "$LB", 3, 4, quote[:28], mtu=68))
END
inject forged
poll 10 has_learned || echo "the forged error is not believed"
expect "after a forged error" b1 "$(client curl -s --max-time 10 "http://[$VIP6]")"
forget_mtus client lb

ip -n "$NS-router" link set backends mtu 1280
for options in "-i" "-i --tun-type gre"; do
	# shellcheck disable=SC2086
	check 10.0.0.1 $options
	# shellcheck disable=SC2086
	check 2001:db8::1 $options
done
finish

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What is too big for the tunnel, in all mixes of families: the client is told the MTU that is left
# inside, by the balancer for its own link, and through it by a router on the way to the backend;
# uploads arrive. What may be fragmented is, outside.
#
#   as in lib.sh; b1 behind the router's bridge, whose MTU is 1500 and then 1400. The MSS of b1's
#   answers is 1460 always, so that each upload starts with segments that are too big.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/packets.sh"

# check MTU VIP BACKEND OVERHEAD OPTION...: MTU is that of the way to the backend.
check() {
	local mtu=$1 vip=$2 backend=$3 inside=$(($1 - $4))

	balance "$vip" "$backend" "${@:5}"
	upload 1 "$vip"
	expect "$vip in $backend ${*:5}: MTU" $inside "$(mtu_to client "$vip")"
	[ "$mtu" = 1500 ] || expect "MTU to $backend" "$mtu" "$(mtu_to lb "$backend")"
	forget_mtus client lb
}

checks() {
	check "$1" $VIP 10.0.0.1 24 -i --tun-type gre
	check "$1" $VIP6 10.0.0.1 24 -i --tun-type gre
	check "$1" $VIP 2001:db8::1 44 -i --tun-type gre
	check "$1" $VIP6 2001:db8::1 44 -i --tun-type gre
	check "$1" $VIP 10.0.0.1 20 -i
	check "$1" $VIP6 10.0.0.1 20 -i
	check "$1" $VIP 2001:db8::1 40 -i
	check "$1" $VIP6 2001:db8::1 40 -i
	check "$1" $VIP 10.0.0.11 28 -i --tun-type gre --tun-csum
	check "$1" $VIP6 2001:db8::11 48 -i --tun-type gre --tun-csum
}

# fragmented BACKEND OUTER: uploads are not held up; the outer packets come in pieces.
fragmented() {
	balance $VIP "$1" -i
	upload 1 $VIP
	expect "in $1: MTU of the client" 0 "$(mtu_to client $VIP)"
	await wire "^in ip$2>$1 .* mf id=[0-9]+"
}

UPLOAD=300000
setup_topology
load_module table_size=251
add_backend 1
add_tunnels 1
serve_http 1
serve_uploads 1

echo "the balancer's own link"
checks 1500
echo "a link of the router"
ip -n "$NS-router" link set backends mtu 1400
checks 1400
ip -n "$NS-router" link set backends mtu 1500

start_watch wire router lb
client sysctl -qw net.ipv4.ip_no_pmtu_disc=1
echo "no DF inside"
fragmented 10.0.0.1 "4 $LB"
fragmented 2001:db8::1 "6 $LB6"
client sysctl -qw net.ipv4.ip_no_pmtu_disc=0
lb sysctl -qw net.ipv4.vs.pmtu_disc=0
echo "pmtu_disc=0"
fragmented 10.0.0.1 "4 $LB"
finish

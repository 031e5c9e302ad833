#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Whichever way IPVS forwards, the scheduler spreads real HTTP over both backends, all of it
# answered: masquerading, direct routing, IPIP, GRE and GUE tunnels, over IPv4 and IPv6.
#
#   client --- router --- lb
#                |         | eth1, for direct routing: 10.0.0.200, 2001:db8::c8
#                +---------+--- b1 b2
#
# What backends send from their own addresses (masquerading) the router takes back to lb.
. "$(dirname "$0")/lib.sh"

N=40

# forwards METHOD VIP PREFIX OPTION...: N connections to a service whose backends, PREFIX1 and
# PREFIX2, are added with these options.
forwards() {
	local method=$1 vip=$2 prefix=$3 i

	shift 3
	lb ipvsadm -A -t "$vip:80" -s maglev
	for i in 1 2; do
		lb ipvsadm -a -t "$vip:80" -r "${prefix/@/$i}:80" "$@"
	done
	ask "http://$vip" $N >"$WORK/served" || true
	expect "$method: answered" $N "$(grep -c '^b[12] ' "$WORK/served")"
	expect_range "$method: by b1" 4 $((N - 4)) "$(grep -c '^b1 ' "$WORK/served")"
	lb ipvsadm -C
}

# receive DEVICE TYPE...: such a tunnel device on each backend, alone, or none.
receive() {
	local i

	for i in 1 2; do
		ip -n "$NS-b$i" link del dsr 2>/dev/null || true
		[ $# = 0 ] || ips b$i <<-END
			link add dsr type ${*//@/$i} remote any
			link set dsr up
		END
	done
}

modprobe -a fou fou6
setup_topology
for i in 1 2; do
	add_backend $i
	serve_http $i
	ip -n "$NS-b$i" fou add port 6080 gue
	ip -n "$NS-b$i" -6 fou add port 6080 gue
done
ip link add eth1 netns "$NS-lb" type veth peer name lb1 netns "$NS-router"
ips lb <<-END
	link set eth1 up
	addr add 10.0.0.200/24 dev eth1
	addr add 2001:db8::c8/64 dev eth1 nodad
END
ips router <<-END
	link set lb1 master backends
	link set lb1 up
	rule add from 10.0.0.0/24 iif backends table 100
	route add default via $LB table 100
	route add default via $LB6 table 100
END
ip -6 -n "$NS-router" rule add from 2001:db8::/64 iif backends table 100
V6="[$VIP6]" P6='[2001:db8::@]'

forwards masquerading $VIP 10.0.0.@ -m
forwards masquerading6 "$V6" "$P6" -m
forwards direct $VIP 10.0.0.@ -g
forwards direct6 "$V6" "$P6" -g
receive ipip local 10.0.0.@
forwards ipip $VIP 10.0.0.@ -i --tun-type ipip
forwards gue $VIP 10.0.0.@ -i --tun-type gue --tun-port 6080
receive ip6tnl mode ip6ip6 local 2001:db8::@
forwards ipip6 "$V6" "$P6" -i --tun-type ipip
forwards gue6 "$V6" "$P6" -i --tun-type gue --tun-port 6080
receive gre local 10.0.0.@
forwards gre $VIP 10.0.0.@ -i --tun-type gre
receive gre icsum local 10.0.0.@
forwards gre-checksum $VIP 10.0.0.@ -i --tun-type gre --tun-csum
receive ip6gre local 2001:db8::@
forwards gre6 "$V6" "$P6" -i --tun-type gre
finish

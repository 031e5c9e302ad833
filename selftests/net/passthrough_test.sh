#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What is not ours works as without the module: the balancer's own services, on its address and on
# the VIP's other ports; services that are left to IPVS; packets with a mark, whose services come
# first.
#
#   as in lib.sh, but the balancer has a second link, eth1, to the router's bridge: direct routing
#   needs that. b1 and b2 answer the client; b3's way back is through the balancer (masquerade).
#   The balancer serves HTTP itself, on port 80 as well: what slips past a service of that port is
#   answered by "lb".
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/packets.sh"

port=40000

# answers WHAT VIP PORT WANTED: over a connection of a client port of its own, $port.
answers() {
	port=$((port + 1))
	expect "$1: $2" "$4" "$(client curl -s --max-time 5 --local-port $port "http://$(endpoint "$2" "$3")" || echo -)"
}

# connections: of IPVS, from the last client port.
connections() { lb ipvsadm -Lnc | grep -cE "[]0-9]:$port +" || true; }

# left WHAT WANTED SERVICE_OPTIONS BACKEND...: I and options of each; the service is IPVS's.
left() {
	local what=$1 wanted=$2 options=$3 at=${service_port:-80} prefix vip backend

	shift 3
	for vip in $VIP $VIP6; do
		lb ipvsadm -C
		# shellcheck disable=SC2086
		lb ipvsadm -A -t "$(endpoint "$vip" "$at")" -s maglev $options
		for backend; do
			[[ $vip == *:* ]] && prefix=2001:db8:: || prefix=10.0.0.
			# shellcheck disable=SC2086
			lb ipvsadm -a -t "$(endpoint "$vip" "$at")" -r "$(endpoint "$prefix${backend%% *}" "$at")" ${backend#* }
		done
		answers "$what" "$vip" 80 "$wanted"
		expect "connection of IPVS" 1 "$(connections)"
	done
}

setup_topology
ip link add eth1 netns "$NS-lb" type veth peer name lb1 netns "$NS-router"
ips router <<-END
	link set lb1 up
	link set lb1 master backends
END
ips lb <<-END
	link set eth1 up
	addr add 10.0.0.200/24 dev eth1
	addr add 2001:db8::200/64 dev eth1 nodad
END
load_module table_size=251
trace new drop
for i in 1 2 3; do
	add_backend $i
	serve_http $i
done
add_tunnels 1
add_tunnels 2
modprobe -a fou fou6
in_ns b1 ip fou add port 6080 gue
in_ns b1 ip -6 fou add port 6080 gue
ips b1 <<-END
	link add gue4 type ipip local 10.0.0.1 remote 10.0.0.200 encap gue encap-sport auto encap-dport 6080
	link add gue6 type ip6tnl mode any local 2001:db8::1 remote 2001:db8::200 encap gue encap-sport auto encap-dport 6080
	link set gue4 up
	link set gue6 up
END
ips b3 <<-END
	addr del $VIP/32 dev lo
	addr del $VIP6/128 dev lo
	route replace default via 10.0.0.200
	route del default via 2001:db8::fe
	route add default via 2001:db8::200
END
serve_balancer 80
serve_balancer 8080

lb ipvsadm -R <<END
-A -t $VIP:80 -s maglev
-a -t $VIP:80 -r 10.0.0.1:80 -i
-A -t [$VIP6]:80 -s maglev
-a -t [$VIP6]:80 -r [2001:db8::1]:80 -i
-A -f 7 -s maglev
-a -f 7 -r 10.0.0.2:0 -i
-A -f 7 -6 -s maglev
-a -f 7 -6 -r [2001:db8::2]:0 -i
END
for vip in $VIP $VIP6; do
	[[ $vip == *:* ]] && own=$LB6 || own=$LB
	answers "ours" "$vip" 80 b1
	answers "its other port" "$vip" 8080 lb
	answers "the balancer's address" "$own" 80 lb
done
lb nft -f - <<<"table inet marks { chain prerouting {
	type filter hook prerouting priority mangle; tcp sport 50000-59999 meta mark set 7; }; }"
ours=$(new_flows)
port=50000
for vip in $VIP $VIP6; do
	answers "a mark" "$vip" 80 b2
	expect "connection of IPVS" 1 "$(connections)"
done
expect "new flows, ours" 2 "$ours"
port=45000

left "masquerade" b3 "" "3 -m"
left "direct" b2 "" "2 -g"
left "masquerade beside a tunnel" b3 "" "3 -m -w 1" "1 -i -w 0"
left "GUE" b1 "" "1 -i --tun-type gue --tun-port 6080"
left "persistent" b1 "-p 300" "1 -i"
left "upper threshold" b1 "" "1 -i -x 100"
service_port=0 left "port 0" b1 "-p 300" "1 -i"
lb ipvsadm -C
serve_udp 1
lb ipvsadm -A -u $VIP:53 -s maglev -o
lb ipvsadm -a -u $VIP:53 -r 10.0.0.1 -i
expect "one packet" b1 "$(ask_datagram $VIP)"
expect "new flows, ours" "$ours" "$(new_flows)"
expect "drops" 0 "$(traced ' drop: ')"
finish

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What the hook early takes and what it leaves, whatever device packets come in by: VLANs, bonds and bridges are as any
# device, what a bridge with br_netfilter or a VRF hands up is left to local input; so are VIPs that are not local, and
# packets with marks. "raw" firewall rules count; downloads go on while hooks are switched.
#
#   as in lib.sh, with backends b1 and b2; b3 is a server that the balancer routes to
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/packets.sh"

REQUESTS=5 # of each family

# answers PATTERN: each request is answered by a backend like it.
answers() {
	local vip said

	for vip in $VIP $VIP6; do
		said=$(ask "http://$(endpoint "$vip" 80)" $REQUESTS | grep -cE "^$1 " || true)
		[ "$said" = $REQUESTS ] || fail "$vip: $said of $REQUESTS answered by $1"
	done
}

# taken WHAT some|none [PATTERN]: packets answered by b1 and b2 are forwarded early, or none is. The first of each VIP
# is on local input anyway.
taken() {
	local before

	answers "${3:-b[12]}"
	before=$(counted early)
	answers "${3:-b[12]}"
	if [ "$2" = none ]; then
		expect "$1: forwarded early" 0 $(($(counted early) - before))
	else
		# SYN, ACK, request, FIN and ACK of each
		[ $(($(counted early) - before)) -ge $((2 * REQUESTS * 4)) ] || fail "$1: $(($(counted early) - before)) early"
		echo "$1: forwarded early: all"
	fi
}

# move NAME DEVICE ADDRESS ADDRESS6: to that device of a namespace.
move() {
	# shellcheck disable=SC2016 # sh's
	in_ns "$1" sh -c 'for dev in $(ip -o addr show to "$1" | cut -d " " -f 2); do ip addr del "$1/24" dev "$dev"; done
		for dev in $(ip -o addr show to "$2" | cut -d " " -f 2); do ip addr del "$2/64" dev "$dev"; done' sh "$3" "$4"
	ips "$1" <<-END
		link set $2 up
		addr add $3/24 dev $2
		addr add $4/64 dev $2 nodad
	END
}

# send_by GATEWAY GATEWAY6: all that the balancer sends.
send_by() {
	ips lb <<-END
		route replace default via $1
		route replace default via $2
	END
}

# receive_on DEVICE [NODE]: the balancer's; NODE is the router's that leads there.
receive_on() {
	move lb "$1" "$LB" "$LB6"
	move router "${2:-lb}" 10.0.1.1 2001:db8:101::1
	ips router <<-END
		route replace $VIP via $LB
		route replace $VIP6 via $LB6
	END
}

# downloads: of 1 MiB from each VIP go on while the hook is switched.
downloads() {
	local vip pids=() switched=0

	for vip in $VIP $VIP6; do
		client curl -s -o /dev/null -w '%{size_download}\n' "http://$(endpoint "$vip" 80)/drip" >"$WORK/drip-$vip" &
		pids+=($!)
	done
	while kill -0 "${pids[@]}" 2>/dev/null; do
		adm set hook local
		adm set hook early
		switched=$((switched + 2))
	done
	wait "${pids[@]}" || true
	expect "downloads whole" "1048576 1048576" "$(cat "$WORK"/drip-* | xargs)"
	[ $switched -ge 10 ] || fail "switched only $switched times"
}

setup_topology
load_module table_size=251
for i in 1 2; do
	add_backend $i gre
	serve_http $i
done
add_backend 3
serve_http 3
lb ipvsadm -R <<END
-A -t $VIP:80 -s maglev
-a -t $VIP:80 -r 10.0.0.1 -i --tun-type gre
-a -t $VIP:80 -r 10.0.0.2 -i --tun-type gre
-A -t [$VIP6]:80 -s maglev
-a -t [$VIP6]:80 -r [2001:db8::1]:80 -i --tun-type gre
-a -t [$VIP6]:80 -r [2001:db8::2]:80 -i --tun-type gre
END
taken "not switched on" none
adm set hook early
taken eth0 some
downloads

lb nft -f - <<<"table inet raw { chain early { type filter hook prerouting priority raw; tcp dport 80 mark set 5; }; }"
taken "with a mark" none
lb nft -f - <<<"flush ruleset
table inet raw { chain early { type filter hook prerouting priority raw; tcp dport 80 drop; }; }"
for vip in $VIP $VIP6; do
	! client curl -s --max-time 2 "http://$(endpoint "$vip" 80)" || fail "$vip: what the firewall drops as raw is forwarded"
done
lb nft -f - <<<"flush ruleset
table inet in { chain input { type filter hook input priority filter; tcp dport 80 drop; }; }"
answers "b[12]"
lb nft flush ruleset

ips lb <<<"link add link eth0 name vlan7 type vlan id 7"
ips router <<<"link add link lb name lb7 type vlan id 7"
receive_on vlan7 lb7
send_by 10.0.1.1 2001:db8:101::1
taken "a VLAN" some

if modprobe bonding 2>/dev/null; then
	ips lb <<-END
		link add bond0 type bond mode active-backup
		link set eth0 down
		link set eth0 master bond0
	END
	receive_on bond0
	send_by 10.0.1.1 2001:db8:101::1
	taken "a bond" some
	ips lb <<<"link del bond0"
fi

ips lb <<END
link add br0 type bridge
link set eth0 master br0
link set eth0 up
END
receive_on br0
send_by 10.0.1.1 2001:db8:101::1
taken "a bridge" some
if modprobe br_netfilter 2>/dev/null; then
	lb sysctl -qw net.bridge.bridge-nf-call-iptables=1 net.bridge.bridge-nf-call-ip6tables=1
	taken "a bridge with br_netfilter" none
	lb sysctl -qw net.bridge.bridge-nf-call-iptables=0 net.bridge.bridge-nf-call-ip6tables=0
	taken "that one without" some
fi

ip link add eth1 netns "$NS-lb" type veth peer name lb1 netns "$NS-router"
ips lb <<END
link set eth0 nomaster
link add vrf0 type vrf table 10
link set vrf0 up
link set eth0 master vrf0
addr add $VIP/32 dev vrf0
addr add $VIP6/128 dev vrf0 nodad
link set eth1 up
addr add 10.0.3.2/24 dev eth1
addr add 2001:db8:103::2/64 dev eth1 nodad
END
ips router <<END
link set lb1 up
addr add 10.0.3.1/24 dev lb1
addr add 2001:db8:103::1/64 dev lb1 nodad
END
receive_on eth0
send_by 10.0.3.1 2001:db8:103::1
taken "a VRF" none
ips lb <<<"link del vrf0"
receive_on eth0
send_by 10.0.1.1 2001:db8:101::1
taken "eth0 again" some

# The balancer routes what is not its own to b3.
ip -n "$NS-router" -4 rule add iif lb lookup 100
ip -n "$NS-router" -6 rule add iif lb lookup 100
ips router <<END
route add $VIP via 10.0.0.3 table 100
route add $VIP6 via 2001:db8::3 table 100
END
ips lb <<END
addr del $VIP/32 dev lo
addr del $VIP6/128 dev lo
END
taken "VIPs that are not local" none b3
add_vip lb
taken "local again" some
finish

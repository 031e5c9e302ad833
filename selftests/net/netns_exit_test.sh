#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Namespaces with services go away in any order, under traffic and with a rebuild still to come,
# and the module is unloaded right after, 20 times over: nothing is left behind, nothing warns.
#
#   init --- 1, 2, 3   each a balancer of its own, 192.0.2.1I on lo, at the end of a veth pair
. "$(dirname "$0")/lib.sh"

ROUNDS=20
ORDERS=("1 2 3" "3 2 1" "2 1 3" "1 3 2" "3 1 2" "2 3 1")

# add_balancer I: no sysctl and nobody to answer, for speed: what counts is what is scheduled.
add_balancer() {
	local vip=192.0.2.1$1 net=10.9.$1

	ip -batch - <<-END
		netns add $NS-$1
		link add $NS-$1 type veth peer name eth0 netns $NS-$1
		link set $NS-$1 up
		addr add $net.1/24 dev $NS-$1
		route add $vip via $net.2
	END
	ips "$1" <<-END
		link set lo up
		link set eth0 up
		addr add $net.2/24 dev eth0
		addr add $vip/32 dev lo
	END
	in_ns "$1" ipvsadm -R <<-END
		-A -t $vip:80 -s maglev
		-a -t $vip:80 -r $net.10 -i --tun-type gre
		-a -t $vip:80 -r $net.11 -i
		-A -u $vip:53 -s maglev -b flag-1 -o
		-a -u $vip:53 -r $net.10 -m
		-a -u $vip:53 -r $net.11 -m
	END
}

# send_traffic: SYNs and datagrams to all that can be reached.
send_traffic() {
	exec perl -MIO::Socket::INET -e 'for (;;) { for my $vip (map "192.0.2.1$_", 1 .. 3) {
		IO::Socket::INET->new(PeerAddr => "$vip:80", Blocking => 0);
		my $udp = IO::Socket::INET->new(PeerAddr => "$vip:53", Proto => "udp");
		$udp->send("x") if $udp;
	} select(undef, undef, undef, 0.01) }'
}

# scheduled I: both services have had traffic.
scheduled() {
	[ "$(in_ns "$1" ipvsadm -Ln --stats | awk '/^(TCP|UDP)/ && $3 > 0' | wc -l)" = 2 ]
}

trap clean_topology EXIT
unload_module
send_traffic &
echo $! >"$WORK/traffic.pid"
for round in $(seq $ROUNDS); do
	# With 500 ms a change made now is built after the namespace is gone.
	start_tracing rebuild_delay_ms=$((round % 2 * 500))
	for i in 1 2 3; do
		add_balancer $i
	done
	[ "$round" -gt 3 ] || poll 10 scheduled "$round" || fail "no traffic in $round"
	for i in ${ORDERS[round % ${#ORDERS[@]}]}; do
		in_ns "$i" ipvsadm -e -t "192.0.2.1$i:80" -r "10.9.$i.11" -i -w $((round % 3))
		ip netns del "$NS-$i"
	done
	unload_module
done
echo "$ROUNDS rounds of three namespaces"
finish

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A namespace with services, tracked flows of both families and a change just made goes away while packets come, ROUNDS
# times, with a drain and a move to another flow table under way in some; then the module is unloaded. Nothing is left
# behind and nothing is logged.
#
#   init --- a balancer at the end of a veth pair
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/frames.sh"
. "$(dirname "$0")/flows.sh"

ROUNDS=${ROUNDS:-10}

# add_lb ROUND: each with a device and addresses of its own, as the last one's go a while after its name.
add_lb() {
	ip -batch - <<-END
		netns add $NS-lb
		link add $NS-$1 type veth peer name eth0 netns $NS-lb
		link set $NS-$1 up
		addr add 10.9.$1.1/24 dev $NS-$1
		addr add 2001:db8:9:$1::1/64 dev $NS-$1 nodad
		route replace $VIP via 10.9.$1.2
		route replace $VIP6 via 2001:db8:9:$1::2
	END
	ips lb <<-END
		link set lo up
		link set eth0 up
		addr add 10.9.$1.2/24 dev eth0
		addr add 2001:db8:9:$1::2/64 dev eth0 nodad
		addr add $VIP/32 dev lo
		addr add $VIP6/128 dev lo nodad
		route add default via 10.9.$1.1
		route add default via 2001:db8:9:$1::1
	END
	lb ipvsadm -R <<-END
		-A -t $VIP:80 -s maglev
		-A -t [$VIP6]:80 -s maglev
	END
	backends -a 1 2 3
}

# flood VIP: until told to stop, whether the VIP is there or not.
flood() {
	while [ ! -e "$WORK/stop" ]; do
		"$FRAMES" send -i "$(cat "$WORK/device")" --vip "$1" --flows 3000 --kind handshake --packets 20 \
			>/dev/null 2>&1 || sleep 0.02
	done
}
has_flows() { [ "$(flows_held 2>/dev/null || true)" -gt 100 ]; }

build_frames
trap clean_topology EXIT
load_module
echo none >"$WORK/device"
mark_log
flood $VIP &
flood $VIP6 &
for round in $(seq "$ROUNDS"); do
	add_lb "$round"
	echo "$NS-$round" >"$WORK/device"
	poll 20 has_flows || fail "round $round: no flows"
	[ $((round % 2)) = 0 ] || adm set flows $((round * 1000 + 50000))
	[ $((round % 3)) = 0 ] || backends -e -w 0 2
	[ $((round % 4)) = 0 ] || adm backend drain tcp $VIP:80 10.0.4.3:80 --deadline 1s
	backends -d 1
	ip netns del "$NS-lb"
done
touch "$WORK/stop"
wait
echo "rounds: $ROUNDS"
unload_module
expect "lines logged" "" "$(logged 'ip_vs_maglev' || true)"
finish

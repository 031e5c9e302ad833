#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# maglev-dpdk beside the kernel's balancer: real HTTP through it to stock tunnel devices, what is no VIP's to the kernel
# by its TAP (ping, ARP), the same digests, and of FLOWS flows in each family that went through the kernel each goes to
# the same backend through maglev-dpdk, which has never seen it, and back.
#
#   as in lib.sh, with a second balancer lb2, whose kernel has maglev0 instead of eth0, and eth0 is maglev-dpdk's
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/frames.sh"
. "$(dirname "$0")/flows.sh"
. "$(dirname "$0")/dpdk.sh"

FLOWS=${FLOWS:-2000}
LB2=10.0.2.2 LB26=2001:db8:102::2

command -v "$TOP/build/maglev-dpdk" >/dev/null || skip "build/maglev-dpdk is not there: dpdk-dev"
has_device() { ip -n "$NS-lb2" link show maglev0 >/dev/null 2>&1; }
route_to() {
	ips router <<-END
		route replace $VIP via $1
		route replace $VIP6 via $2
	END
}

# start_dpdk: eth0 is its port, and the kernel of lb2 hears nothing there; what maglev-dpdk gives it comes by maglev0.
start_dpdk() {
	local mac

	mac=$(ip -n "$NS-lb2" -o link show eth0 | grep -oE 'link/ether [0-9a-f:]*' | cut -d ' ' -f 2)
	ips lb2 <<-END
		addr flush dev eth0
		link set eth0 arp off
	END
	in_ns lb2 nft -f - <<-END
		table netdev port {
			chain in { type filter hook ingress device eth0 priority 0; policy drop; }
		}
	END
	mkdir "$WORK/dpdk"
	XDG_RUNTIME_DIR=$WORK/dpdk RUNTIME_DIRECTORY=$WORK/dpdk in_ns lb2 "$TOP/build/maglev-dpdk" --no-huge --no-pci -m 256 -l 0,1 \
		--file-prefix "$NS" --vdev net_af_packet0,iface=eth0,framecnt=4096 -- --socket "$WORK/socket" --key-file "$WORK/key" \
		--table-size 4093 --flows 65536 --idle 100 >"$WORK/dpdk.log" 2>&1 &
	echo $! >"$WORK/dpdk.pid"
	poll 60 is_listening || fail "maglev-dpdk does not listen: $(cat "$WORK/dpdk.log")"
	poll 20 has_device || fail "there is no maglev0: $(cat "$WORK/dpdk.log")"
	ips lb2 <<-END
		link set maglev0 address $mac up
		addr add $LB2/24 dev maglev0
		addr add $LB26/64 dev maglev0 nodad
		route replace default via 10.0.2.1
		route replace default via 2001:db8:102::1
	END
}

PARAMETERS="table_size=4093 hash_key=$KEY" setup_flows
(umask 077 && echo "$KEY" >"$WORK/key")
add_balancer lb2 $LB2 10.0.2.1 $LB26 2001:db8:102::1
# A checksum that is left to a device is none to whoever reads frames.
for name in client router; do in_ns $name ethtool -K "$([ $name = client ] && echo eth0 || echo client)" tx off tso off gso off >/dev/null; done
modprobe tun
start_dpdk
in_ns router busybox ping -c 3 -W 5 $LB2 >"$WORK/ping" || fail "lb2 does not answer by maglev0: $(cat "$WORK/ping" "$WORK/dpdk.log")"
echo "what is no VIP's: $(grep received "$WORK/ping")"

# Real HTTP.
for i in 1 2 3; do
	add_backend $i gre
	serve_http $i
	in_ns b$i ethtool -K eth0 tx off tso off gso off >/dev/null
	dpdk -A -t "$VIP:80" -s maglev 2>/dev/null || true
	dpdk -A -t "[$VIP6]:80" -s maglev 2>/dev/null || true
	dpdk -a -t "$VIP:80" -r 10.0.0.$i -i --tun-type gre
	dpdk -a -t "[$VIP6]:80" -r "[2001:db8::$i]:80" -i --tun-type gre
done
route_to $LB2 $LB26
poll 30 client curl -s --max-time 5 -o /dev/null "http://$VIP" || fail "no answer: $(dpdk stats; dpdk explain tcp $CLIENT:4242 $VIP:80; cat "$WORK/dpdk.log")"
expect "HTTP over IPv4, answered by" "b1 b2 b3" "$(ask "http://$VIP" 40 | cut -d " " -f 1 | sort -u | xargs)"
expect "HTTP over IPv6, answered by" "b1 b2 b3" "$(ask "http://[$VIP6]" 40 | cut -d " " -f 1 | sort -u | xargs)"
expect_range "packets forwarded" 400 100000 "$(dpdk -j stats | tr -d ' \t\n' | grep -oE '"forwarded":[0-9]+' | cut -d : -f 2)"
client busybox ping -c 2 -W 5 $VIP >"$WORK/ping" || fail "the VIP does not answer pings: $(cat "$WORK/ping")"
dpdk explain tcp $CLIENT:4242 $VIP:80

# The same services as the kernel's balancer.
for i in 1 2 3; do
	dpdk -d -t "$VIP:80" -r 10.0.0.$i
	dpdk -d -t "[$VIP6]:80" -r "[2001:db8::$i]:80"
done
join 1 2 3 4
for i in 4 3 2 1; do
	dpdk -a -t "$VIP:80" -r 10.0.4.$i -i --tun-type gre
	dpdk -a -t "[$VIP6]:80" -r "[2001:db8:4::$i]:80" -i --tun-type gre
done
adm backend drain tcp "$VIP:80" 10.0.4.3:80
dpdk backend drain tcp "$VIP:80" 10.0.4.3:80
poll 20 agree || fail "digests differ: $(digests adm) $(digests dpdk)"
echo "digests: $(digests dpdk | xargs)"
route_to $LB $LB6
begin_flows A "$FLOWS"
route_to $LB2 $LB26
poll 20 in_ns router busybox ping -c 1 -W 1 $LB2 >/dev/null || fail "lb2 is gone"
SINK_ON=lb2 same_flows "through maglev-dpdk" A "$FLOWS"
SINK_ON=lb2 begin_flows B "$FLOWS" --first "$FLOWS"
route_to $LB $LB6
same_flows "through the kernel again" A "$FLOWS"
same_flows "begun in maglev-dpdk, through the kernel" B "$FLOWS" --first "$FLOWS"

kill -TERM "$(cat "$WORK/dpdk.pid")"
has_ended() { ! kill -0 "$(cat "$WORK/dpdk.pid")" 2>/dev/null; }
poll 20 has_ended || fail "maglev-dpdk does not end"
finish

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# ICMP errors about a VIP's answers reach the backend that has the flow, after the table changed
# too, and make no flow; so a download passes a narrow link near the client. What quotes anything
# else is the balancer's own, and so is an echo request.
#
#   as in lib.sh, with two backends; the MTU of the router's link to the client is 1300
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/packets.sh"

# errors NAME CLIENT VIP PORT: about what the VIP sent from its port 80.
errors() {
	craft errors <<END
	client, vip = "$1", "$2"
	quote = tcp(vip, client, 80, $3, "A", bytes(1200), ttl=60)[:100]
	kinds = [(1, 0, 0), (1, 4, 0), (2, 0, 1300), (3, 0, 0), (4, 0, 0)]
	if ":" not in vip:
		kinds = [(3, 1, 0), (3, 3, 0), (3, 4, 1300), (11, 0, 0), (12, 0, 0)]
	for kind, code, mtu in kinds:
		put(error("2001:db8:5::1" if ":" in vip else "203.0.113.5", vip, kind, code, quote, mtu))
END
	inject errors
}

# strange CLIENT VIP: of no service; 3 that tell what is unreachable.
strange() {
	craft strange <<END
	client, vip = "$1", "$2"
	source, kind = ("2001:db8:5::1", 1) if ":" in vip else ("203.0.113.5", 3)
	put(error(source, vip, kind, 0, tcp(vip, client, 81, 4242)))
	put(error(source, vip, kind, 0, udp(vip, client, 80, 4242)))
	put(error(source, vip, kind, 0, ip(vip, client, 89, bytes(64))))
END
	inject strange
}

# counter NAME: of the balancer's stack.
counter() { lb nstat -asz "$1" | awk 'END { print $2 }'; }
has_counted() { [ "$(counter "$1")" -ge "$2" ]; }

# check CLIENT VIP PREFIX SOURCE
check() {
	local vip=$2 port=40006 family=-6 name=Icmp6InDestUnreachs owner flows before i

	[[ $vip == *:* ]] || port=40004 family=-4 name=IcmpInDestUnreachs
	lb ipvsadm -C
	echo >"$TRACE/trace"
	lb ipvsadm -A -t "$(endpoint "$vip" 80)" -s maglev
	for i in 1 2; do
		lb ipvsadm -a -t "$(endpoint "$vip" 80)" -r "$(endpoint "$3$i" 80)" -i --tun-type gre
	done
	poll 10 has_both || fail "no table of two: $(published)"
	expect "$vip: bytes past the narrow link" 1048576 "$(client curl -s --max-time $((20 * ${MAGLEV_SLOW:-1})) -o /dev/null \
		-w '%{size_download}' "http://$(endpoint "$vip" 80)/drip")"

	owner=$(client curl -s --max-time 10 --local-port $port "http://$(endpoint "$vip" 80)")
	owner=$3${owner#b}
	flows=$(new_flows)
	before=$(counter $name)
	for i in 1 2; do
		forget_seen wire
		errors "$1" "$vip" $port
		await wire "^in .*>$owner .*\| gre \| .*$4>$vip .*ttl=62 .*\| icmp .*\| .*$vip>$1 .*\| tcp 80>$port" 5
		expect "$vip: ICMP to backends" 5 "$(seen wire '^in .*\| gre \| .*\| icmp')"
		expect "kinds" 5 "$(grep -oE '^in .*\| gre \| .* icmp [0-9.]+ mtu=[0-9]+' "$WORK/wire.watch" | sed 's/.* icmp//' | sort -u | wc -l)"
		[ $i = 2 ] || lb ipvsadm -e -t "$(endpoint "$vip" 80)" -r "$(endpoint "$owner" 80)" -i --tun-type gre -w 0
		[ $i = 2 ] || poll 10 has_one || fail "not drained: $(published)"
	done
	expect "$vip: new flows" "$flows" "$(new_flows)"
	expect "$vip: $name" "$before" "$(counter $name)"

	forget_seen wire
	strange "$1" "$vip"
	poll 10 has_counted $name $((before + 3)) || fail "$name: $(counter $name), $before before"
	client busybox ping $family -c 1 -W 5 "$vip" >/dev/null || fail "$vip: no answer to an echo request"
	expect "$vip: others to backends" 0 "$(seen wire '^in .*\| gre')"
	expect "$vip: drops" 0 "$(traced ' drop: ')"
}
has_both() { [ "$(published backends)" = 2 ]; }
has_one() { [ "$(count_published)" -gt 2 ]; }

setup_topology
load_module table_size=251
trace new drop
for i in 1 2; do
	add_backend $i
	add_tunnels $i
	serve_http $i
	sed -i '/limit_rate/s/limit_rate 64k;//' "$WORK/b$i.conf"
	poll 10 test -s "$WORK/b$i.pid" || fail "nginx of b$i has no pid"
	in_ns b$i nginx -c "$WORK/b$i.conf" -s reload 2>/dev/null
done
build_frames
ip -n "$NS-router" link set client mtu 1300
start_watch wire router lb
check $CLIENT $VIP 10.0.0. 203.0.113.5
check $CLIENT6 $VIP6 2001:db8:: 2001:db8:5::1
finish

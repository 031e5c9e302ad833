#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# UDP datagrams in three fragments, in any order, go whole to the backend that has the flow; so do
# IPv6's atomic fragments. Those that are too big for the tunnel leave it in outer fragments with
# IDs of their own, and arrive.
#
#   as in lib.sh, with two backends
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/packets.sh"

EACH=8 # flows for each order

# check CLIENT VIP PREFIX
check() {
	local vip=$2 each=2 total

	lb ipvsadm -C
	echo >"$TRACE/trace"
	lb ipvsadm -A -u "$(endpoint "$vip" 53)" -s maglev
	for i in 1 2; do
		lb ipvsadm -a -u "$(endpoint "$vip" 53)" -r "$(endpoint "$3$i" 53)" -i
	done
	poll 10 has_both || fail "no table of two: $(published)"
	craft datagrams <<END
		from itertools import permutations
		for number, order in enumerate(permutations(range(3))):
			for port in range(1000 * (number + 1), 1000 * (number + 1) + $EACH):
				packet = udp("$1", "$vip", port, 53, bytes(592), ident=port, frag=0)
				put(packet)
				pieces = fragments(packet, 200, port)
				for i in order:
					put(pieces[i])
				if ":" in "$vip":
					put(fragments(packet, 1024, port + 50000)[0])
END
	[[ $vip != *:* ]] || each=3
	total=$((EACH * 6 * each))
	start_sink sink --port 53 --proto udp --expect $total --idle 3000
	inject datagrams
	wait_sink sink
	expect "$vip: packets" $total "$(sink_field sink packets)"
	expect "$vip: flows" $((EACH * 6)) "$(sink_field sink flows)"
	expect "$vip: changed" 0 "$(sink_field sink changed)"
	expect_range "$vip: to b2" 10 $((total - 10)) "$(sink_field sink "$3"2)"
}
has_both() { [ "$(published backends)" = 2 ]; }

# received: datagrams that came to b1, where nobody listens.
received() {
	in_ns b1 cat /proc/net/snmp /proc/net/snmp6 |
		awk '$1 == "Udp:" && $2 ~ /[0-9]/ { n += $3 } $1 == "Udp6NoPorts" { n += $2 } END { print n }'
}
has_received() { [ "$(received)" -ge "$1" ]; }

setup_topology
load_module table_size=251
for i in 1 2; do
	add_backend $i
	add_tunnels $i
done
build_frames
meet client lb b1 b2
check $CLIENT $VIP 10.0.0.
check $CLIENT6 $VIP6 2001:db8::

echo "4000 bytes"
start_watch wire router lb
for vip in $VIP $VIP6; do
	for backend in 10.0.0.1 2001:db8::1; do
		balance "$vip" "$backend" -i
		forget_seen wire
		craft big <<END
			client = "$CLIENT6" if ":" in "$vip" else "$CLIENT"
			for port in (7001, 7002, 7003):
				for piece in fragments(udp(client, "$vip", port, 53, bytes(4000), frag=0), 1368, port):
					put(piece)
END
		before=$(received)
		inject big
		poll 10 has_received $((before + 3)) || fail "$vip in $backend: $(received) received, $before before"
		await wire "^in .*>$backend .* mf" 6
		expect "$vip in $backend: IDs of outer fragments" 3 "$(
			grep -E "^in .*>$backend .* mf" "$WORK/wire.watch" | cut -d '|' -f 1 | grep -o ' id=[0-9]*' | sort -u | wc -l)"
	done
done
finish

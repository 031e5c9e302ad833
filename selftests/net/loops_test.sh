#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Packets that come round again: a backend that is this host is served here; what a backend routes
# back ends with its TTL, counted once, and the client is told; from the VIP to itself is dropped;
# nothing is forwarded from a source that no packet may have.
#
#   as in lib.sh; b1 serves, b2 decapsulates but has no VIP: it routes what is for one back to the
#   router. The balancer serves HTTP itself.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/packets.sh"

setup_topology
load_module table_size=251
trace drop
for i in 1 2; do
	add_backend $i
	add_tunnels $i
done
serve_http 1
serve_balancer 80
ips b2 <<-END
	addr del $VIP/32 dev lo
	addr del $VIP6/128 dev lo
END
build_frames
meet client lb b1 b2
start_watch wire router lb
start_watch told client eth0

# two VIP BACKEND...: a service with these.
two() {
	local service

	service=$(endpoint "$1" 80)
	shift
	lb ipvsadm -C
	echo >"$TRACE/trace"
	lb ipvsadm -A -t "$service" -s maglev
	for backend; do
		lb ipvsadm -a -t "$service" -r "$(endpoint "$backend" 80)" -i
	done
	backends=$#
	poll 10 has_all || fail "no table of $#: $(published)"
}
has_all() { [ "$(published backends)" = "$backends" ]; }

has_dropped() { [ "$(traced ' drop: ')" -gt 0 ]; }

for vip in $VIP $VIP6; do
	[[ $vip == *:* ]] && local=$LB6 other=2001:db8::1 || local=$LB other=10.0.0.1
	two "$vip" "$local" "$other"
	ask "http://$(endpoint "$vip" 80)" 40 | cut -d ' ' -f 1 | sort | uniq -c | xargs >"$WORK/answers"
	[[ $(cat "$WORK/answers") =~ ^([0-9]+)\ b1\ ([0-9]+)\ lb$ ]] || fail "$vip: backend here: $(cat "$WORK/answers")"
	expect "$vip: answered by $(cat "$WORK/answers")" 40 $((BASH_REMATCH[1] + BASH_REMATCH[2]))
	two "$vip" "$vip"
	expect "$vip: the VIP is the backend" lb "$(client curl -s --max-time 10 "http://$(endpoint "$vip" 80)")"
done

for vip in $VIP $VIP6; do
	[[ $vip == *:* ]] && other=2001:db8::2 from=$CLIENT6 code=3.0 || other=10.0.0.2 from=$CLIENT code=11.0
	two "$vip" "$other"
	forget_seen wire
	forget_seen told
	craft loop <<END
	put(tcp("$from", "$vip", 4242, 80, ttl=62)) # so that it ends at the balancer
END
	inject loop
	await wire "^in .*>$other .*\| tcp 4242>80" 15
	await told "^in .*>$from .*\| icmp $code .*\| .*$from>$vip .*\| tcp 4242>80"
	poll 10 has_dropped || fail "$vip: not dropped: $(tail -n 3 "$WORK/wire.watch")"
	expect "$vip: dropped in the end" 1 "$(traced ' drop: .*sport=4242 .*reason=ttl')"
	expect_range "$vip: rounds" 15 32 "$(seen wire "^in .*>$other .*\| tcp 4242>80")"
	expect "$vip: answers" 1 "$(seen told '^in .*icmp (11|3)\.0')"
done

lb sysctl -qw net.ipv4.conf.all.accept_local=1
for vip in $VIP $VIP6; do
	[[ $vip == *:* ]] && other=2001:db8::1 from=$CLIENT6 || other=10.0.0.1 from=$CLIENT
	two "$vip" "$other"
	forget_seen wire
	craft land <<END
	vip, client = "$vip", "$from"
	bad = ("0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255")
	if ":" in vip:
		bad = ("::", "::1", "ff02::1")
	for source in (vip, *bad):
		put(tcp(source, vip, 80, 80))
		put(tcp(source, vip, 4243, 80, "A"))
	put(tcp(client, vip, 7777, 80))
END
	inject land
	await wire "^in .*>$other .*\| tcp 7777>80"
	expect "$vip: from itself, dropped" 2 "$(traced ' drop: .*reason=source-is-vip')"
	grep -E '^in .*\| tcp' "$WORK/wire.watch" | grep -v " $from>" >&2 && fail "$vip: forwarded from such a source"
	echo "$vip: not forwarded from bad sources"
done
expect "counted: ttl, source-is-vip" "2 4" "$(counted ttl) $(counted source-is-vip)"
expect "serves" b1 "$(client curl -s --max-time 10 "http://[$VIP6]")"
finish

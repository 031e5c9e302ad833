#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The balancer's firewall sees packets as it does with IPVS: INPUT rules by address, port and rate,
# of nftables and iptables; connection tracking, with invalid packets dropped, or none; what OUTPUT
# drops is counted.
#
#   as in lib.sh, with one backend and one more client address that ends in 8
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/packets.sh"

OTHER=198.51.100.8 OTHER6=2001:db8:100::8

# rules: of INPUT, from stdin, instead of all others.
rules() {
	{
		echo "flush ruleset; table inet firewall { chain input { type filter hook input priority filter;"
		cat
		printf "}\n}\n"
	} | lb nft -f -
}

# served WHAT WANTED: from the first address and the other, by IPv4 and then by IPv6.
served() {
	local seen=() from vip patience

	# Where nobody answers that is known soon enough; who does may take a while.
	[[ $2 == *-* ]] && patience=2 || patience=20

	for from in $CLIENT $OTHER $CLIENT6 $OTHER6; do
		[[ $from == *:* ]] && vip=$VIP6 || vip=$VIP
		seen+=("$(client curl -s --max-time $patience --interface "$from" "http://$(endpoint "$vip" 80)" || echo -)")
	done
	expect "$1" "$2" "${seen[*]}"
}
has_dropped() { [[ $(lb nft list ruleset) == *"counter packets $1 "* ]]; }

setup_topology
load_module table_size=251
trace drop
add_backend 1
add_tunnels 1
serve_http 1
serve_uploads 1
serve_udp 1
build_frames
ips client <<-END
	addr add $OTHER/24 dev eth0
	addr add $OTHER6/64 dev eth0 nodad
END
cat >"$WORK/services" <<-END
	-A -t $VIP:80 -s maglev
	-a -t $VIP:80 -r 10.0.0.1:80 -i
	-A -t [$VIP6]:80 -s maglev
	-a -t [$VIP6]:80 -r [2001:db8::1]:80 -i
	-A -t $VIP:8000 -s maglev
	-a -t $VIP:8000 -r 10.0.0.1:8000 -i
	-A -t [$VIP6]:8000 -s maglev
	-a -t [$VIP6]:8000 -r [2001:db8::1]:8000 -i
	-A -u $VIP:53 -s maglev
	-a -u $VIP:53 -r 10.0.0.1:53 -i
END
lb ipvsadm -R <"$WORK/services"
poll 10 has_tables 5 || fail "no tables: $(count_published) of 5"
start_watch wire router lb

served "no rules" "b1 b1 b1 b1"
rules <<<"ip saddr $OTHER drop; ip6 saddr $OTHER6 drop"
served "nftables, by source" "b1 - b1 -"
rules <<<"policy drop; meta l4proto icmpv6 accept; tcp dport 80 accept"
served "policy drop, port accepted" "b1 b1 b1 b1"
expect "not accepted" "-" "$(ask_datagram $VIP)"

rules <<<"udp dport 53 limit rate 1/minute burst 3 packets accept; udp dport 53 counter drop"
forget_seen wire
craft many <<END
	for port in range(6001, 6011):
		put(udp("$CLIENT", "$VIP", port, 53, b"x"))
END
inject many
poll 10 has_dropped 7 || fail "not rate-limited: $(lb nft list ruleset)"
await wire '^in .* udp 60[0-9]+>53' 3
expect "rate limit: to the backend" 3 "$(seen wire '^in .* udp 60[0-9]+>53')"

echo "connection tracking"
rules <<<"policy drop; ct state invalid drop; ct state new,established,related accept; meta l4proto icmpv6 accept"
served "tracked" "b1 b1 b1 b1"
upload 1 $VIP
upload 1 $VIP6
expect "tracked connections" 0 "$(lb sysctl -n net.netfilter.nf_conntrack_count)"
rules <<<"policy drop; ct state untracked accept; meta l4proto icmpv6 accept"
lb nft -f - <<END
table inet raw {
	chain prerouting {
		type filter hook prerouting priority raw
		ip daddr $VIP notrack
		ip6 daddr $VIP6 notrack
	}
}
END
served "untracked" "b1 b1 b1 b1"
upload 1 $VIP

lb nft flush ruleset
lb nft -f - <<<"table inet output { chain output { type filter hook output priority filter; ip daddr 10.0.0.1 drop; }; }"
expect "OUTPUT drops" "-" "$(ask_datagram $VIP)"
expect "traced" 1 "$(traced ' drop: .*dport=53 reason=not-sent')"
lb nft flush ruleset

if command -v iptables >/dev/null; then
	lb iptables -A INPUT -s $OTHER -p tcp -j DROP
	lb ip6tables -A INPUT -s $OTHER6 -p tcp -j DROP
	served "iptables, by source" "b1 - b1 -"
	lb iptables -t raw -A PREROUTING -d $VIP -j NOTRACK
	lb iptables -R INPUT 1 -m conntrack --ctstate INVALID -j DROP
	lb ip6tables -R INPUT 1 -m conntrack --ctstate INVALID -j DROP
	served "iptables, by state" "b1 b1 b1 b1"
	upload 1 $VIP6
else
	echo "iptables is missing: not tested"
fi
finish

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Firewall-mark services (-f), IPv4 and IPv6: any marked port is served, by all backends; by one
# for each client address in mode source or when persistent; what is not marked is not served.
#
#   as in lib.sh, with two backends; the balancer marks what comes for ports 80 and 8080
. "$(dirname "$0")/lib.sh"

command -v nft >/dev/null || skip "nft (nftables) is missing"
N=30

# service MARK PREFIX OPTION...
service() {
	local mark=$1 prefix=$2 family=()

	shift 2
	[ "$mark" = 4 ] || family=(-6)
	lb ipvsadm -C
	echo >$TRACE/trace
	lb ipvsadm -A -f "$mark" "${family[@]}" -s maglev "$@"
	for i in 1 2; do
		lb ipvsadm -a -f "$mark" "${family[@]}" -r "${prefix/@/$i}" -i
	done
	poll 10 has_both || fail "mark $mark $*: no table of two: $(published)"
	echo "mark $mark $*"
}

# answers URL: from both ports.
answers() {
	ask "$1" $N >"$WORK/answers" || true
	ask "$1:8080" $N >>"$WORK/answers" || true
	expect "answered" $((2 * N)) "$(grep -c '^b[12] ' "$WORK/answers")"
}
has_both() { [ "$(published backends)" = 2 ]; }
backends() { cut -d ' ' -f 1 | sort -u | wc -l; }

setup_topology
lb nft -f - <<END
table inet marks {
	chain prerouting {
		type filter hook prerouting priority mangle
		ip daddr $VIP tcp dport 80 meta mark set 4
		ip daddr $VIP tcp dport 8080 meta mark set 4
		ip6 daddr $VIP6 tcp dport 80 meta mark set 6
		ip6 daddr $VIP6 tcp dport 8080 meta mark set 6
	}
}
END
load_module table_size=65537
for i in 1 2; do
	add_backend $i ipip
	serve_http $i
	serve_also $i 8080
	serve_also $i 8081
done

service 4 10.0.0.@
answers http://$VIP
for port in 80 8080; do
	expect "backends on port $port" 2 "$(ask http://$VIP:$port $N | backends)"
done
expect "answered on a port without mark" 0 "$(ask http://$VIP:8081 3 | grep -c '^b' || true)"
service 4 10.0.0.@ -b flag-1
answers http://$VIP
expect "backends of one client" 1 "$(backends <"$WORK/answers")"
service 4 10.0.0.@ -p 300
answers http://$VIP
expect "backends of one client" 1 "$(backends <"$WORK/answers")"
service 6 '[2001:db8::@]:0'
answers "http://[$VIP6]"
expect "backends" 2 "$(backends <"$WORK/answers")"
finish

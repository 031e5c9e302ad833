#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# UDP services: each client port keeps its backend, ports spread, over IPv4 and IPv6; a drained
# backend keeps those it has and gets no new ones.
#
#   as in lib.sh, with two backends
. "$(dirname "$0")/lib.sh"

N=60

# check VIP PREFIX SERVICE_OPTION...
check() {
	local vip=$1 prefix=$2 service=$1:53 mine

	[[ $vip != *:* ]] || service="[$vip]:53"
	lb ipvsadm -A -u "$service" -s maglev
	for i in 1 2; do
		lb ipvsadm -a -u "$service" -r "${prefix/@/$i}" -i
	done
	poll 10 has_both || fail "no table of two: $(published)"
	ask_udp 20001 $((20000 + N)) 3 "$vip" >"$WORK/first"
	expect "$vip: of one backend" $N "$(grep -cE '^[0-9]+ (b1 b1 b1|b2 b2 b2)$' "$WORK/first")"
	expect_range "$vip: of b2" 10 $((N - 10)) "$(grep -c ' b2$' "$WORK/first")"

	lb ipvsadm -e -u "$service" -r "${prefix/@/2}" -i -w 0
	ask_udp 20001 $((20000 + N)) 3 "$vip" | diff "$WORK/first" - >&2 || fail "$vip: drained: moved"
	mine=$(ask_udp 21001 $((21000 + N)) 1 "$vip" | grep -c ' b1$' || true)
	expect "$vip: drained: new ones of b1" $N "$mine"
	lb ipvsadm -C
	echo >$TRACE/trace
}
has_both() { [ "$(published backends)" = 2 ]; }

setup_topology
load_module table_size=65537
for i in 1 2; do
	add_backend $i ipip
	serve_udp $i
done
check $VIP 10.0.0.@
check $VIP6 '[2001:db8::@]:53'
finish

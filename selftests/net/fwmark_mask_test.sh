#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Marked packets are IPVS's until the fwmark mask leaves their bits out: then they are ours, and flows that IPVS has
# connections of stay with their backends, however long the service has been ours.
#
#   as in lib.sh, with two backends; the balancer marks what comes for port 53
. "$(dirname "$0")/lib.sh"

command -v nft >/dev/null || skip "nft (nftables) is missing"
N=60
TIMEOUT=10 # seconds of IPVS's connections, by which it is not asked for them any more

has_both() { [ "$(published backends)" = 2 ]; }
has_one_up() { ! has_both_up; }
has_both_up() { [ "$(published live_digest)" = "$(published base_digest)" ]; }
connections() { lb ipvsadm -Lnc | grep -c '^UDP.*:53 ' || true; }
ask_all() { ask_udp 20001 $((20000 + N)) 1 $VIP >"$WORK/answers"; }
of_b1() { grep -c ' b1$' "$WORK/answers" || true; }

setup_topology
lb nft -f - <<END
table inet marks {
	chain prerouting {
		type filter hook prerouting priority mangle
		udp dport 53 meta mark set 0x100
	}
}
END
load_module table_size=65537
lb ipvsadm --set 0 0 $TIMEOUT
lb ipvsadm -A -u $VIP:53 -s maglev
for i in 1 2; do
	add_backend $i ipip
	serve_udp $i
	lb ipvsadm -a -u $VIP:53 -r 10.0.0.$i -i
done
poll 10 has_both || fail "no table of two: $(published)"
lb ipvsadm -e -u $VIP:53 -r 10.0.0.2 -i -w 0
poll 10 has_one_up || fail "b2 is not drained: $(published)"
since=$SECONDS
while [ $((SECONDS - since)) -le $TIMEOUT ]; do
	ask_all
	expect "of b1 while b2 is drained" $N "$(of_b1)"
done
expect "connections of IPVS" $N "$(connections)"
lb ipvsadm -e -u $VIP:53 -r 10.0.0.2 -i -w 1
poll 10 has_both_up || fail "no table of both: $(published)"
adm set fwmark-mask 0
ask_all
expect "still of b1 once they are ours" $N "$(of_b1)"
expect_range "forwarded by us" $N $((4 * N)) "$(counted forwarded)"
ask_udp 21001 $((21000 + N)) 1 $VIP >"$WORK/answers"
expect_range "new ones of b1" 10 $((N - 10)) "$(of_b1)"
finish

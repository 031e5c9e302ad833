#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A backend at its upper threshold (-x) is passed over: others take its new connections, nobody is
# refused, nobody else's flows move, and the table stays what it is.
#
#   as in lib.sh, with three backends; flows are told apart by the client's port
. "$(dirname "$0")/lib.sh"

N=120 LIMIT=5

# flows FILE: who answers each of the client's ports.
flows() {
	ask_from 20001 $((20000 + N)) http://$VIP >"$WORK/$1"
	expect "$1, answered" $N "$(grep -c ' b[123]$' "$WORK/$1")"
}
has_all() { [ "$(published backends)" = 3 ]; }

setup_topology
load_module table_size=65537
reuse_ports
lb ipvsadm -A -t $VIP:80 -s maglev
for i in 1 2 3; do
	add_backend $i gre
	serve_http $i
	lb ipvsadm -a -t $VIP:80 -r 10.0.0.$i -i --tun-type gre
done
poll 10 has_all || fail "no table of three: $(published)"
digest=$(published live_digest)

# Closed connections count as well, for two minutes.
lb ipvsadm -e -t $VIP:80 -r 10.0.0.2 -i --tun-type gre -x $LIMIT
flows limited
expect "served by the limited one" $LIMIT "$(grep -c ' b2$' "$WORK/limited")"

lb ipvsadm -e -t $VIP:80 -r 10.0.0.2 -i --tun-type gre
flows unlimited
expect_range "served by it without limit" $((N / 6)) $((N / 2)) "$(grep -c ' b2$' "$WORK/unlimited")"
expect "digest" "$digest" "$(published live_digest)"
comm -13 "$WORK/limited" "$WORK/unlimited" >"$WORK/moved"
expect "collateral" 0 "$(grep -vc ' b2$' "$WORK/moved" || true)"
comm -23 "$WORK/limited" "$WORK/unlimited" >"$WORK/lent"
for i in 1 3; do
	expect_range "taken over by b$i" 1 $N "$(grep -c " b$i$" "$WORK/lent")"
done
finish

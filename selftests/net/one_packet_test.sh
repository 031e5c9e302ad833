#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A one-packet service (-o) is asked for each datagram anew and always says what the table says:
# the same for the same client port, as offline; a drained backend's flows go elsewhere with the
# next datagram and come back with its weight. No connection is kept.
#
#   as in lib.sh, with three backends
. "$(dirname "$0")/lib.sh"

[ -x "$MAGLEVADM" ] || skip "$MAGLEVADM is missing: make userspace"
N=60
BACKENDS="10.0.0.1:53=1 10.0.0.2:53=1 10.0.0.3:53=1"

# flows FILE: three answers for each client port, all the same.
flows() {
	ask_udp 20001 $((20000 + N)) 3 $VIP >"$WORK/$1"
	expect "$1: one answer for each port" $N "$(grep -cE '^[0-9]+ (b[123]) \1 \1$' "$WORK/$1")"
}

# weight W: of b2; wait for the table.
set_weight() {
	local tables

	tables=$(count_published)
	lb ipvsadm -e -u $VIP:53 -r 10.0.0.2 -i -w "$1"
	poll 10 more_than "$tables" || fail "weight $1 is not published"
}
more_than() { [ "$(count_published)" -gt "$1" ]; }
has_all() { [ "$(published backends)" = 3 ]; }

setup_topology
load_module hash_key=$KEY
lb ipvsadm -A -u $VIP:53 -s maglev -o
for i in 1 2 3; do
	add_backend $i ipip
	serve_udp $i
	lb ipvsadm -a -u $VIP:53 -r 10.0.0.$i -i
done
poll 10 has_all || fail "no table of three: $(published)"

flows before
for i in 1 2 3; do
	expect_range "of b$i" 6 $((N / 2 + 8)) "$(grep -c " b$i$" "$WORK/before")"
done
awk -v from=$CLIENT -v to=$VIP '{ print "udp " from ":" $1 " " to ":53" }' "$WORK/before" >"$WORK/asked"
# shellcheck disable=SC2086
"$MAGLEVADM" -j table lookup --key $KEY $BACKENDS <"$WORK/asked" >"$WORK/lookup"
grep -o '"10.0.0.[0-9]*:53"' "$WORK/lookup" | sed 's/"10.0.0.\(.*\):53"/b\1/' >"$WORK/expected"
awk '{ print $4 }' "$WORK/before" | diff - "$WORK/expected" >&2 || fail "not as maglevadm says"

set_weight 0
flows drained
expect "drained: of b2" 0 "$(grep -c ' b2$' "$WORK/drained" || true)"
grep -v ' b2$' "$WORK/before" >"$WORK/others"
expect "collateral" 0 "$(comm -23 "$WORK/others" "$WORK/drained" | wc -l)"
set_weight 1
flows after
diff "$WORK/before" "$WORK/after" >&2 || fail "not the same flows as before"
expect "connections kept" 0 "$(lb ipvsadm -Lnc | grep -c "$VIP:53" || true)"
finish

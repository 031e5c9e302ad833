#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The module is loaded by "ipvsadm -A" under IPVS's mutex, while namespaces end, which wait for that mutex with a lock
# held that loading needs, and devices go down, which do so under RTNL: nobody waits for ever. A service may be refused
# then; it is not when it is asked for again.
. "$(dirname "$0")/lib.sh"

ROUNDS=${ROUNDS:-5}
BUSY=()
refused=0

# Namespaces come and go, each with a device that is up.
keep_busy() {
	local name=$NS-busy$1

	while [ ! -e "$WORK/enough" ]; do
		ip netns add "$name"
		ip -n "$name" link add dev d0 type dummy
		ip -n "$name" link set d0 up
		ip netns del "$name"
	done
}

# add: a service, as soon as it is not refused.
add() {
	timeout 100 ipvsadm -A -t $VIP:80 -s maglev 2>"$WORK/refusal" && return
	[ $? != 124 ] || fail "ipvsadm waits for ever"
	grep -q 'not found' "$WORK/refusal" || fail "ipvsadm: $(cat "$WORK/refusal")"
	refused=$((refused + 1))
	poll 60 ipvsadm -A -t $VIP:80 -s maglev 2>/dev/null || fail "refused for ever"
}

rest() {
	touch "$WORK/enough"
	wait "${BUSY[@]}"
}

trap 'rest; ipvsadm -C; clean_topology' EXIT
for n in 1 2 3; do
	keep_busy $n &
	BUSY+=($!)
done
for round in $(seq "$ROUNDS"); do
	unload_module
	add
	ipvsadm -C
done
rest
echo "services refused while namespaces end: $refused of $round"
finish

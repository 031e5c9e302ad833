#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A CPU goes and comes under traffic. The flows in its table are looked for there by the others, so that they keep their
# backends although the table has changed since they began; what nobody sends for is swept from it all the same.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/frames.sh"
. "$(dirname "$0")/flows.sh"

FLOWS=${FLOWS:-2000} # of each kind, in each family
ONLINE=/sys/devices/system/cpu/cpu1/online

[ -w $ONLINE ] || skip "CPU 1 cannot be taken away"
restore() {
	echo 1 >$ONLINE
	clean_topology
}

# swept: the table of no CPU has a flow that has not ended.
swept() { [ "$(flows_held)" = "$1" ]; }

setup_flows
trap restore EXIT
join 1 2 3
take_packets_on 2
begin_flows A $((2 * FLOWS))
changed 2 backends -a 4
changed 2 backends -e -w 0 1
poll 20 swept $((4 * FLOWS)) || fail "flows: $(flows_held)"

# The CPU goes, and comes, while packets come.
for online in 0 1 0; do
	{
		sleep 0.5
		echo $online >$ONLINE
	} &
	same_flows "CPU 1 made $online" A $((2 * FLOWS))
	wait $!
	same_flows "CPU 1 is $online" A $((2 * FLOWS))
done
expect "flows" $((4 * FLOWS)) "$(flows_held)"

# B's flows end in the table of CPU 1, after which that goes.
echo 1 >$ONLINE
for vip in $VIP "[$VIP6]"; do
	adm service set tcp "$vip:80" timeout reset 1
done
begin_flows B "$FLOWS" --first $((2 * FLOWS))
all_flows B "$FLOWS" --flows "$FLOWS" --first $((2 * FLOWS)) --kind rst
echo 0 >$ONLINE
expect_range "flows in all, before the sweep" $((4 * FLOWS)) $((6 * FLOWS)) "$(flows_held)"
poll 60 swept $((4 * FLOWS)) || fail "not swept: $(flows_held) flows"
same_flows "after it" A $((2 * FLOWS))
echo 1 >$ONLINE
same_flows "CPU 1 again" A $((2 * FLOWS))
finish

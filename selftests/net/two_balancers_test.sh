#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Two balancers, configured alike in different order, have the same tables. The route to the VIPs changes from one to the
# other, as ECMP does when a router comes or goes: flows that the other has never seen go on to the backends they had.
#
#   as in lib.sh, with a second balancer lb2
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/frames.sh"
. "$(dirname "$0")/flows.sh"

FLOWS=${FLOWS:-5000} # in each family

# route_to ADDRESS ADDRESS6: both VIPs.
route_to() {
	ips router <<-END
		route replace $VIP via $1
		route replace $VIP6 via $2
	END
}

# digests NAME: of the last tables of that balancer, IPv4's first.
digests() {
	local inode

	inode=$(stat -L -c %i "/run/netns/$NS-$1")
	awk -v netns="netns=$inode" '/ publish: / && index($0, netns " ") {
		for (i = 1; i <= NF; i++) { split($i, pair, "="); field[pair[1]] = pair[2] }
		last[field["vip"]] = field["base_digest"] " " field["live_digest"]
	} END { for (vip in last) print vip, last[vip] }' $TRACE/trace | sort
}
# With one drained, the last change of lb, base and live table differ.
agree() {
	digests lb >"$WORK/one"
	digests lb2 >"$WORK/two"
	[ "$(awk '$2 != $3' "$WORK/one" | wc -l)" = 2 ] && cmp -s "$WORK/one" "$WORK/two"
}

PARAMETERS=hash_key=$KEY setup_flows
add_balancer lb2 10.0.2.2 10.0.2.1 2001:db8:102::2 2001:db8:102::1
poll 20 have_met lb2 10.0.2.1 2001:db8:102::1 || fail "lb2 and the router do not find each other"
keep_neighbours lb2
keep_neighbours router
lb ipvsadm -R <<-END
	-a -t $VIP:80 -r 10.0.4.1:80 -i -w 1
	-a -t [$VIP6]:80 -r [2001:db8:4::1]:80 -i -w 1
	-a -t $VIP:80 -r 10.0.4.2:80 -i -w 3
	-a -t [$VIP6]:80 -r [2001:db8:4::2]:80 -i -w 3
	-a -t $VIP:80 -r 10.0.4.3:80 -i -w 2
	-a -t [$VIP6]:80 -r [2001:db8:4::3]:80 -i -w 2
	-e -t $VIP:80 -r 10.0.4.3:80 -i -w 0
	-e -t [$VIP6]:80 -r [2001:db8:4::3]:80 -i -w 0
END
in_ns lb2 ipvsadm -R <<-END
	-A -t [$VIP6]:80 -s maglev
	-A -t $VIP:80 -s maglev
	-a -t $VIP:80 -r 10.0.4.3:80 -i -w 2
	-a -t [$VIP6]:80 -r [2001:db8:4::3]:80 -i -w 2
	-e -t [$VIP6]:80 -r [2001:db8:4::3]:80 -i -w 0
	-a -t $VIP:80 -r 10.0.4.4:80 -i -w 7
	-a -t $VIP:80 -r 10.0.4.2:80 -i -w 2
	-e -t $VIP:80 -r 10.0.4.3:80 -i -w 0
	-a -t [$VIP6]:80 -r [2001:db8:4::2]:80 -i -w 3
	-a -t [$VIP6]:80 -r [2001:db8:4::1]:80 -i -w 1
	-a -t $VIP:80 -r 10.0.4.1:80 -i -w 1
	-e -t $VIP:80 -r 10.0.4.2:80 -i -w 3
	-d -t $VIP:80 -r 10.0.4.4:80
END
poll 20 agree || fail "the balancers' tables differ: $(cat "$WORK/one" "$WORK/two")"
sed 's/^/digests: /' "$WORK/one"

begin_flows A "$FLOWS"
expect "flows at the one drained" 0 "$(flows_of A 3)"
route_to 10.0.2.2 2001:db8:102::2
SINK_ON=lb2 same_flows "at the second balancer" A "$FLOWS"
SINK_ON=lb2 begin_flows B "$FLOWS" --first "$FLOWS"
route_to $LB $LB6
same_flows "at the first again" A "$FLOWS"
same_flows "begun at the second, at the first" B "$FLOWS" --first "$FLOWS"
finish

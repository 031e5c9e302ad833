#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Floods of SYNs, of data and of datagrams, each of five times the flow table, from sources that never come twice, while
# established flows go on: none of these changes its backend or loses its place, although the table of the service has
# changed since they began. What comes through of established flows while there is a flood is printed, with tracking on
# and off.
#
#   flows on port 80; floods on port 81, of services of their own that share the flow table
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/frames.sh"
. "$(dirname "$0")/flows.sh"

ROOM=${ROOM:-4096} # flows, over both CPUs; all come to one
FLOWS=${FLOWS:-500} # established, in each family
FLOOD=$((5 * ROOM))
next=0

# start_flood VIP OPTION...: in the background.
start_flood() {
	nsenter --net="/run/netns/$NS-client" "$FRAMES" send -i eth0 --port 81 --spoof --first $next --vip "$@" >"$WORK/flood" &
	echo $! >"$WORK/flood.pid"
}

# flood NAME VIP OPTION...: between packets of flows A.
flood() {
	local name=$1 round

	shift
	start_flood "$@" --flows $FLOOD --rate "${RATE:-8000}"
	for round in 1 2; do
		same_flows "$name, round $round" A "$FLOWS"
	done
	wait "$(cat "$WORK/flood.pid")" || fail "$name: the flood does not go"
	rm "$WORK/flood.pid"
	next=$((next + FLOOD))
	echo "$name: $(cat "$WORK/flood")"
	same_flows "$name, after it" A "$FLOWS"
}

# evicted [established]: flows that had to go; of those only the ones in that state (word, bits 9 and 8).
evicted() {
	awk -v all="${1:-all}" '/ evicted: / {
		word = $NF
		n += all == "all" || index("159d", substr(word, length(word) - 2, 1))
	} END { print n + 0 }' $TRACE/trace
}

# goodput: percent of the packets of flows A sent within 3 s that come through while SYNs come as fast as they can.
goodput() {
	local sent

	start_flood $VIP --kind syn --seconds 5
	start_sink goodput --count-only --port 80
	send_frames --flows "$FLOWS" --kind data --seconds 3 >/dev/null
	sent=$(frames_sent)
	wait "$(cat "$WORK/flood.pid")"
	rm "$WORK/flood.pid"
	# The last ones wait in a queue behind the flood's.
	poll 20 is_quiet
	stop_sink goodput
	echo $((100 * $(sink_field goodput packets) / sent))
}
is_quiet() {
	local before

	before=$(received)
	sleep 0.5
	[ "$(received)" = "$before" ]
}
received() { in_ns router cat /proc/net/dev | awk '$1 == "lb:" { print $3 }'; }

setup_flows
adm set flows "$ROOM"
join 1 2
for vip in "-t $VIP" "-u $VIP" "-t [$VIP6]" "-u [$VIP6]"; do
	[[ $vip == *:* ]] && net="[2001:db8:4::" end="]" || net=10.0.4. end=""
	echo "-A $vip:81 -s maglev"
	echo "-a $vip:81 -r ${net}1$end:81 -i"
	echo "-a $vip:81 -r ${net}2$end:81 -i"
done | lb ipvsadm -R
begin_flows A "$FLOWS"
changed 2 backends -a 3
trace_flows evicted
flood "SYNs" $VIP --kind syn
flood "SYNs, IPv6" $VIP6 --kind syn
flood "data" $VIP --kind data
flood "data, IPv6" $VIP6 --kind data
flood "datagrams" $VIP --proto udp
flood "datagrams, IPv6" $VIP6 --proto udp
expect_range "flows evicted" $FLOOD $((7 * FLOOD)) "$(evicted)"
expect "established flows evicted" 0 "$(evicted established)"

# With the queues of a machine that loses packets rather than time.
echo 0 >$TRACE/events/maglev/evicted/enable
sysctl -qw net.core.netdev_max_backlog=1000
on=$(goodput)
adm set flows 0
off=$(goodput)
echo "goodput under a flood: $on % with tracking, $off % without"
finish

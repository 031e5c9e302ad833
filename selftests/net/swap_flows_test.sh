#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The scheduler of a service is swapped for another and back, between our two names too, under traffic: no packet of a
# tracked flow is lost or goes elsewhere, not even in the gap in which IPVS has no scheduler. New flows are lost there
# and nowhere else: they are counted and printed. Those that another scheduler began stay with its choice.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/frames.sh"
. "$(dirname "$0")/flows.sh"

FLOWS=${FLOWS:-2000} # of each kind, in each family
ROUNDS=5
fresh=1000000

# swap SCHEDULER [OPTION...]: of both services.
swap() {
	lb ipvsadm -R <<-END
		-E -t $VIP:80 -s $*
		-E -t [$VIP6]:80 -s $*
	END
}

# stream NAME VIP OPTION...: frames from the client in the background, until stop_stream, which counts them in SENT.
stream() {
	local name=$1 vip=$2

	shift 2
	nsenter --net="/run/netns/$NS-client" "$FRAMES" send -i eth0 --vip "$vip" --seconds 600 "$@" >"$WORK/$name.sent" &
	echo $! >"$WORK/$name.pid"
}
stop_stream() {
	kill "$(cat "$WORK/$1.pid")"
	wait "$(cat "$WORK/$1.pid")" || fail "stream $1 fails"
	rm "$WORK/$1.pid"
	SENT=$(sed -n 's/^sent \([0-9]*\) .*/\1/p' "$WORK/$1.sent")
}

# swap_under_traffic NAME TRACKED FRESH SCHEDULER...: flows A of the one VIP and new ones of the other, and swaps to one
# scheduler after the other.
swap_under_traffic() {
	local name=$1 tracked=$2 other=$3 net=10.0.4. net2=2001:db8:4:: scheduler round sent new

	shift 3
	[[ $tracked != *:* ]] || { net=2001:db8:4:: net2=10.0.4.; }
	sink_flows A
	stream tracked "$tracked" --flows "$FLOWS" --kind data --rate 2000
	stream new "$other" --kind syn --spoof --first $fresh --rate 300
	for round in $(seq $ROUNDS); do
		for scheduler; do
			# shellcheck disable=SC2086
			swap $scheduler
			sleep 0.1
		done
	done
	stop_stream tracked
	sent=$SENT
	stop_stream new
	new=$SENT
	fresh=$((fresh + new))
	stop_sink A
	expect "$name: tracked flows changed" 0 "$(awk -v net="$net" 'index($3, net) == 1 && $5 > 0' "$WORK/A.flows" | wc -l)"
	expect "$name: packets of tracked flows forwarded, of $sent" "$sent" "$(packets_to A "$net")"
	echo "$name: new flows lost in $((round * $#)) swaps: $((new - $(packets_to A "$net2"))) of $new"
}

# packets_to NAME NET: of a sink's summary, to all backends of that net.
packets_to() {
	tail -n 1 "$WORK/$1.summary" | tr ' ' '\n' | awk -F = -v net="$2" 'index($1, net) == 1 { n += $2 } END { print n + 0 }'
}

modprobe -qr ip_vs_mh || true
PARAMETERS=replace_mh=1 setup_flows
join 1 2 3
begin_flows A "$FLOWS"
changed 2 backends -a 4
same_flows "a backend more" A "$FLOWS"

swap rr
same_flows "rr now" A "$FLOWS"
take_packets_on 2
same_flows "rr now, on CPU 1" A "$FLOWS"
take_packets_on 3
same_flows "rr now, on both" A "$FLOWS"
begin_flows R "$FLOWS" --first "$FLOWS"
swap maglev
same_flows "maglev again" A "$FLOWS"
same_flows "begun by rr, maglev again" R "$FLOWS" --first "$FLOWS"
changed 2 backends -e -w 3 2
same_flows "another weight" A "$FLOWS"
same_flows "begun by rr, another weight" R "$FLOWS" --first "$FLOWS"
begin_flows M "$FLOWS" --first $((2 * FLOWS))
swap mh -b mh-port
same_flows "mh, which is ours" M "$FLOWS" --first $((2 * FLOWS))
same_flows "mh, which is ours" A "$FLOWS"

swap maglev
swap_under_traffic "rr and back" $VIP $VIP6 rr maglev
swap_under_traffic "rr and back, IPv6" $VIP6 $VIP rr maglev
swap_under_traffic "our names" $VIP $VIP6 "mh -b mh-port" maglev
finish

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# "ipvsadm --stats" and "maglevadm stats" agree with what the backends were sent, to the packet and
# byte: each backend, each service; IPv4 and IPv6, TCP and UDP.
#
#   as in lib.sh, with three backends that say nothing; what they are sent is read from the wire
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/packets.sh"

FLOWS=40
packets=0 bytes=0 # of all

# stats ADDRESS_AND_PORT: connections, packets, bytes; IPVS sums them up every two seconds.
stats() {
	lb ipvsadm -Ln --stats --exact | awk -v at="$1" '$2 == at { print $3, $4, $6 }'
}

# sent VIP BACKEND: packets and bytes on the wire, from the inner header on; "" is any backend.
sent() {
	awk -F ' [|] ' -v to=">$2" -v vip=">$1 " '$1 ~ /^in / && index($1, to) && index($3, vip) {
			n++
			sub(/.* len=/, "", $3)
			bytes += $3 + 0
		} END { print n + 0, bytes + 0 }' "$WORK/wire.watch"
}
says() { [ "$(stats "$1")" = "$2" ]; }

# check VIP PREFIX PROTO SEND_OPTION...
check() {
	local vip=$1 prefix=$2 proto=$3 flag=-${3:0:1} port=80 wanted n i

	shift 3
	[ "$proto" = tcp ] || port=53
	echo >"$TRACE/trace"
	lb ipvsadm -A "$flag" "$(endpoint "$vip" $port)" -s maglev
	for i in 1 2 3; do
		lb ipvsadm -a "$flag" "$(endpoint "$vip" $port)" -r "$(endpoint "$prefix$i" $port)" -i --tun-type gre
	done
	poll 10 has_all || fail "no table of three: $(published)"
	forget_seen wire
	send_frames --vip "$vip" --proto "$proto" --port $port --flows $FLOWS --payload 100 --rate 5000 "$@" >/dev/null
	n=$(frames_sent)
	await wire "^in .*\| gre \| .*>$vip .*\| $proto" "$n"
	wanted=$(sent "$vip" "")
	expect "$vip $proto: sent to backends" "$n" "${wanted% *}"
	poll 5 says "$(endpoint "$vip" $port)" "$FLOWS $wanted" ||
		fail "$vip $proto: wanted $FLOWS $wanted, ipvsadm says $(stats "$(endpoint "$vip" $port)")"
	echo "$vip $proto: connections, packets, bytes: $FLOWS $wanted"
	packets=$((packets + ${wanted% *})) bytes=$((bytes + ${wanted#* }))
	expect "  maglevadm, of all so far" "$packets $packets $bytes" "$(counted forwarded) $(counted segments) $(counted bytes)"
	for i in 1 2 3; do
		expect "  to $prefix$i" "$(sent "$vip" "$prefix$i")" "$(stats "$(endpoint "$prefix$i" $port)" | cut -d ' ' -f 2-)"
	done
}
has_all() { [ "$(published backends)" = 3 ]; }

# All packets of a flow on one CPU: on a second one, a flow of datagrams counts as another connection.
taskset -pc 0 $$ >/dev/null
setup_topology
load_module table_size=251
build_frames
for i in 1 2 3; do
	add_backend $i
	mute_backend $i
done
meet client lb b1 b2 b3
if command -v ethtool >/dev/null; then
	lb ethtool -K eth0 gro off
fi
start_watch wire router lb
check $VIP 10.0.0. udp --packets 5
check $VIP6 2001:db8:: udp --packets 5
check $VIP 10.0.0. tcp --kind handshake --packets 3
check $VIP6 2001:db8:: tcp --kind handshake --packets 3
expect "connections of IPVS" 0 "$(lb ipvsadm -Lnc | grep -c "$VIP\|$VIP6" || true)"
finish

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Offloads on and off along the way: uploads are right, no checksum is wrong, super-packets that
# segmentation or GRO made stay whole through the balancer, and one that its device does not take
# leaves it in right segments; GRE with checksums, and all mixes of families too.
#
#   as in lib.sh, with one backend; the client's MTU is 1400, so that nothing is too big
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/packets.sh"

command -v ethtool >/dev/null || skip "ethtool is missing"
SEGMENTS=$((3 * (1048576 / 1348))) # the least, of three uploads
turn=0

# offloads NAME DEVICE FEATURE...: these are on, the others off.
offloads() {
	local feature features=()

	for feature in tx tso gso gro; do
		[[ " ${*:3} " == *" $feature "* ]] && features+=("$feature" on) || features+=("$feature" off)
	done
	in_ns "$1" ethtool -K "$2" "${features[@]}" >/dev/null 2>&1 || fail "ethtool -K $2 ${features[*]}"
}

# check WHAT CLIENT LB OTHERS: of each the features that are on. Three uploads, the packets on
# the wire in $packets, what they are in segments, as counted by the module, in $segments, those
# without a complete checksum in $unchecked.
check() {
	local what=$1 mix vips=("$VIP" "$VIP6") at=(10.0.0 2001:db8:)

	# shellcheck disable=SC2086
	{
		offloads client eth0 $2
		offloads lb eth0 $3
		offloads router client $4
		offloads router lb $4
		offloads router b1 $4
		offloads b1 eth0 $4
	}
	meet lb b1
	start_sink sink --count-only --port 8000
	segments=$(counted segments)
	for mix in ".1 -i" ".1 -i --tun-type gre" ".11 -i --tun-type gre --tun-csum"; do
		local backend=${at[turn / 2 % 2]}${mix%% *}
		# shellcheck disable=SC2086
		balance "${vips[turn % 2]}" "${backend/:./::}" ${mix#* }
		upload 1 "${vips[turn % 2]}"
		turn=$((turn + 1))
	done
	stop_sink sink
	segments=$(($(counted segments) - segments))
	expect "$what: bad" 0 "$(sink_field sink bad)"
	packets=$(sink_field sink packets)
	unchecked=$(sed -n 's/^# unchecked //p' "$WORK/sink.summary")
}

on="tx tso gso"
setup_topology
load_module table_size=251
add_backend 1
add_tunnels 1
serve_http 1
serve_uploads 1
build_frames
ip -n "$NS-client" link set eth0 mtu 1400
client sysctl -qw net.ipv4.tcp_min_tso_segs=16 # however slow the machine

check "all on" "$on" "$on gro" "$on gro"
expect_range "all on: packets" 10 $((SEGMENTS / 3)) "$packets"
expect_range "all on: segments" $SEGMENTS 9999 "$segments"
check "the client's segmentation alone" "$on" "" ""
expect_range "the client's segmentation alone: packets" $SEGMENTS 9999 "$packets"
expect "segments, unchecked" "$packets 0" "$segments ${unchecked:-0}"
check "the client's and the balancer's" "$on" "$on" "$on"
expect_range "the client's and the balancer's: packets" 10 $((SEGMENTS / 3)) "$packets"
check "the balancer's GRO" "" "$on gro" "tx" # veth gives no packet to GRO whose sender has TSO
expect_range "the balancer's GRO: packets" 10 $((SEGMENTS / 2)) "$packets"
check "the balancer's GRO alone" "" "gro" ""
expect_range "the balancer's GRO alone: packets" $SEGMENTS 9999 "$packets"
expect "segments, unchecked" "$packets 0" "$segments ${unchecked:-0}"
check "all off" "" "" ""
expect_range "all off: packets" $SEGMENTS 9999 "$packets"
expect "segments, unchecked" "$packets 0" "$segments ${unchecked:-0}"
finish

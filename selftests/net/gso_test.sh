#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Offloads on and off along the way: uploads are right, no checksum is wrong, super-packets that
# segmentation or GRO made stay whole through the balancer, and one that its device does not take
# leaves it in right segments; GRE with checksums, and all mixes of families too. So do those that no
# header of ours can be put before: in a tunnel already, or longer than 64 KiB.
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

# connect_vxlan NAME I LOCAL REMOTE: it is 10.99.0.I there.
connect_vxlan() {
	ip -n "$NS-$1" link add vxlan0 type vxlan id 9 local "$3" remote "$4" dstport 4789 noudpcsum 2>/dev/null || return
	ip -n "$NS-$1" addr add "10.99.0.$2/24" dev vxlan0
	ip -n "$NS-$1" link set vxlan0 mtu 1350 up
}

# check_tunnelled WHAT BACKEND OPTION...: super-packets that are in a tunnel already, here the client's VXLAN to the VIP.
check_tunnelled() {
	local what=$1

	# shellcheck disable=SC2086
	{
		offloads client eth0 $on
		offloads router client $on
		offloads router lb $on
		offloads lb eth0
		offloads router b1
		offloads b1 eth0
	}
	meet lb b1
	lb ipvsadm -C
	lb ipvsadm -A -u $VIP:4789 -s maglev
	lb ipvsadm -a -u $VIP:4789 -r "$2:4789" "${@:3}"
	start_sink sink --count-only --port 4789
	rm -f "$WORK/got"
	in_ns b1 socat -u TCP-LISTEN:9000,reuseaddr "CREATE:$WORK/got" &
	client timeout 60 socat -u "OPEN:$WORK/data" TCP:10.99.0.2:9000,retry=50,interval=0.1 || fail "$what: no connection by VXLAN"
	wait $!
	cmp "$WORK/data" "$WORK/got" || fail "$what: not what was sent"
	stop_sink sink
	expect "VXLAN in $what: bad" 0 "$(sink_field sink bad)"
}

# put_at_once: uploads in one connection, each by one write, so that TCP makes packets as large as it may.
put_at_once() {
	client timeout 60 python3 - $VIP6 "$WORK/data" <<-END || fail "upload to $VIP6"
		import http.client, sys
		data = open(sys.argv[2], 'rb').read()
		server = http.client.HTTPConnection(sys.argv[1], 8000, timeout=20)
		for _ in range(3):
		    server.request('PUT', '/file', body=data)
		    answer = server.getresponse()
		    answer.read()
		    assert answer.status in (201, 204), answer.status
	END
	cmp "$WORK/data" "$WORK/put1/file" || fail "not what was sent"
	rm "$WORK/put1/file"
}

# check_big WHAT SIZE: super-packets of IPv6 that are longer than 64 KiB, which have a header of their own for that, come
# in; SIZE is what the balancer's device takes.
check_big() {
	local mix

	ip -n "$NS-client" link set eth0 gso_max_size 200000
	ip -n "$NS-router" link set lb gso_max_size 200000
	ip -n "$NS-lb" link set eth0 gso_max_size "$2"
	ip -n "$NS-router" link set b1 gso_max_size "$2"
	client sysctl -qw net.ipv4.tcp_min_tso_segs=100 net.ipv4.tcp_wmem='4096 4000000 4000000'
	in_ns b1 sysctl -qw net.ipv4.tcp_rmem='4096 2000000 4000000'
	ip -n "$NS-client" -6 route replace $VIP6 via 2001:db8:100::1 initcwnd 300
	lb nft -f - <<-END
		table inet big {
			counter big { }
			chain in {
				type filter hook input priority 0
				meta length > 70000 counter name big
			}
		}
	END
	# shellcheck disable=SC2086
	{
		offloads client eth0 $on
		offloads router lb $on
		offloads router b1 $on
		offloads lb eth0 $on
		offloads b1 eth0 $on gro
	}
	meet lb b1
	start_sink sink --count-only --port 8000
	for mix in "10.0.0.1 -i" "10.0.0.1 -i --tun-type gre" "10.0.0.11 -i --tun-type gre --tun-csum" \
		"2001:db8::1 -i" "2001:db8::1 -i --tun-type gre" "2001:db8::11 -i --tun-type gre --tun-csum"; do
		# shellcheck disable=SC2086
		balance $VIP6 $mix
		put_at_once
	done
	stop_sink sink
	expect "big, $1: bad" 0 "$(sink_field sink bad)"
	expect_range "big, $1: super-packets above 64 KiB" 3 9999 "$(lb nft list counter inet big big | awk '$1 == "packets" { print $2 }')"
	lb nft delete table inet big
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

if connect_vxlan client 1 $CLIENT $VIP && connect_vxlan b1 2 $VIP $CLIENT; then
	check_tunnelled "GRE" 10.0.0.1 -i --tun-type gre
	check_tunnelled "GRE with checksums" 10.0.0.11 -i --tun-type gre --tun-csum
	check_tunnelled "IPIP" 10.0.0.1 -i
else
	echo "no VXLAN in this kernel: super-packets in tunnels are not tried"
fi

check_big "segmented as it leaves" 65536
check_big "whole" 200000
finish

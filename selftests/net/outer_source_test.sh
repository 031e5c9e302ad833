#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A prefix for outer sources: each flow has an address in it, always the same one and another than
# most others have.
#
#   as in lib.sh, with one backend; the prefixes are local and routed to the balancer
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/packets.sh"

FLOWS=64

# sources VIP: of outer headers, a line a flow: client port and address.
sources() {
	awk -F ' [|] ' -v vip=">$1 " '$1 ~ /^in / && index($3, vip) {
			split($1, outer, /[ >]/)
			split($4, ports, /[ >]/)
			print ports[2], outer[3]
		}' "$WORK/wire.watch" | sort -u
}

# check VIP PREFIX_PATTERN
check() {
	local seen

	forget_seen wire
	send_frames --vip "$1" --flows $FLOWS --kind handshake --packets 4 >/dev/null
	await wire "^in .*>$1 .*\| tcp" $((4 * FLOWS))
	seen=$(sources "$1")
	expect "$1: flows with one source each" $FLOWS "$(wc -l <<<"$seen")"
	expect "  outside of the prefix" 0 "$(cut -d ' ' -f 2 <<<"$seen" | grep -cvE "^$2$" || true)"
	# Of 64 picked at random from 256, 57 are different on average.
	expect_range "  different sources" 45 64 "$(cut -d ' ' -f 2 <<<"$seen" | sort -u | wc -l)"
}

setup_topology
load_module table_size=251
build_frames
add_backend 1 gre
serve_http 1
ip -n "$NS-lb" route add local 10.0.9.0/24 dev lo
ip -n "$NS-lb" route add local 2001:db8:9::/64 dev lo
ip -n "$NS-router" route add 10.0.9.0/24 via $LB
ip -n "$NS-router" route add 2001:db8:9::/64 via $LB6
lb ipvsadm -R <<END
-A -t $VIP:80 -s maglev
-a -t $VIP:80 -r 10.0.0.1 -i --tun-type gre
-A -t [$VIP6]:80 -s maglev
-a -t [$VIP6]:80 -r [2001:db8::1]:80 -i --tun-type gre
END
poll 10 has_tables 2 || fail "no tables: $(published backends)"
meet client lb b1
start_watch wire router lb

adm set source4 10.0.9.0/24 source6 2001:db8:9::/64
expect "real connections" "b1 b1" "$(client curl -s --max-time 10 http://$VIP/ "http://[$VIP6]/" | xargs)"
mute_backend 1
check $VIP '10\.0\.9\.[0-9]+'
check $VIP6 '2001:db8:9:.*'

expect "refused: a host's bits" 1 "$(adm set source4 10.0.9.1/24 2>"$WORK/said" && echo 0 || echo 1)"
grep -q 10.0.9.1/24 "$WORK/said" || fail "it says $(cat "$WORK/said")"
adm set source4 none source6 none
forget_seen wire
send_frames --flows 4 --kind handshake --packets 4 >/dev/null
await wire "^in ip4 $LB>10.0.0.1 .*>$VIP " 4
finish

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Two balancers behind an address that keepalived moves by VRRP, to the one whose maglevd has withdrawn fewer VIPs:
# downloads go on while the master is drained, dies, and comes back. The file is
# Documentation/announce/keepalived.conf.
#
#   as in lib.sh, with a second balancer lb2 (10.0.1.3) on the same link, a bridge of the router's, and four GRE backends
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/maglevd.sh"
. "$(dirname "$0")/drips.sh"
. "$(dirname "$0")/announce.sh"

command -v keepalived >/dev/null || skip "keepalived is missing"

DOWNLOADS=100
VIRTUAL=10.0.1.100 VIRTUAL6=2001:db8:101::100
ADVERT_MS=$((300 * ${MAGLEV_SLOW:-1})) # an emulated machine is often late by the tenth of a second

# start_keepalived NAME PRIORITY
start_keepalived() {
	sed "s|/run/maglevd/|$WORK/run-$1/|; s/priority 101/priority $2/; s/router_id balancer1/router_id $1/
		s/advert_int 0.1/advert_int $(awk -v ms="$ADVERT_MS" 'BEGIN { print ms / 1000 }')/" \
		"$TOP/Documentation/announce/keepalived.conf" >"$WORK/keepalived-$1.conf"
	(exec nsenter --net="/run/netns/$NS-$1" keepalived -P -n -l -f "$WORK/keepalived-$1.conf" -p "$WORK/keepalived-$1.pid" \
		-r "$WORK/vrrp-$1.pid") >"$WORK/keepalived-$1.log" 2>&1 &
}
masters() {
	local name

	for name in lb lb2; do
		in_ns $name ip addr show dev eth0 | awk -v name=$name -v a="$VIRTUAL/" -v b="$VIRTUAL6/" \
			'index($2, a) == 1 { v4 = 1 } index($2, b) == 1 { v6 = 1 }
			END { if (v4 && v6) print name; else if (v4 || v6) print name "?" }'
	done | paste -sd ' '
}
is_master() { [ "$(masters)" = "$1" ]; }
await_master() {
	poll 20 is_master "$1" || {
		tail -n 10 "$WORK"/keepalived-*.log
		fail "master: wanted $1, is $(masters)"
	}
	echo "master: $1"
}

setup_topology
load_module table_size=1009
ips router <<-END
	link add balancers type bridge
	link set balancers up
	addr flush dev lb
	link set lb master balancers
	addr add 10.0.1.1/24 dev balancers
	addr add 2001:db8:101::1/64 dev balancers nodad
	route replace $VIP via $VIRTUAL
	route replace $VIP6 via $VIRTUAL6
END
add_ns lb2
attach lb2 10.0.1.3/24 10.0.1.1 2001:db8:101::3/64 2001:db8:101::1
ip -n "$NS-router" link set lb2 master balancers
add_vip lb2
(umask 077 && echo $KEY >"$WORK/key")
for i in 1 2 3 4; do
	add_backend $i gre
	serve_drips $i 80
done
for name in lb lb2; do
	write_maglevd $name "" 1 2 3 4
	at $name start_maglevd
done
for name in lb lb2; do
	await_backends $name 8
	await_vips 30 $name announced
done
start_keepalived lb 101
start_keepalived lb2 100
await_master lb
begin_drips A $PORT_FIRST $((DOWNLOADS / 2)) 80 $VIP $VIP6
all_go "begun"

echo "# lb is drained"
balancer lb drain
await_master lb2
all_go "drained"
balancer lb up
await_master lb
all_go "no longer drained"

echo "# both have as many that are withdrawn"
balancer lb drain
await_master lb2
balancer lb2 drain
await_master lb
balancer lb up
balancer lb2 up
await_vips 10 lb announced
await_vips 10 lb2 announced
await_master lb

echo "# lb dies"
began=$EPOCHREALTIME
go_dead lb
poll 20 in_ns lb2 sh -c "ip addr show dev eth0 | grep -q $VIRTUAL/" || fail "lb2 does not take over"
took=$(awk -v a="$began" -v b="$EPOCHREALTIME" 'BEGIN { printf "%d", (b - a) * 1000 }')
echo "ms until lb2 is master, with 3 x $ADVERT_MS ms: $took"
all_go "dead"
go_alive lb
await_master lb
all_go "back"

echo "# maglevd ends on lb, and starts"
at lb stop_maglevd TERM
await_master lb2
at lb start_maglevd
await_master lb
all_go "started"

touch "$WORK/enough"
expect "in the end, downloads" "0 going $DOWNLOADS whole 0 broken" "$(ask_drips A)"
at lb stop_maglevd TERM
at lb2 stop_maglevd TERM
finish

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Three balancers announce their VIPs by BIRD, with BGP and BFD, to a router that spreads flows over them by its hash:
# 1,000 downloads, half of them IPv6, go on while one balancer is drained by its operator, one dies, one is upgraded.
# The files are Documentation/announce/bird.conf and bird-router.conf.
#
# Each balancer has the same file and key, and so the same table. A flow that the router sends elsewhere is "tracked or
# stable" there: the balancer knows it already, or the table's answer for it is the one that the flow began with, as
# the set of backends, their weights and states have not changed since. Then the packet reaches the backend it has
# always reached, and nothing breaks. What breaks otherwise are flows that are neither: backends changed and then the
# router's hash did, before these flows came by.
#
#   as in lib.sh, with balancers lb, lb2 and lb3, four GRE backends, BIRD on all balancers and the router
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/maglevd.sh"
. "$(dirname "$0")/drips.sh"
. "$(dirname "$0")/announce.sh"

command -v bird >/dev/null || skip "bird is missing: apt-get install bird2"

# start_balancer NAME
start_balancer() {
	start_bird "$1"
	at "$1" start_maglevd
}

setup_balancers
for name in lb lb2 lb3; do
	number=${name#lb}
	edit_bird "${number:-1}" "$name" <"$TOP/Documentation/announce/bird.conf" >"$WORK/bird-$name.conf"
	write_maglevd $name "" 1 2 3 4
	start_balancer $name
done
edit_bird 1 router <"$TOP/Documentation/announce/bird-router.conf" >"$WORK/bird-router.conf"
start_bird router
for name in lb lb2 lb3; do await_backends $name 8; done
await_paths 60 "lb lb2 lb3"
watch_routes router

begin_drips A $PORT_FIRST $((DOWNLOADS / 2)) 80 $VIP $VIP6
all_go "begun"
say_flows lb lb2 lb3
map_downloads "$WORK/three"
awk '{ n[$2]++ } END { for (i in n) print "# downloads by way of", i ":", n[i] }' "$WORK/three" | sort

echo "# lb2 is drained"
balancer lb2 drain
await_paths 10 "lb lb3"
map_downloads "$WORK/drained"
all_go "drained"
expect_moved "drained" "$WORK/three" "$WORK/drained" lb2
expect "new connections, answered by" "b1 b2 b3 b4" "$(new_ones $VIP 40)"
balancer lb2 up
await_paths 30 "lb lb2 lb3"
all_go "no longer drained"

echo "# lb3 dies"
began=$EPOCHREALTIME
go_dead lb3
dead=$EPOCHREALTIME
await_paths 30 "lb lb2"
for vip in $VIP $VIP6; do
	expect_range "ms from death to the router's change for $vip, by BFD of 3 x $BFD_MS ms" 0 $((10 * BFD_MS)) \
		"$(took_ms router "\] $vip " "$began")"
done
echo "# death itself took $(awk -v a="$began" -v b="$dead" 'BEGIN { printf "%d", (b - a) * 1000 }') ms"
map_downloads "$WORK/dead"
all_go "dead"
say_flows lb lb2
expect_moved "dead" "$WORK/three" "$WORK/dead" lb3
at lb3 stop_maglevd KILL
kill -KILL "$(cat "$WORK/bird-lb3.pid")"
go_alive lb3
start_balancer lb3
await_paths 60 "lb lb2 lb3"
all_go "it is back"

echo "# lb is upgraded: with on_stop: keep the router sees nothing of it"
write_maglevd lb ", on_stop: keep" 1 2 3 4
at lb reload_maglevd configured
began=$EPOCHREALTIME
at lb stop_maglevd TERM
at lb start_maglevd
await_vips 10 lb announced
all_go "upgraded, routes kept"
expect "changes that the router saw" "" "$(changed_at router "\] ($VIP|$VIP6) " "$began")"

echo "# and with on_stop: withdraw it sends elsewhere, and comes back"
write_maglevd lb "" 1 2 3 4
at lb reload_maglevd configured
at lb stop_maglevd TERM
await_paths 10 "lb2 lb3"
map_downloads "$WORK/withdrawn"
all_go "upgrading"
expect_moved "upgrading" "$WORK/three" "$WORK/withdrawn" lb
at lb start_maglevd
await_paths 30 "lb lb2 lb3"
all_go "upgraded"

echo "# flow tables have room for all again: then a balancer may have another table"
for name in lb lb2 lb3; do at $name adm set flows $((4 * DOWNLOADS)); done
at lb2 adm flow flush # also what has gone elsewhere
map_downloads "$WORK/room"
# A flow may be known on both CPUs, and one that is half-open may have to go.
flows_known() {
	at "$1" adm -j flow show state established | tr -d ' \t\n' | grep -o '"hash":"[0-9a-f]*"' | sort -u | wc -l
}
knows_all() { [ "$(flows_known lb2)" -ge "$(awk '$2 == "lb2"' "$WORK/room" | wc -l)" ]; }
poll 60 knows_all || fail "lb2 does not know $(awk '$2 == "lb2"' "$WORK/room" | wc -l) downloads, but $(flows_known lb2)"

echo "# its self-probe fails on lb2"
for i in 1 2 3; do at lb2 adm backend drain tcp $VIP:80 10.0.0.$i:80; done
began=$EPOCHREALTIME
at lb2 adm backend drain tcp $VIP:80 10.0.0.4:80
poll 10 has_changed router "\] $VIP " "$began" || fail "not withdrawn: $(balancer lb2 show)"
expect_range "ms from a self-probe that fails to the router's change" 0 $((4000 * ${MAGLEV_SLOW:-1})) \
	"$(took_ms router "\] $VIP " "$began")"
expect "the other VIP stays" "lb lb2 lb3" "$(balancers_of $VIP6)"
all_go "self-probe"

end_watch router
touch "$WORK/enough"
expect "in the end, downloads" "0 going $DOWNLOADS whole 0 broken" "$(ask_drips A)"
for name in lb lb2 lb3; do at $name stop_maglevd TERM; done
await_paths 10 ""
echo "# no balancer announces anything"
finish

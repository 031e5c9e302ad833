#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# As announce_test.sh, in short, with FRR instead of BIRD: zebra, bgpd and bfdd on three balancers and the router,
# whose files are Documentation/announce/frr.conf and frr-router.conf. FRR reads the main table, and VIPs are local
# routes instead of addresses, as its own routes of addresses would hide maglevd's.
#
#   as in lib.sh, with balancers lb, lb2 and lb3, four GRE backends
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/maglevd.sh"
. "$(dirname "$0")/drips.sh"
. "$(dirname "$0")/announce.sh"

if [ ! -x $FRR/zebra ] || ! command -v vtysh >/dev/null; then skip "frr is missing"; fi

setup_balancers
chmod 755 "$WORK"
for name in lb lb2 lb3; do
	number=${name#lb}
	localize_vips $name
	write_maglevd $name ", table: main" 1 2 3 4
	start_frr $name "${number:-1}" frr.conf
	at $name start_maglevd
done
start_frr router 1 frr-router.conf
for name in lb lb2 lb3; do await_backends $name 8; done
await_paths 90 "lb lb2 lb3"
watch_routes router

begin_drips A $PORT_FIRST $((DOWNLOADS / 2)) 80 $VIP $VIP6
all_go "begun"
say_flows lb lb2 lb3
map_downloads "$WORK/three"

echo "# lb2 is drained"
balancer lb2 drain
await_paths 10 "lb lb3"
map_downloads "$WORK/drained"
all_go "drained"
expect_moved "drained" "$WORK/three" "$WORK/drained" lb2
balancer lb2 up
await_paths 30 "lb lb2 lb3"
all_go "no longer drained"

echo "# lb3 dies"
began=$EPOCHREALTIME
go_dead lb3
await_paths 30 "lb lb2"
for vip in $VIP $VIP6; do
	expect_range "ms from death to the router's change for $vip, by BFD of 3 x $BFD_MS ms" 0 $((10 * BFD_MS)) \
		"$(took_ms router "\] (Deleted )?$vip " "$began")"
done
map_downloads "$WORK/dead"
all_go "dead"
say_flows lb lb2
expect_moved "dead" "$WORK/three" "$WORK/dead" lb3
# Dead is not cut off: a maglevd that went on would have judged backends that it could not reach.
at lb3 stop_maglevd KILL
go_alive lb3
at lb3 start_maglevd
await_paths 60 "lb lb2 lb3"
all_go "it is back"

end_watch router
touch "$WORK/enough"
expect "in the end, downloads" "0 going $DOWNLOADS whole 0 broken" "$(ask_drips A)"
for name in lb lb2 lb3; do at $name stop_maglevd TERM; done
await_paths 10 ""
echo "# no balancer announces anything"
finish

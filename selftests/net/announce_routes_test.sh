#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What maglevd announces is what its routes say: one for each VIP that is well and has been for a while; none for those
# with too few backends, whose self-probe fails, or that the operator or the daemon's end withdraws. What was there
# before is taken over without a gap, what is nobody's any more goes, what somebody else deletes comes back.
#
#   as in lib.sh, with three GRE backends
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/maglevd.sh"
. "$(dirname "$0")/drips.sh"
. "$(dirname "$0")/announce.sh"

routes() { # TABLE: ours
	{
		lb ip route show table "$1" proto 119 2>/dev/null
		lb ip -6 route show table "$1" proto 119 2>/dev/null
	} | awk '{ print $1 }' | paste -sd ' ' || true
}
has_routes() { [ "$(routes "$1")" = "$2" ]; }
await_routes() {
	poll "$1" has_routes "$2" "$3" && return
	tail -n 20 "$WORK/maglevd-lb.log"
	fail "routes of table $2: wanted $3, are $(routes "$2")"
}
deletions() { grep -c '^\[.*Deleted.*proto 119' "$WORK/lb.routes" || true; }
is_announced_for() { is_vip_state lb $VIP announced && [ "$(vip_field lb $VIP since-ms)" -ge "$1" ]; }
withdrawn() { [ "$(cat "$WORK/run-lb/withdrawn")" = "$1" ]; }
# backends VERB I...: of both services, by the operator; those of IPv6 last.
backends() {
	local i

	for i in "${@:2}"; do adm backend "$1" tcp $VIP:80 "10.0.0.$i:80"; done
	for i in "${@:2}"; do adm backend "$1" tcp "[$VIP6]:80" "[2001:db8::$i]:80"; done
}

setup_topology
load_module table_size=1009
(umask 077 && echo $KEY >"$WORK/key")
for i in 1 2 3; do
	add_backend $i gre
	serve_drips $i 80
done
# One of a VIP that is no longer in the file, and one that is not ours.
lb ip route add 192.0.2.99 dev lo proto 119 table 119
lb ip route add 192.0.2.98 dev lo proto static table 119
watch_routes lb

echo "# begins"
write_maglevd lb "" 1 2 3
at lb start_maglevd
await_vips 30 lb announced
# Backends had to pass first, and then all had to be well for a while.
for word in 'VIP is not announced' 'VIP is announced soon' 'VIP is announced:'; do
	grep -m 1 -n "$word.*$VIP\|$VIP.*$word" "$WORK/maglevd-lb.log" | cut -d : -f 1
done >"$WORK/order"
expect "lines of the log in their order" 3 "$(sort -nc "$WORK/order" && wc -l <"$WORK/order")"
await_routes 5 119 "$VIP $VIP6"
expect "a route that is not ours stays" 192.0.2.98 "$(lb ip route show table 119 proto static | awk '{ print $1 }')"
poll 5 withdrawn 0 || fail "the file withdrawn has $(cat "$WORK/run-lb/withdrawn")"
lb ip route del 192.0.2.98 table 119

echo "# a route is deleted by somebody else"
lb ip route del $VIP table 119
lb ip -6 route del $VIP6 table 119
await_routes 10 119 "$VIP $VIP6"

echo "# the daemon starts anew and nothing happens"
before=$(deletions)
at lb stop_maglevd KILL
expect "left by a daemon that was killed" "$VIP $VIP6" "$(routes 119)"
at lb start_maglevd
poll 10 is_vip_state lb $VIP announced || fail "not taken over: $(vip_why lb $VIP)"
poll 20 is_announced_for 2000 || fail "not announced for two seconds: $(balancer lb show)"
expect "routes deleted meanwhile" "$before" "$(deletions)"

echo "# the operator drains this balancer"
balancer lb drain
await_routes 5 119 ""
expect "why" "drained by operator" "$(vip_why lb $VIP)"
poll 5 withdrawn 2 || fail "the file withdrawn has $(cat "$WORK/run-lb/withdrawn")"
expect "drained, and forwards what comes" "b1 b2 b3" "$(new_ones $VIP 40)"
at lb stop_maglevd TERM
at lb start_maglevd
await_vips 10 lb withdrawn
expect "after a restart" "drained by operator" "$(vip_why lb $VIP6)"
balancer lb up
await_vips 20 lb announced
await_routes 5 119 "$VIP $VIP6"

echo "# the self-probe fails"
backends drain 1 2
adm backend drain tcp $VIP:80 10.0.0.3:80
began=$EPOCHREALTIME
adm backend drain tcp "[$VIP6]:80" "[2001:db8::3]:80"
poll 10 has_changed lb "Deleted $VIP6 .*119" "$began" || fail "not withdrawn: $(balancer lb show)"
expect_range "ms from the last drain to the withdrawal" 0 $((3000 * ${MAGLEV_SLOW:-1})) \
	"$(took_ms lb "Deleted $VIP6 .*119" "$began")"
await_vips 10 lb withdrawn
expect "why" "self-probe: no backend is up: port unreachable sent" "$(vip_why lb $VIP)"
backends up 1 2 3
await_vips 20 lb announced

echo "# too few backends"
sed -i '/^checks:/i policy: {min_backends: 2, panic: 100}' "$WORK/maglevd-lb.yaml"
at lb reload_maglevd configured
kill_server 1
kill_server 2
await_vips 30 lb withdrawn
expect "why" "few backends: 1 of 2 up, tcp $VIP:80" "$(vip_why lb $VIP)"
serve_drips 1 80
serve_drips 2 80
await_vips 30 lb announced

echo "# another table, another VIP's service left out, and none at all"
sed -i 's/^announce: {/announce: {table: main, /' "$WORK/maglevd-lb.yaml"
at lb reload_maglevd configured
await_routes 10 main "$VIP $VIP6"
await_routes 5 119 ""
sed -i '/name: web6/s/}$/, announce: false}/' "$WORK/maglevd-lb.yaml"
at lb reload_maglevd configured
await_routes 10 main "$VIP"
expect "answers, with a route to lo in the main table" "b1 b2 b3" "$(new_ones $VIP 40)"
sed -i '/^announce:/d' "$WORK/maglevd-lb.yaml"
at lb reload_maglevd configured
await_routes 10 main ""
expect "nothing is announced" "" "$(vip_state lb $VIP)"

echo "# the daemon ends"
write_maglevd lb ", on_stop: keep" 1 2 3
at lb reload_maglevd configured
await_vips 20 lb announced
at lb stop_maglevd TERM
expect "routes that are kept" "$VIP $VIP6" "$(routes 119)"
write_maglevd lb "" 1 2 3
at lb start_maglevd
await_vips 20 lb announced
at lb stop_maglevd TERM
expect "routes at the end" "" "$(routes 119)"
expect "the file withdrawn" 2 "$(cat "$WORK/run-lb/withdrawn")"
end_watch lb
finish

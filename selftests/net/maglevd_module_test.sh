#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The module is unloaded and loaded again while maglevd runs: it tells the new one all that it knows, and hears of it
# what comes and goes.
#
#   as in lib.sh, with backends b1 b2 b3; maglevd on the balancer
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/maglevd.sh"

is_served_by() { [ "$(answers $VIP 60)" = "$*" ]; }
served_by() { poll 20 is_served_by "$@" || fail "served by $(answers $VIP 60), not $*: $(tail -n 3 "$WORK/maglevd.log")"; }

setup_topology
load_module table_size=65537
for i in 1 2 3; do
	add_backend $i gre
	serve_http $i
done
cat >"$WORK/maglevd.yaml" <<END
probes: {manage_sysctl: true}
checks: {web: {type: http, interval: 500ms, timeout: 400ms}}
pools: {web: [10.0.0.1, 10.0.0.2, 10.0.0.3]}
services: [{name: web, vip: $VIP, port: 80, pool: web, checks: web}]
END
start_maglevd
for i in 1 2 3; do await_state 20 $VIP 10.0.0.$i up; done
kill "$(cat "$WORK/b2.pid")"
await_state 20 $VIP 10.0.0.2 down
served_by b1 b3

# Held, or it would make its service again before the module is out.
kill -STOP "$(cat "$WORK/maglevd.pid")"
lb ipvsadm -C
load_module table_size=65537
kill -CONT "$(cat "$WORK/maglevd.pid")"
poll 20 has_logged 'connected again' 1 || fail "maglevd: $(tail -n 3 "$WORK/maglevd.log")"
served_by b1 b3
await_state 20 $VIP 10.0.0.2 down
serve_http 2
await_state 20 $VIP 10.0.0.2 up
served_by b1 b2 b3
lb ipvsadm -C
served_by b1 b2 b3
stop_maglevd TERM
finish

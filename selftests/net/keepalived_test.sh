#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A stock keepalived drives services of ours, three ways: its checkers inhibit a backend that fails (weight 0: the table
# keeps its place, nothing else moves) and set a weight that a MISC_CHECK asks for; its notify scripts call maglevadm; and
# it makes the services alone, while maglevd finds who is up. KEEPALIVED=PROGRAM: another than this machine's.
#
#   as in lib.sh, with three GRE backends; keepalived runs on the balancer
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/maglevd.sh"

KEEPALIVED=${KEEPALIVED:-keepalived}
command -v "$KEEPALIVED" >/dev/null || skip "keepalived is missing"
"$KEEPALIVED" --version 2>&1 | sed -n 1p

start_keepalived() {
	(exec nsenter --net="/run/netns/$NS-lb" "$KEEPALIVED" -C -n -l -f "$WORK/keepalived.conf" -p "$WORK/keepalived.pid" \
		-c "$WORK/checkers") >"$WORK/keepalived.log" 2>&1 &
	CHECKER=$!
	poll 30 has_backends 3 || fail "keepalived: no three backends: $(tail -n 5 "$WORK/keepalived.log")"
}
stop_keepalived() {
	kill "$(cat "$WORK/keepalived.pid")"
	poll 20 no_service || fail "keepalived left $(lb ipvsadm -Sn)"
	wait "$CHECKER" || true
}
has_backends() { [ "$(lb ipvsadm -Sn | grep -c '^-a')" = "$1" ]; }
no_service() { [ -z "$(lb ipvsadm -Sn)" ]; }
weight() { lb ipvsadm -Sn | sed -n "s/.*-r 10.0.0.$1:80 .*-w \([0-9]*\).*/\1/p"; }
is_weight() { [ "$(weight "$1")" = "$2" ]; }
await_weight() { poll 30 is_weight "$@" || fail "weight of b$1: wanted $2, is $(weight "$1"): $(tail -n 5 "$WORK/keepalived.log")"; }
digest() { adm -j service show tcp $VIP:80 | tr -d ' \t\n' | sed -n "s/.*\"$1-digest\":\"\([0-9a-f]*\)\".*/\1/p"; }
is_live() { [ "$(digest live)" = "$1" ]; }
admin_state() {
	adm -j backend show tcp $VIP:80 "10.0.0.$1:80" | tr -d ' \t\n' | sed -n 's/.*"admin-state":"\([a-z]*\)".*/\1/p'
}
is_admin_state() { [ "$(admin_state "$1")" = "$2" ]; }

# write_config SERVICE_LINES SERVER_LINES: with three servers; @ in the latter is a server's number.
write_config() {
	local i

	echo "global_defs {
		script_user root
		enable_script_security
	}
	virtual_server $VIP 80 {
		delay_loop 1
		lb_algo mh
		mh-port
		lb_kind TUN type gre
		protocol TCP
		$1"
	for i in 1 2 3; do
		echo "real_server 10.0.0.$i 80 {
			weight 10
			${2//@/$i}
		}"
	done
	echo "}"
}

setup_topology
unload_module
modprobe -r ip_vs_mh
for i in 1 2 3; do
	add_backend $i gre
	serve_http $i
done
start_tracing replace_mh=1 table_size=509
TCP='TCP_CHECK {
	connect_timeout 5
	retry 0
	}'

# By weight 0, and by the weight that a script asks for: exit status 2 + W.
write_config 'alpha' "inhibit_on_failure
	$TCP" >"$WORK/keepalived.conf"
start_keepalived
for i in 1 2 3; do await_weight $i 10; done
base=$(digest base) live=$(digest live)
kill "$(cat "$WORK/b2.pid")"
await_weight 2 0
expect "base digest while b2 is inhibited" "$base" "$(digest base)"
expect "answers" "b1 b3" "$(answers $VIP 30)"
serve_http 2
await_weight 2 10
poll 10 is_live "$live" || fail "live digest: wanted $live, is $(digest live)"
stop_keepalived

printf '#!/bin/sh\nexit %s\n' "\$(cat $WORK/status\$1)" >"$WORK/misc"
chmod 755 "$WORK/misc"
for i in 1 2 3; do echo 12 >"$WORK/status$i"; done
write_config '' "MISC_CHECK {
	misc_path \"$WORK/misc @\"
	misc_timeout 5
	misc_dynamic
	}" >"$WORK/keepalived.conf"
start_keepalived
for i in 1 2 3; do await_weight $i 10; done
expect "base digest" "$base" "$(digest base)"
echo 32 >"$WORK/status2"
await_weight 2 30
moved() { [ "$(digest base)" != "$base" ]; }
poll 10 moved || fail "a weight of 30 moves nothing"
stop_keepalived

# Scripts that call maglevadm: who fails drains, and has a deadline.
for verb in up down; do
	cat >"$WORK/notify-$verb" <<-END
		#!/bin/sh
		case $verb in
		up) exec $MAGLEVADM backend up tcp $VIP:80 10.0.0.\$1:80 ;;
		down) exec $MAGLEVADM backend drain tcp $VIP:80 10.0.0.\$1:80 --deadline 10m ;;
		esac
	END
	chmod 755 "$WORK/notify-$verb"
done
write_config 'alpha' "inhibit_on_failure
	notify_up \"$WORK/notify-up @\"
	notify_down \"$WORK/notify-down @\"
	$TCP" >"$WORK/keepalived.conf"
start_keepalived
for i in 1 2 3; do await_weight $i 10; done
kill "$(cat "$WORK/b3.pid")"
await_weight 3 0
poll 20 is_admin_state 3 drain || fail "admin state of b3: $(admin_state 3): $(tail -n 5 "$WORK/keepalived.log")"
serve_http 3
await_weight 3 10
poll 20 is_admin_state 3 up || fail "admin state of b3: $(admin_state 3)"
stop_keepalived

# keepalived makes services, maglevd says who is up.
write_config '' '' >"$WORK/keepalived.conf"
cat >"$WORK/maglevd.yaml" <<-END
	probes: {manage_sysctl: true}
	checks: {web: {type: http, interval: 500ms, timeout: 400ms}}
	services: [{name: web, vip: $VIP, port: 80, external: true, checks: [web]}]
END
start_keepalived
start_maglevd
kill "$(cat "$WORK/b1.pid")"
await_state 20 $VIP 10.0.0.1 down
expect "weight of one that is down for maglevd" 10 "$(weight 1)"
expect "answers" "b2 b3" "$(answers $VIP 30)"
serve_http 1
await_state 20 $VIP 10.0.0.1 up
stop_maglevd TERM
stop_keepalived
finish

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# With replace_mh=1 the scheduler "mh" is ours: for ipvsadm, and for a stock keepalived, which
# knows no other name and takes backends out and in by its checks. A kernel that has its own mh
# loaded keeps it, and "maglev" works beside it.
#
#   as in lib.sh, with two GRE backends; keepalived runs on the balancer
. "$(dirname "$0")/lib.sh"

command -v keepalived >/dev/null || skip "keepalived is missing"
PARAMETER=/sys/module/ip_vs_maglev/parameters/replace_mh

# check MODE OPTION...: a service with these options is ours, in that mode, and serves.
check() {
	local mode=$1

	shift
	lb ipvsadm -A -t $VIP:80 "$@"
	lb ipvsadm -a -t $VIP:80 -r 10.0.0.1 -i --tun-type gre
	lb ipvsadm -a -t $VIP:80 -r 10.0.0.2 -i --tun-type gre
	poll 10 has 2 || fail "$*: no table of two was published: $(published)"
	expect "$*: mode" "$mode" "$(published mode)"
	expect "$*: answered" 20 "$(ask http://$VIP 20 | grep -c '^b[12] ')"
	lb ipvsadm -C
	echo >$TRACE/trace
}
has() { [ "$(published backends)" = "$1" ]; }
serves() { [ "$(ask http://$VIP 10 --connect-timeout 1 | cut -d ' ' -f 1 | sort -u | xargs)" = "$1" ]; }

unload_module
modprobe -r ip_vs_mh
setup_topology
for i in 1 2; do
	add_backend $i gre
	serve_http $i
done
start_tracing replace_mh=1
expect "replace_mh" Y "$(cat $PARAMETER)"
check tuple -s mh -b mh-port
check tuple -s mh -b mh-fallback,mh-port
check source -s mh
[ ! -e /sys/module/ip_vs_mh ] || fail "ip_vs_mh was loaded"
! modprobe ip_vs_mh 2>/dev/null || fail "the kernel's mh is registered as well"

cat >"$WORK/keepalived.conf" <<END
virtual_server $VIP 80 {
	delay_loop 1
	lb_algo mh
	mh-port
	lb_kind TUN type gre
	protocol TCP
	$(printf 'real_server 10.0.0.%s 80 {\n TCP_CHECK {\n connect_timeout 1\n retry 0\n }\n }\n' 1 2)
}
END
lb keepalived -C -n -l -f "$WORK/keepalived.conf" -p "$WORK/keepalived.pid" -c "$WORK/checkers" >"$WORK/log" 2>&1 &
poll 30 has 2 || fail "keepalived: no table of two: $(tail -n 5 "$WORK/log")"
expect "keepalived: mode" tuple "$(published mode)"
poll 10 serves "b1 b2" || fail "keepalived: not both serve"
kill "$(cat "$WORK/b2.pid")"
poll 30 has 1 || fail "keepalived: b2 was not taken out: $(tail -n 5 "$WORK/log")"
poll 10 serves b1 || fail "keepalived: not served by b1 alone"
serve_http 2
poll 30 has 2 || fail "keepalived: b2 was not taken in again: $(tail -n 5 "$WORK/log")"
poll 10 serves "b1 b2" || fail "keepalived: not both serve again"

kill "$(cat "$WORK/keepalived.pid")"
no_service() { [ -z "$(lb ipvsadm -Sn)" ]; }
poll 10 no_service || fail "keepalived left $(lb ipvsadm -Sn)"

# The kernel's own came first.
unload_module
modprobe ip_vs_mh
mark_log
start_tracing replace_mh=1
expect "replace_mh, with ip_vs_mh there before" N "$(cat $PARAMETER)"
expect "warnings" 1 "$(logged 'mh' | grep -c 'ip_vs_maglev')"
check tuple -s maglev
lb ipvsadm -A -t $VIP:80 -s mh -b mh-port
lb ipvsadm -a -t $VIP:80 -r 10.0.0.1 -i --tun-type gre
expect "answered by the kernel's" 10 "$(ask http://$VIP 10 | grep -c '^b1 ')"
expect "of our tables" 0 "$(count_published)"
lb ipvsadm -C
finish
modprobe -r ip_vs_mh

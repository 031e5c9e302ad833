#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# More backends than slots: the last table stays and serves, the log says so once, and the
# service recovers when one is deleted. A live service with too many backends is not handed
# over to maglev: it keeps the scheduler it had.
#
#   as in lib.sh; b1 and b2 serve and are so heavy that no slot is left for the others,
#   10.1.0.0/16, who are backends in name only
. "$(dirname "$0")/lib.sh"

SIZE=251

# add PORT SCHEDULER N: a service with N backends.
add() {
	{
		echo "-A -t $VIP:$1 -s $2"
		seq -f "-a -t $VIP:$1 -r 10.0.0.%g -i -w 65535" 2
		seq 3 "$3" | awk -v port="$VIP:$1" '{ print "-a -t", port, "-r 10.1." int($1 / 100) "." $1 % 100 + 1, "-i" }'
	} | lb ipvsadm -R
}

# same_flows WHAT: each client port gets the backend it got first.
same_flows() {
	ask_from 20000 20039 http://$VIP >"$WORK/now"
	[ -e "$WORK/flows" ] || cp "$WORK/now" "$WORK/flows"
	diff "$WORK/flows" "$WORK/now" >&2 || fail "$1: flows moved or failed"
	expect "$1, answered" 40 "$(grep -c ' b[12]$' "$WORK/now")"
}

has() { [ "$(published backends)" = "$1" ]; }
complaints() { logged "$1.*$SIZE\|$SIZE.*$1" | wc -l; }
complained() { [ "$(complaints "$1")" -ge "${2:-1}" ]; }

setup_topology
for i in 1 2; do
	add_backend $i ipip
	serve_http $i
done
load_module table_size=$SIZE
reuse_ports
mark_log
add 80 maglev $SIZE
poll 10 has $SIZE || fail "no table of $SIZE backends: $(published)"
same_flows "$SIZE backends"
! complained $SIZE || fail "complaint without need: $(logged $SIZE)"

tables=$(count_published)
lb ipvsadm -a -t $VIP:80 -r 10.2.0.1 -i
poll 10 complained 252 || fail "no line in the log with 252 and $SIZE: $(logged .)"
lb ipvsadm -e -t $VIP:80 -r 10.2.0.1 -i -w 2
lb ipvsadm -e -t $VIP:80 -r 10.2.0.1 -i -w 1
! poll 3 complained 252 2 || fail "more than one line: $(logged 252)"
logged 252
expect "published meanwhile" "$tables" "$(count_published)"
same_flows "252 backends"

lb ipvsadm -d -t $VIP:80 -r 10.1.0.4
published_again() { [ "$(count_published)" -gt "$tables" ]; }
poll 10 published_again || fail "no table is published after 252 became 251"
expect "backends again" $SIZE "$(published backends)"
same_flows "$SIZE again"

lb ipvsadm -C
add 80 wrr 300
mark_log
! lb ipvsadm -E -t $VIP:80 -s maglev 2>/dev/null || fail "took over a service of 300 backends"
complained 300 || fail "no line in the log with 300 and $SIZE: $(logged .)"
expect "scheduler" wrr "$(lb ipvsadm -Ln | awk '$1 == "TCP" { print $3 }')"
expect "answered by it" 10 "$(ask http://$VIP 10 | grep -c '^b[12] ')"
finish

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What clients' packets tell of backends is counted: flows that begin, those that somebody answers, those that their
# clients reset, and errors of routers. With "passive: true" a backend that looks ill by that is asked at once, long
# before its turn, and goes down by its checks; one that only looks ill stays.
#
#   as in lib.sh, with backends b1 b2 b3; maglevd on the balancer, whose checks come once a minute
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/maglevd.sh"

INTERVAL_S=60

write_config() {
	cat <<-END
		probes: {manage_sysctl: true}
		checks:
		  web: {type: http, interval: ${INTERVAL_S}s, fast_interval: 500ms, timeout: 400ms, rise: 1, fall: 2}
		pools:
		  all: [10.0.0.1, 10.0.0.2, 10.0.0.3]
		policy: {passive: true, panic: 100}
		services:
		  - {name: web, vip: $VIP, port: 80, pool: all, checks: [web], table_size: 251}
	END
}

# counts: of the service: begun, answered, reset, unreachable.
counts() {
	adm -j service show tcp $VIP:80 | tr -d ' \t\n' |
		sed -n 's/.*"flows-new":\([0-9]*\),.*"flows-answered":\([0-9]*\),"flows-reset":\([0-9]*\),"unreachable":\([0-9]*\).*/\1 \2 \3 \4/p'
}
# are_counts BEGUN RESET: at least half of the flows were answered, and so many reset; a flow whose packets come to
# another CPU before the table has changed is begun and ended there once more.
are_counts() {
	local begun answered reset unreachable

	read -r begun answered reset unreachable < <(counts)
	[ "$begun $unreachable" = "$1 0" ] && [ $((answered * 2)) -ge "$begun" ] && [ "$reset" -ge "$2" ] &&
		[ "$reset" -le $(($2 * 2 + 5)) ]
}
hastened() { ask_maglevd status | grep -oE '"hastened":[0-9]+' | cut -d : -f 2; }
has_hastened() { [ "$(hastened)" -ge "$1" ]; }

states() {
	local i

	for i; do
		state $VIP "10.0.0.$i"
		echo
	done | paste -sd ' '
}

# reset_flows N PORT: connections from PORT on, each with an answer and then a reset.
reset_flows() {
	client python3 -c 'import socket, struct, sys
for port in range(int(sys.argv[3]), int(sys.argv[3]) + int(sys.argv[2])):
    with socket.socket() as sock:
        sock.settimeout(20)
        sock.bind(("", port))
        sock.connect((sys.argv[1], 80))
        sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
        sock.recv(1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))' $VIP "$1" "$2"
}

# find_by_traffic BACKEND: it goes down while clients come, much sooner than by the interval.
find_by_traffic() {
	local began=$SECONDS

	while ! is_state $VIP "$1" down; do
		ask "http://$VIP:80" 20 >/dev/null 2>&1 || true
		[ $((SECONDS - began)) -le $((INTERVAL_S * ${MAGLEV_SLOW:-1} / 2)) ] ||
			fail "$1 is not found: $(counts): $(tail -n 5 "$WORK/maglevd.log")"
	done
	echo "$1 was found after $((SECONDS - began)) s, an interval is $INTERVAL_S s"
}

setup_topology
load_module table_size=509
for i in 1 2 3; do
	add_backend $i gre
	serve_http $i
done
write_config >"$WORK/maglevd.yaml"
start_maglevd
for i in 1 2 3; do await_state 20 $VIP 10.0.0.$i up; done
before=$(counts)
expect "counted of probes" "0 0 0 0" "$before"

expect "answers" 30 "$(ask "http://$VIP:80" 30 | wc -l)"
poll 10 are_counts 30 0 || fail "begun, answered, reset, unreachable: $(counts)"
# They look ill, are asked, and are not.
reset_flows 40 20000
poll 10 are_counts 70 40 || fail "begun, answered, reset, unreachable: $(counts)"
poll 10 has_hastened 1 || fail "nobody was asked"
expect "states" "up up up" "$(states 1 2 3)"

kill "$(cat "$WORK/b2.pid")"
find_by_traffic 10.0.0.2
expect "others" "up up" "$(states 1 3)"

# Nobody decapsulates: b3 says so by ICMP.
ip -n "$NS-b3" link del dsr
find_by_traffic 10.0.0.3
expect_range "unreachable" 1 1000000 "$(counts | cut -d ' ' -f 4)"
expect "the last one" up "$(state $VIP 10.0.0.1)"
stop_maglevd TERM
finish

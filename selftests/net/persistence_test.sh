#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Persistent services (-p): the first connection of a client, or of its network with -M, is
# scheduled by the table, the others follow it, also to other ports if the service has port 0.
#
#   as in lib.sh, with three backends; the client has all of 203.0.113.0/24 as well
. "$(dirname "$0")/lib.sh"

# service OPTION...: with three backends.
service() {
	lb ipvsadm -C
	echo >$TRACE/trace
	lb ipvsadm -A "$@"
	for i in 1 2 3; do
		lb ipvsadm -a "$1" "$2" -r 10.0.0.$i -i
	done
	poll 10 has_all || fail "$*: no table of three: $(published)"
	echo "$*"
}

# answers N: that many connections from each of 40 addresses; a line for each: answer, address.
answers() {
	seq 40 | awk -v url="http://$VIP/[1-$1]" '{
		printf "next\nsilent\nmax-time=10\nurl=\"%s\"\n", url
		printf "interface=\"host!203.0.113.%d\"\nwrite-out=\"%%{local_ip}\\n\"\n", $1 * 6
	}' | { client curl -K - || true; } | paste -d ' ' - - >"$WORK/answers"
	expect "answered" $((40 * $1)) "$(grep -c '^b[123] ' "$WORK/answers")"
}
has_all() { [ "$(published backends)" = 3 ]; }
backends() { cut -d ' ' -f 1 | sort -u | wc -l; }

setup_topology
ip -n "$NS-client" route add local 203.0.113.0/24 dev lo
ip -n "$NS-router" route add 203.0.113.0/24 via $CLIENT
load_module table_size=65537
for i in 1 2 3; do
	add_backend $i ipip
	serve_http $i
	serve_also $i 8080
done

service -t $VIP:80 -s maglev -p 300
expect "backends of one client" 1 "$(ask http://$VIP 30 | backends)"
answers 3
expect "addresses and their backends" 40 "$(sort -u "$WORK/answers" | wc -l)"
expect "backends of many clients" 3 "$(backends <"$WORK/answers")"

service -t $VIP:80 -s maglev -p 300 -M 255.255.255.0
answers 1
expect "backends of one network" 1 "$(backends <"$WORK/answers")"

service -t $VIP:0 -s maglev -p 300
ask http://$VIP 10 >"$WORK/answers" || true
ask http://$VIP:8080 10 >>"$WORK/answers" || true
expect "answered on two ports" 20 "$(grep -c '^b[123] ' "$WORK/answers")"
expect "backends of one client on two ports" 1 "$(backends <"$WORK/answers")"
answers 1
expect "backends of many clients" 3 "$(backends <"$WORK/answers")"
finish

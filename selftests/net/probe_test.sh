#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Probes: what the balancer itself sends to the VIP with the mark of a backend goes through the
# tunnel to that backend, be it up, drained or down, and is answered; it is no flow. Marks of no
# backend are dropped and counted; while probing is off the balancer talks to itself as ever.
#
#   as in lib.sh, with three backends: up, drained, down; the balancer accepts answers from the
#   VIP, which is its own
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/packets.sh"

BASE=0x5000

# probe VIP MARK: who answers; "-" is nobody.
probe() {
	# shellcheck disable=SC2016 # python's
	lb python3 -c 'import socket, sys
vip, mark, source = sys.argv[1], int(sys.argv[2], 0), sys.argv[3]
with socket.socket(socket.AF_INET6 if ":" in vip else socket.AF_INET) as sock:
    sock.settimeout(3)
    sock.setsockopt(socket.SOL_SOCKET, 36, mark) # SO_MARK
    sock.bind((source, 0))
    try:
        sock.connect((vip, 80))
        sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
        print(sock.makefile().read().split()[-1])
    except OSError:
        print("-")' "$1" "$2" "$([[ $1 == *:* ]] && echo $LB6 || echo $LB)"
}

# index VIP BACKEND
index() {
	adm -j backend show tcp "$(endpoint "$1" 80)" "$(endpoint "$2" 80)" | tr -d ' \t\n' |
		grep -o '"index":[0-9]*' | cut -d : -f 2
}
set_state() {
	adm backend "$1" tcp $VIP:80 "10.0.0.$2:80"
	adm backend "$1" tcp "[$VIP6]:80" "[2001:db8::$2]:80"
}

setup_topology
load_module table_size=251
lb sysctl -qw net.ipv4.conf.all.accept_local=1
for i in 1 2 3; do
	add_backend $i gre
	serve_http $i
done
lb ipvsadm -R <<END
-A -t $VIP:80 -s maglev
-a -t $VIP:80 -r 10.0.0.1 -i --tun-type gre
-a -t $VIP:80 -r 10.0.0.2 -i --tun-type gre
-a -t $VIP:80 -r 10.0.0.3 -i --tun-type gre
-A -t [$VIP6]:80 -s maglev
-a -t [$VIP6]:80 -r [2001:db8::1]:80 -i --tun-type gre
-a -t [$VIP6]:80 -r [2001:db8::2]:80 -i --tun-type gre
-a -t [$VIP6]:80 -r [2001:db8::3]:80 -i --tun-type gre
END
poll 10 has_tables 2 || fail "no tables: $(published backends)"
set_state drain 2
set_state down 3
start_watch wire router lb

off() {
	expect "$1" "b1 b1" "$(probe $VIP $((BASE + $(index $VIP 10.0.0.3)))) $(
		probe $VIP6 $((BASE + $(index $VIP6 2001:db8::3))))"
}
off "off, with the mark of the one down"
adm set probe on probe-base $BASE
expect "without a mark" "b1 b1" "$(probe $VIP 0) $(probe $VIP6 0)"
flows=$(flows_held) forwarded=$(counted forwarded)
for i in 1 2 3; do
	mark=$((BASE + $(index $VIP 10.0.0.$i))) mark6=$((BASE + $(index $VIP6 2001:db8::$i)))
	expect "to b$i" "b$i b$i" "$(probe $VIP $mark) $(probe $VIP6 $mark6)"
	await wire "^in ip4 $LB>10.0.0.$i .*\| gre \| ip4 $LB>$VIP .*\| tcp [0-9]+>80 S"
	await wire "^in ip6 $LB6>2001:db8::$i .*\| gre \| ip6 $LB6>$VIP6 .*\| tcp [0-9]+>80 S"
done
expect "flows" "$flows" "$(flows_held)"
expect "forwarded for clients" "$forwarded" "$(counted forwarded)"
[ "$(counted probes)" -ge 18 ] || fail "probes: $(counted probes)"

unknown=$(counted no-probed)
expect "to nobody" "- -" "$(probe $VIP $((BASE + 60000))) $(probe $VIP6 $((BASE + 60000)))"
[ "$(counted no-probed)" -gt "$unknown" ] || fail "no-probed: $(counted no-probed)"
expect "a mark below the base" b1 "$(probe $VIP $((BASE - 1)))"

lb nft -f - <<<"table inet out { chain output {
	type filter hook output priority filter; ip daddr 10.0.0.1 ip protocol gre drop; }; }"
expect "the firewall drops the outer packet" - "$(probe $VIP $((BASE + $(index $VIP 10.0.0.1))))"
[ "$(counted not-sent)" -gt 0 ] || fail "not-sent: $(counted not-sent)"
lb nft flush ruleset

adm set probe off
off "off again"
finish

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Two balancers ask each other before they take a backend away. While only one of them does not reach b2 it stays there, as
# the other sees it up; once b3 is dead both take it away; and while the other cannot be asked one decides alone.
#
#   as in lib.sh, with backends b1 b2 b3 and a second balancer lb2; maglevd on both
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/maglevd.sh"

LB2=10.0.2.2
PORT=8470

# write_config SELF PEER
write_config() {
	cat <<-END
		http: {listen: "$1:$PORT"}
		peers: ["$2:$PORT"]
		probes: {manage_sysctl: true}
		checks:
		  web: {type: http, via: direct, interval: 500ms, fast_interval: 300ms, timeout: 250ms, fall: 2, rise: 2}
		pools:
		  all: [10.0.0.1, 10.0.0.2, 10.0.0.3]
		policy: {panic: 100, quorum: 1}
		services:
		  - {name: web, vip: $VIP, port: 80, pool: all, checks: [web], table_size: 251}
	END
}

# start_second: maglevd on lb2, with a run directory and a log of its own.
start_second() {
	(exec nsenter --net="/run/netns/$NS-lb2" "$MAGLEVD" --config "$WORK/lb2.yaml" --run-directory "$WORK/run2") \
		2>>"$WORK/lb2.log" &
	echo $! >"$WORK/maglevd2.pid"
}
stop_second() {
	kill "$(cat "$WORK/maglevd2.pid")"
	wait "$(cat "$WORK/maglevd2.pid")" || fail "lb2: $(tail -n 3 "$WORK/lb2.log")"
	rm "$WORK/maglevd2.pid"
}
second_is() {
	[ "$(in_ns lb2 "$MAGLEVADM" -j backend show tcp "$VIP:80" "$1:80" 2>/dev/null | tr -d ' \t\n' |
		sed -n 's/.*"health-state":"\([a-z]*\)".*/\1/p')" = "$2" ]
}
await_second() {
	poll 20 second_is "$1" "$2" && return
	tail -n 20 "$WORK/lb2.log"
	fail "$1 at lb2 is not $2"
}

# page ADDRESS PATH: as a balancer's neighbour reads it.
page() { in_ns router curl -s --max-time 5 "http://$1:$PORT$2"; }

# of_backend BACKEND WORD: what maglevd on lb says of it.
of_backend() {
	ask_maglevd status | grep -oE "\"backend\":\"$1:80\"[^[]*" | sed -n "s/.*\"$2\":\"\{0,1\}\([a-z]*\).*/\1/p"
}
is_of_backend() { [ "$(of_backend "$1" "$2")" = "$3" ]; }
await_of_backend() {
	poll 20 is_of_backend "$@" && return
	tail -n 20 "$WORK/maglevd.log"
	fail "$2 of $1: wanted $3, is $(of_backend "$1" "$2")"
}

# cut BACKEND, mend BACKEND: the way between lb alone and that backend.
cut() { ip -n "$NS-lb" route add blackhole "$1"; }
mend() { ip -n "$NS-lb" route del blackhole "$1"; }
listens_second() { page "$LB2" /status >/dev/null; }

setup_topology
load_module table_size=509
add_balancer lb2 $LB2 10.0.2.1 2001:db8:102::2 2001:db8:102::1
for i in 1 2 3; do
	add_backend $i gre
	serve_http $i
done
write_config $LB $LB2 >"$WORK/maglevd.yaml"
write_config $LB2 $LB >"$WORK/lb2.yaml"
start_second
start_maglevd
for i in 1 2 3; do
	await_state 20 $VIP 10.0.0.$i up
	await_second 10.0.0.$i up
done
poll 20 listens_second || fail "lb2 does not listen: $(tail -n 3 "$WORK/lb2.log")"
expect "what fails at lb2" "{\"services\":[{\"service\":\"tcp $VIP:80\",\"failing\":[]}]}" "$(page $LB2 /failing)"
page $LB /status | grep -q '"version"' || fail "no status by HTTP"
expect "a question that is not one" 405 \
	"$(in_ns router curl -s -o /dev/null -w '%{http_code}' -X POST "http://$LB:$PORT/status")"

# One way is broken: the other balancer sees b2 up.
cut 10.0.0.2
await_of_backend 10.0.0.2 checked down
poll 20 has_logged 'peers see it up' 1 || fail "nobody says that peers see it up"
expect "b2 is kept by" peers "$(of_backend 10.0.0.2 kept-by)"
expect "b2 is" up "$(state $VIP 10.0.0.2)"
expect "what fails at lb" "{\"services\":[{\"service\":\"tcp $VIP:80\",\"failing\":[\"10.0.0.2:80\"]}]}" "$(page $LB /failing)"

# A backend is dead: both take it away, and b2 is still there.
kill "$(cat "$WORK/b3.pid")"
await_state 20 $VIP 10.0.0.3 down
await_second 10.0.0.3 down
expect "b2 is" up "$(state $VIP 10.0.0.2)"
expect "it was said that peers see b2 up" 1 "$(count_log 'peers see it up.*backend=10.0.0.2:80')"

# The other balancer goes: who is kept goes down, as nobody else can be asked.
stop_second
await_state 20 $VIP 10.0.0.2 down
expect "it was said that a peer is silent" 1 "$(count_log 'a peer does not say what fails')"

# Who comes back does not bring back a backend that is down; its checks do.
start_second
poll 20 listens_second || fail "lb2 does not listen: $(tail -n 3 "$WORK/lb2.log")"
expect "b2 is" down "$(state $VIP 10.0.0.2)"
mend 10.0.0.2
await_state 20 $VIP 10.0.0.2 up
await_second 10.0.0.2 up

# An address in use keeps all as it is; one that is free is moved to, and the old one closed.
(exec nsenter --net="/run/netns/$NS-lb" socat "TCP-LISTEN:8471,bind=$LB,fork" OPEN:/dev/null) &
echo $! >"$WORK/socat.pid"
has_listener() { [ -n "$(lb ss -Hltn "sport = :$1")" ]; }
poll 20 has_listener 8471 || fail "nobody listens at 8471"
sed -i "s/$LB:$PORT/$LB:8471/" "$WORK/maglevd.yaml"
reload_maglevd "http: listen: $LB:8471: Address already in use"
page $LB /failing | grep -q services || fail "no answer at the old address"
sed -i "s/$LB:8471/$LB:8472/" "$WORK/maglevd.yaml"
reload_maglevd ' configured:'
PORT=8472 page $LB /failing | grep -q services || fail "no answer at the new address"
! has_listener $PORT || fail "the old address is still listened at"
stop_second
stop_maglevd TERM
finish

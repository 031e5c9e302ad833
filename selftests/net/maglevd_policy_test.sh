#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Policies where they are carried out: an agent drains its backend and takes part of its share away; while all are down a
# sorry pool takes over, also across a restart; a service of somebody else's has its states set and nothing else; a
# backend that comes up gets its share in steps.
#
#   as in lib.sh, with backends b1 b2 b3; maglevd on the balancer
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/maglevd.sh"

# say_agent I WORDS: what the agent beside bI says from now on.
say_agent() { echo "${*:2}" >"$WORK/agent$1"; }
serve_agent() {
	say_agent "$1" up
	in_ns "b$1" socat TCP-LISTEN:9990,fork,reuseaddr "SYSTEM:cat $WORK/agent$1" &
	echo $! >"$WORK/agent$1.pid"
}

# is_known SERVICE BACKEND: to maglevd.
is_known() { ask_maglevd status | grep -q "\"service\":\"$1\".*\"$2\""; }
has_no() { ! lb ipvsadm -Sn | grep -q "$1"; }

field() {
	adm -j backend show tcp "$(endpoint $VIP "$1")" "$(endpoint "$2" 80)" | tr -d ' \t\n' |
		sed -n "s/.*\"$3\":\"\\{0,1\\}\\([a-z0-9]*\\).*/\\1/p"
}
is_field() { [ "$(field "$1" "$2" "$3")" = "$4" ]; }
await_field() { poll 20 is_field "$@" || fail "$3 of $2: wanted $4, is $(field "$1" "$2" "$3")"; }

RUN=/run/maglevd # where maglevadm looks
rm -rf $RUN
setup_topology
load_module table_size=509
for i in 1 2 3; do
	add_backend $i gre
	serve_http $i
	serve_also $i 81
done
serve_agent 1
cat >"$WORK/maglevd.yaml" <<-END
	probes: {manage_sysctl: true}
	checks:
	  web: {type: http, interval: 500ms, timeout: 450ms, fall: 2}
	  agent: {type: agent, port: 9990, interval: 1s, timeout: 900ms}
	pools:
	  main: [10.0.0.1, 10.0.0.2]
	  sorry: [10.0.0.3]
	policy: {panic: 100}
	services:
	  - {name: web, vip: $VIP, port: 80, pool: main, checks: [web, agent], policy: {when_down: sorry, sorry: sorry, slow_start: 8s}}
	  - {name: other, vip: $VIP, port: 81, external: true, checks: [web]}
END
lb ipvsadm -R <<-END
	-A -t $VIP:81 -s maglev
	-a -t $VIP:81 -r 10.0.0.1:81 -i --tun-type gre -w 7
END
start_maglevd
await_state 20 $VIP 10.0.0.1 up
await_state 20 $VIP 10.0.0.2 up
await_field 80 10.0.0.1 share 100
await_field 80 10.0.0.2 share 100
expect "the sorry pool is not there" "" "$(lb ipvsadm -Sn | grep 10.0.0.3 || true)"

# Weights are the file's, but for who insists.
refused=$(adm backend weight tcp $VIP:80 10.0.0.1:80 5 2>&1) && fail "a weight of maglevd's is taken"
grep -q "tcp $VIP:80 is maglevd's, which has it from $WORK/maglevd.yaml" <<<"$refused" || fail "$refused"
adm -b - <<<"backend share tcp $VIP:80 10.0.0.1:80 50" 2>/dev/null && fail "a share of maglevd's is taken in a batch"
adm backend weight tcp $VIP:80 10.0.0.1:80 5 --force
expect "weight by force" 5 "$(field 80 10.0.0.1 nominal-weight)"
adm backend weight tcp $VIP:81 10.0.0.1:81 9
adm backend drain tcp $VIP:80 10.0.0.2:80
adm backend up tcp $VIP:80 10.0.0.2:80

say_agent 1 drain
await_state 20 $VIP 10.0.0.1 drain
expect "answers" b2 "$(answers $VIP 20)"
say_agent 1 up 30%
await_state 20 $VIP 10.0.0.1 up
await_field 80 10.0.0.1 share 30
say_agent 1 up
await_field 80 10.0.0.1 share 100

# The other service's backend has a state of ours and a weight of theirs; a new one of theirs is found.
expect "of the other service" "-a -t $VIP:81 -r 10.0.0.1:81 -i -w 7 --tun-type gre --tun-nocsum" \
	"$(lb ipvsadm -Sn | grep "$VIP:81 -r" | sed 's/ *$//')"
lb ipvsadm -a -t $VIP:81 -r 10.0.0.2:81 -i --tun-type gre -w 1
poll 20 is_known "tcp $VIP:81" 10.0.0.2:81 || fail "10.0.0.2 of $VIP:81 is not known"

# One is down, then all: the sorry pool takes over, and stays over a restart.
kill "$(cat "$WORK/b1.pid")"
await_state 20 $VIP 10.0.0.1 down
expect "answers" b2 "$(answers $VIP 20)"
kill "$(cat "$WORK/b2.pid")"
await_state 20 $VIP 10.0.0.2 down
await_state 20 $VIP 10.0.0.3 up
expect "answers" b3 "$(answers $VIP 20)"
stop_maglevd KILL
expect "answers" b3 "$(answers $VIP 20)"
start_maglevd
expect "answers" b3 "$(answers $VIP 20)"

# One is back, with a share that grows.
serve_http 2
await_state 20 $VIP 10.0.0.2 up
expect_range "share after it came up" 1 99 "$(field 80 10.0.0.2 share)"
poll 20 has_no 10.0.0.3 || fail "the sorry pool stays"
expect "answers" b2 "$(answers $VIP 20)"
await_field 80 10.0.0.2 share 100
stop_maglevd TERM
rm -rf $RUN
finish

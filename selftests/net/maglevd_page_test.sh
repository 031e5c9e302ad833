#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The status page and "maglevadm top" over a real kernel: what the module counts of real connections is on the page, in
# /history and in top; a backend that the operator drains is the operator's there; the page is at loopback and nowhere
# else; over a reload nothing is forgotten.
#
#   as in lib.sh, with backends b1 b2; maglevd on the balancer, with "http:" and nothing behind it
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/maglevd.sh"

PAGE=http://127.0.0.1:8470

write_config() {
	cat <<-END
		http:
		probes: {manage_sysctl: true}
		checks:
		  web: {type: http, interval: 1s, fast_interval: 300ms, timeout: 250ms, rise: 1, fall: 2}
		pools:
		  all: [10.0.0.1, 10.0.0.2]
		policy: {panic: 100}
		services:
		  - {name: web, vip: $VIP, port: 80, pool: all, checks: [web], table_size: 251}
	END
}

page() { nsenter --net="/run/netns/$NS-lb" curl -s --max-time 20 "$PAGE$1"; }
row() { page / | grep -F ">10.0.0.$1:80</th>"; }
# has COMMAND WORD TEXT: read to the end, for whom a pipe that breaks fails.
has() { "$1" "$2" | grep -F -e "$3" >/dev/null; }
# has_history VALUE LEAST: so many there were in all that is remembered.
has_history() {
	page /history | python3 -c 'import json, sys
recent = json.load(sys.stdin)["services"][0]["recent"]
sys.exit(sum((one or 0) * recent["interval-s"] for one in recent[sys.argv[1]]) < float(sys.argv[2]))' "$1" "$2"
}

# ask_until_killed: a connection after the other.
ask_until_killed() { while :; do ask "http://$VIP:80" 20 >/dev/null 2>&1 || true; done; }

setup_topology
load_module table_size=509
for i in 1 2; do
	add_backend $i gre
	serve_http $i
done
write_config >"$WORK/maglevd.yaml"
start_maglevd
for i in 1 2; do await_state 20 $VIP 10.0.0.$i up; done

has page / "tcp $VIP:80" || fail "no service: $(page / | tail -c 2000)"
for i in 1 2; do has row $i "▲ up" || fail "b$i: $(row $i)"; done
! has page / "cannot be read" || fail "the kernel: $(page / | grep 'cannot be read')"
key=$(adm -j show | sed -n 's/.*"key-check":[[:space:]]*"\([0-9a-f]*\)".*/\1/p')
has page / "$key" || fail "no key check $key"
digest=$(adm -j service show | sed -n 's/.*"live-digest":[[:space:]]*"\([0-9a-f]*\)".*/\1/p')
has page / "$digest" || fail "no digest $digest"
! client curl -s --max-time 2 "http://$LB:8470/" >/dev/null || fail "others reach the page"

ask_until_killed &
echo $! >"$WORK/asking.pid"
adm -j top tcp $VIP:80 -d 3 -n 2 >"$WORK/top"
expect "frames of top" 2 "$(wc -l <"$WORK/top")"
python3 - "$WORK/top" <<'END' || fail "top: $(cat "$WORK/top")"
import json, sys
for frame in map(json.loads, open(sys.argv[1])):
    service, = frame["services"]
    rates = [one["packets"] for one in service["backends"]]
    assert service["packets"] > 0 and rates == sorted(rates, reverse=True) and rates[0] > 0, frame
    assert abs(sum(rates) - service["packets"]) < .5 * service["packets"], frame
END
poll 60 has_history packets 50 || fail "no packets in the history: $(page /history | head -c 2000)"
kill "$(cat "$WORK/asking.pid")"
rm -f "$WORK/asking.pid"

adm backend drain tcp $VIP:80 10.0.0.1:80
poll 10 has row 1 "◆ drain</b> <small>operator</small>" || fail "b1: $(row 1)"
adm backend up tcp $VIP:80 10.0.0.1:80
kill "$(cat "$WORK/b2.pid")"
await_state 20 $VIP 10.0.0.2 down
poll 10 has row 2 "▼ down" || fail "b2: $(row 2)"
has page /history '"to":"down","why":"web: ' || fail "changes: $(page /history | tail -c 1000)"
sed -i 's/panic: 100/panic: 99/' "$WORK/maglevd.yaml"
reload_maglevd configured
has_history packets 50 || fail "the history was lost: $(page /history | head -c 2000)"
has page /history '"to":"down","why":"web: ' || fail "changes were lost: $(page /history | tail -c 1000)"
stop_maglevd TERM
finish

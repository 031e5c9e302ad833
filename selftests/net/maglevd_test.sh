#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# maglevd makes services of its file, gives a backend traffic only once it has passed, finds what is broken behind the
# tunnel in time, moves nothing else, reloads what changed and nothing more, and what it found outlives it.
#
#   as in lib.sh, with backends b1 b2 b3 b4; maglevd on the balancer
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/maglevd.sh"

INTERVAL_MS=1000 TIMEOUT_MS=500 FALL=3

# write_config BACKEND...: the file with these.
write_config() {
	local i

	cat <<-END
		probes:
		  manage_sysctl: true
		checks:
		  web:
		    type: http
		    path: /
		    body: "^b[0-9]"
		    interval: ${INTERVAL_MS}ms
		    timeout: ${TIMEOUT_MS}ms
		    fast_interval: ${TIMEOUT_MS}ms
		    rise: 2
		    fall: $FALL
		pools:
		  v4:
	END
	for i; do echo "    - {address: 10.0.0.$i, weight: 10}"; done
	echo "  v6:"
	for i; do echo "    - \"2001:db8::$i\""; done
	cat <<-END
		services:
		  - {name: web, vip: $VIP, port: 80, pool: v4, checks: [web], table_size: 251}
		  - {name: web6, vip: "$VIP6", port: 80, tunnel: ipip, pool: v6, checks: [web], table_size: 251}
	END
}

slots() {
	adm -j backend show tcp $VIP:80 | tr -d ' \t\n' | grep -oE '"live-slots":[0-9]+' | cut -d : -f 2 | paste -sd ' '
}

# as_stranger GROUP COMMAND: what maglevd answers nobody, of that group.
as_stranger() {
	echo "{\"command\": \"$2\"}" |
		setpriv --reuid 65534 --regid "$1" --clear-groups socat -t 10 - "UNIX-CONNECT:$RUN/control"
}

setup_topology
load_module table_size=509
for i in 1 2 3 4; do
	add_backend $i gre
	serve_http $i
	ips b$i <<-END
		link add ipip6 type ip6tnl mode ip6ip6 local 2001:db8::$i remote any
		link set ipip6 up
	END
done
write_config 1 2 3 >"$WORK/maglevd.yaml"
"$MAGLEVD" --check "$WORK/maglevd.yaml" || fail "the file is refused"
start_maglevd
expect "capabilities" "0000000000003000 0000000000003000 0000000000003000" \
	"$(awk '$1 ~ /^Cap(Prm|Eff|Bnd):/ { print $2 }' "/proc/$(cat "$WORK/maglevd.pid")/status" | paste -sd ' ')"
for i in 1 2 3; do
	await_state 10 $VIP 10.0.0.$i up
	await_state 10 $VIP6 "2001:db8::$i" up
done
# Everybody may look; who may change is root, and a group.
chmod a+x "$WORK"
{ cat /etc/group && echo maglev:x:47110:; } >"$WORK/group"
mount --bind "$WORK/group" /etc/group
as_stranger 65534 status | grep -q '"version"' || fail "strangers cannot look"
expect "reload by a stranger" '{"error":"reload is for root and group maglev"}' "$(as_stranger 65534 reload)"
expect "reload by one of the group" '{}' "$(as_stranger 47110 reload)"
umount /etc/group
expect "IPVS has" "-a -t $VIP:80 -r 10.0.0.1:80 -i -w 10 --tun-type gre --tun-nocsum" \
	"$(lb ipvsadm -Sn | grep -F "10.0.0.1:80" | sed 's/ *$//')"
expect "answers" "b1 b2 b3" "$(answers $VIP 60)"
expect "answers by IPv6" "b1 b2 b3" "$(answers $VIP6 60)"

# A server dies under traffic.
before=$(slots)
killed=${EPOCHREALTIME/./}
kill "$(cat "$WORK/b2.pid")"
await_state 20 $VIP 10.0.0.2 down
found_ms=$(((${EPOCHREALTIME/./} - killed) / 1000))
bound_ms=$((FALL * INTERVAL_MS * 11 / 10 + TIMEOUT_MS))
echo "found after: $found_ms ms, at the latest $bound_ms ms"
[ "$found_ms" -le $((bound_ms * 3 * ${MAGLEV_SLOW:-1})) ] || fail "found after $found_ms ms"
await_state 20 $VIP6 2001:db8::2 down
expect "answers" "b1 b3" "$(answers $VIP 30)"
expect "answers by IPv6" "b1 b3" "$(answers $VIP6 30)"
serve_http 2
await_state 20 $VIP 10.0.0.2 up
await_state 20 $VIP6 2001:db8::2 up
expect "slots as before" "$before" "$(slots)"

# What only a probe through the tunnel finds: nobody decapsulates; the VIP is missing.
ip -n "$NS-b3" link set dsr down
await_state 20 $VIP 10.0.0.3 down
ip -n "$NS-b3" link set dsr up
await_state 20 $VIP 10.0.0.3 up
ip -n "$NS-b1" addr del $VIP/32 dev lo
await_state 20 $VIP 10.0.0.1 down
ip -n "$NS-b1" addr add $VIP/32 dev lo
await_state 20 $VIP 10.0.0.1 up

# All at once is nobody's fault here.
for i in 1 2 3; do kill "$(cat "$WORK/b$i.pid")"; done
poll 20 has_logged 'too many backends fail' 1 || fail "no panic: $(tail -n 3 "$WORK/maglevd.log")"
expect_range "backends down in panic" 0 1 "$(adm backend show tcp $VIP:80 | grep -c ' down' || true)"
for i in 1 2 3; do serve_http $i; done
for i in 1 2 3; do
	await_state 20 $VIP 10.0.0.$i up
	await_state 20 $VIP6 "2001:db8::$i" up
done

# Nothing in the file has changed: nothing is sent. A wrong one changes nothing and says where.
generation() { adm -j service show tcp $VIP:80 | tr -d ' \t\n' | grep -oE '"generation":[0-9]+'; }
poll 20 has_logged 'follow checks again' 1 || fail "panic has no end"
now=$(generation)
reload_maglevd configured
expect "generation after nothing" "$now" "$(generation)"
sed -i 's/type: http/type: htp/' "$WORK/maglevd.yaml"
reload_maglevd 'not reloaded'
tail -n 1 "$WORK/maglevd.log" | grep -q "maglevd.yaml:5:11: .*htp" || fail "$(tail -n 1 "$WORK/maglevd.log")"
expect "generation after a wrong file" "$now" "$(generation)"

# A backend comes: it has no traffic before it has passed. Another one goes.
kill "$(cat "$WORK/b4.pid")"
write_config 1 3 4 >"$WORK/maglevd.yaml"
reload_maglevd configured
expect "a new one" down "$(state $VIP 10.0.0.4)"
expect "answers" "b1 b3" "$(answers $VIP 30)"
serve_http 4
await_state 20 $VIP 10.0.0.4 up
expect "answers" "b1 b3 b4" "$(answers $VIP 60)"

# One is drained by the file, and in service again.
write_config 1 3 4 | sed 's/10.0.0.3, weight: 10/10.0.0.3, weight: 10, drain: 10m/' >"$WORK/maglevd.yaml"
reload_maglevd configured
await_state 20 $VIP 10.0.0.3 drain
expect "answers" "b1 b4" "$(answers $VIP 30)"
write_config 1 3 4 >"$WORK/maglevd.yaml"
reload_maglevd configured
await_state 20 $VIP 10.0.0.3 up

# It dies, is killed, and what it found stays; starting it again changes nothing.
now=$(generation)
stop_maglevd KILL
expect "without maglevd" "b1 b3 b4" "$(answers $VIP 60)"
start_maglevd
expect "generation after a restart" "$now" "$(generation)"

# Services that are not in the file go; those of others stay.
lb ipvsadm -A -t $VIP:81 -s rr
sed -i '/name: web6/d' "$WORK/maglevd.yaml"
reload_maglevd configured
expect "services" "$VIP:80 maglev $VIP:81 rr" \
	"$(lb ipvsadm -Ln | awk '$1 == "TCP" { print $2, $3 }' | sort | paste -sd ' ')"
sed -i 's/port: 80/port: 81/' "$WORK/maglevd.yaml"
reload_maglevd 'not reloaded'
tail -n 1 "$WORK/maglevd.log" | grep -q "$VIP:81: IPVS has it already" || fail "$(tail -n 1 "$WORK/maglevd.log")"
stop_maglevd TERM
expect "services" 2 "$(lb ipvsadm -Ln | grep -c '^TCP')"
finish

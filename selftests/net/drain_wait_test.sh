#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# maglevadm backend drain --wait: it ends when the last flow has left, when the deadline has passed, when somebody sets
# the backend up, and when it goes, each with an exit status of its own. Of a service left to IPVS, masqueraded or
# persistent, it waits for IPVS's connections, and for the clients that persistence sends there again.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/frames.sh"
. "$(dirname "$0")/flows.sh"

FLOWS=${FLOWS:-500} # of each kind, in each family
DEADLINE=${DEADLINE:-6}
DATAGRAMS=5
MASQUERADED="udp $VIP:53" PERSISTENT="udp $VIP:54"

# drain NAME SERVICE BACKEND [OPTION...]: and wait, in the background; $WORK/NAME.* say what comes of it.
drain() {
	local name=$1 service=$2 status=0

	shift 2
	rm -f "$WORK/$name".{out,err,status}
	# shellcheck disable=SC2086
	{
		adm backend drain $service "$@" --wait >"$WORK/$name.out" 2>"$WORK/$name.err" || status=$?
		echo $status >"$WORK/$name.status"
	} &
}

# ends SECONDS NAME STATUS STREAM PATTERN: in that time, with the last line of that stream.
ends() {
	poll "$1" test -s "$WORK/$2.status" || fail "$2 waits: $(cat "$WORK/$2".{out,err})"
	expect "$2: exit status" "$3" "$(cat "$WORK/$2.status")"
	tail -n 1 "$WORK/$2.$4" | grep -E "$5" || fail "$2 says: $(cat "$WORK/$2".{out,err}), not $5"
}

# goes_on NAME LEFT: it says how many flows are left, and waits for them.
goes_on() {
	poll 30 grep -qE "^flows left: $2(,|$)" "$WORK/$1.out" || fail "$1, not $2 left: $(cat "$WORK/$1".{out,err})"
	[ ! -e "$WORK/$1.status" ] || fail "$1 has ended: $(cat "$WORK/$1".{out,err})"
}

# held NAME I: flows over IPv4 at the silent backend I.
held() { awk -v at="10.0.4.$2" '$3 == at' "$WORK/$1.known" | wc -l; }

# send_datagrams PORT TIMEOUT: each a connection of IPVS, which forgets it after so many seconds.
# shellcheck disable=SC2016 # the inner shell's
send_datagrams() {
	lb ipvsadm --set 0 0 "$2"
	client bash -c 'for i in $(seq $3); do echo >/dev/udp/$1/$2; done' bash "$VIP" "$1" "$DATAGRAMS"
	poll 10 has_connections "$1" || fail "connections to port $1: $(lb ipvsadm -Lnc)"
}
has_connections() { [ "$(lb ipvsadm -Lnc | awk -v at="$VIP:$1" '$5 == at && $4 !~ /:0$/' | wc -l)" = "$DATAGRAMS" ]; }

has_drained() { adm backend show tcp "$VIP:80" 10.0.4.1:80 | grep -qE '^state .*drain: .*, drained$'; }
has_backends() { [ "$(adm backend show | grep -c " $1 ")" = "$2" ]; }

setup_flows
adm service set tcp "$VIP:80" timeout reset 1
start_monitor
join 1 2 3
begin_flows A "$FLOWS"

drain last "tcp $VIP:80" 10.0.4.1:80
goes_on last "$(held A 1)"
all_flows A "$FLOWS" --flows "$FLOWS" --kind rst
ends 40 last 0 out '^done: no flow left$'
grep -E ' drained .*10\.0\.4\.1:80 .*\(last-flow\)' "$WORK/events" || fail "no event of the last flow"
has_drained || fail "not shown as drained"
drain again "tcp $VIP:80" 10.0.4.1:80
ends 5 again 0 out '^done'
# However short it was up: what it may have got then has to leave, too.
adm backend up tcp "$VIP:80" 10.0.4.1:80
adm backend drain tcp "$VIP:80" 10.0.4.1:80
! has_drained || fail "drained before it was counted anew"
poll 20 has_drained || fail "not drained again"
changed 1 adm backend up tcp "$VIP:80" 10.0.4.1:80

begin_flows B "$FLOWS" --first "$FLOWS"
drain forced "tcp $VIP:80" 10.0.4.2:80 --deadline "${DEADLINE}s"
ends $((DEADLINE + 10)) forced 3 err "forced: 10\.0\.4\.2:80 is down, .*: $(held B 2) flows broken off"
grep -E " drained .*10\.0\.4\.2:80 .*$(held B 2) flows left \(deadline\)" "$WORK/events" || fail "the event does not say how many"

drain up "tcp $VIP:80" 10.0.4.3:80 --deadline 10m
goes_on up "$(held B 3)"
adm backend up tcp "$VIP:80" 10.0.4.3:80
ends 10 up 4 err "ended: somebody has set 10\.0\.4\.3:80 up: $(held B 3) flows left"
drain gone "tcp $VIP:80" 10.0.4.3:80
goes_on gone "$(held B 3)"
backends -d 3
ends 10 gone 4 err "has no backend 10\.0\.4\.3:80 any more"

lb ipvsadm -R <<END
-A -u $VIP:53 -s maglev
-a -u $VIP:53 -r 10.0.4.1:53 -m
-A -u $VIP:54 -s maglev -p 24
-a -u $VIP:54 -r 10.0.4.1:54 -i --tun-type gre
END
for port in 53 54; do
	poll 10 has_backends "10.0.4.1:$port" 1 || fail "no backend on port $port: $(adm backend show)"
done
send_datagrams 53 6
drain masqueraded "$MASQUERADED" 10.0.4.1:53
ends 30 masqueraded 0 out '^done'
grep -xE "flows left: [1-$DATAGRAMS]" "$WORK/masqueraded.out" || fail "not told of IPVS's connections"
adm backend up udp "$VIP:53" 10.0.4.1:53
send_datagrams 53 300
drain left "$MASQUERADED" 10.0.4.1:53 --deadline "${DEADLINE}s"
ends $((DEADLINE + 10)) left 3 err "forced: .*: $DATAGRAMS flows left, of which IPVS goes on with its connections"
has_connections 53 || fail "IPVS has not gone on"

send_datagrams 54 6
started=$SECONDS
drain persistent "$PERSISTENT" 10.0.4.1:54
goes_on persistent 1 # the client
ends 60 persistent 0 out '^done'
grep -xE "flows left: [2-$((DATAGRAMS + 1))]" "$WORK/persistent.out" || fail "not told of connections and the client"
expect_range "seconds until no client is sent there" 12 60 $((SECONDS - started))
finish

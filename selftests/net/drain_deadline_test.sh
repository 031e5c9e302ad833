#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A backend is drained, by its weight through ipvsadm or by maglevadm with a deadline: its flows stay, new ones go
# elsewhere. When the deadline has passed its flows, and no others, select anew. An event says when the last flow of a
# drained backend has gone. What was laid over a backend goes with it.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/frames.sh"
. "$(dirname "$0")/flows.sh"

FLOWS=${FLOWS:-2000} # of each kind, in each family
DEADLINE=${DEADLINE:-$((20 * ${MAGLEV_SLOW:-1}))}

# in_both COMMAND I [WORD...]: maglevadm backend COMMAND, of both services.
in_both() {
	local command=$1 i=$2

	shift 2
	adm backend "$command" tcp "$VIP:80" "10.0.4.$i:80" "$@"
	adm backend "$command" tcp "[$VIP6]:80" "[2001:db8:4::$i]:80" "$@"
}

# states I: the effective ones, of both services.
states() {
	adm -j backend show | tr -d '\n\t ' | sed 's/{"service"/\n&/g' | grep "\"addr\":\"\(10\.0\.4\.$1\|2001:db8:4::$1\)\"" |
		sed -n 's/.*"state":"\([a-z]*\)".*/\1/p' | xargs
}

# told N PATTERN: N events.
told() { [ "$(grep -c -e "$2" "$WORK/events" || true)" = "$1" ]; }
await() { poll "$1" told "$2" "$3" || fail "not $2 events of $3: $(cat "$WORK/events")"; }

setup_flows
for vip in $VIP "[$VIP6]"; do
	adm service set tcp "$vip:80" timeout reset 1
done
start_monitor
join 1 2 3

begin_flows A "$FLOWS"
changed 2 backends -e -w 0 1
same_flows "one drained by its weight" A "$FLOWS"
begin_flows B "$FLOWS" --first "$FLOWS"
expect "new flows at the one drained" 0 "$(flows_of B 1)"
expect_range "old flows at the one drained" $((FLOWS / 2)) $((FLOWS)) "$(flows_of A 1)"
await 0 0 ' drained '
all_flows A "$FLOWS" --flows "$FLOWS" --kind rst
await 40 2 ' drained .*(last-flow)'
grep ' drained ' "$WORK/events"
changed 2 backends -e -w 1 1

begin_flows C "$FLOWS" --first $((2 * FLOWS))
started=$SECONDS
changed 2 in_both drain 2 --deadline "${DEADLINE}s"
same_flows "one drained by the operator" C "$FLOWS" --first $((2 * FLOWS))
begin_flows D "$FLOWS" --first $((3 * FLOWS))
expect "new flows at the one drained" 0 "$(flows_of D 2)"
at_2=$(flows_of C 2)
await $((DEADLINE + 5)) 2 'drain to down'
expect_range "seconds until it is down" "$DEADLINE" $((DEADLINE * 2)) $((SECONDS - started))
all_flows C "$FLOWS" --flows "$FLOWS" --first $((2 * FLOWS)) --kind data
expect "flows that selected anew, of $at_2 at the one down" "$at_2" "$CHANGED"
expect "flows at the one down" 0 "$(flows_of C 2)"
same_flows "one down" D "$FLOWS" --first $((3 * FLOWS))
expect "told of the deadline" 2 "$(grep -c ' drained .*(deadline)' "$WORK/events")"

changed 2 backends -d 2
await 10 2 ' backend-del '
changed 2 backends -a 2
expect "state of the one deleted and added again" "up up" "$(states 2)"
begin_flows E "$FLOWS" --first $((4 * FLOWS))
expect_range "deleted and added again: new flows" $((FLOWS / 2)) $((FLOWS)) "$(flows_of E 2)"

# Without flow tables there is nobody to wait for.
adm set flows 0
changed 2 backends -e -w 0 3
await 10 4 ' drained .*(last-flow)'
finish

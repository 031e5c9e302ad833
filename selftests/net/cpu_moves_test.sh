#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The client's packets come to another CPU of the balancer in the midst of its flows (RSS, here RPS, is turned over).
# Flows on slots whose answer has not changed are not looked for: the table says the same. Right after a change of the
# table exactly those on slots that changed are taken over from the other CPU, and every flow keeps its backend.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/frames.sh"
. "$(dirname "$0")/flows.sh"

FLOWS=${FLOWS:-2000} # in each family
TABLE_OPTIONS="--key $KEY"

PARAMETERS=hash_key=$KEY setup_flows
# Made by another scheduler, so that our first table has both and nothing has changed.
lb ipvsadm -C
lb ipvsadm -A -t $VIP:80 -s rr
lb ipvsadm -A -t [$VIP6]:80 -s rr
backends -a 1 2
changed 2 lb ipvsadm -R <<-END
	-E -t $VIP:80 -s maglev
	-E -t [$VIP6]:80 -s maglev
END

begin_flows A "$FLOWS"
trace_flows adopted
take_packets_on 2
same_flows "on CPU 1, nothing changed" A "$FLOWS"
expect "taken over from CPU 0" 0 "$(traced adopted)"

take_packets_on 1
begin_flows B "$FLOWS" --first "$FLOWS"
expect "B: flows at two backends" $((2 * FLOWS)) $(($(flows_of B 1) + $(flows_of B 2)))
answers B 1 2 >"$WORK/before"
changed 2 backends -a 3
answers B 1 2 3 >"$WORK/after"
expect "B: flows looked up offline" $((2 * FLOWS)) "$(wc -l <"$WORK/after")"
on_changed=$(paste "$WORK/before" "$WORK/after" | awk '$1 != $2' | wc -l)
expect_range "B: flows on slots that changed" $((FLOWS / 3)) $((FLOWS * 4 / 3)) "$on_changed"

echo >$TRACE/trace
take_packets_on 2
same_flows "on CPU 1, after a change" B "$FLOWS" --first "$FLOWS"
expect "taken over from CPU 0, which is those on changed slots" "$on_changed" "$(traced adopted)"

echo >$TRACE/trace
same_flows "on CPU 1, again" B "$FLOWS" --first "$FLOWS"
expect "taken over" 0 "$(traced adopted)"

take_packets_on 1
same_flows "on CPU 0 again" B "$FLOWS" --first "$FLOWS"
expect "taken over from CPU 1, the same" "$on_changed" "$(traced adopted)"
take_packets_on 3
same_flows "on both" B "$FLOWS" --first "$FLOWS"
finish

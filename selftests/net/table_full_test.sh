#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# More established flows than the flow table has room for: those beyond are forwarded by the table of the service alone,
# counted untracked, never refused, and an event says that the table is too small. Those in it stay when a backend is
# added; of the others only those go elsewhere whose slots it took.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/frames.sh"
. "$(dirname "$0")/flows.sh"

ROOM=${ROOM:-1024} # flows, over both CPUs
FLOWS=${FLOWS:-2000} # in each family, all on one CPU

setup_flows
adm set flows "$ROOM"
join 1 2
start_monitor

# Each is established before the next begins: while one is half-open it may be evicted.
begin_flows A "$FLOWS"
for again in 1 2; do
	same_flows "full, packet $again" A "$FLOWS"
done
told() { grep -q ' pressure ' "$WORK/events"; }
poll 10 told || fail "no event of pressure: $(cat "$WORK/events")"
grep ' pressure ' "$WORK/events" | head -n 1
untracked=$(counter untracked-full)
expect_range "packets forwarded untracked" "$FLOWS" $((2 * 3 * 2 * FLOWS)) "$untracked"
words=$((ROOM * 100 / 80 / 2 + 8))
held=$(flows_held)
expect_range "flows in the table of one CPU" $((words * 9 / 10)) $words "$held"

changed 2 backends -a 3
all_flows A "$FLOWS" --flows "$FLOWS" --kind data
expect_range "a backend more, flows changed of those that are not tracked" $((FLOWS / 3)) $((2 * FLOWS - held)) "$CHANGED"
expect "a backend more, flows changed that did not go to it" "$CHANGED" "$(flows_of A 3)"
finish

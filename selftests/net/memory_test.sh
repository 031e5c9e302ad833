#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# What flow tables take: ten million flows in at most 128 MiB, and what was taken is given back; where the machine has
# not that much to spare, one million in a tenth of it.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/frames.sh"
. "$(dirname "$0")/flows.sh"

FLOWS=${FLOWS:-10000000}

kib_free() { awk '$1 == "MemAvailable:" { print $2 }' /proc/meminfo; }
flow_kib() { adm -j show 2>/dev/null | awk -F '[:,]' '/"flow-bytes"/ { print int($2 / 1024) }'; }
at_rest() { ! adm show 2>/dev/null | grep -q 'move from old'; }

[ "$(kib_free)" -gt $((400 * 1024)) ] || FLOWS=$((FLOWS / 10))
setup_flows
join 1 2
poll 20 at_rest
small=$(flow_kib)
before=$(kib_free)
adm set flows "$FLOWS"
poll 60 at_rest || fail "the old tables stay: $(adm show)"
expect_range "KiB for $FLOWS flows" $((FLOWS * 8 / 1024)) $((FLOWS * 128 * 1024 / 10000000)) "$(flow_kib)"
# Others give some back meanwhile.
expect_range "KiB less in the machine" $((FLOWS * 4 / 1024)) $((FLOWS * 160 * 1024 / 10000000)) $((before - $(kib_free)))
begin_flows A 1000
adm set flows 1048576
same_flows "moving to a small table" A 1000
poll 60 at_rest || fail "the old tables stay: $(adm show)"
expect "KiB in the end" "$small" "$(flow_kib)"
same_flows "in the small table" A 1000
finish

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Where the packet path sends very many flows is where "maglevadm table lookup" has them, offline, and where the kernel
# says it would send them ("explain"): one decision, three ways to it. With different weights and one backend drained.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/frames.sh"
. "$(dirname "$0")/flows.sh"

FLOWS=${FLOWS:-100000} # half of them IPv6
TABLE_OPTIONS="--key $KEY"

# build_explain: once, unless "make frames" has.
build_explain() {
	EXPLAIN=$TOP/build/explain_all
	[ ! -x "$EXPLAIN" ] || return 0
	EXPLAIN=$WORK/explain_all
	"${CC:-cc}" -std=gnu11 -O2 -I"$TOP/include" -I"$TOP/include/uapi" -I"$TOP/userspace/lib" -o "$EXPLAIN" \
		"$TOP"/selftests/net/explain_all.c "$TOP"/userspace/lib/*.c -lmnl || fail "explain_all does not build"
}

PARAMETERS=hash_key=$KEY setup_flows
build_explain
join 1 2 3 4
changed 2 backends -e -w 2 2
changed 2 backends -e -w 3 3
changed 2 backends -e -w 0 4
all_flows D $((FLOWS / 2)) --flows $((FLOWS / 2)) --kind syn

# explained N: of each Nth flow: how many there are, and how many of them the kernel says it would send elsewhere.
explained() {
	local vip

	for vip in $VIP $VIP6; do
		known_to D "$vip" | awk -v n="$1" 'NR % n == 0' | lb "$EXPLAIN" "$vip" 80
	done | awk '{ n += $1; wrong += $2 } END { print n, wrong }'
}

answers D 1 2=2 3=3 4=1,drain >"$WORK/offline"
expect "flows looked up offline" "$FLOWS" "$(wc -l <"$WORK/offline")"
expect "of them elsewhere" 0 \
	"$({ known_to D $VIP; known_to D $VIP6; } | paste -d ' ' - "$WORK/offline" | awk '$3 != $6' | wc -l)"
expect "every tenth explained, of them elsewhere" "$((FLOWS / 10)) 0" "$(explained 10)"
adm flow flush
expect "flows explained now that they are forgotten, of them elsewhere" "$FLOWS 0" "$(explained 1)"
finish

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# 1,000 backends by one "ipvsadm -R": changes are gathered, so at most 50 tables are built,
# and the last one is the offline one.
. "$(dirname "$0")/lib.sh"

setup_topology
start_tracing hash_key=$KEY
{
	echo "-A -t $VIP:80 -s maglev"
	for i in $(seq 0 999); do
		echo "-a -t $VIP:80 -r 10.1.$((i / 250)).$((i % 250 + 1)):80 -i -w $((i % 7 + 1))"
		echo "10.1.$((i / 250)).$((i % 250 + 1)):80=$((i % 7 + 1))" >>"$WORK/backends"
	done
} >"$WORK/rules"

started=$(date +%s%N)
lb ipvsadm -R <"$WORK/rules"
took_ms=$((($(date +%s%N) - started) / 1000000))
all_published() { [ "$(published backends)" = 1000 ]; }
poll 10 all_published || fail "1000 backends are not published: $(published)"
expect_range "milliseconds for ipvsadm -R" 0 15000 $took_ms
expect_range "builds" 1 50 "$(count_published)"
digest=$("$MAGLEVADM" -j table build --key $KEY -f "$WORK/backends" 2>/dev/null |
	sed -n 's/.*"live_digest":[^"]*"\([^"]*\)".*/\1/p')
expect "digest" "$digest" "$(published live_digest)"
echo "last build: $(published build_us) us"

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# A drained backend (weight 0) finishes its downloads and gets no new connection; its flows spread
# over the others, whose own stay. With its weight back it has exactly its own again.
#
#   as in lib.sh, with three backends; flows are told apart by the client's port
. "$(dirname "$0")/lib.sh"

N=100

# flows FILE: who answers each of the client's ports.
flows() {
	ask_from 20001 $((20000 + N)) http://$VIP >"$WORK/$1"
	expect "$1, answered" $N "$(grep -c ' b[123]$' "$WORK/$1")"
}

# set_weight W: of b2; wait for the table.
set_weight() {
	local tables

	tables=$(count_published)
	lb ipvsadm -e -t $VIP:80 -r 10.0.0.2 -i -w "$1"
	poll 10 more_than "$tables" || fail "weight $1 is not published"
}
more_than() { [ "$(count_published)" -gt "$1" ]; }
has_all() { [ "$(published backends)" = 3 ]; }

# active I: established connections of bI.
active() { in_ns "b$1" ss -Htn state established sport = :80 | wc -l; }
all_run() { [ "$(active 1) $(active 2) $(active 3)" = "1 1 1" ]; }

setup_topology
load_module table_size=65537
reuse_ports
lb ipvsadm -A -t $VIP:80 -s maglev
for i in 1 2 3; do
	add_backend $i ipip
	serve_http $i
	lb ipvsadm -a -t $VIP:80 -r 10.0.0.$i -i
done
poll 10 has_all || fail "no table of three: $(published)"
flows before
expect_range "flows of b2" 10 $((N / 2)) "$(grep -c ' b2$' "$WORK/before")"

# A download from each backend, by a port of which we have just learnt whose it is.
ask_from 21001 21020 http://$VIP >"$WORK/ports"
downloads=()
for i in 1 2 3; do
	port=$(awk -v b=b$i '$2 == b { print $1; exit }' "$WORK/ports")
	client curl -s --local-port "$port" -o /dev/null -w '%{size_download}\n' http://$VIP/drip >"$WORK/got$i" &
	downloads+=($!)
	echo $! >"$WORK/download$i.pid"
done
poll 10 all_run || fail "downloads are not spread: $(cat "$WORK/ports")"

set_weight 0
expect "drained, downloads from b2" 1 "$(active 2)"
flows drained
expect "drained, by b2" 0 "$(grep -c ' b2$' "$WORK/drained" || true)"
grep -v ' b2$' "$WORK/before" >"$WORK/others"
expect "collateral" 0 "$(comm -23 "$WORK/others" "$WORK/drained" | wc -l)"
for i in 1 3; do
	expect_range "flows b$i took over" 1 $N "$(comm -13 "$WORK/before" "$WORK/drained" | grep -c " b$i$")"
done

set_weight 1
flows "after"
diff "$WORK/before" "$WORK/after" >&2 || fail "not the same flows as before"
wait "${downloads[@]}" || fail "a download broke"
expect "downloaded" "1048576 1048576 1048576" "$(cat "$WORK"/got? | xargs)"
finish

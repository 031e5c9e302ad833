#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The scheduler of a live service is swapped for others and back, under traffic: downloads go on,
# and every connection made after a swap is served. Those made within one can be lost (IPVS
# unbinds, waits, binds), which is no doing of ours: they are counted and printed.
#
#   as in lib.sh, with two backends
. "$(dirname "$0")/lib.sh"

# traffic: connections one after the other until told to stop; curl's verdict on each.
traffic() {
	while [ -e "$WORK/go" ]; do
		client curl -s --max-time 5 -o /dev/null -w '%{exitcode}\n' "http://$VIP/[1-20]" || true
	done >"$WORK/verdicts"
}
lost() { grep -vc '^0$' "$WORK/verdicts" || true; }
moving() { [ "$(wc -l <"$WORK/verdicts")" -gt 20 ]; }

# swap SCHEDULER [OPTION...]: and serve at once.
swap() {
	lb ipvsadm -E -t $VIP:80 -s "$@"
	expect "$1, served after the swap" 20 "$(ask http://$VIP 20 | grep -c '^b[12] ')"
	expect "$1 is shown" "$1" "$(lb ipvsadm -Ln | awk '$1 == "TCP" { print $3 }')"
	[ "$1" != maglev ] || expect "digest" "$digest" "$(published live_digest)"
}
has_both() { [ "$(published backends)" = 2 ]; }
running() { in_ns "$1" ss -Htn state established sport = :80 | wc -l; }
established() { [ $(($(running b1) + $(running b2))) -ge 8 ]; }

setup_topology
load_module table_size=65537
lb ipvsadm -A -t $VIP:80 -s maglev
for i in 1 2; do
	add_backend $i gre
	serve_http $i
	lb ipvsadm -a -t $VIP:80 -r 10.0.0.$i -i --tun-type gre
done
poll 10 has_both || fail "no table of two: $(published)"
digest=$(published live_digest)

client curl -sZ --parallel-immediate -o "$WORK/got#1" "http://$VIP/drip?[1-8]" -Ss 2>"$WORK/broken" &
downloads=$!
echo $downloads >"$WORK/downloads.pid"
poll 10 established || fail "downloads do not start"
lb ipvsadm -E -t $VIP:80 -s rr
lb ipvsadm -E -t $VIP:80 -s maglev
kill -0 $downloads || fail "downloads ended before maglev was back"
touch "$WORK/go" "$WORK/verdicts"
traffic &
traffic=$!
poll 10 moving || fail "no traffic"
expect "lost before the first swap" 0 "$(lost)"

swap rr
swap maglev
swap mh -b mh-port
swap maglev
swap mh
swap maglev

rm "$WORK/go"
wait $traffic
echo "lost in six swaps: $(lost) of $(wc -l <"$WORK/verdicts") connections"
wait $downloads || fail "a download broke: $? $(cat "$WORK/broken")"
expect "downloads whole" 8 "$(find "$WORK" -name 'got*' -size 1048576c | wc -l)"
finish

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Weights from life. What answers carry in a header is followed, and what is no weight counts as none. Who has to hold all
# flows there are is given fewer new ones. Of servers with a queue one is slowed down, so that it is overloaded with an
# equal share: with shares by latency its part of new flows falls. No download breaks by any of it. How soon it falls, how
# much sooner requests are answered than with equal shares, and how shares rest then, is printed, and with BOUNDS=1 held to
# bounds (make bench-share): an emulated machine's queues are its own as much as the servers'.
#
#   as in lib.sh, with backends b1 to b4; maglevd on the balancer
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/maglevd.sh"
. "$(dirname "$0")/drips.sh"

DRIPS=20
BOUNDS=${BOUNDS:-0}

# set_pace: so slow that a request that keeps no server busy takes little of the time of one that does; and that servers
# are busy for 0.4 of the time.
set_pace() {
	local overhead least

	overhead=$(for _ in $(seq 10); do lb curl -s -o /dev/null -w '%{time_total}\n' http://10.0.0.1; done |
		sort -n | awk '{ ms[NR] = $1 * 1000 } END { printf "%d", ms[8] }')
	SERVICE_MS=$((6 * overhead)) # for which a request keeps a server busy
	least=$((BOUNDS ? 20 : 150 * ${MAGLEV_SLOW:-1}))
	[ $SERVICE_MS -ge $least ] || SERVICE_MS=$least
	SLOW=$(((SERVICE_MS + 149) / 150))
	echo "a request takes $overhead ms, and keeps a server busy for $SERVICE_MS ms: times are $SLOW times as long"
	[ "$SLOW" -le 4 ] || skip "on a machine as slow as this nothing can be said of latency"
	[ "$BOUNDS" = 0 ] || [ $SERVICE_MS -le 60 ] || skip "with $SERVICE_MS ms to a request bounds mean nothing"
	RATE=$((1600 / SERVICE_MS)) # requests a second, to all
	STATIC_S=$((16 * SLOW)) LATENCY_S=$((32 * SLOW)) SETTLING_S=$((18 * SLOW))
}

# serve_queue I: bI answers requests to port 80 one after the other, each after the time in $WORK/queueI.
# shellcheck disable=SC2016 # perl's
serve_queue() {
	echo 0 >"$WORK/queue$1"
	in_ns "b$1" perl -MIO::Socket::INET -MTime::HiRes=sleep -e 'my ($name, $file, $ready) = @ARGV;
		$SIG{PIPE} = "IGNORE";
		my $listener = IO::Socket::INET->new(LocalPort => 80, Listen => 4096, ReuseAddr => 1) or die $@;
		open(my $done, ">", $ready); close $done;
		while (my $socket = $listener->accept) {
			open(my $in, "<", $file); my $ms = <$in>; close $in;
			sysread $socket, my $request, 4096 or next;
			sleep $ms / 1000;
			syswrite $socket, "HTTP/1.0 200 OK\r\n\r\n$name\n";
		}' "b$1" "$WORK/queue$1" "$WORK/queue$1.ready" &
	echo $! >"$WORK/queue$1.pid"
	poll 20 test -e "$WORK/queue$1.ready" || fail "b$1 does not serve"
}

# say_weight I [VALUE]: what nginx says at port 82 of bI from now on.
say_weight() {
	cat >"$WORK/weight$1.conf" <<-END
		pid $WORK/weight$1.pid;
		error_log $WORK/weight$1.log;
		worker_processes 1;
		events { worker_connections 256; }
		http {
			access_log off;
			keepalive_timeout 0;
			server {
				listen 82;
				${2:+add_header X-Load-Balancing-Endpoint-Weight "$2" always;}
				location / { return 200 "b$1\n"; }
			}
		}
	END
	if [ -e "$WORK/weight$1.pid" ]; then
		kill -HUP "$(cat "$WORK/weight$1.pid")"
	else
		in_ns "b$1" nginx -c "$WORK/weight$1.conf"
	fi
}

write_config() {
	cat >"$WORK/maglevd.yaml" <<-END
		probes: {manage_sysctl: true}
		checks:
		  time: {type: http, via: direct, port: 80, role: diagnostic, interval: $((1000 * SLOW))ms, timeout: $((900 * SLOW))ms}
		  weight: {type: http, via: direct, port: 82, interval: 1s, timeout: 900ms, fall: 100}
		pools:
		  all: [10.0.0.1, 10.0.0.2, 10.0.0.3, 10.0.0.4]
		policy: {panic: 100}
		services:
		  - {name: web, vip: $VIP, port: 80, pool: all, checks: time, policy: {share: $1}}
		  - {name: held, vip: $VIP, port: 81, pool: all, checks: time, policy: {share: {from: predictive, horizon: 5s}}}
		  - {name: weighted, vip: $VIP, port: 82, pool: all, checks: weight, policy: {share: header}}
	END
}

# shares PORT: of all backends, as the kernel has them.
shares() {
	adm -j backend show tcp "$VIP:$1" | tr -d ' \t\n' | grep -oE '"share":[0-9]+' | cut -d : -f 2 | paste -sd ' '
}
are_shares() { [ "$(shares "$1")" = "$2" ]; }
await_shares() { poll 60 are_shares "$@" || fail "shares of port $1: wanted $2, are $(shares "$1"): $(adm status --run-directory "$RUN")"; }

now() { cut -d ' ' -f 1 /proc/uptime; }
load() { client "$TOP/selftests/net/load.py" $VIP 80 "$RATE" "$1" "$2.begun" >"$2"; }
# percentile FILE FROM UNTIL: 99 of 100 requests that began then took no more ms; one that was not answered took for ever.
percentile() {
	awk -v from="$2" -v until="$3" '$1 >= from && $1 < until { print $2 < 0 ? 999999 : $2 }' "$1" | sort -n |
		awk '{ ms[NR] = $1 } END { print ms[int((NR * 99 + 99) / 100)] }'
}
# part FILE FROM UNTIL: percent of the requests that began then and were b1's.
part() {
	awk -v from="$2" -v until="$3" '$1 >= from && $1 < until { n++; own += $3 == "b1" } END { printf "%d\n", own * 100 / n }' "$1"
}
# watch_shares: of all backends, as maglevd has set them, once a second for a while: by one process, as each counts.
# shellcheck disable=SC2016 # python's
watch_shares() {
	python3 -c 'import json, socket, sys, time
run, seconds = sys.argv[1], float(sys.argv[2])
end = time.monotonic() + seconds
while time.monotonic() < end:
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(run + "/control")
        sock.sendall(b"{\"command\": \"status\"}\n")
        service = json.loads(sock.makefile().readline())["services"][0]
    print(f"{time.monotonic():.2f}", *[backend["share"] for backend in service["backends"]], flush=True)
    time.sleep(1)' "$RUN" $LATENCY_S
}
# movement FROM: percent of new flows: the most that any backend once had more of them than another time, from then on.
movement() {
	awk -v from="$1" '$1 >= from {
		all = $2 + $3 + $4 + $5
		for (i = 2; i <= 5; i++) {
			part = $i * 100 / all
			if (!seen || part < least[i]) least[i] = part
			if (!seen || part > most[i]) most[i] = part
		}
		seen = 1
	} END {
		for (i = 2; i <= 5; i++) if (most[i] - least[i] > worst) worst = most[i] - least[i]
		printf "%d\n", seen ? worst : 100
	}' "$WORK/shares"
}
after() { awk "BEGIN { print $1 + $2 }"; }

setup_topology
load_module table_size=4093
for i in 1 2 3 4; do
	add_backend $i gre
	serve_queue $i
	serve_drips $i 81
	say_weight $i
done
set_pace
for i in 1 2 3 4; do echo "$SERVICE_MS" >"$WORK/queue$i"; done
write_config latency
start_maglevd
for i in 1 2 3 4; do await_state 30 $VIP 10.0.0.$i up; done
await_shares 82 "100 100 100 100"

# Headers, and what is none.
say_weight 1 3
say_weight 2 1
say_weight 4 0
await_shares 82 "100 34 100 0"
expect "answers with b4 at 0" 0 "$(ask "http://$VIP:82" 40 | grep -c b4 || true)"
say_weight 4 6
await_shares 82 "50 17 100 100"
say_weight 1 1e99
say_weight 2 -5
await_shares 82 "100 100 100 100"

# One has to hold all downloads there are.
for i in 2 3 4; do adm backend drain tcp "$VIP:81" 10.0.0.$i:81; done
begin_drips H 21001 40 81 $VIP
expect "downloads" "40 going 0 whole 0 broken" "$(ask_drips H)"
for i in 2 3 4; do adm backend up tcp "$VIP:81" 10.0.0.$i:81; done
has_less() { [ "$(shares 81 | cut -d ' ' -f 1)" -le 60 ] && [ "$(shares 81 | cut -d ' ' -f 2-)" = "100 100 100" ]; }
poll 60 has_less || fail "who holds 40 flows of 40 has shares of $(shares 81)"
echo "shares where the first holds 40 flows of 40: $(shares 81)"

# One becomes slow while there is load.
begin_drips D 20001 $DRIPS 81 $VIP
expect "downloads" "$DRIPS going 0 whole 0 broken" "$(ask_drips D)"
load $((LATENCY_S + 10 * SLOW)) "$WORK/latency" &
loading=$!
poll 60 test -e "$WORK/latency.begun" || fail "there is no load"
sleep $((10 * SLOW))
slow=$(now)
echo $((SERVICE_MS * 3)) >"$WORK/queue1"
watch_shares >"$WORK/shares"
wait $loading
cat "$WORK/shares"
adm status --run-directory "$RUN"

# The same without, from an empty queue.
write_config static
reload_maglevd configured
echo 0 >"$WORK/queue1"
await_shares 80 "100 100 100 100"
echo $((SERVICE_MS * 3)) >"$WORK/queue1"
load $STATIC_S "$WORK/static"
expect_range "static: percent of new flows to the slow one" 15 35 "$(part "$WORK/static" 0 9999999)"
static=$(percentile "$WORK/static" 0 9999999)

before=$(part "$WORK/latency" 0 "$slow")
soon=$(part "$WORK/latency" "$(after "$slow" $((5 * SLOW)))" "$(after "$slow" $((10 * SLOW)))")
settled=$(part "$WORK/latency" "$(after "$slow" $SETTLING_S)" 9999999)
latency=$(percentile "$WORK/latency" "$slow" "$(after "$slow" $STATIC_S)")
fell=$(awk -v slow="$slow" '$2 < 100 { printf "%.1f", $1 - slow; exit }' "$WORK/shares")
moved=$(movement "$(after "$slow" $SETTLING_S)")
echo "s until its share fell: $fell"
echo "percent of new flows to it: before $before, from 5 to 10 s after $soon, settled $settled"
echo "99 of 100 requests within: static $static ms, latency $latency ms"
echo "percent of new flows by which a part moves, settled: $moved"
expect_range "the least share of the slow one" 1 70 "$(cut -d ' ' -f 2 "$WORK/shares" | sort -n | head -n 1)"
if [ "$BOUNDS" = 1 ]; then
	expect_range "ms until its share fell" 0 5000 "$(awk "BEGIN { print int(${fell:-99} * 1000) }")"
	expect_range "percent by which 99 of 100 are sooner" 30 100 $((100 - latency * 100 / static))
	expect_range "percent of new flows by which a part moves" 0 9 "$moved"
fi
[ "$settled" -lt "$before" ] || fail "it has $settled % of new flows, it had $before %"
expect "downloads" "$DRIPS going 0 whole 0 broken" "$(ask_drips D)"
expect "downloads of the first" "40 going 0 whole 0 broken" "$(ask_drips H)"
touch "$WORK/enough"
stop_maglevd TERM
finish

# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Balancers that announce their VIPs to the router, each with a maglevd of the same file: to be sourced after lib.sh,
# maglevd.sh and drips.sh.
# shellcheck disable=SC2154 # they are theirs

DOWNLOADS=${DOWNLOADS:-1000}
FLOWS=512 # that a balancer has room for: three hold all downloads in two thirds of it
PORT_FIRST=20001
INTERVAL_MS=$((1000 * ${MAGLEV_SLOW:-1}))
PROBE_MS=100
SETTLE_MS=1000
BFD_MS=${BFD_MS:-$((700 * ${MAGLEV_SLOW:-1}))} # packets that an emulated machine sends each 50 ms are often late
FRR=/usr/lib/frr

# at NAME COMMAND...: on that balancer, with its maglevd.
# shellcheck disable=SC2034 # lib.sh's and maglevd.sh's
at() {
	local BALANCER=$1 DAEMON=maglevd-$1 RUN=$WORK/run-$1

	shift
	"$@"
}

# write_maglevd NAME ANNOUNCE BACKEND...: its file.
write_maglevd() {
	local name=$1 announce=$2 i

	shift 2
	{
		cat <<-END
			cluster: {key_file: $WORK/key, table_size: 1009}
			probes: {manage_sysctl: true}
			announce: {interval: ${PROBE_MS}ms, settle: ${SETTLE_MS}ms$announce}
			checks:
			  drip: {type: tcp, expect: "b", interval: ${INTERVAL_MS}ms, timeout: $((INTERVAL_MS - 100))ms, fall: 20}
			services:
			  - {name: web, vip: $VIP, port: 80, pool: v4, checks: [drip]}
			  - {name: web6, vip: "$VIP6", port: 80, pool: v6, checks: [drip]}
			pools:
		END
		echo "  v4: [$(for i; do echo "10.0.0.$i, "; done | paste -sd '')]"
		echo "  v6: [$(for i; do echo "\"2001:db8::$i\", "; done | paste -sd '')]"
	} >"$WORK/maglevd-$name.yaml"
}

# balancer NAME WORD...: maglevadm balancer.
balancer() { at "$1" adm_balancer "${@:2}"; }
adm_balancer() { adm balancer "$@" --run-directory "$RUN"; }

# vip_field NAME VIP FIELD: as maglevd has it.
vip_field() {
	at "$1" adm_vips | tr -d '\t\n' | grep -o '{[^{}]*}' | grep -F "\"$2\"" |
		sed -n "s/.*\"$3\":\"\{0,1\}\([^\"}]*\)[\"}].*/\1/p"
}
adm_vips() { adm -j balancer show --run-directory "$RUN"; }
vip_state() { vip_field "$1" "$2" state; }
vip_why() { vip_field "$1" "$2" why; }
is_vip_state() { [ "$(vip_state "$1" "$2")" = "$3" ]; }

# await_backends NAME N: maglevd has as many that are up; then balancers of one file have one table.
await_backends() {
	poll 60 has_backends "$1" "$2" || {
		at "$1" adm status --run-directory "$WORK/run-$1"
		fail "$1: no $2 backends are up"
	}
}
has_backends() { [ "$(at "$1" ask_maglevd status | grep -o '"state":"up","checked":"up"' | wc -l)" = "$2" ]; }

# await_vips SECONDS NAME STATE
await_vips() {
	local vip

	for vip in $VIP $VIP6; do
		poll "$1" is_vip_state "$2" "$vip" "$3" && continue
		balancer "$2" show
		tail -n 20 "$WORK/maglevd-$2.log"
		fail "$2: $vip: wanted $3"
	done
}

# watch_routes NS: from now on each change of a route there is in $WORK/NS.routes, with its time; end_watch ends it.
watch_routes() {
	(exec nsenter --net="/run/netns/$NS-$1" stdbuf -oL ip -ts monitor route) >"$WORK/$1.routes" 2>/dev/null &
	echo $! >"$WORK/watch-$1.pid"
	poll 10 is_watching "$1" || fail "ip monitor does not begin"
}
is_watching() {
	ip -n "$NS-$1" route add unreachable 203.0.113.1 table 120
	ip -n "$NS-$1" route del unreachable 203.0.113.1 table 120
	grep -q 203.0.113.1 "$WORK/$1.routes"
}
end_watch() {
	kill "$(cat "$WORK/watch-$1.pid")"
	rm "$WORK/watch-$1.pid"
}

# changed_at NS PATTERN SINCE: seconds when the first change came that matches, not before SINCE.
changed_at() {
	local line time

	grep -E "$2" "$WORK/$1.routes" | while read -r line; do
		time=${line%%]*}
		time=$(date -d "${time#[}" +%s.%N)
		awk -v a="$time" -v b="$3" 'BEGIN { exit !(a >= b) }' || continue
		echo "$time"
		break
	done
}
has_changed() { [ -n "$(changed_at "$@")" ]; }

# took_ms NS PATTERN SINCE
took_ms() { awk -v a="$(changed_at "$@")" -v b="$3" 'BEGIN { printf "%d", (a - b) * 1000 }'; }

# balancers_of VIP: to whom the router sends it, in order.
balancers_of() {
	local family=-4

	[[ $1 != *:* ]] || family=-6
	ip -n "$NS-router" "$family" route show "$1" | grep -oE 'dev lb[0-9]*' | cut -d ' ' -f 2 | sort -u | paste -sd ' '
}
is_sent_to() { [ "$(balancers_of "$VIP")" = "$1" ] && [ "$(balancers_of "$VIP6")" = "$1" ]; }
await_paths() {
	poll "$1" is_sent_to "$2" || {
		ip -n "$NS-router" route
		ip -n "$NS-router" -6 route
		tail -n 5 "$WORK"/*.log
		fail "the router sends to $(balancers_of "$VIP") and $(balancers_of "$VIP6"), wanted $2"
	}
}

# say_flows NAME...: how full their flow tables are.
say_flows() {
	local name

	for name; do
		echo "# flows at $name: $(at "$name" flows_held) of $FLOWS, packets" \
			" untracked: $(($(at "$name" counted untracked-full) + $(at "$name" counted untracked-busy)))"
	done
}

# map_downloads FILE: for each download its port and the balancer that the router sends it to.
map_downloads() {
	local half=$((DOWNLOADS / 2))

	seq $PORT_FIRST $((PORT_FIRST + half - 1)) |
		sed "s/.*/route get $VIP from $CLIENT iif client ipproto tcp sport & dport 80/" | ips router |
		grep -oE 'dev lb[0-9]*' >"$WORK/map"
	seq $((PORT_FIRST + half)) $((PORT_FIRST + DOWNLOADS - 1)) |
		sed "s/.*/route get $VIP6 from $CLIENT6 iif client ipproto tcp sport & dport 80/" | ip -6 -n "$NS-router" -batch - |
		grep -oE 'dev lb[0-9]*' >>"$WORK/map"
	cut -d ' ' -f 2 "$WORK/map" | paste -d ' ' <(seq $PORT_FIRST $((PORT_FIRST + DOWNLOADS - 1))) - >"$1"
	expect "downloads that have a balancer" "$DOWNLOADS" "$(awk 'NF == 2' "$1" | wc -l)"
}

# count_moved BEFORE AFTER GONE: prints how many were at GONE, how many of the others moved too.
count_moved() {
	paste -d ' ' "$1" "$2" |
		awk -v gone="$3" '$2 == gone { at++; next } $2 != $4 { moved++ } END { print at + 0, moved + 0 }'
}

# expect_moved WHAT BEFORE AFTER GONE: the kernel's hash thresholds for three paths and two: a third is at the one that
# goes, and of the others a sixth of all lies between 1/3 and 1/2 or 1/2 and 2/3, if the first or the last one goes.
expect_moved() {
	local at moved sigmas=$((5 * $(awk -v n="$DOWNLOADS" 'BEGIN { printf "%d", sqrt(n) / 2 + 1 }')))

	read -r at moved < <(count_moved "$2" "$3" "$4")
	expect_range "$1: of $DOWNLOADS downloads, at $4" $((DOWNLOADS / 3 - sigmas)) $((DOWNLOADS / 3 + sigmas)) "$at"
	expect_range "$1: of the others, moved by the router's re-hash" 0 $((DOWNLOADS / 6 + sigmas)) "$moved"
}

# all_go WHAT: no download is broken; each has one more line. What that breaks is seen the next time.
all_go() {
	local said

	said=$(ask_drips A '.*' 1)
	[ "$said" = "$DOWNLOADS going 0 whole 0 broken" ] || {
		awk '$4 == "broken" { n[$2 " of " $3]++ } END { for (i in n) print "broken:", n[i], "to", i }' "$WORK/A.drips"
		grep -E 'backend is|VIP is|too many|all backends|route' "$WORK"/maglevd-*.log | tail -n 40
	}
	expect "$1: downloads" "$DOWNLOADS going 0 whole 0 broken" "$said"
}

# new_ones VIP N: as many new connections, one after the other; who answers, each once, in order.
# shellcheck disable=SC2016 # the other bash's
new_ones() {
	client bash -c 'for ((i = 0; i < $2; i++)); do
		exec 3<>"/dev/tcp/$1/80" && read -r -t 10 name _ <&3 && echo "$name"
		exec 3>&-
	done' bash "$1" "$2" | sort -u | paste -sd ' '
}

# setup_balancers: three of them, and no route to the VIPs.
setup_balancers() {
	setup_topology
	ips router <<-END
		route del $VIP
		route del $VIP6
	END
	in_ns router sysctl -qw net.ipv4.fib_multipath_hash_policy=1 net.ipv6.fib_multipath_hash_policy=1
	load_module table_size=1009
	add_balancer lb2 10.0.2.2 10.0.2.1 2001:db8:102::2 2001:db8:102::1
	add_balancer lb3 10.0.3.2 10.0.3.1 2001:db8:103::2 2001:db8:103::1
	for name in lb lb2 lb3; do at $name adm set flows "$FLOWS"; done
	(umask 077 && echo "$KEY" >"$WORK/key")
	for i in 1 2 3 4; do
		add_backend $i gre
		serve_drips $i 80
	done
}

# go_dead NAME: from one moment to the next it neither sends nor receives anything, and no link goes down.
go_dead() {
	in_ns "$1" nft -f - <<-END
		table inet dead {
			chain in { type filter hook prerouting priority -500; policy drop; }
			chain out { type filter hook postrouting priority 500; policy drop; }
		}
		table netdev dead {
			chain in { type filter hook ingress device eth0 priority -500; policy drop; }
		}
	END
}
go_alive() { in_ns "$1" nft 'delete table inet dead; delete table netdev dead'; }

# edit_bird NUMBER NAME: what differs from a balancer to the next, and here.
edit_bird() {
	sed "s/10\.0\.1\./10.0.$1./g; s/db8:101:/db8:10$1:/g; s/interval 50 ms/interval $BFD_MS ms/
		s|log syslog|log \"$WORK/bird-$2.log\"|"
}

# start_bird NAME
start_bird() {
	in_ns "$1" bird -c "$WORK/bird-$1.conf" -s "$WORK/bird-$1.ctl" -P "$WORK/bird-$1.pid"
}

# start_frr NAME NUMBER FILE
start_frr() {
	local directory=$WORK/frr-$1 daemon words

	mkdir "$directory"
	chown frr:frr "$directory"
	sed "s/10\.0\.1\./10.0.$2./g; s/db8:101:/db8:10$2:/g; s/-interval 50/-interval $BFD_MS/
		s|log syslog|log file $directory/log|" \
		"$TOP/Documentation/announce/$3" >"$WORK/frr-$1.conf"
	for daemon in zebra bgpd bfdd; do
		words=()
		[ $daemon != bfdd ] || words=(--bfdctl "$directory/bfdd.sock")
		in_ns "$1" $FRR/$daemon -d -f /dev/null -A 127.0.0.1 -z "$directory/zserv" -i "$directory/$daemon.pid" \
			--vty_socket "$directory" "${words[@]}" >>"$directory/said" 2>&1 || fail "$daemon: $(cat "$directory/said")"
		cp "$directory/$daemon.pid" "$WORK/frr-$1-$daemon.pid"
	done
	in_ns "$1" vtysh --vty_socket "$directory" -f "$WORK/frr-$1.conf" >"$directory/said" 2>&1 ||
		fail "vtysh: $(cat "$directory/said")"
}

# localize_vips NAME: they are no addresses any more.
localize_vips() {
	ips "$1" <<-END
		addr del $VIP/32 dev lo
		addr del $VIP6/128 dev lo
		route add local $VIP dev lo
		route add local $VIP6 dev lo
	END
}

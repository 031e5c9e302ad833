# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the network tests and the demo share: a client, a router, a balancer and backends in
# namespaces of their own, and ways to wait and to fail. To be sourced by root.
#
#   client --- router --- lb        VIP 192.0.2.10 and 2001:db8:1::10 on lo of the balancer
#                |                  and, for direct server return, on lo of each backend
#                +--- b1 b2 b3 ...  10.0.0.1 ..., 2001:db8::1 ...
#
# shellcheck disable=SC2034 # the constants are for those who source this

set -eu -o pipefail

NS=${NS:-maglev$$}
VIP=192.0.2.10 VIP6=2001:db8:1::10
CLIENT=198.51.100.7 CLIENT6=2001:db8:100::7
LB=10.0.1.2 LB6=2001:db8:101::2
KEY=000102030405060708090a0b0c0d0e0f
TRACE=/sys/kernel/tracing
WORK=$(mktemp -d)
chmod 711 "$WORK" # nginx's workers are nobody
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
MAGLEVADM=${MAGLEVADM:-$TOP/build/maglevadm}

fail() {
	echo "FAIL: $*" >&2
	exit 1
}

skip() {
	echo "SKIP: $*"
	exit 4
}

# expect WHAT WANTED SEEN
expect() {
	[ "$2" = "$3" ] || fail "$1: wanted $2, saw $3"
	echo "$1: $3"
}

# expect_range WHAT LEAST MOST SEEN
expect_range() {
	{ [ "$4" -ge "$2" ] && [ "$4" -le "$3" ]; } || fail "$1: wanted $2 to $3, saw $4"
	echo "$1: $4"
}

# poll SECONDS COMMAND...: run it until it succeeds; fail if it never does.
poll() {
	local end=$((SECONDS + $1 * ${MAGLEV_SLOW:-1}))

	shift
	until "$@"; do
		[ $SECONDS -lt $end ] || return 1
		sleep 0.1
	done
}

# Not "ip netns exec", which mounts a /sys each time.
in_ns() {
	local name=$1

	shift
	nsenter --net="/run/netns/$NS-$name" "$@"
}

client() { in_ns client "$@"; }
lb() { in_ns lb "$@"; }

# adm WORD...: maglevadm on the balancer, or on BALANCER.
adm() { in_ns "${BALANCER:-lb}" "$MAGLEVADM" "$@"; }

# flows_held: flows in the tables of all CPUs, counted now.
flows_held() { adm flow count | awk 'NR > 1 { n += $NF } END { print n + 0 }'; }

# counted NAME: a counter of ours in the balancer, or how many packets had that reason.
counted() {
	adm -j stats | tr -d ' \t\n' |
		grep -oE "\"$1\":[0-9]+|\"name\":\"$1\",\"verdict\":\"[a-z]+\",\"count\":[0-9]+" | grep -oE '[0-9]+$'
}

# endpoint ADDRESS PORT
endpoint() {
	[[ $1 != *:* ]] || set -- "[$1]" "$2"
	echo "$1:$2"
}

# ips NAME: "ip" commands for a namespace from stdin; under emulation every process counts.
ips() {
	ip -n "$NS-$1" -batch -
}

# add_ns NAME: a namespace that forwards and does not mind asymmetric paths.
add_ns() {
	ip netns add "$NS-$1"
	in_ns "$1" sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0 \
		net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1 \
		net.ipv6.conf.all.accept_dad=0 net.ipv6.conf.default.accept_dad=0 \
		net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2
	ip -n "$NS-$1" link set lo up
}

# attach NAME ADDRESS GATEWAY ADDRESS6 GATEWAY6: link a namespace to the router.
attach() {
	ip link add eth0 netns "$NS-$1" type veth peer name "$1" netns "$NS-router"
	ip -n "$NS-router" link set "$1" up
	ips "$1" <<-END
		link set eth0 up
		addr add $2 dev eth0
		addr add $4 dev eth0 nodad
		route add default via $3
		route add default via $5
	END
}

# add_vip NAME: the VIPs on lo.
add_vip() {
	ips "$1" <<-END
		addr add $VIP/32 dev lo
		addr add $VIP6/128 dev lo nodad
	END
}

# setup_topology: client, router and balancer; backends come with add_backend.
setup_topology() {
	trap clean_topology EXIT
	add_ns router
	add_ns client
	add_ns lb
	attach client $CLIENT/24 198.51.100.1 $CLIENT6/64 2001:db8:100::1
	attach lb $LB/24 10.0.1.1 $LB6/64 2001:db8:101::1
	ips router <<-END
		link add backends type bridge
		link set backends up
		addr add 10.0.0.254/24 dev backends
		addr add 2001:db8::fe/64 dev backends nodad
		addr add 198.51.100.1/24 dev client
		addr add 2001:db8:100::1/64 dev client nodad
		addr add 10.0.1.1/24 dev lb
		addr add 2001:db8:101::1/64 dev lb nodad
		route add $VIP via $LB
		route add $VIP6 via $LB6
	END
	add_vip lb
}

# add_balancer NAME ADDRESS GATEWAY ADDRESS6 GATEWAY6: one more, with the VIPs but without a route to it.
add_balancer() {
	add_ns "$1"
	attach "$1" "$2/24" "$3" "$4/64" "$5"
	ips router <<-END
		addr add $3/24 dev $1
		addr add $5/64 dev $1 nodad
	END
	add_vip "$1"
}

clean_topology() {
	local name pid

	for pid in "$WORK"/*.pid; do
		[ ! -s "$pid" ] || kill "$(cat "$pid")" 2>/dev/null || true
	done
	for name in $(ip netns list | awk -v ns="$NS-" 'index($1, ns) == 1 { print $1 }'); do
		ip netns del "$name"
	done
	rm -rf "$WORK"
}

# add_backend I [gre|ipip|none]: namespace bI with the address 10.0.0.I, ready to
# decapsulate by a stock tunnel device in both families, with the VIPs on lo.
add_backend() {
	local b=b$1 type=gre type6=ip6gre

	add_ns "$b"
	attach "$b" "10.0.0.$1/24" 10.0.0.254 "2001:db8::$1/64" 2001:db8::fe
	ip -n "$NS-router" link set "$b" master backends
	add_vip "$b"
	case ${2:-none} in
	none) return ;;
	ipip) type=ipip type6="ip6tnl mode ip6ip6" ;;
	esac
	ips "$b" <<-END
		link add dsr type $type local 10.0.0.$1 remote any
		link add dsr6 type $type6 local 2001:db8::$1 remote any
		link set dsr up
		link set dsr6 up
	END
}

# serve_http I [PORT]: nginx on bI says the backend's name at /, one connection each, and
# drips /drip at 64 kB/s, slower where all is slow.
serve_http() {
	local b=b$1 conf=$WORK/b$1.conf

	mkdir -p "$WORK/www"
	[ -e "$WORK/www/drip" ] || head -c 1048576 /dev/zero >"$WORK/www/drip"
	cat >"$conf" <<-END
		pid $WORK/$b.pid;
		error_log $WORK/$b.log;
		worker_processes 1;
		events { worker_connections 4096; }
		http {
			access_log off;
			keepalive_timeout 0;
			client_body_temp_path $WORK/$b.tmp;
			proxy_temp_path $WORK/$b.tmp;
			fastcgi_temp_path $WORK/$b.tmp;
			uwsgi_temp_path $WORK/$b.tmp;
			scgi_temp_path $WORK/$b.tmp;
			server {
				listen ${2:-80} backlog=4096;
				listen [::]:${2:-80} backlog=4096;
				location / { return 200 "$b\n"; }
				location /drip { root $WORK/www; limit_rate $((64 / ${MAGLEV_SLOW:-1}))k; }
			}
		}
	END
	in_ns "$b" nginx -c "$conf"
}

# published [FIELD]: the last maglev:publish event, or a field of it.
published() {
	grep ' publish: ' $TRACE/trace | tail -n 1 | if [ $# = 0 ]; then cat; else
		sed -n "s/.* $1=\([^ ]*\).*/\1/p"
	fi
}

count_published() {
	grep -c ' publish: ' $TRACE/trace || true
}

start_tracing() {
	modprobe ip_vs_maglev "$@"
	echo 8192 >$TRACE/buffer_size_kb
	echo >$TRACE/trace
	# Without names of tasks. They take two tracepoints of the scheduler, which are switched on with
	# ours and off when the module goes: code patched under the other CPU's feet, which emulation
	# does not always get right ("Oops: int3" in try_to_wake_up).
	echo 0 >$TRACE/options/record-cmd
	echo 1 >$TRACE/events/maglev/publish/enable
}

# ask URL N [CURL OPTIONS...]: N connections one after the other; a line for each:
# answer, local address, local port.
ask() {
	local url=$1 n=$2

	shift 2
	client curl -s --max-time 10 -w '%{local_ip} %{local_port}\n' "$@" "$url/[1-$n]" |
		paste -d ' ' - -
}

# unload_module: if it is loaded. A namespace's services go a while after its name: so poll.
unload_module() {
	if [ -e /sys/module/ip_vs_maglev ]; then
		poll 60 rmmod ip_vs_maglev 2>"$WORK/rmmod" || fail "$(tail -n 1 "$WORK/rmmod")"
	fi
}

# load_module PARAMETER...: afresh, with these and with its events traced; packets are taken at ENTRY, if given.
load_module() {
	unload_module
	start_tracing "$@"
	[ -z "${ENTRY-}" ] || adm set hook "$ENTRY"
}

# finish: the end of a test that had the module its own way: nothing may hold it any more.
finish() {
	[ "${ENTRY-}" != early ] || [ "$(counted early)" -gt 0 ] || fail "nothing was forwarded early"
	trap 'rm -rf "$WORK"' EXIT
	clean_topology
	mkdir -p "$WORK"
	unload_module
}

# mark_log; logged PATTERN: the lines with it that the kernel has logged since the mark.
mark_log() {
	MARK="$NS: $EPOCHREALTIME"
	echo "$MARK" >/dev/kmsg
}

logged() {
	local log

	log=$(dmesg | sed "1,/$MARK/d")
	grep -i -e "$1" <<<"$log"
}

# reuse_ports: let the client and the balancer use a port anew once its connection is closed.
reuse_ports() {
	client sysctl -qw net.ipv4.tcp_max_tw_buckets=0
	lb sysctl -qw net.ipv4.vs.conn_reuse_mode=3
}

# ask_from FIRST LAST URL: a connection from each of these client ports, one after the other; a
# line for each: port, answer or "-". Ask twice only with reuse_ports.
ask_from() {
	seq "$1" "$2" | awk -v url="$3" '{
		printf "next\nsilent\nmax-time=10\nurl=\"%s\"\nlocal-port=%d\nwrite-out=\"%d\\n\"\n", url, $1, $1
	}' | { client curl -K - || true; } | awk '/^b/ { answer = $1; next } { print $1, answer ? answer : "-"; answer = "" }'
}

# serve_also I PORT: like serve_http, which must come first, on one more port.
serve_also() {
	sed "s/listen \(.*\)80 /listen \1$2 /; s/b$1\.pid/b$1-$2.pid/" "$WORK/b$1.conf" >"$WORK/b$1-$2.conf"
	in_ns "b$1" nginx -c "$WORK/b$1-$2.conf"
}

# serve_udp I: bI answers each datagram to port 53 of a VIP by its name.
# shellcheck disable=SC2016 # perl's
serve_udp() {
	local b=b$1 vip

	for vip in $VIP $VIP6; do
		in_ns "$b" perl -MIO::Socket::IP -e 'my ($name, $vip, $ready) = @ARGV;
			my $socket = IO::Socket::IP->new(LocalHost => $vip, LocalPort => 53, Proto => "udp") or die $@;
			open(my $file, ">", $ready); close $file;
			while (my $peer = $socket->recv(my $data, 2048)) { $socket->send($name, 0, $peer) }
		' "$b" "$vip" "$WORK/$b-${vip//:/-}.ready" &
		echo $! >"$WORK/$b-${vip//:/-}.pid"
		poll 10 test -e "$WORK/$b-${vip//:/-}.ready" || fail "$b does not serve UDP"
	done
}

# ask_udp FIRST LAST TIMES VIP: as many datagrams from each of these client ports, each sent when
# the last is answered; a line for each port: port and the answers ("-" is none).
# shellcheck disable=SC2016 # perl's
ask_udp() {
	client perl -MIO::Socket::IP -e 'my ($first, $last, $times, $vip) = @ARGV;
		for my $port ($first .. $last) {
			my $socket = IO::Socket::IP->new(PeerHost => $vip, PeerPort => 53, LocalPort => $port,
				Proto => "udp") or die $@;
			print $port;
			for (1 .. $times) {
				my ($set, $answer) = ("", "-");
				vec($set, fileno($socket), 1) = 1;
				$socket->send("x");
				$socket->recv($answer, 2048) if select($set, undef, undef, 5);
				print " ", $answer;
			}
			print "\n";
		}' "$@"
}

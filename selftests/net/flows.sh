# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What the tests of tracked flows share: services of both families on port 80 whose backends take packets and say
# nothing, rounds of packets for each of very many flows, the CPU that the balancer takes them on, and connections that
# are held. To be sourced after lib.sh and frames.sh.
#
#   silent backend I   10.0.4.I and 2001:db8:4::I, which the router drops after the sink has seen it
# shellcheck disable=SC2154 # they are lib.sh's

NET=198.18.0.0/15 NET6=2001:2::/48 # where flows come from

# setup_flows: the topology and both services without backends, the module loaded afresh with PARAMETERS.
setup_flows() {
	build_frames
	# shellcheck disable=SC2086
	load_module ${PARAMETERS:-}
	setup_topology
	# Many packets may wait for a CPU that is slow under emulation, or busy with another machine.
	sysctl -qw net.core.netdev_max_backlog=1000000
	ips router <<-END
		route add blackhole 10.0.4.0/24
		route add blackhole 2001:db8:4::/64
		route add blackhole 198.18.0.0/15
		route add blackhole 2001:2::/48
	END
	lb ipvsadm -R <<-END
		-A -t $VIP:80 -s maglev
		-A -t [$VIP6]:80 -s maglev
	END
	take_packets_on 1
	meet client lb
}

# backends VERB [OPTION...] I...: -a, -e or -d for silent backends in both services, in one go.
backends() {
	local verb=$1 i options='-i --tun-type gre'

	shift
	while [[ $1 == -* ]]; do
		options+=" $1 $2"
		shift 2
	done
	[ "$verb" != -d ] || options=''
	for i; do
		echo "$verb -t $VIP:80 -r 10.0.4.$i:80 $options"
		echo "$verb -t [$VIP6]:80 -r [2001:db8:4::$i]:80 $options"
	done | lb ipvsadm -R
}

# named VERB I [OPTION...]: the real backend I in services on port 81, as backends does for silent ones.
named() {
	local verb=$1 i=$2

	shift 2
	lb ipvsadm -R <<-END
		$verb -t $VIP:81 -r 10.0.0.$i:81 -i --tun-type gre $*
		$verb -t [$VIP6]:81 -r [2001:db8::$i]:81 -i --tun-type gre $*
	END
}

# changed N COMMAND...: do it, and wait until N more tables are published.
changed() {
	local n=$1 before

	shift
	before=$(count_published)
	"$@"
	poll 20 published_since "$before" "$n" || fail "$*: published $(($(count_published) - before)) of $n tables"
}
published_since() { [ $(($(count_published) - $1)) -ge "$2" ]; }

# have_backends N [PORT]: both services' last tables have N backends.
have_backends() {
	[ "$(awk -v port="${2:-80}" '/ publish: / {
		for (i = 1; i <= NF; i++) { split($i, pair, "="); field[pair[1]] = pair[2] }
		if (field["vip"] ~ ":" port "$")
			last[field["vip"]] = field["backends"]
	} END { for (vip in last) print last[vip] }' "$TRACE/trace" | xargs)" = "$1 $1" ]
}

# join I...: these silent backends, and no others yet, are in both services' tables.
join() {
	backends -a "$@"
	poll 20 have_backends $# || fail "no tables of $#: $(published vip)"
}

# take_packets_on MASK: the CPUs on which the balancer takes packets; 0 for those they are sent on.
take_packets_on() {
	# shellcheck disable=SC2016 # the inner shell's
	nsenter --net="/run/netns/$NS-lb" unshare -m sh -c 'mount -t sysfs sysfs /sys &&
		echo "$1" >/sys/class/net/eth0/queues/rx-0/rps_cpus' sh "$1"
}

# all_flows NAME PACKETS OPTION...: send for both families; every one of PACKETS each is forwarded. What went where is
# added to what is known of the flows of NAME; those that have changed backends are counted in CHANGED.
all_flows() {
	local name=$1 packets=$2 seen

	shift 2
	sink_flows "$name" --expect $((2 * packets))
	send_frames --vip "$VIP" --src-net "$NET" "$@" >/dev/null
	send_frames --vip "$VIP6" --src-net "$NET6" "$@" >/dev/null
	wait_sink "$name"
	seen=$(tail -n 1 "$WORK/$name.summary")
	[[ $seen == "packets $((2 * packets)) "*" bad 0 "* ]] ||
		fail "$name, $*: of $packets packets in each family, forwarded: $(cat "$WORK/$name.summary"); in all, queues" \
			"dropped $(queues_dropped), we $(adm stats)"
	CHANGED=$(sink_field "$name" changed)
	mv "$WORK/$name.flows" "$WORK/$name.known"
}

# queues_dropped: packets, hexadecimal, by the queues of all CPUs, which is no doing of ours.
queues_dropped() { cut -d ' ' -f 2 /proc/net/softnet_stat | xargs; }

# sink_flows NAME [OPTION...]: a sink that goes on from what is known of flows to port 80; on lb or SINK_ON.
sink_flows() {
	local name=$1

	shift
	[ ! -e "$WORK/$name.known" ] || set -- --cumulative "$WORK/$name.known" "$@"
	start_sink "$name" -i "${SINK_ON:-lb}" --port 80 --idle "${IDLE_MS:-$((10000 * ${MAGLEV_SLOW:-1}))}" "$@"
}

# begin_flows NAME N [OPTION...]: N flows in each family, established.
begin_flows() {
	local name=$1 n=$2

	shift 2
	all_flows "$name" $((3 * n)) --flows "$n" --kind handshake --order sequential "$@"
	expect "flows $name, begun, of $((2 * n)) changed" 0 "$CHANGED"
}

# same_flows WHAT NAME N [OPTION...]: a packet of each goes where the last one went.
same_flows() {
	local what=$1 name=$2 n=$3

	shift 3
	all_flows "$name" "$n" --flows "$n" --kind data "$@"
	expect "$what, of $((2 * n)) flows $name changed" 0 "$CHANGED"
}

# flows_of NAME I: flows whose last packet went to the silent backend I, in both families.
flows_of() {
	awk -v i="$2" '$3 == "10.0.4." i || $3 == "2001:db8:4::" i' "$WORK/$1.known" | wc -l
}

# known_to NAME VIP: what is known of the flows of NAME to that VIP, as a sink writes it.
known_to() { awk -v vip="$2" '($1 ~ /:/) == (vip ~ /:/)' "$WORK/$1.known"; }

# answers NAME I[=WEIGHT]...: by maglevadm, which of these silent backends the flows of NAME go to, in the order of what is
# known of them, IPv4 first; a line each, its address. TABLE_OPTIONS are the table's.
answers() {
	local name=$1 vip list i address

	shift
	for vip in "$VIP" "$VIP6"; do
		list=()
		for i; do
			[[ $i == *=* ]] || i+='=1'
			[[ $vip == *:* ]] && address="[2001:db8:4::${i%%=*}]" || address="10.0.4.${i%%=*}"
			list+=("$address:80=${i#*=}")
		done
		# shellcheck disable=SC2086
		known_to "$name" "$vip" | awk -v vip="$vip" 'function place(address, port) {
				return (address ~ /:/ ? "[" address "]" : address) ":" port
			} { print "tcp", place($1, $2), place(vip, 80) }' |
			"$MAGLEVADM" -j table lookup ${TABLE_OPTIONS:-} "${list[@]}" 2>/dev/null |
			sed -n 's/.*"backend": *"\[\{0,1\}\(.*[^]]\)\]\{0,1\}:80".*/\1/p'
	done
}

# trace_flows EVENT...: count from now on. traced EVENT: how many there were.
trace_flows() {
	local event

	echo >"$TRACE/trace"
	for event; do
		echo 1 >"$TRACE/events/maglev/$event/enable"
	done
}
traced() { grep -c " $1: " "$TRACE/trace" || true; }

# counter NAME: of "maglevadm stats".
counter() { adm -j stats | sed -n "s/.*\"$1\":[[:space:]]*\([0-9]*\).*/\1/p"; }

# start_monitor: all events of the balancer, in $WORK/events, from now on.
start_monitor() {
	nsenter --net="/run/netns/$NS-lb" "$MAGLEVADM" monitor >"$WORK/events" &
	echo $! >"$WORK/monitor.pid"
	poll 20 is_heard || fail "maglevadm monitor shows nothing"
}
# Settings that are set are told, changed or not.
is_heard() {
	adm set fwmark-mask 0xffffffff
	grep -q ' settings ' "$WORK/events"
}

# serve_names I PORT: real backend I (add_backend) answers each byte by one, its own number, for as long as the client
# likes.
# shellcheck disable=SC2016 # perl's
serve_names() {
	in_ns "b$1" perl -MIO::Socket::IP -MIO::Select -e 'my ($name, $port, $ready) = @ARGV;
		my $listener = IO::Socket::IP->new(LocalHost => "::", LocalPort => $port, Listen => 4096, V6Only => 0,
			ReuseAddr => 1) or die $@;
		my $all = IO::Select->new($listener);
		open(my $file, ">", $ready); close $file;
		for (;;) { for my $socket ($all->can_read) {
			if ($socket == $listener) { $all->add($listener->accept); next }
			if (sysread $socket, my $data, 1) { syswrite $socket, $name } else { $all->remove($socket); close $socket }
		} }' "$1" "$2" "$WORK/b$1.ready" &
	echo $! >"$WORK/names-$1.pid"
	poll 20 test -e "$WORK/b$1.ready" || fail "b$1 does not listen"
}

# hold_connections N PORT: as many from the client to each VIP, held until the end. Asked by ask_held, which prints
# "N same N moved N broken": whether each is answered by the backend that did so first.
# shellcheck disable=SC2016 # perl's
hold_connections() {
	mkfifo "$WORK/held.in" "$WORK/held.out"
	(
		ulimit -n 65536
		client perl -MIO::Socket::IP -MSocket -e 'my ($n, $port, @vips) = @ARGV; my (@held, @first); $| = 1;
			for my $vip (@vips) { for (1 .. $n) {
				my $socket = IO::Socket::IP->new(PeerHost => $vip, PeerPort => $port, Timeout => 20);
				$socket->setsockopt(SOL_SOCKET, SO_RCVTIMEO, pack("l!l!", 20, 0)) if $socket;
				push @held, $socket;
			} }
			while (my $line = <STDIN>) {
				my %count = (same => 0, moved => 0, broken => 0);
				$_ and syswrite $_, "x" for @held;
				for my $i (0 .. $#held) {
					if (!$held[$i] or !sysread $held[$i], my $name, 1) { $count{broken}++; next }
					$first[$i] //= $name;
					$count{$first[$i] eq $name ? "same" : "moved"}++;
				}
				print "$count{same} same $count{moved} moved $count{broken} broken\n";
			}' "$1" "$2" "$VIP" "$VIP6" <"$WORK/held.in" >"$WORK/held.out" &
		echo $! >"$WORK/held.pid"
	)
	exec {HELD_IN}>"$WORK/held.in" {HELD_OUT}<"$WORK/held.out"
}
ask_held() {
	local line

	echo >&"$HELD_IN"
	read -r -t 120 line <&"$HELD_OUT" || fail "the held connections do not answer"
	echo "$line"
}

# setup_long N: silent backends 1 to 4, and b1 to bN, of which b1 and b2 are in services on port 81; FLOWS flows A and
# CONNECTIONS connections are begun, half of them IPv6.
setup_long() {
	local i

	setup_flows
	for i in $(seq "$1"); do
		add_backend "$i" gre
		serve_names "$i" 81
	done
	lb ipvsadm -A -t "$VIP:81" -s maglev
	lb ipvsadm -A -t "[$VIP6]:81" -s maglev
	join 1 2 3 4
	named -a 1
	named -a 2
	poll 20 have_backends 2 81 || fail "no tables of b1 and b2: $(published vip)"
	hold_connections $((CONNECTIONS / 2)) 81
	expect "connections" "$CONNECTIONS same 0 moved 0 broken" "$(ask_held)"
	begin_flows A $((FLOWS / 2))
}

# long_stay WHAT: a packet of each of these flows, and each of these connections, goes where the last one went.
long_stay() {
	same_flows "$1" A $((FLOWS / 2))
	expect "$1" "$CONNECTIONS same 0 moved 0 broken" "$(ask_held)"
}

# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Traffic of very many flows, by "frames" (frames.c; "frames --help"). To be sourced after lib.sh.
#
# One sink in the router is enough. It sees each tunnelled packet once on
#   lb        as it comes from the balancer, whoever it is for (the default), or on
#   backends  the bridge, as it is routed to them, or on
#   b1 b2 ... the bridge's ports, together; but a packet for a MAC that the bridge has not learnt
#             yet goes out of all of them, and is counted as often.
# On more than one of the three it is counted more than once. A checksum that the sender leaves to
# the hardware, as the kernel does with GRE's, cannot be checked: "# unchecked" in the summary.
# "ethtool -K eth0 tx off" in lb has it written. TCP's and UDP's in raw frames are always checked.
# shellcheck disable=SC2154 # WORK, TOP, VIP and VIP6 are lib.sh's

# build_frames: once, unless "make frames" has.
build_frames() {
	FRAMES=$TOP/build/frames
	[ ! -x "$FRAMES" ] || return 0
	FRAMES=$WORK/frames
	command -v "${CC:-cc}" >/dev/null || skip "no ${CC:-cc} to build frames, which \"make frames\" does too"
	"${CC:-cc}" -std=gnu11 -O2 -Wall -Wextra -I"$TOP/include" -o "$FRAMES" "$TOP"/selftests/net/frames*.c ||
		fail "frames does not build"
}

# send_frames OPTION...: from the client; its totals are $WORK/frames.sent too. The VIP is $VIP
# where no other is given.
send_frames() {
	[[ " $* " == *" --vip "* ]] || set -- --vip "$VIP" "$@"
	client "$FRAMES" send -i eth0 "$@" | tee "$WORK/frames.sent"
	[ "${PIPESTATUS[0]}" = 0 ] || fail "frames send $*"
}

# frames_sent: how many packets the last send_frames sent.
frames_sent() {
	sed -n 's/^sent \([0-9]*\) .*/\1/p' "$WORK/frames.sent"
}

# start_sink NAME [OPTION...]: in the router, on lb unless -i says where; flows of both VIPs go to
# $WORK/NAME.flows, the summary to $WORK/NAME.summary. --count-only: no file of flows.
start_sink() {
	local name=$1

	shift
	[[ " $* " == *" -i "* ]] || set -- -i lb "$@"
	[[ " $* " == *" --count-only "* ]] || set -- --out "$WORK/$name.flows" "$@"
	rm -f "$WORK/$name.ready"
	# Not by in_ns: its pid would be a shell's, which does not hand the signal on.
	nsenter --net="/run/netns/$NS-router" "$FRAMES" sink --vip "$VIP" --vip "$VIP6" --ready "$WORK/$name.ready" "$@" \
		>"$WORK/$name.summary" &
	echo $! >"$WORK/$name.pid"
	poll 20 sink_is_ready_or_gone "$name" || fail "sink $name: not ready"
	[ -e "$WORK/$name.ready" ] || fail "sink $name: does not start"
}

sink_is_ready_or_gone() {
	[ -e "$WORK/$1.ready" ] || ! kill -0 "$(cat "$WORK/$1.pid")" 2>/dev/null
}

# wait_sink NAME: until it ends by itself (--expect, --idle); fail if it lost packets.
wait_sink() {
	wait "$(cat "$WORK/$1.pid")" || fail "sink $1 failed"
	rm -f "$WORK/$1.pid"
	[ "$(sink_field "$1" dropped)" = 0 ] || fail "sink $1 was too slow: $(tail -n 1 "$WORK/$1.summary")"
}

# stop_sink NAME: with all that has come by now; fail if it lost packets.
stop_sink() {
	kill "$(cat "$WORK/$1.pid")" 2>/dev/null || true
	wait_sink "$1"
}

# sink_field NAME packets|flows|changed|bad|dropped|ADDRESS: a number of the summary; 0 for a
# backend that is not in it.
sink_field() {
	tail -n 1 "$WORK/$1.summary" | awk -v field="$2" '{
		for (i = 1; i <= NF; i++) {
			if ($i == field)
				found = $(i + 1)
			if (index($i, field "=") == 1)
				found = substr($i, length(field) + 2)
		}
		print found + 0
	}'
}

# mute_backend I: bI takes what comes, and answers nothing: no RST, no ICMP errors.
mute_backend() {
	ips "b$1" <<-END
		addr del $VIP/32 dev lo
		addr del $VIP6/128 dev lo
		route replace blackhole $VIP/32
		route replace blackhole $VIP6/128
		route del default via 10.0.0.254
		route del default via 2001:db8::fe
		route add blackhole 0.0.0.0/0
		route add blackhole ::/0
	END
}

# meet NAME...: the router and lb or bI know each other's MAC, for good, and the bridge its port, so that packets of a
# flood are neither queued, which drops most, nor flooded: neither the first nor those that would have to wait until
# whoever has them to forward also finds time to say that it is still there.
meet() {
	local name net

	for name; do
		case $name in
		lb) net="10.0.1.1 2001:db8:101::1" ;;
		client) net="198.51.100.1 2001:db8:100::1" ;;
		*) net="10.0.0.254 2001:db8::fe" ;;
		esac
		# shellcheck disable=SC2086
		poll 20 have_met "$name" $net || fail "$name and the router do not find each other"
		keep_neighbours "$name"
	done
	keep_neighbours router
}

# keep_neighbours NAME: those that it knows.
keep_neighbours() {
	ip -n "$NS-$1" neigh show | awk '/ lladdr / { print "neigh replace", $1, "lladdr", $5, "dev", $3, "nud permanent" }' |
		ips "$1"
}

# have_met NAME GATEWAY...: a datagram to each, for which the kernel asks who that is.
have_met() {
	local name=$1 gateway

	shift
	for gateway; do
		# shellcheck disable=SC2016 # the inner shell's
		in_ns "$name" bash -c 'echo >"/dev/udp/$0/9"' "$gateway" 2>/dev/null || true
		[[ $(ip -n "$NS-$name" neigh show to "$gateway") == *lladdr* ]] || return 1
	done
}

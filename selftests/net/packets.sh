# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Single packets, made and watched (packets.py), stock tunnel devices in all mixes of families, and
# uploads. To be sourced after lib.sh.
# shellcheck disable=SC2154 # WORK, TOP, VIP and VIP6 are lib.sh's
. "$(dirname "${BASH_SOURCE[0]}")/frames.sh"

command -v python3 >/dev/null || skip "python3 is missing"
[ -x "$MAGLEVADM" ] || skip "$MAGLEVADM is missing: make userspace"
PACKETS=$TOP/selftests/net

# start_watch NAME NAMESPACE DEVICE: a line in $WORK/NAME.watch for each packet, in and out.
start_watch() {
	nsenter --net="/run/netns/$NS-$2" python3 -B "$PACKETS/packets.py" "$3" "$WORK/$1.watch" &
	echo $! >"$WORK/$1.pid"
	poll 20 test -e "$WORK/$1.watch" || fail "watch $1: does not start"
}

# seen NAME PATTERN: how many lines, since the last forget_seen NAME.
seen() {
	grep -cE -e "$2" "$WORK/$1.watch" || true
}

forget_seen() {
	: >"$WORK/$1.watch"
}

# await NAME PATTERN [N]: until so many (1) have been seen.
await() {
	poll 10 has_seen "$@" || {
		tail -n 20 "$WORK/$1.watch" >&2
		fail "not seen ${3:-1} times, but $(seen "$1" "$2"): $2"
	}
}
has_seen() { [ "$(seen "$1" "$2")" -ge "${3:-1}" ]; }

# craft NAME: the packets that the Python on stdin, indented, puts, into $WORK/NAME.
craft() {
	rm -rf "${WORK:?}/$1"
	mkdir "$WORK/$1"
	{
		echo "from packets import *"
		echo "into('$WORK/$1')"
		echo "if True:"
		cat
	} | PYTHONPATH=$PACKETS python3 -B -
}

# inject NAME [NAMESPACE]: send what was crafted, in its order, out of eth0 towards the VIPs.
inject() {
	in_ns "${2:-client}" "$FRAMES" inject -i eth0 --vip "$VIP" --file "$WORK/$1" >"$WORK/injected" ||
		fail "inject $1"
}

# trace EVENT...: of ours. traced PATTERN: how many such.
trace() {
	local event

	for event; do
		echo 1 >"$TRACE/events/maglev/$event/enable"
	done
}
traced() {
	grep -cE -e "$1" "$TRACE/trace" || true
}

# new_flows: client ports of which a packet made a flow, on whatever CPU.
new_flows() {
	{ grep ' new: ' "$TRACE/trace" || true; } | grep -o ' sport=[0-9]*' | sort -u | wc -l
}

# add_tunnels I: bI decapsulates all mixes of families by stock devices. Two of a kind need addresses
# of their own: 10.0.0.1I and 2001:db8::1I are for GRE with a checksum and for IPv6 in IPv6 alone,
# 2001:db8::2I for IPv4 in IPv6 alone.
add_tunnels() {
	ips "b$1" <<-END
		addr add 10.0.0.1$1/24 dev eth0
		addr add 2001:db8::1$1/64 dev eth0 nodad
		addr add 2001:db8::2$1/64 dev eth0 nodad
		link add gre4 type gre local 10.0.0.$1 remote any
		link add gre6 type ip6gre local 2001:db8::$1 remote any
		link add csum4 type gre local 10.0.0.1$1 remote any icsum
		link add csum6 type ip6gre local 2001:db8::1$1 remote any icsum
		link add ipip4 type ipip local 10.0.0.$1 remote any
		link add sit4 type sit local 10.0.0.$1 remote any
		link add any6 type ip6tnl mode any local 2001:db8::$1 remote any
		link add six6 type ip6tnl mode ip6ip6 local 2001:db8::1$1 remote any
		link add four6 type ip6tnl mode ip4ip6 local 2001:db8::2$1 remote any
		link set gre4 up
		link set gre6 up
		link set csum4 up
		link set csum6 up
		link set ipip4 up
		link set sit4 up
		link set any6 up
		link set six6 up
		link set four6 up
	END
}

# ask_datagram VIP: who answers a datagram to port 53; "-" after 5 s. Quicker than ask_udp.
ask_datagram() {
	# shellcheck disable=SC2016 # the inner shell's
	client bash -c 'exec 3<>"/dev/udp/$0/53"; printf x >&3; timeout 5 head -c 2 <&3 || printf -; echo' "$1"
}

# balance VIP BACKEND OPTION...: instead of all other services: TCP at 80 and 8000, UDP at 53, each
# with that backend and a table.
balance() {
	local vip=$1 backend=$2 flag port

	shift 2
	echo >"$TRACE/trace"
	{
		echo -C
		for port in 80 8000 53; do
			[ $port = 53 ] && flag=-u || flag=-t
			echo "-A $flag $(endpoint "$vip" $port) -s maglev"
			echo "-a $flag $(endpoint "$vip" $port) -r $(endpoint "$backend" $port) $*"
		done
	} | lb ipvsadm -R
	poll 10 has_tables 3 || fail "$vip: no tables: $(published)"
}
has_tables() { [ "$(grep ' publish: ' "$TRACE/trace" | grep -c ' backends=[1-9]')" -ge "$1" ]; }

# serve_uploads I: on port 8000, after serve_http; what is PUT is kept in $WORK/putI.
serve_uploads() {
	install -d -m 777 "$WORK/put$1"
	[ -e "$WORK/data" ] || head -c "${UPLOAD:-1048576}" /dev/urandom >"$WORK/data"
	sed "s/listen \(.*\)80 /listen \18000 /; s/b$1\.pid/b$1-8000.pid/
		s|location / .*|location / { root $WORK/put$1; dav_methods PUT; client_max_body_size 0; }|
		" "$WORK/b$1.conf" >"$WORK/b$1-8000.conf"
	in_ns "b$1" nginx -c "$WORK/b$1-8000.conf"
}

# serve_balancer PORT: the balancer itself answers "lb" there; after serve_http 1.
serve_balancer() {
	sed "s/b1/lb-$1/g; s/listen \(.*\)80 /listen \1$1 /; s/\"lb-$1/\"lb/" "$WORK/b1.conf" >"$WORK/lb-$1.conf"
	lb nginx -c "$WORK/lb-$1.conf"
}

# upload I VIP [CURL OPTION...]: all of it comes to bI, and right.
upload() {
	local i=$1 url code

	url=http://$(endpoint "$2" 8000)/file
	shift 2
	code=$(client curl -s --max-time 20 -T "$WORK/data" -w '%{http_code}' "$@" "$url") || fail "upload to $url: $?, $code"
	[[ $code == 20[14] ]] || fail "upload to $url: $code"
	cmp "$WORK/data" "$WORK/put$i/file" || fail "upload to b$i: not what was sent"
	rm "$WORK/put$i/file"
}

# forget_mtus NAME...: what has been learned of paths.
forget_mtus() {
	local name

	for name; do
		ip -n "$NS-$name" route flush cache
		ip -n "$NS-$name" -6 route flush cache
	done
}

# mtu_to NAME ADDRESS: that has been learned; 0 if none.
mtu_to() {
	ip -n "$NS-$1" route get "$2" | grep -o ' mtu [0-9]*' | grep -o '[0-9]*' || echo 0
}

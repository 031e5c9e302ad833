#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# The traffic tool of the network tests, in a network namespace of its own, without root: what it
# sends is right to the kernel's eyes; what it is sent, made here by other code, is told right from
# wrong; where the kernel has tunnels, so are theirs.
#
#   v0 ===== v1    frames go into v0; the sink, or the kernel, gets them from v1
#   s0 ===== s1    what goes into s0 is forwarded through a stock tunnel to v0
#
# shellcheck disable=SC2015,SC2086,SC2317 # test_that calls the functions; || is for any failure; no spaces in what is not quoted
set -u

cd "$(dirname "$0")/../.." || exit
TOP=$PWD
FRAMES=$TOP/build/unit/frames
VIP=192.0.2.10 VIP6=2001:db8:1::10
V1_MAC=02:00:00:00:00:01 S1_MAC=02:00:00:00:00:03
NOBODY=02:00:00:00:00:09 # whom the sink sees packets to, but v1 does not take them: they would loop
n=0 status=0

skip() {
	echo "1..0 # SKIP $*"
	exit 4
}

# test_that NAME COMMAND...
test_that() {
	local name=$1

	shift
	n=$((n + 1))
	if "$@" >"$tmp/log" 2>&1; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		sed 's/^/# /' "$tmp/log"
		status=1
	fi
}

# is WANTED SEEN
is() {
	[ "$1" = "$2" ] || { echo "wanted: $1"; echo "saw: $2"; return 1; }
}

# refused MESSAGE ARGUMENT...: exit 2, with that to say.
refused() {
	local message=$1 got=0

	shift
	"$FRAMES" "$@" >"$tmp/refused" 2>&1 || got=$?
	is 2 $got && grep -qF -- "$message" "$tmp/refused" || { cat "$tmp/refused"; return 1; }
}

# counter PROTOCOL FIELD: of the kernel's, of both families; a line of names is before each of numbers.
counter() {
	awk -v field="$2" -v head="$1:" -v six="${1}6$2" '
		$1 == six { sum += $2 }
		$1 == head && $2 ~ /^[A-Z]/ { for (i = 2; i <= NF; i++) if ($i == field) at = i; next }
		$1 == head { sum += $at }
		END { print sum + 0 }' /proc/net/snmp /proc/net/snmp6
}

# start_sink NAME OPTION...: $tmp/NAME.flows and $tmp/NAME.summary are its.
start_sink() {
	local name=$1

	shift
	rm -f "$tmp/ready"
	"$FRAMES" sink -i v1 --vip $VIP --vip $VIP6 --ready "$tmp/ready" "$@" >"$tmp/$name.summary" &
	sink=$!
	until [ -e "$tmp/ready" ]; do
		kill -0 $sink 2>/dev/null || return 1
		sleep 0.02
	done
}

stop_sink() {
	kill $sink
	wait $sink
}

# make_corpus DIRECTORY: good/ has 6 packets of each of 12 tunnels, bad/ one of each fault, noise/
# what is like a packet; python knows the formats from the RFCs, not from the tool.
make_corpus() {
	python3 - "$1" <<-'END'
	import os, random, struct, sys
	from ipaddress import ip_address as ip

	def csum(data):
	    if len(data) % 2:
	        data += b"\0"
	    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
	    while total >> 16:
	        total = (total & 0xffff) + (total >> 16)
	    return struct.pack("!H", total ^ 0xffff)

	def v4(src, dst, proto, data, ttl=64, frag=0, extra=0):
	    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(data) + extra, 7, frag, ttl, proto, 0)
	    head += ip(src).packed + ip(dst).packed
	    return head[:10] + csum(head) + head[12:] + data

	def v6(src, dst, proto, data, ttl=64, frag=0, extra=0):
	    head = struct.pack("!IHBB", 6 << 28, len(data) + extra, proto, ttl)
	    return head + ip(src).packed + ip(dst).packed + data

	def l4(src, dst, proto, sport, data=b"hello", length=None, wrong=0):
	    if proto == 17:
	        head = struct.pack("!HHHH", sport, 80, length or 8 + len(data), 0)
	        at = 6
	    else:
	        head = struct.pack("!HHIIBBHHH", sport, 80, 1, 2, (length or 5) << 4, 16, 100, 0, 0)
	        at = 16
	    pseudo = ip(src).packed + ip(dst).packed + struct.pack("!II", len(head + data), proto)
	    head = head[:at] + csum(pseudo + head + data) + head[at + 2:]
	    if wrong:
	        head = head[:at] + bytes([head[at] ^ wrong]) + head[at + 1:]
	    return head + data

	SRC = {4: "198.18.1.%d", 6: "2001:2::%d"}
	VIP = {4: "192.0.2.10", 6: "2001:db8:1::10"}
	LB = {4: "10.0.1.2", 6: "2001:db8:101::2"}
	BACKEND = {4: "10.0.0.%d", 6: "2001:db8::%d"}
	MAKE = {4: v4, 6: v6}

	def inner(f, i=1, proto=6, dst=None, l4_args={}, **args):
	    src, dst = SRC[f] % i, dst or VIP[f]
	    return MAKE[f](src, dst, proto, l4(src, dst, proto, 1000 + i, **l4_args), **args)

	def gre(data, f, flags=0, reserved=0, wrong=0, proto=None):
	    head = struct.pack("!HH", flags, proto or {4: 0x0800, 6: 0x86dd}[f])
	    if flags & 0x8000:
	        head += struct.pack("!HH", 0, reserved)
	        sum = csum(head + data)
	        head = head[:4] + bytes([sum[0] ^ wrong, sum[1]]) + head[6:]
	    return head + data

	def outer(o, proto, data, backend=1, **args):
	    return MAKE[o](LB[o], BACKEND[o] % backend, proto, data, **args)

	IN = {4: 4, 6: 41}
	files = {}
	for o in 4, 6:
	    for f in 4, 6:
	        for i in range(1, 7):
	            data = inner(f, i, 17 if i % 2 else 6)
	            for kind, packet in (("ipip", outer(o, IN[f], data, 1)),
	                                 ("gre", outer(o, 47, gre(data, f), 2)),
	                                 ("csum", outer(o, 47, gre(data, f, 0x8000), 3))):
	                files["good/%s-%d-in-%d-%d" % (kind, f, o, i)] = packet

	def put(name, *packets):
	    for i, packet in enumerate(packets):
	        files["bad/%s-%d" % (name, i)] = packet

	good4, good6 = outer(4, 4, inner(4)), outer(6, 41, inner(6))
	put("outer-checksum", good4[:8] + b"\x20" + good4[9:])
	put("outer-length", good4 + b"\0", good6 + b"\0", good4[:-1], good6[:-1], outer(4, 47, b"\0\0"))
	put("outer-header", outer(4, 4, inner(4), ttl=0), outer(6, 4, inner(4), ttl=0), good4[:12],
	    b"\x42" + good4[1:], good6[:30], b"\x75" + good4[1:])
	put("gre-flags", *(outer(4, 47, gre(inner(4), 4, flags)) for flags in (0x2000, 0x1000, 1, 0x4000)),
	    outer(6, 47, gre(inner(4), 4, 0x8000, 1)))
	put("gre-checksum", *(outer(o, 47, gre(inner(4), 4, 0x8000, wrong=1)) for o in (4, 6)))
	put("gre-protocol", outer(4, 47, gre(inner(4), 4, proto=0x6558)))
	put("inner-header", outer(4, 4, inner(6)), outer(4, 41, inner(4)), outer(6, 41, b""),
	    outer(4, 47, gre(inner(4), 6)), outer(4, 4, inner(4)[:19]), outer(4, 4, inner(4, ttl=0)))
	put("inner-length", outer(4, 4, inner(4, extra=1)), outer(6, 41, inner(6, extra=-1)),
	    outer(4, 47, gre(inner(6) + b"\0", 6)))
	good = inner(4)
	put("inner-checksum", outer(6, 4, good[:8] + b"\x20" + good[9:]))
	put("l4-length", outer(4, 4, inner(4, proto=17, l4_args={"length": 12})),
	    outer(4, 4, inner(4, l4_args={"length": 4})), outer(4, 4, inner(4, l4_args={"length": 15})),
	    outer(4, 4, v4("198.18.1.1", VIP[4], 6, b"12345")))
	put("l4-checksum", *(outer(4, IN[f], inner(f, proto=p, l4_args={"wrong": 1}))
	                     for f in (4, 6) for p in (6, 17)))
	put("destination", outer(4, 4, inner(4, dst="192.0.2.11")))
	put("fragment", outer(4, 4, inner(4, frag=0x2000)), outer(4, 4, inner(4), frag=1))
	put("protocol", outer(4, 4, v4("198.18.1.1", VIP[4], 1, b"12345678")))

	random.seed(1)
	wholes = list(files.values())
	for i in range(3000):
	    packet = bytearray(random.choice(wholes))
	    for _ in range(random.randint(1, 4)):
	        packet[random.randrange(len(packet))] = random.randrange(256)
	    files["noise/%04d" % i] = bytes(packet[:random.randint(1, len(packet))] if i % 3 == 0 else packet)
	for name, packet in files.items():
	    os.makedirs(os.path.dirname(os.path.join(sys.argv[1], name)), exist_ok=True)
	    with open(os.path.join(sys.argv[1], name), "wb") as file:
	        file.write(packet)
	END
}

inject() {
	"$FRAMES" inject -i v0 --dst-mac $V1_MAC --file "$tmp/corpus/$1" --times "${2:-1}"
}

# The kernel counts what it gets; its own checks are the judge.
kernel_gets() {
	local field=$1 packets=$2 before errors

	shift 2
	before=$(counter "${field%.*}" "${field#*.}")
	errors=$(($(counter Tcp InCsumErrors) + $(counter Udp InCsumErrors)))
	"$FRAMES" send -i v0 --dst-mac $V1_MAC "$@" || return
	# The last ones may still be in another CPU's queue.
	for _ in $(seq 50); do
		[ "$(counter "${field%.*}" "${field#*.}")" -lt $((before + packets)) ] || break
		sleep 0.1
	done
	is $((before + packets)) "$(counter "${field%.*}" "${field#*.}")" &&
		is $errors $(($(counter Tcp InCsumErrors) + $(counter Udp InCsumErrors)))
}

tuples_are_unique() {
	"$FRAMES" tuples --vip $VIP --seed 5 --flows 32768 --src-net 198.18.7.7/32 >"$tmp/tuples" &&
		is 32768 "$(sort -u "$tmp/tuples" | grep -c '^198\.18\.7\.7:')" &&
		"$FRAMES" tuples --vip $VIP --seed 5 --first 100 --flows 3 --src-net 198.18.7.7/32 |
		diff - <(sed -n 101,103p "$tmp/tuples")
}

good_packets_are_counted() {
	start_sink good --out "$tmp/good.flows" --expect 144 && inject good 2 && wait $sink || return
	is "packets 144 flows 12 changed 12 bad 0 dropped 0 backends 10.0.0.1=24 10.0.0.2=24 10.0.0.3=24 2001:db8::1=24 2001:db8::2=24 2001:db8::3=24" \
		"$(tail -n 1 "$tmp/good.summary")" && is 12 "$(wc -l <"$tmp/good.flows")" &&
		is "198.18.1.1 1001 2001:db8::1 12 11" "$(head -n 1 "$tmp/good.flows")"
}

bad_packets_are_named() {
	start_sink bad --count-only && inject bad && stop_sink || return
	# shellcheck disable=SC2012 # names are made above
	ls "$tmp/corpus/bad" | sed 's/-[0-9]*$//' | sort | uniq -c | awk '{ print $2, $1 }' >"$tmp/wanted"
	sed -n 's/^# [a-z]* //p' "$tmp/bad.summary" | sort | diff "$tmp/wanted" - &&
		is "packets 0 flows 0 changed 0 bad 38 dropped 0 backends" "$(tail -n 1 "$tmp/bad.summary")"
}

noise_does_no_harm() {
	start_sink noise --out "$tmp/noise.flows" && inject noise && stop_sink &&
		grep '^packets .* dropped 0 ' "$tmp/noise.summary"
}

earlier_flows_are_gone_on_from() {
	rm -f "$tmp/corpus/good/"{gre,csum}* && start_sink next --out "$tmp/next.flows" --cumulative "$tmp/good.flows" \
		--expect 24 && inject good && wait $sink || return
	is "packets 24 flows 12 changed 12 bad 0 dropped 0 backends 10.0.0.1=12 2001:db8::1=12" \
		"$(tail -n 1 "$tmp/next.summary")" && is "198.18.1.1 1001 2001:db8::1 14 13" "$(head -n 1 "$tmp/next.flows")"
}

files_are_compared() {
	printf '%s\n' '198.18.0.1 1 10.0.0.1 5 0' '198.18.0.2 1 10.0.0.1 5 0' '2001:2::1 1 10.0.0.1 1 0' >"$tmp/a"
	printf '%s\n' '198.18.0.1 1 10.0.0.1 9 1' '198.18.0.2 1 10.0.0.2 5 0' '2001:2::1 2 10.0.0.1 1 0' >"$tmp/b"
	is "both 2 same 1 different 1 only-first 1 only-second 1" "$("$FRAMES" compare --allow 1 "$tmp/a" "$tmp/b" 2>/dev/null)" &&
		! "$FRAMES" compare "$tmp/a" "$tmp/b"
}

# add_tunnel TYPE OUTER OPTION...: t0, through which both VIPs for forwarding are reached.
add_tunnel() {
	local type=$1 outer=$2 local=10.9.0.1 remote=10.9.0.2

	shift 2
	[ "$outer" = 4 ] || local=2001:db8:9::1 remote=2001:db8:9::2
	ip link add t0 type "$type" local $local remote $remote "$@" && ip link set t0 up mtu 1400
}

# tunnelled INNER TYPE OUTER OPTION...: 2,000 packets that the kernel encapsulates.
tunnelled() {
	local inner=$1 outer=$3 vip=192.0.2.20 backend=10.9.0.2

	shift
	[ "$inner" = 4 ] || vip=2001:db8:1::20
	[ "$outer" = 4 ] || backend=2001:db8:9::2
	add_tunnel "$@" && ip route add $vip dev t0 || return
	start_sink stock --vip $vip --out "$tmp/stock.flows" --idle 20000 --expect 2000 &&
		"$FRAMES" send -i s0 --dst-mac $S1_MAC --vip $vip --flows 1000 --kind data --packets 2 --payload 101 &&
		wait $sink || { kill $sink; return 1; }
	"$FRAMES" tuples --vip $vip --flows 1000 | tr -d '[]' | sed 's/:\([0-9]*\)$/ \1/' |
		sort >"$tmp/wanted"
	cat "$tmp/stock.summary"
	ip link del t0
	is "packets 2000 flows 1000 changed 0 bad 0 dropped 0 backends $backend=2000" \
		"$(tail -n 1 "$tmp/stock.summary")" && awk '{ print $1, $2 }' "$tmp/stock.flows" | sort | diff "$tmp/wanted" -
}

for tool in python3 ip unshare; do
	command -v $tool >/dev/null || skip "$tool is missing"
done
if [ -z "${FRAMES_INSIDE-}" ]; then
	unshare -rn true 2>/dev/null || skip "no user and network namespaces for this user"
	FRAMES_INSIDE=1 exec unshare -rn "$0"
fi

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
mkdir -p build/unit
${CC:-gcc} -std=gnu11 -g -O1 -Wall -Wextra -Werror -fsanitize=address,undefined -fno-sanitize-recover=all -Iinclude \
	-o "$FRAMES" selftests/net/frames*.c || { echo "not ok 1 - frames_builds"; exit 1; }
ip -batch - <<-END || skip "the kernel has no veth"
	link set lo up
	link add v0 type veth peer name v1 address $V1_MAC
	link add s0 type veth peer name s1 address $S1_MAC
	link set v0 up
	link set v1 up
	link set s0 up
	link set s1 up
	addr add $VIP/32 dev lo
	addr add $VIP6/128 dev lo nodad
	addr add 10.9.0.1/24 dev v0
	addr add 2001:db8:9::1/64 dev v0 nodad
	route add 198.18.0.0/15 dev v1
	route add 2001:2::/48 dev v1
	neigh add 10.9.0.2 lladdr $NOBODY dev v0 nud permanent
	neigh add 2001:db8:9::2 lladdr $NOBODY dev v0 nud permanent
END
for name in ipv4.conf.{all,v1,s1}.rp_filter=0 ipv4.ip_forward=1 ipv6.conf.all.forwarding=1; do
	sysctl -qw "net.$name" || skip "cannot set net.$name"
done
make_corpus "$tmp/corpus" || exit

test_that "tuples_are_unique_and_numbered" tuples_are_unique
test_that "kernel_takes_udp" kernel_gets Udp.NoPorts 3000 --vip $VIP --proto udp --port 9 --flows 1000 --packets 3 --payload 77
test_that "kernel_takes_udp6" kernel_gets Udp.NoPorts 3000 --vip $VIP6 --proto udp --port 9 --flows 1000 --packets 3
test_that "kernel_takes_tcp" kernel_gets Tcp.InSegs 5000 --vip $VIP --flows 1000 --packets 3 --kind handshake --order random
test_that "kernel_takes_tcp6" kernel_gets Tcp.InSegs 3000 --vip $VIP6 --flows 1000 --packets 3 --kind mixed --payload 99 --order sequential
test_that "good_packets_are_counted_for_flows_and_backends" good_packets_are_counted
test_that "bad_packets_are_named" bad_packets_are_named
test_that "noise_does_no_harm" noise_does_no_harm
test_that "earlier_flows_are_gone_on_from" earlier_flows_are_gone_on_from
test_that "files_are_compared" files_are_compared
test_that "refuses_by_name" refused "--flows: 0x10: not a number from 1 to 4294967296" send --flows 0x10
test_that "refuses_more_flows_than_tuples" refused "has 32768 tuples" tuples --vip $VIP --src-net 198.18.0.1/32 --flows 32769
test_that "refuses_other_family" refused "of the other family" tuples --vip $VIP --src-net 2001:2::/48
test_that "refuses_a_word" refused "not one of round random sequential" send --order any
for tunnel in "4 gre 4" "6 gre 4 csum" "4 ip6gre 6 csum" "6 ip6gre 6" "4 ipip 4" "6 sit 4" "4 ip6tnl 6 mode any" \
	"6 ip6tnl 6 mode any encaplimit none"; do
	read -r inner type outer options <<<"$tunnel"
	name="kernel_tunnels_${inner}_by_${type}_${options// /_}"
	if add_tunnel "$type" "$outer" $options 2>"$tmp/log"; then
		ip link del t0
		test_that "${name%_}" tunnelled "$inner" "$type" "$outer" $options
	else
		n=$((n + 1))
		echo "ok $n - ${name%_} # SKIP no $type: $(head -n 1 "$tmp/log")"
	fi
done
echo "1..$n"
exit $status

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# Packets that nobody should send: the corpus of the packet fuzzer, as it is and turned to the VIPs
# and to the balancer's address, and mutations of it. Nothing crashes, the kernel logs nothing, and
# the services work.
#
#   as in lib.sh, with two backends, each of which a service in both families has
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/packets.sh"

MUTATIONS=${MUTATIONS:-4000}

setup_topology
load_module table_size=251
for i in 1 2; do
	add_backend $i
	add_tunnels $i
	serve_http $i
done
serve_udp 1
for vip in $VIP $VIP6; do
	for flag in t u; do
		[ $flag = t ] && port=80 || port=53
		lb ipvsadm -A -$flag "$(endpoint "$vip" "$port")" -s maglev
		lb ipvsadm -a -$flag "$(endpoint "$vip" "$port")" -r "10.0.0.1:$port" -i
		lb ipvsadm -a -$flag "$(endpoint "$vip" "$port")" -r "[2001:db8::12]:$port" -i --tun-type gre --tun-csum
	done
done
build_frames
meet client lb b1 b2

# Turned: its destination, and that of what an error quotes as its source, is one of ours.
craft hostile <<END
	import glob, random
	random.seed(1)
	corpus = [open(name, "rb").read() for name in sorted(glob.glob("$TOP/selftests/fuzz/corpus/packet/*"))]
	ours = {4: ("$VIP", "$LB"), 6: ("$VIP6", "$LB6")}

	def turn(packet, to):
		version = packet[0] >> 4
		at = 16 if version == 4 else 24
		size = 4 if version == 4 else 16
		if len(packet) < at + size:
			return packet
		return packet[:at] + address(to) + packet[at + size:]

	def right(packet):
		if packet[0] >> 4 == 4 and len(packet) >= 20 and len(packet) >= (packet[0] & 15) * 4 >= 20:
			return fix4(packet)
		return packet

	def ports(packet):
		head = 20 if packet[0] >> 4 == 4 else 40
		return packet[:head + 2] + bytes((0, random.choice((53, 80)))) + packet[head + 4:]

	seeds = []
	for packet in filter(None, corpus):
		put(packet)
		for to in ours.get(packet[0] >> 4, ()):
			seeds.append(right(turn(packet, to)))
			seeds.append(ports(seeds[-1]))
	for packet in seeds:
		put(packet)
	for n in range($MUTATIONS):
		packet = bytearray(random.choice(seeds))
		for _ in range(random.choice((1, 1, 2, 4, 8))):
			kind = random.random()
			if kind < 0.7:
				packet[random.randrange(len(packet))] = random.choice((0, 1, 0x7F, 0x80, 0xFF, random.randrange(256)))
			elif kind < 0.85:
				del packet[random.randrange(1, len(packet) + 1):]
			else:
				packet += bytes(random.randrange(1, 64))
		packet = bytes(packet)
		put(right(packet) if random.random() < 0.8 else packet)
END
mark_log
inject hostile
cat "$WORK/injected"
for vip in $VIP $VIP6; do
	expect "$vip serves" 10 "$(ask "http://$(endpoint "$vip" 80)" 10 | grep -c '^b[12] ')"
done
expect "the kernel's log" "" "$(logged . | grep -v "hrtimer: interrupt took" || true)"
finish

#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# SCTP with one address at each end, by GRE, GRE with a checksum and IPIP: associations come to their backends, large
# messages arrive as they were sent, IPVS has no connection, and flows end with their associations.
#
#   as in lib.sh, with b1, b2 and b3, which answer on port 5000 of the VIPs by their name and what they received
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/packets.sh"
. "$(dirname "$0")/flows.sh"

modprobe sctp 2>/dev/null || grep -q '^SCTP' /proc/net/protocols || skip "this kernel has no SCTP"

# serve I: for each message of N bytes, behind its length: name, N and their CRC.
# shellcheck disable=SC2016 # python's
serve() {
	in_ns "b$1" python3 -c 'import socket, struct, sys, threading, zlib
def exactly(sock, n):
    data = b""
    while len(data) < n:
        part = sock.recv(n - len(data))
        if not part:
            return None
        data += part
    return data
def talk(sock):
    while (head := exactly(sock, 4)) is not None:
        data = exactly(sock, struct.unpack("!I", head)[0])
        sock.sendall(f"{sys.argv[1]} {len(data)} {zlib.crc32(data):08x}\n".encode())
    sock.close()
def listen(vip):
    with socket.socket(socket.AF_INET6 if ":" in vip else socket.AF_INET, socket.SOCK_STREAM, 132) as sock:
        sock.bind((vip, 5000))
        sock.listen(64)
        open(f"{sys.argv[2]}-{vip}", "w").close()
        while True:
            threading.Thread(target=talk, args=(sock.accept()[0],), daemon=True).start()
threads = [threading.Thread(target=listen, args=(vip,)) for vip in sys.argv[3:]]
[thread.start() for thread in threads]' "b$1" "$WORK/b$1" "$VIP" "$VIP6" &
	echo $! >"$WORK/b$1.pid"
	poll 20 test -e "$WORK/b$1-$VIP" -a -e "$WORK/b$1-$VIP6" || fail "b$1 does not serve"
}

# talk VIP BYTES N PORT: N associations, one after the other, from PORT and those behind it (one the kernel chose may have
# been used before, and its flow be known), each with one message; a line for each answer, "-" if there is none, behind
# it what it should have been.
# shellcheck disable=SC2016 # python's
talk() {
	client python3 -c 'import os, socket, struct, sys, zlib
vip, size, times, port, source = sys.argv[1], *map(int, sys.argv[2:5]), sys.argv[5]
for i in range(times):
    data = os.urandom(size)
    with socket.socket(socket.AF_INET6 if ":" in vip else socket.AF_INET, socket.SOCK_STREAM, 132) as sock:
        sock.settimeout(20)
        sock.bind((source, port + i))
        try:
            sock.connect((vip, 5000))
            sock.sendall(struct.pack("!I", size))
            for at in range(0, size, 16384):
                sock.sendall(data[at:at + 16384])
            print(sock.makefile().readline().strip() or "-", end="")
        except OSError as error:
            print("-", error, end="")
        print(f" = {size} {zlib.crc32(data):08x}")' "$1" "$2" "$3" "$4" "$([[ $1 == *:* ]] && echo "$CLIENT6" || echo "$CLIENT")"
}

has_three() { [ "$(published backends)" = 3 ]; }

# right: of the lines of talk, those whose answer is right.
right() { awk '$2 == $5 && $3 == $6' | wc -l; }

# balanced VIP BACKEND OPTION...: one backend, that one.
balanced() {
	lb ipvsadm -C
	lb ipvsadm -A --sctp-service "$(endpoint "$1" 5000)" -s maglev
	lb ipvsadm -a --sctp-service "$(endpoint "$1" 5000)" -r "$(endpoint "$2" 5000)" "${@:3}"
}

setup_topology
load_module table_size=251
take_packets_on 1
for i in 1 2 3; do
	add_backend $i
	add_tunnels $i
	serve $i
done

port=20000
for vip in $VIP $VIP6; do
	for method in "10.0.0.1 -i --tun-type gre" "10.0.0.11 -i --tun-type gre --tun-csum" "10.0.0.1 -i" \
		"2001:db8::1 -i --tun-type gre" "2001:db8::11 -i --tun-type gre --tun-csum" "2001:db8::1 -i"; do
		# shellcheck disable=SC2086
		balanced "$vip" $method
		before=$(counted forwarded)
		expect "$vip by $method: right" 3 "$({ talk "$vip" 10 2 $port; talk "$vip" 200000 1 $((port + 2)); } | tee "$WORK/said" | right)"
		[ $(($(counted forwarded) - before)) -ge 30 ] || fail "not forwarded by us: $(cat "$WORK/said")"
		port=$((port + 3))
	done
done
expect "connections of IPVS" 0 "$(lb ipvsadm -Lnc | grep -c SCTP || true)"

for vip in $VIP $VIP6; do
	service=$(endpoint "$vip" 5000)
	before=$(counted flows-new)
	{
		echo "-C"
		echo "-A --sctp-service $service -s maglev"
		for i in 1 2 3; do
			backend=$(endpoint "$([[ $vip == *:* ]] && echo 2001:db8::$i || echo 10.0.0.$i)" 5000)
			echo "-a --sctp-service $service -r $backend -i --tun-type gre"
		done
	} | lb ipvsadm -R
	poll 10 has_three || fail "no table of three: $(published)"
	talk "$vip" 10 30 $port >"$WORK/said"
	expect "$vip: right" 30 "$(right <"$WORK/said")"
	expect "$vip: backends of 30 associations" 3 "$(cut -d ' ' -f 1 "$WORK/said" | sort -u | wc -l)"
	expect "$vip: new flows" 30 $(($(counted flows-new) - before))
	# SHUTDOWN, its ACK and COMPLETE
	adm -j flow show sctp "$service" | tr -d ' \t\n' | grep -o '"state":"[a-z-]*"' | sort | uniq -c >"$WORK/states"
	expect "$vip: all of them closing" '30 "state":"closing"' "$(xargs -0 <"$WORK/states" | sed 's/^ *//')"
done
finish

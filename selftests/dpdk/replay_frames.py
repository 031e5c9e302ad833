# SPDX-License-Identifier: GPL-2.0-only
"""What replay sends: first packets of very many flows, all with their places in the services' tables; and packets of
every kind, which are looked at byte by byte. The same to maglev-dpdk and to the kernel."""
import os
import random
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "net"))
from packets import address, checksum, error, fix4, ip, tcp, udp  # noqa: E402 pylint: disable=wrong-import-position
from world import CLIENT_MAC, OUR_MAC, ether  # noqa: E402 pylint: disable=wrong-import-position

VIP, VIP6, CLIENT, CLIENT6 = "192.0.2.10", "2001:db8:1::10", "198.51.100.7", "2001:db8:f::7"
LB, LB6 = "10.0.0.1", "2001:db8:2::1"
BACKEND, BACKEND6 = "10.0.0.%d", "2001:db8:2::%d"
TUNNELS = {"gre": ("gre", False), "gre-csum": ("gre", True), "ipip": ("ipip", False)}
# Of the flows: protocol, VIP, port, then of the backends the first number, how many, tunnel, and whether reached by IPv6.
MANY = [("tcp", VIP, 80, 10, 12, "gre", False), ("udp", VIP, 53, 30, 5, "ipip", True),
        ("tcp", VIP6, 80, 50, 9, "gre-csum", True), ("udp", VIP6, 53, 70, 7, "gre", False)]
STATES = [("backend down", 11), ("backend drain", 14), ("backend share", 17, "40"), ("backend weight", 12, "7")]
FIRST_PORT = 8000
CORPUS = os.path.join(HERE, "../fuzz/corpus/packet")


def backend_address(number, v6):
    return (BACKEND6 if v6 else BACKEND) % number


def services():
    """(protocol, VIP, port, [(address, tunnel, weight)])"""
    for protocol, vip, port, first, n, tunnel, v6 in MANY:
        yield protocol, vip, port, [(backend_address(first + i, v6), tunnel, i % 3 + 1) for i in range(n)]
    for port, tunnel, v6 in singles():
        for vip in VIP, VIP6:
            for protocol in "tcp", "udp":
                yield protocol, vip, port, [(backend_address(port - FIRST_PORT + 2, v6), tunnel, 1)]


def singles():
    """Services of one backend each, one of each kind of way."""
    return [(FIRST_PORT + i, tunnel, v6) for i, (tunnel, v6) in
            enumerate((tunnel, v6) for v6 in (False, True) for tunnel in TUNNELS)]


def first_packets(n, seed):
    """n frames, of as many flows: a quarter to each of MANY, from random addresses and ports."""
    chance = random.Random(seed)
    link = [OUR_MAC + CLIENT_MAC + kind for kind in (b"\x08\0", b"\x86\xdd")]
    for i in range(n):
        protocol, vip, port = MANY[i % len(MANY)][:3]
        v6 = ":" in vip
        sport = chance.randrange(1024, 65536)
        if protocol == "tcp":
            four = struct.pack("!HHIIBBHHH", sport, port, i, 0, 0x50, 2, 65535, 0, 0)
        else:
            four = struct.pack("!HHHHI", sport, port, 12, 0, i)
        if v6:
            head = struct.pack("!IHBB", 6 << 28, len(four), 6 if protocol == "tcp" else 17, 64)
            source = address("2001:db8:f::")[:8] + struct.pack("!II", chance.getrandbits(32), i)
        else:
            # As many as there are addresses of 198.18.0.0/15, then again with other ports.
            source = struct.pack("!I", 0xC6120000 | i * 40503 & 0x1FFFF)
            head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(four), i & 0xFFFF, 0x4000, 64, 6 if protocol == "tcp" else 17, 0)
            sport_word = struct.pack("!H", (1024 + i // 4 % 64000) & 0xFFFF)
            four = sport_word + four[2:]
            head = head[:10] + struct.pack("!H", checksum(head + source + address(vip)))
        yield link[v6] + head + source + address(vip) + four


def padded(packet, extra):
    """IPv4 with options, or IPv6 with a header of options."""
    if packet[0] >> 4 == 4:
        packet = bytes([0x40 | 5 + len(extra) // 4]) + packet[1:2] + struct.pack("!H", len(packet) + len(extra)) + packet[4:20] + extra + packet[20:]
        return fix4(packet)
    extra = packet[6:7] + b"\0" + b"\1\4" + bytes(4)
    return packet[:4] + struct.pack("!HB", len(packet) - 40 + len(extra), 0) + packet[7:40] + extra + packet[40:]


def kinds(client, vip, port, sport):
    """A packet in each way in which one can be written."""
    v6 = ":" in vip
    for ds in 0, 1, 2, 3, 0xB8, 0xFF:
        yield tcp(client, vip, sport(), port, "S", b"d" * 7, ds=ds, ttl=33)
    for ttl in 2, 64, 255:
        yield udp(client, vip, sport(), port, b"t" * ttl, ttl=ttl)
    for size in 0, 1, 2, 3, 511, 1299, 1372:
        yield tcp(client, vip, sport(), port, "SA" if size % 2 else "S", b"s" * size)
        yield udp(client, vip, sport(), port, b"s" * size)
    for flags in "A", "F", "FA", "R", "RA", "SA", "PA", "SFRPA", "":
        yield tcp(client, vip, sport(), port, flags)
    yield padded(tcp(client, vip, sport(), port), b"\1\1\1\0")
    yield padded(udp(client, vip, sport(), port, b"o" * 50), b"\1" * 39 + b"\0")
    if not v6:
        for i in range(3):
            yield tcp(client, vip, sport(), port, "S", b"i" * i, frag=0, ident=i)
            yield udp(client, vip, sport(), port, b"i" * 1400, frag=0, ident=i)
    # Too big, and told so.
    yield tcp(client, vip, sport(), port, "A", b"b" * 1440 if not v6 else b"b" * 1420)
    yield udp(client, vip, sport(), port, b"b" * 1460 if not v6 else b"b" * 1440)
    yield tcp(client, vip, sport(), port, "S", ttl=1)
    # About flows, from on the way.
    for code, mtu in ((2, 1280), (1, 0)) if v6 else ((3, 0), (4, 1300), (1, 0)):
        own = sport()
        yield tcp(client, vip, own, port)
        quote = tcp(vip, client, port, own, "A", b"q" * 40)
        kind = (2 if code == 2 else 1) if v6 else 3
        yield error("2001:db8:e::9" if v6 else "203.0.113.9", vip, kind, 0 if v6 else code, quote, mtu)
    # Not forwarded.
    yield udp(vip, vip, port, port)
    yield tcp(client, vip, sport(), port)[:30 if not v6 else 50]
    yield ip(client, vip, 6, b"\0" * 10)
    yield ip(client, vip, 17, struct.pack("!HHHH", sport(), port, 9, 0) + b"x")


def to_service(packet):
    """The same to one of ours, with a sum that is right."""
    version = packet[0] >> 4 if packet else 0
    at, vip = {4: (16, address(VIP)), 6: (24, address(VIP6))}.get(version, (0, b""))
    if len(packet) < at + len(vip) or not vip:
        return packet
    packet = packet[:at] + vip + packet[at + len(vip):]
    length = (packet[0] & 15) * 4
    return fix4(packet) if version == 4 and 20 <= length <= len(packet) else packet


def is_plain(packet):
    """No options that a router writes into or goes by, and no IPv6 headers between: the kernel does something about those
    before the module sees them. And UDP of a length that cannot be is IPVS's to forward."""
    if packet[0] >> 4 == 4:
        size = (packet[0] & 15) * 4
        protocol, four = packet[9], packet[size:]
        if {7, 68, 131, 137} & set(packet[20:size]):
            return False
    else:
        protocol, four = packet[6], packet[40:]
        if protocol not in (1, 6, 17, 58):
            return False
    return protocol != 132 and (protocol != 17 or struct.unpack("!H", (four[4:6] + b"\0\0")[:2])[0] >= 8)


def corpus(chance):
    """What fuzzing has kept, as far as both planes see it first."""
    for name in sorted(os.listdir(CORPUS)):
        with open(os.path.join(CORPUS, name), "rb") as file:
            original = file.read(1500)
        if not original or original[0] >> 4 not in (4, 6):
            continue
        if len(original) > 40 and is_plain(original):
            yield to_service(original)
        for _ in range(5):
            at = chance.randrange(min(len(original), 60))
            changed = to_service(original[:at] + bytes([chance.randrange(256)]) + original[at + 1:])
            if len(changed) > 40 and changed[0] >> 4 in (4, 6) and is_plain(changed):
                yield changed


def every_kind(seed):
    """Frames: kinds() to each way there is, and what fuzzing has kept."""
    ports = iter(range(10000, 60000))
    for port, _, _ in singles():
        for client, vip in (CLIENT, VIP), (CLIENT6, VIP6):
            for packet in kinds(client, vip, port, lambda: next(ports)):
                yield ether(packet)
                yield ether(packet) + bytes(5)
    for packet in corpus(random.Random(seed)):
        yield ether(packet)

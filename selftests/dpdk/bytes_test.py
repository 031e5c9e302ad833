#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Frames through the program, byte for byte: all mixes of families and tunnels, TTL, DSCP and ECN,
DF and ID, padding, VLAN tags, and what is no service's."""
import struct

from world import (CLIENT_MAC, HOP_MAC, LINK, OUR_MAC, Checks, decremented, encapsulated, ether, fix4, flow_hash, run)
from packets import TCP, UDP, echo, error, fragments, ip, tcp, udp

CLIENT, VIP, LB, B = "198.51.100.7", "192.0.2.10", "10.0.0.1", "10.0.0.2"
CLIENT6, VIP6, LB6, B6 = "2001:db8::7", "2001:db8:1::10", "2001:db8:2::1", "2001:db8:2::2"
checks = Checks()


def one(config, packets, **options):
    """What leaves, of each packet."""
    return run(config, [ether(packet) for packet in packets], **options)


def out(packet):
    return ether(packet, dst=HOP_MAC, src=OUR_MAC)


for kind in ("gre", "gre-csum", "ipip"):
    for src, dst in ((LB, B), (LB6, B6)):
        config = "%s\nservice tcp %s 80\nbackend %s %s %s\nservice udp %s 53\nbackend %s %s %s" % (
            LINK, VIP, dst, kind, src, VIP6, dst, kind, src)
        four = tcp(CLIENT, VIP, 4242, 80, "S", b"x" * 21, ttl=63, ds=0xBA, ident=7)
        six = udp(CLIENT6, VIP6, 4243, 53, b"y" * 33, ttl=2, ds=0x29)
        sent, counters = one(config, [four, six])
        label = flow_hash(CLIENT, VIP, 4242, 80, TCP)
        checks.expect("IPv4 to %s by %s" % (dst, kind), out(encapsulated(four, src, dst, kind, label)), sent[0])
        label = flow_hash(CLIENT6, VIP6, 4243, 53, UDP)
        checks.expect("IPv6 to %s by %s" % (dst, kind), out(encapsulated(six, src, dst, kind, label)), sent[1])
        checks.expect("counters", (2, 0, 2), (counters["forwarded"], counters["others"], counters["new"]))

V4 = "%s\nservice tcp %s 80\nbackend %s gre %s" % (LINK, VIP, B, LB)
clear = [tcp(CLIENT, VIP, 5000 + i, 80, "S", frag=0, ident=i) for i in range(3)]
sent, _ = one(V4, clear)
want = []
for i, packet in enumerate(clear):
    ident = (i + flow_hash(CLIENT, VIP, 5000 + i, 80, TCP)) & 0xFFFF
    want.append(out(encapsulated(packet, LB, B, "gre", ident=ident)))
checks.expect("without DF: an ID of its own each", want, sent)
packet = tcp(CLIENT, VIP, 5000, 80, "S")
ident = flow_hash(CLIENT, VIP, 5000, 80, TCP) & 0xFFFF
sent, _ = one(V4 + "\npmtu-disc 0", [packet])
checks.expect("pmtu-disc off: no DF outside", [out(encapsulated(packet, LB, B, "gre", frag=0, ident=ident))], sent)

sent, _ = run(V4, [ether(packet) + b"\xaa" * 6])
checks.expect("padding is cut", [out(encapsulated(packet, LB, B, "gre"))], sent)
sent, _ = run(V4, [ether(packet, tag=100)])
checks.expect("a tag is looked through", [out(encapsulated(packet, LB, B, "gre"))], sent)
sent, _ = run(V4.replace("0 1500", "0 1500 200"), [ether(packet)])
checks.expect("a tag is written", [ether(encapsulated(packet, LB, B, "gre"), dst=HOP_MAC, src=OUR_MAC, tag=200)], sent)
sent, _ = run(V4.replace("0 1500", "1 1500"), [[ether(packet)], []], ports=2)
checks.expect("in by one port, out by the other", [[], [out(encapsulated(packet, LB, B, "gre"))]], sent)
sent, _ = run("source 10.9.0.0/16\n" + V4, [ether(packet)])
h = flow_hash(CLIENT, VIP, 5000, 80, TCP)
checks.expect("outer source from a prefix", [out(encapsulated(packet, "10.9.%d.%d" % (h >> 8 & 255, h & 255), B, "gre"))],
              sent)
options = packet[:20] + b"\x01\x01\x01\x00" + packet[20:]
options = b"\x46" + options[1:2] + struct.pack("!H", len(options)) + options[4:10] + b"\0\0" + options[12:]
options = fix4(options)
sent, _ = one(V4, [options])
inner = sent[0][38:] if sent else b""
checks.expect("IP options stay", options[12:], inner[12:])

quote = tcp(VIP, CLIENT, 80, 5000, "A")
about = error("203.0.113.9", VIP, 3, 4, quote[:28], 1400)
sent, counters = one(V4, [packet, about])
checks.expect("an ICMP error goes where its flow goes",
              out(encapsulated(about, LB, B, "gre")), sent[1])

nobody = [
    ether(udp(CLIENT, VIP, 4242, 80)), # another protocol
    ether(tcp(CLIENT, VIP, 4242, 81)), # another port
    ether(echo(CLIENT, VIP, 1)),
    ether(packet, dst=b"\xff" * 6),
    b"\xff" * 6 + CLIENT_MAC + b"\x08\x06" + b"\0" * 46, # ARP
    ether(packet[:10] + b"\0\0" + packet[12:]), # wrong checksum
    ether(tcp("127.0.0.1", VIP, 4242, 80)),
    ether(ip(CLIENT, VIP, 132, b"\0" * 4)), # malformed
    OUR_MAC + CLIENT_MAC + b"\x86\xdd" + packet,
    b"\0" * 14,
]
sent, counters = run(V4, nobody)
checks.expect("what is no service's is the kernel's", ([], len(nobody), 1),
              (sent, counters["others"], counters.get("malformed")))

sent, counters = one(V4, [tcp(VIP, VIP, 80, 80)])
checks.expect("from the address it goes to: dropped", ([], 1), (sent, counters.get("source-is-vip")))
sent, counters = one("no-route\n" + V4, [packet])
checks.expect("no way: dropped", ([], 1), (sent, counters.get("no-route")))


def back(answer):
    return ether(answer, dst=CLIENT_MAC, src=OUR_MAC)


def no_id(frame):
    """IPv4's ID is any."""
    return frame if frame[12:14] != b"\x08\x00" else frame[:14] + fix4(frame[14:18] + b"\0\0" + frame[20:])


V6 = "%s\nservice tcp %s 80\nbackend %s gre %s" % (LINK, VIP6, B, LB)
packet6 = tcp(CLIENT6, VIP6, 5000, 80)
for what, config, sent_in, kind in (
        ("no backend", "\n".join(V4.split("\n")[:2]), packet, (3, 3, 0)),
        ("no backend, IPv6", "\n".join(V6.split("\n")[:2]), packet6, (1, 4, 0)),
        ("every backend is down", V4 + " down", packet, (3, 3, 0)),
        ("TTL", V4, tcp(CLIENT, VIP, 5000, 80, ttl=1), (11, 0, 0)),
        ("hop limit", V6, tcp(CLIENT6, VIP6, 5000, 80, ttl=1), (3, 0, 0)),
        ("too big", V4, tcp(CLIENT, VIP, 5000, 80, "A", b"z" * 1437), (3, 4, 1476)),
        ("too big, IPv6", V6, tcp(CLIENT6, VIP6, 5000, 80, "A", b"z" * 1417), (2, 0, 1476))):
    sent, counters = one(config, [sent_in])
    v6 = sent_in[0] >> 4 == 6
    quoted = sent_in[: 1232 if v6 else 548]
    made = error(VIP6 if v6 else VIP, CLIENT6 if v6 else CLIENT, *kind[:2], quoted, kind[2], **(
        {} if v6 else {"frag": 0, "ds": 0xC0}))
    checks.expect("%s: the client is told" % what, [back(made)], [no_id(frame) for frame in sent])


long = udp(CLIENT, VIP, 4242, 53, b"l" * 1400, frag=0)
long6 = udp(CLIENT6, VIP6, 4242, 53, b"l" * 1400)
FRAG = "%s\nservice udp %s 53 fragments\nbackend %s gre %s\nservice udp %s 53 fragments\nbackend %s gre %s" % (
    LINK, VIP, B, LB, VIP6, B, LB)
for what, packet_in in (("IPv4", long), ("IPv6", long6)):
    for order in ((0, 1, 2), (2, 0, 1), (1, 2, 0)):
        pieces = fragments(packet_in, 512, 77)
        sent, counters = one(FRAG, [pieces[i] for i in order])
        want = [decremented(piece) for piece in pieces]
        checks.expect("fragments of %s in the order %d %d %d" % ((what,) + order), (sorted(want), 3),
                      (sorted(frame[38:] for frame in sent), counters["forwarded"]))
sent, counters = one(FRAG, fragments(long, 512, 77)[1:])
checks.expect("the first never comes: dropped", ([], 2), (sent, counters.get("fragment")))
sent, counters = one(FRAG.replace(" fragments", ""), fragments(long, 512, 77))
checks.expect("not asked for: dropped", ([], 3), (sent, counters.get("fragment")))


def optioned(packet):
    """IPv6, with options for the destination before whatever follows."""
    options = struct.pack("!BB6s", packet[6], 0, b"\1\4\0\0\0\0")
    return packet[:4] + struct.pack("!HB", len(packet) - 32, 60) + packet[7:40] + options + packet[40:]


pieces = [optioned(piece) for piece in fragments(long6, 512, 77)]
for order in ((0, 1, 2), (2, 0, 1)):
    sent, counters = one(FRAG, [pieces[i] for i in order])
    checks.expect("options before the fragment's header, in the order %d %d %d" % order,
                  (sorted(decremented(piece) for piece in pieces), 3, 0),
                  (sorted(frame[38:] for frame in sent), counters["forwarded"], counters["others"]))
sent, counters = one(FRAG.replace(" fragments", ""), pieces)
checks.expect("likewise, not asked for: dropped", ([], 3, 0), (sent, counters.get("fragment"), counters["others"]))
sent, counters = one(FRAG, fragments(optioned(long6), 512, 77))
checks.expect("options behind it, which not every fragment has: dropped", ([], 3, 0),
              (sent, counters.get("fragment"), counters["others"]))
sent, counters = one(FRAG.replace(VIP6, "2001:db8:1::11"), pieces)
checks.expect("to nobody's address: the kernel's", ([], None, 3), (sent, counters.get("fragment"), counters["others"]))
for source in ("127.0.0.1", "224.0.0.1"):
    sent, counters = one(FRAG, fragments(udp(source, VIP, 4242, 53, b"l" * 1400, frag=0), 512, 77))
    checks.expect("from %s: the kernel's" % source, ([], 0, 3), (sent, counters["forwarded"], counters["others"]))


def mended(frames):
    """Fragments of an outer packet, put together; and what each said of its place."""
    whole, places = b"", []
    for frame in frames:
        data = frame[14:]
        if data[0] >> 4 == 4:
            places.append((len(data), struct.unpack("!H", data[6:8])[0], fix4(data) == data))
            data = data[20:]
        else:
            places.append((len(data), struct.unpack("!H", data[42:44])[0], data[6] == 44))
            data = data[48:]
        whole += data
    return whole, places


loose = tcp(CLIENT, VIP, 5000, 80, "A", b"z" * 1437, frag=0)
for src, dst, places in ((LB, B, [(1500, 0x2000, True), (21, 185, True)]), (LB6, B6, [(1496, 1, True), (81, 1448, True)])):
    config = "%s\nservice tcp %s 80\nbackend %s gre %s" % (LINK, VIP, dst, src)
    sent, counters = one(config, [loose])
    head = 40 if ":" in dst else 20
    checks.expect("too big for the way to %s, but may be cut" % dst, (encapsulated(loose, src, dst, "gre")[head:], places),
                  mended(sent))

huge = tcp(CLIENT, VIP, 5000, 80, "A", b"z" * 2937, frag=0)
config = "%s\nservice tcp %s 80\nbackend %s gre %s" % (LINK.replace("1500", "3000"), VIP, B, LB)
sent, counters = one(config, [huge], options=["--buffer-size", "1024"])
checks.expect("a piece is no larger than a buffer", (encapsulated(huge, LB, B, "gre")[20:], 4, True),
              (mended(sent)[0], len(sent), max(map(len, sent)) <= 1024))

ours = encapsulated(packet, LB, B, "gre")
large = tcp(CLIENT, VIP, 5000, 80, "A", b"z" * 1300)
about = error("203.0.113.9", LB, 3, 4, ours[:80], 1200)
sent, counters = one(V4, [packet, about, large])
told = error(VIP, CLIENT, 3, 4, decremented(packet), 1176, frag=0, ds=0xC0)
checks.expect("an error about a tunnel's packet: the client is told", back(told), no_id(sent[0]))
again = error(VIP, CLIENT, 3, 4, large[:548], 1176, frag=0, ds=0xC0)
checks.expect("the way's MTU is learned", (back(again), 1, 1),
              (no_id(sent[2]), counters.get("tunnel-error"), counters.get("too-big")))
about6 = error("2001:db8::99", LB6, 2, 0, encapsulated(packet, LB6, B6, "gre", h)[:120], 1300)
sent, counters = one(V4.replace(B, B6).replace(LB, LB6), [about6])
told = error(VIP, CLIENT, 3, 4, decremented(packet), 1256, frag=0, ds=0xC0)
checks.expect("an ICMPv6 error about IPv4", [back(told)], [no_id(frame) for frame in sent])
about = error("203.0.113.9", LB, 3, 1, ours[:28])
sent, counters = one(V4, [about])
checks.expect("what is quoted too little tells of the backend", ([], 1), (sent, counters.get("tunnel-error")))
about = error("203.0.113.9", LB, 3, 4, encapsulated(packet, LB, "10.0.0.99", "gre")[:80], 600)
sent, counters = one(V4, [about, large])
checks.expect("an error about nobody's packet", (1, None), (counters["forwarded"], counters.get("tunnel-error")))
for length, forwarded in ((1436, 1), (1437, 0)):
    sent, counters = one(V4, [tcp(CLIENT, VIP, 5000, 80, "A", b"z" * length)])
    checks.expect("%d bytes: %s" % (length + 40, "fits" if forwarded else "does not"), forwarded, counters["forwarded"])
checks.done()

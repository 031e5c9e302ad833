# SPDX-License-Identifier: GPL-2.0-only
"""Single packets for the network tests: made byte by byte (see craft in packets.sh), or read
from an interface and said in a line each (see start_watch):

  in ip4 10.0.1.2>10.0.0.1 len=88 ttl=62 ds=ba df id=0 | gre+csum | ip4 ... | tcp 4242>80 S

An address decides the family; lengths and checksums are right unless said otherwise."""
import os
import socket
import struct
import sys

ICMP, IPIP, TCP, UDP, SIT, FRAGMENT, GRE, ICMPV6 = 1, 4, 6, 17, 41, 44, 47, 58
DF, MF = 0x4000, 0x2000
FLAGS = "FSRPA"
SO_RCVBUFFORCE = 33 # which the module socket does not name

place = {"directory": ".", "n": 0}


def into(directory):
    """Where put() puts packets, in the order in which they are to be sent."""
    place.update(directory=directory, n=0)


def put(packet):
    place["n"] += 1
    with open(os.path.join(place["directory"], "%06d" % place["n"]), "wb") as file:
        file.write(packet)


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def address(text):
    return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)


def ip(src, dst, protocol, payload, ttl=64, ds=0, ident=0, frag=DF):
    """frag: flags and offset of IPv4's header."""
    if ":" in src:
        head = struct.pack("!IHBB", 6 << 28 | ds << 20, len(payload), protocol, ttl)
        return head + address(src) + address(dst) + payload
    head = struct.pack("!BBHHHBBH", 0x45, ds, 20 + len(payload), ident, frag, ttl, protocol, 0)
    return fix4(head + address(src) + address(dst)) + payload


def fix4(packet):
    """The same with the IPv4 header's checksum right, if it has one."""
    head = packet[: (packet[0] & 15) * 4]
    head = head[:10] + b"\0\0" + head[12:]
    return head[:10] + struct.pack("!H", checksum(head)) + packet[10:][2:]


def with_sum(src, dst, protocol, data, at):
    """Layer 4's checksum, in data[at:at + 2], with the pseudo header."""
    pseudo = address(src) + address(dst) + struct.pack("!II", len(data), protocol)
    return data[:at] + struct.pack("!H", checksum(pseudo + data) or 0xFFFF) + data[at + 2 :]


def udp(src, dst, sport, dport, payload=b"", **options):
    data = struct.pack("!HHHH", sport, dport, 8 + len(payload), 0) + payload
    return ip(src, dst, UDP, with_sum(src, dst, UDP, data, 6), **options)


def tcp(src, dst, sport, dport, flags="S", payload=b"", seq=1, ack=0, **options):
    bits = sum(1 << (FLAGS.index(flag)) for flag in flags)
    data = struct.pack("!HHIIBBHHH", sport, dport, seq, ack, 5 << 4, bits, 65535, 0, 0) + payload
    return ip(src, dst, TCP, with_sum(src, dst, TCP, data, 16), **options)


def error(src, dst, kind, code, quote, mtu=0, **options):
    """An ICMP error; mtu is IPv4's last half of the word, or IPv6's whole."""
    data = struct.pack("!BBHI", kind, code, 0, mtu) + quote
    if ":" in src:
        return ip(src, dst, ICMPV6, with_sum(src, dst, ICMPV6, data, 2), **options)
    return ip(src, dst, ICMP, data[:2] + struct.pack("!H", checksum(data)) + data[4:], **options)


def echo(src, dst, number):
    return error(src, dst, 128 if ":" in src else 8, 0, b"echo", number)


def fragments(packet, size, ident):
    """The packet cut into pieces of size (a multiple of 8) bytes of payload."""
    v6 = packet[0] >> 4 == 6
    head, data = (packet[:40], packet[40:]) if v6 else (packet[:20], packet[20:])
    pieces = []
    for at in range(0, len(data), size):
        piece, more = data[at : at + size], at + size < len(data)
        if v6:
            extra = struct.pack("!BBHI", head[6], 0, at | more, ident)
            fixed = struct.pack("!HB", len(piece) + 8, FRAGMENT)
            pieces.append(head[:4] + fixed + head[7:] + extra + piece)
        else:
            fixed = struct.pack("!HHH", 20 + len(piece), ident, more * MF | at // 8)
            pieces.append(fix4(head[:2] + fixed + head[8:]) + piece)
    return pieces


def tunnelled(src, dst, packet, gre=False, frag=DF):
    """As a balancer sends it; for what quotes such."""
    protocol = IPIP if packet[0] >> 4 == 4 else SIT
    if gre:
        packet = struct.pack("!HH", 0, 0x800 if protocol == IPIP else 0x86DD) + packet
        protocol = GRE
    return ip(src, dst, protocol, packet, frag=frag)


def say_ip4(data, words):
    length, ident, frag, ttl, protocol = struct.unpack("!HHHBB", data[2:10])
    words.append("ip4 %s>%s" % tuple(socket.inet_ntoa(data[i : i + 4]) for i in (12, 16)))
    words[-1] += " len=%d ttl=%d ds=%02x" % (length, ttl, data[1])
    words[-1] += " df" * bool(frag & DF) + " mf" * bool(frag & MF) + " id=%d" % ident
    words[-1] += " off=%d" % ((frag & 0x1FFF) * 8) * bool(frag & 0x1FFF)
    head = (data[0] & 15) * 4
    words[-1] += " badsum" * bool(length and checksum(data[:head]))
    return protocol if not frag & 0x1FFF else None, data[head:]


def say_ip6(data, words):
    first, length, protocol, ttl = struct.unpack("!IHBB", data[:8])
    pair = tuple(socket.inet_ntop(socket.AF_INET6, data[i : i + 16]) for i in (8, 24))
    words.append("ip6 %s>%s" % pair)
    words[-1] += " len=%d ttl=%d ds=%02x label=%05x" % (
        length + 40, ttl, first >> 20 & 255, first & 0xFFFFF)
    data = data[40:]
    if protocol == FRAGMENT:
        frag, ident = struct.unpack("!HI", data[2:8])
        words[-1] += " frag" + " mf" * (frag & 1) + " id=%d off=%d" % (ident, frag & 0xFFF8)
        protocol = None if frag & 0xFFF8 else data[0]
        data = data[8:]
    return protocol, data


def say(data):
    """In a line; "cut" where the bytes end."""
    words = []
    try:
        protocol = IPIP if data[0] >> 4 == 4 else SIT
        while protocol is not None:
            if protocol == IPIP:
                protocol, data = say_ip4(data, words)
            elif protocol == SIT:
                protocol, data = say_ip6(data, words)
            elif protocol == GRE:
                flags, kind = struct.unpack("!HH", data[:4])
                words.append("gre+csum" if flags & 0x8000 else "gre")
                data = data[8 if flags & 0x8000 else 4 :]
                protocol = {0x800: IPIP, 0x86DD: SIT}.get(kind)
            elif protocol in (ICMP, ICMPV6):
                kind, code, _, mtu = struct.unpack("!BBHI", data[:8])
                words.append("icmp %d.%d mtu=%d" % (kind, code, mtu))
                data = data[8:]
                is_error = kind < 128 if protocol == ICMPV6 else kind in (3, 4, 5, 11, 12)
                protocol = None if not is_error else IPIP if data[0] >> 4 == 4 else SIT
            elif protocol in (TCP, UDP):
                word = "%s %d>%d" % (("udp", "tcp")[protocol == TCP], *struct.unpack("!HH", data[:4]))
                words.append(word)
                if protocol == TCP and len(data) > 13:
                    words[-1] += " " + "".join(f for i, f in enumerate(FLAGS) if data[13] >> i & 1)
                protocol = None
            else:
                words.append("protocol %d" % protocol)
                protocol = None
    except (struct.error, IndexError, ValueError, OSError):
        words.append("cut")
    return " | ".join(words)


def watch(device, file):
    """Append a line for each IP packet, until killed."""
    reader = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
    reader.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 16 << 20)
    reader.bind((device, 3))
    with open(file, "a", buffering=1) as out:
        while True:
            data, (_, protocol, kind, *_) = reader.recvfrom(400)
            if protocol in (0x800, 0x86DD):
                print("out" if kind == 4 else "in", say(data), file=out)


if __name__ == "__main__":
    watch(sys.argv[1], sys.argv[2])

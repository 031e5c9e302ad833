# SPDX-License-Identifier: GPL-2.0-only
"""Who sent a TCP reset: the router sees each, and the link by which it came. For whoever has to explain a broken flow."""

import collections
import ctypes
import socket
import struct
import threading
import time

import netns

KEPT = 2000
ETH_P_ALL, SO_ATTACH_FILTER, PACKET_OUTGOING = 3, 26, 4
# Of IP, at offset 0: TCP without IP options, with RST. (code, if true, if not, value) as in linux/filter.h.
FILTER = (
    (0x30, 0, 0, 0), (0x54, 0, 0, 0xf0),
    (0x15, 0, 4, 0x40), (0x30, 0, 0, 9), (0x15, 0, 8, 6), (0x30, 0, 0, 33), (0x45, 5, 6, 4),
    (0x15, 0, 5, 0x60), (0x30, 0, 0, 6), (0x15, 0, 3, 6), (0x30, 0, 0, 53), (0x45, 0, 1, 4),
    (0x06, 0, 0, 0xffff), (0x06, 0, 0, 0),
)


def attach(sock):
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in FILTER))
    sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HL", len(FILTER), ctypes.addressof(program)))


def read(packet):
    """Its addresses and ports."""
    if packet[0] >> 4 == 4:
        ends, at, family = (packet[12:16], packet[16:20]), 20, socket.AF_INET
    else:
        ends, at, family = (packet[8:24], packet[24:40]), 40, socket.AF_INET6
    ports = struct.unpack_from("!HH", packet, at)
    return [(socket.inet_ntop(family, end), port) for end, port in zip(ends, ports)]


class Resets(threading.Thread):
    def __init__(self):
        super().__init__(daemon=True)
        self.seen = collections.deque(maxlen=KEPT)
        with netns.inside("router"):
            self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
        attach(self.sock)
        self.sock.settimeout(1)
        self.ended = False

    def run(self):
        while not self.ended:
            try:
                packet, address = self.sock.recvfrom(2048)
            except TimeoutError:
                continue
            source, target = read(packet)
            way = "to" if address[2] == PACKET_OUTGOING else "from"
            self.seen.append((time.monotonic(), f"{way} {address[0]}", source, target))
        self.sock.close()

    def stop(self):
        self.ended = True
        self.join()

    def about(self, client, vip):
        """Those between a client's (address, port; 0: any) and a VIP's: when, by which link, and whose."""
        return [f"{time.monotonic() - at:.1f} s ago a reset {link}, {source} to {target}"
                for at, link, source, target in list(self.seen)
                if (client in (source, target) if client[1] else vip in (source, target))]

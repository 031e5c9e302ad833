#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Packets that fuzzing has found worth keeping, as frames: cut at every length, and with each of their first bytes
changed. Whatever they are, each is forwarded, answered, dropped for a reason or given to the kernel, once. With
MAGLEV_DPDK=build/maglev-dpdk-asan nothing is read that is not there."""
import os
import random

from world import HERE, LINK, OUR_MAC, CLIENT_MAC, Checks, run

CORPUS = os.path.join(HERE, "../fuzz/corpus/packet")
CONFIG = LINK + """
service tcp 192.0.2.10 80
backend 10.0.0.2 gre 10.0.0.1
service udp 192.0.2.10 53
backend 2001:db8:2::2 gre-csum 2001:db8:2::1
service tcp 2001:db8:1::10 80 fragments
backend 10.0.0.2 ipip 10.0.0.1
service udp 2001:db8:1::10 53 source
backend 2001:db8:2::2 ipip 2001:db8:2::1
"""
SERVICES = {4: bytes([192, 0, 2, 10]), 6: bytes.fromhex("20010db8000100000000000000000010")}
checks = Checks()
frames = []
chance = random.Random(int(os.environ.get("MAGLEV_TEST_SEED", "20160316")))


def add(packet, kind):
    frames.append((OUR_MAC + CLIENT_MAC + kind + packet)[:2000])


def to_service(packet):
    """The same to one of ours."""
    version = packet[0] >> 4 if packet else 0
    at, size = {4: (16, 4), 6: (24, 16)}.get(version, (0, 0))
    return packet[:at] + SERVICES[version] + packet[at + size :] if size and len(packet) >= at + size else packet


for name in sorted(os.listdir(CORPUS)):
    with open(os.path.join(CORPUS, name), "rb") as file:
        original = file.read()
    for packet in (original, to_service(original)):
        for kind in (b"\x08\0", b"\x86\xdd", b"\x81\0\0\7\x08\0", b"\x81\0\0\7\x86\xdd"):
            for length in range(0, len(packet) + 1, 1 + len(packet) // 40):
                add(packet[:length], kind)
            for _ in range(40):
                at = chance.randrange(max(1, min(len(packet), 80)))
                add(packet[:at] + bytes([chance.randrange(256)]) + packet[at + 1 :], kind)
for length in range(1, 64):
    frames.append(bytes(length))
for cores in ("0@0-1,1@0-1", "0@0-1,1@0-1,2@0-1"):
    sent, counters = run(CONFIG, frames, lcores=cores)
    checks.expect("%d frames, each done with once" % len(frames), True, counters["forwarded"] <= len(sent) <= len(frames))
    print("# %s" % counters)
checks.done()

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""tap_probe.py DEVICE VIP PORT MAC [TAG]: connect to the VIP once; exit status 0 if the SYN comes back in GRE to that
link address, with that tag or none, and with a checksum that adds up."""
import os
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "net"))
from packets import checksum  # noqa: E402 pylint: disable=wrong-import-position

device, vip, port, mac = sys.argv[1:5]
tag = struct.pack("!HH", 0x8100, int(sys.argv[5])) if len(sys.argv) > 5 else b""
watch = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
watch.bind((device, 0))
watch.settimeout(0.2)
# Tags are taken off and told beside the packet (PACKET_AUXDATA).
watch.setsockopt(263, 8, 1)
client = socket.socket()
client.setblocking(False)
client.connect_ex((vip, int(port)))
sport = client.getsockname()[1]
want = bytes.fromhex(mac.replace(":", ""))
end = time.monotonic() + 1
while time.monotonic() < end:
    try:
        data, extra, _, sender = watch.recvmsg(2048, 256)
    except TimeoutError:
        continue
    for level, kind, value in extra:
        if level == 263 and kind == 8 and len(value) >= 20:
            status, _, _, _, _, tci, tpid = struct.unpack("=IIIHHHH", value[:20])
            if status & 0x10 and tci:
                data = data[:12] + struct.pack("!HH", tpid or 0x8100, tci) + data[12:]
    link = 14 + len(tag)
    gre = data[link + 20 :]
    if checksum(data[link : link + 20]):
        continue
    if data[:6] == want and data[12:link] == tag + b"\x08\0" and data[link + 9 : link + 10] == b"\x2f" and \
            gre[24:26] == struct.pack("!H", sport):
        sys.exit(0)
sys.exit(1)

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""A flood of one 5-tuple in a queue that one of two workers has: its packets are handed to the other, all to the same
backend, and no packet of any flow is lost."""
import struct

from world import LINK, Checks, ether, run
from packets import tcp

CLIENT, VIP = "198.51.100.7", "192.0.2.10"
CONFIG = LINK + "\nservice tcp %s 80\n" % VIP + "".join("backend 10.0.0.%d gre 10.0.0.1\n" % i for i in range(2, 12))
FLOOD, OTHERS = 40000, 400
checks = Checks()

frames = []
flood = ether(tcp(CLIENT, VIP, 4242, 80, "A", b"f" * 10))
for i in range(FLOOD):
    frames.append(flood)
    if i % (FLOOD // OTHERS) == 0:
        frames.append(ether(tcp(CLIENT, VIP, 10000 + i // (FLOOD // OTHERS), 80, "A")))
sent, counters = run(CONFIG, frames, lcores="0@0-1,1@0-1,2@0-1")
ports, backends = {}, {}
for frame in sent:
    sport = struct.unpack("!H", frame[58:60])[0]
    ports[sport] = ports.get(sport, 0) + 1
    backends.setdefault(sport, set()).add(frame[30:34])
checks.expect("every packet is forwarded", len(frames), counters["forwarded"])
checks.expect("some were handed to the other worker", True, counters["handed"] > 0)
checks.expect("of other flows all arrive", [1] * OTHERS, [ports.get(10000 + i) for i in range(OTHERS)])
checks.expect("every flow has one backend", {1}, {len(places) for places in backends.values()})
print("# %s" % counters)
checks.done()

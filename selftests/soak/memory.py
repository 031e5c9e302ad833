# SPDX-License-Identifier: GPL-2.0-only
"""What the kernel holds, between rounds of which each has loaded the module, made all and removed all again.

Page caches, slabs that are half empty and namespaces that are yet to be freed make any single figure vague: so it is asked
until it is within the bound, and only what stays above it is a leak. kmemleak, on a kernel that has it, knows better.
"""

import os
import time

GROWTH = {"net_namespace": 0, "ip_dst_cache": 64, "ip6_dst_cache": 64, "rt6_info": 64, "fib6_node": 64}  # objects
GROWTH_KIB = {"SUnreclaim": 12288, "Percpu": 2048, "VmallocUsed": 4096}
STEADY = 12  # half seconds
KMEMLEAK = "/sys/kernel/debug/kmemleak"


def read():
    held = {}
    with open("/proc/slabinfo", encoding="ascii") as file:
        for line in file:
            name, active, *_ = line.split()
            if name in GROWTH:
                held[name] = int(active)
    with open("/proc/meminfo", encoding="ascii") as file:
        for line in file:
            name, value, *_ = line.replace(":", " ").split()
            if name in GROWTH_KIB:
                held[name] = int(value)
    return held


def settle():
    """RCU's callbacks, work that waits, and caches."""
    with open("/proc/sys/vm/drop_caches", "w", encoding="ascii") as file:
        file.write("3")
    for directory in os.listdir("/sys/kernel/slab") if os.path.isdir("/sys/kernel/slab") else []:
        if directory in GROWTH or directory.startswith("kmalloc"):
            with open(f"/sys/kernel/slab/{directory}/shrink", "w", encoding="ascii") as file:
                file.write("1")


def excess(base, held):
    bounds = {**GROWTH, **GROWTH_KIB}
    return [f"{name}: {base[name]} before, {held[name]} now, {bounds[name]} more allowed" for name in held
            if name in base and held[name] > base[name] + bounds[name]]


def leaks(base, seconds):
    end = time.monotonic() + seconds
    while True:
        settle()
        over = excess(base, read())
        if not over or time.monotonic() > end:
            return over + lost()
        time.sleep(0.5)


def rest():
    """What is held when it has not fallen for some seconds."""
    settle()
    least, steady = read(), 0
    while steady < STEADY:
        time.sleep(0.5)
        settle()
        held = read()
        falls = held.get("net_namespace", 0) < least.get("net_namespace", 0) or held["SUnreclaim"] < least["SUnreclaim"] - 256
        steady = 0 if falls else steady + 1
        least = held if falls else least
    return least


def lost():
    if not os.path.exists(KMEMLEAK):
        return []
    time.sleep(5)  # younger ones it does not report
    for _ in range(2):
        with open(KMEMLEAK, "w", encoding="ascii") as file:
            file.write("scan")
    with open(KMEMLEAK, encoding="ascii") as file:
        return [line for line in file.read().split("\n") if line]

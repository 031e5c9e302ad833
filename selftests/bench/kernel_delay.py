# SPDX-License-Identifier: GPL-2.0-only
"""How long packets are under way in the guest, from the tracepoint where one is received to that where it is given to a
device. Both are in the kernel as it is; what is recorded is read as it lies in the ring buffer (Documentation/trace/
ring-buffer-design.rst, and events/header_page and events/header_event of tracefs), as its text knows no nanoseconds.
"""

import contextlib
import os
import struct
from pathlib import Path

TRACE = Path("/sys/kernel/tracing")
RECEIVED = "netif_receive_skb"
SENT = "net_dev_start_xmit"
BUFFER_KB = 32768
PAGE = 4096
COMMIT_MASK = 0xFFFFF  # above it is what was lost
PADDING, TIME_EXTEND, TIME_STAMP = 29, 30, 31
DELTA_BITS = 27


def write(name, text):
    (TRACE / name).write_text(text, encoding="ascii")


@contextlib.contextmanager
def recording():
    """Within "with" both tracepoints are recorded."""
    write("buffer_size_kb", str(BUFFER_KB))
    write("trace_clock", "mono")  # what else there is ticks with the timer
    write("trace", "")
    for event in RECEIVED, SENT:
        write(f"events/net/{event}/enable", "1")
    try:
        yield
    finally:
        for event in RECEIVED, SENT:
            write(f"events/net/{event}/enable", "0")


def read_page(page):
    """Yields when something was recorded, ns, and which event it is."""
    now, commit = struct.unpack_from("<QQ", page)
    at, end = 16, 16 + (commit & COMMIT_MASK)
    while at < end:
        header, = struct.unpack_from("<I", page, at)
        kind, delta = header & 0x1F, header >> 5
        at += 4
        if kind == PADDING and not delta:
            return
        word, = struct.unpack_from("<I", page, at)
        if kind == TIME_STAMP:
            raise ValueError("an absolute time in the ring buffer")
        if kind == TIME_EXTEND:
            now += delta + (word << DELTA_BITS)
            at += 4
            continue
        now += delta
        if kind == PADDING:
            at += word
            continue
        start = at if kind else at + 4
        yield now, struct.unpack_from("<H", page, start)[0]
        at += 4 * kind if kind else (word + 3) // 4 * 4


def read_events():
    with (TRACE / "per_cpu/cpu0/trace_pipe_raw").open("rb", buffering=0) as pipe:
        os.set_blocking(pipe.fileno(), False)
        while page := pipe.read(PAGE):
            yield from read_page(page)


def read_id(event):
    """As its records begin with it; a file for it alone is only there with perf."""
    text = (TRACE / f"events/net/{event}/format").read_text(encoding="ascii")
    return int(text.split("ID: ")[1].split()[0])


def read_delays():
    """ns of each packet, in order; one is sent before the next is received."""
    received, sent = read_id(RECEIVED), read_id(SENT)
    delays, start = [], None
    for now, event in read_events():
        if event == received:
            start = now
        elif event == sent and start is not None:
            delays.append(now - start)
            start = None
    return sorted(delays)

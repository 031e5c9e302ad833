#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""load.py ADDRESS PORT RATE SECONDS BEGUN: so many connections a second, each a request, whatever becomes of those before.

The file BEGUN is made as the first is.

A line for each, in the order of their beginnings: seconds since boot, milliseconds until it was answered, by whom; "-" is
nobody.
"""

import random
import selectors
import socket
import sys
import time

PATIENCE_S = 120


class Load:
    def __init__(self, address, port, rate, seconds):
        self.to = (address, port)
        self.rate = rate
        self.selector = selectors.DefaultSelector()
        self.rows = []
        self.open = 0
        self.end = time.monotonic() + seconds

    def begin(self, now):
        sock = socket.socket()
        sock.setblocking(False)
        row = [now, None, "-"]
        self.rows.append(row)
        self.open += 1
        sock.connect_ex(self.to)
        self.selector.register(sock, selectors.EVENT_WRITE, row)

    def finish(self, sock):
        self.selector.unregister(sock)
        sock.close()
        self.open -= 1

    def go_on(self, sock, row, events):
        try:
            if events & selectors.EVENT_WRITE:
                sock.send(b"GET / HTTP/1.0\r\n\r\n")
                self.selector.modify(sock, selectors.EVENT_READ, row)
                return
            said = sock.recv(4096)
        except OSError:
            said = b""
        if said:
            row[1:] = time.monotonic() - row[0], said.split()[-1].decode()
        self.finish(sock)

    def run(self):
        due = time.monotonic()
        last = self.end + PATIENCE_S
        while (now := time.monotonic()) < last and (due < self.end or self.open):
            if due < self.end and due <= now:
                self.begin(now)
                due += random.expovariate(self.rate)
                continue
            left = due - now if due < self.end else 1
            for key, events in self.selector.select(left):
                self.go_on(key.fileobj, key.data, events)

    def report(self):
        for began, took, who in self.rows:
            print(f"{began:.3f} {-1 if took is None else took * 1000:.0f} {who}")


if __name__ == "__main__":
    load = Load(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4]))
    open(sys.argv[5], "w").close()
    load.run()
    load.report()

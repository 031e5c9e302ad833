#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""maglevd with dataplane: dpdk, over the socket of maglev-dpdk's control half built with ASan.

What its file says is there in one generation, health follows its checks, and a maglev-dpdk that
was restarted is told all of it again. MAGLEVD names the daemon (default build/maglevd).
TAP on stdout; exit 0 passed, 1 failed, 4 skipped. Arguments choose tests by name.
"""

import os
import socket
import subprocess
import sys
import time

sys.dont_write_bytecode = True
from cli import ROOT, run_tests, same
from dpdk_socket_test import SERVICE, Server, build, wait_until

MAGLEVD = os.environ.get("MAGLEVD", str(ROOT / "build/maglevd"))
CONFIG = """
dataplane: dpdk
dpdk_socket: {socket}
cluster: {{key_file: {key}, table_size: 251}}
checks:
  web: {{type: tcp, port: {port}, interval: 200ms, timeout: 150ms, rise: 1, fall: 2}}
pools:
  a: [127.0.0.1, {{address: 127.0.0.2, weight: 3}}]
services:
  - {{name: web, vip: 192.0.2.10, port: 80, tunnel: gre, pool: a, checks: [web]}}
"""


class Daemon:
    """maglevd with its checks' backends: one address of this host each."""

    def __init__(self, server):
        self.server = server
        self.listeners = {}
        self.port = 0
        for address in ("127.0.0.1", "127.0.0.2"):
            self.listen(address)
        server.key.chmod(0o600)
        self.config = f"{server.directory.name}/maglevd.yaml"
        with open(self.config, "w", encoding="ascii") as file:
            file.write(CONFIG.format(socket=server.path, key=server.key, port=self.port))
        self.log = open(f"{server.directory.name}/log", "w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [MAGLEVD, "-c", self.config, "-r", f"{server.directory.name}/maglevd"],
            stdout=self.log, stderr=self.log)

    def listen(self, address):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, self.port))
        listener.listen(4096)  # nobody takes them: connected is enough
        self.port = listener.getsockname()[1]
        self.listeners[address] = listener

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.process.terminate()
        self.process.wait(60)
        if kind:
            self.log.seek(0)
            print("# " + self.log.read().replace("\n", "\n# "))
        self.log.close()
        for listener in self.listeners.values():
            listener.close()


def states(server):
    listed = server.run("backend", "show")
    rows = [line.split() for line in listed.stdout.splitlines()[1:]]
    return [row[3] for row in rows]


def is_whole(server):
    return states(server) == ["up", "up"] and not server.service()["displaced-slots"]


def a_file_is_one_generation_and_health_follows():
    with Server() as server, Daemon(server) as daemon:
        wait_until(lambda: states(server) == ["up", "up"], "both are up")
        same([backend["weight"] for backend in server.backends()], [1, 3])
        same([backend["nominal-weight"] for backend in server.backends()], [0, 0])
        same([backend["tunnel"] for backend in server.backends()], ["gre", "gre"])
        daemon.listeners["127.0.0.2"].close()
        wait_until(lambda: states(server) == ["up", "down"], "the second is down")
        same(server.backends()[1]["base-slots"], 188)


def a_restarted_plane_is_told_again():
    with Server() as server, Daemon(server):
        wait_until(lambda: is_whole(server), "both are up, in tables too")
        digest = server.digest()
        server.stop()
        server.start()
        began = time.monotonic()
        wait_until(lambda: server.run("service", "show", *SERVICE).returncode == 0, "it is told again")
        same(server.service()["base-digest"], digest)
        wait_until(lambda: is_whole(server), "both are up again")
        print(f"# whole after {(time.monotonic() - began) * 1000:.0f} ms")
        same(server.digest(), digest)


TESTS = [a_file_is_one_generation_and_health_follows, a_restarted_plane_is_told_again]

if __name__ == "__main__":
    if not os.access(MAGLEVD, os.X_OK):
        print(f"1..0 # SKIP {MAGLEVD} is missing: make userspace")
        sys.exit(4)
    WRONG = build()
    if WRONG:
        print(f"1..0 # no server: {WRONG}")
        sys.exit(1)
    sys.exit(run_tests(TESTS))

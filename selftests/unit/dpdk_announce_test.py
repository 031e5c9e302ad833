#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""maglevd announces what maglev-dpdk's control half serves: routes in the kernel's table, of a network namespace of its own.
As root. TAP on stdout; exit 0 passed, 1 failed, 4 skipped. Arguments choose tests by name.
"""

import json
import os
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
import dpdk_maglevd_test
from cli import run, run_tests, same
from dpdk_maglevd_test import MAGLEVD, Daemon, states
from dpdk_socket_test import SERVICE, Server, build, wait_until

VIP = "192.0.2.10"
dpdk_maglevd_test.CONFIG += "announce: {{settle: 100ms}}\n"


def routes():
    said = subprocess.run(["ip", "route", "show", "table", "119"], capture_output=True, text=True, check=False).stdout
    return [line.split()[0] for line in said.splitlines()]


def adm(server, *words):
    return run(*words, "--run-directory", f"{server.directory.name}/maglevd")


def a_vip_that_is_well_has_a_route():
    with Server() as server:
        with Daemon(server):
            wait_until(lambda: routes() == [VIP], "it is announced")
            same(states(server), ["up", "up"])
            subprocess.run(["ip", "route", "del", VIP, "table", "119"], check=True)
            wait_until(lambda: routes() == [VIP], "what somebody else deleted is back")
            for address in ("127.0.0.1:80", "127.0.0.2:80"):
                server.do("backend", "down", *SERVICE, address)
            wait_until(lambda: not routes(), "without a backend it is withdrawn")
            assert VIP in adm(server, "balancer", "show").stdout
            server.do("backend", "up", *SERVICE, "127.0.0.2:80")
            wait_until(lambda: routes() == [VIP], "one is back, and so is it")
        same(routes(), [], "routes after the daemon's end")


def an_operator_withdraws_all():
    with Server() as server, Daemon(server):
        wait_until(lambda: routes() == [VIP], "it is announced")
        same(adm(server, "balancer", "drain").returncode, 0)
        wait_until(lambda: not routes(), "it is withdrawn")
        shown = json.loads(adm(server, "-j", "balancer", "show").stdout)
        assert "drained by operator" in json.dumps(shown), shown
        same(adm(server, "balancer", "up").returncode, 0)
        wait_until(lambda: routes() == [VIP], "it is announced anew")


TESTS = [a_vip_that_is_well_has_a_route, an_operator_withdraws_all]

if __name__ == "__main__":
    if os.getuid() or not shutil.which("ip"):
        print("1..0 # SKIP needs root and iproute2")
        sys.exit(4)
    if not os.access(MAGLEVD, os.X_OK):
        print(f"1..0 # SKIP {MAGLEVD} is missing: make userspace")
        sys.exit(4)
    if os.environ.get("MAGLEV_NAMESPACE") != "own":
        os.environ["MAGLEV_NAMESPACE"] = "own"
        os.execvp("unshare", ["unshare", "-n", sys.executable, *sys.argv])
    WRONG = build()
    if WRONG:
        print(f"1..0 # no server: {WRONG}")
        sys.exit(1)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    sys.exit(run_tests(TESTS))

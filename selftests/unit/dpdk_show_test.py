#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What maglevadm asks of maglev-dpdk's control half about one thing, and what it is told of things that are not there.
TAP on stdout; exit 0 passed, 1 failed. Arguments choose tests by name.
"""

import sys

sys.dont_write_bytecode = True
from cli import GOLDEN, SMALL, TCP, answer, run_tests, same
from dpdk_socket_test import BASE, SERVICE, Server, build

ABSENT = ["tcp", "192.0.2.11:80"]
NO_SERVICE = "there is no"


def one_is_shown_in_full():
    with Server() as server:
        server.make_golden()
        said = server.do("service", "show", *SERVICE)
        assert BASE in said and "251" in said, said
        said = server.do("backend", "show", *SERVICE, "[2001:db8::4]:80")
        assert "2001:db8::4" in said and "50" in said, said
        same(server.ask("backend", "show", *SERVICE, "10.0.0.3:80")[0]["backend"]["base-slots"], 101)


def its_table_is_the_one_built_offline():
    with Server() as server:
        server.make_golden()
        offline, table = answer("build", *SMALL, *GOLDEN), server.ask("table", "show", *SERVICE)
        for key in ("base", "live"):
            same(table["service"][f"{key}-digest"], offline[f"{key}_digest"], key)
            same([one[f"{key}-slots"] for one in table["backend"]], [one[f"{key}_slots"] for one in offline["backends"]], key)
        looked_up, decision = answer("lookup", *SMALL, *TCP, *GOLDEN)[0], server.ask("explain", *TCP)["decision"]
        same((decision["slot"], decision["live-answer"]["name"]), (looked_up["slot"], looked_up["backend"]))


def what_is_not_there_is_named():
    with Server() as server:
        server.make_golden()
        for words in (["service", "show", *ABSENT], ["backend", "show", *ABSENT, "10.0.0.1:80"], ["table", "show", *ABSENT],
                      ["flow", "show", *ABSENT], ["flow", "find", *TCP[:2], "192.0.2.11:80"]):
            server.refuses(words, NO_SERVICE)
        server.refuses(["backend", "show", *SERVICE, "10.0.0.9:80"], "10.0.0.9:80")
        server.refuses(["flow", "find", *TCP], "not tracked")


TESTS = [one_is_shown_in_full, its_table_is_the_one_built_offline, what_is_not_there_is_named]

if __name__ == "__main__":
    WRONG = build()
    if WRONG:
        print(f"1..0 # no server: {WRONG}")
        sys.exit(1)
    sys.exit(run_tests(TESTS))

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""maglevadm backend drain --wait: how it waits, what it shows meanwhile, and how it ends.

The plane is played (maglevadm_plane.py): each time it is asked for the backend it has less flows.
TAP on stdout; exit 0 passed, 1 failed, 4 skipped. Arguments choose tests by name.
"""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
from cli import run_tests, same

try:
    import maglevadm_plane
    from maglevadm_plane import Plane, Refusal
except ImportError as missing:
    print(f"1..0 # SKIP {missing.name} is missing: install python3-{missing.name}")
    sys.exit(4)
from maglevadm_world import BACKENDS, KEY, SERVICE, SERVICE_MARK

DRAIN = ["backend", "drain", "tcp", "192.0.2.10:80", "10.0.0.3:80"]
NAMED = {"service": {"key": KEY}, "backend": {"addr": "10.0.0.3", "port": 80}}
ENOENT = Refusal(2, "no such backend", "backend")
TIMEOUT_S = 60
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def told(flows, admin="drain", deadline_ms=0, drained=0):
    """What the plane says of the backend, once."""
    return [{**NAMED, "backend": {**BACKENDS[2], "flows": flows, "admin-state": admin, "state": admin,
                                  "deadline-ms": deadline_ms, "drained": drained}}]


def plane_of(*answers, **more):
    return Plane({"backend-get": list(answers), **more})


def ended(plane, *words, options=(), status=0, stdout="", stderr=""):
    done = plane.run(*options, *DRAIN, *words, "--wait")
    same(done.returncode, status, done.stdout + done.stderr)
    for what, got, wanted in (("stdout", done.stdout, stdout), ("stderr", done.stderr, stderr)):
        assert re.fullmatch(wanted, got), f"{what} is {got!r}, wanted {wanted!r}"


@test
def waits_until_no_flow_is_left():
    with plane_of(told(812), told(0), told(0, drained=1)) as plane:
        ended(plane, stdout="flows left: 812\ndone: no flow left\n")
    change = {"addr": "10.0.0.3", "port": 80, "admin-state": "drain", "deadline-ms": 0}
    same(plane.asked, [("backend-set", {**NAMED, "backend": change})] + 3 * [("backend-get", NAMED)])


@test
def what_has_drained_before_is_done_at_once():
    with plane_of(told(0, drained=1)) as plane:
        ended(plane, stdout="done: no flow left\n")
    same(len(plane.asked), 2)


@test
def says_how_much_time_is_left():
    with plane_of(told(812, deadline_ms=552000), told(0, drained=1)) as plane:
        ended(plane, "--deadline", "10m",
              stdout="flows left: 812, 9 m 12 s until it is down\ndone: no flow left\n")
    same(plane.asked[0][1]["backend"]["deadline-ms"], 600000)


@test
def lines_are_few_where_they_stay():
    with plane_of(*(told(n) for n in (5, 4, 3, 2, 1)), told(0, drained=1)) as plane:
        ended(plane, stdout="flows left: 5\ndone: no flow left\n")


@test
def the_deadline_has_a_status_of_its_own_and_says_how_many_were_broken_off():
    with plane_of(told(9, deadline_ms=400), told(3, "down"), **{"service-get": [{"service": SERVICE}]}) as plane:
        ended(plane, "--deadline", "1s", status=3, stdout="flows left: 9, 400 ms until it is down\n",
              stderr="maglevadm: forced: 10.0.0.3:80 is down, as its deadline has passed: "
                     "9 flows broken off, as last counted\n")


@test
def a_deadline_before_the_first_look_is_one_too():
    with plane_of(told(7, "down"), **{"service-get": [{"service": SERVICE}]}) as plane:
        ended(plane, "--deadline", "1ms", status=3, stderr=".*: 7 flows broken off, as last counted\n")


@test
def the_last_flow_before_the_deadline_is_not_the_deadline():
    with plane_of(told(1, deadline_ms=400), told(0, "down", drained=1)) as plane:
        ended(plane, "--deadline", "1s", stdout="flows left: 1, .*\ndone: no flow left\n")


@test
def of_a_service_left_to_ipvs_connections_outlive_the_deadline():
    with plane_of(told(9, deadline_ms=400), told(9, "down"), **{"service-get": [{"service": SERVICE_MARK}]}) as plane:
        ended(plane, "--deadline", "1s", status=3, stdout=".*\n",
              stderr=".*: 9 flows left, of which IPVS goes on with its connections, as last counted\n")


@test
def somebody_else_may_end_it():
    for admin in ("up", "down"):
        with plane_of(told(9, deadline_ms=100000), told(2, admin)) as plane:
            ended(plane, status=4, stdout="flows left: 9, .*\n",
                  stderr=f"maglevadm: ended: somebody has set 10.0.0.3:80 {admin}: 9 flows left, as last counted\n")


@test
def a_backend_may_go():
    with plane_of(told(9), ENOENT) as plane:
        ended(plane, status=4, stdout="flows left: 9\n",
              stderr="maglevadm: ended: tcp 192.0.2.10:80 has no backend 10.0.0.3:80 any more\n")


@test
def a_refusal_is_none_of_these():
    with plane_of(told(9), **{"backend-set": ENOENT}) as plane:
        ended(plane, status=1, stderr='maglevadm: backend: "10.0.0.3:80": no such backend\n(.*\n)*')
    with plane_of(told(9), Refusal(12)) as plane:
        ended(plane, status=1, stdout="flows left: 9\n", stderr="maglevadm: backend drain: .*memory\n")


def rows_of(plane, *words, status=0):
    done = plane.run("-j", *DRAIN, *words, "--wait")
    same(done.returncode, status, done.stderr)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    for row in rows:
        assert re.fullmatch(r"\S+T\S+", row["time"]), row
        same(row["backend"]["name"], "10.0.0.3:80")
        same(row["service"]["key"]["name"], "tcp 192.0.2.10:80")
    return [(row["outcome"], row["backend"].get("flows")) for row in rows]


@test
def json_is_a_line_each_and_the_last_tells_the_outcome():
    for answer, outcome, status in ((told(0, drained=1), ("done", 0), 0), (told(1, "up"), ("up", 9), 4),
                                    (told(1, "down"), ("down", 9), 4), (ENOENT, ("gone", 9), 4)):
        with plane_of(told(9), answer) as plane:
            same(rows_of(plane, status=status), [("draining", 9), outcome])
    with plane_of(told(9, deadline_ms=400), told(1, "down"), **{"service-get": [{"service": SERVICE}]}) as plane:
        same(rows_of(plane, "--deadline", "1s", status=3), [("draining", 9), ("forced", 9)])


def start(plane, *words, interrupted_by=signal.SIG_DFL, **more):
    # What runs in a shell's background ignores SIGINT, and so would its children.
    return subprocess.Popen([maglevadm_plane.PROGRAM, *words, *DRAIN, "--deadline", "10m", "--wait"], text=True,
                            stderr=subprocess.PIPE, env={**os.environ, "MAGLEV_TEST_PLANE": plane.path},
                            preexec_fn=lambda: signal.signal(signal.SIGINT, interrupted_by), **more)


@test
def a_signal_leaves_the_drain_as_it_is_and_says_so():
    for number in (signal.SIGINT, signal.SIGTERM):
        for option in ([], ["-j"]):
            with plane_of(told(812, deadline_ms=552000)) as plane:
                waiting = start(plane, *option, stdout=subprocess.PIPE)
                first = waiting.stdout.readline()
                waiting.send_signal(number)
                rest, stderr = waiting.communicate(timeout=TIMEOUT_S)
            same(waiting.returncode, -number)
            same(stderr, "maglevadm: interrupted: 10.0.0.3:80 goes on draining: "
                         "flows left: 812, 9 m 12 s until it is down\n")
            if option:
                same([json.loads(row)["outcome"] for row in (first, rest)], ["draining", "interrupted"])
            same([command for command, _ in plane.asked].count("backend-set"), 1)


@test
def who_ignores_a_signal_goes_on():
    with plane_of(told(812), told(812), told(0, drained=1)) as plane:
        waiting = start(plane, stdout=subprocess.PIPE, interrupted_by=signal.SIG_IGN)
        waiting.stdout.readline()
        waiting.send_signal(signal.SIGINT)
        rest, stderr = waiting.communicate(timeout=TIMEOUT_S)
    same((waiting.returncode, rest, stderr), (0, "done: no flow left\n", ""))


def read_all(terminal):
    """All that was written there: it ends with an error once nobody has it open any more."""
    shown, end = b"", time.monotonic() + TIMEOUT_S
    while time.monotonic() < end:
        try:
            shown += os.read(terminal, 4096)
        except OSError:
            break
    return shown.decode()


@test
def on_a_terminal_it_is_one_line_always_anew():
    ours, theirs = pty.openpty()
    with plane_of(*(told(n, deadline_ms=n * 1000) for n in (3, 2, 2, 1)), told(0, drained=1)) as plane:
        waiting = start(plane, stdout=theirs)
        os.close(theirs)
        shown = read_all(ours)
        same((waiting.wait(TIMEOUT_S), waiting.stderr.read()), (0, ""))
    waiting.stderr.close()
    os.close(ours)
    lines = [f"flows left: {n}, {n} s until it is down" for n in (3, 2, 2, 1)]
    same(shown.split("\r\x1b[K"), ["", *lines, "done: no flow left\r\n"])


@test
def in_a_batch_what_stands_before_it_is_sent_first_and_what_stands_behind_later():
    text = f"backend share tcp 192.0.2.10:80 10.0.0.3:80 50\n{' '.join(DRAIN)} --wait\n{' '.join(DRAIN)}\n"
    with plane_of(told(9), told(0, drained=1)) as plane:
        done = plane.run("-b", "-", text=text)
    same((done.returncode, done.stdout, done.stderr), (0, "flows left: 9\ndone: no flow left\n", ""))
    same([command for command, _ in plane.asked], ["batch", "backend-set", "backend-get", "backend-get", "batch"])
    with plane_of(told(9), told(9, "up")) as plane:
        done = plane.run("-b", "-", text=text)
    same(done.returncode, 4)
    assert done.stderr.startswith("maglevadm: stdin:2: ended: somebody has set"), done.stderr
    same(plane.asked[-1][0], "backend-get", "nothing behind it was sent")


if __name__ == "__main__":
    said = maglevadm_plane.build()
    if said:
        print(f"1..1\nnot ok 1 - builds\n# {said}")
        sys.exit(1)
    sys.exit(run_tests(TESTS))

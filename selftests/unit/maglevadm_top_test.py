#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""maglevadm top against a plane that the test plays: rates, order, frames, JSON, and a terminal that is given back."""

import copy
import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

import maglevadm_plane
from cli import run_tests, same
from maglevadm_plane import PROGRAM, Plane, Refusal
from maglevadm_world import BACKEND_ROWS, SERVICES, WORLD

TESTS = []
PATIENCE = 30 * float(os.environ.get("MAGLEV_SLOW", "1"))
SERVICE = ["tcp", "192.0.2.10:80"]


def test(function):
    TESTS.append(function)
    return function


def later(rows, packets):
    """The same rows when each backend has had so many more packets for each place it has."""
    rows = copy.deepcopy(rows)
    for row in rows:
        one = row.get("backend") or row["service"]
        one["stats"] = {**one["stats"], "bytes": one["stats"]["bytes"] + 100 * packets,
                        "packets": one["stats"]["packets"] + packets * (1 + one.get("place", 0))}
    return rows


def world(**more):
    return {**WORLD, "service-get": [SERVICES, later(SERVICES, 5000)],
            "backend-get": [BACKEND_ROWS, later(BACKEND_ROWS, 1000)], **more}


def lines_of(plane, *words):
    done = plane.run("top", *words)
    same((done.returncode, done.stderr), (0, ""))
    return done.stdout.splitlines()


@test
def the_busiest_comes_first_and_frames_end_when_they_were_to():
    with Plane(world()) as plane:
        lines = lines_of(plane, "-n", "2", "-d", "100ms")
    heads = [number for number, line in enumerate(lines) if line.startswith("SERVICE")]
    same(len(heads), 2, "frames")
    first = [line.split()[0] for line in lines[heads[0] + 1:heads[1]] if line.startswith("  ")]
    same(first, ["[2001:db8::4]:80", "10.0.0.3:80", "10.0.0.2:80", "10.0.0.1:80"])
    # Nothing has happened since: then they are as they are listed.
    second = [line.split()[0] for line in lines[heads[1] + 1:] if line.startswith("  ")]
    same(second, ["10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80", "[2001:db8::4]:80"])
    assert not any("\033" in line for line in lines), "no terminal, no escapes"


@test
def rates_are_what_has_passed_in_the_time_that_has():
    with Plane(world()) as plane:
        done = plane.run("-j", "top", *SERVICE, "-n", "1", "-d", "1")
    same((done.returncode, done.stderr), (0, ""))
    frame, = map(json.loads, done.stdout.splitlines())
    assert frame["interval-ms"] >= 1000, frame
    service, = frame["services"]
    same(service["service"], " ".join(SERVICE))
    seconds = frame["interval-ms"] / 1000
    for backend, place in zip(service["backends"], (3, 2, 1, 0)):
        same(round(backend["packets"] * seconds), 1000 * (place + 1))
        same(round(backend["bits"] * seconds), 800000)
    asked = [values for command, values in plane.asked if command == "backend-get"]
    assert all(values["service"]["key"]["port"] == 80 for values in asked), asked


@test
def counters_that_begin_anew_have_no_rate():
    backends = [copy.deepcopy(row) for row in BACKEND_ROWS]
    for row in backends:
        row["backend"]["stats"] = {**row["backend"]["stats"], "packets": 0}
    with Plane(world(**{"backend-get": [BACKEND_ROWS, backends]})) as plane:
        done = plane.run("-j", "top", *SERVICE, "-n", "1", "-d", "50ms")
    frame = json.loads(done.stdout)
    for backend in frame["services"][0]["backends"]:
        assert "packets" not in backend, backend


@test
def what_ipvs_forwards_has_no_rate():
    with Plane(world()) as plane:
        frame = json.loads(plane.run("-j", "top", "-n", "1", "-d", "50ms").stdout)
    rates = {service["service"]: "packets" in service for service in frame["services"]}
    same(rates, {"tcp 192.0.2.10:80": True, "udp [2001:db8::1]:53": True, "fwmark 5": False})


@test
def reasons_are_told_while_they_count():
    before, now = copy.deepcopy(WORLD["stats-get"]), copy.deepcopy(WORLD["stats-get"])
    now[0]["reason"][-1]["count"] += 500
    with Plane(world(**{"stats-get": [before, now]})) as plane:
        lines = lines_of(plane, "-n", "1", "-d", "1")
    name = now[0]["reason"][-1]["name"]
    said, = [line for line in lines if line.startswith("not forwarded:")]
    assert re.fullmatch(rf"not forwarded: {name} \d+/s", said), said


@test
def what_is_not_there_is_refused():
    with Plane(world()) as plane:
        done = plane.run("top", "tcp", "192.0.2.99:80", "-n", "1")
        same((done.returncode, done.stdout), (1, ""))
        assert "no such service" in done.stderr, done.stderr
    with Plane(world(**{"service-get": Refusal(1, "only for some")})) as plane:
        done = plane.run("top", "-n", "1")
        same((done.returncode, done.stdout), (1, ""))
        assert "only for some" in done.stderr, done.stderr


class Terminal:
    """A maglevadm on a terminal of its own."""

    def __init__(self, plane, *words, rows=12, columns=60):
        self.master, self.slave = pty.openpty()
        self.resize(rows, columns)
        self.before = termios.tcgetattr(self.slave)
        self.text = b""
        self.process = subprocess.Popen(
            [PROGRAM, "top", *words], stdin=self.slave, stdout=self.slave, stderr=self.slave,
            env={**os.environ, "MAGLEV_TEST_PLANE": plane.path}, start_new_session=True,
            preexec_fn=self.begin)

    @staticmethod
    def begin():
        """As a login does, even where these tests run in the background of a shell, which ignores some signals."""
        for number in (signal.SIGINT, signal.SIGQUIT):
            signal.signal(number, signal.SIG_DFL)
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def resize(self, rows, columns):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, ready):
        """All that is said until it is ready."""
        end = time.monotonic() + PATIENCE
        while not ready():
            assert time.monotonic() < end, self.text[-2000:]
            if select.select([self.master], [], [], .1)[0]:
                self.text += os.read(self.master, 65536)

    def end(self):
        """Exit status, once all is back as it was."""
        self.read(lambda: self.process.poll() is not None)
        while select.select([self.master], [], [], 0)[0]:
            self.text += os.read(self.master, 65536)
        same(termios.tcgetattr(self.slave), self.before, "the terminal")
        assert self.text.count(b"\033[?1049h") == self.text.count(b"\033[?1049l"), self.text
        assert self.text.rstrip().rfind(b"\033[?1049l") > self.text.rfind(b"\033[H"), self.text
        os.close(self.master)
        os.close(self.slave)
        return self.process.returncode


@test
def a_terminal_has_frames_that_fit_and_q_ends_it():
    with Plane(world()) as plane:
        terminal = Terminal(plane, "-d", "100ms")
        terminal.read(lambda: terminal.text.count(b"\033[H") >= 3)
        frames = terminal.text.split(b"\033[H")[1:3]
        for frame in frames:
            lines = re.sub(rb"\033\[[0-9;?]*[A-Za-z]", b"", frame).decode().splitlines()
            assert len(lines) <= 12, lines
            assert all(len(line) <= 60 for line in lines), lines
        os.write(terminal.master, b"q")
        same(terminal.end(), 0)


@test
def another_size_is_seen_at_once():
    with Plane(world()) as plane:
        terminal = Terminal(plane, "-d", "3600")
        terminal.read(lambda: b"\033[H" in terminal.text)
        terminal.resize(40, 160)
        terminal.read(lambda: b"BIT/S" in terminal.text)
        os.write(terminal.master, b"q")
        same(terminal.end(), 0)


@test
def signals_give_the_terminal_back_and_are_seen_by_who_called():
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
        with Plane(world()) as plane:
            terminal = Terminal(plane, "-d", "100ms")
            terminal.read(lambda: terminal.text.count(b"\033[H") >= 2)
            terminal.process.send_signal(number)
            same(terminal.end(), -number)


@test
def what_fails_on_the_way_is_said_behind_the_screen():
    gone = Refusal(1, "only for some")
    with Plane(world(**{"stats-get": [WORLD["stats-get"], WORLD["stats-get"], gone]})) as plane:
        terminal = Terminal(plane, "-d", "100ms")
        same(terminal.end(), 1)
        assert b"only for some" in terminal.text.rpartition(b"\033[?1049l")[2], terminal.text


if __name__ == "__main__":
    said = maglevadm_plane.build()
    if said:
        print(f"1..1\nnot ok 1 - builds\n# {said}")
        sys.exit(1)
    sys.exit(run_tests(TESTS))

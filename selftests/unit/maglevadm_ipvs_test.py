#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""maglevadm's ipvsadm grammar: what is passed on to ipvsadm, a fake one, and what is refused.

Needs neither root nor IPVS. TAP on stdout; exit 0 passed, 1 failed, 4 skipped. Arguments choose
tests by name.
"""

import os
import re
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
from cli import BINARY, run_tests, same

FAKE = """#!/bin/sh
printf '%s\\n' "$0" >"$FAKE_DIR/name"
: >"$FAKE_DIR/words"
for word; do printf '%s\\0' "$word" >>"$FAKE_DIR/words"; done
case $FAKE_DO in
deaf) exec <&-; exit 7 ;;
kill) kill -TERM $$ ;;
esac
[ "$1" != -R ] && [ "$1" != --restore ] || cat >"$FAKE_DIR/input"
echo answer
echo complaint >&2
exit ${FAKE_STATUS:-0}
"""
SERVICE = ["-t", "192.0.2.10:80"]
BACKEND = ["-r", "10.0.0.1:80"]
COMMANDS = [
    ["-A", *SERVICE, "-s", "maglev"],
    ["--add-service", "--tcp-service=192.0.2.10:80", "--scheduler", "mh", "-b", "mh-port"],
    ["-E", "-f", "1", "-6", "-p", "-M", "64"],
    ["-D", "--sctp-service", "192.0.2.10:5000"],
    ["-C"],
    ["--clear"],
    ["-S", "-n"],
    ["-Sn"],
    ["-Z"],
    ["-a", *SERVICE, *BACKEND, "-i", "--tun-type", "gre", "--tun-csum", "-w", "5"],
    ["-at", "192.0.2.10:80", "-r10.0.0.1", "-mw=3"],
    ["-e", *SERVICE, *BACKEND, "-i"],
    ["--edit-server", *SERVICE, *BACKEND],
    ["-d", *SERVICE, *BACKEND],
    ["--set", "900", "120", "300"],
    ["--start-daemon", "master", "--mcast-interface", "eth0"],
    ["--start-daemon=backup"],
    ["--stop-daemon", "master"],
    # what ipvsadm does not take either: to refuse it is its business
    ["-A"],
    ["-e", "-t"],
    ["-e", *SERVICE, "-r", ""],
    ["-a", "--no-such-option", "a b", "\t", "*", "-", "--", "-n"],
    ["-e", "-e", "-L"],
]
REFUSED = [
    (["-L", "-w", "5"], "-w"),
    (["-L", "-r", "10.0.0.1"], "-r"),
    (["-Lq"], "-Lq"),
    (["--list", "--lis"], "--lis"),
    (["-L", "-t", "192.0.2.10:nothing"], "192.0.2.10:nothing"),
    (["-L", "-t", "80"], "80"),
    (["-L", "-t", "[2001:db8::1]"], "[2001:db8::1]"),
    (["-L", "-f", "0"], "0"),
    (["-L", "-6"], "-6"),
    (["-L", "-t"], "missing"),
    (["-L", "-n", "-n"], "twice"),
    (["-L", *SERVICE, "-f", "1"], "twice"),
    (["-L", *SERVICE, "--timeout"], "--timeout"),
    (["-L", "-c", "--daemon"], "--daemon"),
    (["-L", "--daemon", "--rate"], "--rate"),
    (["-L", "--timeout", "--persistent-conn"], "--persistent-conn"),
    (["-L", "-c", "--stats"], "--stats"),
    (["-L", "-A"], "-A"),
    (["-L", "word"], "word"),
    (["-L", "--stats=yes"], "yes"),
    (["-j", "-S"], "-j"),
    (["-j", "-A", *SERVICE], "-j"),
    (["-j", "-L", "-c"], "-j"),
    (["-n", "no-such-netns", "-C"], "no-such-netns"),
]
TESTS = []


def test(function):
    TESTS.append(function)
    return function


class Fake:
    """An ipvsadm that notes what it gets."""

    def __enter__(self):
        self.room = tempfile.TemporaryDirectory()
        self.dir = Path(self.room.name)
        program = self.dir / "ipvsadm"
        program.write_text(FAKE)
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        return self

    def __exit__(self, *what):
        self.room.cleanup()

    def run(self, *words, text=b"", do="", status=0, path=":/usr/bin:/bin"):
        env = {**os.environ, "PATH": f"{self.dir}{path}", "FAKE_DIR": str(self.dir),
               "FAKE_DO": do, "FAKE_STATUS": str(status)}
        return subprocess.run([BINARY, *words], input=text, capture_output=True, env=env,
                              timeout=60, check=False)

    def words(self):
        """The words it got; None if it was not run."""
        path = self.dir / "words"
        return path.read_bytes().decode().split("\0")[:-1] if path.exists() else None

    def input(self):
        return (self.dir / "input").read_bytes()


@test
def commands_reach_ipvsadm_unchanged():
    for words in COMMANDS:
        with Fake() as fake:
            done = fake.run(*words)
            same(done.returncode, 0, f"status of {words}: {done.stderr}")
            same(fake.words(), words, "words")
            same(done.stdout, b"answer\n", "stdout")
            same(done.stderr, b"complaint\n", "stderr")


@test
def exit_status_is_ipvsadms():
    for words in (["-C"], ["-e", *SERVICE, *BACKEND], ["-R"], ["-L", "-c"]):
        for status in (1, 2, 255):
            with Fake() as fake:
                same(fake.run(*words, status=status).returncode, status, words)


@test
def signal_that_ends_ipvsadm_is_told():
    with Fake() as fake:
        same(fake.run("-C", do="kill").returncode, 128 + 15)


@test
def missing_ipvsadm_is_named_with_its_package():
    for words in (["-C"], ["-R"], ["-e", *SERVICE, *BACKEND], ["-L", "-c"]):
        with Fake() as fake:
            (fake.dir / "ipvsadm").unlink()
            done = fake.run(*words, path="")
            same(done.returncode, 1, words)
            assert b"install the package ipvsadm" in done.stderr, done.stderr


@test
def restore_passes_every_byte_on():
    lines = (b"-A -t 192.0.2.10:80 -s maglev\n\n \t\n# comment\nipvsadm -e -t 192.0.2.10:80 -r 10.0.0.1 -i\n"
             b"-e\t-t 192.0.2.10:80\n-a " + b"x " * 5000 + b"\n\0\xff-e\n--edit-server -t 1.2.3.4:x -r y")
    for text in (b"", b"\n", b"-C", lines, b"-a -t 192.0.2.10:80 -r 10.0.0.1\n" * 40000):
        for command in ("-R", "--restore"):
            with Fake() as fake:
                done = fake.run(command, text=text)
                same(done.returncode, 0, done.stderr)
                same(fake.words(), [command])
                same(fake.input(), text, "input")


@test
def restore_ends_when_ipvsadm_does():
    with Fake() as fake:
        done = fake.run("-R", text=b"-Z\n" * 500000, do="deaf")
        same(done.returncode, 7, done.stderr)
        same(done.stderr, b"")


@test
def n_behind_a_command_is_ipvsadms():
    for words in (["-S", "-n"], ["-Ln", "-c"], ["-L", "-n", "-c"], ["--list", "--numeric", "-c"]):
        with Fake() as fake:
            same(fake.run(*words).returncode, 0, words)
            same(fake.words(), words)


@test
def refused_lists_run_nothing_and_name_the_word():
    for words, named in REFUSED:
        with Fake() as fake:
            done = fake.run(*words)
            first = done.stderr.decode().splitlines()[0]
            same(done.returncode, 2, f"{words}: {first}")
            assert named in first, f"{words}: {first}"
            same(done.stdout, b"")
            same(fake.words(), None, f"{words} ran ipvsadm")


@test
def refusal_points_at_its_word():
    with Fake() as fake:
        lines = fake.run("-L", "--stats", "--timeout").stderr.decode().splitlines()
        assert re.search(r" -L --stats --timeout$", lines[1]), lines
        same(lines[1].index("--stats"), lines[2].index("^"))


@test
def words_that_are_no_command_do_not_reach_ipvsadm():
    for words in (["-w", "5"], ["-q"], ["--lis"], ["--listing"], ["--set=1", "2"], ["-"], ["--"]):
        with Fake() as fake:
            done = fake.run(*words)
            if words[0] != "--set=1":
                same(done.returncode, 2, words)
                same(fake.words(), None, words)


if __name__ == "__main__":
    sys.exit(run_tests(TESTS))

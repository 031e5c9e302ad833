#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What an operator asks of a maglevd that runs: over its control socket, by maglevadm and by clients that misbehave, by signals,
and /metrics. Its kernel is a stand-in. TAP on stdout; exit 0 passed, 1 failed. Arguments choose tests by name.
"""

import contextlib
import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
from cli import ROOT, run, run_tests, same
from maglevd_browser_test import PATIENCE, PROGRAM, Maglevd, poll

TESTS = []
SAMPLE = re.compile(r'([a-z0-9_]+)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)*)\})? (\S+)$')


def test(function):
    TESTS.append(function)
    return function


def adm(maglevd, *words):
    return run(*words, "--run-directory", maglevd.directory.name)


def config_of(maglevd):
    return Path(maglevd.directory.name) / "maglevd.yaml"


def said_by(maglevd):
    return Path(maglevd.log.name).read_text(encoding="utf-8")


@contextlib.contextmanager
def client(maglevd):
    with socket.socket(socket.AF_UNIX) as one:
        one.settimeout(PATIENCE)
        one.connect(f"{maglevd.directory.name}/control")
        yield one


def ask(maglevd, question):
    """What is answered before it hangs up."""
    answer = b""
    with client(maglevd) as one:
        one.sendall(question)
        with contextlib.suppress(ConnectionResetError):
            while got := one.recv(65536):
                answer += got
    return answer


def ask_as_nobody(maglevd, question):
    answer, end = os.pipe()
    child = os.fork()
    if not child:
        with contextlib.suppress(OSError):
            os.setgroups([])
            os.setresgid(65534, 65534, 65534)
            os.setresuid(65534, 65534, 65534)
            os.write(end, ask(maglevd, question))
        os._exit(0)
    os.close(end)
    with os.fdopen(answer, "rb") as file:
        said = file.read()
    os.waitpid(child, 0)
    return said


@test
def status_is_one_however_it_is_asked():
    with Maglevd() as maglevd:
        text = adm(maglevd, "status")
        same(text.returncode, 0, text.stderr)
        for word in ("192.0.2.10:443", "127.0.1.1", "127.0.2.1", "[2001:db8:1234:5678:9abc:def0:1234:5678]", "down", "probes"):
            assert word in text.stdout, text.stdout
        listed = json.loads(adm(maglevd, "-j", "status").stdout)["services"]
        asked = json.loads(maglevd.ask("/status"))["services"]
        names = [(one["service"], other["backend"]) for one in asked for other in one["backends"]]
        same([(one["service"], other["backend"]) for one in listed for other in one["backends"]], names)
        same(len(names), 6, "backends of three services")


@test
def metrics_are_in_the_format_of_prometheus():
    with Maglevd() as maglevd:
        types, helps, seen = {}, set(), set()
        for line in maglevd.ask("/metrics").decode().splitlines():
            if line.startswith("# TYPE "):
                _, _, name, types[name] = line.split(" ")
            elif line.startswith("# HELP "):
                helps.add(line.split(" ")[2])
            else:
                sample = SAMPLE.match(line)
                assert sample, line
                float(sample[3])
                family = re.sub("_(bucket|sum|count)$", "", sample[1])
                family = sample[1] if sample[1] in types else family
                assert family in types and family in helps, line
                same((sample[1], sample[2]) in seen, False, line)
                seen.add((sample[1], sample[2]))
                if types[family] == "counter":
                    assert sample[1].endswith("_total") and float(sample[3]) >= 0, line
        assert any('backend="127.0.1.1' in (labels or "") for _, labels in seen), "no backend has a sample"
        same(helps, set(types))


@test
def a_file_that_is_wrong_changes_nothing():
    with Maglevd() as maglevd:
        right, before = config_of(maglevd).read_text(), maglevd.states()
        config_of(maglevd).write_text(right.replace("rise: 1", "rise: many"))
        done = adm(maglevd, "reload")
        same(done.returncode, 1)
        assert re.search(r"maglevd.yaml:\d+:\d+: .*many", done.stderr), done.stderr
        maglevd.process.send_signal(signal.SIGHUP)
        poll("it says so", lambda: said_by(maglevd).count("not reloaded") == 2)
        config_of(maglevd).unlink()
        same(adm(maglevd, "reload").returncode, 1)
        same(maglevd.states(), before)
        config_of(maglevd).write_text(right.replace("weight: 2", "weight: 3"))
        done = adm(maglevd, "reload")
        same((done.returncode, done.stderr), (0, ""))
        same(maglevd.states(), before)


@test
def questions_that_are_none_are_refused():
    with Maglevd() as maglevd:
        same(json.loads(ask(maglevd, b'{"command": "dance"}\n')),
             {"error": "no such command, expected status, reload, balancer-drain or balancer-up"})
        for question in (b"\n", b"status\n", b'["status"]\n', b'{"command": 7}\n', b"\0\xff\n", b"[" * 4000 + b"\n"):
            assert "error" in json.loads(ask(maglevd, question)), question
        same(ask(maglevd, b"x" * 4096), b"", "more than a line may have")
        with client(maglevd) as one:
            one.sendall(b'{"command": ')
            one.shutdown(socket.SHUT_WR)
            same(one.recv(1), b"", "half a question")
        with client(maglevd) as one:
            one.sendall(b'{"command": "status"}\n')  # and does not stay for the answer
        same(adm(maglevd, "status").returncode, 0)


@test
def silent_clients_keep_nobody_out_for_long():
    with Maglevd() as maglevd, contextlib.ExitStack() as stack:
        for _ in range(20):
            stack.enter_context(client(maglevd))
        same(adm(maglevd, "status").returncode, 0)
        assert maglevd.ask("/status")


@contextlib.contextmanager
def nobody_at(maglevd):
    os.chmod(maglevd.directory.name, 0o755)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@test
def silent_strangers_do_not_have_root_wait():
    if os.getuid():
        return
    with Maglevd() as maglevd, contextlib.ExitStack() as stack:
        root = stack.enter_context(client(maglevd))
        with nobody_at(maglevd):
            strangers = [stack.enter_context(client(maglevd)) for _ in range(40)]
        assert ask(maglevd, b'{"command": "reload"}\n') == b"{}\n"
        root.sendall(b'{"command": "status"}\n')
        assert root.recv(1) == b"{"
        same(strangers[0].recv(1), b"")
        for one in strangers[-10:]:  # nobody's patience has ended
            one.setblocking(False)
            try:
                same(one.recv(1), None)
            except BlockingIOError:
                pass


@test
def roots_own_wait_for_each_other():
    if os.getuid():
        return
    with Maglevd() as maglevd, contextlib.ExitStack() as stack:
        silent = [stack.enter_context(client(maglevd)) for _ in range(16)]
        with nobody_at(maglevd):
            stranger = stack.enter_context(client(maglevd))
        stranger.sendall(b'{"command": "status"}\n')
        silent[7].sendall(b'{"command": "status"}\n')
        assert silent[7].recv(1) == b"{" and stranger.recv(1) == b"{"


def cpu_seconds(maglevd):
    fields = Path(f"/proc/{maglevd.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@test
def without_descriptors_it_waits():
    with Maglevd() as maglevd:
        pid = maglevd.process.pid
        limits = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (0, limits[1]))
        with client(maglevd) as one:
            one.sendall(b'{"command": "status"}\n')
            before, end = cpu_seconds(maglevd), time.monotonic() + 2
            while time.monotonic() < end:
                assert cpu_seconds(maglevd) - before < 1, "it spins"
                time.sleep(.05)
            resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)
            assert one.recv(1) == b"{"


@test
def only_root_and_its_group_change_anything():
    with Maglevd() as maglevd:
        if os.getuid():
            return
        os.chmod(maglevd.directory.name, 0o755)
        for command, refused in (("reload", True), ("balancer-drain", True), ("balancer-up", True), ("status", False)):
            answer = json.loads(ask_as_nobody(maglevd, f'{{"command": "{command}"}}\n'.encode()))
            same("error" in answer, refused, command)
        same("drained by operator" in said_by(maglevd), False)


@test
def balancer_is_drained_and_back():
    with Maglevd() as maglevd:
        for verb in ("drain", "up"):
            done = adm(maglevd, "balancer", verb)
            same(done.returncode, 0, done.stderr)
            balancer = json.loads(adm(maglevd, "-j", "balancer", "show").stdout)
            assert balancer, "it says nothing"
        assert "drained by operator" in said_by(maglevd)


@test
def where_no_daemon_runs_maglevadm_says_so():
    done = run("status", "--run-directory", "/nonexistent")
    same((done.returncode, done.stderr), (1, "maglevadm: /nonexistent/control: maglevd does not run here\n"))
    done = run("status", "--run-directory", "/" + "x" * 200)
    same(done.returncode, 1)
    assert "File name too long" in done.stderr, done.stderr


@test
def arguments_and_files_are_checked_before_anything_runs():
    def say(*words):
        return subprocess.run([PROGRAM, *words], capture_output=True, text=True, timeout=PATIENCE, check=False)

    example = ROOT / "userspace/maglevd/maglevd.yaml.example"
    same(say("--help").returncode, 0)
    assert re.match(r"maglevd \d", say("--version").stdout)
    for words in (["--dance"], ["-c"], ["one"], ["--log-level", "loud"]):
        done = say(*words)
        same(done.returncode, 2, words)
        assert done.stderr, words
    assert example.exists()
    done = say("--check", "/nonexistent.yaml")
    same(done.returncode, 1)
    assert "/nonexistent.yaml" in done.stderr, done.stderr
    done = say("-c", "/nonexistent.yaml", "-r", "/proc/none")
    same(done.returncode, 1)
    assert "/proc/none" in done.stderr, done.stderr


if __name__ == "__main__":
    MADE = subprocess.run(["make", "-s", "-C", ROOT, "build/maglevd-alone", "build/maglevadm"], capture_output=True, text=True,
                          check=False)
    if MADE.returncode:
        print(f"1..1\nnot ok 1 - builds\n# {MADE.stderr}")
        sys.exit(1)
    sys.exit(run_tests(TESTS))

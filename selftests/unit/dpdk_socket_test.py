#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""maglevadm --dpdk and the control half of maglev-dpdk, built with ASan, over its socket.

TAP on stdout; exit 0 passed, 1 failed, 4 skipped. Arguments choose tests by name.
"""

import json
import os
import resource
import socket
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
from cli import BINARY, KEY_TEXT, ROOT, run, run_tests, same

PROGRAM = ROOT / "build/unit/sanitized/maglev-dpdk-control"
SERVICE = ["tcp", "192.0.2.10:80"]
BACKENDS = [["10.0.0.3:80", "weight", "2"], ["[2001:db8::4]:80", "tunnel", "gre"],
            ["10.0.0.1:80"], ["10.0.0.2:80"]]
BASE = "4711fbf57d46ea1e"
DOWN = "9e4c80c06e370822"
HALF = "006a589d30586067"
SLOW = float(os.environ.get("MAGLEV_SLOW") or 1)


def build():
    """Make the server, with ASan; what is said if that cannot be."""
    done = subprocess.run(
        ["make", "-s", "B=build/unit/sanitized", "CFLAGS=-g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all",
         PROGRAM.relative_to(ROOT)], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stderr if done.returncode else ""


def wait_until(holds, what):
    end = time.monotonic() + 20 * SLOW
    while not holds():
        if time.monotonic() > end:
            raise AssertionError(f"not within {20 * SLOW} s: {what}")
        time.sleep(0.02)


class Server:
    """maglev-dpdk's control half, with what it says at its end looked at."""

    def __init__(self, *options):
        self.directory = tempfile.TemporaryDirectory()
        self.path = f"{self.directory.name}/run/socket"
        self.key = Path(self.directory.name) / "key"
        self.key.write_text(KEY_TEXT + "\n", encoding="ascii")
        self.options = options
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            [PROGRAM, "-s", self.path, "-k", self.key, "-m", "251", *self.options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        same(self.process.stdout.readline(), "ready\n", "what the server says")

    def stop(self):
        self.process.terminate()
        _, err = self.process.communicate(timeout=60)
        same((self.process.returncode, err), (0, ""), "the server's end")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.stop()
        self.directory.cleanup()

    def run(self, *words, text=""):
        return run(f"--dpdk={self.path}", *words, text=text)

    def do(self, *words, text=""):
        done = self.run(*words, text=text)
        same((done.returncode, done.stderr), (0, ""), f"{words}")
        return done.stdout

    def ask(self, *words):
        done = run("-j", f"--dpdk={self.path}", *words)
        same(done.returncode, 0, f"exit status of {words}: {done.stderr}")
        return json.loads(done.stdout)

    def digest(self):
        return self.service()["live-digest"]

    def service(self):
        return self.ask("service", "show", *SERVICE)[0]["service"]

    def backends(self):
        return [row["backend"] for row in self.ask("backend", "show", *SERVICE)]

    def becomes(self, digest):
        wait_until(lambda: self.digest() == digest, f"live digest {digest}")

    def make_golden(self):
        self.do("service", "add", *SERVICE)
        for backend in BACKENDS:
            self.do("backend", "add", *SERVICE, *backend)
        self.becomes(BASE)

    def refuses(self, words, *parts):
        done = self.run(*words)
        assert done.returncode == 1, (words, done)
        for part in parts:
            assert part in done.stderr, (words, part, done.stderr)


def services_and_backends_have_the_golden_digests():
    with Server() as server:
        server.make_golden()
        same(server.service()["base-digest"], BASE)
        same([backend["base-slots"] for backend in server.backends()], [50, 50, 101, 50])
        server.do("backend", "down", *SERVICE, "10.0.0.3:80")
        server.becomes(DOWN)
        same([backend["live-slots"] for backend in server.backends()], [82, 73, 0, 96])
        server.do("backend", "up", *SERVICE, "10.0.0.3:80")
        server.do("backend", "share", *SERVICE, "10.0.0.3:80", "50")
        server.becomes(HALF)
        same([backend["live-slots"] for backend in server.backends()], [58, 61, 62, 70])
        server.do("service", "del", *SERVICE)
        same(server.ask("service", "show"), [])


def fragments_are_switched_and_shown():
    with Server() as server:
        server.make_golden()
        same(server.service()["fragments"], 0)
        server.do("service", "set", *SERVICE, "fragments", "on")
        same((server.service()["fragments"], server.digest()), (1, BASE))
        assert "follow the first of them" in server.do("service", "show", *SERVICE)
        server.do("service", "add", "udp", "192.0.2.10:53", "fragments", "on")
        same(server.ask("service", "show", "udp", "192.0.2.10:53")[0]["service"]["fragments"], 1)
        server.do("service", "set", *SERVICE, "fragments", "off")
        same(server.service()["fragments"], 0)
        words = [line.split()[:2] for line in server.do("stats", "all").splitlines()]
        assert ["fragment", "drop"] in words, words


def a_batch_file_is_taken_whole():
    lines = [f"service add {' '.join(SERVICE)}"]
    lines += [f"backend add {' '.join(SERVICE)} {' '.join(backend)}" for backend in BACKENDS]
    with Server() as server, tempfile.NamedTemporaryFile("w") as file:
        file.write("\n".join(lines + [f"backend del {' '.join(SERVICE)} 10.0.0.9:80"]) + "\n")
        file.flush()
        done = server.run("-b", file.name)
        assert done.returncode == 1 and ":6" in done.stderr and "10.0.0.9:80" in done.stderr, done
        same(server.ask("service", "show"), [])
        file.seek(0)
        file.truncate()
        file.write("\n".join(lines) + "\n")
        file.flush()
        server.do("-b", file.name)
        same(server.digest(), BASE)
        same(server.service()["generation"], 1)


def ipvsadm_grammar_means_the_same():
    with Server() as server:
        server.do("-A", "-t", "192.0.2.10:80", "-s", "maglev")
        for address, weight in (("10.0.0.1", "1"), ("10.0.0.2", "1"), ("10.0.0.3", "2")):
            server.do("-a", "-t", "192.0.2.10:80", "-r", address, "-i", "-w", weight)
        server.do("-a", "-t", "192.0.2.10:80", "-r", "[2001:db8::4]:80", "-i", "--tun-type", "gre")
        server.becomes(BASE)
        saved = server.do("-Sn")
        server.do("-C")
        server.do("-R", text=saved)
        server.becomes(BASE)
        same(server.do("-Sn"), saved)
        server.do("-e", "-t", "192.0.2.10:80", "-r", "10.0.0.3", "-i", "-w", "0")
        server.becomes(DOWN)
        listed = server.do("-Ln", "--tun-info")
        assert "TCP  192.0.2.10:80 maglev" in listed and "gre" in listed, listed
        done = server.run("-R", text="-A -u 192.0.2.10:53 -s maglev\n-D -t 192.0.2.10:80\n")
        assert done.returncode == 1 and "line 2" in done.stderr, done
        server.do("-D", "-u", "192.0.2.10:53")
        server.do("-d", "-t", "192.0.2.10:80", "-r", "10.0.0.3")
        same(len(server.backends()), 3)
        server.do("-D", "-t", "192.0.2.10:80")
        done = server.run("-a", "-t", "192.0.2.10:80", "-r", "10.0.0.3", "-m")
        assert done.returncode == 2 and "tunnels alone" in done.stderr, done
        done = server.run("-A", "-t", "192.0.2.10:80", "-p")
        assert done.returncode == 2 and "not with --dpdk" in done.stderr, done


def refusals_name_the_word():
    with Server() as server:
        server.make_golden()
        named = ["backend", "add", *SERVICE, "10.0.0.1:80"]
        server.refuses(named, '"10.0.0.1:80"', "has this backend already", "^")
        server.refuses(["service", "add", *SERVICE], "192.0.2.10:80", "of this name already", "^")
        server.refuses(["service", "del", "tcp", "192.0.2.11:80"], "no service of this name")
        server.refuses(["backend", "del", *SERVICE, "10.0.0.9:80"], "no backend of this name")
        server.refuses(["service", "set", *SERVICE, "mode", "flag"], "tuple or source")
        server.refuses(["service", "add", "fwmark", "5"], "no firewall marks")
        server.refuses(["service", "add", "tcp", "192.0.2.10:0"], "name one")
        server.refuses(["backend", "add", *SERVICE, "10.0.0.9:80", "checksum", "on"], "gre")
        server.refuses(["set", "hook", "early"], "from its ports")
        server.refuses(["set", "flows", "200000000"], "no memory for flow tables")
        server.refuses(["service", "set", *SERVICE, "timeout", "reset", "901"], "1 to 900", "^")
        server.refuses(["explain", "tcp", "198.51.100.7:4242", "192.0.2.99:80"], "no service")
        same(server.digest(), BASE)


def explain_and_preview_agree_with_the_tables():
    with Server() as server:
        server.make_golden()
        explained = server.ask("explain", "tcp", "198.51.100.7:4242", "192.0.2.10:80")
        same(explained["decision"]["hash"], "a34aed15abdb4053")
        same(explained["decision"]["verdict"], "forward")
        summary = server.ask("table", "diff", *SERVICE, "down", "10.0.0.3:80")["preview"]
        same(summary["live-digest"], DOWN)
        same(summary["slots-changed"], 101)
        same(summary["slots-collateral"], 0)
        same(server.digest(), BASE)


def events_come_in_order():
    with Server() as server:
        with subprocess.Popen([BINARY, "-j", f"--dpdk={server.path}", "monitor"],
                              stdout=subprocess.PIPE, text=True) as monitor:
            # Subscribed before the first event, or the first one is of a later change.
            time_out = time.monotonic() + 20 * SLOW
            service = 0
            os.set_blocking(monitor.stdout.fileno(), False)
            seen = ""
            while "backend-add" not in seen:
                assert time.monotonic() < time_out, seen
                service += 1
                server.do("service", "add", "tcp", f"192.0.2.{service}:80")
                server.do("backend", "add", "tcp", f"192.0.2.{service}:80", "10.0.0.1:80")
                seen += monitor.stdout.read() or ""
            monitor.terminate()
        numbers = [int(line.split(":")[1].strip(" ,}")) for line in seen.replace(",", ",\n").splitlines()
                   if '"seq"' in line]
        same(numbers, list(range(numbers[0], numbers[0] + len(numbers))), "numbers of events")


def a_length_that_cannot_be_ends_the_connection():
    for length in (3, 17 << 20, 0xffffffff):
        with Server() as server, socket.socket(socket.AF_UNIX) as peer:
            peer.connect(server.path)
            peer.settimeout(20 * SLOW)
            peer.send(struct.pack("=IHHII", length, 33, 5, 7, 0))
            answer = b""
            while chunk := peer.recv(4096):
                answer += chunk
            same(struct.unpack_from("=IHHIIi", answer)[1], 2, "type of the answer")
            same(struct.unpack_from("=IHHIIi", answer)[5], -90, "error")
            same(server.ask("service", "show"), [], "others are served")


def many_backends_are_listed_whole():
    with Server() as server:
        lines = [f"service add {' '.join(SERVICE)} table-size 65537"]
        lines += [f"backend add {' '.join(SERVICE)} 10.1.{i // 250}.{i % 250 + 1}:80"
                  for i in range(3000)]
        server.do("-b", "-", text="\n".join(lines) + "\n")
        same(len(server.backends()), 3000)
        same(server.service()["generation"], 1)
        same(len(server.ask("table", "show", *SERVICE)) > 0, True)


def two_cannot_have_one_socket():
    with Server() as server:
        done = subprocess.run([PROGRAM, "-s", server.path], capture_output=True, text=True,
                              check=False)
        assert done.returncode == 1 and "in use" in done.stderr, done
        same(server.ask("service", "show"), [])


def a_file_that_is_no_socket_stays():
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "key"
        path.write_text(KEY_TEXT, encoding="ascii")
        done = subprocess.run([PROGRAM, "-s", path], capture_output=True, text=True, check=False)
        assert done.returncode == 1 and f"{path}: File exists" in done.stderr, done
        same(path.read_text(encoding="ascii"), KEY_TEXT)


def a_group_that_is_not_there_is_refused():
    done = subprocess.run([PROGRAM, "-s", "/nonexistent/socket", "-g", "nosuchgroup"], capture_output=True, text=True,
                          check=False)
    same((done.returncode, done.stderr), (1, "maglev-dpdk: --group nosuchgroup: no such group\n"))


def connect(server):
    one = socket.socket(socket.AF_UNIX)
    one.settimeout(20 * SLOW)
    one.connect(server.path)
    return one


def root_has_a_place_where_its_group_has_all():
    if os.getuid():
        return
    with Server("-g", "nogroup") as server:
        os.chmod(server.directory.name, 0o755)
        os.setegid(65534)
        os.seteuid(65534)
        try:
            members = [connect(server) for _ in range(80)]
        finally:
            os.seteuid(0)
            os.setegid(0)
        same(server.ask("service", "show"), [])
        same(members[0].recv(1), b"")
        same(members[64].recv(1), b"")  # one too many
        members[1].setblocking(False)
        try:
            same(members[1].recv(1), None)
        except BlockingIOError:
            pass
        for one in members:
            one.close()


def without_descriptors_it_waits():
    def cpu_seconds():
        fields = Path(f"/proc/{server.process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    with Server() as server:
        limits = resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (0, limits[1]))
        with connect(server):
            before, end = cpu_seconds(), time.monotonic() + 2
            while time.monotonic() < end:
                assert cpu_seconds() - before < 1, "it spins"
                time.sleep(0.05)
            resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, limits)
            same(server.ask("service", "show"), [])


def without_a_server_it_asks_for_one():
    done = run("--dpdk=/nonexistent/socket", "show")
    same((done.returncode, done.stderr), (1, "maglevadm: maglev-dpdk: /nonexistent/socket: No such file or directory: "
                                             "does maglev-dpdk run, and listen there?\n"))


TESTS = [services_and_backends_have_the_golden_digests, fragments_are_switched_and_shown,
         a_batch_file_is_taken_whole,
         ipvsadm_grammar_means_the_same, refusals_name_the_word,
         explain_and_preview_agree_with_the_tables, events_come_in_order,
         a_length_that_cannot_be_ends_the_connection, many_backends_are_listed_whole,
         two_cannot_have_one_socket, a_file_that_is_no_socket_stays,
         a_group_that_is_not_there_is_refused, root_has_a_place_where_its_group_has_all,
         without_descriptors_it_waits, without_a_server_it_asks_for_one]

if __name__ == "__main__":
    WRONG = build()
    if WRONG:
        print(f"1..0 # SKIP no server: {WRONG}")
        sys.exit(1)
    sys.exit(run_tests(TESTS))

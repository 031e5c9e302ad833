#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""scale_guest.py PLAN: PID 1 of User-Mode Linux, run by selftests/bench/maglevd/scale: maglevd with the backends of that
file, of which each kind of check is a figure, a line of JSON on the console. Elsewhere than as PID 1 it is run in
namespaces of its own, and has no module: what is to go through a tunnel goes to the VIP by a route.

  balancer, maglevd: 10.0.0.1 --- veth --- 10.0.0.2: namespace "backends", with all of 10.64.0.0/16, GRE from anybody
                     VIPs on lo                      VIPs on lo, one server for all

For each kind all starts afresh: the server, the module, maglevd.
"""

import array
import contextlib
import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from uml_guest import Failed, run, run_as_init, say  # noqa: E402  pylint: disable=wrong-import-position

PORT = 80
BACKENDS_NET = "10.64.0.0/16"
BIN_MS, BUCKET_MS = 10, 100  # of the server's counts, and of what is said of them
WORK = Path("/run/scale")
BINS = WORK / "bins"
CONFIG = WORK / "maglevd.yaml"
RUN = WORK / "maglevd"
PLANE = WORK / "plane"
UP_S = 300  # adding backends and finding them up takes less
SETTLE_INTERVALS = 3
RELOADS = 5
SCRAPES = 15  # a second apart, as a page is not written more often
HTTP_PORT = 9118
DESCRIPTORS = 65536  # as in maglevd.service
INTERVAL_S = 5
SETTINGS_GET = 16  # of our family, which asks by it before it changes anything


def address(i):
    return f"10.64.{i // 250}.{i % 250 + 1}"


def vip(i):
    return f"192.0.2.{i + 1}"


def write_config(kind, changed=None):
    """One backend's weight is another one if it is to be changed."""
    plane = ["dataplane: dpdk", f"dpdk_socket: {PLANE}"] if kind.get("plane") else []
    lines = [*plane, f"http: {{listen: 127.0.0.1:{HTTP_PORT}}}", "probes:", "  manage_sysctl: true", "checks:", "  alive:", f"    type: {kind['type']}", f"    via: {kind['via']}",
             f"    interval: {kind.get('interval', INTERVAL_S)}s"]
    if kind["type"] == "http":
        lines += ["    path: /health"]
    each = kind["backends"] // kind["services"]
    lines.append("pools:")
    for pool in range(kind["services"]):
        lines.append(f"  pool{pool}:")
        for i in range(pool * each, (pool + 1) * each):
            lines.append(f"    - {{address: {address(i)}, weight: {2 if i == changed else 1}}}")
    lines.append("services:")
    for i in range(kind["services"]):
        lines += [f"  - name: service{i}", f"    vip: {vip(i)}", f"    port: {PORT}", f"    pool: pool{i}",
                  "    checks: [alive]", f"    table_size: {kind['table_size']}"]
    CONFIG.write_text("\n".join(lines) + "\n", encoding="utf-8")


def set_up_links(vips, has_module):
    run("sysctl", "-qw", "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0")
    run("ip", "netns", "add", "backends")
    inside = ("ip", "netns", "exec", "backends")
    run(*inside, "sysctl", "-qw", "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.default.rp_filter=0",
        "net.core.somaxconn=4096")
    run("ip", "-batch", "-", text="\n".join([
        "link set lo up", "link add tx0 type veth peer name eth0 netns backends", "link set tx0 up",
        "addr add 10.0.0.1/24 dev tx0", f"route add {BACKENDS_NET} via 10.0.0.2",
        *(f"addr add {vip(i)}/32 dev lo" if has_module else f"route add {vip(i)} via 10.0.0.2" for i in range(vips))]))
    run("ip", "-n", "backends", "-batch", "-", text="\n".join([
        "link set lo up", "link set eth0 up", "addr add 10.0.0.2/24 dev eth0", f"route add local {BACKENDS_NET} dev lo",
        *(["link set gre0 up"] if has_module else []),
        *(f"addr add {vip(i)}/32 dev lo" for i in range(vips))]))


class Server:
    def __init__(self, top):
        self.process = subprocess.Popen(["ip", "netns", "exec", "backends", f"{top}/build/scale_server", str(PORT), str(BINS)])

    def stop(self):
        self.process.kill()
        self.process.wait()

    @staticmethod
    def starts(begin, end):
        """Connections in each bucket from one time to another, in s of CLOCK_MONOTONIC."""
        ring = array.array("I", BINS.read_bytes())
        bins = [ring[i % len(ring)] for i in range(int(begin * 1000) // BIN_MS, int(end * 1000) // BIN_MS)]
        step = BUCKET_MS // BIN_MS
        return [sum(bins[i:i + step]) for i in range(0, len(bins) - step + 1, step)]


class Daemon:
    """maglevd; what it logs is noted with the time at which it came."""

    def __init__(self, program):
        self.lines = []
        self.news = threading.Condition()
        self.started = time.monotonic()
        self.process = subprocess.Popen([program, "--config", str(CONFIG), "--run-directory", str(RUN)],
                                        stderr=subprocess.PIPE, text=True)
        self.pid = self.process.pid
        self.up = 0
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        for line in self.process.stderr:
            with self.news:
                if " backend is up" in line:
                    self.up += 1
                else:
                    self.lines.append((time.monotonic(), line.strip()))
                self.news.notify()

    def wait(self, what, is_so):
        with self.news:
            if not self.news.wait_for(is_so, UP_S):
                raise Failed(f"maglevd: not {what}: {self.up} up, {self.lines[-3:]}")

    def find(self, word, since=0):
        return next(((at, line) for at, line in self.lines if at >= since and word in line), None)

    def wait_line(self, word, since=0):
        self.wait(word, lambda: self.find(word, since))
        return self.find(word, since)

    def cpu(self):
        """s of user and system: their sum is exact, what is whose is found by ticks."""
        words = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
        return [int(ticks) / os.sysconf("SC_CLK_TCK") for ticks in words[11:13]]

    def memory_kib(self):
        text = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        return {name: int(re.search(rf"^{key}:\s+(\d+) kB", text, re.M).group(1))
                for name, key in (("rss", "VmRSS"), ("peak", "VmHWM"))}

    def ask(self, command):
        with socket.socket(socket.AF_UNIX) as asked:
            asked.connect(str(RUN / "control"))
            asked.sendall(json.dumps({"command": command}).encode() + b"\n")
            answer = b"".join(iter(lambda: asked.recv(1 << 20), b""))
        # Who has no time hangs up in its midst.
        return json.loads(answer) if answer.endswith(b"\n") else None

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.reader.join()


def idle_s():
    return int(Path("/proc/stat").read_text(encoding="ascii").split()[4]) / os.sysconf("SC_CLK_TCK")


def measure_steady(daemon, seconds):
    """What running costs, and how starts lie in time."""
    begin, before, idle = time.monotonic(), daemon.cpu(), idle_s()
    time.sleep(seconds)
    end, after = time.monotonic(), daemon.cpu()
    starts = Server.starts(begin, end)
    mean = sum(starts) / len(starts)
    return {
        "user": 100 * (after[0] - before[0]) / (end - begin),
        "system": 100 * (after[1] - before[1]) / (end - begin),
        "idle": 100 * (idle_s() - idle) / (end - begin),
        "rate": sum(starts) / len(starts) * 1000 / BUCKET_MS,
        "spread": max(starts) / mean,
        "least": min(starts) / mean,
        "starts": starts,
        **{f"{name}_kib": value for name, value in daemon.memory_kib().items()},
    }


def reload(daemon, kind, changed):
    write_config(kind, changed)
    began, before = time.monotonic(), sum(daemon.cpu())
    os.kill(daemon.pid, signal.SIGHUP)
    at, line = daemon.wait_line(" configured", began)
    counts = {name: int(value) for name, value in re.findall(r"(\w+_(?:added|changed|deleted))=(\d+)", line)}
    return {"seconds": at - began, "cpu": sum(daemon.cpu()) - before, "changes": {name: n for name, n in counts.items() if n}}


def measure_reloads(daemon, kind):
    """Of one changed backend each, and how starts lie until the next."""
    reloads = []
    for i in range(RELOADS):
        one = reload(daemon, kind, None if i % 2 else kind["backends"] // 2)
        begin = time.monotonic()
        time.sleep(INTERVAL_S)
        starts = Server.starts(begin, time.monotonic())
        reloads.append({**one, "spread": max(starts) * len(starts) / sum(starts)})
    return {"reloads": reloads, "reload_peak_kib": daemon.memory_kib()["peak"]}


def trace_reload(daemon, kind):
    """What is sent over netlink, by strace: all but what asks for something."""
    trace = WORK / "trace"
    tracer = subprocess.Popen(["strace", "-qq", "-e", "trace=sendto,sendmsg", "-x", "-s", "4", "-o", str(trace), "-p", str(daemon.pid)])
    try:
        time.sleep(1)
        reload(daemon, kind, None)
        time.sleep(1)
    finally:
        tracer.terminate()
        tracer.wait()
    commands = re.findall(r"nlmsg_flags=([^,]*), [^}]*}, \"\\x(..)", trace.read_text(encoding="utf-8"))
    changes = [command for flags, command in commands if "NLM_F_ACK" in flags and int(command, 16) != SETTINGS_GET]
    return {"requests": len(commands), "netlink_changes": len(changes)}


def measure_metrics():
    """How long /metrics takes, from question to the last byte, while checks go on."""
    took, text = [], b""
    for _ in range(SCRAPES):
        time.sleep(1.1)
        began = time.monotonic()
        with urllib.request.urlopen(f"http://127.0.0.1:{HTTP_PORT}/metrics", timeout=60) as answer:
            text = answer.read()
        took.append(time.monotonic() - began)
    return {"metrics_s": took, "metrics_bytes": len(text), "metrics": text.count(b"\nmaglev_")}


def measure_status(daemon):
    before = sum(daemon.cpu())
    status = daemon.ask("status")
    if not status:
        return {"checker": None}
    states = [backend["state"] for service in status["services"] for backend in service["backends"]]
    return {"checker": status["checker"], "up": states.count("up"), "status_cpu": sum(daemon.cpu()) - before,
            "status_peak_kib": daemon.memory_kib()["peak"]}


class Module:
    """Ours, which is not installed, for as long as "with" lasts."""

    def __init__(self, plan):
        self.plan = plan

    def __enter__(self):
        run("modprobe", "-d", f"{self.plan['root']}/usr", "ip_vs")
        run("insmod", f"{self.plan['top']}/build/module-uml/ip_vs_maglev.ko")

    def __exit__(self, *_):
        run("ipvsadm", "-C", ok=False)
        for _ in range(200):
            if not Path("/sys/module/ip_vs_maglev").exists():
                return
            run("rmmod", "ip_vs_maglev", ok=False)
            time.sleep(0.05)
        raise Failed("ip_vs_maglev stays loaded")


def start_plane(top):
    """maglev-dpdk without packets: it has tables, and lists services and backends as the module does."""
    PLANE.unlink(missing_ok=True)
    plane = subprocess.Popen([f"{top}/build/maglev-dpdk-control", "-s", str(PLANE)], stdout=subprocess.PIPE, text=True)
    if plane.stdout.readline() != "ready\n":
        raise Failed("maglev-dpdk-control does not start")
    return plane


@contextlib.contextmanager
def running(plan, kind):
    """maglevd, and all it needs."""
    write_config(kind)
    with contextlib.ExitStack() as stack:
        if plan["root"]:
            stack.enter_context(Module(plan))
        server = Server(plan["top"])
        stack.callback(server.stop)
        if kind.get("plane"):
            stack.callback(start_plane(plan["top"]).kill)
        daemon = Daemon(f"{plan['top']}/build/{'maglevd' if plan['root'] or kind.get('plane') else 'maglevd-alone'}")
        stack.callback(daemon.stop)
        yield daemon


def measure(plan, kind):
    with running(plan, kind) as daemon:
        configured = daemon.wait_line(" configured")[0]
        daemon.wait("up", lambda: daemon.up >= kind["backends"])
        said = {"configured_s": configured - daemon.started, "up_s": time.monotonic() - daemon.started}
        time.sleep(SETTLE_INTERVALS * INTERVAL_S)
        said |= measure_steady(daemon, plan["seconds"])
        said |= measure_metrics()
        said |= measure_status(daemon)
        said |= measure_reloads(daemon, kind)
        if plan["root"]:
            said |= trace_reload(daemon, kind)
        said["log"] = [line for _, line in daemon.lines][:20]
        return said


def main(plan):
    WORK.mkdir()
    if os.getpid() == 1:
        resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
    kinds = plan["kinds"]
    set_up_links(max(kind["services"] for kind in kinds), bool(plan["root"]))
    for kind in kinds:
        try:
            say(kind=kind["name"], **measure(plan, kind))
        except (Failed, OSError, KeyError, ValueError, ZeroDivisionError) as error:
            say(kind=kind["name"], error=str(error))


if os.getpid() == 1:
    run_as_init(main)
else:
    run("mount", "-t", "tmpfs", "tmpfs", "/run")
    main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))

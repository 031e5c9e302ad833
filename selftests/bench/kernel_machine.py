# SPDX-License-Identifier: GPL-2.0-only
"""User-Mode Linux for the kernel benchmark: what can be measured in it, and what it says of that."""

import fnmatch
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
GUEST = Path(__file__).resolve().with_name("kernel_guest.py")
MEMORY = "6G"
LOADS = {"10k": 10000, "1M": 1000000, "new": "new"}
# How packets get through: what they pass on the way, and in which tunnel they leave.
ROWS = [
    {"name": "drop", "way": "drop"},
    {"name": "mirred", "way": "mirred"},
    {"name": "forward", "way": "forward"},
] + [{"name": f"{way}-{tunnel}", "way": way, "tunnel": tunnel}
     for tunnel in ("gre", "ipip") for way in ("device", "ipvs", "local", "early")]


def make_column(traffic, family, load, conntrack):
    return {"name": f"{traffic}{family}-{load}{'-conntrack' if conntrack else ''}", "load": load, "flows": LOADS[load],
            "traffic": traffic, "family": family, "conntrack": conntrack}


# What the packets are, and whether a firewall tracks connections.
COLUMNS = [make_column(traffic, family, load, conntrack)
           for traffic in ("udp", "tcp") for conntrack in (False, True) for family in (4, 6) for load in LOADS]


def choose(all_of_them, patterns):
    return [one for one in all_of_them if any(fnmatch.fnmatchcase(one["name"], pattern) for pattern in patterns)]


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


def fetch_kernel():
    said = subprocess.run([TOP / "scripts/fetch-kernel", "uml"], stdout=subprocess.PIPE, text=True, check=True).stdout
    return dict(line.split("=", 1) for line in said.splitlines())


def build(kernel, targets):
    make = ["make", "-s", "-C", TOP, *targets]
    module = [TOP / "scripts/build-module", kernel["kdir"], TOP / "build/module-uml", "ARCH=um",
              "KBUILD_MODPOST_WARN=1", "KCFLAGS=-fbuiltin"]
    for command in make, module:
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)


def huge_pages():
    """As a kernel sees its memory: that of the guest is a file there. Where this cannot be had, small ones."""
    mount = f"mount -t tmpfs -o huge=always,size={MEMORY} bench /dev/shm"
    command = ["unshare", "-m", "sh", "-c", f'{mount} && exec "$@"', "sh"]
    tried = subprocess.run([*command, "true"], stderr=subprocess.DEVNULL, check=False)
    return command if tried.returncode == 0 else []


class Machine:
    """A process on one CPU; within "with" it runs. What the guest says comes from lines()."""

    def __init__(self, plan, guest=GUEST, targets=("userspace", "frames")):
        self.kernel = fetch_kernel()
        self.guest = guest
        build(self.kernel, targets)
        self.plan = {**plan, "top": str(TOP), "root": self.kernel["root"]}

    def command(self, plan_file):
        return [*huge_pages(), self.kernel["vmlinuz"], f"mem={MEMORY}", "root=/dev/root", "rootfstype=hostfs",
                "rootflags=/", "ro", "con=null", "con0=fd:0,fd:1", "loglevel=4", f"init={self.guest}", "--", plan_file]

    def __enter__(self):
        self.work = tempfile.TemporaryDirectory()
        self.log = Path(self.work.name) / "log"
        plan_file = Path(self.work.name) / "plan"
        plan_file.write_text(json.dumps(self.plan), encoding="utf-8")
        cpu = max(os.sched_getaffinity(0))
        with self.log.open("w", encoding="utf-8") as log:
            self.process = subprocess.Popen(self.command(plan_file), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            stderr=log, text=True, errors="replace",
                                            preexec_fn=lambda: os.sched_setaffinity(0, {cpu}))
        return self

    def answer(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def cpu_ns(self):
        """Of the process that is the kernel: others that run meanwhile, and the guest's processes, do not count."""
        return int(Path(f"/proc/{self.process.pid}/schedstat").read_text(encoding="ascii").split()[0])

    def lines(self):
        """What was measured, with the time it took; what is timed last before that is what is measured."""
        ns = start = 0
        for text in self.process.stdout:
            if not text.startswith("bench: "):
                sys.stderr.write(text.strip() and text)
                continue
            line = json.loads(text[len("bench: "):])
            if "done" in line:
                return
            if line.get("clock") == "start":
                start = self.cpu_ns()
                self.answer()
            elif line.get("clock") == "stop":
                ns = self.cpu_ns() - start
                self.answer()
            if "packets" in line:
                line["ns"] = ns / line["packets"]
            yield line
        sys.stderr.write(self.log.read_text(encoding="utf-8", errors="replace")[-4000:])
        raise SystemExit("bench: the guest ended early")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.work.cleanup()


def tell(line):
    if "delays" in line:
        return f"half of them below {line['delays']['p50']} ns"
    return f"{line['ns']:.0f} ns" if "ns" in line else f"error: {line['error']}"


def follow(machine):
    """Yields what was measured, and says how far it is."""
    total = machine.plan["rounds"] * len(machine.plan["columns"]) * len(machine.plan["rows"])
    done = 0
    started = time.monotonic()
    for line in machine.lines():
        if "round" not in line:
            continue
        done += 1
        minutes = (time.monotonic() - started) / 60
        say(f"{done} of {total}, {minutes:.1f} of about {minutes * total / done:.0f} min:"
            f" {line['column']}, {line['row']}: {tell(line)}")
        yield line

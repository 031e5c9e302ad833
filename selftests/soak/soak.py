#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""soak.py [--seed N] [--seconds N] [--rounds N] [--no-flood]: traffic, and chaos under it, in namespaces of this machine.

Only in the virtual machine of selftests/vm/vm: it takes CPUs away and unloads modules. Each round loads the module, makes
all, does actions at random until its time is up, lets every flow end and removes all. A seed gives the same actions in
the same order, of which a slower machine does fewer.
"""

import argparse
import gc
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter

import flood
import memory
import netns
import world
from actions import Actions
from choices import adm
from daemons import KEEPALIVED_PORT, MAGLEVD_PORT, Keepalived, Maglevd, Monitor
from model import Model, Service
from resets import Resets
from traffic import SLOW, STALL_S, Traffic

PAUSE_S = 0.25  # between actions, on average
PROGRESS_S = 10
LOSS_PERCENT = 5
SHOWN = 5  # broken flows that are told of in full
LONG_FLOWS, RATE = 60, 6


def all_services():
    for shard in world.SHARDS:
        for family in (4, 6):
            for protocol, port, silent in (("tcp", 80, False), ("udp", 53, False), ("tcp", 81, True), ("udp", 81, True)):
                yield Service(shard, protocol, family, port, silent=silent)
    for family in (4, 6):
        yield Service("one", "tcp", family, MAGLEVD_PORT, "maglevd")
    yield Service("two", "tcp", 4, KEEPALIVED_PORT, "keepalived")


class Soak:
    def __init__(self, options):
        self.options = options
        self.random = random.Random(options.seed)
        self.directory = tempfile.mkdtemp()
        self.begun = time.monotonic()
        self.log = []
        self.done = Counter()
        self.flows = Counter()
        self.failures = []
        self.base = None

    def say(self, text):
        print(f"{time.monotonic() - self.begun:7.1f} s  {text}", flush=True)

    def fail(self, text):
        self.failures.append(text)
        self.say(f"FAIL: {text}")

    # A round.

    def begin(self):
        world.load_module()
        world.setup()
        self.model = Model()
        self.model.services = list(all_services())
        self.daemons = [Maglevd("maglevd", "one", self.directory), Keepalived("keepalived", "two", self.directory)]
        self.monitors = [Monitor(shard, world.MAGLEVADM, self.model) for shard in world.SHARDS]
        self.resets = Resets()
        for thread in (*self.monitors, self.resets):
            thread.start()
        self.traffic = Traffic(self.model, self.random.getrandbits(32), LONG_FLOWS, RATE)
        self.actions = Actions(self.model, self.traffic, self.random, self.daemons, self.directory)
        self.actions.begin()
        for service in self.model.services:
            service.exists = True
        for daemon in self.daemons:
            daemon.start()
        self.traffic.start()

    def act(self):
        at = time.monotonic() - self.begun
        kind, said = self.actions.next()
        self.done[kind] += 1
        self.log.append(f"{at:7.1f} to {time.monotonic() - self.begun:.1f} s  {said}")
        if self.options.verbose:
            self.say(said)

    def watch(self):
        """What others have seen; False: no more of this."""
        self.model.judge()
        if not self.traffic.is_alive():
            raise RuntimeError(f"traffic ended: {self.traffic.error}")
        for daemon in self.daemons:
            daemon.is_running()
        return not self.model.offenders

    def chaos(self, seconds):
        end = time.monotonic() + seconds
        progress = time.monotonic() + PROGRESS_S
        while time.monotonic() < end and self.watch():
            self.act()
            time.sleep(self.random.expovariate(1 / PAUSE_S))
            if time.monotonic() > progress:
                self.progress()
                progress += PROGRESS_S

    def progress(self):
        count = self.model.count
        outcomes = Counter()
        for (_, outcome), n in count.items():
            outcomes[outcome] += n
        self.say(f"{sum(self.done.values())} actions; flows: {len(self.model.flows)} go on, {outcomes['whole']} whole,"
                 f" {outcomes['excused']} excused, {outcomes['broken']} broken")

    def settle(self):
        """Every flow that is left goes on a while longer, and ends."""
        self.actions.calm()
        for daemon in self.daemons:
            daemon.process = None
        self.traffic.call(self.traffic.stop)
        end = time.monotonic() + 2 * STALL_S
        while any(not flow.excuse for flow in list(self.model.flows)) and time.monotonic() < end:
            self.watch()
            time.sleep(0.2)
        self.traffic.call(self.traffic.abandon)
        self.model.judge(at_once=True)
        for flow in list(self.model.flows):
            self.fail(f"does not end: {flow}")

    def accuse(self):
        for flow in self.model.offenders[:SHOWN]:
            self.fail(f"broken: {flow.broken}")
            self.explain(flow)
        if len(self.model.offenders) > SHOWN:
            self.fail(f"and {len(self.model.offenders) - SHOWN} more")

    def explain(self, flow):
        """Who has reset it, and what the balancer would do with its next packet."""
        client = (world.CLIENT[flow.service.family], flow.port)
        print("\n".join(self.resets.about(client, (flow.service.vip, flow.service.port))) or "nobody has reset it")
        if not flow.port:
            return
        try:
            print(adm(flow.service.shard, "explain", flow.service.protocol,
                      world.endpoint(*client), flow.service.words()[1],
                      *(("flags", "ack") if flow.service.protocol == "tcp" else ())))
        except netns.Refused as refusal:
            print(refusal)

    def end(self):
        self.traffic.ended = True
        self.traffic.join(60)
        for thread in (*self.monitors, self.resets):
            thread.stop()
        for (kind, outcome), n in self.model.count.items():
            self.flows[kind, outcome] += n
        self.traffic = self.actions = None
        gc.collect()  # sockets, which keep their namespaces
        world.teardown()
        world.unload_module(60 * SLOW)

    def flood(self):
        for shard in world.SHARDS:
            netns.run(shard, "ipvsadm", "-C")
            netns.run(shard, "unshare", "-m", "sh", "-c",
                      "mount -t sysfs sysfs /sys && echo 0 >/sys/class/net/eth0/queues/rx-0/rps_cpus")
        calm, flooded, said = flood.compare(self.directory)
        self.say(f"flood of shard one on CPU 0: {said}; shard two on CPU 1 answers {flooded:.1f} %, {calm:.1f} % without")
        if calm < 90:
            self.fail(f"without a flood shard two answers {calm:.1f} % only")
        if flooded < calm * (100 - LOSS_PERCENT) / 100:
            self.fail(f"shard two loses {100 - 100 * flooded / calm:.1f} % to the flood of shard one")

    def round(self, number):
        self.begin()
        self.say(f"round {number} of {self.options.rounds} begins")
        self.chaos(self.options.seconds / self.options.rounds)
        if not self.model.offenders:
            self.settle()
        self.progress()
        self.accuse()
        if not self.failures and number == self.options.rounds and self.options.flood:
            self.flood()
        if not self.failures:
            self.end()
            self.weigh(number)

    def weigh(self, number):
        if not self.base:
            self.base = memory.rest()
            return
        for leak in memory.leaks(self.base, 30 * SLOW):
            self.fail(f"leak: {leak}")
        self.say(f"memory after round 1: {self.base}; after round {number}: {memory.read()}")

    # The whole.

    def run(self):
        try:
            for number in range(1, self.options.rounds + 1):
                self.round(number)
                if self.failures:
                    break
        except (netns.Refused, RuntimeError, OSError, subprocess.SubprocessError) as error:
            self.fail(str(error))
        if self.failures:
            self.post_mortem()
        self.summary()
        self.clean()
        return 1 if self.failures else 0

    def post_mortem(self):
        print(f"the last actions of {len(self.log)}, with SEED={self.options.seed}:")
        print("\n".join(self.log[-80:]))
        for daemon in getattr(self, "daemons", []):
            if os.path.exists(daemon.log_path):
                print(f"{daemon.name}: {daemon.last_words()}")

    def summary(self):
        if self.failures and hasattr(self, "model"):
            for key, n in self.model.count.items():
                self.flows[key] += n
        print("\naction                done")
        for kind, n in sorted(self.done.items()):
            print(f"{kind:20} {n:5}")
        outcomes = ("begun", "whole", "excused", "broken", "sent")
        print("\nflows  " + "".join(f"{outcome:>9}" for outcome in outcomes))
        for kind in sorted({kind for kind, _ in self.flows}):
            print(f"{kind:7}" + "".join(f"{self.flows[kind, outcome] or '-':>9}" for outcome in outcomes))
        print(f"\nseed {self.options.seed}: {sum(self.done.values())} actions in {time.monotonic() - self.begun:.0f} s, "
              f"{len(self.failures)} failures")

    def clean(self):
        for monitor in getattr(self, "monitors", []):
            monitor.process.kill()
        for daemon in getattr(self, "daemons", []):
            if daemon.process:
                daemon.process.kill()
        if os.access("/sys/devices/system/cpu/cpu1/online", os.W_OK):
            with open("/sys/devices/system/cpu/cpu1/online", "w", encoding="ascii") as file:
                file.write("1")
        shutil.rmtree(self.directory, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().getrandbits(31))
    parser.add_argument("--seconds", type=int, default=1800)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--no-flood", dest="flood", action="store_false")
    parser.add_argument("--verbose", action="store_true", help="each action as it is done")
    options = parser.parse_args()
    print(f"SEED={options.seed}", flush=True)
    if os.uname().nodename != "maglev-vm":
        sys.exit("soak.py: only inside the virtual machine of selftests/vm/vm")
    sys.exit(Soak(options).run())


if __name__ == "__main__":
    main()

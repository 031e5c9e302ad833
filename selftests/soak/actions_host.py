# SPDX-License-Identifier: GPL-2.0-only
"""What comes and goes beneath: CPUs, namespaces, links, and packets of nobody."""

import os
import time

import netns
import world
from choices import Choices

CPU1 = "/sys/devices/system/cpu/cpu1/online"


class HostActions(Choices):
    def __init__(self, model, rng, directory):
        super().__init__(model, rng)
        self.directory = directory
        self.cpu1 = True
        self.rounds = 0
        self.gone = False  # is there a namespace that comes and goes?
        self.programs = []

    def table(self):
        return [
            (3, self.cpu_toggle), (3, self.receive_cpus), (3, self.namespace_toggle), (3, self.link_backend),
            (2, self.link_shard), (4, self.frames_burst),
        ]

    def frames(self, device, vip, port, kind, flows, packets, rate):
        command = [f"{world.TOP}/build/frames", "send", "-i", device, "--vip", vip, "--port", str(port), "--kind", kind,
                   "--flows", str(flows), "--packets", str(packets), "--rate", str(rate), "--seconds", "3"]
        command += ["--proto", "udp"] if kind == "udp" else []
        with open(f"{self.directory}/frames.log", "a", encoding="utf-8") as log:
            self.programs.append(netns.start("client", *command, stdout=log, stderr=log))

    def cpu_toggle(self):
        if not os.access(CPU1, os.W_OK):
            return None
        self.cpu1 = not self.cpu1
        with open(CPU1, "w", encoding="ascii") as file:
            file.write(str(int(self.cpu1)))
        return f"CPU 1 {'online' if self.cpu1 else 'offline'}"

    def receive_cpus(self):
        shard, mask = self.shard(), self.random.choice((0, 1, 2, 3))
        netns.run(shard, "unshare", "-m", "sh", "-c", "mount -t sysfs sysfs /sys && echo $0 >/sys/class/net/eth0/queues/rx-0/rps_cpus",
                  str(mask))
        return f"{shard}: packets on CPUs {mask}"

    def namespace_toggle(self):
        """A balancer with services and a flood comes; and goes in the midst of it."""
        self.gone = not self.gone
        if not self.gone:
            self.programs = [program for program in self.programs if program.poll() is None]
            netns.delete("gone")
            return "namespace with services: delete"
        self.rounds += 1
        here = self.rounds % 250
        netns.add("gone")
        netns.ip(None, f"link add eth0 netns {netns.PREFIX}-gone type veth peer name gone{here} netns {netns.PREFIX}-client\n")
        netns.ip("client", f"link set gone{here} up\naddr add 10.9.{here}.1/24 dev gone{here}\n"
                           f"route replace 192.0.2.99 via 10.9.{here}.2 dev gone{here}\n")
        netns.ip("gone", f"link set lo up\nlink set eth0 up\naddr add 10.9.{here}.2/24 dev eth0\n"
                         f"addr add 192.0.2.99/32 dev lo\nroute add default via 10.9.{here}.1\n")
        self.ipvs("gone", "".join(
            f"-A {kind} 192.0.2.99:80 -s maglev\n" + "".join(f"-a {kind} 192.0.2.99:80 -r 10.0.4.{i}:80 -i\n" for i in (1, 2, 3))
            for kind in ("-t", "-u")))
        for kind in ("handshake", "udp"):
            self.frames(f"gone{here}", "192.0.2.99", 80, kind, 2000, 20, 300)
        return "namespace with services: add"

    def link_backend(self):
        number, seconds = self.random.choice(list(world.BACKENDS)), self.random.choice((0, 0.3, 1.5))
        with self.model.trouble(self.model.services, f"link of b{number} down"):
            netns.ip("router", f"link set b{number} down\n")
            time.sleep(seconds)
            netns.ip("router", f"link set b{number} up\n")
            time.sleep(0.5)
        return f"link of b{number} down for {seconds} s"

    def link_shard(self):
        shard, seconds = self.shard(), self.random.choice((0, 0.3, 1.5))
        own = self.random.random() < 0.5
        with self.model.trouble([service for service in self.model.services if service.shard == shard], f"link of {shard} down"):
            netns.ip(shard if own else "router", f"link set {'eth0' if own else shard} down\n")
            time.sleep(seconds)
            world.restore_gateways(shard) if own else world.restore_shard(shard)
            time.sleep(0.5)
        return f"{shard}: link down for {seconds} s, {'its' if own else 'the router' + chr(39) + 's'} end"

    def frames_burst(self):
        service = self.pick(lambda service: service.silent)
        if not service:
            return None
        kind = "udp" if service.protocol == "udp" else self.random.choice(("syn", "ack", "fin", "rst", "data", "handshake", "mixed"))
        flows = self.random.choice((100, 500, 2000))
        self.programs = [program for program in self.programs if program.poll() is None]
        self.frames("eth0", service.vip, service.port, kind, flows, 3, 500)
        return f"{service}: {flows} flows of {kind} frames"

    def calm(self):
        if not self.cpu1:
            self.cpu_toggle()
        if self.gone:
            self.namespace_toggle()
        for program in self.programs:
            program.wait(60)

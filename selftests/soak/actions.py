# SPDX-License-Identifier: GPL-2.0-only
"""What is done at random. An action looks at the model alone, never at the clock or at what became of traffic: so that the
same seed gives the same actions. It returns what it does in a few words, or None if there is nothing to do it to."""

import os
import signal
import time

import netns
import world
from model import Backend

WEIGHTS = (1, 1, 1, 2, 3, 5, 100)
SIZES = (251, 509, 1021, 4093, 65537)
CPU1 = "/sys/devices/system/cpu/cpu1/online"
DAEMON_SIGNALS = (signal.SIGKILL, signal.SIGTERM)


class Actions:
    def __init__(self, model, traffic, rng, daemons, directory):
        self.model = model
        self.traffic = traffic
        self.random = rng
        self.daemons = daemons
        self.directory = directory
        self.rounds = 0
        self.gone = False  # is there a namespace that comes and goes?
        self.programs = []
        self.table = [
            (10, self.backend_add), (6, self.backend_delete), (8, self.backend_weight), (5, self.backend_quiesce),
            (4, self.backend_method), (3, self.backend_threshold), (4, self.overlay_drain), (3, self.overlay_down),
            (6, self.overlay_up), (4, self.overlay_share), (3, self.overlay_weight), (2, self.service_delete),
            (4, self.service_add), (4, self.scheduler_swap), (3, self.service_size), (2, self.service_mode),
            (2, self.service_timeouts), (2, self.flows_flush), (3, self.key_change), (2, self.flows_resize),
            (3, self.hook_change), (2, self.outer_sources), (3, self.cpu_toggle), (3, self.receive_cpus),
            (3, self.namespace_toggle), (3, self.link_backend), (2, self.link_shard), (3, self.sysctl_change),
            (2, self.parameter_change), (4, self.frames_burst), (3, self.ask_all), (3, self.daemon_start_stop),
            (3, self.daemon_reload), (2, self.server_toggle),
        ]

    def next(self):
        """The next action: its kind and what it does."""
        while True:
            function = self.random.choices([row[1] for row in self.table], [row[0] for row in self.table])[0]
            said = function()
            if said:
                return function.__name__, said

    # What they choose from, and what they use.

    def services(self, *conditions):
        return [service for service in self.model.services if service.owner == "driver" and service.exists
                and all(condition(service) for condition in conditions)]

    def pick(self, *conditions):
        able = self.services(*conditions)
        return self.random.choice(able) if able else None

    def pick_backend(self, condition=lambda service, backend: True):
        able = [(service, backend) for service in self.services() for backend in service.backends.values()
                if condition(service, backend)]
        return self.random.choice(able) if able else (None, None)

    def shard(self):
        return self.random.choice(list(world.SHARDS))

    def ipvs(self, shard, text):
        """By ipvsadm or by ours, which is to be the same."""
        if self.random.random() < 0.5:
            return netns.run(shard, "ipvsadm", "-R", text=text)
        return netns.run(shard, world.MAGLEVADM, "-R", text=text)

    def adm(self, shard, *words, text=""):
        return netns.run(shard, world.MAGLEVADM, *map(str, words), text=text)

    def settings(self, shard, *words, text=""):
        """Some are refused while flows still move from old tables."""
        try:
            self.adm(shard, "set", *words, text=text)
        except netns.Refused as refusal:
            if "still" not in str(refusal) and "busy" not in str(refusal).lower():
                raise
            return " (refused: flows move)"
        return ""

    def line(self, verb, service, backend):
        return (f"{verb} {service.option()} -r {service.address(backend)} -i{' --tun-type gre' if backend.tunnel == 'gre' else ''}"
                f" -w {backend.weight} -x {backend.threshold}\n")

    def edit(self, service, backend):
        self.ipvs(service.shard, self.line("-e", service, backend))

    def others_up(self, service, backend):
        return any(other.is_up() for other in service.backends.values() if other is not backend)

    # Backends.

    def new_backend(self, service, key):
        backend = Backend(*key, self.random.choice(WEIGHTS), self.random.choice(("gre", "ipip")))
        service.backends[key] = backend
        return backend

    def free_keys(self, service):
        keys = [(number, family) for number in world.BACKENDS for family in (4, 6) if (number, family) not in service.backends]
        taken = {number for number, _ in service.backends}
        return [key for key in keys if key[0] not in taken]

    def backend_add(self):
        service = self.pick(self.free_keys)
        if not service:
            return None
        backend = Backend(*self.random.choice(self.free_keys(service)), self.random.choice(WEIGHTS),
                          self.random.choice(("gre", "ipip")))
        self.ipvs(service.shard, self.line("-a", service, backend))
        with self.model.lock:
            service.backends[backend.number, backend.family] = backend
        return f"{service}: add {service.address(backend)} {backend.tunnel} {backend.weight}"

    def backend_delete(self):
        service, backend = self.pick_backend(self.others_up)
        if not service:
            return None
        with self.model.ends(service, f"b{backend.number} deleted", backend.number):
            del service.backends[backend.number, backend.family]
            self.ipvs(service.shard, f"-d {service.option()} -r {service.address(backend)}\n")
        return f"{service}: delete {service.address(backend)}"

    def backend_weight(self):
        service, backend = self.pick_backend()
        if not service:
            return None
        backend.weight = self.random.choice(WEIGHTS)
        self.edit(service, backend)
        return f"{service}: {service.address(backend)} weight {backend.weight}"

    def backend_quiesce(self):
        service, backend = self.pick_backend(lambda service, backend: backend.weight and self.others_up(service, backend))
        if not service:
            return None
        backend.weight = 0
        self.edit(service, backend)
        return f"{service}: {service.address(backend)} weight 0"

    def backend_method(self):
        service, backend = self.pick_backend()
        if not service:
            return None
        backend.tunnel = "ipip" if backend.tunnel == "gre" else "gre"
        self.edit(service, backend)
        return f"{service}: {service.address(backend)} by {backend.tunnel}"

    def backend_threshold(self):
        """With one, the service is left to IPVS."""
        service, backend = self.pick_backend()
        if not service:
            return None
        backend.threshold = 0 if backend.threshold else 10000
        self.edit(service, backend)
        return f"{service}: {service.address(backend)} threshold {backend.threshold}"

    def overlay(self, service, backend, verb, *words):
        self.adm(service.shard, "backend", verb, *service.words(), service.address(backend), *words)

    def is_maglevs(self, service, _=None):
        return service.scheduler in ("maglev", "mh")

    def overlay_drain(self):
        service, backend = self.pick_backend(lambda service, backend: self.is_maglevs(service) and self.others_up(service, backend))
        if not service:
            return None
        deadline = self.random.choice((None, None, 1, 5))
        if deadline:
            with self.model.ends(service, f"b{backend.number} drained with a deadline", backend.number):
                backend.admin = "drain"
                self.overlay(service, backend, "drain", "--deadline", f"{deadline}s")
        else:
            backend.admin = "drain"
            self.overlay(service, backend, "drain")
        return f"{service}: drain {service.address(backend)}{f', {deadline} s' if deadline else ''}"

    def overlay_down(self):
        service, backend = self.pick_backend(lambda service, backend: self.is_maglevs(service) and self.others_up(service, backend))
        if not service:
            return None
        with self.model.ends(service, f"b{backend.number} set down", backend.number):
            backend.admin = "down"
            self.overlay(service, backend, "down")
        return f"{service}: {service.address(backend)} down"

    def overlay_up(self):
        service, backend = self.pick_backend(lambda service, backend: self.is_maglevs(service) and backend.admin != "up")
        if not service:
            return None
        self.overlay(service, backend, "up")
        backend.admin = "up"
        return f"{service}: {service.address(backend)} up"

    def overlay_share(self):
        service, backend = self.pick_backend(self.is_maglevs)
        if not service:
            return None
        share = self.random.choice((0, 1, 40, 99, 100, 100))
        self.overlay(service, backend, "share", share)
        return f"{service}: {service.address(backend)} share {share}"

    def overlay_weight(self):
        service, backend = self.pick_backend(self.is_maglevs)
        if not service:
            return None
        weight = self.random.choice((0, 1, 7))
        self.overlay(service, backend, "weight", weight)
        return f"{service}: {service.address(backend)} nominal weight {weight}"

    # Services.

    def service_delete(self):
        service = self.pick()
        if not service or len(self.services()) < 6:
            return None
        with self.model.ends(service, "service deleted"):
            service.exists = False
            service.backends.clear()
            self.ipvs(service.shard, f"-D {service.option()}\n")
        return f"{service}: delete"

    def service_add(self):
        able = [service for service in self.model.services if service.owner == "driver" and not service.exists]
        if not able:
            return None
        service = self.random.choice(able)
        service.scheduler = "maglev"
        numbers = self.random.sample(list(world.BACKENDS), 3)
        for number in numbers:
            family = service.family if self.random.random() < 0.7 else 10 - service.family
            self.new_backend(service, (number, family))
        self.ipvs(service.shard, f"-A {service.option()} -s maglev\n" + "".join(
            self.line("-a", service, backend) for backend in service.backends.values()))
        service.exists = True
        return f"{service}: add with {', '.join(map(service.address, service.backends.values()))}"

    def scheduler_swap(self):
        """In the gap IPVS has no scheduler, and new flows are lost. The overlay stays with another one, unseen: so swap
        only if it says nothing that the other would not know."""
        service = self.pick(lambda service: all(backend.admin == "up" for backend in service.backends.values()))
        if not service:
            return None
        names = [name for name in ("maglev", "maglev", "rr", "wlc", "mh") if name != service.scheduler]
        name = self.random.choice(names)
        with self.model.trouble([service], "its scheduler was swapped"):
            service.scheduler = name
            self.ipvs(service.shard, f"-E {service.option()} -s {name}{' -b mh-port' if name == 'mh' else ''}\n")
        return f"{service}: scheduler {name}"

    def service_size(self):
        service = self.pick(self.is_maglevs)
        if not service:
            return None
        size = self.random.choice(SIZES)
        self.adm(service.shard, "service", "set", *service.words(), "table-size", size)
        return f"{service}: {size} slots"

    def service_mode(self):
        service = self.pick(self.is_maglevs)
        if not service:
            return None
        mode = self.random.choice(("tuple", "source", "flag"))
        self.adm(service.shard, "service", "set", *service.words(), "mode", mode)
        return f"{service}: mode {mode}"

    def service_timeouts(self):
        """None so short that a flow which is alive could be forgotten."""
        service = self.pick(self.is_maglevs)
        if not service:
            return None
        state, least = self.random.choice((("half-open", 60), ("established", 100), ("closing", 1), ("reset", 1)))
        seconds = self.random.choice((least, 2 * least, 900))
        self.adm(service.shard, "service", "set", *service.words(), "timeout", state, seconds)
        return f"{service}: {state} {seconds} s"

    def flows_flush(self):
        service = self.pick(self.is_maglevs)
        if not service:
            return None
        with self.model.ends(service, "flows flushed"):
            self.adm(service.shard, "flow", "flush", *service.words())
        return f"{service}: flush flows"

    # Balancers.

    def key_change(self):
        shard = self.shard()
        key = "%032x" % self.random.getrandbits(128)
        return f"{shard}: key {key}" + self.settings(shard, "key", "-", text=key + "\n")

    def flows_resize(self):
        shard = self.shard()
        flows = self.random.choice((300000, 600000, 1048576, 2000000))
        return f"{shard}: room for {flows} flows" + self.settings(shard, "flows", flows)

    def hook_change(self):
        shard = self.shard()
        hook = self.random.choice(("early", "early", "local", "none"))
        return f"{shard}: hook {hook}" + self.settings(shard, "hook", hook)

    def outer_sources(self):
        shard = self.shard()
        number = world.SHARDS[shard]
        prefixes = self.random.choice((("none", "none"), (f"10.77.{number}.0/26", f"2001:db8:77:{number}::/64")))
        return f"{shard}: outer sources {prefixes[0]}" + self.settings(shard, "source4", prefixes[0], "source6", prefixes[1])

    def sysctl_change(self):
        shard = self.shard()
        name, values = self.random.choice((("conn_reuse_mode", (0, 1)), ("expire_nodest_conn", (0, 1)), ("pmtu_disc", (0, 1)),
                                           ("sloppy_tcp", (0, 1)), ("nat_icmp_send", (0, 1)), ("cache_bypass", (0,))))
        value = self.random.choice(values)
        netns.sysctl(shard, **{f"ipv4__vs__{name}": value})
        return f"{shard}: {name} {value}"

    def parameter_change(self):
        delay = self.random.choice((0, 1, 10, 100, 1000))
        if self.random.random() < 0.5:  # it is the first namespace's to say, for all
            return f"rebuild delay {delay} ms" + self.settings(None, "rebuild-delay", f"{delay}ms" if delay else 0)
        with open("/sys/module/ip_vs_maglev/parameters/rebuild_delay_ms", "w", encoding="ascii") as file:
            file.write(str(delay))
        return f"rebuild_delay_ms {delay}"

    def ask_all(self):
        """Everything that walks what others change."""
        shard = self.shard()
        words = self.random.choice(("service show", "backend show", "stats all", "flow count", "flow show"))
        self.adm(shard, "-j", *words.split())
        self.run_ipvsadm_list(shard)
        return f"{shard}: {words}, ipvsadm -Ln"

    def run_ipvsadm_list(self, shard):
        netns.run(shard, "ipvsadm", "-Ln", "--stats")

    # The host.

    def cpu_toggle(self):
        if not os.access(CPU1, os.W_OK):
            return None
        self.cpu1 = not getattr(self, "cpu1", True)
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

    def frames(self, device, vip, port, kind, flows, packets, rate):
        command = [f"{world.TOP}/build/frames", "send", "-i", device, "--vip", vip, "--port", str(port), "--kind", kind,
                   "--flows", str(flows), "--packets", str(packets), "--rate", str(rate), "--seconds", "3"]
        command += ["--proto", "udp"] if kind == "udp" else []
        with open(f"{self.directory}/frames.log", "a", encoding="utf-8") as log:
            self.programs.append(netns.start("client", *command, stdout=log, stderr=log))

    def frames_burst(self):
        service = self.pick(lambda service: service.silent)
        if not service:
            return None
        kind = "udp" if service.protocol == "udp" else self.random.choice(("syn", "ack", "fin", "rst", "data", "handshake", "mixed"))
        flows = self.random.choice((100, 500, 2000))
        self.programs = [program for program in self.programs if program.poll() is None]
        self.frames("eth0", service.vip, service.port, kind, flows, 3, 500)
        return f"{service}: {flows} flows of {kind} frames"

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

    # Daemons and servers.

    def daemon_start_stop(self):
        daemon = self.random.choice(self.daemons)
        number = self.random.choice(DAEMON_SIGNALS)
        mine = [service for service in self.model.services if service.owner == daemon.name]
        with self.model.trouble(mine, f"{daemon.name} started or stopped"):
            if daemon.is_running():
                daemon.stop(number)
                return f"{daemon.name}: {number.name}"
            daemon.start()
        return f"{daemon.name}: start"

    def daemon_reload(self):
        daemon = self.random.choice(self.daemons)
        members = sorted(self.random.sample(list(world.BACKENDS), self.random.choice((2, 3, 4, 5))))
        mine = [service for service in self.model.services if service.owner == daemon.name]
        with self.model.trouble(mine, f"{daemon.name} reloaded"):
            daemon.members = members
            daemon.reload()
        return f"{daemon.name}: reload with {members}"

    def server_toggle(self):
        """Of what daemons watch."""
        number, daemon = self.random.choice(list(world.BACKENDS)), self.random.choice(self.daemons)
        port = next(service.port for service in self.model.services if service.owner == daemon.name)
        where = (number, port)
        mine = [service for service in self.model.services if service.port == port]
        if where in self.model.closed:
            self.traffic.call(self.traffic.serve, *where)
            self.model.closed.discard(where)
            for service in mine:
                service.troubles.remove(f"server of b{number} closed")
            return f"server of b{number}:{port}: open"
        with self.model.lock:
            self.model.closed.add(where)
            for service in mine:
                service.troubles.append(f"server of b{number} closed")
                self.model.excuse(service, "its server was closed", number)
        self.traffic.call(self.traffic.close_server, *where)
        return f"server of b{number}:{port}: close"

    def calm(self):
        """What keeps flows from going on ends."""
        if not getattr(self, "cpu1", True):
            self.cpu_toggle()
        if self.gone:
            self.namespace_toggle()
        for program in self.programs:
            program.wait(60)
        for daemon in self.daemons:
            daemon.stop(signal.SIGTERM)

# SPDX-License-Identifier: GPL-2.0-only
"""What is done to services."""

import world
from choices import Choices, adm

SIZES = (251, 509, 1021, 4093, 65537)


class ServiceActions(Choices):
    def table(self):
        return [
            (2, self.service_delete), (4, self.service_add), (4, self.scheduler_swap), (3, self.service_size),
            (2, self.service_mode), (2, self.service_timeouts), (2, self.flows_flush),
        ]

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
        adm(service.shard, "service", "set", *service.words(), "table-size", size)
        return f"{service}: {size} slots"

    def service_mode(self):
        service = self.pick(self.is_maglevs)
        if not service:
            return None
        mode = self.random.choice(("tuple", "source", "flag"))
        adm(service.shard, "service", "set", *service.words(), "mode", mode)
        return f"{service}: mode {mode}"

    def service_timeouts(self):
        """None so short that a flow which is alive could be forgotten."""
        service = self.pick(self.is_maglevs)
        if not service:
            return None
        state, least = self.random.choice((("half-open", 60), ("established", 100), ("closing", 1), ("reset", 1)))
        seconds = self.random.choice((least, 2 * least, 900))
        adm(service.shard, "service", "set", *service.words(), "timeout", state, seconds)
        return f"{service}: {state} {seconds} s"

    def flows_flush(self):
        service = self.pick(self.is_maglevs)
        if not service:
            return None
        with self.model.ends(service, "flows flushed"):
            adm(service.shard, "flow", "flush", *service.words())
        return f"{service}: flush flows"

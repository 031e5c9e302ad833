# SPDX-License-Identifier: GPL-2.0-only
"""What is done to backends, by ipvsadm and by the overlay."""

import world
from choices import WEIGHTS, Choices, adm
from model import Backend


class BackendActions(Choices):
    def table(self):
        return [
            (10, self.backend_add), (6, self.backend_delete), (8, self.backend_weight), (5, self.backend_quiesce),
            (4, self.backend_method), (3, self.backend_threshold), (4, self.overlay_drain), (3, self.overlay_down),
            (6, self.overlay_up), (4, self.overlay_share), (3, self.overlay_weight),
        ]

    def free_keys(self, service):
        taken = {number for number, _ in service.backends}
        return [(number, family) for number in world.BACKENDS if number not in taken for family in (4, 6)]

    def edit(self, service, backend):
        self.ipvs(service.shard, self.line("-e", service, backend))

    def others_up(self, service, backend):
        return any(other.is_up() for other in service.backends.values() if other is not backend)

    def overlay(self, service, backend, verb, *words):
        adm(service.shard, "backend", verb, *service.words(), service.address(backend), *words)

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

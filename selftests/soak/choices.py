# SPDX-License-Identifier: GPL-2.0-only
"""What actions choose from, and the commands that they give. A group of actions looks at the model alone, never at the clock
or at what became of traffic: so that the same seed gives the same actions. An action returns what it does in a few words,
or None if there is nothing to do it to."""

import netns
import world
from model import Backend

WEIGHTS = (1, 1, 1, 2, 3, 5, 100)


def adm(shard, *words, text=""):
    return netns.run(shard, world.MAGLEVADM, *map(str, words), text=text)


class Choices:
    def __init__(self, model, rng):
        self.model = model
        self.random = rng

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

    def new_backend(self, service, key):
        backend = Backend(*key, self.random.choice(WEIGHTS), self.random.choice(("gre", "ipip")))
        service.backends[key] = backend
        return backend

    def line(self, verb, service, backend):
        return (f"{verb} {service.option()} -r {service.address(backend)} -i{' --tun-type gre' if backend.tunnel == 'gre' else ''}"
                f" -w {backend.weight} -x {backend.threshold}\n")

    def is_maglevs(self, service, _=None):
        return service.scheduler in ("maglev", "mh")
